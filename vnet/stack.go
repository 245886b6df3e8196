package vnet

import (
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/wire"
)

// A Stack is the IP stack of a node. The core knows it by this interface only; one
// is made by Runtime.NewStack for each node that has an address. Like everything
// below the loop it is called from the loop alone, and what it does happens before
// the call returns or in a function that it gave to StackHost.After.
type Stack interface {
	// Deliver hands the stack an Ethernet frame that came in on an interface.
	// The stack must not keep frame.
	Deliver(nic int, frame []byte)
	// Socket makes a socket; EPROTONOSUPPORT where the stack has no such kind.
	Socket(kind SocketKind) (Socket, errno.Errno)
	// Neighbours returns the stack's ARP and NDP entries, sorted by address.
	Neighbours() []Neighbour
	// Close ends the stack and every goroutine of it before it returns.
	Close()
}

// A StackHost is what a stack runs on: the lab's clock, chance and wires.
type StackHost interface {
	Now() time.Duration
	// After runs f when d of virtual time has passed; cancel before then takes it back.
	After(d time.Duration, f func()) (cancel func())
	// Random fills p from the lab's seed.
	Random(p []byte)
	// Transmit sends an Ethernet frame out of an interface. It does not keep frame.
	Transmit(nic int, frame []byte)
}

// StackNIC is an Ethernet interface that a stack is to drive.
type StackNIC struct {
	Name      string
	MAC       wire.MAC
	MTU       int
	Addresses []netip.Prefix
}

// A Neighbour is an entry of a stack's table of link addresses.
type Neighbour struct {
	NIC   string
	Addr  netip.Addr
	MAC   wire.MAC
	State string // "reachable", "stale", ...
}

// SocketKind says what a socket carries.
type SocketKind uint8

// The kinds of socket. An ICMP socket carries echo requests and replies, ICMP
// header included, whose identifier is the socket's port, and takes the errors
// about its requests.
const (
	SocketUDP SocketKind = iota
	SocketTCP
	SocketICMP
	SocketUDP6
	SocketTCP6
	SocketICMP6
)

// A Socket is an endpoint on a node's stack. No call blocks: what would have to
// wait returns EWOULDBLOCK (EINPROGRESS from Connect), and the function given to
// Notify is called, from the loop, each time that may have changed.
type Socket interface {
	Bind(addr netip.AddrPort) errno.Errno
	Connect(addr netip.AddrPort) errno.Errno
	Listen(backlog int) errno.Errno
	Accept() (Socket, netip.AddrPort, errno.Errno)
	// Send sends p: to addr if that is valid, else to the connected address.
	Send(p []byte, to netip.AddrPort) (int, errno.Errno)
	// Recv takes one datagram, or what a stream has, into p. What does not fit of
	// a datagram is lost. A stream's end is 0 bytes.
	Recv(p []byte) (int, netip.AddrPort, errno.Errno)
	// Ready returns the poll bits (kern.POLLIN, POLLOUT, POLLERR, POLLHUP) that hold now.
	Ready() int
	// Shutdown ends one or both directions.
	Shutdown(read, write bool) errno.Errno
	// LastError takes the pending error, as SO_ERROR does.
	LastError() errno.Errno
	Local() netip.AddrPort
	Remote() netip.AddrPort
	// TTL is the time to live of the packet that Recv took last; 0 if unknown.
	TTL() int
	Notify(f func())
	Close()
}

// Addresses returns the addresses that the node's stack has on an interface.
func (n *Node) Addresses(iface string) []netip.Prefix {
	for _, f := range n.conf.NICs {
		if f.Name == iface {
			return slices.Clone(f.Addresses)
		}
	}
	return nil
}

// A socketFile is a socket as a file of a process.
type socketFile struct {
	s   Socket
	sel kern.SelInfo
	non bool
}

func newSocketFile(n *Node, s Socket) *socketFile {
	f := &socketFile{s: s}
	s.Notify(func() { f.sel.Wakeup(n.kern) })
	return f
}

// wait runs op until it does not return EWOULDBLOCK, sleeping between, unless the
// socket does not block.
func (f *socketFile) wait(p *Proc, op func() errno.Errno) errno.Errno {
	for {
		e := op()
		if e != errno.EWOULDBLOCK || f.non {
			return e
		}
		k := p.node.kern
		k.SelBegin(&p.thread)
		f.sel.Record(p.node.kern, &p.thread)
		e = k.SelWait(&p.thread, -1)
		k.SelEnd(&p.thread)
		if e != errno.OK {
			return e
		}
	}
}

func (f *socketFile) read(p *Proc, b []byte) (n int, _ uint64, e errno.Errno) {
	e = f.wait(p, func() (e errno.Errno) {
		n, _, e = f.s.Recv(b)
		return e
	})
	return n, 0, e
}

func (f *socketFile) write(p *Proc, b []byte) (n int, _ uint64, e errno.Errno) {
	e = f.wait(p, func() (e errno.Errno) {
		n, e = f.s.Send(b, netip.AddrPort{})
		return e
	})
	return n, 0, e
}

func (f *socketFile) poll(p *Proc, events int) int {
	r := f.s.Ready() & (events | kern.POLLERR | kern.POLLHUP)
	if r == 0 {
		f.sel.Record(p.node.kern, &p.thread)
	}
	return r
}

func (f *socketFile) ioctl(*Proc, uint32, []byte) errno.Errno { return errno.ENOTTY }

func (f *socketFile) setFlags(_ *Proc, flags int) errno.Errno {
	f.non = flags&kern.O_NONBLOCK != 0
	return errno.OK
}

func (f *socketFile) stat(*Proc) (kern.Stat, errno.Errno) { return kern.Stat{}, errno.OK }

func (f *socketFile) close(*Proc) errno.Errno {
	f.s.Close()
	return errno.OK
}
