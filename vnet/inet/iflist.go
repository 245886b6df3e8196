package inet

import (
	"encoding/binary"
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// The list of interfaces and addresses, one entry a call. A BSD hands it out whole, by
// SIOCGIFCONF with a pointer in its argument, or by sysctl(3); the SDKs make those and
// getifaddrs(3) of this request, which no BSD has. The argument is
//
//	0  u32  which entry, from 0: for each interface first that of its link, then its addresses
//	4  u32  the interface's index
//	8  [16] its name
//	24 u32  its flags
//	28 u32  its MTU
//	32 u8   0: the link; 4, 6: an address
//	33 u8   if_type
//	34 u8   the length of the netmask in bits
//	35 u8   1: there is a destination address
//	36 [16] the address: a MAC, IPv4 or IPv6, zeros after it
//	52 [16] the destination address
const (
	iocGetEntry = 250
	ifentryLen  = 68
)

// ifEntry answers ENXIO after the last entry.
func (n *Net) ifEntry(arg []byte) errno.Errno {
	if len(arg) != ifentryLen {
		return errno.EINVAL
	}
	le := binary.LittleEndian
	left := uint64(le.Uint32(arg))
	for _, i := range n.k.Ifnets() {
		if left > 0 {
			left--
		} else {
			putEntry(arg, i, nil)
			return errno.OK
		}
		for _, a := range i.Addrs {
			if !a.Valid() {
				continue
			}
			if left > 0 {
				left--
				continue
			}
			putEntry(arg, i, a)
			return errno.OK
		}
	}
	return errno.ENXIO
}

// putEntry writes the entry of an address, or of the link where a is nil.
func putEntry(arg []byte, i *kern.Ifnet, a *kern.Addr) {
	le := binary.LittleEndian
	clear(arg[4:])
	le.PutUint32(arg[4:], uint32(i.Index))
	copy(arg[8:8+ifNameLen-1], i.Name)
	le.PutUint32(arg[24:], uint32(i.Flags))
	le.PutUint32(arg[28:], uint32(i.MTU))
	arg[33] = i.Type
	if a == nil {
		if i.Type == kern.IFT_ETHER {
			copy(arg[36:], i.MAC[:])
		}
		return
	}
	arg[32] = putIP(arg[36:52], a.Addr)
	arg[34] = byte(i.Prefix(a).Bits())
	if a.Dst.IsValid() {
		arg[35] = 1
		putIP(arg[52:68], a.Dst)
	}
}

// putIP writes an address and returns its version.
func putIP(b []byte, a netip.Addr) byte {
	copy(b, a.AsSlice())
	if a.Is4() {
		return 4
	}
	return 6
}
