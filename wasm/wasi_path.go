package wasm

import (
	"bytes"

	"wireloom/vnet/errno"
	"wireloom/vnet/fs"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// The calls on paths. A path begins at a directory's descriptor; one that begins
// with a slash is taken as absolute. Neither leads out of the process' root.

// Flags of path_open.
const (
	oflagCreat     = 1
	oflagDirectory = 2
	oflagExcl      = 4
	oflagTrunc     = 8
	oflagsAll      = 0xf
)

// lookupFollow says that a symbolic link at a path's end is followed.
const lookupFollow = 1

// path reads a path, and checks that fd is a directory.
func (g *guest) path(fd int, ptr, n uint32) (string, errno.Errno) {
	switch g.p.FileType(fd) {
	case "dir":
	case "":
		return "", errno.EBADF
	default:
		return "", errno.ENOTDIR
	}
	return g.pathText(ptr, n)
}

// pathText reads a path, or where a symbolic link is to lead.
func (g *guest) pathText(ptr, n uint32) (string, errno.Errno) {
	b, ok := g.at(ptr, n)
	switch {
	case !ok:
		return "", errno.EFAULT
	case n == 0:
		return "", errno.ENOENT
	case n >= fs.MaxPath:
		return "", errno.ENAMETOOLONG
	case bytes.IndexByte(b, 0) >= 0:
		return "", errno.EINVAL
	}
	return string(b), errno.OK
}

// pathOpen is open(2). What may be done with the descriptor is told by the rights
// that are asked for.
func pathOpen(g *guest, a args) uint32 {
	dir := a.fd(0)
	name, e := g.path(dir, a.u32(2), a.u32(3))
	if e != errno.OK {
		return toWASI(e)
	}
	lookup, oflags, base, inheriting, fdflags, result := a.u32(1), a.u32(4), a.u64(5), a.u64(6), a.u32(7), a.u32(8)
	if lookup&^lookupFollow != 0 || oflags&^oflagsAll != 0 || fdflags&^fdflagsAll != 0 {
		return wasiEINVAL
	}
	if !g.writable(result, 4) {
		return wasiEFAULT
	}
	if e := g.mayMake(dir, oflags); e != errno.OK {
		return toWASI(e)
	}
	fd, e := g.p.OpenAt(dir, name, openFlags(lookup, oflags, base, fdflags))
	if e != errno.OK {
		return toWASI(e)
	}
	g.inherit(dir, fd, base, inheriting)
	if !g.putU32(result, uint32(fd)) {
		return wasiEFAULT
	}
	return 0
}

// openFlags are the flags of open(2) for those of path_open.
func openFlags(lookup, oflags uint32, rights uint64, fdflags uint32) int {
	flags := kern.O_RDONLY
	switch rights & (rightRead | rightWrite) {
	case rightWrite:
		flags = kern.O_WRONLY
	case rightRead | rightWrite:
		flags = kern.O_RDWR
	}
	for _, f := range [...]struct {
		set bool
		bit int
	}{
		{lookup&lookupFollow == 0, kern.O_NOFOLLOW},
		{oflags&oflagCreat != 0, kern.O_CREAT},
		{oflags&oflagDirectory != 0, kern.O_DIRECTORY},
		{oflags&oflagExcl != 0, kern.O_EXCL},
		{oflags&oflagTrunc != 0, kern.O_TRUNC},
	} {
		if f.set {
			flags |= f.bit
		}
	}
	return flags | fileFlags(fdflags)
}

// fileFlags are the flags of a file for WASI's. Writes are in sync always.
func fileFlags(fdflags uint32) (flags int) {
	if fdflags&fdflagNonblock != 0 {
		flags |= kern.O_NONBLOCK
	}
	if fdflags&fdflagAppend != 0 {
		flags |= kern.O_APPEND
	}
	return flags
}

// pathFilestatGet is stat(2) or lstat(2). It does not open what it looks at.
func pathFilestatGet(g *guest, a args) uint32 {
	name, e := g.path(a.fd(0), a.u32(2), a.u32(3))
	if e != errno.OK {
		return toWASI(e)
	}
	if !g.writable(a.u32(4), filestatSize) {
		return wasiEFAULT
	}
	fi, e := g.p.Stat(a.fd(0), name, a.u32(1)&lookupFollow != 0)
	if e != errno.OK {
		return toWASI(e)
	}
	return g.putFilestat(a.u32(4), fi)
}

func pathFilestatSetTimes(g *guest, a args) uint32 {
	name, e := g.path(a.fd(0), a.u32(2), a.u32(3))
	if e != errno.OK {
		return toWASI(e)
	}
	change, e := g.times(a.u64(4), a.u64(5), a.u32(6))
	if e != errno.OK {
		return toWASI(e)
	}
	return toWASI(g.p.SetTimes(a.fd(0), name, a.u32(1)&lookupFollow != 0, change))
}

// pathReadlink is readlink(2): what does not fit into the buffer is cut off.
func pathReadlink(g *guest, a args) uint32 {
	name, e := g.path(a.fd(0), a.u32(1), a.u32(2))
	if e != errno.OK {
		return toWASI(e)
	}
	target, e := g.p.Readlink(a.fd(0), name)
	if e != errno.OK {
		return toWASI(e)
	}
	b, ok := g.at(a.u32(3), a.u32(4))
	if !ok || !g.putU32(a.u32(5), uint32(min(len(target), len(b)))) {
		return wasiEFAULT
	}
	copy(b, target)
	return 0
}

// onName returns a function that does f with a directory, its first argument, and a
// path, its second and third.
func onName(f func(p *sys.Proc, dir int, name string) errno.Errno) func(*guest, args) uint32 {
	return func(g *guest, a args) uint32 {
		name, e := g.path(a.fd(0), a.u32(1), a.u32(2))
		if e != errno.OK {
			return toWASI(e)
		}
		return toWASI(f(g.p, a.fd(0), name))
	}
}

func pathSymlink(g *guest, a args) uint32 {
	target, e := g.pathText(a.u32(0), a.u32(1))
	if e != errno.OK {
		return toWASI(e)
	}
	name, e := g.path(a.fd(2), a.u32(3), a.u32(4))
	if e != errno.OK {
		return toWASI(e)
	}
	return toWASI(g.needs(a.fd(2), rightSymlink, func() errno.Errno { return g.p.Symlink(target, a.fd(2), name) }))
}

func pathLink(g *guest, a args) uint32 {
	from, e := g.path(a.fd(0), a.u32(2), a.u32(3))
	if e != errno.OK {
		return toWASI(e)
	}
	to, e := g.path(a.fd(4), a.u32(5), a.u32(6))
	if e != errno.OK {
		return toWASI(e)
	}
	return toWASI(g.needs(a.fd(4), rightLinkTarget, func() errno.Errno {
		return g.p.Link(a.fd(0), from, a.u32(1)&lookupFollow != 0, a.fd(4), to)
	}))
}

func pathRename(g *guest, a args) uint32 {
	from, e := g.path(a.fd(0), a.u32(1), a.u32(2))
	if e != errno.OK {
		return toWASI(e)
	}
	to, e := g.path(a.fd(3), a.u32(4), a.u32(5))
	if e != errno.OK {
		return toWASI(e)
	}
	return toWASI(g.needs(a.fd(3), rightRenameTarget, func() errno.Errno {
		return g.p.Rename(a.fd(0), from, a.fd(3), to)
	}))
}
