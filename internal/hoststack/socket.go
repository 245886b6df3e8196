package hoststack

import (
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
)

// A socket is a UDP or TCP socket, or what an ICMP socket has in common with them.
type socket struct {
	s      *netStack
	id     uint64
	kind   inet.SocketKind
	ep     tcpip.Endpoint // nil for ICMP
	wq     *waiter.Queue
	entry  waiter.Entry
	notify func()
	queued bool // in the stack's list of woken sockets
	closed bool
	listen bool
	err    errno.Errno // pending: SO_ERROR
	failed bool        // TCP: the connection's end was put into err
	ttl    int
	cut    bool // some of the datagram that was taken last is lost
	device *link
	icmp   *icmpSocket // that it is part of, if any

	backlog int    // of a listening one
	taken   uint64 // datagrams that were read: see sweep
	shutAt  int64  // the size of the receive buffer while that takes no more, else 0
}

var _ inet.Socket = (*socket)(nil)

// allEvents are those after which a socket may be ready for something else.
const allEvents = waiter.ReadableEvents | waiter.WritableEvents | waiter.EventErr | waiter.EventHUp | waiter.EventRdHUp

// Socket implements inet.Stack.
func (s *netStack) Socket(kind inet.SocketKind) (inet.Socket, errno.Errno) {
	if s.closed {
		return nil, errno.ENETDOWN
	}
	if len(s.sockets) >= maxSockets || !s.room(selfOf(kind)) {
		return nil, errno.ENOBUFS
	}
	v6 := kind.V6()
	network := header.IPv4ProtocolNumber
	if v6 {
		network = header.IPv6ProtocolNumber
	}
	transport := udp.ProtocolNumber
	switch kind {
	case inet.SocketUDP, inet.SocketUDP6:
	case inet.SocketTCP, inet.SocketTCP6:
		transport = tcp.ProtocolNumber
		s.usesTCP = true
	case inet.SocketICMP, inet.SocketICMP6:
		return s.newICMP(kind, network)
	default:
		return nil, errno.EPROTONOSUPPORT
	}
	wq := &waiter.Queue{}
	s.clock.set(s.host.Now())
	ep, err := s.st.NewEndpoint(transport, network, wq)
	if err != nil {
		return nil, errnoOf(err)
	}
	if v6 {
		ep.SocketOptions().SetV6Only(true)
	}
	ep.SocketOptions().SetReceiveTTL(true)
	ep.SocketOptions().SetReceiveHopLimit(true)
	s.prune()
	return s.adopt(kind, ep, wq), errno.OK
}

// adopt makes a socket of an endpoint.
func (s *netStack) adopt(kind inet.SocketKind, ep tcpip.Endpoint, wq *waiter.Queue) *socket {
	k := s.register(kind)
	k.ep, k.wq = ep, wq
	k.entry = waiter.NewFunctionEntry(allEvents, func(waiter.EventMask) { s.wake(k) })
	wq.EventRegister(&k.entry)
	return k
}

func (s *netStack) register(kind inet.SocketKind) *socket {
	s.lastID++
	k := &socket{s: s, id: s.lastID, kind: kind}
	s.sockets[k.id] = k
	return k
}

// prune forgets closed connections that have ended, and resets the oldest of too
// many that have not.
func (s *netStack) prune() {
	keep := s.lingering[:0]
	for _, ep := range s.lingering {
		if st := tcp.EndpointState(ep.State()); st != tcp.StateClose && st != tcp.StateError {
			keep = append(keep, ep)
		}
	}
	clear(s.lingering[len(keep):])
	s.lingering = keep
	for len(s.lingering) > maxLingering {
		s.lingering[0].Abort()
		s.lingering = s.lingering[1:]
	}
}

// selfOf is how many bytes a socket takes by itself.
func selfOf(kind inet.SocketKind) int64 {
	if kind.Stream() {
		return streamSelf
	}
	return datagramSelf
}

func (k *socket) stream() bool { return k.kind.Stream() }

func (k *socket) v6() bool { return k.kind.V6() }

// enter begins a call; every call that may change something ends with settle.
func (k *socket) enter() errno.Errno {
	if k.closed || k.s.closed {
		return errno.EBADF
	}
	k.s.clock.set(k.s.host.Now())
	return errno.OK
}

// address turns a into netstack's; EAFNOSUPPORT where the socket's family is not a's.
func (k *socket) address(a netip.AddrPort) (tcpip.FullAddress, errno.Errno) {
	addr := a.Addr()
	if addr.IsValid() && addr.Is4() == k.v6() || addr.Is4In6() {
		return tcpip.FullAddress{}, errno.EAFNOSUPPORT
	}
	return tcpip.FullAddress{Addr: toAddress(addr), Port: a.Port()}, errno.OK
}

// addrPort turns an address of netstack's back; the empty one into the family's
// unspecified address.
func (k *socket) addrPort(a tcpip.FullAddress) netip.AddrPort {
	addr := fromAddress(a.Addr)
	if !addr.IsValid() {
		addr = netip.IPv4Unspecified()
		if k.v6() {
			addr = netip.IPv6Unspecified()
		}
	}
	return netip.AddrPortFrom(addr, a.Port)
}

// Bind implements inet.Socket.
func (k *socket) Bind(a netip.AddrPort) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	full, e := k.address(a)
	if e != errno.OK {
		return e
	}
	defer k.s.settle()
	err := k.ep.Bind(full)
	if _, state := err.(*tcpip.ErrInvalidEndpointState); state {
		return errno.EINVAL // bound already
	}
	return errnoOf(err)
}

// Connect implements inet.Socket.
func (k *socket) Connect(a netip.AddrPort) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	full, e := k.address(a)
	if e != errno.OK {
		return e
	}
	if full.Addr == (tcpip.Address{}) { // "this host" (in_pcbladdr)
		full.Addr = header.IPv4Loopback
		if k.v6() {
			full.Addr = header.IPv6Loopback
		}
	}
	if full.Port == 0 {
		return errno.EADDRNOTAVAIL
	}
	if k.stream() {
		if k.listen {
			return errno.EOPNOTSUPP
		}
		if a.Addr().IsMulticast() {
			return errno.EAFNOSUPPORT // tcp_usr_connect
		}
		if k.s.broadcast(full.Addr) {
			return errno.EACCES
		}
	}
	defer k.s.settle()
	return errnoOf(k.ep.Connect(full))
}

// broadcast reports whether a is a broadcast address of an interface.
func (s *netStack) broadcast(a tcpip.Address) bool {
	if a == header.IPv4Broadcast {
		return true
	}
	for _, l := range s.links {
		if s.st.IsSubnetBroadcast(l.id, header.IPv4ProtocolNumber, a) {
			return true
		}
	}
	return false
}

// Listen implements inet.Socket. A backlog beyond the limit is the limit, as with
// SOMAXCONN; where those of all sockets are beyond theirs it is 1.
func (k *socket) Listen(backlog int) errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	if !k.stream() {
		return errno.EOPNOTSUPP
	}
	if backlog < 1 || backlog > maxBacklog {
		backlog = maxBacklog
	}
	defer k.s.settle()
	if st := tcp.EndpointState(k.ep.State()); st == tcp.StateInitial {
		if err := k.ep.Bind(tcpip.FullAddress{}); err != nil { // an ephemeral port
			return errnoOf(err)
		}
	}
	others := k.s.backlogs - k.backlog
	backlog = max(min(backlog, maxBacklogs-others), 1)
	err := k.ep.Listen(backlog)
	if err == nil {
		k.listen, k.backlog, k.s.backlogs = true, backlog, others+backlog
	}
	return errnoOf(err)
}

// Accept implements inet.Socket.
func (k *socket) Accept() (inet.Socket, netip.AddrPort, errno.Errno) {
	if e := k.enter(); e != errno.OK {
		return nil, netip.AddrPort{}, e
	}
	switch {
	case !k.stream():
		return nil, netip.AddrPort{}, errno.EOPNOTSUPP
	case !k.listen:
		return nil, netip.AddrPort{}, errno.EINVAL
	case len(k.s.sockets) >= maxSockets:
		return nil, netip.AddrPort{}, errno.ENFILE
	}
	defer k.s.settle()
	var peer tcpip.FullAddress
	ep, wq, err := k.ep.Accept(&peer)
	if err != nil {
		return nil, netip.AddrPort{}, errnoOf(err)
	}
	return k.s.adopt(k.kind, ep, wq), k.addrPort(peer), errno.OK
}
