package admin

import (
	"net/netip"
	"time"

	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// onLink is the Ethernet interface on whose network an address is, that a link address
// can be kept for there; nil without one.
func onLink(s *sys.System, a netip.Addr) *inet.Iface {
	if a.Is6() && a.IsLinkLocalUnicast() {
		if x := s.Iface(a.Zone()); x != nil && x.NIC >= 0 && x.If.Type == kern.IFT_ETHER {
			return x
		}
		return nil
	}
	best := lookUp(s, a)
	if best == nil || best.Via.IsValid() {
		return nil
	}
	if x := s.Iface(best.Link); x != nil && x.NIC >= 0 && x.If.Type == kern.IFT_ETHER {
		return x
	}
	return nil
}

// lookUp finds the route that packets to an address take: the longest prefix wins.
func lookUp(s *sys.System, a netip.Addr) *inet.Route {
	var best *inet.Route
	routes := s.Routes()
	for i, r := range routes {
		if r.To.Contains(a) && (best == nil || r.To.Bits() > best.To.Bits()) {
			best = &routes[i]
		}
	}
	return best
}

// entries are the node's neighbours of one family, in the order of their addresses,
// on the interface of that name; "" is any.
func entries(s *sys.System, v6 bool, on string) []inet.Neighbour {
	stack := s.Stack()
	if stack == nil {
		return nil
	}
	var out []inet.Neighbour
	for _, n := range stack.Neighbours() {
		if n.Addr.Is6() == v6 && (on == "" || n.NIC == on) {
			out = append(out, n)
		}
	}
	return out
}

// left are the whole seconds until a virtual time: the kernels' clock of expiry ticks
// once a second.
func left(p *command.Proc, expires time.Duration) int {
	return int(expires/time.Second) - int(p.Now()/time.Second)
}

// linkAddr reads an Ethernet address as ether_aton(3) does: six numbers of one or two digits.
func linkAddr(text string) (m packet.MAC, ok bool) {
	n, digits := 0, 0
	for i := range len(text) {
		var d byte
		switch c := text[i]; {
		case c == ':':
			if digits == 0 || n == len(m)-1 {
				return m, false
			}
			n, digits = n+1, 0
			continue
		case '0' <= c && c <= '9':
			d = c - '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			d = c | 0x20 - 'a' + 10
		default:
			return m, false
		}
		if digits == 2 {
			return m, false
		}
		m[n] = m[n]<<4 | d
		digits++
	}
	return m, n == len(m)-1 && digits > 0
}
