package host

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

const (
	askWithin = 10 * time.Second
	maxAnswer = 4 << 10 // bytes
)

// Ask asks the server that a Config is of, on this machine, whether it is ready.
func (c *Config) Ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	network, addr := "tcp", c.Addr
	if path, ok := strings.CutPrefix(addr, unixPrefix); ok {
		network, addr = "unix", path
	} else if strings.HasPrefix(addr, systemdPrefix) {
		return fmt.Errorf("--addr %s: that does not say where the server is: ask by --url", addr)
	}
	if host, port, err := net.SplitHostPort(addr); err == nil && network == "tcp" {
		if a, err := netip.ParseAddr(host); host == "" || err == nil && a.IsUnspecified() {
			addr = net.JoinHostPort("127.0.0.1", port) // not localhost: an image has no file that says who that is
		}
	}
	config := &tls.Config{InsecureSkipVerify: true} // it is this machine, whatever the name of its certificate
	if len(c.TLS.Hosts) > 0 {
		config.ServerName = c.TLS.Hosts[0] // there is no other certificate
	}
	scheme := "http"
	if c.TLS.On() {
		scheme = "https"
	}
	t := &http.Transport{TLSClientConfig: config, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}}
	defer t.CloseIdleConnections()
	return ask(ctx, t, scheme+"://localhost"+c.Site.Base)
}

// Ask asks the server at an address whether it is ready.
func Ask(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	return ask(ctx, http.DefaultTransport, strings.TrimSuffix(url, "/")+"/")
}

func ask(ctx context.Context, t http.RoundTripper, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"readyz", nil)
	if err != nil {
		return err
	}
	res, err := t.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("no server answers: %w", err)
	}
	defer func() { _ = res.Body.Close() }() // only read
	var said struct{ Error, Status string }
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err == nil {
		err = json.Unmarshal(b, &said)
	}
	switch {
	case said.Error != "":
		return fmt.Errorf("%s", said.Error)
	case err != nil || res.StatusCode != http.StatusOK || said.Status != "ready":
		return fmt.Errorf("what answers is no labserver: %s", res.Status)
	}
	return nil
}
