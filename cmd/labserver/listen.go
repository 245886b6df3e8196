package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"wireloom/internal/visitor"
)

// unixPrefix begins an address that is a local socket's file.
const unixPrefix = "unix:"

// listen listens on addr; the error says what to do where somebody else does.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	var c net.ListenConfig
	network := "tcp"
	if path, ok := strings.CutPrefix(addr, unixPrefix); ok {
		network, addr = "unix", path
		clearSocket(ctx, path)
	}
	l, err := c.Listen(ctx, network, addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is in use by another program: stop that, or choose another address with --addr", addr)
	case errors.Is(err, os.ErrPermission) && network == "tcp":
		return nil, fmt.Errorf("%s may not be used without special rights: choose a port above 1023 with --addr", addr)
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

// whereabouts is where the page is: by its public URL, or for a browser on this
// machine.
func whereabouts(a net.Addr, site *visitor.Site) string {
	here := address(a)
	if t, ok := a.(*net.TCPAddr); ok && t != nil && site.Base != "/" {
		here += site.Base
	}
	if site.Public == nil {
		return here
	}
	return fmt.Sprintf("%s by way of a proxy to %s", site.Public, here)
}

// address is the URL of the server for a browser on this machine.
func address(a net.Addr) string {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return unixPrefix + a.String()
	}
	host := t.IP.String()
	if t.IP.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, fmt.Sprint(t.Port))
}
