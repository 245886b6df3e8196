package ip4

import (
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/packet"
)

// Numbers of interfaces that are none of Env's.
const (
	Loopback = -1 // lo0: 127.0.0.1/8, and the way to the host's own addresses
	AnyNIC   = -2 // by route
)

// Link says how a frame was addressed that came, or how one is to be.
type Link uint8

// The ways of addressing a frame. Whether a unicast frame is for this host is the
// interface's business.
const (
	Unicast Link = iota
	Broadcast
	Multicast
)

// Env is what the layer asks its host. It keeps nothing of what these return.
type Env interface {
	// NICs returns how many numbers there are; NIC the interface of a number below
	// that, nil if there is none now.
	NICs() int
	NIC(nic int) *NIC
	// Route returns the route with the longest prefix. The host's own addresses and
	// 127/8 are never asked for.
	Route(dst netip.Addr) (Route, bool)
	// Member reports whether the host has joined a group on an interface. Of
	// 224.0.0.1 every host is a member.
	Member(nic int, group netip.Addr) bool
}

// A NIC is what the layer must know of an interface.
type NIC struct {
	Name      string
	Up        bool
	Broadcast bool // it has a broadcast address, as Ethernet does and a tun does not
	MTU       int
	Addrs     []netip.Prefix // in the order in which they were set
}

// A Route is a way to a net or a host.
type Route struct {
	To  netip.Prefix
	Via netip.Addr // invalid if the destination itself is on the link
	NIC int
	MTU int        // 0 for the interface's
	Src netip.Addr // the address to send from; invalid for the interface's that fits the hop
}

// Acts is what a call of the layer wants done. The caller owns it, gives it to many
// calls, of many layers if it likes, does what it says and resets it. What is in it holds
// until then, and until the bytes given to Input are used again.
type Acts struct {
	Out     []Out
	Up      []Up
	Errors  []Quoted
	Ask     []Hop    // whose link address Linux asks for before it believes a redirect
	Console []string // kernel messages without an end of line

	buf []byte // what the packets of Out and Up stand in
}

// keep is how much of a buffer a Reset leaves for the next time, in bytes.
const keep = 16 << 10

// Reset empties a.
func (a *Acts) Reset() {
	clear(a.Out)
	clear(a.Up)
	clear(a.Errors)
	clear(a.Console)
	a.Out, a.Up, a.Errors, a.Ask, a.Console = a.Out[:0], a.Up[:0], a.Errors[:0], a.Ask[:0], a.Console[:0]
	if cap(a.buf) > keep {
		a.buf = nil
	}
	a.buf = a.buf[:0]
}

// grab returns n bytes, of any content, that are good until Reset.
func (a *Acts) grab(n int) []byte {
	if cap(a.buf)-len(a.buf) < n { // what was grabbed before stays where it is
		a.buf = make([]byte, 0, max(2*cap(a.buf), n, 2048))
	}
	start := len(a.buf)
	a.buf = a.buf[:start+n]
	return a.buf[start : start+n : start+n]
}

// A Hop is a neighbour.
type Hop struct {
	NIC  int
	Addr netip.Addr
}

// Out is a packet to send. One whose Packet is nil is void: see Layer.Failed.
type Out struct {
	NIC     int        // Loopback: give Packet, From and Link to Layer.Loop, after what is in Acts now
	From    int        // where it came in; of what goes to Loopback, where it went out, or Loopback
	Hop     netip.Addr // whose link address it goes to when Link is Unicast
	Gateway bool       // Hop is a router
	Link    Link
	Packet  packet.IPv4

	group int         // the datagram it is of, within its Acts
	came  packet.IPv4 // of a packet that is passed on: what came in
}

// Kind says what an address that a packet came to is.
type Kind uint8

// The kinds of destination of what a host takes.
const (
	ToUs Kind = iota
	ToBroadcast
	ToMulticast
)

// Up is a whole datagram for this host: put together, its options obeyed. ICMP is among
// them but for requests that the layer answers.
type Up struct {
	NIC    int
	Link   Link
	Dst    Kind
	Packet packet.IPv4
}

// Silent reports that the datagram was for many hosts, so that nothing may answer it but
// the program it is for.
func (u *Up) Silent() bool { return u.Link != Unicast || u.Dst != ToUs }

// Quoted is an ICMP error about what this host sent. It is for the socket that sent it, if
// there is one: the layer has not looked.
type Quoted struct {
	NIC        int
	From       netip.Addr // who says so: this host itself where ARP gave up
	Type, Code uint8
	MTU        int         // of 3/4, also where an old router gave none; else 0
	Packet     packet.IPv4 // what was sent: its header and at least 8 bytes
	Errno      errno.Errno // for a connected UDP socket; 0 if it is not told
}
