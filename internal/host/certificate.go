package host

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// lookAgain is how often the files of a certificate are looked at, at most. Nobody waits
// for a new certificate by the second, and a handshake costs more than two stats.
const lookAgain = 5 * time.Second

// A certificate is one in two files, which somebody renews while the server runs: what
// changed is read again at a handshake, or at once by reload. As long as the new files
// can't be used, the old certificate stays.
type certificate struct {
	crt, key string
	log      *slog.Logger
	now      func() time.Time

	mu     sync.Mutex
	pair   *tls.Certificate
	public bool // browsers trust it, as far as this machine knows what they trust
	looked time.Time
	read   [2]stamp // of the files as they were read, whether or not they could be used
}

// A stamp tells a file's versions apart. certbot changes a symbolic link, others write
// into the file.
type stamp struct {
	info os.FileInfo
	size int64
	at   time.Time
}

func stampOf(path string) (stamp, error) {
	i, err := os.Stat(path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{i, i.Size(), i.ModTime()}, nil
}

func (s stamp) same(t stamp) bool {
	return s.info != nil && t.info != nil && os.SameFile(s.info, t.info) && s.size == t.size && s.at.Equal(t.at)
}

// openCertificate reads a certificate for the first time.
func openCertificate(crt, key string, log *slog.Logger) (*certificate, error) {
	c := &certificate{crt: crt, key: key, log: log, now: time.Now}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

// load reads the files. mu is held, or nobody else has the certificate yet.
func (c *certificate) load() error {
	for i, path := range []string{c.crt, c.key} {
		s, err := stampOf(path)
		if err != nil {
			return fmt.Errorf("--tls-%s: %w", []string{"cert", "key"}[i], err)
		}
		c.read[i] = s
	}
	pair, err := tls.LoadX509KeyPair(c.crt, c.key)
	if err != nil {
		return fmt.Errorf("--tls-cert %s, --tls-key %s: %w", c.crt, c.key, err)
	}
	c.pair, c.public = &pair, trusted(&pair, c.now())
	c.log.Info("certificate", "names", pair.Leaf.DNSNames, "until", pair.Leaf.NotAfter.UTC().Format(time.RFC3339), "public", c.public)
	if c.now().After(pair.Leaf.NotAfter) {
		c.log.Warn("the certificate is out of date: browsers refuse it", "until", pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return nil
}

// trusted reports whether a certificate leads to an authority that this machine trusts.
func trusted(pair *tls.Certificate, now time.Time) bool {
	between := x509.NewCertPool()
	for _, der := range pair.Certificate[1:] {
		if x, err := x509.ParseCertificate(der); err == nil {
			between.AddCert(x)
		}
	}
	_, err := pair.Leaf.Verify(x509.VerifyOptions{Intermediates: between, CurrentTime: now})
	return err == nil
}

// reload reads the files again, changed or not.
func (c *certificate) reload() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looked = c.now()
	return c.load()
}

// get is tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= lookAgain {
		c.looked = now
		if c.changed() {
			if err := c.load(); err != nil {
				c.log.Error("the certificate's new files cannot be used; the old one stays", "error", err)
			}
		}
	}
	return c.pair, nil
}

func (c *certificate) changed() bool {
	for i, path := range []string{c.crt, c.key} {
		if s, err := stampOf(path); err == nil && !s.same(c.read[i]) { // one that is gone comes back in a moment
			return true
		}
	}
	return false
}

// isPublic reports whether browsers trust the certificate.
func (c *certificate) isPublic() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.public
}
