package wasm

import (
	"hash/fnv"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// File types of WASI; zero is unknown.
const (
	typeCharacter = 2
	typeDirectory = 3
	typeStream    = 6
)

// fileTypes are WASI's numbers of the types of vnet.
var fileTypes = map[string]byte{"tty": typeCharacter, "chr": typeCharacter, "dir": typeDirectory, "sock": typeStream}

// Rights of WASI that files have here, and what they are for.
const (
	rightRead        = 1 << 1
	rightSeek        = 1 << 2
	rightSetFlags    = 1 << 3
	rightSync        = 1 << 4
	rightTell        = 1 << 5
	rightWrite       = 1 << 6
	rightPathOpen    = 1 << 13
	rightReaddir     = 1 << 14
	rightPathStat    = 1 << 18
	rightFileStat    = 1 << 21
	rightPoll        = 1 << 27
	rightShutdown    = 1 << 28
	rightsAny        = rightSetFlags | rightSync | rightFileStat | rightPoll
	rightsDirectory  = rightsAny | rightPathOpen | rightReaddir | rightPathStat
	rightsInheriting = rightsDirectory | rightRead | rightWrite | rightSeek | rightTell
)

const (
	fdflagNonblock = 4
	fdflagsAll     = 0x1f // append, dsync, nonblock, rsync, sync
)

// Sizes of WASI's structures.
const (
	fdstatSize   = 24
	filestatSize = 64
	direntSize   = 24
)

// onOpen returns a function that fails with e on an open descriptor, its first
// argument, as that call does on everything that isn't a file on a disk.
func onOpen(e errno.Errno) func(*guest, args) uint32 {
	return func(g *guest, a args) uint32 {
		if g.p.FileType(a.fd(0)) == "" {
			return toWASI(errno.EBADF)
		}
		return toWASI(e)
	}
}

func fdAdvise(g *guest, a args) uint32 {
	if a.u32(3) > 5 {
		return wasiEINVAL
	}
	return onOpen(errno.OK)(g, a)
}

func fdClose(g *guest, a args) uint32 { return toWASI(g.p.Close(a.fd(0))) }

// fdRenumber moves a file to another descriptor, which is closed first: dup2(2)
// followed by close(2).
func fdRenumber(g *guest, a args) uint32 { return toWASI(g.p.Dup2(a.fd(0), a.fd(1))) }

// fdFdstatGet is fcntl(2) with F_GETFL, and more. That a terminal can't seek and
// a device can is how wasi-libc's isatty tells them apart.
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
	kind := g.p.FileType(fd)
	b[0] = fileTypes[kind]
	if flags&kern.O_NONBLOCK != 0 {
		le.PutUint16(b[2:], fdflagNonblock)
	}
	var base, inheriting uint64
	switch kind {
	case "dir":
		base, inheriting = rightsDirectory, rightsInheriting
	case "tty":
		base = rightsAny | rightRead
		if fd != 0 {
			base = rightsAny | rightWrite
		}
	default:
		base = rightsAny
		if flags&3 != kern.O_WRONLY {
			base |= rightRead
		}
		if flags&3 != kern.O_RDONLY {
			base |= rightWrite
		}
		if kind == "sock" {
			base |= rightShutdown
		} else {
			base |= rightSeek | rightTell
		}
	}
	le.PutUint64(b[8:], base)
	le.PutUint64(b[16:], inheriting)
	return 0
}

// fdFdstatSetFlags is fcntl(2) with F_SETFL. Of WASI's flags a device has only
// O_NONBLOCK; O_ASYNC, which WASI has not, stays as it is.
func fdFdstatSetFlags(g *guest, a args) uint32 {
	fd, fdflags := a.fd(0), a.u32(1)
	if fdflags&^fdflagsAll != 0 {
		return wasiEINVAL
	}
	now, e := g.p.Flags(fd)
	if e != errno.OK {
		return toWASI(e)
	}
	flags := now & kern.O_ASYNC
	if fdflags&fdflagNonblock != 0 {
		flags |= kern.O_NONBLOCK
	}
	return toWASI(g.p.SetFlags(fd, flags))
}

func fdFilestatGet(g *guest, a args) uint32 {
	fd := a.fd(0)
	st, e := g.p.Stat(fd)
	if e != errno.OK {
		return toWASI(e)
	}
	return g.putFilestat(a.u32(1), g.p.PathOf(fd), g.p.FileType(fd), st)
}

// putFilestat writes a struct filestat. WASI has no mode and no device numbers.
func (g *guest) putFilestat(ptr uint32, path, kind string, st kern.Stat) uint32 {
	b, ok := g.at(ptr, filestatSize)
	if !ok {
		return wasiEFAULT
	}
	clear(b)
	le.PutUint64(b[0:], 1)
	le.PutUint64(b[8:], inode(path))
	b[16] = fileTypes[kind]
	le.PutUint64(b[24:], 1)
	le.PutUint64(b[40:], uint64(Epoch+st.Accessed))
	le.PutUint64(b[48:], uint64(Epoch+st.Modified))
	le.PutUint64(b[56:], uint64(Epoch+st.Changed))
	return 0
}

// inode is the number of a file: the same for the same path, and never zero.
func inode(path string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(path))
	return h.Sum64() | 1
}

// preopen is the descriptor that stands for "/" when a program begins.
const preopen = 3

func (g *guest) preopened(fd int) bool {
	return fd == preopen && g.p.PathOf(fd) == "/" && g.p.FileType(fd) == "dir"
}

func fdPrestatGet(g *guest, a args) uint32 {
	if !g.preopened(a.fd(0)) {
		return toWASI(errno.EBADF) // ends the search of libc and Go
	}
	if !g.putU64(a.u32(1), uint64(len("/"))<<32) { // a directory, and how long its name is
		return wasiEFAULT
	}
	return 0
}

func fdPrestatDirName(g *guest, a args) uint32 {
	if !g.preopened(a.fd(0)) {
		return toWASI(errno.EBADF)
	}
	if a.u32(2) < uint32(len("/")) {
		return toWASI(errno.ENAMETOOLONG)
	}
	b, ok := g.at(a.u32(1), 1)
	if !ok {
		return wasiEFAULT
	}
	b[0] = '/'
	return 0
}

// fdReaddir fills a buffer with directory entries, the last cut off where it ends.
// The cookie is the number of the entry to begin with.
func fdReaddir(g *guest, a args) uint32 {
	fd, cookie := a.fd(0), a.u64(3)
	names, e := g.p.ReadDir(fd)
	if e != errno.OK {
		return toWASI(e)
	}
	buf, ok := g.at(a.u32(1), a.u32(2))
	if !ok {
		return wasiEFAULT
	}
	dir := strings.TrimSuffix(g.p.PathOf(fd), "/")
	names = append([]string{".", ".."}, names...)
	used := 0
	for i := cookie; i < uint64(len(names)) && used < len(buf); i++ {
		path := dir + "/" + names[i]
		var head [direntSize]byte
		le.PutUint64(head[0:], i+1)
		le.PutUint64(head[8:], inode(path))
		le.PutUint32(head[16:], uint32(len(names[i])))
		head[20] = fileTypes[g.p.PathType(path)]
		used += copy(buf[used:], head[:])
		used += copy(buf[used:], names[i])
	}
	if !g.putU32(a.u32(4), uint32(used)) {
		return wasiEFAULT
	}
	return 0
}
