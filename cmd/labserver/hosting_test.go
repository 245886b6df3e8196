//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"nhooyr.io/websocket"
)

// What docs/hosting.md writes, and what a test has in its place.
const (
	docHost   = "labs.example.org"
	docServer = "127.0.0.1:8080"
	docSocket = "/run/wireloom.sock"
)

// A recipe is a configuration of docs/hosting.md, with the command before it.
type recipe struct {
	program string // nginx, caddy, haproxy
	args    []string
	conf    string
	public  string // the public URL
}

// recipes reads docs/hosting.md. A block that is part of a configuration is put into
// the first whole one of its program.
func recipes(t *testing.T) []recipe {
	t.Helper()
	doc, err := os.ReadFile("../../docs/hosting.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []recipe
	whole := map[string]string{}
	for _, m := range regexp.MustCompile("(?ms)^    (labserver serve [^\n]*)\n\n```(nginx|caddy|haproxy)\n(.*?)^```$").FindAllStringSubmatch(string(doc), -1) {
		r := recipe{program: m[2], args: strings.Fields(m[1])[2:], conf: m[3]}
		for i, arg := range r.args {
			if arg == "--public-url" {
				r.public = r.args[i+1]
			}
		}
		first := whole[r.program]
		switch {
		case first == "":
			whole[r.program] = r.conf
		case r.program == "nginx":
			r.conf = regexp.MustCompile(`(?s)    location / \{.*?\n    \}\n`).ReplaceAllLiteralString(first, r.conf)
		case r.program == "haproxy":
			before, _, _ := strings.Cut(first, "frontend")
			r.conf = before + r.conf
		}
		all = append(all, r)
		if r.variant() {
			all = append(all, r)
		}
	}
	return all
}

// variant makes of a configuration that takes the path off the one that leaves it, as
// the document says it in words.
func (r *recipe) variant() bool {
	before := r.conf
	switch r.program {
	case "caddy":
		r.conf = strings.Replace(r.conf, "handle_path", "handle", 1)
	case "haproxy":
		r.conf = regexp.MustCompile(`    http-request replace-path .*\n`).ReplaceAllLiteralString(r.conf, "")
	}
	r.args = append(append([]string{}, r.args...), "--base-path", "/lab/")
	return r.conf != before
}

// A certificate is one for docHost, in files.
type certificate struct {
	roots    *x509.CertPool
	crt, key string // files
	both     string // a file with both
}

func newCertificate(t *testing.T) certificate {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(err)
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{docHost}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	ok(err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	ok(err)
	crt := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	dir := t.TempDir()
	c := certificate{roots: x509.NewCertPool(), crt: filepath.Join(dir, "labs.crt"), key: filepath.Join(dir, "labs.key"), both: filepath.Join(dir, "labs.pem")}
	c.roots.AppendCertsFromPEM(crt)
	ok(os.WriteFile(c.crt, crt, 0o600))
	ok(os.WriteFile(c.key, private, 0o600))
	ok(os.WriteFile(c.both, append(crt, private...), 0o600))
	return c
}

// installed is where a proxy is, which tools/prereqs.sh installs.
func installed(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if path = "/usr/sbin/" + name; exists(path) {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed: tools/prereqs.sh installs it", name)
	}
	t.Skipf("%s is not installed (tools/prereqs.sh installs it)", name)
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// freePort is a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // it was only asked
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// startProxy runs a proxy with a configuration that listens on port, until the test
// is over. It returns when the port answers.
func startProxy(t *testing.T, name, conf, port string) {
	t.Helper()
	path := installed(t, name)
	dir := t.TempDir()
	file := filepath.Join(dir, "conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	var args []string
	switch name {
	case "nginx":
		args = []string{"-p", dir, "-c", file, "-e", "stderr"}
	case "caddy":
		args = []string{"run", "--adapter", "caddyfile", "--config", file}
	case "haproxy":
		args = []string{"-db", "-f", file}
	}
	var said bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // what it said says more
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // it may have ended
		<-ended
		if t.Failed() {
			t.Logf("%s said: %s", name, &said)
		}
	})
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		c, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			_ = c.Close() // it was only asked
			return
		}
		select {
		case <-ended:
			t.Fatalf("%s ended at once, with this configuration:\n%s", name, conf)
		case <-look.C:
		}
	}
}

// nginxConf is what is around a site's configuration in nginx.
func nginxConf(site string) string {
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;\n" // the folder of the test is root's
	}
	return user + `daemon off;
pid pid;
events {}
http {
access_log off;
client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
` + site + "}\n"
}

// fill puts what the test has in the place of what the document says.
func (r recipe) fill(server, port string, c certificate) string {
	conf := strings.NewReplacer(
		"unix:"+docSocket, server, docServer, server, "/etc/ssl/labs.crt", c.crt, "/etc/ssl/labs.key", c.key, "/etc/ssl/labs.pem", c.both,
		"listen 443", "listen 127.0.0.1:"+port, "bind :443", "bind 127.0.0.1:"+port,
	).Replace(r.conf)
	switch r.program {
	case "nginx":
		return nginxConf(conf)
	case "caddy": // it has no certificate authority to ask
		own := fmt.Sprintf("%s {\n    tls %s %s\n    bind 127.0.0.1\n", docHost, c.crt, c.key)
		return "{\n    admin off\n    https_port " + port + "\n    auto_https disable_redirects\n}\n" + strings.Replace(conf, docHost+" {\n", own, 1)
	}
	return conf
}

// A browser visits a site by its public URL, from an address of this machine.
type browser struct {
	t      *testing.T
	client *http.Client
	page   *url.URL
}

func newBrowser(t *testing.T, public, from, to string, roots *x509.CertPool) *browser {
	t.Helper()
	page, err := url.Parse(public)
	if err != nil {
		t.Fatal(err)
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	tr := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return d.DialContext(ctx, "tcp", "127.0.0.1:"+to)
		},
		TLSClientConfig: &tls.Config{RootCAs: roots},
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &browser{t, &http.Client{Transport: tr}, page}
}

func (b *browser) origin() string { return b.page.Scheme + "://" + b.page.Host }

// ask sends what a page would, to an address relative to it.
func (b *browser) ask(method, ref string, body []byte, head ...string) (*http.Response, []byte) {
	b.t.Helper()
	u, err := b.page.Parse(ref)
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, u.String(), bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if method != http.MethodGet {
		r.Header.Set("Origin", b.origin())
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // read to its end
	got, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return res, got
}

func (b *browser) want(status int, method, ref string, body []byte, head ...string) []byte {
	b.t.Helper()
	res, got := b.ask(method, ref, body, head...)
	if res.StatusCode != status {
		b.t.Fatalf("%s %s: %s %.300s, want %d", method, ref, res.Status, got, status)
	}
	return got
}

func (b *browser) newLab(head ...string) (id string, status int, said string) {
	b.t.Helper()
	res, got := b.ask(http.MethodPost, "api/labs", []byte(`{"scenario":"first-io"}`), head...)
	var lab struct{ ID, Error string }
	_ = json.Unmarshal(got, &lab) // where it isn't, there is no ID
	if lab.ID != "" {
		u, err := res.Location()
		if err != nil {
			b.t.Fatal(err)
		}
		b.want(200, http.MethodGet, u.String(), nil)
	}
	return lab.ID, res.StatusCode, string(got)
}

func (b *browser) watch(id, origin string) (*websocket.Conn, *http.Response, error) {
	return b.dial("api/labs/"+id+"/stream", origin)
}

// dial opens a WebSocket of the server's.
func (b *browser) dial(path, origin string) (*websocket.Conn, *http.Response, error) {
	u, err := b.page.Parse(path)
	if err != nil {
		b.t.Fatal(err)
	}
	c, res, err := websocket.Dial(b.t.Context(), u.String(), &websocket.DialOptions{HTTPClient: b.client, HTTPHeader: http.Header{"Origin": {origin}}})
	if err == nil {
		b.t.Cleanup(func() { _ = c.CloseNow() }) // nothing more is wanted of it
	}
	return c, res, err
}

// live is the beginning of a live capture, which no proxy may keep back.
func (b *browser) live(id string) []byte {
	b.t.Helper()
	u, err := b.page.Parse("api/labs/" + id + "/live.pcapng")
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // it goes on
	got := make([]byte, 28)
	if _, err := io.ReadFull(res.Body, got); err != nil {
		b.t.Errorf("a live capture: %s, %v", res.Status, err)
	}
	return got
}

// bigProgram is one that does nothing, of more bytes than nginx lets pass by default.
func bigProgram() []byte {
	wasm := []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x05\x03\x01\x00\x01\x07\x13\x02\x06memory\x02\x00\x06_start\x00\x00\x0a\x04\x01\x02\x00\x0b")
	padding := append([]byte("\x03pad"), make([]byte, 2<<20-4)...)
	return append(append(wasm, 0, 0x80, 0x80, 0x80, 0x01), padding...) // a custom section
}

// story is what a visitor does, who comes from an address of its own.
func (b *browser) story() {
	b.t.Helper()
	page := b.want(200, http.MethodGet, "", nil)
	for _, m := range regexp.MustCompile(`(?:src|href)="(\./[^"]+)"`).FindAllSubmatch(page, -1) {
		b.want(200, http.MethodGet, string(m[1]), nil)
	}
	if bytes.Contains(page, []byte(`="/`)) {
		b.t.Errorf("the page has an address that is not relative: %s", page)
	}
	b.want(200, http.MethodGet, "healthz", nil)
	id, status, said := b.newLab()
	if id == "" {
		b.t.Fatalf("no lab: %d %s", status, said)
	}
	c, _, err := b.watch(id, b.origin())
	if err != nil {
		b.t.Fatal(err)
	}
	c.SetReadLimit(1 << 20)
	if _, msg, err := c.Read(b.t.Context()); err != nil || !bytes.Contains(msg, []byte(`"type":"hello"`)) {
		b.t.Fatalf("the stream begins with %.100s, %v", msg, err)
	}
	b.want(200, http.MethodPost, "api/labs/"+id+"/programs?node=bob&proc=mirror&name=big.wasm", bigProgram())
	if got := b.want(200, http.MethodGet, "api/labs/"+id+"/capture.pcapng", nil); !bytes.HasPrefix(got, []byte{0x0a, 0x0d, 0x0d, 0x0a}) {
		b.t.Errorf("the capture begins with %.10q", got)
	}
	if got := b.live(id); !bytes.HasPrefix(got, []byte{0x0a, 0x0d, 0x0d, 0x0a}) {
		b.t.Errorf("a live capture begins with %.10q", got)
	}
	if got := b.want(200, http.MethodGet, "api/labs/"+id+"/recording", nil); !bytes.HasPrefix(got, []byte("PK")) {
		b.t.Errorf("the recording begins with %.10q", got)
	}
	b.want(403, http.MethodDelete, "api/labs/"+id, nil, "Origin", "https://evil.example")
	if _, res, err := b.watch(id, "https://evil.example"); err == nil || res == nil || res.StatusCode != http.StatusForbidden {
		b.t.Errorf("another site's page watches: %v", err)
	}
	b.want(204, http.MethodDelete, "api/labs/"+id, nil)
}

// TestHosting runs what docs/hosting.md says.
func TestHosting(t *testing.T) {
	all := recipes(t)
	if len(all) != 10 {
		t.Fatalf("docs/hosting.md has %d configurations, want 10: four of nginx, three of Caddy, three of HAProxy", len(all))
	}
	c := newCertificate(t)
	for _, r := range all {
		t.Run(r.program+" "+strings.Join(r.args, " "), func(t *testing.T) {
			installed(t, r.program)
			server := "127.0.0.1:" + freePort(t)
			if strings.Contains(r.conf, docSocket) {
				dir, err := os.MkdirTemp("", "wireloom") //nolint:usetesting // a short name: a socket's may have 100 bytes
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = os.RemoveAll(dir) }) // of the test
				server = "unix:" + filepath.Join(dir, "s")
			}
			args := strings.Fields(strings.NewReplacer(docServer, server, "unix:"+docSocket, server).Replace(strings.Join(r.args, " ")))
			startServe(t, append(args, "--max-labs-per-client", "1")...)
			port := freePort(t)
			startProxy(t, r.program, r.fill(server, port, c), port)
			newBrowser(t, r.public, "127.0.0.2", port, c.roots).story()

			// Each address is a client; who writes another into the header stays who it is.
			if id, status, said := newBrowser(t, r.public, "127.0.0.3", port, c.roots).newLab(); id == "" {
				t.Errorf("another visitor: %d %s", status, said)
			}
			liar := newBrowser(t, r.public, "127.0.0.3", port, c.roots)
			for _, head := range []string{"X-Forwarded-For", "Forwarded"} {
				value := map[string]string{"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}[head]
				if id, status, said := liar.newLab(head, value); id != "" || status != http.StatusTooManyRequests || !strings.Contains(said, "1 labs from your address") {
					t.Errorf("one who says to be another by %s: %d %s", head, status, said)
				}
			}
			if slash := strings.TrimSuffix(liar.page.Path, "/"); slash != "" {
				res, _ := liar.ask(http.MethodGet, slash, nil)
				if res.StatusCode != 200 || res.Request.URL.Path != liar.page.Path {
					t.Errorf("%s leads to %s, %s", slash, res.Request.URL, res.Status)
				}
			}
		})
	}
}

// TestProxiesThatLackALine: the answer says which it is.
func TestProxiesThatLackALine(t *testing.T) {
	const (
		asMostWriteIt = "location / { proxy_pass http://SERVER; }\n"
		keepsHost     = "location / { proxy_pass http://SERVER; proxy_set_header Host $http_host; }\n"
		takesPathOff  = "location /lab/ { proxy_pass http://SERVER/; }\n"
		leavesPath    = "location /lab/ { proxy_pass http://SERVER; }\n"
	)
	for _, c := range []struct {
		name, args, site, page string
		do                     func(b *browser) string // what is said
		want                   []string
	}{
		{
			"it changes Host", "", asMostWriteIt, "http://" + docHost + "/",
			func(b *browser) string {
				return string(b.want(403, http.MethodPost, "api/labs", []byte(`{"scenario":"ping"}`)))
			},
			[]string{"the page is of http://labs.example.org", "which the Host header says", "--public-url http://labs.example.org/", "proxy_set_header Host $http_host;"},
		},
		{
			"it changes Host, and the public URL is known", "--public-url http://labs.example.org/", asMostWriteIt, "http://" + docHost + "/",
			func(b *browser) string {
				return string(b.want(201, http.MethodPost, "api/labs", []byte(`{"scenario":"first-io"}`)))
			},
			[]string{`"id"`},
		},
		{
			"it keeps Host", "", keepsHost, "http://" + docHost + "/",
			func(b *browser) string { return string(b.want(421, http.MethodGet, "", nil)) },
			[]string{`\"labs.example.org\"`, "--host labs.example.org", "--public-url"},
		},
		{
			"it passes no WebSocket on", "--public-url http://labs.example.org/", asMostWriteIt, "http://" + docHost + "/",
			func(b *browser) string {
				id, _, _ := b.newLab()
				if _, res, err := b.watch(id, b.origin()); err == nil || res == nil || res.StatusCode != http.StatusUpgradeRequired {
					b.t.Errorf("watching: %v", err)
				}
				return string(b.want(200, http.MethodGet, "api/labs/"+id, nil))
			},
			[]string{"took the Upgrade or Connection header away", "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;"},
		},
		{
			"it takes the path off, and the server wants it", "--public-url http://labs.example.org/lab/ --base-path /lab/", takesPathOff, "http://" + docHost + "/lab/",
			func(b *browser) string { return string(b.want(404, http.MethodGet, "", nil)) },
			[]string{"this server's pages are under /lab/", "nginx: proxy_pass without a path"},
		},
		{
			"it leaves the path, and the server knows it from the public URL alone", "--public-url http://labs.example.org/lab/", leavesPath, "http://" + docHost + "/lab/",
			func(b *browser) string { return string(b.want(200, http.MethodGet, "healthz", nil)) },
			[]string{`"ok"`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			installed(t, "nginx")
			s := startServe(t, strings.Fields(c.args)...)
			_, server, ok := strings.Cut(s.url, "http://127.0.0.1:")
			if !ok {
				_, server, _ = strings.Cut(s.url, "by way of a proxy to http://127.0.0.1:")
			}
			server, _, _ = strings.Cut(server, "/")
			port := freePort(t)
			site := strings.ReplaceAll(c.site, "SERVER", "127.0.0.1:"+server)
			startProxy(t, "nginx", nginxConf("server { listen 127.0.0.1:"+port+";\n"+site+"}\n"), port)
			said := c.do(newBrowser(t, c.page, "127.0.0.1", port, nil))
			for _, want := range c.want {
				if !strings.Contains(said, want) {
					t.Errorf("it says %s, want %q in it", said, want)
				}
			}
		})
	}
}
