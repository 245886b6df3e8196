package host

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"wireloom/internal/settings"
)

// A Secured says how the server has TLS; the zero value, that it has none.
type Secured struct {
	Cert, Key string        // files
	Hosts     settings.List // names that an ACME authority gives certificates for
	Mail      string        // for that authority
	Directory string        // that authority's; "" for Let's Encrypt
	Cache     string        // folder of what it gave
}

// On reports whether there is TLS.
func (s *Secured) On() bool { return s.Cert != "" || len(s.Hosts) > 0 }

// check says what is wrong with the flags.
func (s *Secured) check(data string) error {
	switch {
	case (s.Cert == "") != (s.Key == ""):
		return errors.New("--tls-cert and --tls-key go together: the certificate with all above it, and its key, in PEM")
	case s.Cert != "" && len(s.Hosts) > 0:
		return errors.New("--tls-cert and --tls-host exclude each other: a certificate is in files, or is fetched")
	case len(s.Hosts) > 0 && data == "":
		return errors.New("--tls-host keeps its certificates in the data folder: give it one with --data")
	}
	for _, h := range s.Hosts {
		if _, err := netip.ParseAddr(h); err == nil || !strings.Contains(h, ".") || strings.ContainsAny(h, "*/:") {
			return fmt.Errorf("--tls-host %q: want a full name such as labs.example.org, which this machine can be reached by from the Internet", h)
		}
	}
	return nil
}

// A guard is TLS as it is served: the configuration, what answers an authority over
// plain HTTP, and whether browsers trust the certificate.
type guard struct {
	config  *tls.Config
	answers func(http.Handler) http.Handler // of an authority's questions; nil where nobody asks
	public  func() bool
	reload  func() error
}

// open reads or fetches certificates.
func (s *Secured) open(log *slog.Logger) (*guard, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if s.Cert != "" {
		c, err := openCertificate(s.Cert, s.Key, log)
		if err != nil {
			return nil, err
		}
		config.GetCertificate = c.get
		return &guard{config: config, public: c.isPublic, reload: c.reload}, nil
	}
	if err := os.MkdirAll(s.Cache, 0o700); err != nil {
		return nil, fmt.Errorf("--tls-host: certificates cannot be kept: %w", err)
	}
	m := &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(s.Cache), HostPolicy: autocert.HostWhitelist(s.Hosts...), Email: s.Mail,
		Client: &acme.Client{DirectoryURL: s.Directory, UserAgent: "wireloom"},
	}
	if s.Directory == "" {
		m.Client.DirectoryURL = autocert.DefaultACMEDirectory
	}
	config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		c, err := m.GetCertificate(hello)
		if err != nil && slices.Contains(s.Hosts, strings.ToLower(hello.ServerName)) { // strangers' names are nobody's trouble
			log.Error("no certificate: can this machine reach the authority, is the name this machine's, and can port 80 or 443 be reached from the Internet?", "name", hello.ServerName, "error", err)
		}
		return c, err
	}
	config.NextProtos = append(config.NextProtos, acme.ALPNProto)
	return &guard{config: config, answers: m.HTTPHandler, public: func() bool { return true }}, nil
}

// acmeFolder is where in the data folder certificates are.
func acmeFolder(data string) string { return filepath.Join(data, "acme") }

// strictFor is how long a browser that was here once comes by TLS only: half a year.
const strictFor = "max-age=15552000"

// strict has answers over TLS tell browsers to come by TLS only (RFC 6797): where the
// certificate is one that they trust, or there would be no way past a mistake, and by a
// name, since addresses and localhost are of many servers. Other names of the site's domain
// are none of this server's business.
func (g *guard) strict(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil && g.public() && isName(r.Host) {
			w.Header().Set("Strict-Transport-Security", strictFor)
		}
		next.ServeHTTP(w, r)
	})
}

// isName reports whether a Host header has a name of the Internet.
func isName(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return false
	}
	return strings.Contains(strings.TrimSuffix(host, "."), ".") && !strings.HasSuffix(strings.TrimSuffix(host, "."), ".localhost")
}

// toTLS sends who came by plain HTTP to the same page over TLS, on port; knows tells the
// site's names, since no other server's is to be passed on to.
func toTLS(port string, knows func(*http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !knows(r) {
			http.Error(w, "this server does not answer to that name", http.StatusMisdirectedRequest)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "this server is there by https only", http.StatusForbidden) // what was sent has been seen on the way
			return
		}
		name := r.Host
		if h, _, err := net.SplitHostPort(name); err == nil {
			name = h
		}
		if port != "443" {
			name = net.JoinHostPort(strings.Trim(name, "[]"), port)
		}
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, "https://"+name+r.URL.RequestURI(), http.StatusPermanentRedirect)
	})
}
