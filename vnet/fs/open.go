package fs

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// Open returns the file that open(2) opens, which it makes where O_CREAT says so and
// makes empty for O_TRUNC. A name in /dev that is not there is returned as device, and no
// file: to open it may make a device.
func (v *View) Open(from Base, name string, flags int) (n *Inode, device string, e errno.Errno) {
	never := flags&(kern.O_CREAT|kern.O_EXCL) == kern.O_CREAT|kern.O_EXCL || flags&kern.O_NOFOLLOW != 0
	at, e := v.walk(from, name, !never)
	if e != errno.OK {
		return nil, "", e
	}
	n = at.node
	switch {
	case n == nil && at.dir == v.fs.dev && !at.slash && flags&kern.O_DIRECTORY == 0:
		return nil, at.name, errno.OK
	case n == nil:
		n, e = v.create(at, flags)
		return n, "", e
	}
	if e = mayOpen(n, flags); e == errno.OK && n.kind == Regular && flags&kern.O_TRUNC != 0 {
		e = v.Truncate(n, 0)
	}
	return n, "", e
}

// mayOpen says what is wrong with opening what is there in this way.
func mayOpen(n *Inode, flags int) errno.Errno {
	writes := flags&3 != kern.O_RDONLY
	switch {
	case flags&(kern.O_CREAT|kern.O_EXCL) == kern.O_CREAT|kern.O_EXCL:
		return errno.EEXIST
	case n.kind == Symlink:
		return errno.ELOOP // O_NOFOLLOW
	case n.kind != Directory && flags&kern.O_DIRECTORY != 0:
		return errno.ENOTDIR
	case n.kind == Directory && (writes || flags&(kern.O_CREAT|kern.O_TRUNC) != 0):
		return errno.EISDIR
	case n.kind == Regular && !n.temp && (writes || flags&kern.O_TRUNC != 0):
		return errno.EROFS
	}
	return errno.OK
}

// create makes the regular file that O_CREAT asks for.
func (v *View) create(at place, flags int) (*Inode, errno.Errno) {
	switch {
	case flags&kern.O_CREAT == 0:
		return nil, errno.ENOENT
	case flags&kern.O_DIRECTORY != 0:
		return nil, errno.EINVAL
	case at.slash:
		return nil, errno.EISDIR
	case !at.dir.temp:
		return nil, errno.EROFS
	}
	if e := v.room(1); e != errno.OK {
		return nil, e
	}
	n := v.fs.newInode(Regular)
	v.fs.link(at.dir, at.name, n)
	return n, errno.OK
}
