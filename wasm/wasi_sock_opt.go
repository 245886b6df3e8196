package wasm

import (
	"bytes"
	"math"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
)

// Levels of sock_setsockopt and sock_getsockopt. WasmEdge has number 0 for those of
// sockets, with names of its own; that of IP, which is 0 on a BSD, is this lab's. At
// each level but the first the names are the BSDs'.
const (
	levelWasmEdge = 0
	levelTCP      = 6
	levelIPv6     = 41
	levelSocket   = 0xffff  // SOL_SOCKET
	levelIP       = 0x10000 // IPPROTO_IP
)

// An optName is an option's name at a level.
type optName struct{ level, name uint32 }

// Names of SO_BINDTODEVICE, which takes the name of an interface.
var (
	bindDevice1 = optName{levelWasmEdge, 14}
	bindDevice  = optName{levelSocket, 0x1100}
)

var sockOpts = map[optName]inet.SockOpt{
	{levelWasmEdge, 0}: inet.SO_REUSEADDR, {levelWasmEdge, 1}: inet.SO_TYPE, {levelWasmEdge, 2}: inet.SO_ERROR,
	{levelWasmEdge, 4}: inet.SO_BROADCAST, {levelWasmEdge, 5}: inet.SO_SNDBUF, {levelWasmEdge, 6}: inet.SO_RCVBUF,
	{levelWasmEdge, 7}: inet.SO_KEEPALIVE, {levelWasmEdge, 9}: inet.SO_LINGER, {levelWasmEdge, 11}: inet.SO_RCVTIMEO,
	{levelWasmEdge, 12}: inet.SO_SNDTIMEO, {levelWasmEdge, 13}: inet.SO_ACCEPTCONN,

	{levelSocket, 0x2}: inet.SO_ACCEPTCONN, {levelSocket, 0x4}: inet.SO_REUSEADDR, {levelSocket, 0x8}: inet.SO_KEEPALIVE,
	{levelSocket, 0x20}: inet.SO_BROADCAST, {levelSocket, 0x80}: inet.SO_LINGER, {levelSocket, 0x200}: inet.SO_REUSEPORT,
	{levelSocket, 0x1001}: inet.SO_SNDBUF, {levelSocket, 0x1002}: inet.SO_RCVBUF, {levelSocket, 0x1005}: inet.SO_SNDTIMEO,
	{levelSocket, 0x1006}: inet.SO_RCVTIMEO, {levelSocket, 0x1007}: inet.SO_ERROR, {levelSocket, 0x1008}: inet.SO_TYPE,

	{levelIP, 3}: inet.IP_TOS, {levelIP, 4}: inet.IP_TTL, {levelIPv6, 4}: inet.IP_TTL, {levelIPv6, 27}: inet.IPV6_V6ONLY,
	{levelTCP, 1}: inet.TCP_NODELAY, {levelTCP, 2}: inet.TCP_MAXSEG,
}

// Sizes of the values that are no int: struct linger, and struct timeval, of two
// 64-bit numbers as wasi-libc has it. ifNameSize is that of an interface's name.
const (
	lingerSize  = 8
	timevalSize = 16
	ifNameSize  = 16
)

// sockSetsockopt is setsockopt(2): descriptor, level, name, value, length.
func sockSetsockopt(g *guest, a args) uint32 {
	fd, size := a.fd(0), a.u32(4)
	if e := g.notSocket(fd); e != errno.OK {
		return toWASI(e)
	}
	name := optName{a.u32(1), a.u32(2)}
	device := name == bindDevice || name == bindDevice1
	o, ok := sockOpts[name]
	switch {
	case !ok && !device:
		return toWASI(errno.ENOPROTOOPT)
	case device && size > ifNameSize:
		return toWASI(errno.ENAMETOOLONG)
	case !device && size < optSize(o):
		return wasiEINVAL
	}
	b, ok := g.at(a.u32(3), size)
	if !ok {
		return wasiEFAULT
	}
	if device {
		b, _, _ = bytes.Cut(b, []byte{0})
		return toWASI(g.p.BindDevice(fd, string(b)))
	}
	v, e := optValue(o, b)
	if e == errno.OK {
		e = g.p.SetSockOpt(fd, o, v)
	}
	return toWASI(e)
}

func optSize(o inet.SockOpt) uint32 {
	switch o {
	case inet.SO_LINGER:
		return lingerSize
	case inet.SO_RCVTIMEO, inet.SO_SNDTIMEO:
		return timevalSize
	default:
		return 4
	}
}

// optValue reads a value of at least optSize bytes.
func optValue(o inet.SockOpt, b []byte) (int, errno.Errno) {
	switch o {
	case inet.SO_LINGER:
		if le.Uint32(b) == 0 {
			return -1, errno.OK
		}
		return max(int(int32(le.Uint32(b[4:]))), 0), errno.OK
	case inet.SO_RCVTIMEO, inet.SO_SNDTIMEO:
		sec, usec := int64(le.Uint64(b)), int64(le.Uint64(b[8:]))
		if sec < 0 || usec < 0 || usec >= 1_000_000 {
			return 0, errno.EDOM
		}
		if sec > math.MaxInt64/int64(4*time.Second) {
			return 0, errno.OK // longer than any lab: for ever
		}
		return int(time.Duration(sec)*time.Second + time.Duration(usec)*time.Microsecond), errno.OK
	default:
		return int(int32(le.Uint32(b))), errno.OK
	}
}

// sockGetsockopt is getsockopt(2). The length is at a pointer, which is written; the
// number 4 itself, which some libraries pass, is the length of an int.
func sockGetsockopt(g *guest, a args) uint32 {
	fd, ptr, sizePtr := a.fd(0), a.u32(3), a.u32(4)
	if e := g.notSocket(fd); e != errno.OK {
		return toWASI(e)
	}
	have := uint32(4)
	if sizePtr != 4 {
		b, ok := g.at(sizePtr, 4)
		if !ok {
			return wasiEFAULT
		}
		have = le.Uint32(b)
	}
	var value []byte
	name := optName{a.u32(1), a.u32(2)}
	if name == bindDevice || name == bindDevice1 {
		device, e := g.p.Device(fd)
		if e != errno.OK {
			return toWASI(e)
		}
		if device != "" {
			value = append([]byte(device), 0)
		}
	} else {
		o, ok := sockOpts[name]
		if !ok {
			return toWASI(errno.ENOPROTOOPT)
		}
		if have < optSize(o) || !g.writable(ptr, optSize(o)) {
			return toWASI(shortOrBad(have < optSize(o)))
		}
		v, e := g.p.SockOpt(fd, o)
		if e != errno.OK {
			return toWASI(e)
		}
		value = optBytes(o, name.level, v)
	}
	b, ok := g.at(ptr, uint32(len(value)))
	if have < uint32(len(value)) || !ok {
		return toWASI(shortOrBad(ok))
	}
	copy(b, value)
	if sizePtr != 4 {
		g.putU32(sizePtr, uint32(len(value))) // it was there
	}
	return 0
}

func shortOrBad(short bool) errno.Errno {
	if short {
		return errno.EINVAL
	}
	return errno.EFAULT
}

// optBytes is a value as the guest sees it. An error and a type are as the guest's
// side numbers them.
func optBytes(o inet.SockOpt, level uint32, v int) []byte {
	u32 := func(v ...int) (b []byte) {
		for _, x := range v {
			b = le.AppendUint32(b, uint32(x))
		}
		return b
	}
	switch o {
	case inet.SO_LINGER:
		if v < 0 {
			return u32(0, 0)
		}
		return u32(1, v)
	case inet.SO_RCVTIMEO, inet.SO_SNDTIMEO:
		d := time.Duration(v)
		return le.AppendUint64(le.AppendUint64(nil, uint64(d/time.Second)), uint64(d%time.Second/time.Microsecond))
	case inet.SO_ERROR:
		return u32(int(toWASI(errno.Errno(v))))
	case inet.SO_TYPE:
		if level == levelWasmEdge {
			v = map[int]int{inet.SOCK_DGRAM: typeSockDgram, inet.SOCK_STREAM: typeSockStream}[v]
		}
		return u32(v)
	default:
		return u32(v)
	}
}
