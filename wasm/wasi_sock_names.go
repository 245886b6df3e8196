package wasm

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"

	"wireloom/vnet/errno"
)

// Errors of sock_getaddrinfo, which WasmEdge numbers behind WASI's.
const (
	aiFamily   = 81
	aiMemory   = 82
	aiNoName   = 84
	aiService  = 85
	aiSockType = 86
)

// Flags of the hints.
const (
	aiPassive     = 1
	aiNumericHost = 4
)

// maxName is how long the name of a host or service may be.
const maxName = 256

// Sizes of struct addrinfo and struct sockaddr, and how many bytes of an address the
// latter points to: port and address, which for IPv6 has its flow and scope besides.
const (
	addrinfoSize = 28
	sockaddrSize = 12
	inetData     = 6
	inet6Data    = 26
)

// sockGetaddrinfo is getaddrinfo(3) for numbers and for the names of the lab's nodes:
// name and length, service and length, hints, a pointer to the first of a list of
// structures that the guest has made, how many there are, and where the number of
// results goes, which is 1.
func sockGetaddrinfo(g *guest, a args) uint32 {
	name, e := g.text(a.u32(0), a.u32(1))
	if e != errno.OK {
		return toWASI(e)
	}
	service, e := g.text(a.u32(2), a.u32(3))
	if e != errno.OK {
		return toWASI(e)
	}
	var hints [8]byte
	if a.u32(4) != 0 {
		b, ok := g.at(a.u32(4), addrinfoSize)
		if !ok {
			return wasiEFAULT
		}
		copy(hints[:], b)
	}
	if !g.writable(a.u32(7), 4) {
		return wasiEFAULT
	}
	if a.u32(6) == 0 {
		return aiMemory
	}
	flags, fam, typ := le.Uint16(hints[:]), hints[2], hints[3]
	if fam > familyInet6 {
		return aiFamily
	}
	if typ > typeSockStream {
		return aiSockType
	}
	port := uint64(0)
	if service != "" {
		var err error
		if port, err = strconv.ParseUint(service, 10, 16); err != nil {
			return aiService
		}
	}
	addr, code := g.resolve(name, flags, fam)
	if code != 0 {
		return code
	}
	return g.putAddrinfo(a.u32(5), a.u32(7), typ, netip.AddrPortFrom(addr, uint16(port)))
}

// text reads a string, which may end in a NUL byte.
func (g *guest) text(ptr, n uint32) (string, errno.Errno) {
	if n > maxName {
		return "", errno.ENAMETOOLONG
	}
	b, ok := g.at(ptr, n)
	if !ok {
		return "", errno.EFAULT
	}
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b), errno.OK
}

// resolve is the address of a name. No name is this host, or with AI_PASSIVE any
// address of it.
func (g *guest) resolve(name string, flags uint16, fam byte) (netip.Addr, uint32) {
	a, err := netip.ParseAddr(name)
	switch {
	case name == "" && flags&aiPassive != 0:
		a = netip.IPv4Unspecified()
		if fam == familyInet6 {
			a = netip.IPv6Unspecified()
		}
	case name == "":
		a = netip.AddrFrom4([4]byte{127, 0, 0, 1})
		if fam == familyInet6 {
			a = netip.IPv6Loopback()
		}
	case err == nil && a.Zone() == "":
	case flags&aiNumericHost != 0:
		return a, aiNoName
	default:
		var ok bool
		if a, ok = g.p.Lookup(name); !ok {
			return a, aiNoName
		}
	}
	if a = a.Unmap(); fam != 0 && uint16(fam) != family(a) {
		return a, aiNoName
	}
	return a, 0
}

// putAddrinfo fills in the first structure of the list that the pointer at res begins.
func (g *guest) putAddrinfo(res, count uint32, typ byte, ap netip.AddrPort) uint32 {
	p, ok := g.at(res, 4)
	if !ok {
		return wasiEFAULT
	}
	info, ok := g.at(le.Uint32(p), addrinfoSize)
	if !ok {
		return wasiEFAULT
	}
	sa, ok := g.at(le.Uint32(info[12:]), sockaddrSize)
	if !ok {
		return wasiEFAULT
	}
	need, room := uint32(inetData), le.Uint32(sa[4:])
	if ap.Addr().Is6() {
		need = inet6Data
	}
	if room < need {
		return aiMemory
	}
	data, ok := g.at(le.Uint32(sa[8:]), need)
	if !ok {
		return wasiEFAULT
	}
	if typ == 0 {
		typ = typeSockStream
	}
	clear(data)
	binary.BigEndian.PutUint16(data, ap.Port())
	length := uint32(16) // of the BSD's structures
	if ap.Addr().Is4() {
		copy(data[2:], ap.Addr().AsSlice())
	} else {
		copy(data[6:], ap.Addr().AsSlice())
		length = 28
	}
	le.PutUint32(sa, uint32(family(ap.Addr())))
	le.PutUint32(sa[4:], need)
	info[2], info[3] = byte(family(ap.Addr())), typ
	le.PutUint32(info[4:], uint32(map[byte]byte{typeSockStream: 1, typeSockDgram: 2}[typ])) // IPPROTO_TCP, _UDP of WasmEdge
	le.PutUint32(info[8:], length)
	if !g.putU32(count, 1) {
		return wasiEFAULT
	}
	return 0
}
