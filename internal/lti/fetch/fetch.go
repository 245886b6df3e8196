// Package fetch asks servers of strangers: learning platforms, at addresses that came in by
// a registration. It goes to no address of the inside unless the operator lets it, takes
// no more than a limit, and waits no longer than one.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"wireloom/internal/terminal"
)

// Limits of one request. Canvas and Moodle answer in a second or two; a page of a class is the
// largest answer, 50 to 1,000 people of about 500 bytes.
const (
	maxBody    = 2 << 20
	maxHeader  = 64 << 10
	maxURL     = 4 << 10
	timeout    = 15 * time.Second
	redirects  = 3
	perHost    = 8
	shownBytes = 300
)

// A Client asks. Make one with New; it is safe for many goroutines.
type Client struct {
	inside bool
	http   *http.Client
}

// New returns a client. inside says that the operator lets it ask private and loopback addresses, and
// by plain http.
func New(inside bool) *Client {
	c := &Client{inside: inside}
	d := &net.Dialer{Timeout: 5 * time.Second, Control: c.control}
	c.http = &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return d.DialContext(ctx, network, localhost(address))
			},
			TLSHandshakeTimeout:    5 * time.Second,
			ResponseHeaderTimeout:  timeout,
			MaxResponseHeaderBytes: maxHeader,
			MaxConnsPerHost:        perHost,
			IdleConnTimeout:        time.Minute,
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: c.redirect,
	}
	return c
}

// localhost puts this machine's address in place of a name below localhost, which browsers take for it, as RFC 6761 (6.3) says, and resolvers
// may not know. Whether it may be asked is decided by the address.
func localhost(address string) string {
	if host, port, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, ".localhost") {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}

// control sees the address that a name has become, so that a name that answers differently the
// second time gains nothing.
func (c *Client) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%s is no address", address)
	}
	if !c.inside && inside(at.Addr()) {
		return fmt.Errorf("%s is an address of the inside, and the operator lets none be asked (--lti-inside)", at.Addr())
	}
	return nil
}

// special are the ranges that netip has no word for (RFC 6890; RFC 6052 and RFC 3056 carry an IPv4
// address inside, which may be a private one).
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/32"),
}

// inside tells whether an address is not of the public Internet.
func inside(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return true
	}
	for _, p := range special {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// URL reads an address that may be asked: https with a host and no name or password in it.
func (c *Client) URL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil, u.Host == "", u.Opaque != "", u.User != nil, u.Fragment != "", len(raw) > maxURL:
		return nil, fmt.Errorf("%s is not the address of a server", quote(raw))
	case u.Scheme == "https", u.Scheme == "http" && c.inside:
		return u, nil
	}
	return nil, fmt.Errorf("%s is not an https address", quote(raw))
}

func quote(raw string) string { return strconv.Quote(terminal.Cut(terminal.Line(raw), 80)) }

// redirect follows where nothing secret was sent: a GET without a token.
func (c *Client) redirect(r *http.Request, via []*http.Request) error {
	if len(via) > redirects || r.Method != http.MethodGet || via[0].Method != http.MethodGet || via[0].Header.Get("Authorization") != "" {
		return http.ErrUseLastResponse
	}
	_, err := c.URL(r.URL.String())
	return err
}

// An Answer is what came back. Body is whole.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON tells whether the answer says that it is JSON, of whatever kind.
func (a Answer) JSON() bool {
	kind, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json"))
}

// Words returns what the platform said, as a person may read it.
func (a Answer) Words() string {
	return terminal.Cut(terminal.Line(strings.Join(strings.Fields(string(a.Body)), " ")), shownBytes)
}

// ErrEndless is of a body beyond the limit.
var ErrEndless = errors.New("the answer is longer than 2 MiB")

// Do asks. An error says that no whole answer came: the server is not there, is slow, or says too much.
func (c *Client) Do(ctx context.Context, method, to string, header http.Header, body string) (Answer, error) {
	u, err := c.URL(to)
	if err != nil {
		return Answer{}, err
	}
	var from io.Reader
	if body != "" {
		from = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), from)
	if err != nil {
		return Answer{}, err
	}
	if header != nil {
		r.Header = header
	}
	w, err := c.http.Do(r)
	if err != nil {
		var e *url.Error
		if errors.As(err, &e) { // without the URL, which is long and known
			err = e.Err
		}
		return Answer{}, fmt.Errorf("%s does not answer: %w", u.Host, err)
	}
	defer w.Body.Close()
	b, err := io.ReadAll(io.LimitReader(w.Body, maxBody+1))
	switch {
	case err != nil:
		return Answer{}, fmt.Errorf("%s stopped in the middle of its answer: %w", u.Host, err)
	case len(b) > maxBody:
		return Answer{}, fmt.Errorf("%s: %w", u.Host, ErrEndless)
	}
	return Answer{w.StatusCode, w.Header, b}, nil
}
