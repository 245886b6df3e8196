// Package inet is the network side of a machine above its kernel's interfaces: their
// addresses, its routes, whether it forwards, and the IP stack that follows them. The
// stack is known by interface.
package inet

import (
	"net/netip"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/arp"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip4"
	"wireloom/vnet/inet/ip6"
	"wireloom/vnet/inet/tcp"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// A Stack is the IP stack of a node. The core knows it by this interface only; one
// is made by Runtime.NewStack for each node that has an address or a socket. Like
// everything below the loop it is called from the loop alone, and what it does happens
// before the call returns or in a function that it gave to StackHost.After. It knows
// interfaces by the numbers that Attach gave them, from 0.
type Stack interface {
	// Deliver hands the stack what came in on an interface: an Ethernet frame, or
	// an IP packet where the interface carries those. The stack must not keep it.
	// It reports false where its host has no memory for that.
	Deliver(nic int, data []byte) bool
	// Attach adds an interface and returns its number; Detach takes it away, with
	// its addresses. A number may be given again.
	Attach(nic StackNIC) (int, error)
	Detach(nic int)
	// SetUp, SetMTU and SetMAC follow what was done to an interface.
	SetUp(nic int, up bool)
	SetMTU(nic int, mtu int)
	SetMAC(nic int, mac packet.MAC)
	// AddAddress gives an interface an address: EEXIST if the node has it already,
	// ENOBUFS beyond the limit, EINVAL for one that no host can have. late says that the
	// interface was up before: NetBSD asks then whether somebody has the address.
	AddAddress(nic int, a netip.Prefix, late bool) errno.Errno
	// RemoveAddress takes one away: EADDRNOTAVAIL if the interface has it not.
	RemoveAddress(nic int, a netip.Addr) errno.Errno
	// SetRoutes replaces the table of routes; those of loopback are the stack's own.
	// The longest prefix wins, of equal ones the first.
	SetRoutes([]StackRoute)
	// SetForwarding says whether packets for others are passed on.
	SetForwarding(v4, v6 bool)
	// Socket makes a socket; EPROTONOSUPPORT where the stack has no such kind.
	Socket(kind SocketKind) (Socket, errno.Errno)
	// Neighbours returns the stack's ARP and NDP entries, its own addresses among them,
	// sorted by address and then by interface.
	Neighbours() []Neighbour
	// AddNeighbour makes an entry, as arp -s and ndp -s do; DeleteNeighbour takes one
	// away: ENOENT if there is none, EPERM for an address of the node's own.
	AddNeighbour(nic int, a netip.Addr, mac packet.MAC, permanent, published bool) errno.Errno
	DeleteNeighbour(nic int, a netip.Addr) errno.Errno
	// Learned returns the routes that the stack has learned: redirects that it obeys,
	// the MTU of a path, routers that advertise.
	Learned() []LearnedRoute
	// Forget takes a learned route to a host away: ESRCH if there is none.
	Forget(dst netip.Addr) errno.Errno
	// Addresses6 returns the addresses of IPv6 with their states, those among them that
	// the stack has given its interfaces by itself.
	Addresses6() []ip6.Address
	// Advertise makes a router of an interface: it says so, and the prefixes, to its
	// network, until it is told nil. Solicit asks for routers there: rtsol(8).
	Advertise(nic int, ra *ip6.RA) errno.Errno
	Solicit(nic int) errno.Errno
	// Routers and Prefixes are what IPv6 has heard from routers: ndp -r and ndp -p.
	Routers() []ip6.Router
	Prefixes() []ip6.Prefix
	// Sockets returns the open sockets, in the order of their making.
	Sockets() []SocketStatus
	// Stats are the stack's counters: netstat -s.
	Stats() Stats
	// Close ends the stack.
	Close()
}

// A StackHost is what a stack runs on: the lab's clock, chance and wires.
type StackHost interface {
	// Dialect is the kernel that the stack answers as, Values its tunables, which a
	// sysctl may change at any time.
	Dialect() dialect.Dialect
	Values() *Values
	// HostName is the machine's name.
	HostName() string
	// Console writes a message of the kernel's, without its newline.
	Console(text string)
	// Configured says that Addresses6 or Learned are not as before.
	Configured()
	Now() time.Duration
	// After runs f when d of virtual time has passed; cancel before then takes it back.
	After(d time.Duration, f func()) (cancel func())
	// Random fills p from the lab's seed.
	Random(p []byte)
	// Memory is what the stack counts in what it holds for programs; nil for no limit.
	Memory() *kern.Memory
	// Transmit sends an Ethernet frame, or an IP packet to the next hop, out of an
	// interface. It does not keep data.
	Transmit(nic int, data []byte, hop netip.Addr) errno.Errno
}

// StackNIC is an interface that a stack is to drive.
type StackNIC struct {
	Name      string
	IP        bool       // it carries IP packets, as a tun does, not Ethernet frames
	MAC       packet.MAC // of an Ethernet interface
	AnyMAC    bool       // it takes frames for any station, as NetBSD's tap does
	MTU       int
	Addresses []netip.Prefix
}

// A StackRoute is a route of a stack: packets for To go out of an interface, to Via
// if that is valid, else to their destination itself.
type StackRoute struct {
	To  netip.Prefix
	Via netip.Addr
	NIC int
}

// A SocketStatus is a socket as netstat shows it.
type SocketStatus struct {
	Kind          SocketKind
	Local, Remote netip.AddrPort
	State         string // of a stream: "LISTEN", "ESTABLISHED", ...
	RecvQ, SendQ  int    // bytes
}

// A Neighbour is an entry of a stack's table of link addresses.
type Neighbour struct {
	NIC       string
	Addr      netip.Addr
	MAC       packet.MAC    // zero while it is not known
	State     string        // "reachable", "incomplete", "stale", ...
	Expires   time.Duration // the virtual time; 0: never
	Permanent bool
	Published bool // answered for others
	Own       bool // an address of the node's
	Router    bool // IPv6
}

// A LearnedRoute is a route that a stack has learned from the network.
type LearnedRoute struct {
	StackRoute
	MTU     int           // of the path; 0: the interface's
	Expires time.Duration // the virtual time; 0: never
	Dynamic bool          // a redirect made it
}

// Stats are a stack's counters.
type Stats struct {
	ARP []InterfaceARP // by interface
	IP4 ip4.Stats
	IP6 ip6.Stats
	TCP tcp.Stats
	UDP UDPStats
}

// InterfaceARP are an interface's counters of ARP.
type InterfaceARP struct {
	NIC string
	arp.Stats
}

// UDPStats are named as netstat -s -p udp prints them.
type UDPStats struct {
	Received        uint64 // datagrams received
	IncompleteHead  uint64 // with incomplete header
	BadLength       uint64 // with bad data length field
	BadChecksum     uint64 // with bad checksum
	NoChecksum      uint64 // with no checksum
	NoSocket        uint64 // dropped due to no socket
	NoSocketGroup   uint64 // broadcast/multicast datagrams undelivered
	FullBuffer      uint64 // dropped due to full socket buffers
	Delivered       uint64 // delivered
	Output          uint64 // datagrams output
	FullICMP        uint64 // messages that an ICMP socket had no room for; no BSD counts them here
	LingeringResets uint64 // connections reset because too many outlived their sockets: a limit of the lab's
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

// String is "udp", "tcp", "icmp", "udp6", "tcp6" or "icmp6".
func (k SocketKind) String() string {
	return [...]string{"udp", "tcp", "icmp", "udp6", "tcp6", "icmp6"}[k]
}

// V6 says whether the kind is of IPv6, Stream whether it carries a stream of bytes.
func (k SocketKind) V6() bool     { return k >= SocketUDP6 }
func (k SocketKind) Stream() bool { return k == SocketTCP || k == SocketTCP6 }

// A Socket is an endpoint on a node's stack. No call blocks: what would have to
// wait returns EWOULDBLOCK (EINPROGRESS from Connect), and the function given to
// Notify is called, from the loop, each time that may have changed.
type Socket interface {
	Bind(addr netip.AddrPort) errno.Errno
	// BindDevice holds the socket to an interface, below 0 to none: what it sends
	// leaves there, and it receives what came in there.
	BindDevice(nic int) errno.Errno
	Connect(addr netip.AddrPort) errno.Errno
	Listen(backlog int) errno.Errno
	Accept() (Socket, netip.AddrPort, errno.Errno)
	// Send sends p: to addr if that is valid, else to the connected address.
	Send(p []byte, to netip.AddrPort) (int, errno.Errno)
	// Recv takes one datagram, or what a stream has, into p. What does not fit of
	// a datagram is lost. A stream's end is 0 bytes. Peek leaves it where it is.
	Recv(p []byte) (int, netip.AddrPort, errno.Errno)
	Peek(p []byte) (int, netip.AddrPort, errno.Errno)
	// Ready returns the poll bits (kern.POLLIN, POLLOUT, POLLERR, POLLHUP) that hold now.
	Ready() int
	// Shutdown ends one or both directions.
	Shutdown(read, write bool) errno.Errno
	// LastError takes the pending error, as SO_ERROR does.
	LastError() errno.Errno
	// SetOption and Option are setsockopt(2) and getsockopt(2); ENOPROTOOPT for what
	// a socket of this kind has not.
	SetOption(o SockOpt, v int) errno.Errno
	Option(o SockOpt) (int, errno.Errno)
	Local() netip.AddrPort
	Remote() netip.AddrPort
	// TTL is the time to live of the packet that Recv took last, 0 if unknown, and
	// Truncated whether some of it was lost.
	TTL() int
	Truncated() bool
	Notify(f func())
	Close()
}
