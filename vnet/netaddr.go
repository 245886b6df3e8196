package vnet

import (
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// AddAddress is SIOCAIFADDR on an interface, see kern.Kernel.AddAddress. EBUSY for a
// tap that is a member port of a switch: the switch has what comes out of it.
func (n *Node) AddAddress(t *kern.Thread, iface string, a kern.Addr) errno.Errno {
	x := n.iface(iface)
	if x != nil && x.kind != "nic" && x.port.peer != nil {
		return errno.EBUSY
	}
	if n.countAddresses() >= MaxAddresses {
		return errno.ENOBUFS
	}
	e := n.kern.AddAddress(t, iface, a)
	n.syncNet()
	return e
}

func (n *Node) countAddresses() (c int) {
	for _, i := range n.kern.Ifnets() {
		c += len(i.Addrs)
	}
	return c
}

// RemoveAddress is SIOCDIFADDR: the routes by that address go with it.
func (n *Node) RemoveAddress(t *kern.Thread, iface string, a netip.Addr) errno.Errno {
	e := n.kern.DelAddress(t, iface, a)
	n.syncNet()
	return e
}

// Addresses returns the addresses of an interface that have a netmask: those of a
// point-to-point interface have the length of a host's.
func (n *Node) Addresses(iface string) []netip.Prefix {
	i := n.kern.Ifnet(iface)
	if i == nil {
		return nil
	}
	var out []netip.Prefix
	for _, a := range i.Addrs {
		if a.Valid() {
			out = append(out, i.Prefix(a))
		}
	}
	return out
}

// forwardSysctl is net.inet.ip.forwarding and its sibling of IPv6.
func (n *Node) forwardSysctl(v *bool) kern.SysctlHandler {
	text := map[bool]string{false: "0", true: "1"}
	return func(t *kern.Thread, set *string) (string, errno.Errno) {
		old := text[*v]
		if set == nil {
			return old, errno.OK
		}
		if !t.Cred.Root() {
			return "", errno.EPERM
		}
		if *set != "0" && *set != "1" {
			return "", errno.EINVAL
		}
		*v = *set == "1"
		n.netChanged()
		n.syncNet()
		return old, errno.OK
	}
}

// Lookup is the address that a name stands for on every node of the lab: that of a
// node is its first address when the lab began, as in an /etc/hosts.
func (p *Proc) Lookup(name string) (netip.Addr, bool) { return p.node.lab.Lookup(name) }

// Lookup is the address that a name stands for.
func (l *Lab) Lookup(name string) (netip.Addr, bool) {
	if name == "localhost" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
	}
	a, ok := l.hosts[name]
	return a, ok
}
