package visitor

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
)

// The headers that a proxy may say by where a request comes from. A server believes
// one of them: who may send the other one past a proxy that doesn't know it could
// otherwise be anybody.
const (
	XForwardedFor = "x-forwarded-for" // with X-Forwarded-Host and X-Forwarded-Proto
	Forwarded     = "forwarded"       // RFC 7239
)

// unixClient is the client of what comes over a local socket and says no more.
const unixClient = "unix"

// Proxies are the peers whose word is taken for where a request comes from. A nil
// *Proxies takes nobody's. Its methods may be called from any goroutine.
type Proxies struct {
	header string
	nets   []netip.Prefix
	unix   bool
}

// ParseProxies reads what --trusted-proxy and --proxy-header say: addresses,
// networks, "loopback" for this machine's own, "unix" for who connects to a local
// socket; and which header they write.
func ParseProxies(list []string, header string) (*Proxies, error) {
	p := &Proxies{header: strings.ToLower(header)}
	if p.header != XForwardedFor && p.header != Forwarded {
		return nil, fmt.Errorf("--proxy-header %q: want %s or %s", clip(header), XForwardedFor, Forwarded)
	}
	for _, item := range list {
		for word := range strings.SplitSeq(item, ",") {
			if err := p.add(strings.TrimSpace(word)); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

func (p *Proxies) add(word string) error {
	switch word {
	case "unix":
		p.unix = true
		return nil
	case "loopback":
		p.nets = append(p.nets, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
		return nil
	}
	if a, err := netip.ParseAddr(word); err == nil {
		a = plain(a)
		p.nets = append(p.nets, netip.PrefixFrom(a, a.BitLen()))
		return nil
	}
	n, err := netip.ParsePrefix(word)
	switch {
	case err != nil:
		return fmt.Errorf("--trusted-proxy %q: want an address such as 10.0.0.2, a network such as 10.0.0.0/8, loopback or unix", clip(word))
	case n.Bits() == 0:
		return fmt.Errorf("--trusted-proxy %s: that trusts everybody, and everybody could be anybody: name the proxy's address", word)
	}
	if n.Addr().Is4In6() && n.Bits() >= 96 {
		n = netip.PrefixFrom(n.Addr().Unmap(), n.Bits()-96)
	}
	p.nets = append(p.nets, n.Masked())
	return nil
}

func (p *Proxies) trusts(a netip.Addr) bool {
	if p == nil {
		return false
	}
	for _, n := range p.nets {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// A From is where a request comes from, as far as that can be believed.
type From struct {
	// Client is who it is, for limits: an IPv4 address, the /64 network that an IPv6
	// host chooses its addresses from, or "unix".
	Client string
	// Host and Proto are what the client connected to, where a trusted proxy says so,
	// and HostHeader is the header that says the host.
	Host, Proto, HostHeader string
	// Ignored is the header that a peer sent which isn't trusted; "" if none did.
	Ignored string
	// Unread is the header that a trusted proxy sent and that isn't the one to read,
	// which it did not send; "" if that isn't so.
	Unread string
}

// From finds out where a request comes from. The client is the address nearest to
// this server that isn't a trusted proxy's: what is left of it in the header was
// written by the client. What isn't an address ends the search at the proxy that
// says so.
func (p *Proxies) From(r *http.Request) From {
	peer, known := peerOf(r.RemoteAddr)
	f := From{Client: clientOf(peer, r.RemoteAddr)}
	if known && !p.trusts(peer) || !known && !(p != nil && p.unix && isUnix(r.RemoteAddr)) {
		for _, name := range []string{"X-Forwarded-For", "Forwarded"} {
			if r.Header.Get(name) != "" {
				f.Ignored = name
			}
		}
		return f
	}
	hops := p.hops(r, &f)
	if n := len(hops); n > 0 && p.header == Forwarded {
		f.Host, f.Proto, f.HostHeader = hops[n-1].host, hops[n-1].proto, "Forwarded"
	}
	for i := len(hops) - 1; i >= 0; i-- {
		a, ok := address(hops[i].from)
		if !ok {
			break
		}
		f.Client = network(a)
		if !p.trusts(a) {
			break
		}
	}
	f.Proto = strings.ToLower(f.Proto)
	return f
}

// hops reads the one header that is believed.
func (p *Proxies) hops(r *http.Request, f *From) []hop {
	theirs, other := r.Header.Values("X-Forwarded-For"), r.Header.Values("Forwarded")
	names := [2]string{"X-Forwarded-For", "Forwarded"}
	if p.header == Forwarded {
		theirs, other = other, theirs
		names[0], names[1] = names[1], names[0]
	}
	if len(theirs) == 0 && len(other) > 0 {
		f.Unread = names[1]
	}
	if p.header == XForwardedFor {
		f.Host, f.HostHeader = last(r.Header.Values("X-Forwarded-Host")), "X-Forwarded-Host"
		f.Proto = last(r.Header.Values("X-Forwarded-Proto"))
		if len(theirs) == 0 {
			return nil
		}
		return xForwardedFor(theirs)
	}
	hops, err := forwarded(theirs)
	if err != nil {
		return nil
	}
	return hops
}

// peerOf is the address that a connection comes from. known is false where it has
// none.
func peerOf(remote string) (a netip.Addr, known bool) {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}, false
	}
	return plain(ap.Addr()), true
}

// isUnix reports whether a connection's remote address is that of a local socket:
// nothing, a name in a folder, or an abstract one.
func isUnix(remote string) bool {
	return remote == "" || remote[0] == '@' || remote[0] == '/'
}

func clientOf(peer netip.Addr, remote string) string {
	switch {
	case peer.IsValid():
		return network(peer)
	case isUnix(remote):
		return unixClient
	}
	return remote
}

// network is who has an address, for limits.
func network(a netip.Addr) string {
	if a.Is6() {
		if n, err := a.Prefix(64); err == nil {
			return n.String()
		}
	}
	return a.String()
}

// Peer is who a connection comes from, for limits, and whether it is a trusted
// proxy's.
func (p *Proxies) Peer(remote string) (client string, trusted bool) {
	a, known := peerOf(remote)
	if known {
		return network(a), p.trusts(a)
	}
	return clientOf(a, remote), p != nil && p.unix && isUnix(remote)
}

// maxAdvice is how many peers a log names that should perhaps be trusted: each once.
const maxAdvice = 8

// An Advisor says in the log, once for each peer, which flag is missing where a
// request came through a proxy that the server was told nothing of.
type Advisor struct {
	Logger *slog.Logger

	mu    sync.Mutex
	named map[string]bool
}

// Look looks at where a request comes from.
func (v *Advisor) Look(r *http.Request, f From) {
	if f.Ignored == "" && f.Unread == "" {
		return
	}
	peer, _ := (*Proxies)(nil).Peer(r.RemoteAddr)
	key := peer + " " + f.Unread
	v.mu.Lock()
	told := v.named[key] || len(v.named) >= maxAdvice
	if !told {
		if v.named == nil {
			v.named = map[string]bool{}
		}
		v.named[key] = true
	}
	v.mu.Unlock()
	switch {
	case told:
	case f.Unread != "":
		v.Logger.Warn("a trusted proxy says in another header who its visitors are, so that all of them count as one client: "+
			"if that proxy writes it, start with --proxy-header "+strings.ToLower(f.Unread), "peer", peer, "header", f.Unread)
	default:
		v.Logger.Warn("a request says that it came through a proxy, which is not trusted, so that all visitors of that proxy count as one client: "+
			"if the proxy is yours, start with --trusted-proxy "+flagFor(r.RemoteAddr), "peer", peer, "header", f.Ignored)
	}
}

// flagFor is the value of --trusted-proxy for a peer.
func flagFor(remote string) string {
	if a, known := peerOf(remote); known {
		return a.String()
	}
	return "unix"
}
