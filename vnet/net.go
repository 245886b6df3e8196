package vnet

import (
	"fmt"
	"net/netip"
	"slices"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/kern"
)

// The node between its kernel and its IP stack. The kernel has the interfaces and
// their addresses, the node the routes; the stack is told what they come to. Whoever
// changes something marks it dirty, and the stack follows before it is used next,
// at the latest when what runs now is done: a driver in the middle of an operation
// is never called by the stack.

// Limits of what is configured on a node.
const (
	MaxRoutes    = 256 // static routes
	MaxAddresses = 64  // of all interfaces of a node's stack
	MaxSockets   = 256 // open on a node
)

// maxIP is the length of the longest IP packet.
const maxIP = 65535

// netChanged says that the stack has to follow the kernel.
func (n *Node) netChanged() {
	if n.netDirty || !n.built {
		n.netDirty = true
		return
	}
	n.netDirty = true
	n.Soon(n.syncNet)
}

// needStack makes the node's stack if there is none; ENETDOWN where there can't be one.
func (n *Node) needStack() errno.Errno {
	if n.stack != nil {
		return errno.OK
	}
	if n.lab.rt.NewStack == nil {
		return errno.ENETDOWN
	}
	s, err := n.lab.rt.NewStack(n, nil)
	if err != nil {
		n.stackErr = err
		return errno.ENOBUFS
	}
	n.stack, n.netDirty = s, true
	n.syncNet()
	return errno.OK
}

// wantsStack says whether an interface belongs to the node's stack: each but a tun
// or tap that is plugged into the fabric, a tap from its first address on, and a tun
// from when it is first up.
func (x *iface) wantsStack() bool {
	switch {
	case x.gone || x.refused:
		return false
	case x.kind == "nic" || x.stack >= 0 && x.port.peer == nil:
		return true
	case x.port.peer != nil:
		return false
	case x.kind == "tun" && x.ifp.Flags&kern.IFF_UP != 0:
		return true
	}
	return slices.ContainsFunc(x.ifp.Addrs, (*kern.Addr).Valid)
}

// syncNet makes the stack follow the kernel's interfaces and addresses and the node's
// routes.
func (n *Node) syncNet() {
	if !n.netDirty || n.gone {
		return
	}
	n.netDirty = false
	if n.stack == nil {
		if !n.hasAddress() || n.needStack() != errno.OK {
			n.pruneRoutes()
			return
		}
		return // needStack has come here
	}
	for _, x := range n.ifaces {
		if x.stack >= 0 && (x.onStack != x.ifp || !x.wantsStack()) {
			n.stack.Detach(x.stack)
			x.stack, x.onStack, x.known = -1, nil, nil
		}
	}
	for _, x := range n.ifaces {
		if x.wantsStack() {
			n.syncIface(x)
		}
	}
	n.pruneRoutes()
	n.stack.SetRoutes(n.stackRoutes())
	n.stack.SetForwarding(n.forward4, n.forward6)
}

func (n *Node) hasAddress() bool {
	return slices.ContainsFunc(n.ifaces, func(x *iface) bool {
		return !x.gone && slices.ContainsFunc(x.ifp.Addrs, (*kern.Addr).Valid)
	})
}

// syncIface makes the stack follow an interface: its state and its addresses.
func (n *Node) syncIface(x *iface) {
	i := x.ifp
	mtu := int(min(i.MTU, maxIP)) // TAPSIFINFO sets any
	if x.stack < 0 {
		nic, err := n.stack.Attach(StackNIC{Name: i.Name, IP: x.kind == "tun", MAC: i.MAC, MTU: mtu})
		if err != nil {
			x.refused = true
			n.lab.emit(event.Event{Kind: event.Limit, Node: n.name, Op: "interfaces", N: MaxInterfaces, Text: fmt.Sprintf("%s: %v", i.Name, err)})
			return
		}
		x.stack, x.onStack = nic, i
	}
	n.stack.SetMTU(x.stack, mtu)
	n.stack.SetMAC(x.stack, i.MAC)
	n.stack.SetUp(x.stack, i.Flags&kern.IFF_UP != 0)
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
		n.stack.RemoveAddress(x.stack, p.Addr())
		return true
	})
	for _, p := range want {
		if !slices.Contains(x.known, p) && n.stack.AddAddress(x.stack, p) == errno.OK {
			x.known = append(x.known, p)
		}
	}
}

// toStack gives what a tun's or tap's program wrote to the node's stack, once the
// driver is done with it: netisr.
func (x *iface) toStack(m *kern.Mbuf) {
	n := x.node
	f := n.lab.pool.New(m.Bytes(), m.Tag)
	m.Free()
	n.Soon(func() {
		n.syncNet()
		if x.stack >= 0 {
			n.stack.Deliver(x.stack, f.Data)
		}
		n.lab.pool.Release(f)
	})
}

// Transmit sends an Ethernet frame of the node's stack out of an interface, or an IP
// packet by a tun to a next hop (StackHost).
func (n *Node) Transmit(nic int, data []byte, hop netip.Addr) errno.Errno {
	i := slices.IndexFunc(n.ifaces, func(x *iface) bool { return x.stack == nic })
	if i < 0 {
		return errno.ENXIO
	}
	x := n.ifaces[i]
	mbuf := n.kern.NewFrame
	if x.kind == "tun" {
		mbuf = n.kern.NewMbuf // of an IP packet the first bit says nothing
	}
	m := mbuf(data)
	switch {
	case m == nil:
		return errno.ENOBUFS
	case x.kind == "nic":
		return x.ifp.Transmit(m)
	}
	m.Tag = n.lab.pool.NewID()
	return x.ifp.Output(m, n.kern.Dialect.SockaddrOf(hop))
}
