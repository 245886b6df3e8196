package host

import (
	"net/netip"
	"slices"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/host/account"
	"wireloom/vnet/inet/host/pcb"
	"wireloom/vnet/inet/host/sockbuf"
	"wireloom/vnet/kern"
)

// sockets are the sockets of a stack, and what their protocols know them by.
type sockets struct {
	all      []*socket // in the order of their making
	woken    []*socket // since the call began
	udp      pcb.Ports
	tcp      pcb.Ports
	icmp     pcb.Ports // by identifier
	pairs    map[pair]*end
	lastPort uint16
	lastID   uint16 // of ICMP sockets

	backlogs  int    // of the listening sockets together
	lingering []*end // oldest first
}

// A socket is what the kinds have in common.
type socket struct {
	*pcb.PCB
	s      *Stack
	kind   inet.SocketKind
	self   int64 // bytes that it is counted with
	notify func()
	queued bool // among those that were woken
	closed bool
	shut   [2]bool     // reading, writing
	err    errno.Errno // pending: SO_ERROR

	broadcast bool // SO_BROADCAST
	ttl       uint8
	tos       uint8
	ids       uint16 // Linux: of the next packet

	gotTTL int  // of the datagram that was taken last
	cut    bool // some of that is lost
}

// Socket implements inet.Stack.
func (s *Stack) Socket(kind inet.SocketKind) (inet.Socket, errno.Errno) {
	if !s.enter() {
		return nil, errno.ENETDOWN
	}
	self := int64(account.DatagramSelf)
	if kind.Stream() {
		self = account.StreamSelf
	}
	if len(s.sockets.all) >= inet.MaxSockets || !s.memory.Room(self) {
		return nil, errno.ENOBUFS
	}
	switch v := &s.v.Sockets; kind {
	case inet.SocketUDP, inet.SocketUDP6:
		d := &datagram{receive: sockbuf.Buffer{Max: v.UDPRecvSpace}, send: s.v.IP4.MaxDgram}
		d.socket = s.newSocket(kind, d)
		s.register(&d.socket, self)
		return d, errno.OK
	case inet.SocketICMP, inet.SocketICMP6:
		e := &echo{datagram{receive: sockbuf.Buffer{Max: v.RawRecvSpace}, send: s.v.IP4.RawMaxDgram}}
		e.socket = s.newSocket(kind, e)
		s.register(&e.socket, self)
		return e, errno.OK
	case inet.SocketTCP, inet.SocketTCP6:
		return s.newStream(kind), errno.OK
	}
	return nil, errno.EPROTONOSUPPORT
}

func (s *Stack) newSocket(kind inet.SocketKind, own any) socket {
	v6 := kind.V6()
	return socket{s: s, kind: kind, PCB: &pcb.PCB{V6: v6, Device: -1, Own: own, LocalAddr: netip.AddrPortFrom(unspecified(v6), 0)}}
}

func (s *Stack) register(k *socket, self int64) {
	s.memory.Count(&k.self, self)
	s.sockets.all = append(s.sockets.all, k)
	s.memory.Settle()
}

// unregister forgets a socket that was closed.
func (s *Stack) unregister(k *socket) {
	k.closed, k.notify = true, nil
	s.memory.Count(&k.self, 0)
	if i := slices.Index(s.sockets.all, k); i >= 0 {
		s.sockets.all = slices.Delete(s.sockets.all, i, i+1)
	}
}

// wake notes that a socket's state may have changed.
func (k *socket) wake() {
	if !k.queued && !k.closed {
		k.queued = true
		k.s.sockets.woken = append(k.s.sockets.woken, k)
	}
}

// tell calls those who wait for the sockets that were woken.
func (t *sockets) tell() {
	if len(t.woken) == 0 {
		return
	}
	woken := t.woken
	t.woken = nil
	for _, k := range woken {
		k.queued = false
		if k.notify != nil {
			k.notify()
		}
	}
	if t.woken == nil {
		clear(woken)
		t.woken = woken[:0]
	}
}

// enter begins a call of the socket's.
func (k *socket) enter() errno.Errno {
	if k.closed || !k.s.enter() {
		return errno.EBADF
	}
	return errno.OK
}

// fits says whether an address is of the socket's family.
func (k *socket) fits(a netip.Addr) bool { return !a.IsValid() || a.Is6() == k.V6 && !a.Is4In6() }

// take returns the pending error and clears it.
func (k *socket) take() errno.Errno {
	e := k.err
	k.err = errno.OK
	return e
}

// fail sets the pending error: so_error.
func (k *socket) fail(e errno.Errno) {
	if e != errno.OK {
		k.err = e
		k.wake()
	}
}

// LastError implements inet.Socket.
func (k *socket) LastError() errno.Errno {
	if e := k.enter(); e != errno.OK {
		return e
	}
	return k.take()
}

// Local implements inet.Socket.
func (k *socket) Local() netip.AddrPort {
	if k.closed || k.s.closed {
		return netip.AddrPort{}
	}
	return k.LocalAddr
}

// Remote implements inet.Socket.
func (k *socket) Remote() netip.AddrPort {
	if k.closed || k.s.closed {
		return netip.AddrPort{}
	}
	return k.RemoteAddr
}

// BindDevice implements inet.Socket.
func (k *socket) BindDevice(nic int) errno.Errno {
	switch e := k.enter(); {
	case e != errno.OK:
		return e
	case nic >= 0 && k.s.iface(nic) == nil:
		return errno.ENXIO
	}
	k.Device = max(nic, -1)
	return errno.OK
}

// TTL implements inet.Socket.
func (k *socket) TTL() int { return k.gotTTL }

// Truncated implements inet.Socket.
func (k *socket) Truncated() bool { return k.cut }

// Notify implements inet.Socket.
func (k *socket) Notify(f func()) { k.notify = f }

// failed are the poll bits of a pending error.
const failed = kern.POLLIN | kern.POLLRDNORM | kern.POLLOUT | kern.POLLERR

// readable are the poll bits of what can be read.
const readable = kern.POLLIN | kern.POLLRDNORM

// Sockets implements inet.Stack. ICMP sockets are not listed: netstat shows them elsewhere.
func (s *Stack) Sockets() []inet.SocketStatus {
	out := []inet.SocketStatus{}
	for _, k := range s.sockets.all {
		st := inet.SocketStatus{Kind: k.kind, Local: k.LocalAddr, Remote: k.RemoteAddr}
		switch o := k.Own.(type) {
		case *datagram:
			st.RecvQ = o.receive.Len()
		case *end:
			st.State = o.state()
			if o.conn != nil {
				st.RecvQ, st.SendQ = o.conn.Queued()
			}
		case *echo:
			continue
		}
		out = append(out, st)
	}
	for _, e := range s.sockets.lingering {
		st := inet.SocketStatus{Kind: inet.SocketTCP, Local: e.LocalAddr, Remote: e.RemoteAddr, State: e.state()}
		if e.V6 {
			st.Kind = inet.SocketTCP6
		}
		st.RecvQ, st.SendQ = e.conn.Queued()
		out = append(out, st)
	}
	return out
}
