package hoststack

import (
	"net/netip"
	"slices"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/ports"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// An icmpSocket is an ICMP socket. It is not netstack's, which takes echo replies
// only and never says that a host is down: like ping(8)'s raw socket it sees the
// errors about its requests too, and unlike it nothing of other sockets' business.
type icmpSocket struct {
	*socket
	network tcpip.NetworkProtocolNumber
	proto   tcpip.TransportProtocolNumber
	local   tcpip.Address
	remote  tcpip.Address
	ident   uint16
	bound   bool // has an identifier

	route  *stack.Route // of the last packet sent, for the neighbour to be confirmed
	routes uint64       // the table that it was found in

	queue []icmpMessage
	bytes int
	shut  [2]bool // reading, writing
	hops  uint8   // time to live of what is sent
}

type icmpMessage struct {
	data []byte
	from tcpip.Address
	ttl  uint8
}

var _ interface {
	inet.Socket
	stack.RawTransportEndpoint
} = (*icmpSocket)(nil)

func (s *netStack) newICMP(kind inet.SocketKind, network tcpip.NetworkProtocolNumber) (inet.Socket, errno.Errno) {
	proto := header.ICMPv4ProtocolNumber
	if network == header.IPv6ProtocolNumber {
		proto = header.ICMPv6ProtocolNumber
	}
	k := &icmpSocket{socket: s.register(kind), network: network, proto: proto, hops: defaultTTL}
	k.icmp = k
	if err := s.st.RegisterRawTransportEndpoint(network, proto, k); err != nil {
		delete(s.sockets, k.id)
		return nil, errnoOf(err)
	}
	return k, errno.OK
}

// Bind implements inet.Socket; the port is the identifier, 0 for any that is free.
func (k *icmpSocket) Bind(a netip.AddrPort) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	full, e := k.address(a)
	switch {
	case e != errno.OK:
		return e
	case k.bound:
		return errno.EINVAL
	case full.Addr != (tcpip.Address{}) && k.s.st.CheckLocalAddress(0, k.network, full.Addr) == 0:
		return errno.EADDRNOTAVAIL
	}
	if e := k.identify(full.Port); e != errno.OK {
		return e
	}
	k.local = full.Addr
	return errno.OK
}

// identify gives the socket an identifier that no other has.
func (k *icmpSocket) identify(want uint16) errno.Errno {
	if want != 0 && k.s.idents[want] {
		return errno.EADDRINUSE
	}
	for id := uint16(k.id); want == 0; id++ {
		if id != 0 && !k.s.idents[id] { // there are fewer sockets than identifiers
			want = id
		}
	}
	if k.v6() {
		err := k.s.st.RegisterTransportEndpoint([]tcpip.NetworkProtocolNumber{k.network}, k.proto, k.endpointID(want), replies{k}, ports.Flags{}, 0)
		if err != nil {
			return errnoOf(err)
		}
	}
	k.ident, k.bound = want, true
	k.s.idents[want] = true
	return errno.OK
}

func (k *icmpSocket) endpointID(ident uint16) stack.TransportEndpointID {
	return stack.TransportEndpointID{LocalPort: ident}
}

// Connect implements inet.Socket: Send needs no address then, and replies are
// taken from there only.
func (k *icmpSocket) Connect(a netip.AddrPort) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	full, e := k.address(a)
	if e != errno.OK {
		return e
	}
	if full.Addr == (tcpip.Address{}) {
		return errno.EADDRNOTAVAIL
	}
	r, err := k.s.st.FindRoute(0, k.local, full.Addr, k.network, false)
	if err != nil {
		return errnoOf(err)
	}
	r.Release()
	k.remote = full.Addr
	if !k.bound {
		return k.identify(0)
	}
	return errno.OK
}

// Listen implements inet.Socket.
func (k *icmpSocket) Listen(int) errno.Errno { return errno.EOPNOTSUPP }

// Accept implements inet.Socket.
func (k *icmpSocket) Accept() (inet.Socket, netip.AddrPort, errno.Errno) {
	return nil, netip.AddrPort{}, errno.EOPNOTSUPP
}

// Send implements inet.Socket. p is an echo request; its identifier and checksum
// are filled in.
func (k *icmpSocket) Send(p []byte, to netip.AddrPort) (int, errno.Errno) {
	if e := k.enter(); e != errno.OK {
		return 0, e
	}
	if k.shut[1] {
		return 0, errno.EPIPE
	}
	dst := k.remote
	if to.IsValid() {
		full, e := k.address(to)
		if e != errno.OK {
			return 0, e
		}
		dst = full.Addr
	}
	m, err := packet.ParseICMP(p)
	switch {
	case dst == (tcpip.Address{}):
		return 0, errno.EDESTADDRREQ
	case err != nil:
		return 0, errno.EINVAL
	case len(p) > header.DatagramMaximumSize-header.IPv4MinimumSize:
		return 0, errno.EMSGSIZE
	case k.v6() && m.Type() != packet.ICMPv6Echo, !k.v6() && m.Type() != packet.ICMPEcho:
		return 0, errno.EPERM // the rest is the stack's to say
	}
	if !k.bound {
		if e := k.identify(0); e != errno.OK {
			return 0, e
		}
	}
	if !k.s.room(weight(len(p))) {
		return 0, errno.ENOBUFS
	}
	if e := k.findRoute(dst); e != errno.OK {
		k.s.settle()
		return 0, e
	}
	pkt := k.packet(m)
	defer pkt.DecRef()
	failed := k.route.WritePacket(stack.NetworkHeaderParams{Protocol: k.proto, TTL: k.hops}, pkt)
	e := k.s.settleSent()
	switch {
	case failed != nil:
		return 0, errnoOf(failed)
	case e != errno.OK:
		return 0, e
	}
	if k.s.hops.anyDown() {
		if e := k.s.downTo(dst, k.v6()); e != errno.OK {
			return 0, e
		}
	}
	return len(p), errno.OK
}

// findRoute keeps the route to dst; EHOSTUNREACH where there is none (ip_output).
func (k *icmpSocket) findRoute(dst tcpip.Address) errno.Errno {
	if k.route != nil {
		if k.route.RemoteAddress() == dst && k.routes == k.s.routes {
			return errno.OK
		}
		k.route.Release()
		k.route = nil
	}
	k.routes = k.s.routes
	nic := tcpip.NICID(0)
	if k.device != nil {
		nic = k.device.id
	}
	r, err := k.s.st.FindRoute(nic, k.local, dst, k.network, false)
	if err != nil {
		if _, none := err.(*tcpip.ErrNetworkUnreachable); none {
			return errno.EHOSTUNREACH
		}
		return errnoOf(err)
	}
	k.route = r
	return errno.OK
}

// packet is a message as netstack wants it, with identifier and checksum.
func (k *icmpSocket) packet(m packet.ICMP) *stack.PacketBuffer {
	msg := slices.Clone(m)
	msg.SetID(k.ident)
	msg.SetChecksum(0)
	sum := uint16(0)
	if k.v6() {
		sum = header.PseudoHeaderChecksum(k.proto, k.route.LocalAddress(), k.route.RemoteAddress(), uint16(len(msg)))
	}
	msg.SetChecksum(^checksumOf(msg, sum))
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{
		ReserveHeaderBytes: int(k.route.MaxHeaderLength()) + packet.ICMPLen,
		Payload:            buffer.MakeWithData(msg.Payload()),
	})
	copy(pkt.TransportHeader().Push(packet.ICMPLen), msg)
	pkt.TransportProtocolNumber = k.proto
	return pkt
}

// Recv implements inet.Socket.
func (k *icmpSocket) Recv(p []byte) (int, netip.AddrPort, errno.Errno) { return k.recv(p, false) }

// Peek implements inet.Socket.
func (k *icmpSocket) Peek(p []byte) (int, netip.AddrPort, errno.Errno) { return k.recv(p, true) }

func (k *icmpSocket) recv(p []byte, peek bool) (int, netip.AddrPort, errno.Errno) {
	if e := k.enter(); e != errno.OK {
		return 0, netip.AddrPort{}, e
	}
	if len(k.queue) == 0 {
		if k.shut[0] {
			return 0, netip.AddrPort{}, errno.OK
		}
		return 0, netip.AddrPort{}, errno.EWOULDBLOCK
	}
	m := k.queue[0]
	if !peek {
		k.queue = slices.Delete(k.queue, 0, 1)
		k.bytes -= len(m.data)
		k.s.gone(weight(len(m.data)))
	}
	k.ttl, k.cut = int(m.ttl), len(m.data) > len(p)
	return copy(p, m.data), k.addrPort(tcpip.FullAddress{Addr: m.from}), errno.OK
}

// Ready implements inet.Socket. There is always room to send.
func (k *icmpSocket) Ready() int {
	if k.closed || k.s.closed {
		return kern.POLLNVAL
	}
	bits := kern.POLLOUT
	if len(k.queue) > 0 || k.shut[0] {
		bits |= kern.POLLIN | kern.POLLRDNORM
	}
	return bits
}

// Shutdown implements inet.Socket.
func (k *icmpSocket) Shutdown(read, write bool) errno.Errno {
	switch {
	case k.closed || k.s.closed:
		return errno.EBADF
	case !read && !write:
		return errno.EINVAL
	case k.remote == (tcpip.Address{}):
		return errno.ENOTCONN
	}
	k.shut[0] = k.shut[0] || read
	k.shut[1] = k.shut[1] || write
	return errno.OK
}

// LastError implements inet.Socket; errors arrive as messages.
func (k *icmpSocket) LastError() errno.Errno { return k.enter() }

// Local implements inet.Socket; the port is the identifier.
func (k *icmpSocket) Local() netip.AddrPort {
	return k.addrPort(tcpip.FullAddress{Addr: k.local, Port: k.ident})
}

// Remote implements inet.Socket.
func (k *icmpSocket) Remote() netip.AddrPort {
	if k.remote == (tcpip.Address{}) {
		return netip.AddrPort{}
	}
	return k.addrPort(tcpip.FullAddress{Addr: k.remote})
}

// Close implements inet.Socket.
func (k *icmpSocket) Close() {
	if k.enter() != errno.OK {
		return
	}
	k.closed, k.notify, k.queue = true, nil, nil
	delete(k.s.sockets, k.id)
	if k.bound {
		delete(k.s.idents, k.ident)
		if k.v6() {
			k.s.st.UnregisterTransportEndpoint([]tcpip.NetworkProtocolNumber{k.network}, k.proto, k.endpointID(k.ident), replies{k}, ports.Flags{}, 0)
		}
	}
	if k.route != nil {
		k.route.Release()
		k.route = nil
	}
	k.s.st.UnregisterRawTransportEndpoint(k.network, k.proto, k)
	k.s.settle()
	k.s.gone(datagramSelf + int64(k.bytes))
}
