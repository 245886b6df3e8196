package wasm

import (
	"math"

	"wireloom/vnet/errno"
)

const (
	// maxIovecs is how many parts a read or write may have: IOV_MAX.
	maxIovecs = 1024
	// maxTransfer is how many bytes one read or write moves: more than a frame has.
	// A longer one is partial, as on a BSD it may be.
	maxTransfer = 128 << 10
	// ordinaryBytes may be moved for nothing, as all other work of the kernel.
	ordinaryBytes = 16 << 10
)

// chargeMove makes the guest pay for moving n bytes: a unit per 8 of them, as for a copy
// in memory, beyond what a frame usually has.
func (g *guest) chargeMove(n int) {
	if n > ordinaryBytes {
		g.charge(int64(n-ordinaryBytes) / 8)
	}
}

// iovecs returns how many bytes count parts at ptr have, at most maxTransfer.
func (g *guest) iovecs(ptr, count uint32) (int, errno.Errno) {
	if count > maxIovecs {
		return 0, errno.EINVAL
	}
	g.chargeEntries(count)
	total := uint64(0)
	for i := range count {
		v, ok := g.at(ptr+8*i, 8)
		if !ok {
			return 0, errno.EFAULT
		}
		n := le.Uint32(v[4:])
		if !g.writable(le.Uint32(v), n) {
			return 0, errno.EFAULT
		}
		total += uint64(n)
	}
	if total > math.MaxInt32 {
		return 0, errno.EINVAL
	}
	return int(min(total, maxTransfer)), errno.OK
}

// buffer returns size bytes for a call to work on: of a single part, which iovecs has
// checked, those of the guest's memory itself, as nobody but the guest, which waits,
// changes it.
func (g *guest) buffer(ptr, count uint32, size int) (b []byte, inPlace bool) {
	if count != 1 {
		return g.p.Scratch(size), false
	}
	v, _ := g.at(ptr, 8)
	b, _ = g.at(le.Uint32(v), uint32(size))
	return b, true
}

// scatter copies b to the parts. They were checked, but the guest's memory may hold
// anything by now: b came from a call that may have parked.
func (g *guest) scatter(ptr, count uint32, b []byte) bool {
	for i := uint32(0); i < count && len(b) > 0; i++ {
		v, ok := g.at(ptr+8*i, 8)
		if !ok {
			return false
		}
		part, ok := g.at(le.Uint32(v), le.Uint32(v[4:]))
		if !ok {
			return false
		}
		b = b[copy(part, b):]
	}
	return true
}

// gather copies the parts, which iovecs has checked, to b, until that is full.
func (g *guest) gather(ptr, count uint32, b []byte) {
	for i := uint32(0); i < count && len(b) > 0; i++ {
		v, _ := g.at(ptr+8*i, 8)
		part, _ := g.at(le.Uint32(v), le.Uint32(v[4:]))
		b = b[copy(b, part):]
	}
}

func fdRead(g *guest, a args) uint32 { return g.readv(a.fd(0), a.u32(1), a.u32(2), a.u32(3)) }

// readv is one read(2), whatever the number of parts: a packet is scattered over them.
func (g *guest) readv(fd int, iovs, count, result uint32) uint32 {
	return g.input(iovs, count, result, func(b []byte) (int, errno.Errno) { return g.p.Read(fd, b) })
}

func fdPread(g *guest, a args) uint32 {
	return g.input(a.u32(1), a.u32(2), a.u32(4), func(b []byte) (int, errno.Errno) { return g.p.ReadAt(a.fd(0), b, int64(a.u64(3))) })
}

// input fills the parts by read and tells how much there was.
func (g *guest) input(iovs, count, result uint32, read func([]byte) (int, errno.Errno)) uint32 {
	size, e := g.iovecs(iovs, count)
	if e != errno.OK {
		return toWASI(e)
	}
	if !g.writable(result, 4) {
		return wasiEFAULT
	}
	buf, inPlace := g.buffer(iovs, count, size)
	n, e := read(buf)
	if e != errno.OK {
		return toWASI(e)
	}
	g.chargeMove(n)
	if !inPlace && !g.scatter(iovs, count, buf[:n]) || !g.putU32(result, uint32(n)) {
		return wasiEFAULT
	}
	return 0
}

func fdWrite(g *guest, a args) uint32 { return g.writev(a.fd(0), a.u32(1), a.u32(2), a.u32(3)) }

// writev is one write(2): the parts become one packet.
func (g *guest) writev(fd int, iovs, count, result uint32) uint32 {
	return g.output(iovs, count, result, func(b []byte) (int, errno.Errno) { return g.p.Write(fd, b) })
}

func fdPwrite(g *guest, a args) uint32 {
	return g.output(a.u32(1), a.u32(2), a.u32(4), func(b []byte) (int, errno.Errno) { return g.p.WriteAt(a.fd(0), b, int64(a.u64(3))) })
}

// output gives the parts to write and tells how much it took.
func (g *guest) output(iovs, count, result uint32, write func([]byte) (int, errno.Errno)) uint32 {
	size, e := g.iovecs(iovs, count)
	if e != errno.OK {
		return toWASI(e)
	}
	if !g.writable(result, 4) {
		return wasiEFAULT
	}
	g.chargeMove(size)
	buf, inPlace := g.buffer(iovs, count, size)
	if !inPlace {
		g.gather(iovs, count, buf)
	}
	n, e := write(buf)
	if e != errno.OK {
		return toWASI(e)
	}
	if !g.putU32(result, uint32(n)) {
		return wasiEFAULT
	}
	return 0
}
