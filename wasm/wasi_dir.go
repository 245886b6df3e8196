package wasm

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/sys"
)

// firstPreopen is the first descriptor that can stand for a directory which is open
// when a program begins. libc and Go look from there on, until one is none.
const firstPreopen = 3

// findPreopens returns the names of the directories that the program finds open.
func findPreopens(p *sys.Proc) (names []string) {
	for fd := firstPreopen; p.FileType(fd) == "dir"; fd++ {
		names = append(names, p.PathOf(fd))
	}
	return names
}

// preopened returns the name of the directory that has been open as fd from the
// beginning.
func (g *guest) preopened(fd int) (string, bool) {
	i := fd - firstPreopen
	if i < 0 || i >= len(g.preopens) || g.p.FileType(fd) != "dir" || g.p.PathOf(fd) != g.preopens[i] {
		return "", false
	}
	return g.preopens[i], true
}

func fdPrestatGet(g *guest, a args) uint32 {
	name, ok := g.preopened(a.fd(0))
	if !ok {
		return toWASI(errno.EBADF) // ends the search of libc and Go
	}
	if !g.putU64(a.u32(1), uint64(len(name))<<32) { // a directory, and how long its name is
		return wasiEFAULT
	}
	return 0
}

func fdPrestatDirName(g *guest, a args) uint32 {
	name, ok := g.preopened(a.fd(0))
	if !ok {
		return toWASI(errno.EBADF)
	}
	if a.u32(2) < uint32(len(name)) {
		return toWASI(errno.ENAMETOOLONG)
	}
	b, ok := g.at(a.u32(1), uint32(len(name)))
	if !ok {
		return wasiEFAULT
	}
	copy(b, name)
	return 0
}

// fdReaddir fills a buffer with directory entries, the last cut off where it ends.
// What is no directory is EBADF, as with other hosts of WASI: Go and TinyGo open
// without saying what they expect, and programs tell by this number.
func fdReaddir(g *guest, a args) uint32 {
	fd, cookie := a.fd(0), a.u64(3)
	if g.p.FileType(fd) != "dir" {
		return toWASI(errno.EBADF)
	}
	size := a.u32(2)
	if !g.writable(a.u32(1), size) || !g.writable(a.u32(4), 4) {
		return wasiEFAULT
	}
	list, e := g.p.ReadDir(fd, cookie, int(size/direntSize)+1)
	if e != errno.OK {
		return toWASI(e)
	}
	buf, ok := g.at(a.u32(1), size)
	if !ok {
		return wasiEFAULT
	}
	used := 0
	for _, d := range list {
		if used == len(buf) {
			break
		}
		var head [direntSize]byte
		le.PutUint64(head[0:], d.Next)
		le.PutUint64(head[8:], d.Inode)
		le.PutUint32(head[16:], uint32(len(d.Name)))
		head[20] = fileTypes[d.Type]
		used += copy(buf[used:], head[:])
		used += copy(buf[used:], d.Name)
	}
	if !g.putU32(a.u32(4), uint32(used)) {
		return wasiEFAULT
	}
	return 0
}
