package sys

import (
	"path"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/fs"
	"wireloom/vnet/kern"
)

// AtRoot stands for the descriptor of a directory where a relative path begins at
// the process' root.
const AtRoot = -1

// fileFlags are those flags of open(2) that stay with a file.
const fileFlags = 3 | kern.O_NONBLOCK | kern.O_ASYNC | kern.O_APPEND

// Open opens a path with the flags of kern (O_RDWR, O_NONBLOCK, O_CREAT):
// open(2). It returns the lowest free descriptor.
func (p *Proc) Open(name string, flags int) (int, errno.Errno) { return p.OpenAt(AtRoot, name, flags) }

// OpenAt is Open of a path that begins at a directory: openat(2).
func (p *Proc) OpenAt(dir int, name string, flags int) (int, errno.Errno) {
	shown := p.shown(dir, name)
	began := p.enter("open", noFD, forEver)
	fd, e := p.open(dir, name, shown, flags)
	p.logCall(event.Event{Op: "open", Path: shown, N: int64(fd), Text: file.OpenFlags(flags)}, e, began)
	return fd, e
}

// shown is how a trace shows a path that begins at a directory.
func (p *Proc) shown(dir int, name string) string {
	if len(name) > fs.MaxPath {
		name = name[:fs.MaxPath]
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
	n, device, e := p.caller.View.Open(p.base(dir), name, flags)
	of := &openFile{path: shown, flags: flags & fileFlags}
	switch {
	case e != errno.OK:
		return -1, e
	case n == nil:
		return p.openDevice(device, of, flags) // the open of a name that is not there may make a device
	}
	return p.openInode(n, of, flags)
}

// base is where a relative path begins by a descriptor: a process has no working
// directory.
func (p *Proc) base(fd int) fs.Base {
	if fd == AtRoot {
		return fs.Base{Dir: p.caller.View.Root()}
	}
	of, e := p.file(fd)
	if e != errno.OK {
		return fs.Base{Err: e}
	}
	d, ok := of.file.(*file.Dir)
	if !ok {
		return fs.Base{Err: errno.ENOTDIR}
	}
	return fs.Base{Dir: d.Inode()}
}

// openInode makes the file of an inode and gives it a descriptor.
func (p *Proc) openInode(n *fs.Inode, of *openFile, flags int) (int, errno.Errno) {
	switch n.Kind() {
	case fs.Regular:
		of.file = file.OpenRegular(p.sys.fs, n, of.flags)
	case fs.Directory:
		of.file = file.OpenDir(p.sys.fs, n)
	case fs.Character:
		return p.openDevice(n.Device(), of, flags)
	case fs.FIFO:
		f, e := p.sys.fifos.Open(&p.caller, n, of.flags)
		if e != errno.OK {
			return -1, e
		}
		of.file = f
	case fs.Symlink: // it was refused
		return -1, errno.ELOOP
	}
	return p.install(of)
}

// openDevice opens a name in /dev.
func (p *Proc) openDevice(name string, of *openFile, flags int) (int, errno.Errno) {
	if fd, ok := standards[name]; ok {
		return p.reopen(fd, flags)
	}
	if name == "tty" || name == "console" {
		of.file = &file.TTY{Output: *p.output(1), In: p.stdin}
		return p.install(of)
	}
	if of.file = file.Pseudo(name); of.file == nil {
		d, path, e := file.OpenDevice(&p.caller, name, flags&fileFlags)
		switch {
		case e == errno.ENOENT && flags&kern.O_CREAT != 0:
			return -1, errno.EROFS
		case e != errno.OK:
			return -1, e
		}
		of.file, of.path = d, path
	}
	return p.install(of)
}

// standards are the names in /dev of what a process has open: fd(4).
var standards = map[string]int{"stdin": 0, "stdout": 1, "stderr": 2, "fd/0": 0, "fd/1": 1, "fd/2": 2}

// reopen opens what is open as fd once more: it is shared, as by dup(2), and EACCES where
// it is not open in that way (kern_descrip.c, dupfdopen).
func (p *Proc) reopen(fd, flags int) (int, errno.Errno) {
	of, e := p.file(fd)
	if e != errno.OK {
		return -1, e
	}
	access := flags & 3
	if !file.IsTerminal(of.file) && access != of.flags&3 && of.flags&3 != kern.O_RDWR { // a terminal is open both ways
		return -1, errno.EACCES
	}
	to, e := p.install(of)
	if e == errno.OK {
		of.dups++
	}
	return to, e
}

// Capture opens bpf(4) on an interface and begins to capture: ENXIO without the interface.
// What it captures is the capture's to give.
func (p *Proc) Capture(iface string, want file.Capturing) (c *file.Capture, fd int, e errno.Errno) {
	began := p.Now()
	fd = -1
	switch ifp := p.sys.kern.Ifnet(iface); {
	case ifp == nil:
		e = errno.ENXIO
	case p.opened >= MaxFiles:
		p.tooManyFiles()
		e = errno.EMFILE
	default:
		c = file.NewCapture(p.sys.kern, ifp, want)
		fd, e = p.install(&openFile{file: c, path: "/dev/bpf0", flags: kern.O_RDWR})
	}
	p.logCall(event.Event{Op: "open", Path: "/dev/bpf0", N: int64(fd), Text: "BIOCSETIF " + iface}, e, began)
	return c, fd, e
}
