package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"wireloom/internal/visitor"
)

// unixPrefix begins an address that is a local socket's file.
const unixPrefix = "unix:"

// listen listens on addr, which a flag has said; the error says what to do where somebody
// else does.
func listen(ctx context.Context, flag, addr string) (net.Listener, error) {
	if addr == systemdPrefix || strings.HasPrefix(addr, systemdPrefix+":") {
		return inherited(addr)
	}
	var c net.ListenConfig
	network := "tcp"
	if path, ok := strings.CutPrefix(addr, unixPrefix); ok {
		network, addr = "unix", path
		clearSocket(ctx, path)
	}
	l, err := c.Listen(ctx, network, addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program: stop that, or choose another address with --%s", addr, flag)
	case errors.Is(err, os.ErrPermission) && network == "tcp":
		return nil, fmt.Errorf("%s may not be used without special rights: choose a port above 1023 with --%s, or give the service CAP_NET_BIND_SERVICE", addr, flag)
	case err != nil:
		return nil, fmt.Errorf("cannot listen on %s: %w", addr, err)
	}
	return l, nil
}

// clearSocket removes a socket that nobody listens on: a server that didn't end in
// order left it.
func clearSocket(ctx context.Context, path string) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", path)
	if err == nil {
		_ = c.Close() // somebody listens
		return
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		_ = os.Remove(path) // if it can't be, listening on it says why
	}
}

// Home is the address of the page, as far as settings tell it.
func (c *Config) Home() string {
	if c.Site.Public != nil {
		return c.Site.Public.String()
	}
	scheme := "http"
	if c.TLS.On() {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(c.Addr)
	if err != nil {
		return c.Site.Base // of whatever it is called
	}
	if a, err := netip.ParseAddr(host); host == "" || err == nil && a.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + c.Site.Base
}

// whereabouts is where the page is: by its public URL, or for a browser on this
// machine.
func whereabouts(a net.Addr, site *visitor.Site, secure bool) string {
	here := address(a, secure)
	if t, ok := a.(*net.TCPAddr); ok && t != nil && site.Base != "/" {
		here += site.Base
	}
	if site.Public == nil {
		return here
	}
	if secure && site.Public.Scheme == "https" {
		return site.Public.String()
	}
	return fmt.Sprintf("%s by way of a proxy to %s", site.Public, here)
}

// address is the URL of the server for a browser on this machine.
func address(a net.Addr, secure bool) string {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return unixPrefix + a.String()
	}
	host := t.IP.String()
	if t.IP.IsUnspecified() {
		host = "localhost"
	}
	scheme := "http"
	if secure {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, fmt.Sprint(t.Port))
}
