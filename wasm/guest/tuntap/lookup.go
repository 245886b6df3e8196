//go:build wasip1

package tuntap

import (
	"net"
	"net/netip"
	"unsafe"
)

//go:wasmimport wasi_snapshot_preview1 sock_getaddrinfo
//go:noescape
func sockGetaddrinfo(node unsafe.Pointer, nodeLen uint32, service unsafe.Pointer, serviceLen uint32, hints, res unsafe.Pointer, limit uint32, count unsafe.Pointer) uint32

// addrinfo and sockaddr are what sock_getaddrinfo fills in.
type addrinfo struct {
	flags    uint16
	family   uint8
	kind     uint8
	protocol uint32
	size     uint32
	addr     uint32
	name     uint32
	nameLen  uint32
	next     uint32
}

type sockaddr struct {
	family uint32
	size   uint32
	data   uint32
}

// lookupRoom is what Lookup gives the host. It is a variable, where it stays while the
// host has its address; nothing else runs meanwhile.
type lookupRoom struct {
	list  uint32
	info  addrinfo
	addr  sockaddr
	data  [28]byte
	count uint32
}

var lookup lookupRoom

// Lookup is the address of a node of the lab, by its name.
func Lookup(name string) (netip.Addr, error) {
	l := &lookup
	*l = lookupRoom{}
	l.addr = sockaddr{size: uint32(len(l.data)), data: address(unsafe.Pointer(&l.data))}
	l.info = addrinfo{addr: address(unsafe.Pointer(&l.addr))}
	l.list = address(unsafe.Pointer(&l.info))
	e := sockGetaddrinfo(unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)), nil, 0, nil, unsafe.Pointer(&l.list), 1, unsafe.Pointer(&l.count))
	if e != 0 || l.count == 0 {
		return netip.Addr{}, &net.DNSError{Err: "no node has this name", Name: name, IsNotFound: true}
	}
	if l.info.family == familyInet6 {
		return netip.AddrFrom16([16]byte(l.data[6:22])), nil
	}
	return netip.AddrFrom4([4]byte(l.data[2:6])), nil
}
