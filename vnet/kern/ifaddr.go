package kern

import (
	"fmt"
	"net/netip"
	"slices"

	"wireloom/vnet/errno"
)

// Prefix is the address with the length of its netmask: that of its class where none
// was given (in_control), and that of a host on a point-to-point interface, whose
// addresses stand for themselves.
func (i *Ifnet) Prefix(a *Addr) netip.Prefix {
	bits := a.Bits
	switch {
	case i.Flags&IFF_POINTOPOINT != 0 && (a.Dst.IsValid() || a.Addr.Is4()):
		bits = a.Addr.BitLen()
	case bits > 0:
	case a.Addr.Is4():
		switch b := a.Addr.As4()[0]; {
		case b < 128:
			bits = 8
		case b < 192:
			bits = 16
		default:
			bits = 24
		}
	default:
		bits = 64
	}
	return netip.PrefixFrom(a.Addr, bits)
}

// Valid says whether there is an IP address in it.
func (a *Addr) Valid() bool { return !a.Null && a.Addr.IsValid() }

// String is how ifconfig writes it: "inet 10.0.0.1/24", "inet 10.8.0.1 --> 10.8.0.2".
func (a *Addr) String() string {
	if !a.Valid() {
		return fmt.Sprintf("address of family %d", a.Family)
	}
	name := "inet"
	if a.Addr.Is6() {
		name = "inet6"
	}
	switch {
	case a.Dst.IsValid():
		return fmt.Sprintf("%s %s --> %s", name, a.Addr, a.Dst)
	case a.Bits > 0:
		return fmt.Sprintf("%s %s/%d", name, a.Addr, a.Bits)
	}
	return fmt.Sprintf("%s %s", name, a.Addr)
}

// changed is what is told when the address was added, set or removed.
func (a *Addr) changed(how string) IfChange {
	op := IfInet
	switch {
	case !a.Valid():
		op = IfAddress
	case a.Addr.Is6():
		op = IfInet6
	}
	return IfChange{op, a.String() + " " + how}
}

// AddAddress is SIOCAIFADDR: it adds an address with its netmask and, on a
// point-to-point interface, its destination. The driver is told, which brings most
// interfaces up. EEXIST if an interface has the address, EDESTADDRREQ without the
// destination that a point-to-point interface needs.
func (k *Kernel) AddAddress(t *Thread, name string, a Addr) errno.Errno {
	i, err := k.changeable(t, name)
	if err != errno.OK {
		return err
	}
	switch {
	case !a.Valid() || a.Bits < 0 || a.Bits > a.Addr.BitLen():
		return errno.EINVAL
	case i.Flags&IFF_POINTOPOINT == 0:
		a.Dst = netip.Addr{}
	case a.Addr.Is4() && !a.Dst.IsValid():
		return errno.EDESTADDRREQ
	}
	for _, x := range k.ifs {
		if slices.ContainsFunc(x.Addrs, func(b *Addr) bool { return b.Valid() && b.Addr == a.Addr }) {
			return errno.EEXIST
		}
	}
	a.Family = AF_INET
	if a.Addr.Is6() {
		a.Family = k.Dialect.Inet6()
	}
	if err := i.addAddr(a); err != errno.OK {
		return err
	}
	cmd := uint32(SIOCSIFADDR)
	if k.Dialect == NetBSD {
		cmd = SIOCINITIFADDR // in_ifinit; its SIOCSIFADDR would add the address again
	}
	if err := i.drv.Ioctl(i, t, cmd, &IfReq{Addr: a}); err != errno.OK && err != errno.ENETRESET {
		i.removeAddr(len(i.Addrs) - 1)
		return err
	}
	return errno.OK
}

// DelAddress is SIOCDIFADDR with an address: EADDRNOTAVAIL if the interface has it not.
func (k *Kernel) DelAddress(t *Thread, name string, a netip.Addr) errno.Errno {
	i, err := k.changeable(t, name)
	if err != errno.OK {
		return err
	}
	j := slices.IndexFunc(i.Addrs, func(b *Addr) bool { return b.Valid() && b.Addr == a })
	if j < 0 {
		return errno.EADDRNOTAVAIL
	}
	i.removeAddr(j)
	return errno.OK
}

func (k *Kernel) changeable(t *Thread, name string) (*Ifnet, errno.Errno) {
	if k.dead != "" {
		return nil, errno.EIO
	}
	i := k.Ifnet(name)
	switch {
	case i == nil:
		return nil, errno.ENXIO
	case !t.Cred.Root():
		return nil, errno.EPERM
	}
	return i, errno.OK
}

// addAddr appends an address; ENOBUFS beyond the limit.
func (i *Ifnet) addAddr(a Addr) errno.Errno {
	if len(i.Addrs) >= maxAddrs {
		return errno.ENOBUFS
	}
	a.Late = i.Flags&IFF_UP != 0
	i.Addrs = append(i.Addrs, &a)
	i.k.notify(i, a.changed("added"))
	return errno.OK
}

func (i *Ifnet) removeAddr(j int) {
	a := i.Addrs[j]
	i.Addrs = slices.Delete(i.Addrs, j, j+1)
	i.k.notify(i, a.changed("removed"))
}
