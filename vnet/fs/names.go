package fs

import "wireloom/vnet/errno"

// What makes, moves and removes names.

// Mkdir is mkdir(2).
func (v *View) Mkdir(from Base, name string) errno.Errno {
	at, e := v.vacant(from, name)
	if e == errno.OK {
		v.fs.mkdir(at.dir, at.name)
	}
	return e
}

// Mkfifo is mkfifo(2).
func (v *View) Mkfifo(from Base, name string) errno.Errno {
	at, e := v.vacant(from, name)
	switch {
	case e != errno.OK:
		return e
	case at.slash:
		return errno.ENOENT
	}
	v.fs.link(at.dir, at.name, v.fs.newInode(FIFO))
	return errno.OK
}

// Symlink is symlink(2): name leads to target, which need not be there.
func (v *View) Symlink(target string, from Base, name string) errno.Errno {
	switch {
	case target == "":
		return errno.ENOENT
	case len(target) >= MaxPath:
		return errno.ENAMETOOLONG
	}
	at, e := v.vacant(from, name)
	switch {
	case e != errno.OK:
		return e
	case at.slash:
		return errno.ENOENT
	}
	n := v.fs.newInode(Symlink)
	if e := v.resize(n, int64(len(target))); e != errno.OK {
		return e
	}
	copy(n.data, target)
	v.fs.link(at.dir, at.name, n)
	return errno.OK
}

// Readlink is readlink(2). EINVAL for what is no symbolic link.
func (v *View) Readlink(from Base, name string) (string, errno.Errno) {
	n, e := v.Find(from, name, false)
	switch {
	case e != errno.OK:
		return "", e
	case n.kind != Symlink:
		return "", errno.EINVAL
	}
	return string(n.data), errno.OK
}

// Link is linkat(2): a second name for a file that is no directory.
func (v *View) Link(from Base, old string, follow bool, to Base, name string) errno.Errno {
	n, e := v.Find(from, old, follow)
	switch {
	case e != errno.OK:
		return e
	case n.kind == Directory:
		return errno.EPERM
	}
	at, e := v.vacant(to, name)
	switch {
	case e != errno.OK:
		return e
	case !n.temp:
		return errno.EXDEV
	case at.slash:
		return errno.ENOENT
	}
	v.fs.link(at.dir, at.name, n)
	return errno.OK
}

// Unlink is unlink(2): it takes a name away that is no directory's. A file that is
// open lives on, and counts, until it is closed.
func (v *View) Unlink(from Base, name string) errno.Errno {
	at, e := v.taken(from, name)
	switch {
	case at.node != nil && at.node.kind == Directory:
		return errno.EISDIR // remove(3) of WASI's libc tells by it that rmdir is wanted
	case e != errno.OK:
		return e
	}
	v.fs.unlink(at.dir, at.dir.byName[at.name])
	return errno.OK
}

// Rmdir is rmdir(2).
func (v *View) Rmdir(from Base, name string) errno.Errno {
	at, e := v.taken(from, name)
	switch {
	case e != errno.OK:
		return e
	case at.node.kind != Directory:
		return errno.ENOTDIR
	case len(at.node.list) > 0:
		return errno.ENOTEMPTY
	}
	v.fs.rmdir(at.dir, at.dir.byName[at.name])
	return errno.OK
}

// Rename is rename(2): what has the name to is replaced, if it may be.
func (v *View) Rename(from Base, old string, to Base, name string) errno.Errno {
	was, e := v.taken(from, old)
	if e != errno.OK {
		return e
	}
	at, e := v.walk(to, name, false)
	switch {
	case e != errno.OK:
		return e
	case at.name == "":
		return errno.EINVAL
	case !at.dir.temp && at.node != v.fs.tmp:
		return errno.EROFS
	case at.node == was.node: // two names of one file: rename(2) does nothing
		return errno.OK
	case at.slash && was.node.kind != Directory:
		return errno.ENOTDIR
	case was.node.kind == Directory && below(at.dir, was.node):
		return errno.EINVAL
	}
	return v.fs.rename(was, at)
}

func (fs *FS) rename(old, at place) errno.Errno {
	if n := at.node; n != nil {
		switch {
		case n.kind != Directory && old.node.kind == Directory:
			return errno.ENOTDIR
		case n.kind == Directory && old.node.kind != Directory:
			return errno.EISDIR
		case n == fs.tmp:
			return errno.EBUSY
		case n.kind == Directory && len(n.list) > 0:
			return errno.ENOTEMPTY
		case n.kind == Directory:
			fs.rmdir(at.dir, at.dir.byName[at.name])
		default:
			fs.unlink(at.dir, at.dir.byName[at.name])
		}
	}
	n := old.node
	n.opens++ // it keeps what it has while it has no name
	fs.unlink(old.dir, old.dir.byName[old.name])
	n.opens--
	if n.links == 0 {
		fs.names-- // unlink has left it to the file that is open
	}
	fs.link(at.dir, at.name, n)
	if n.kind == Directory {
		n.parent = at.dir
	}
	return errno.OK
}

// below tells whether a directory is other, or below it.
func below(dir, other *Inode) bool {
	for {
		switch {
		case dir == other:
			return true
		case dir.parent == nil || dir.parent == dir:
			return false
		}
		dir = dir.parent
	}
}
