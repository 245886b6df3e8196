package inet

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/kern"
)

// Limits of what is configured on a machine.
const (
	MaxRoutes    = 256 // static routes
	MaxAddresses = 64  // of all interfaces of a node's stack
	MaxSockets   = 256 // open on a node
)

// MaxInterfaces is how many NICs and devices a machine has.
const MaxInterfaces = 32

// maxIP is the length of the longest IP packet.
const maxIP = 65535

// A Host is the machine that a Net belongs to.
type Host interface {
	Now() time.Duration
	Random(p []byte)
	After(d time.Duration, f func()) (cancel func())
	// Soon runs f at this instant, after what is due now.
	Soon(f func())
	// Emit records a fact.
	Emit(e event.Event)
	// NewFrame is the identity of a packet that the stack makes.
	NewFrame() uint64
}

// A Kind is what an interface is.
type Kind uint8

// The kinds.
const (
	Card Kind = iota // an ordinary Ethernet card, plugged into the fabric and held by the stack
	Tap              // the Ethernet side of a tap
	Tun              // the point-to-point side of a tun
)

// String is "nic", "tap" or "tun".
func (k Kind) String() string { return [...]string{"nic", "tap", "tun"}[k] }

// An Iface is an interface of the machine as the stack may have it.
type Iface struct {
	If      *kern.Ifnet
	Kind    Kind
	NIC     int  // its number in the stack, -1 if none
	Gone    bool // it was destroyed
	Plugged bool // a link of the fabric ends at it: a tap belongs to that then

	onStack *kern.Ifnet    // what has that number
	refused bool           // the stack has no room for it
	known   []netip.Prefix // the addresses that the stack has of it
	auto    []netip.Prefix // those of them that the stack has made by itself
}

// A Net is the node between its kernel and its IP stack. The kernel has the interfaces
// and their addresses, the Net the routes; the stack is told what they come to. Whoever
// changes something marks it dirty, and the stack follows before it is used next, at the
// latest when what runs now is done: a driver in the middle of an operation is never
// called by the stack.
//
//	          Changed             Sync: before each use, and Soon
//	followed ---------> dirty ------------------------------------> followed
type Net struct {
	Name string // of the machine

	host     Host
	k        *kern.Kernel
	newStack func(StackHost, []StackNIC) (Stack, error) // nil where there are none
	stack    Stack                                      // nil until it is needed
	stackErr error                                      // why there is none, where one was wanted
	ifs      []*Iface
	byName   map[string]*Iface
	byNIC    []*Iface
	values   *Values
	routes   []staticRoute // in order of addition
	forward4 bool          // net.inet.ip.forwarding
	forward6 bool          // net.inet6.ip6.forwarding
	dad      int           // net.inet6.ip6.dad_count from Begin on: start-up scripts wait until the addresses are known to be free
	dirty    bool          // the stack has to follow
	built    bool          // the configuration has been carried out
	off      bool          // the machine is
}

// New returns the network side of a machine without interfaces.
func New(name string, h Host, k *kern.Kernel, newStack func(StackHost, []StackNIC) (Stack, error)) *Net {
	n := &Net{Name: name, host: h, k: k, newStack: newStack, byName: map[string]*Iface{}}
	n.values = ValuesOf(n.Dialect())
	n.dad, n.values.IP6.DADCount = n.values.IP6.DADCount, 0
	k.AddSysctl("net.inet.ip.forwarding", n.forwardSysctl(&n.forward4))
	k.AddSysctl("net.inet6.ip6.forwarding", n.forwardSysctl(&n.forward6))
	k.SetSysctlSource(n)
	return n
}

// Dialect is the kernel that the machine's stack answers as.
func (n *Net) Dialect() dialect.Dialect { return dialect.Dialect(n.k.Dialect) }

// Values are the tunables of the machine's stack.
func (n *Net) Values() *Values { return n.values }

// Console writes a message of the kernel's.
func (n *Net) Console(text string) { n.k.Log("%s\n", text) }

// Add gives the machine an interface.
func (n *Net) Add(x *Iface) {
	x.NIC = -1
	n.ifs = append(n.ifs, x)
	n.byName[x.If.Name] = x
}

// Iface is an interface by its name, nil if there never was one.
func (n *Net) Iface(name string) *Iface { return n.byName[name] }

// Again says that what an interface is of was created again.
func (x *Iface) Again(i *kern.Ifnet) { x.If, x.Gone, x.refused = i, false, false }

// Stack is the IP stack, nil where the machine has had no address and no socket.
func (n *Net) Stack() Stack { return n.stack }

// Why is why there is no stack where one was wanted.
func (n *Net) Why() error { return n.stackErr }

// Forwarding says whether packets for others are passed on.
func (n *Net) Forwarding() (v4, v6 bool) { return n.forward4, n.forward6 }

// Built says whether the configuration has been carried out; until then nobody is told
// of changes.
func (n *Net) Built() bool { return n.built }

// Begin ends the building: from here on the stack follows by itself.
func (n *Net) Begin() {
	n.Sync()
	n.dirty, n.built = false, true
	n.values.IP6.DADCount = n.dad
}

// SetForwarding says, while the machine is built, whether packets for others pass.
func (n *Net) SetForwarding(on bool) { n.forward4, n.forward6 = on, on }

// Off ends the stack.
func (n *Net) Off() {
	n.off = true
	if n.stack != nil {
		n.stack.Close()
	}
}

// Now, Random, Memory and After make the Net its stack's host.

// Now is the lab's virtual time.
func (n *Net) Now() time.Duration { return n.host.Now() }

// Random fills p from the lab's seed.
func (n *Net) Random(p []byte) { n.host.Random(p) }

// Memory is what the machine's kernel holds.
func (n *Net) Memory() *kern.Memory { return n.k.Memory() }

// After runs f when d has passed.
func (n *Net) After(d time.Duration, f func()) (cancel func()) { return n.host.After(d, f) }

// Touches says whether a change of an interface is one that the stack has to follow.
func (n *Net) Touches(x *Iface, address bool) bool {
	return address || x.NIC >= 0 || len(x.If.Addrs) > 0 || n.stack != nil && x.Kind == Tun
}

// Changed says that the stack has to follow.
func (n *Net) Changed() {
	if n.dirty || !n.built {
		n.dirty = true
		return
	}
	n.dirty = true
	n.host.Soon(n.Sync)
}

// Need makes the node's stack if there is none; ENETDOWN where there can't be one.
func (n *Net) Need() errno.Errno {
	if n.stack != nil {
		return errno.OK
	}
	if n.newStack == nil {
		return errno.ENETDOWN
	}
	s, err := n.newStack(n, nil)
	if err != nil {
		n.stackErr = err
		return errno.ENOBUFS
	}
	n.stack, n.dirty = s, true
	n.Sync()
	return errno.OK
}

// wantsStack says whether an interface belongs to the node's stack: each but a tun
// or tap that is plugged into the fabric, a tap from its first address on, and a tun
// from when it is first up.
func (x *Iface) wantsStack() bool {
	switch {
	case x.Gone || x.refused:
		return false
	case x.Kind == Card || x.NIC >= 0 && !x.Plugged:
		return true
	case x.Plugged:
		return false
	case x.Kind == Tun && x.If.Flags&kern.IFF_UP != 0:
		return true
	}
	return slices.ContainsFunc(x.If.Addrs, (*kern.Addr).Valid)
}

// Sync makes the stack follow the kernel's interfaces and addresses and the node's
// routes.
func (n *Net) Sync() {
	if !n.dirty || n.off {
		return
	}
	n.dirty = false
	if n.stack == nil {
		if !n.HasAddress() || n.Need() != errno.OK {
			n.pruneRoutes()
			return
		}
		return // Need has come here
	}
	for _, x := range n.ifs {
		if x.NIC >= 0 && (x.onStack != x.If || !x.wantsStack()) {
			n.stack.Detach(x.NIC)
			n.byNIC[x.NIC] = nil
			x.NIC, x.onStack, x.known, x.auto = -1, nil, nil, nil
		}
	}
	for _, x := range n.ifs {
		if x.wantsStack() {
			n.syncIface(x)
		}
	}
	n.pruneRoutes()
	n.stack.SetRoutes(n.stackRoutes())
	n.stack.SetForwarding(n.forward4, n.forward6)
}

// HasAddress says whether an interface has one.
func (n *Net) HasAddress() bool {
	return slices.ContainsFunc(n.ifs, func(x *Iface) bool {
		return !x.Gone && slices.ContainsFunc(x.If.Addrs, (*kern.Addr).Valid)
	})
}

// syncIface makes the stack follow an interface: its state and its addresses.
func (n *Net) syncIface(x *Iface) {
	i := x.If
	mtu := int(min(i.MTU, maxIP)) // TAPSIFINFO sets any
	if x.NIC < 0 {
		anyMAC := x.Kind == Tap && n.Dialect() == dialect.NetBSD // if_tap.c has no filter
		nic, err := n.stack.Attach(StackNIC{Name: i.Name, IP: x.Kind == Tun, MAC: i.MAC, AnyMAC: anyMAC, MTU: mtu})
		if err != nil {
			x.refused = true
			n.host.Emit(event.Event{Kind: event.Limit, Node: n.Name, Op: "interfaces", N: MaxInterfaces, Text: fmt.Sprintf("%s: %v", i.Name, err)})
			return
		}
		for len(n.byNIC) <= nic {
			n.byNIC = append(n.byNIC, nil)
		}
		x.NIC, x.onStack, n.byNIC[nic] = nic, i, x
	}
	n.stack.SetMTU(x.NIC, mtu)
	n.stack.SetMAC(x.NIC, i.MAC)
	n.stack.SetUp(x.NIC, i.Flags&kern.IFF_UP != 0)
	var want []netip.Prefix
	for _, a := range i.Addrs {
		if a.Valid() {
			want = append(want, i.Prefix(a))
		}
	}
	x.known = slices.DeleteFunc(x.known, func(p netip.Prefix) bool {
		if slices.Contains(want, p) {
			return false
		}
		n.stack.RemoveAddress(x.NIC, p.Addr())
		return true
	})
	for _, a := range i.Addrs {
		p := i.Prefix(a)
		if a.Valid() && !slices.Contains(x.known, p) && n.stack.AddAddress(x.NIC, p, n.built && a.Late) == errno.OK {
			x.known = append(x.known, p)
		}
	}
}

// Deliver gives the stack what came in on an interface, if that is the stack's. It
// reports false where there is no memory for it.
func (n *Net) Deliver(x *Iface, data []byte) bool {
	n.Sync()
	return x.NIC < 0 || n.stack.Deliver(x.NIC, data)
}

// Transmit sends an Ethernet frame of the node's stack out of an interface, or an IP
// packet by a tun to a next hop (StackHost). What a stack sends while its lab is built waits for the lab's
// first step: until then nobody looks.
func (n *Net) Transmit(nic int, data []byte, hop netip.Addr) errno.Errno {
	if !n.built {
		data = slices.Clone(data)
		n.host.Soon(func() { n.Transmit(nic, data, hop) })
		return errno.OK
	}
	if nic < 0 || nic >= len(n.byNIC) || n.byNIC[nic] == nil {
		return errno.ENXIO
	}
	x := n.byNIC[nic]
	mbuf := n.k.NewFrame
	if x.Kind == Tun {
		mbuf = n.k.NewMbuf // of an IP packet the first bit says nothing
	}
	m := mbuf(data)
	switch {
	case m == nil:
		return errno.ENOBUFS
	case x.Kind == Card:
		return x.If.Transmit(m)
	}
	m.Tag = n.host.NewFrame()
	return x.If.Output(m, n.k.Dialect.SockaddrOf(hop))
}

// HostName is the machine's name (StackHost).
func (n *Net) HostName() string { return n.Name }

// Configured takes over what the stack has made by itself, once what runs now is done: the addresses
// become those of the kernel's interfaces.
func (n *Net) Configured() { n.host.Soon(n.configured) }

func (n *Net) configured() {
	if n.off || n.stack == nil {
		return
	}
	root := &kern.Thread{PID: 1, PGID: 1}
	all := n.stack.Addresses6()
	for _, x := range n.ifs {
		if x.NIC < 0 {
			continue
		}
		var now []netip.Prefix
		for _, a := range all {
			if a.Auto && a.NIC == x.NIC {
				now = append(now, a.Prefix)
			}
		}
		for _, p := range x.auto {
			if !slices.Contains(now, p) {
				x.known = slices.DeleteFunc(x.known, func(q netip.Prefix) bool { return q == p })
				n.k.DelAddress(root, x.If.Name, p.Addr())
			}
		}
		for _, p := range now {
			if !slices.Contains(x.auto, p) {
				x.known = append(x.known, p)
				n.k.AddAddress(root, x.If.Name, kern.Addr{Addr: p.Addr(), Bits: p.Bits()})
			}
		}
		x.auto = now
	}
	n.Sync()
}
