package host

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writePair writes a certificate for a name, and its key, to files.
func writePair(t *testing.T, crt, key, name string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, x, x, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	for path, b := range map[string]*pem.Block{crt: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path+".new", pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
}

// Whoever renews a certificate need not tell the server; and what cannot be used changes
// nothing.
func TestACertificateThatChangesIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	crt, key := filepath.Join(dir, "crt"), filepath.Join(dir, "key")
	writePair(t, crt, key, "a.example")
	var log bytes.Buffer
	c, err := openCertificate(crt, key, NewLogger(&log, "text"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c.now = func() time.Time { return now }
	is := func(what, want string) {
		t.Helper()
		got, err := c.get(nil)
		if err != nil || got.Leaf.DNSNames[0] != want {
			t.Errorf("%s: %v, %v, want %s", what, got.Leaf.DNSNames, err, want)
		}
	}
	is("at first", "a.example")
	writePair(t, crt, key, "b.example")
	is("before it is looked at again", "a.example")
	now = now.Add(lookAgain)
	is("when it has changed", "b.example")
	if err := os.WriteFile(crt, []byte("half of"), 0o600); err != nil {
		t.Fatal(err)
	}
	now = now.Add(lookAgain)
	is("when it is half written", "b.example")
	now = now.Add(lookAgain)
	is("as long as it is", "b.example")
	if n := strings.Count(log.String(), "cannot be used"); n != 1 {
		t.Errorf("that is said %d times: %s", n, log.String())
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	now = now.Add(lookAgain)
	is("while one is gone", "b.example")
	writePair(t, crt, key, "c.example")
	if err := c.reload(); err != nil {
		t.Fatal(err)
	}
	is("at once, when it is told", "c.example")
	if c.isPublic() {
		t.Error("browsers trust a certificate that signs itself")
	}
}

func TestStrictTransportIsForNamesWithCertificatesThatBrowsersTrust(t *testing.T) {
	for _, c := range []struct {
		name, host  string
		tls, public bool
		want        bool
	}{
		{"a name", "labs.example.org", true, true, true},
		{"a name with a port", "labs.example.org:8443", true, true, true},
		{"a certificate of one's own", "labs.example.org", true, false, false},
		{"plain HTTP", "labs.example.org", false, true, false},
		{"an address", "192.0.2.1", true, true, false},
		{"an IPv6 address", "[2001:db8::1]:443", true, true, false},
		{"this machine", "localhost:8443", true, true, false},
		{"this machine by a name below", "lms.localhost", true, true, false},
		{"a machine of one's own network", "lab7", true, true, false},
	} {
		g := &guard{public: func() bool { return c.public }}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = c.host
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		w := httptest.NewRecorder()
		g.strict(http.NotFoundHandler()).ServeHTTP(w, r)
		if got := w.Header().Get("Strict-Transport-Security"); (got == strictFor) != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// Plain HTTP leads to TLS where there is a port for it, and takes no form.
func TestTLSByFiles(t *testing.T) {
	dir := t.TempDir()
	crt, key := filepath.Join(dir, "crt"), filepath.Join(dir, "key")
	writePair(t, crt, key, "labs.example.org")
	h, _ := hosted(t, "--addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0", "--tls-cert", crt, "--tls-key", key, "--public-url", "https://labs.example.org/")
	pool := x509.NewCertPool()
	b, err := os.ReadFile(crt)
	if err != nil || !pool.AppendCertsFromPEM(b) {
		t.Fatal(err)
	}
	res, body, err := get(t, over(t, h.listener, pool), "https://labs.example.org/")
	if err != nil || body != "labs.example.org true" || res.TLS.Version < tls.VersionTLS12 || res.Header.Get("Strict-Transport-Security") != "" {
		t.Fatalf("%q, %v", body, err)
	}
	if h.At() != "https://labs.example.org/" {
		t.Errorf("it is at %s", h.At())
	}
	plain := over(t, h.plain, nil)
	if res, _, err := get(t, plain, "http://labs.example.org/lab/"); err != nil || res.StatusCode != http.StatusPermanentRedirect || res.Header.Get("Location") != "https://labs.example.org/lab/" {
		t.Errorf("plain HTTP: %+v, %v", res, err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://labs.example.org/api/join", strings.NewReader(`{"code":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	res, err = plain.Do(r)
	if err != nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("a form by plain HTTP: %+v, %v", res, err)
	}
	if err == nil {
		_ = res.Body.Close() // nothing is in it
	}
	old := over(t, h.listener, pool)
	old.Transport.(*http.Transport).TLSClientConfig.MaxVersion = tls.VersionTLS11
	if _, _, err := get(t, old, "https://labs.example.org/"); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}
