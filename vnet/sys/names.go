package sys

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/fs"
)

// The system calls on names: what makes, moves and removes them. A path is absolute, or
// begins at the directory that is open as dir; see [AtRoot].

// Mkdir is mkdir(2).
func (p *Proc) Mkdir(dir int, name string) errno.Errno {
	return p.onPath("mkdir", dir, name, "", func() errno.Errno { return p.caller.View.Mkdir(p.base(dir), name) })
}

// Mkfifo is mkfifo(2).
func (p *Proc) Mkfifo(dir int, name string) errno.Errno {
	return p.onPath("mkfifo", dir, name, "", func() errno.Errno { return p.caller.View.Mkfifo(p.base(dir), name) })
}

// Symlink is symlink(2): name leads to target, which need not be there.
func (p *Proc) Symlink(target string, dir int, name string) errno.Errno {
	return p.onPath("symlink", dir, name, "to "+target[:min(len(target), fs.MaxPath)], func() errno.Errno {
		return p.caller.View.Symlink(target, p.base(dir), name)
	})
}

// Readlink is readlink(2). EINVAL for what is no symbolic link.
func (p *Proc) Readlink(dir int, name string) (target string, e errno.Errno) {
	e = p.onPath("readlink", dir, name, "", func() (e errno.Errno) {
		target, e = p.caller.View.Readlink(p.base(dir), name)
		return e
	})
	return target, e
}

// Link is linkat(2): a second name for a file that is no directory.
func (p *Proc) Link(fromDir int, from string, follow bool, toDir int, to string) errno.Errno {
	return p.onPath("link", fromDir, from, "to "+p.shown(toDir, to), func() errno.Errno {
		return p.caller.View.Link(p.base(fromDir), from, follow, p.base(toDir), to)
	})
}

// Unlink is unlink(2): it takes a name away that is no directory's. A file that is
// open lives on, and counts, until it is closed.
func (p *Proc) Unlink(dir int, name string) errno.Errno {
	return p.onPath("unlink", dir, name, "", func() errno.Errno { return p.caller.View.Unlink(p.base(dir), name) })
}

// Rmdir is rmdir(2).
func (p *Proc) Rmdir(dir int, name string) errno.Errno {
	return p.onPath("rmdir", dir, name, "", func() errno.Errno { return p.caller.View.Rmdir(p.base(dir), name) })
}

// Rename is rename(2): what has the name to is replaced, if it may be.
func (p *Proc) Rename(fromDir int, from string, toDir int, to string) errno.Errno {
	return p.onPath("rename", fromDir, from, "to "+p.shown(toDir, to), func() errno.Errno {
		return p.caller.View.Rename(p.base(fromDir), from, p.base(toDir), to)
	})
}

// Chroot makes a directory the root of the process: chroot(2). Like FreeBSD's, it
// fails with EPERM while a directory is open, by which the process could leave.
func (p *Proc) Chroot(name string) errno.Errno {
	return p.onPath("chroot", AtRoot, name, "", func() errno.Errno {
		for _, of := range p.files {
			if of == nil {
				continue
			}
			if _, open := of.file.(*file.Dir); open {
				return errno.EPERM
			}
		}
		n, e := p.caller.View.Find(p.base(AtRoot), name, true)
		switch {
		case e != errno.OK:
			return e
		case n.Kind() != fs.Directory:
			return errno.ENOTDIR
		}
		p.caller.View.SetRoot(n)
		return errno.OK
	})
}

// inheritRoot gives a process that has not run yet the root of its parent, and the
// directory that it finds open.
func (p *Proc) inheritRoot(parent *Proc) {
	root := parent.caller.View.Root()
	if p.caller.View.Root() == root {
		return
	}
	for _, of := range p.files {
		if d, ok := of.file.(*file.Dir); ok && d.Inode() == p.caller.View.Root() {
			_ = d.Close(&p.caller) // it never fails
			of.file = file.OpenDir(p.sys.fs, root)
		}
	}
	p.caller.View.SetRoot(root)
}
