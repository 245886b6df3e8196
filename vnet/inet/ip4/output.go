package ip4

import (
	"encoding/binary"
	"net/netip"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip4/option"
	"wireloom/vnet/packet"
)

// A Path is how a destination is reached: what connect(2) fixes and a pseudo-header needs.
type Path struct {
	Src, Dst netip.Addr // Dst may be another than was asked for: see Layer.Path
	NIC      int
	Hop      netip.Addr
	Link     Link
	Gateway  bool
	MTU      int  // that packets are cut to
	MSS      int  // the MTU that a TCP may fill: what ICMP 3/4 taught counts on every kernel
	DF       bool // a TCP asks for no fragments
	ToUs     bool // Dst is this host's own

	to    netip.Prefix // the route's
	local netip.Prefix // the interface's address that fits the hop
	icmp  bool         // the route was made by a redirect
}

// Path finds the way to dst, from src if that is valid, by an interface if nic is one.
// BSD's in_pcbconnect takes 0.0.0.0 for the host's first address, and 255.255.255.255 for
// the broadcast address of that one's net. The errno is ENETUNREACH or EHOSTUNREACH.
func (l *Layer) Path(src, dst netip.Addr, nic int) (Path, errno.Errno) {
	bound := src.IsValid() && !src.IsUnspecified()
	p, ok := l.path(l.rewrite(dst, nic), l.unconfigured(dst, nic))
	if bound {
		p.Src = src
	}
	if ok && !p.Src.IsValid() && p.Link != Unicast {
		p.Src = anyAddr // as a DHCP client's, which has no address yet
	}
	if !ok || !p.Src.IsValid() {
		l.st.IP.NoRoute++
		return Path{}, l.v.noRoute(bound)
	}
	return p, errno.OK
}

// unconfigured returns the interface by which a broadcast leaves a host that has no
// address: the first that can. A kernel's programs use bpf for that.
func (l *Layer) unconfigured(dst netip.Addr, nic int) int {
	if dst != allOnes || nic != AnyNIC || l.anyAddress() {
		return nic
	}
	for i := range l.env.NICs() {
		if n := l.nic(i); n != nil && n.Broadcast {
			return i
		}
	}
	return nic
}

// rewrite is the first lines of in_pcbconnect_setup (netinet/in_pcb.c). A socket that is
// bound to an interface, which no BSD has, keeps 255.255.255.255.
func (l *Layer) rewrite(dst netip.Addr, nic int) netip.Addr {
	if dst != anyAddr && (dst != allOnes || nic >= 0) {
		return dst
	}
	if l.is(dialect.Linux) {
		if dst == anyAddr { // ip_route_output_key_hash: this host
			return localhost
		}
		return dst
	}
	for i := range l.env.NICs() {
		n := l.nic(i)
		if n == nil || len(n.Addrs) == 0 {
			continue
		}
		if dst == anyAddr {
			return n.Addrs[0].Addr()
		}
		if b, ok := broadcastOf(n.Addrs[0]); ok && n.Broadcast {
			return b
		}
		return dst
	}
	if dst == anyAddr {
		return localhost
	}
	return dst
}

// path finds the way to dst.
func (l *Layer) path(dst netip.Addr, nic int) (Path, bool) {
	if !dst.Is4() {
		return Path{}, false
	}
	if at, ok := l.own(dst); ok && (nic == AnyNIC || nic == at || nic == Loopback) {
		return l.pathToSelf(dst, at), true
	}
	p := Path{Dst: dst, Hop: dst, DF: l.v.MTUDisc}
	if nic >= 0 && (dst.IsMulticast() || dst == allOnes || l.onLink(nic, dst)) {
		p.NIC = nic
		return p, l.finish(&p, 0, netip.Addr{})
	}
	r, ok := l.env.Route(dst)
	p.NIC, p.to = r.NIC, r.To
	if h := l.routes.find(dst); h != nil && (ok || h.Via.IsValid()) {
		if h.Via.IsValid() {
			r = Route{To: netip.PrefixFrom(dst, 32), Via: h.Via, NIC: h.nic}
			p.NIC, p.to, p.icmp, ok = h.nic, r.To, true, true
		}
		if h.MTU > 0 && (l.is(dialect.NetBSD) || l.is(dialect.Linux)) {
			r.MTU = h.MTU
		}
	}
	if !ok || nic >= 0 && nic != p.NIC {
		return p, false
	}
	if r.Via.IsValid() && !dst.IsMulticast() {
		p.Hop, p.Gateway = r.Via, true
	}
	return p, l.finish(&p, r.MTU, r.Src)
}

// onLink reports whether dst is of a net of the interface.
func (l *Layer) onLink(nic int, dst netip.Addr) bool {
	n := l.nic(nic)
	if n == nil {
		return false
	}
	for _, a := range n.Addrs {
		if a.Contains(dst) {
			return true
		}
	}
	return false
}

// finish fills in what follows from a path's interface and hop.
func (l *Layer) finish(p *Path, mtu int, src netip.Addr) bool {
	n := l.nic(p.NIC)
	if n == nil {
		if !l.is(dialect.NetBSD) || p.NIC < 0 || p.NIC >= l.env.NICs() || l.env.NIC(p.NIC) == nil {
			return false
		}
		n = l.env.NIC(p.NIC) // its routes stay when an interface goes down; the interface says ENETDOWN
	}
	p.MTU = n.MTU
	if mtu > 0 && mtu < n.MTU {
		p.MTU = mtu
	}
	p.local, _ = n.first(p.Hop)
	p.Src = p.local.Addr()
	if src.IsValid() {
		p.Src = src
	}
	switch {
	case p.Dst.IsMulticast():
		p.Link = Multicast
	case l.sendsBroadcast(n, p.Hop), p.Dst == allOnes:
		p.Link = Broadcast
	}
	p.MSS = p.MTU
	if h := l.routes.find(p.Dst); h != nil {
		if h.MTU > 0 && h.MTU < p.MSS {
			p.MSS = h.MTU
		}
		p.DF = p.DF && !h.noDF
	}
	return true
}

// pathToSelf is the way to an address of this host's: lo0. FreeBSD's in_pcbladdr takes
// the first address whose net has it, the others the address itself.
func (l *Layer) pathToSelf(dst netip.Addr, at int) Path {
	p := Path{Dst: dst, Src: dst, NIC: Loopback, Hop: dst, MTU: l.v.LoopMTU, MSS: l.v.LoopMTU, DF: l.v.MTUDisc, ToUs: true}
	p.to, p.local = netip.PrefixFrom(dst, 32), netip.PrefixFrom(dst, 32)
	if n := l.nic(at); n != nil && (l.is(dialect.FreeBSD) || l.is(dialect.DragonFly)) {
		if a, ok := n.first(dst); ok {
			p.Src = a.Addr()
		}
	}
	return p
}

// sourceFor is ip_rtaddr: the address this host has on the way to dst.
func (l *Layer) sourceFor(dst netip.Addr) (netip.Addr, bool) {
	p, ok := l.path(dst, AnyNIC)
	return p.Src, ok && p.Src.IsValid()
}

// A Header is what a socket decides about a packet.
type Header struct {
	Src, Dst       netip.Addr // Src may be invalid
	Proto          uint8
	TTL            uint8 // 0 for Values.TTL, to a group for 1
	TOS            uint8
	DF             bool
	NoCopy         bool   // a multicast is not given to this host too (IP_MULTICAST_LOOP 0)
	AllowBroadcast bool   // SO_BROADCAST
	HasID          bool   // ID is to be used
	ID             uint16 // Linux numbers the packets of a connection itself
	NIC            int    // AnyNIC, or the interface to go out by
	Options        []byte // IP options, a multiple of 4 bytes, at most 40
}

// Output sends a datagram, in fragments if it must. payload is copied. The errnos: EMSGSIZE
// for more than 65535 bytes, for a broadcast that is too long, for what may not be cut;
// EACCES for a broadcast without AllowBroadcast; EADDRNOTAVAIL for what a wire may not
// carry; ENETUNREACH or EHOSTUNREACH without a route; EINVAL for wrong options.
func (l *Layer) Output(now time.Duration, h *Header, payload []byte, a *Acts) errno.Errno {
	l.group++
	switch {
	case len(h.Options) > 40 || len(h.Options)%4 != 0:
		return errno.EINVAL
	case packet.IPv4Len+len(h.Options)+len(payload) > 0xffff:
		return errno.EMSGSIZE
	}
	p, e := l.Path(h.Src, h.Dst, h.NIC)
	if e != errno.OK {
		return e
	}
	l.st.IP.LocalOut++
	size := packet.IPv4Len + len(h.Options) + len(payload)
	df := h.DF || l.v.UDPDF && h.Proto == packet.ProtoUDP && size <= p.MTU && p.DF
	pkt := packet.IPv4(a.grab(size))
	word := uint16(0)
	if df {
		word = flagDF
	}
	ttl := h.TTL
	switch {
	case ttl != 0:
	case p.Link == Multicast:
		ttl = 1 // IP_DEFAULT_MULTICAST_TTL (netinet/in.h)
	default:
		ttl = l.v.TTL
	}
	putHeader(pkt, packet.IPv4Len+len(h.Options), h.TOS, word, ttl, h.Proto, p.Src, p.Dst)
	copy(pkt[packet.IPv4Len:], h.Options)
	copy(pkt[packet.IPv4Len+len(h.Options):], payload)
	d := datagram{pkt: pkt, path: p, numbered: h.HasID, broadcast: h.AllowBroadcast, loop: !h.NoCopy, from: Loopback}
	if h.HasID {
		binary.BigEndian.PutUint16(pkt[4:], h.ID)
	}
	return l.send(now, &d, a)
}

// putHeader writes a header but for its checksum and its identification.
func putHeader(b []byte, hdr int, tos uint8, word uint16, ttl, proto uint8, src, dst netip.Addr) {
	b[0], b[1] = 0x40|byte(hdr/4), tos
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	binary.BigEndian.PutUint16(b[4:], 0)
	binary.BigEndian.PutUint16(b[6:], word)
	b[8], b[9], b[10], b[11] = ttl, proto, 0, 0
	option.Put4(b[12:], src)
	option.Put4(b[16:], dst)
}

// putSum writes a header's checksum.
func putSum(p packet.IPv4) {
	p[10], p[11] = 0, 0
	binary.BigEndian.PutUint16(p[10:], packet.Checksum(p[:p.HeaderLen()]))
}

// A datagram is one on its way out of ip_output. Its packet is the layer's to change.
type datagram struct {
	pkt       packet.IPv4
	path      Path
	numbered  bool        // it has its identification
	forwarded bool        // it came from elsewhere
	broadcast bool        // it may go to all
	loop      bool        // a multicast comes back to its members here
	came      packet.IPv4 // of a forwarded one
	from      int         // where that came in; else Loopback
}

// send is ip_output behind the choice of a route.
func (l *Layer) send(now time.Duration, d *datagram, a *Acts) errno.Errno {
	if !l.is(dialect.NetBSD) { // FreeBSD counts what it may then not send
		l.setNumber(now, d)
	}
	if d.path.Link != Multicast {
		if e := l.mayGo(d); e != errno.OK {
			return e
		}
	}
	l.setNumber(now, d)
	if d.path.Link != Unicast {
		l.loopBack(d, a)
	}
	if len(d.pkt) <= d.path.MTU {
		putSum(d.pkt)
		l.out(d, d.pkt, a)
		return errno.OK
	}
	return l.fragment(d, a)
}

// setNumber gives a datagram its identification, if it has none.
func (l *Layer) setNumber(now time.Duration, d *datagram) {
	if d.numbered {
		return
	}
	d.numbered = true
	binary.BigEndian.PutUint16(d.pkt[4:], l.number(now, d.path.Dst, len(d.pkt), fragWord(d.pkt)&flagDF != 0))
}

// mayGo refuses what ip_output does.
func (l *Layer) mayGo(d *datagram) errno.Errno {
	if d.path.Link == Broadcast {
		n := l.nic(d.path.NIC)
		switch {
		case n == nil || !n.Broadcast:
			return errno.EADDRNOTAVAIL
		case !d.broadcast:
			return errno.EACCES
		case len(d.pkt) > d.path.MTU && !l.is(dialect.Linux):
			return errno.EMSGSIZE
		}
	}
	if d.path.NIC == Loopback {
		return errno.OK
	}
	if d.pkt.Src().IsMulticast() && l.is(dialect.NetBSD) {
		l.st.IP.OutDropped++
		return errno.EADDRNOTAVAIL
	}
	if d.pkt.Src().IsLoopback() || d.pkt.Dst().IsLoopback() {
		l.st.IP.BadAddress++
		return errno.EADDRNOTAVAIL
	}
	return errno.OK
}

// loopBack gives a broadcast to this host too, as ether_output and if_simloop do, and a
// multicast if it is a member. FreeBSD leaves that question to the protocols.
func (l *Layer) loopBack(d *datagram, a *Acts) {
	if d.path.Link == Multicast && (!d.loop || d.forwarded || !l.is(dialect.FreeBSD) && !l.member(d.path.NIC, d.pkt.Dst())) {
		return
	}
	copied := packet.IPv4(append(a.grab(len(d.pkt))[:0], d.pkt...))
	putSum(copied)
	a.Out = append(a.Out, Out{NIC: Loopback, Hop: d.path.Hop, From: d.path.NIC, Link: d.path.Link, Packet: copied, group: l.group})
}

// Loop takes what was sent by lo0: nic, link and p are From, Link and Packet of an Out. It
// is for this host, or a copy of what went out to many, which comes in by the interface it
// left by.
func (l *Layer) Loop(now time.Duration, nic int, link Link, p []byte, a *Acts) {
	if nic == Loopback {
		l.Input(now, Loopback, Unicast, p, a)
		return
	}
	l.group++
	l.back = l.back[:0]
	l.st.IP.Received++
	pkt, err := packet.ParseIPv4(p)
	if err != nil {
		return
	}
	switch v := l.judge(nic, link, pkt); v {
	case takeBroadcast, takeMulticast:
		l.take(now, nic, link, kindOf(v), pkt, a)
	case drop, takeUs, passOn, hostDown:
	}
}

// out appends one packet of a datagram.
func (l *Layer) out(d *datagram, p packet.IPv4, a *Acts) {
	a.Out = append(a.Out, Out{
		NIC: d.path.NIC, Hop: d.path.Hop, Gateway: d.path.Gateway, Link: d.path.Link, Packet: p,
		From: d.from, group: l.group, came: d.came,
	})
}

// fragment is ip_fragment: every fragment has the datagram's identification; those behind
// the first have only the options with the copy bit, but as much data as if they had all.
// A fragment is cut again like a datagram: its offset counts on, and the last piece keeps
// its more-fragments flag.
func (l *Layer) fragment(d *datagram, a *Acts) errno.Errno {
	hdr := d.pkt.HeaderLen()
	step := (d.path.MTU - hdr) &^ 7
	word := fragWord(d.pkt)
	if word&flagDF != 0 || step < 8 {
		if word&flagDF != 0 && !d.forwarded {
			l.st.IP.CantFrag++
		}
		return errno.EMSGSIZE
	}
	first := step
	if step > pageSize && !l.is(dialect.NetBSD) && !l.is(dialect.Linux) {
		first, step = l.pages(d, step)
	}
	data := d.pkt[hdr:]
	for off, next := 0, first; off < len(data); off, next = next, next+step {
		piece, w, opts := data[off:], word+uint16(off/8), d.pkt.Options()
		if len(piece) > next-off {
			piece, w = piece[:next-off], w|flagMF
		}
		switch {
		case off == 0:
		case l.is(dialect.Linux):
			opts = option.LinuxCopied(l.work[:0], opts)
		default:
			opts = option.Copied(l.work[:0], opts)
		}
		f := packet.IPv4(a.grab(packet.IPv4Len + len(opts) + len(piece)))
		copy(f, d.pkt[:packet.IPv4Len])
		f[0] = 0x40 | byte((packet.IPv4Len+len(opts))/4)
		binary.BigEndian.PutUint16(f[2:], uint16(len(f)))
		binary.BigEndian.PutUint16(f[6:], w)
		copy(f[packet.IPv4Len:], opts)
		copy(f[packet.IPv4Len+len(opts):], piece)
		putSum(f)
		l.out(d, f, a)
		l.st.IP.OutFragments++
	}
	l.st.IP.Fragmented++
	return errno.OK
}

// pageSize is PAGE_SIZE of the machines that FreeBSD and DragonFly run on.
const pageSize = 4096

// pages returns how much data the first and each other fragment have where there is room
// for whole pages, which a receiver might flip; most is what fits. The first has as many
// buffers as fit whole, of which a socket makes pages on FreeBSD (kern/uipc_mbuf.c,
// m_getm2) and MCLBYTES on DragonFly; a UDP header stands before them.
func (l *Layer) pages(d *datagram, most int) (first, other int) {
	other = min(d.path.MTU&^(pageSize-1), most)
	if d.pkt.Protocol() != packet.ProtoUDP || d.forwarded {
		return other, other
	}
	buffer := pageSize
	if l.is(dialect.DragonFly) {
		buffer = pageSize / 2
	}
	return min((most-packet.UDPLen)/buffer*buffer+packet.UDPLen, most), other
}

// Failed tells the layer that a.Out[i] could not be sent. The other packets of its
// datagram are void then, and a redirect about it; if it was passed on for another host,
// that one is told.
func (l *Layer) Failed(now time.Duration, i int, e errno.Errno, a *Acts) {
	o := a.Out[i]
	for j := i; j < len(a.Out); j++ {
		if a.Out[j].group == o.group {
			a.Out[j].Packet = nil
		}
	}
	if o.came == nil {
		return
	}
	l.group++
	l.st.IP.Forwarded--
	l.st.IP.CantForward++
	l.forwardFailed(now, e, 0, &Up{NIC: o.From, Packet: o.came}, a)
}
