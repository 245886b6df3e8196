package host

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// An authority gives certificates by ACME (RFC 8555), to who answers its questions: it
// asks as a real one does, at the addresses that stand for a name's ports 443 and 80.
type authority struct {
	t    *testing.T
	srv  *httptest.Server
	key  *ecdsa.PrivateKey
	root *x509.Certificate

	// Where a name's servers are. What it asks by tls-alpn-01 goes to secured, by http-01 to
	// plain; "" for a way that it does not offer.
	secured, plain string

	mu     sync.Mutex
	thumb  string // of the account's key
	name   string // that the last order is for
	valid  bool   // it was proved
	der    []byte // the last certificate
	orders int
	asked  []string // the kinds of its questions
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, root, root, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.root, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.srv = httptest.NewServer(a)
	t.Cleanup(a.srv.Close)
	return a
}

const challengeToken = "token-token-token"

// ServeHTTP implements http.Handler.
func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Replay-Nonce", fmt.Sprint(time.Now().UnixNano()))
	url := func(path string) string { return a.srv.URL + path }
	say := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(v); err != nil {
			a.t.Error(err)
		}
	}
	status := map[bool]string{true: "valid", false: "pending"}[a.valid]
	order := func() map[string]any {
		o := map[string]any{"status": "pending", "authorizations": []string{url("/authz")}, "finalize": url("/finalize"), "identifiers": []any{map[string]string{"type": "dns", "value": a.name}}}
		if a.valid {
			o["status"] = "ready"
		}
		if a.der != nil {
			o["status"], o["certificate"] = "valid", url("/cert")
		}
		return o
	}
	var payload []byte
	if r.Method == http.MethodPost {
		payload = a.read(r)
	}
	switch r.URL.Path {
	case "/dir":
		say(200, map[string]any{"newNonce": url("/nonce"), "newAccount": url("/account"), "newOrder": url("/order"), "revokeCert": url("/revoke"), "keyChange": url("/change")})
	case "/nonce":
	case "/account":
		w.Header().Set("Location", url("/account/1"))
		say(201, map[string]string{"status": "valid"})
	case "/order":
		var ask struct{ Identifiers []struct{ Value string } }
		if err := json.Unmarshal(payload, &ask); err != nil {
			a.t.Error(err)
		}
		a.name, a.valid, a.der = ask.Identifiers[0].Value, false, nil
		a.orders++
		w.Header().Set("Location", url("/order/1"))
		say(201, order())
	case "/order/1":
		say(200, order())
	case "/authz", "/challenge/tls-alpn-01", "/challenge/http-01":
		var all []any
		for kind, at := range map[string]string{"tls-alpn-01": a.secured, "http-01": a.plain} {
			if at == "" {
				continue
			}
			c := map[string]string{"type": kind, "url": url("/challenge/" + kind), "token": challengeToken, "status": status}
			if r.URL.Path == "/challenge/"+kind {
				a.asked = append(a.asked, kind)
				a.valid = a.ask(kind) == nil
				say(200, c)
				return
			}
			all = append(all, c)
		}
		say(200, map[string]any{"status": status, "identifier": map[string]string{"type": "dns", "value": a.name}, "challenges": all})
	case "/finalize":
		a.sign(payload)
		say(200, order())
	case "/cert":
		_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: a.der})      // to a test
		_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw}) // likewise
	default:
		a.t.Errorf("the authority is asked for %s", r.URL.Path)
	}
}

// read takes a request apart, and keeps who the account is.
func (a *authority) read(r *http.Request) []byte {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	s, err := jose.ParseSignedJSON(string(b), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		a.t.Fatal(err)
	}
	if k := s.Signatures[0].Header.JSONWebKey; k != nil {
		sum, err := k.Thumbprint(crypto.SHA256)
		if err != nil {
			a.t.Fatal(err)
		}
		a.thumb = base64.RawURLEncoding.EncodeToString(sum)
	}
	return s.UnsafePayloadWithoutVerification()
}

// ask asks a name's server to prove that it is the account's.
func (a *authority) ask(kind string) error {
	want := challengeToken + "." + a.thumb
	if kind == "http-01" { // RFC 8555, 8.3
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+a.plain+"/.well-known/acme-challenge/"+challengeToken, nil)
		if err != nil {
			return err
		}
		r.Host = a.name
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if got, err := io.ReadAll(res.Body); err != nil || string(got) != want {
			return fmt.Errorf("%s says %q, %w", a.name, got, err)
		}
		return nil
	}
	// RFC 8737, 3
	c, err := tls.Dial("tcp", a.secured, &tls.Config{ServerName: a.name, NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true})
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }() // only asked
	sum := sha256.Sum256([]byte(want))
	value, err := asn1.Marshal(sum[:])
	if err != nil {
		return err
	}
	for _, e := range c.ConnectionState().PeerCertificates[0].Extensions {
		if e.Id.String() == "1.3.6.1.5.5.7.1.31" && string(e.Value) == string(value) {
			return nil
		}
	}
	return fmt.Errorf("%s shows a certificate without the answer", a.name)
}

// sign gives the certificate, if the name was proved.
func (a *authority) sign(payload []byte) {
	var ask struct{ CSR string }
	if err := json.Unmarshal(payload, &ask); err != nil || !a.valid {
		a.t.Errorf("a certificate is asked for that is not proved: %v", err)
		return
	}
	b, err := base64.RawURLEncoding.DecodeString(ask.CSR)
	if err != nil {
		a.t.Fatal(err)
	}
	csr, err := x509.ParseCertificateRequest(b)
	if err != nil {
		a.t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(int64(a.orders) + 1), DNSNames: csr.DNSNames, NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(90 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if a.der, err = x509.CreateCertificate(rand.Reader, cert, a.root, csr.PublicKey, a.key); err != nil {
		a.t.Fatal(err)
	}
}

// A site is what a host serves in these tests.
type site struct{ http.Handler }

func (site) Listen(l net.Listener) net.Listener  { return l }
func (site) Drain()                              {}
func (site) Close(context.Context, string) error { return nil }

// hosted is a host that serves until the test is over.
func hosted(t *testing.T, args ...string) (h *Host, stop func()) {
	t.Helper()
	h, err := Open(t.Context(), configOf(t, args...), NewLogger(t.Output(), "text"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- h.Serve(ctx, io.Discard, site{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s %v", r.Host, r.TLS != nil)
		})})
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		h.Close()
	})
	t.Cleanup(stop)
	return h, stop
}

// over is a client that reaches a host by any name.
func over(t *testing.T, to net.Listener, roots *x509.CertPool) *http.Client {
	t.Helper()
	tr := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", to.Addr().String())
		},
		TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true,
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func get(t *testing.T, c *http.Client, url string) (*http.Response, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res, string(b), err
}

// A certificate is fetched when somebody first comes by the name, by whichever question
// the authority asks; it is kept, and no other name gets one.
func TestACertificateIsFetched(t *testing.T) {
	for _, kind := range []string{"tls-alpn-01", "http-01"} {
		t.Run(kind, func(t *testing.T) {
			a := newAuthority(t)
			data := t.TempDir()
			args := []string{"--addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0", "--data", data, "--tls-host", "labs.example.org", "--acme-url", a.srv.URL + "/dir", "--acme-email", "it@example.org"}
			h, stop := hosted(t, args...)
			a.mu.Lock()
			switch kind {
			case "http-01":
				a.plain = h.plain.Addr().String()
			default:
				a.secured = h.listener.Addr().String()
			}
			a.mu.Unlock()
			roots := x509.NewCertPool()
			roots.AddCert(a.root)
			res, body, err := get(t, over(t, h.listener, roots), "https://labs.example.org/")
			if err != nil || body != "labs.example.org true" || res.ProtoMajor != 2 || res.Header.Get("Strict-Transport-Security") != strictFor {
				t.Fatalf("%q, %v, %+v", body, err, res)
			}
			if len(a.asked) != 1 || a.asked[0] != kind {
				t.Errorf("the authority asked by %q", a.asked)
			}
			if _, _, err := get(t, over(t, h.listener, roots), "https://evil.example.org/"); err == nil || a.orders != 1 {
				t.Errorf("another name: %v, %d orders", err, a.orders)
			}
			for _, c := range []struct {
				url, to string
				status  int
			}{
				{"http://labs.example.org/a?b=c", "https://labs.example.org/a?b=c", http.StatusPermanentRedirect},
				{"http://evil.example.org/", "", http.StatusMisdirectedRequest},
			} {
				res, body, err := get(t, over(t, h.plain, nil), c.url)
				if err != nil || res.StatusCode != c.status || c.to != "" && res.Header.Get("Location") != strings.Replace(c.to, "labs.example.org", "labs.example.org"+h.conf.Site.Public.Host[len("labs.example.org"):], 1) {
					t.Errorf("%s: %v, %q, %v", c.url, res, body, err)
				}
			}
			stop()
			a.srv.Close() // a server that starts again needs it no more
			again, _ := hosted(t, args...)
			if _, body, err := get(t, over(t, again.listener, roots), "https://labs.example.org/"); err != nil || body != "labs.example.org true" {
				t.Errorf("started again: %q, %v", body, err)
			}
		})
	}
}
