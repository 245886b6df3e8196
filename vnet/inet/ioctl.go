package inet

import (
	"encoding/binary"
	"math/bits"
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// The ioctls of interfaces on a socket: what ifconfig(8) is made of. Their argument is
// struct ifreq, or ifaliasreq, in the 32-bit layout: the interface's name, and from
// byte 16 on a sockaddr or a number. NetBSD's is longer and begins alike, so that the
// length in a request does not count.

// Numbers of group 'i'.
const (
	iocSetAddr       = 12
	iocSetDstAddr    = 14
	iocSetFlags      = 16
	iocGetFlags      = 17
	iocDelAddr       = 25
	iocAddAlias      = 26 // SIOCAIFADDR
	iocGetIndex      = 32
	iocGetAddr       = 33
	iocGetDstAddr    = 34
	iocGetBroadAddr  = 35
	iocGetConf       = 36 // the SDK makes it of iocGetEntry
	iocGetNetmask    = 37
	iocGetMTU        = 51
	iocSetMTU        = 52
	iocGetMTUNetBSD  = 126
	iocSetMTUNetBSD  = 127
	ifNameLen        = 16
	ifreqLen         = 32
	ifaliasreqLen    = 64
	sockaddrLen      = 16
	iocDirectionsLen = 0xffff_0000
)

// ifioctlNames are for traces, by number: a request's length differs between BSDs.
var ifioctlNames = map[uint32]string{
	iocSetAddr: "SIOCSIFADDR", iocSetDstAddr: "SIOCSIFDSTADDR", iocSetFlags: "SIOCSIFFLAGS", iocGetFlags: "SIOCGIFFLAGS",
	iocDelAddr: "SIOCDIFADDR", iocAddAlias: "SIOCAIFADDR", iocGetIndex: "SIOCGIFINDEX", iocGetAddr: "SIOCGIFADDR",
	iocGetDstAddr: "SIOCGIFDSTADDR", iocGetBroadAddr: "SIOCGIFBRDADDR", iocGetNetmask: "SIOCGIFNETMASK", iocGetMTU: "SIOCGIFMTU",
	iocSetMTU: "SIOCSIFMTU", iocGetMTUNetBSD: "SIOCGIFMTU", iocSetMTUNetBSD: "SIOCSIFMTU", iocGetConf: "SIOCGIFCONF", iocGetEntry: "LABGIFENTRY",
}

// IsIoctl says whether a command is one of these.
func IsIoctl(cmd uint32) bool { return cmd&^iocDirectionsLen>>8 == 'i' }

// IoctlName is how a trace shows one of these; "" for another.
func IoctlName(cmd uint32) string {
	if cmd>>8&0xff != 'i' {
		return ""
	}
	return ifioctlNames[cmd&0xff]
}

// Ioctl is ifioctl on a socket: arg is read and written in place.
func (n *Net) Ioctl(t *kern.Thread, cmd uint32, arg []byte) errno.Errno {
	if len(arg) < ifreqLen {
		return errno.EINVAL
	}
	n.Sync()
	if cmd&0xff == iocGetEntry {
		return n.ifEntry(arg)
	}
	i := n.k.Ifnet(cstring(arg[:ifNameLen]))
	if i == nil {
		return errno.ENXIO
	}
	e := n.ifioctl(t, i, cmd&0xff, arg)
	n.Sync()
	return e
}

// ifioctl is ifioctl and in_control.
func (n *Net) ifioctl(t *kern.Thread, i *kern.Ifnet, num uint32, arg []byte) errno.Errno {
	value := arg[ifNameLen:]
	le := binary.LittleEndian
	first := firstInet(i)
	switch num {
	case iocGetFlags:
		le.PutUint32(value, uint32(i.Flags)) // ifr_flags, ifr_flagshigh
	case iocSetFlags:
		return n.k.Ifioctl(t, i.Name, kern.SIOCSIFFLAGS, &kern.IfReq{Flags: i.Flags&^0xffff | kern.IfFlags(le.Uint16(value))})
	case iocGetMTU, iocGetMTUNetBSD:
		le.PutUint32(value, uint32(i.MTU))
	case iocSetMTU, iocSetMTUNetBSD:
		return n.k.Ifioctl(t, i.Name, kern.SIOCSIFMTU, &kern.IfReq{MTU: int(int32(le.Uint32(value)))})
	case iocGetIndex:
		le.PutUint32(value, uint32(i.Index))
	case iocGetAddr, iocGetDstAddr, iocGetBroadAddr, iocGetNetmask:
		if first == nil {
			return errno.EADDRNOTAVAIL
		}
		return getAddr(i, first, num, value)
	case iocSetAddr:
		a, ok := getSockaddr(value)
		if !ok {
			return errno.EAFNOSUPPORT
		}
		if first != nil { // the socket call without an alias: it takes the first one's place
			if e := n.k.DelAddress(t, i.Name, first.Addr); e != errno.OK {
				return e
			}
		}
		return n.k.Ifioctl(t, i.Name, kern.SIOCSIFADDR, &kern.IfReq{Addr: kern.Addr{Family: kern.AF_INET, Addr: a}})
	case iocSetDstAddr:
		a, ok := getSockaddr(value)
		if !ok {
			return errno.EAFNOSUPPORT
		}
		return n.k.Ifioctl(t, i.Name, kern.SIOCSIFDSTADDR, &kern.IfReq{Addr: kern.Addr{Family: kern.AF_INET, Dst: a}})
	case iocDelAddr:
		a, ok := getSockaddr(value)
		switch {
		case ok && !a.IsUnspecified():
		case first == nil:
			return errno.EADDRNOTAVAIL
		default:
			a = first.Addr
		}
		return n.k.DelAddress(t, i.Name, a)
	case iocAddAlias:
		return n.addAlias(t, i, arg)
	default:
		return errno.EOPNOTSUPP
	}
	return errno.OK
}

// addAlias is SIOCAIFADDR: address, destination or broadcast address, netmask.
func (n *Net) addAlias(t *kern.Thread, i *kern.Ifnet, arg []byte) errno.Errno {
	if len(arg) < ifaliasreqLen {
		return errno.EINVAL
	}
	a, ok := getSockaddr(arg[ifNameLen:])
	if !ok {
		return errno.EAFNOSUPPORT
	}
	addr := kern.Addr{Addr: a}
	if dst, ok := getSockaddr(arg[ifNameLen+sockaddrLen:]); ok && i.Flags&kern.IFF_POINTOPOINT != 0 {
		addr.Dst = dst
	}
	mask := binary.BigEndian.Uint32(arg[ifNameLen+2*sockaddrLen+4:])
	addr.Bits = bits.LeadingZeros32(^mask)
	if mask != ^uint32(0)<<(32-addr.Bits) {
		return errno.EINVAL
	}
	if addr.Bits == 0 {
		addr.Bits = i.Prefix(&addr).Bits()
	}
	return n.AddAddress(t, i.Name, addr)
}

// getAddr is SIOCGIFADDR and its siblings.
func getAddr(i *kern.Ifnet, a *kern.Addr, num uint32, value []byte) errno.Errno {
	p := i.Prefix(a)
	mask := ^uint32(0) << (32 - p.Bits())
	if p.Bits() == 0 {
		mask = 0
	}
	own := a.Addr.As4()
	switch num {
	case iocGetDstAddr:
		if i.Flags&kern.IFF_POINTOPOINT == 0 {
			return errno.EINVAL
		}
		if !a.Dst.Is4() {
			return errno.EADDRNOTAVAIL
		}
		own = a.Dst.As4()
	case iocGetBroadAddr:
		if i.Flags&kern.IFF_BROADCAST == 0 {
			return errno.EINVAL
		}
		binary.BigEndian.PutUint32(own[:], binary.BigEndian.Uint32(own[:])|^mask)
	case iocGetNetmask:
		binary.BigEndian.PutUint32(own[:], mask)
	}
	clear(value[:sockaddrLen])
	value[0], value[1] = sockaddrLen, kern.AF_INET
	copy(value[4:], own[:])
	return errno.OK
}

func firstInet(i *kern.Ifnet) *kern.Addr {
	for _, a := range i.Addrs {
		if a.Valid() && a.Addr.Is4() {
			return a
		}
	}
	return nil
}

// getSockaddr reads a struct sockaddr_in.
func getSockaddr(b []byte) (netip.Addr, bool) {
	return netip.AddrFrom4([4]byte(b[4:8])), b[1] == kern.AF_INET
}

func cstring(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}
