package inet

import (
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// AddAddress is SIOCAIFADDR on an interface, see kern.Kernel.AddAddress. EBUSY for a
// tap that is a member port of a switch: the switch has what comes out of it.
func (n *Net) AddAddress(t *kern.Thread, iface string, a kern.Addr) errno.Errno {
	x := n.Iface(iface)
	if x != nil && x.Kind != Card && x.Plugged {
		return errno.EBUSY
	}
	if n.countAddresses() >= MaxAddresses {
		return errno.ENOBUFS
	}
	e := n.k.AddAddress(t, iface, a)
	n.Sync()
	return e
}

func (n *Net) countAddresses() (c int) {
	for _, i := range n.k.Ifnets() {
		c += len(i.Addrs)
	}
	return c
}

// RemoveAddress is SIOCDIFADDR: the routes by that address go with it.
func (n *Net) RemoveAddress(t *kern.Thread, iface string, a netip.Addr) errno.Errno {
	e := n.k.DelAddress(t, iface, a)
	n.Sync()
	return e
}

// Addresses returns the addresses of an interface that have a netmask: those of a
// point-to-point interface have the length of a host's.
func (n *Net) Addresses(iface string) []netip.Prefix {
	i := n.k.Ifnet(iface)
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
func (n *Net) forwardSysctl(v *bool) kern.SysctlHandler {
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
		n.Changed()
		n.Sync()
		return old, errno.OK
	}
}
