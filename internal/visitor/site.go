package visitor

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// A Site is what a server is called. The zero value answers to addresses and
// localhost, and takes requests of pages whose host is the one it was called by.
type Site struct {
	Names   []string // that it answers to, besides addresses and localhost; "*" is any
	Public  *url.URL // where its visitors find it, if that was said; it ends in a slash
	Base    string   // the path that all of it is under: "/", or like "/lab/"
	Proxies *Proxies // the proxies in front of it
}

// ParsePublic reads what --public-url says.
func ParsePublic(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, fmt.Errorf("--public-url %q: want an address such as https://labs.example.org/ or https://www.example.org/lab/", clip(text))
	}
	path, err := ParseBase(u.Path)
	if err != nil {
		return nil, fmt.Errorf("--public-url %q: its path must be like /lab/", clip(text))
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host), Path: path}, nil
}

// ParseBase reads what --base-path says: a path, with or without slashes around it.
func ParseBase(text string) (string, error) {
	inner := strings.Trim(text, "/")
	if inner == "" {
		return "/", nil
	}
	for part := range strings.SplitSeq(inner, "/") {
		bad := strings.ContainsFunc(part, func(c rune) bool {
			return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-._~", c))
		})
		if bad || part == "" || part == "." || part == ".." {
			return "", fmt.Errorf("--base-path %q: want a path such as /lab/, of letters, digits and - . _ ~", clip(text))
		}
	}
	return "/" + inner + "/", nil
}

// Path takes the base path off a request's. What has none of it is served as it is
// where only the public URL says that there is one: a proxy may have taken it off.
// With move the page is at the same path with a slash behind it.
func (s *Site) Path(path string) (rest string, move bool, err *Refusal) {
	base, strict := s.Base, true
	if base == "" || base == "/" {
		base, strict = "/", false
		if s.Public != nil {
			base = s.Public.Path
		}
	}
	if base == "/" {
		return path, false, nil
	}
	if path+"/" == base {
		return "", true, nil
	}
	if rest, ok := strings.CutPrefix(path, base); ok {
		return "/" + rest, false, nil
	}
	if strict {
		return "", false, refuse(KindUnasked, http.StatusNotFound, "there is nothing at %s: this server's pages are under %s (its --base-path). "+
			"Where a proxy takes that off, let it pass the path on whole (nginx: proxy_pass without a path), or start labserver without --base-path", clip(path), base)
	}
	return path, false, nil
}

// Known reports that the server is the one which a request means by its Host header,
// and by the one that a trusted proxy got; or says what to do. A page of another site
// whose name was made to lead here would pass for one of ours (DNS rebinding). That
// takes a name: an address can't be made to lead anywhere else.
func (s *Site) Known(r *http.Request, f From) *Refusal {
	for _, x := range []struct{ header, host string }{{"Host", r.Host}, {f.HostHeader, f.Host}} {
		if !s.answers(x.host) {
			name := hostname(x.host)
			return refuse(KindMisdirected, http.StatusMisdirectedRequest, "this server does not answer to the name %q, which the %s header says: "+
				"if it is one of this server's, start labserver with --host %s, or with --public-url and the whole address of its page", clip(x.host), x.header, clip(name))
		}
	}
	return nil
}

// answers reports whether the server answers to a host, which may have a port. No
// browser leaves it empty.
func (s *Site) answers(host string) bool {
	if host == "" {
		return true
	}
	name := hostname(host)
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	if name == "localhost" || strings.HasSuffix(name, ".localhost") { // RFC 6761, 6.3: of this machine
		return true
	}
	if s.Public != nil && name == hostname(s.Public.Host) {
		return true
	}
	for _, n := range s.Names {
		if n == "*" || strings.EqualFold(strings.TrimSuffix(n, "."), name) {
			return true
		}
	}
	return false
}

// hostname is the name or address of a host, without its port, brackets and the dot
// that a full name may end in.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// Own reports that a request comes from a page of this site, or from something that
// is no browser; or says what to do. A browser says where a page is from by
// Sec-Fetch-Site (newer ones, where the page came over TLS or from this machine) and by
// Origin, and no page can change either.
func (s *Site) Own(r *http.Request, f From) *Refusal {
	origins, fetches := r.Header.Values("Origin"), r.Header.Values("Sec-Fetch-Site")
	if len(origins) > 1 || len(fetches) > 1 {
		return refuse(KindForeign, http.StatusForbidden, "the request has %d Origin and %d Sec-Fetch-Site headers: want one of each at most, which says whose page it comes from", len(origins), len(fetches))
	}
	if len(fetches) == 1 {
		switch fetches[0] {
		case "same-origin", "none":
			return nil
		default:
			return refuse(KindForeign, http.StatusForbidden, "a page of another site may not do this: use this server's own page (the browser says Sec-Fetch-Site: %s)", clip(fetches[0]))
		}
	}
	if len(origins) == 0 || s.ours(origins[0], r.Host, f) {
		return nil
	}
	origin := clip(origins[0])
	called, header := r.Host, "Host"
	if f.Host != "" {
		called, header = f.Host, f.HostHeader
	}
	why := fmt.Sprintf("a page of another site may not do this: the page is of %s, and this server was called %q, which the %s header says", origin, clip(called), header)
	if u, err := url.Parse(origin); err == nil && u.Host != "" {
		why += fmt.Sprintf(". If that is this server's own page, a proxy changed Host: start labserver with --public-url %s://%s/, or let the proxy keep it (nginx: proxy_set_header Host $http_host;)", u.Scheme, u.Host)
	}
	return &Refusal{Kind: KindForeign, Status: http.StatusForbidden, Why: why}
}

// WebSocket reports that a request is for a WebSocket, by what may have one (Own); or says
// what to do.
func (s *Site) WebSocket(r *http.Request) *Refusal {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || !strings.Contains(strings.ToLower(r.Header.Get("Connection")), "upgrade") {
		why := "this address is a WebSocket: connect to it with one"
		if r.Header.Get("Sec-WebSocket-Key") != "" {
			why = "a proxy on the way took the Upgrade or Connection header away, without which there is no WebSocket: " +
				`let it pass them on (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";)`
		}
		return &Refusal{Status: http.StatusUpgradeRequired, Why: why}
	}
	return s.Own(r, s.Proxies.From(r))
}

// ours reports whether an origin is this site's: that of its public URL, or the host
// that the request was sent to.
func (s *Site) ours(origin, host string, f From) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return false
	}
	if s.Public != nil && u.Scheme == s.Public.Scheme && sameHost(u.Scheme, u.Host, s.Public.Host) {
		return true
	}
	if f.Proto == "https" && u.Scheme == "http" {
		return false // a page that anybody on the way may have changed
	}
	return sameHost(u.Scheme, u.Host, host) || f.Host != "" && sameHost(u.Scheme, u.Host, f.Host)
}

// sameHost compares hosts, whose port may be left out where it is the scheme's.
func sameHost(scheme, a, b string) bool {
	port := map[string]string{"http": ":80", "https": ":443"}[scheme]
	cut := func(host string) string {
		if port != "" {
			host = strings.TrimSuffix(host, port)
		}
		return strings.ToLower(host)
	}
	return cut(a) == cut(b)
}
