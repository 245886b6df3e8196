package vnet

import (
	"math"

	"wireloom/vnet/errno"
	"wireloom/vnet/fs"
	"wireloom/vnet/kern"
)

// A regFile is an open regular file. What shares it by dup(2) shares its offset.
type regFile struct {
	plain
	fs    *fs.FS
	node  *fs.Inode
	flags int
	off   int64
}

func (f *regFile) read(p *Proc, b []byte) (int, uint64, errno.Errno) {
	n, e := f.readAt(p, b, f.off)
	f.off += int64(n)
	return n, 0, e
}

func (f *regFile) write(p *Proc, b []byte) (int, uint64, errno.Errno) {
	off := f.off
	if f.flags&kern.O_APPEND != 0 {
		off = f.node.Size()
	}
	n, e := f.writeAt(p, b, off)
	if e == errno.OK {
		f.off = off + int64(n)
	}
	return n, 0, e
}

// readAt is pread(2).
func (f *regFile) readAt(_ *Proc, b []byte, off int64) (int, errno.Errno) {
	switch {
	case f.flags&3 == kern.O_WRONLY:
		return 0, errno.EBADF
	case off < 0:
		return 0, errno.EINVAL
	}
	return f.fs.ReadAt(f.node, b, off), errno.OK
}

// writeAt is pwrite(2). As POSIX has it, it writes where it says, O_APPEND or not.
func (f *regFile) writeAt(p *Proc, b []byte, off int64) (int, errno.Errno) {
	switch {
	case f.flags&3 == kern.O_RDONLY:
		return 0, errno.EBADF
	case off < 0:
		return 0, errno.EINVAL
	}
	if e := p.view.WriteAt(f.node, b, off); e != errno.OK {
		return 0, e
	}
	return len(b), errno.OK
}

// seek moves the offset: lseek(2) with SEEK_SET, SEEK_CUR or SEEK_END.
func (f *regFile) seek(off int64, whence int) (int64, errno.Errno) {
	base := int64(0)
	switch whence {
	case SeekSet:
	case SeekCur:
		base = f.off
	case SeekEnd:
		base = f.node.Size()
	default:
		return 0, errno.EINVAL
	}
	switch {
	case off > math.MaxInt64-base:
		return 0, errno.EOVERFLOW
	case base+off < 0:
		return 0, errno.EINVAL
	}
	f.off = base + off
	return f.off, errno.OK
}

// ioctl is vn_ioctl.
func (f *regFile) ioctl(_ *Proc, cmd uint32, arg []byte) errno.Errno {
	switch cmd {
	case kern.FIONREAD:
		kern.PutInt(arg, int32(min(f.node.Size()-f.off, math.MaxInt32)))
	case kern.FIONBIO, kern.FIOASYNC:
	default:
		return errno.ENOTTY
	}
	return errno.OK
}

func (f *regFile) setFlags(_ *Proc, flags int) errno.Errno {
	f.flags = f.flags&^kern.O_APPEND | flags&kern.O_APPEND
	return errno.OK
}

// kqfilter is that of a vnode: to read while there is something behind the offset, to
// write always.
func (f *regFile) kqfilter(_ *Proc, kn *kern.Knote) errno.Errno {
	switch kn.Filter {
	case kern.EVFILT_READ:
		f.node.Watchers().Attach(kn, &note{f.node.Watchers(), func(kn *kern.Knote) bool {
			kn.Data = f.node.Size() - f.off
			return kn.Data != 0
		}})
	case kern.EVFILT_WRITE:
		f.node.Watchers().Attach(kn, &note{f.node.Watchers(), func(kn *kern.Knote) bool {
			kn.Data = 0
			return true
		}})
	default:
		return errno.EINVAL
	}
	return errno.OK
}

func (f *regFile) stat(*Proc) (kern.Stat, errno.Errno) { return f.node.Stat(), errno.OK }

func (f *regFile) close(*Proc) errno.Errno {
	f.fs.Closed(f.node)
	return errno.OK
}

// A dirFile is an open directory.
type dirFile struct {
	plain
	fs   *fs.FS
	node *fs.Inode
}

func (*dirFile) read(*Proc, []byte) (int, uint64, errno.Errno) { return 0, 0, errno.EISDIR }
func (*dirFile) poll(_ *Proc, events int) int                  { return events & kern.POLLIN }
func (d *dirFile) stat(*Proc) (kern.Stat, errno.Errno)         { return d.node.Stat(), errno.OK }

func (d *dirFile) close(*Proc) errno.Errno {
	d.fs.Closed(d.node)
	return errno.OK
}

// openDir is a directory's file.
func openDir(tree *fs.FS, n *fs.Inode) *dirFile {
	tree.Opened(n)
	return &dirFile{fs: tree, node: n}
}
