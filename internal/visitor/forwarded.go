package visitor

import (
	"errors"
	"net/netip"
	"strings"
)

// A hop is what a proxy says of the connection that a request came to it by. Empty
// is what it didn't say.
type hop struct {
	from  string // an address, maybe with a port; or "unknown", or a name that hides it
	host  string // the Host header
	proto string // http or https
}

// maxHops is how many hops of a request are looked at, from the nearest. More
// proxies than this are in front of nobody.
const maxHops = 32

// xForwardedFor splits the values of X-Forwarded-For, which no standard defines: each
// proxy appends the address that it was connected from. The nearest comes last.
func xForwardedFor(values []string) []hop {
	var hops []hop
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		hops = append(hops, hop{from: strings.Trim(part, " \t")})
	}
	return hops[max(0, len(hops)-maxHops):]
}

// last returns the last item of a header that is a list: the nearest proxy's.
func last(values []string) string {
	all := strings.Join(values, ",")
	return strings.Trim(all[strings.LastIndexByte(all, ',')+1:], " \t")
}

var errForwarded = errors.New("not a Forwarded header")

// forwarded reads the values of Forwarded (RFC 7239, 4): elements apart by commas,
// each of NAME=VALUE apart by semicolons, a value being a token or a quoted string.
// The nearest proxy's element comes last. One mistake spoils all of it: a quote that
// doesn't end would swallow what a later proxy has added.
func forwarded(values []string) ([]hop, error) {
	p := reader{strings.Join(values, ",")}
	var hops []hop
	for {
		h, some, err := p.element()
		if err != nil {
			return nil, err
		}
		if some {
			hops = append(hops, h)
		}
		if p.rest == "" {
			return hops[max(0, len(hops)-maxHops):], nil
		}
		p.rest = p.rest[1:] // the comma that ended the element
	}
}

// A reader reads a header from its beginning.
type reader struct{ rest string }

// element reads up to a comma or the end. some is false for an empty one, which a
// list may have (RFC 9110, 5.6.1).
func (p *reader) element() (h hop, some bool, err error) {
	seen := map[string]bool{}
	for {
		p.blank()
		if name := strings.ToLower(p.token()); name != "" {
			value, err := p.value()
			if err != nil || seen[name] {
				return h, false, errForwarded
			}
			seen[name], some = true, true
			switch name {
			case "for":
				h.from = value
			case "host":
				h.host = value
			case "proto":
				h.proto = value
			}
		}
		p.blank()
		switch {
		case p.rest == "", p.rest[0] == ',':
			return h, some, nil
		case p.rest[0] != ';':
			return h, false, errForwarded
		}
		p.rest = p.rest[1:]
	}
}

func (p *reader) blank() { p.rest = strings.TrimLeft(p.rest, " \t") }

// token reads a token (RFC 9110, 5.6.2), which may be empty.
func (p *reader) token() string {
	n := 0
	for n < len(p.rest) && isToken(p.rest[n]) {
		n++
	}
	t := p.rest[:n]
	p.rest = p.rest[n:]
	return t
}

func isToken(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// value reads what comes behind a name: = and a token or a quoted string. Proxies
// send addresses with their colons and brackets unquoted too, which is taken.
func (p *reader) value() (string, error) {
	rest, ok := strings.CutPrefix(p.rest, "=")
	if !ok {
		return "", errForwarded
	}
	p.rest = rest
	if !strings.HasPrefix(rest, `"`) {
		n := 0
		for n < len(rest) && (isToken(rest[n]) || strings.IndexByte("[]:", rest[n]) >= 0) {
			n++
		}
		p.rest = rest[n:]
		if n == 0 {
			return "", errForwarded
		}
		return rest[:n], nil
	}
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '"':
			p.rest = rest[i+1:]
			return b.String(), nil
		case c == '\\':
			if i++; i == len(rest) {
				return "", errForwarded
			}
			b.WriteByte(rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", errForwarded
}

// address reads the address of a hop: with or without a port, and an IPv6 address
// with or without brackets where it has none. ok is false for anything else.
func address(s string) (a netip.Addr, ok bool) {
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return plain(ap.Addr()), true
	}
	if inner, found := strings.CutPrefix(s, "["); found {
		s, found = strings.CutSuffix(inner, "]")
		if a, err := netip.ParseAddr(s); err == nil && found && a.Is6() {
			return plain(a), true
		}
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(s)
	return plain(a), err == nil
}

// plain is an address without what says how it was written: an IPv4 address inside
// of an IPv6 one, a zone.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
