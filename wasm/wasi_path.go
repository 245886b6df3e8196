package wasm

import (
	"bytes"
	"path"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// maxPath is how many bytes a path may have: PATH_MAX.
const maxPath = 1024

// Flags of path_open.
const (
	oflagCreat     = 1
	oflagDirectory = 2
	oflagExcl      = 4
	oflagTrunc     = 8
	oflagsAll      = 0xf
)

// path returns the absolute path that a directory's descriptor and a path name.
func (g *guest) path(fd int, ptr, n uint32) (string, errno.Errno) {
	switch g.p.FileType(fd) {
	case "dir":
	case "":
		return "", errno.EBADF
	default:
		return "", errno.ENOTDIR
	}
	b, ok := g.at(ptr, n)
	switch {
	case !ok:
		return "", errno.EFAULT
	case n == 0:
		return "", errno.ENOENT
	case n >= maxPath:
		return "", errno.ENAMETOOLONG
	case bytes.IndexByte(b, 0) >= 0:
		return "", errno.EINVAL
	}
	name := string(b)
	if name[0] != '/' {
		name = g.p.PathOf(fd) + "/" + name
	}
	return path.Clean(name), errno.OK
}

// pathOpen is open(2). What may be done with the descriptor is told by the rights
// that are asked for.
func pathOpen(g *guest, a args) uint32 {
	name, e := g.path(a.fd(0), a.u32(2), a.u32(3))
	if e != errno.OK {
		return toWASI(e)
	}
	oflags, rights, fdflags, result := a.u32(4), a.u64(5), a.u32(7), a.u32(8)
	if oflags&^oflagsAll != 0 || fdflags&^fdflagsAll != 0 {
		return wasiEINVAL
	}
	if !g.writable(result, 4) {
		return wasiEFAULT
	}
	if e := g.mayOpen(name, oflags, rights); e != errno.OK {
		return toWASI(e)
	}
	fd, e := g.p.Open(name, openFlags(rights, fdflags))
	if e != errno.OK {
		return toWASI(e)
	}
	if !g.putU32(result, uint32(fd)) {
		return wasiEFAULT
	}
	return 0
}

// mayOpen says what is wrong with opening name so, before the system is asked.
func (g *guest) mayOpen(name string, oflags uint32, rights uint64) errno.Errno {
	kind := g.p.PathType(name)
	switch {
	case kind == "" && oflags&oflagDirectory != 0:
		return errno.ENOENT
	case kind != "" && oflags&(oflagCreat|oflagExcl) == oflagCreat|oflagExcl:
		return errno.EEXIST
	case kind != "" && kind != "dir" && oflags&oflagDirectory != 0:
		return errno.ENOTDIR
	case kind == "dir" && (rights&rightWrite != 0 || oflags&(oflagCreat|oflagTrunc) != 0):
		return errno.EISDIR
	}
	return errno.OK // a path that isn't there yet may be a device that open makes
}

// openFlags are the flags of open(2) for rights and flags of WASI.
func openFlags(rights uint64, fdflags uint32) int {
	flags := kern.O_RDONLY
	switch rights & (rightRead | rightWrite) {
	case rightWrite:
		flags = kern.O_WRONLY
	case rightRead | rightWrite:
		flags = kern.O_RDWR
	}
	if fdflags&fdflagNonblock != 0 {
		flags |= kern.O_NONBLOCK
	}
	return flags
}

// pathFilestatGet is stat(2). It does not open what it looks at.
func pathFilestatGet(g *guest, a args) uint32 {
	name, e := g.path(a.fd(0), a.u32(2), a.u32(3))
	if e != errno.OK {
		return toWASI(e)
	}
	kind := g.p.PathType(name)
	if kind == "" {
		return toWASI(errno.ENOENT)
	}
	return g.putFilestat(a.u32(4), name, kind, kern.Stat{})
}

func pathReadlink(g *guest, a args) uint32 {
	name, e := g.path(a.fd(0), a.u32(1), a.u32(2))
	switch {
	case e != errno.OK:
		return toWASI(e)
	case g.p.PathType(name) == "":
		return toWASI(errno.ENOENT)
	}
	return wasiEINVAL // there are no links
}

// pathChange returns a function that would change what a path names, and can't:
// the tree is read-only. fd and ptr say which arguments the path is.
func pathChange(fd, ptr int) func(*guest, args) uint32 {
	return func(g *guest, a args) uint32 {
		name, e := g.path(a.fd(fd), a.u32(ptr), a.u32(ptr+1))
		switch {
		case e != errno.OK:
			return toWASI(e)
		case g.p.PathType(name) == "":
			return toWASI(errno.ENOENT)
		}
		return toWASI(errno.EROFS)
	}
}

func pathCreateDirectory(g *guest, a args) uint32 { return g.create(a.fd(0), a.u32(1), a.u32(2)) }
func pathSymlink(g *guest, a args) uint32         { return g.create(a.fd(2), a.u32(3), a.u32(4)) }

// create is what making a file of a path comes to.
func (g *guest) create(fd int, ptr, n uint32) uint32 {
	name, e := g.path(fd, ptr, n)
	switch {
	case e != errno.OK:
		return toWASI(e)
	case g.p.PathType(name) != "":
		return toWASI(errno.EEXIST)
	}
	return toWASI(errno.EROFS)
}
