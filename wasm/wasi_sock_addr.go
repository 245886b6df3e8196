package wasm

import (
	"math"
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
)

// WASI preview 1 has sockets that somebody else opened; WasmEdge added the rest. Its
// addresses are a buffer and its length, in two layouts: the first version has the
// bytes of the address alone, 4 or 16, the second 128 bytes that begin with the family.

// Address families and types of sockets in WasmEdge's functions. Type 3 is this lab's
// own: the node's ICMP socket, as ping uses it.
const (
	familyInet  = 1
	familyInet6 = 2

	typeSockDgram  = 1
	typeSockStream = 2
	typeSockICMP   = 3
)

// wideAddress is the length of an address buffer of the second version.
const wideAddress = 128

// socketKinds are the kinds of socket by family and type.
var socketKinds = map[[2]int32]inet.SocketKind{
	{familyInet, typeSockDgram}: inet.SocketUDP, {familyInet, typeSockStream}: inet.SocketTCP, {familyInet, typeSockICMP}: inet.SocketICMP,
	{familyInet6, typeSockDgram}: inet.SocketUDP6, {familyInet6, typeSockStream}: inet.SocketTCP6, {familyInet6, typeSockICMP}: inet.SocketICMP6,
}

// addressBuffer returns the buffer that an address structure at ptr says.
func (g *guest) addressBuffer(ptr uint32) ([]byte, errno.Errno) {
	v, ok := g.at(ptr, 8)
	if !ok {
		return nil, errno.EFAULT
	}
	n := le.Uint32(v[4:])
	if n < 4 || n > wideAddress {
		return nil, errno.EINVAL
	}
	b, ok := g.at(le.Uint32(v), n)
	if !ok {
		return nil, errno.EFAULT
	}
	return b, errno.OK
}

// address reads an address and makes a socket's of it and a port.
func (g *guest) address(ptr, port uint32) (netip.AddrPort, errno.Errno) {
	b, e := g.addressBuffer(ptr)
	if e != errno.OK {
		return netip.AddrPort{}, e
	}
	if port > math.MaxUint16 {
		return netip.AddrPort{}, errno.EINVAL
	}
	if len(b) == wideAddress {
		switch le.Uint16(b) {
		case familyInet:
			b = b[2:6]
		case familyInet6:
			b = b[2:18]
		default:
			return netip.AddrPort{}, errno.EAFNOSUPPORT
		}
	}
	a, ok := netip.AddrFromSlice(b)
	if !ok {
		return netip.AddrPort{}, errno.EINVAL
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(port)), errno.OK
}

// putAddress writes an address to the buffer that the structure at ptr says: EINVAL
// if it has no room.
func (g *guest) putAddress(ptr uint32, a netip.Addr) errno.Errno {
	b, e := g.addressBuffer(ptr)
	if e != errno.OK {
		return e
	}
	raw := a.AsSlice()
	if len(b) == wideAddress {
		clear(b)
		le.PutUint16(b, family(a))
		b = b[2:]
	}
	if len(b) < len(raw) {
		return errno.EINVAL
	}
	copy(b, raw)
	return errno.OK
}

// family is WasmEdge's number of an address's.
func family(a netip.Addr) uint16 {
	if a.Is4() {
		return familyInet
	}
	return familyInet6
}

// addressType is what the first version of sock_getlocaladdr and sock_getpeeraddr
// says of an address besides.
func addressType(a netip.Addr) uint32 {
	if a.Is4() {
		return 4
	}
	return 6
}
