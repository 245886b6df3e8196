package ip6

import (
	"net/netip"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

// Join joins a group on an interface. It may be joined more than once, and is left as often.
// ENXIO without such an interface, EINVAL for what is no group, ENOBUFS beyond the limit.
func (l *Layer) Join(now time.Duration, number int, ip netip.Addr, a *Acts) errno.Errno {
	n := l.nic(number)
	switch {
	case n == nil:
		return errno.ENXIO
	case !ip.Is6() || !ip.IsMulticast():
		return errno.EINVAL
	case !l.join(now, n, ip.WithZone(""), 0, a):
		return errno.ENOBUFS
	}
	return errno.OK
}

// Leave leaves a group: EADDRNOTAVAIL if it was not joined.
func (l *Layer) Leave(now time.Duration, number int, ip netip.Addr, a *Acts) errno.Errno {
	n := l.nic(number)
	if n == nil || !l.leave(now, n, ip.WithZone(""), a) {
		return errno.EADDRNOTAVAIL
	}
	return errno.OK
}

// Member reports whether an interface has joined a group, and MemberMAC whether it has one of
// that Ethernet address: what its filter lets in.
func (l *Layer) Member(number int, ip netip.Addr) bool {
	n := l.nic(number)
	return n != nil && n.groups.Has(ip.WithZone(""))
}

// MemberMAC is for the interface's filter.
func (l *Layer) MemberMAC(number int, m packet.MAC) bool {
	n := l.nic(number)
	return n != nil && n.groups.HasMAC(m)
}

func (l *Layer) join(now time.Duration, n *nic, ip netip.Addr, wait time.Duration, a *Acts) bool {
	ok := n.groups.Join(now, ip, wait, n.IP)
	if !ok {
		l.stats.Refused++
	}
	l.listen(now, n, a)
	return ok
}

func (l *Layer) leave(now time.Duration, n *nic, ip netip.Addr, a *Acts) bool {
	ok := n.groups.Leave(now, ip)
	l.listen(now, n, a)
	return ok
}

// listen sends what an interface's groups have to say, and has them called again. The source is
// the link-local address, or none while that is tentative.
func (l *Layer) listen(now time.Duration, n *nic, a *Acts) {
	for _, m := range n.groups.Take() {
		src, _ := l.linkLocal(n)
		b := wire.AppendHeader(l.small[:0], 0, 0, packet.ProtoHopByHop, 1, src, m.Dst)
		if l.v.AlertFirst {
			b = append(b, packet.ProtoICMPv6, 0, 5, 2, 0, 0, 1, 0)
		} else {
			b = append(b, packet.ProtoICMPv6, 0, 1, 0, 5, 2, 0, 0)
		}
		b = append(b, m.Body...)
		l.small = b
		wire.Finish(b, packet.IPv6Len+8)
		l.stats.Out.add(m.Body[0])
		l.stats.Sent++
		l.transmit(now, n, m.Dst, b, a)
	}
	l.wakeAt(n.groups.Next())
}
