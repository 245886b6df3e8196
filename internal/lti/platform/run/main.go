// Command run serves a learning platform that is none, for a browser: see package platform. It says in one line of
// JSON what it is, when it listens.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"wireloom/internal/lti/platform"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "platform:", err)
		os.Exit(1)
	}
}

func serve() error {
	mode := flag.String("mode", "canvas-new", "what it behaves like: canvas-old, canvas-mid, canvas-new, moodle, openedx, brightspace")
	addr := flag.String("addr", "127.0.0.1:0", "where it listens")
	host := flag.String("host", "lms.localhost", "what browsers call it")
	tool := flag.String("tool", "", "the tool that it knows: a base URL")
	students := flag.Int("students", 30, "in its course net1")
	flag.Parse()
	m, err := platform.Parse(*mode)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", *addr)
	if err != nil {
		return err
	}
	// Browsers take names below localhost for this machine; Go's resolver asks a name server.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, port, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, ".localhost") {
			address = net.JoinHostPort("127.0.0.1", port)
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	p := platform.New(platform.Config{HTTP: &http.Client{Transport: transport, Timeout: 10 * time.Second}, Mode: m, URL: fmt.Sprintf("http://%s:%d", *host, l.Addr().(*net.TCPAddr).Port), Tool: *tool}, *students)
	b, err := json.Marshal(p.Registration())
	if err != nil {
		return err
	}
	fmt.Println(string(b))
	return (&http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}).Serve(l)
}
