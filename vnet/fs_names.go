package vnet

import "wireloom/vnet/errno"

// The system calls on names: what makes, moves and removes them.

// Mkdir is mkdir(2).
func (p *Proc) Mkdir(dir int, name string) errno.Errno {
	return p.onPath("mkdir", dir, name, "", func() errno.Errno {
		at, e := p.vacant(dir, name)
		if e == errno.OK {
			p.node.fs.mkdir(at.dir, at.name)
		}
		return e
	})
}

// Symlink is symlink(2): name leads to target, which need not be there.
func (p *Proc) Symlink(target string, dir int, name string) errno.Errno {
	return p.onPath("symlink", dir, name, "to "+target[:min(len(target), MaxPath)], func() errno.Errno {
		switch {
		case target == "":
			return errno.ENOENT
		case len(target) >= MaxPath:
			return errno.ENAMETOOLONG
		}
		fs := p.node.fs
		at, e := p.vacant(dir, name)
		switch {
		case e != errno.OK:
			return e
		case at.slash:
			return errno.ENOENT
		}
		n := fs.newInode(symlink)
		if e := fs.resize(p, n, int64(len(target))); e != errno.OK {
			return e
		}
		copy(n.data, target)
		fs.link(at.dir, at.name, n)
		return errno.OK
	})
}

// Readlink is readlink(2). EINVAL for what is no symbolic link.
func (p *Proc) Readlink(dir int, name string) (string, errno.Errno) {
	target := ""
	e := p.onPath("readlink", dir, name, "", func() errno.Errno {
		at, e := p.walkAt(dir, name, false)
		switch {
		case e != errno.OK:
			return e
		case at.node == nil:
			return errno.ENOENT
		case at.node.kind != symlink:
			return errno.EINVAL
		}
		target = string(at.node.data)
		return errno.OK
	})
	return target, e
}

// Link is linkat(2): a second name for a file that is no directory.
func (p *Proc) Link(fromDir int, from string, follow bool, toDir int, to string) errno.Errno {
	return p.onPath("link", fromDir, from, "to "+p.shown(toDir, to), func() errno.Errno {
		old, e := p.walkAt(fromDir, from, follow)
		switch {
		case e != errno.OK:
			return e
		case old.node == nil:
			return errno.ENOENT
		case old.node.kind == directory:
			return errno.EPERM
		}
		at, e := p.vacant(toDir, to)
		switch {
		case e != errno.OK:
			return e
		case !old.node.temp:
			return errno.EXDEV
		case at.slash:
			return errno.ENOENT
		}
		p.node.fs.link(at.dir, at.name, old.node)
		return errno.OK
	})
}

// Unlink is unlink(2): it takes a name away that is no directory's. A file that is
// open lives on, and counts, until it is closed.
func (p *Proc) Unlink(dir int, name string) errno.Errno {
	return p.onPath("unlink", dir, name, "", func() errno.Errno {
		at, e := p.taken(dir, name)
		switch {
		case at.node != nil && at.node.kind == directory:
			return errno.EISDIR // remove(3) of WASI's libc tells by it that rmdir is wanted
		case e != errno.OK:
			return e
		}
		p.node.fs.unlink(at.dir, at.dir.byName[at.name])
		return errno.OK
	})
}

// Rmdir is rmdir(2).
func (p *Proc) Rmdir(dir int, name string) errno.Errno {
	return p.onPath("rmdir", dir, name, "", func() errno.Errno {
		at, e := p.taken(dir, name)
		switch {
		case e != errno.OK:
			return e
		case at.node.kind != directory:
			return errno.ENOTDIR
		case len(at.node.list) > 0:
			return errno.ENOTEMPTY
		}
		p.node.fs.rmdir(at.dir, at.dir.byName[at.name])
		return errno.OK
	})
}

func (fs *filesystem) rmdir(dir *inode, d *dirent) {
	fs.unlink(dir, d)
	d.node.parent = nil
}

// Rename is rename(2): what has the name to is replaced, if it may be.
func (p *Proc) Rename(fromDir int, from string, toDir int, to string) errno.Errno {
	return p.onPath("rename", fromDir, from, "to "+p.shown(toDir, to), func() errno.Errno {
		old, e := p.taken(fromDir, from)
		if e != errno.OK {
			return e
		}
		at, e := p.walkAt(toDir, to, false)
		switch {
		case e != errno.OK:
			return e
		case at.name == "":
			return errno.EINVAL
		case !at.dir.temp && at.node != p.node.fs.tmp:
			return errno.EROFS
		case at.node == old.node: // two names of one file: rename(2) does nothing
			return errno.OK
		case at.slash && old.node.kind != directory:
			return errno.ENOTDIR
		case old.node.kind == directory && below(at.dir, old.node):
			return errno.EINVAL
		}
		return p.rename(old, at)
	})
}

func (p *Proc) rename(old, at place) errno.Errno {
	fs := p.node.fs
	if n := at.node; n != nil {
		switch {
		case n.kind != directory && old.node.kind == directory:
			return errno.ENOTDIR
		case n.kind == directory && old.node.kind != directory:
			return errno.EISDIR
		case n == fs.tmp:
			return errno.EBUSY
		case n.kind == directory && len(n.list) > 0:
			return errno.ENOTEMPTY
		case n.kind == directory:
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
	if n.kind == directory {
		n.parent = at.dir
	}
	return errno.OK
}

// below tells whether a directory is other, or below it.
func below(dir, other *inode) bool {
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

// Chroot makes a directory the root of the process: chroot(2). Like FreeBSD's, it
// fails with EPERM while a directory is open, by which the process could leave.
func (p *Proc) Chroot(name string) errno.Errno {
	return p.onPath("chroot", AtRoot, name, "", func() errno.Errno {
		for _, of := range p.files {
			if of == nil {
				continue
			}
			if _, open := of.file.(*dirFile); open {
				return errno.EPERM
			}
		}
		at, e := p.walk(p.root, name, true)
		switch {
		case e != errno.OK:
			return e
		case at.node == nil:
			return errno.ENOENT
		case at.node.kind != directory:
			return errno.ENOTDIR
		}
		p.root = at.node
		return errno.OK
	})
}

// inheritRoot gives a process that has not run yet the root of its parent, and the
// directory that it finds open.
func (p *Proc) inheritRoot(parent *Proc) {
	if p.root == parent.root {
		return
	}
	for _, of := range p.files {
		if d, ok := of.file.(*dirFile); ok && d.node == p.root {
			d.close(p)
			of.file = p.node.fs.openDir(parent.root)
		}
	}
	p.root = parent.root
}
