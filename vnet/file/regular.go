package file

import (
	"math"

	"wireloom/vnet/errno"
	"wireloom/vnet/fs"
	"wireloom/vnet/kern"
)

// A Regular is an open regular file. What shares it by dup(2) shares its offset.
type Regular struct {
	Plain
	fs    *fs.FS
	node  *fs.Inode
	flags int
	off   int64
}

// OpenRegular is the file of a regular file's, opened with flags.
func OpenRegular(tree *fs.FS, n *fs.Inode, flags int) *Regular {
	tree.Opened(n)
	return &Regular{fs: tree, node: n, flags: flags}
}

// Inode is what is open.
func (f *Regular) Inode() *fs.Inode { return f.node }

// Writes says whether it is open for writing.
func (f *Regular) Writes() bool { return f.flags&3 != kern.O_RDONLY }

// Read reads at the offset, and moves it.
func (f *Regular) Read(c *Caller, b []byte) (int, uint64, errno.Errno) {
	n, e := f.ReadAt(c, b, f.off)
	f.off += int64(n)
	return n, 0, e
}

// Write writes at the offset, with O_APPEND at the end, and moves it behind.
func (f *Regular) Write(c *Caller, b []byte) (int, uint64, errno.Errno) {
	off := f.off
	if f.flags&kern.O_APPEND != 0 {
		off = f.node.Size()
	}
	n, e := f.WriteAt(c, b, off)
	if e == errno.OK {
		f.off = off + int64(n)
	}
	return n, 0, e
}

// ReadAt is pread(2).
func (f *Regular) ReadAt(_ *Caller, b []byte, off int64) (int, errno.Errno) {
	switch {
	case f.flags&3 == kern.O_WRONLY:
		return 0, errno.EBADF
	case off < 0:
		return 0, errno.EINVAL
	}
	return f.fs.ReadAt(f.node, b, off), errno.OK
}

// WriteAt is pwrite(2). As POSIX has it, it writes where it says, O_APPEND or not.
func (f *Regular) WriteAt(c *Caller, b []byte, off int64) (int, errno.Errno) {
	switch {
	case f.flags&3 == kern.O_RDONLY:
		return 0, errno.EBADF
	case off < 0:
		return 0, errno.EINVAL
	}
	if e := c.View.WriteAt(f.node, b, off); e != errno.OK {
		return 0, e
	}
	return len(b), errno.OK
}

// Where SeekTo counts from.
const (
	SEEK_SET = 0 // the beginning
	SEEK_CUR = 1 // where the offset is
	SEEK_END = 2 // the end
)

// SeekTo moves the offset: lseek(2) with SEEK_SET, SEEK_CUR or SEEK_END.
func (f *Regular) SeekTo(off int64, whence int) (int64, errno.Errno) {
	base := int64(0)
	switch whence {
	case SEEK_SET:
	case SEEK_CUR:
		base = f.off
	case SEEK_END:
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

// Ioctl is vn_ioctl.
func (f *Regular) Ioctl(_ *Caller, cmd uint32, arg []byte) errno.Errno {
	switch cmd {
	case kern.FIONREAD:
		kern.PutInt(arg, int32(min(f.node.Size()-f.off, math.MaxInt32)))
	case kern.FIONBIO, kern.FIOASYNC:
	default:
		return errno.ENOTTY
	}
	return errno.OK
}

// SetFlags takes O_APPEND.
func (f *Regular) SetFlags(_ *Caller, flags int) errno.Errno {
	f.flags = f.flags&^kern.O_APPEND | flags&kern.O_APPEND
	return errno.OK
}

// Kqfilter is that of a vnode: to read while there is something behind the offset, to
// write always.
func (f *Regular) Kqfilter(_ *Caller, kn *kern.Knote) errno.Errno {
	switch kn.Filter {
	case kern.EVFILT_READ:
		return Watch(f.node.Watchers(), kn, func(kn *kern.Knote) bool {
			kn.Data = f.node.Size() - f.off
			return kn.Data != 0
		})
	case kern.EVFILT_WRITE:
		return Watch(f.node.Watchers(), kn, func(kn *kern.Knote) bool {
			kn.Data = 0
			return true
		})
	}
	return errno.EINVAL
}

// Stat and Close are of the inode.

func (f *Regular) Stat(*Caller) (kern.Stat, errno.Errno) { return f.node.Stat(), errno.OK }

func (f *Regular) Close(*Caller) errno.Errno {
	f.fs.Closed(f.node)
	return errno.OK
}

// A Dir is an open directory.
type Dir struct {
	Plain
	fs   *fs.FS
	node *fs.Inode
}

// Inode is what is open.
func (d *Dir) Inode() *fs.Inode { return d.node }

// It is listed by fs.View.Entries, not read.

func (*Dir) Read(*Caller, []byte) (int, uint64, errno.Errno) { return 0, 0, errno.EISDIR }
func (*Dir) Poll(_ *Caller, events int) int                  { return events & kern.POLLIN }
func (d *Dir) Stat(*Caller) (kern.Stat, errno.Errno)         { return d.node.Stat(), errno.OK }

// Close lets go of the inode.
func (d *Dir) Close(*Caller) errno.Errno {
	d.fs.Closed(d.node)
	return errno.OK
}

// OpenDir is a directory's file.
func OpenDir(tree *fs.FS, n *fs.Inode) *Dir {
	tree.Opened(n)
	return &Dir{fs: tree, node: n}
}
