package machine

import (
	"fmt"
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// What sets a machine up, as ifconfig and route do.

// AddCard gives the machine an ordinary network card, up and with addresses.
func (n *Node) AddCard(name string, mac packet.MAC, addrs []netip.Prefix) error {
	x := &Interface{node: n, kind: card{}}
	x.If = n.Kernel().AttachEther(name, mac, 1500, x.send)
	n.add(x)
	if e := n.Kernel().IfUp(&n.root, name); e != errno.OK {
		return fmt.Errorf("ifconfig %s up: %s", name, e)
	}
	return n.configure(name, addrs, netip.Addr{})
}

// A Device is a tun or tap unit to be there from the beginning.
type Device struct {
	Name      string     // tap0
	MAC       packet.MAC // zero: as the driver chooses it
	Addresses []netip.Prefix
	Peer      netip.Addr // of a tun: the other side's address
	Down      bool       // it is not brought up
}

// AddDevice creates a tun or tap unit as ifconfig does.
func (n *Node) AddDevice(d Device) error {
	k := n.Kernel()
	if k.Ifnet(d.Name) == nil {
		if e := n.create(d.Name); e != errno.OK {
			return fmt.Errorf("ifconfig %s create: %s; %s has no such device", d.Name, e, n.Dialect())
		}
	}
	if !d.MAC.IsZero() {
		k.Ifnet(d.Name).SetMAC(d.MAC)
	}
	if !d.Down {
		if e := k.IfUp(&n.root, d.Name); e != errno.OK {
			return fmt.Errorf("ifconfig %s up: %s", d.Name, e)
		}
	}
	return n.configure(d.Name, d.Addresses, d.Peer)
}

// create is ifconfig NAME create. DragonFly's tun comes with its first open.
func (n *Node) create(name string) errno.Errno {
	_, e := n.Kernel().IfCreate(&n.root, name)
	if e == errno.OK || n.Dialect() != kern.DragonFly {
		return e
	}
	f, open := n.Kernel().Open(&n.root, "/dev/"+name, kern.O_RDWR)
	if open != errno.OK {
		return e
	}
	return f.Close(&n.root)
}

// configure gives an interface its addresses, and the first of them its peer.
func (n *Node) configure(name string, addrs []netip.Prefix, peer netip.Addr) error {
	for i, p := range addrs {
		a := kern.Addr{Addr: p.Addr(), Bits: p.Bits()}
		if i == 0 {
			a.Dst = peer
		}
		if e := n.Kernel().AddAddress(&n.root, name, a); e != errno.OK {
			return fmt.Errorf("ifconfig %s %s: %s", name, p, e.Message())
		}
	}
	return nil
}

// StartNet is called when the links of the lab are there: the machine gets its stack,
// if it has an address, and its routes.
func (n *Node) StartNet(forward bool, routes []inet.Route) error {
	n.SetForwarding(forward)
	if n.HasAddress() {
		if n.env.NewStack == nil {
			return fmt.Errorf("node %q: it has addresses, and this build has no IP stack", n.Name())
		}
		if n.Need() != errno.OK {
			return fmt.Errorf("node %q: its IP stack: %w", n.Name(), n.Why())
		}
	}
	for _, r := range routes {
		if e := n.AddRoute(r); e != errno.OK {
			return fmt.Errorf("node %q: the route to %s: %s", n.Name(), r.To, e.Message())
		}
	}
	n.Net.Begin()
	return nil
}
