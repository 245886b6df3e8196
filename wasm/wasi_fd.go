package wasm

import (
	"math"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/fs"
	"wireloom/vnet/kern"
)

// File types of WASI; zero is unknown, and a FIFO is that.
const (
	typeCharacter = 2
	typeDirectory = 3
	typeRegular   = 4
	typeDgram     = 5
	typeStream    = 6
	typeSymlink   = 7
)

// fileTypes are WASI's numbers of the types of vnet.
var fileTypes = map[string]byte{
	"tty": typeCharacter, "chr": typeCharacter, "dir": typeDirectory, "reg": typeRegular, "link": typeSymlink, "sock": typeStream, "dgram": typeDgram,
}

// Flags of a file in WASI.
const (
	fdflagAppend   = 1
	fdflagNonblock = 4
	fdflagsAll     = 0x1f // append, dsync, nonblock, rsync, sync
)

// Sizes of WASI's structures.
const (
	fdstatSize   = 24
	filestatSize = 64
	direntSize   = 24
)

// onOpen is a call that does nothing to an open descriptor, its first argument.
func onOpen(g *guest, a args) uint32 {
	if g.p.FileType(a.fd(0)) == "" {
		return toWASI(errno.EBADF)
	}
	return 0
}

// fdAdvise is posix_fadvise(2), whose advice nothing here needs.
func fdAdvise(g *guest, a args) uint32 {
	switch {
	case g.p.FileType(a.fd(0)) == "fifo":
		return toWASI(errno.ESPIPE)
	case a.u32(3) > 5:
		return wasiEINVAL
	}
	return onOpen(g, a)
}

func fdClose(g *guest, a args) uint32 {
	delete(g.limited, a.fd(0))
	return toWASI(g.p.Close(a.fd(0)))
}

// fdRenumber moves a file to another descriptor, which is closed first: dup2(2)
// followed by close(2).
func fdRenumber(g *guest, a args) uint32 {
	from, to := a.fd(0), a.fd(1)
	e := g.p.Renumber(from, to)
	if g.share(from, to, e); e == errno.OK && from != to {
		delete(g.limited, from)
	}
	return toWASI(e)
}

// fdFdstatGet is fcntl(2) with F_GETFL, and more.
func fdFdstatGet(g *guest, a args) uint32 {
	fd := a.fd(0)
	flags, e := g.p.Flags(fd)
	if e != errno.OK {
		return toWASI(e)
	}
	b, ok := g.at(a.u32(1), fdstatSize)
	if !ok {
		return wasiEFAULT
	}
	clear(b)
	b[0] = fileTypes[g.p.FileType(fd)]
	fdflags := uint16(0)
	if flags&kern.O_NONBLOCK != 0 {
		fdflags |= fdflagNonblock
	}
	if flags&kern.O_APPEND != 0 {
		fdflags |= fdflagAppend
	}
	le.PutUint16(b[2:], fdflags)
	r := g.rightsOf(fd, flags)
	le.PutUint64(b[8:], r.base)
	le.PutUint64(b[16:], r.inheriting)
	return 0
}

// fdFdstatSetFlags is fcntl(2) with F_SETFL. O_ASYNC, which WASI has not, stays as
// it is.
func fdFdstatSetFlags(g *guest, a args) uint32 {
	fd, fdflags := a.fd(0), a.u32(1)
	if fdflags&^fdflagsAll != 0 {
		return wasiEINVAL
	}
	now, e := g.p.Flags(fd)
	if e != errno.OK {
		return toWASI(e)
	}
	return toWASI(g.p.SetFlags(fd, now&kern.O_ASYNC|fileFlags(fdflags)))
}

func fdFilestatGet(g *guest, a args) uint32 {
	fi, e := g.p.Fstat(a.fd(0))
	if e != errno.OK {
		return toWASI(e)
	}
	return g.putFilestat(a.u32(1), fi)
}

// putFilestat writes a struct filestat. WASI has no mode and no device numbers.
func (g *guest) putFilestat(ptr uint32, fi fs.Info) uint32 {
	b, ok := g.at(ptr, filestatSize)
	if !ok {
		return wasiEFAULT
	}
	clear(b)
	le.PutUint64(b[0:], 1)
	le.PutUint64(b[8:], fi.Inode)
	b[16] = fileTypes[fi.Type]
	le.PutUint64(b[24:], uint64(fi.Links))
	le.PutUint64(b[32:], uint64(fi.Size))
	le.PutUint64(b[40:], uint64(Epoch+fi.Accessed))
	le.PutUint64(b[48:], uint64(Epoch+fi.Modified))
	le.PutUint64(b[56:], uint64(Epoch+fi.Changed))
	return 0
}

// Flags of the calls that set a file's times.
const (
	timeAccessed    = 1
	timeAccessedNow = 2
	timeModified    = 4
	timeModifiedNow = 8
	timesAll        = 0xf
)

// times reads what is to become of a file's times.
func (g *guest) times(accessed, modified uint64, flags uint32) (c fs.TimeChange, e errno.Errno) {
	const both, bothModified = timeAccessed | timeAccessedNow, timeModified | timeModifiedNow
	if flags&^timesAll != 0 || flags&both == both || flags&bothModified == bothModified {
		return c, errno.EINVAL
	}
	at := func(t uint64, set, now uint32) *time.Duration {
		d := g.p.Now()
		switch {
		case flags&set != 0:
			d = time.Duration(min(t, math.MaxInt64)) - Epoch
		case flags&now == 0:
			return nil
		}
		return &d
	}
	return fs.TimeChange{
		Accessed: at(accessed, timeAccessed, timeAccessedNow), Modified: at(modified, timeModified, timeModifiedNow),
	}, errno.OK
}

func fdFilestatSetTimes(g *guest, a args) uint32 {
	change, e := g.times(a.u64(1), a.u64(2), a.u32(3))
	if e != errno.OK {
		return toWASI(e)
	}
	return toWASI(g.p.SetFileTimes(a.fd(0), change))
}

// fdFilestatSetSize is ftruncate(2). What a file grows costs what filling memory
// with as much costs.
func fdFilestatSetSize(g *guest, a args) uint32 {
	if a.u64(1) > math.MaxInt64 {
		return wasiEINVAL
	}
	g.charge(int64(min(a.u64(1), fs.MaxTmpBytes)) / 8)
	return toWASI(g.p.Truncate(a.fd(0), int64(a.u64(1))))
}

// fdAllocate is posix_fallocate(2).
func fdAllocate(g *guest, a args) uint32 {
	if a.u64(1) > math.MaxInt64 || a.u64(2) > math.MaxInt64 {
		return toWASI(errno.EFBIG)
	}
	g.charge(int64(min(a.u64(2), fs.MaxTmpBytes)) / 8)
	return toWASI(g.p.Allocate(a.fd(0), int64(a.u64(1)), int64(a.u64(2))))
}

func fdSeek(g *guest, a args) uint32 {
	return g.seek(a.fd(0), int64(a.u64(1)), a.u32(2), a.u32(3))
}

func fdTell(g *guest, a args) uint32 { return g.seek(a.fd(0), 0, file.SEEK_CUR, a.u32(1)) }

func (g *guest) seek(fd int, off int64, whence, result uint32) uint32 {
	if whence > file.SEEK_END {
		return wasiEINVAL
	}
	if !g.writable(result, 8) {
		return wasiEFAULT
	}
	n, e := g.p.Seek(fd, off, int(whence))
	if e != errno.OK {
		return toWASI(e)
	}
	g.putU64(result, uint64(n))
	return 0
}
