package vnet

import (
	"hash/fnv"
	"math"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// A regFile is an open regular file. What shares it by dup(2) shares its offset.
type regFile struct {
	plain
	fs    *filesystem
	node  *inode
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
		off = int64(len(f.node.data))
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
	case off >= int64(len(f.node.data)):
		return 0, errno.OK
	}
	if f.node.temp { // what is read-only keeps its times
		f.node.accessed = f.fs.node.Now()
	}
	return copy(b, f.node.data[off:]), errno.OK
}

// writeAt is pwrite(2). As POSIX has it, it writes where it says, O_APPEND or not.
func (f *regFile) writeAt(p *Proc, b []byte, off int64) (int, errno.Errno) {
	switch {
	case f.flags&3 == kern.O_RDONLY:
		return 0, errno.EBADF
	case off < 0:
		return 0, errno.EINVAL
	}
	if e := f.fs.writeAt(p, f.node, b, off); e != errno.OK {
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
		base = int64(len(f.node.data))
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
		kern.PutInt(arg, int32(min(int64(len(f.node.data))-f.off, math.MaxInt32)))
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
		f.node.sel.Attach(kn, &note{&f.node.sel, func(kn *kern.Knote) bool {
			kn.Data = int64(len(f.node.data)) - f.off
			return kn.Data != 0
		}})
	case kern.EVFILT_WRITE:
		f.node.sel.Attach(kn, &note{&f.node.sel, func(kn *kern.Knote) bool {
			kn.Data = 0
			return true
		}})
	default:
		return errno.EINVAL
	}
	return errno.OK
}

func (f *regFile) stat(*Proc) (kern.Stat, errno.Errno) { return f.node.stat(), errno.OK }

func (f *regFile) close(*Proc) errno.Errno {
	f.fs.closed(f.node)
	return errno.OK
}

// A dirFile is an open directory.
type dirFile struct {
	plain
	fs   *filesystem
	node *inode
}

func (*dirFile) read(*Proc, []byte) (int, uint64, errno.Errno) { return 0, 0, errno.EISDIR }
func (*dirFile) poll(_ *Proc, events int) int                  { return events & kern.POLLIN }
func (d *dirFile) stat(*Proc) (kern.Stat, errno.Errno)         { return d.node.stat(), errno.OK }

func (d *dirFile) close(*Proc) errno.Errno {
	d.fs.closed(d.node)
	return errno.OK
}

// openDir is a directory's file.
func (fs *filesystem) openDir(n *inode) *dirFile {
	fs.opened(n)
	return &dirFile{fs: fs, node: n}
}

// stat is what an inode tells of itself in the form of a device.
func (n *inode) stat() kern.Stat {
	mode := uint32(0o444)
	switch {
	case n.kind == directory && n.temp:
		mode = 0o1777
	case n.kind == directory:
		mode = 0o555
	case n.kind == symlink:
		mode = 0o777
	case n.kind == character:
		mode = 0o666
	case n.temp:
		mode = 0o644
	}
	return kern.Stat{Mode: mode, Accessed: n.accessed, Modified: n.modified, Changed: n.changed}
}

// A FileInfo is what stat(2) and fstat(2) tell of a file.
type FileInfo struct {
	kern.Stat
	Type  string // as [Proc.FileType] has it
	Inode uint64 // its number on the node; never 0
	Links int    // names that it has
	Size  int64  // bytes of a regular file; of a symbolic link, of where it leads
}

func (n *inode) info() FileInfo {
	fi := FileInfo{Stat: n.stat(), Type: n.kind.String(), Inode: n.num, Links: n.links, Size: int64(len(n.data))}
	if n.kind == directory {
		fi.Links += 1 + n.dirs // its own . and the .. of those in it
	}
	return fi
}

// pathInode is the inode number of what has none of its own: the same for the same
// path, and above those of files.
func pathInode(path string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(path))
	return h.Sum64()>>1 | 1<<62
}
