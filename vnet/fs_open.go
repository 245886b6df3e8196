package vnet

import (
	"path"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/kern"
)

// fileFlags are those flags of open(2) that stay with a file.
const fileFlags = 3 | kern.O_NONBLOCK | kern.O_ASYNC | kern.O_APPEND

// Open opens a path with the flags of kern (O_RDWR, O_NONBLOCK, O_CREAT):
// open(2). It returns the lowest free descriptor.
func (p *Proc) Open(name string, flags int) (int, errno.Errno) { return p.OpenAt(AtRoot, name, flags) }

// OpenAt is Open of a path that begins at a directory: openat(2).
func (p *Proc) OpenAt(dir int, name string, flags int) (int, errno.Errno) {
	began := p.Now()
	shown := p.shown(dir, name)
	fd, e := p.open(dir, name, shown, flags)
	p.logCall(event.Event{Op: "open", Path: shown, N: int64(fd), Text: openFlags(flags)}, e, began)
	return fd, e
}

// shown is how a trace shows a path that begins at a directory.
func (p *Proc) shown(dir int, name string) string {
	if len(name) > MaxPath {
		name = name[:MaxPath]
	}
	if dir != AtRoot && (name == "" || name[0] != '/') {
		name = p.pathOf(dir) + "/" + name
	}
	return path.Clean("/" + name)
}

func (p *Proc) open(dir int, name, shown string, flags int) (int, errno.Errno) {
	if p.opened >= MaxFiles {
		p.tooManyFiles()
		return -1, errno.EMFILE
	}
	never := flags&(kern.O_CREAT|kern.O_EXCL) == kern.O_CREAT|kern.O_EXCL || flags&kern.O_NOFOLLOW != 0
	at, e := p.walkAt(dir, name, !never)
	if e != errno.OK {
		return -1, e
	}
	of := &openFile{path: shown, flags: flags & fileFlags}
	n := at.node
	switch {
	case n == nil && at.dir == p.node.fs.dev && !at.slash && flags&kern.O_DIRECTORY == 0:
		return p.openDevice(at.name, of, flags) // the open of a name that is not there may make a device
	case n == nil:
		if n, e = p.create(at, flags); e != errno.OK {
			return -1, e
		}
	default:
		if e = mayOpen(n, flags); e != errno.OK {
			return -1, e
		}
		if n.kind == regular && flags&kern.O_TRUNC != 0 {
			if e = p.truncate(n, 0); e != errno.OK {
				return -1, e
			}
		}
	}
	return p.openInode(n, of, flags)
}

// mayOpen says what is wrong with opening what is there in this way.
func mayOpen(n *inode, flags int) errno.Errno {
	writes := flags&3 != kern.O_RDONLY
	switch {
	case flags&(kern.O_CREAT|kern.O_EXCL) == kern.O_CREAT|kern.O_EXCL:
		return errno.EEXIST
	case n.kind == symlink:
		return errno.ELOOP // O_NOFOLLOW
	case n.kind != directory && flags&kern.O_DIRECTORY != 0:
		return errno.ENOTDIR
	case n.kind == directory && (writes || flags&(kern.O_CREAT|kern.O_TRUNC) != 0):
		return errno.EISDIR
	case n.kind == regular && !n.temp && (writes || flags&kern.O_TRUNC != 0):
		return errno.EROFS
	}
	return errno.OK
}

// create makes the regular file that O_CREAT asks for.
func (p *Proc) create(at place, flags int) (*inode, errno.Errno) {
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
	fs := p.node.fs
	if e := fs.room(p, 1); e != errno.OK {
		return nil, e
	}
	n := fs.newInode(regular)
	fs.link(at.dir, at.name, n)
	return n, errno.OK
}

// openInode makes the file of an inode and gives it a descriptor.
func (p *Proc) openInode(n *inode, of *openFile, flags int) (int, errno.Errno) {
	fs := p.node.fs
	switch n.kind {
	case regular:
		fs.opened(n)
		of.file = &regFile{fs: fs, node: n, flags: of.flags}
	case directory:
		of.file = fs.openDir(n)
	case character:
		return p.openDevice(n.device, of, flags)
	case fifo:
		f, e := p.openFIFO(n, of)
		if e != errno.OK {
			return -1, e
		}
		of.file = f
	case symlink: // mayOpen has refused it
		return -1, errno.ELOOP
	}
	return p.install(of)
}

// openDevice opens a name in /dev.
func (p *Proc) openDevice(name string, of *openFile, flags int) (int, errno.Errno) {
	if of.file = pseudo(name); of.file == nil {
		f, e := p.node.kern.Open(&p.thread, "/dev/"+name, flags&fileFlags)
		switch {
		case e == errno.ENOENT && flags&kern.O_CREAT != 0:
			return -1, errno.EROFS
		case e != errno.OK:
			return -1, e
		}
		of.file, of.path = devFile{f}, f.Path()
	}
	return p.install(of)
}

// pseudo is the file of a device that every node has; nil if name is none of them.
func pseudo(name string) file {
	switch name {
	case "null":
		return nullFile{}
	case "zero":
		return zeroFile{}
	case "random", "urandom":
		return randomFile{}
	}
	return nil
}

// openFlags is how a trace shows the flags of open(2).
func openFlags(flags int) string {
	return flagNames([...]string{"O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE"}[flags&3], flags&^kern.O_ASYNC)
}

// flagNames adds the names of flags, other than those of access, to s.
func flagNames(s string, flags int) string {
	for _, f := range []struct {
		bit  int
		name string
	}{
		{kern.O_NONBLOCK, "|O_NONBLOCK"},
		{kern.O_ASYNC, "|O_ASYNC"},
		{kern.O_APPEND, "|O_APPEND"},
		{kern.O_CREAT, "|O_CREAT"},
		{kern.O_EXCL, "|O_EXCL"},
		{kern.O_TRUNC, "|O_TRUNC"},
		{kern.O_DIRECTORY, "|O_DIRECTORY"},
		{kern.O_NOFOLLOW, "|O_NOFOLLOW"},
	} {
		if flags&f.bit != 0 {
			s += f.name
		}
	}
	return s
}
