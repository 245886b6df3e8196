package sys

import (
	"fmt"
	"math"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/fs"
)

// The system calls on files that are neither devices nor sockets.

// onPath runs a call on a path and records it.
func (p *Proc) onPath(op string, dir int, name, text string, f func() errno.Errno) errno.Errno {
	began := p.Now()
	e := f()
	p.logCall(event.Event{Op: op, Path: p.shown(dir, name), Text: text}, e, began)
	return e
}

// onFile runs a call on a descriptor and records it.
func (p *Proc) onFile(op string, fd int, text string, f func(*openFile) (int64, errno.Errno)) (int64, errno.Errno) {
	began := p.Now()
	of, e := p.file(fd)
	n := int64(0)
	if e == errno.OK {
		n, e = f(of)
	}
	p.logCall(event.Event{Op: op, FD: fd, Path: p.pathOf(fd), N: n, Text: text}, e, began)
	if e != errno.OK {
		n = 0
	}
	return n, e
}

// Seek is lseek(2): it moves the offset of a regular file and returns it. ESPIPE
// for what has none; of a directory only the beginning can be asked for.
func (p *Proc) Seek(fd int, off int64, whence int) (int64, errno.Errno) {
	text := fmt.Sprintf("%d, %d", off, whence)
	if whence >= file.SEEK_SET && whence <= file.SEEK_END {
		text = fmt.Sprintf("%d, %s", off, [...]string{"SEEK_SET", "SEEK_CUR", "SEEK_END"}[whence])
	}
	return p.onFile("lseek", fd, text, func(of *openFile) (int64, errno.Errno) {
		switch f := of.file.(type) {
		case *file.Regular:
			return f.SeekTo(off, whence)
		case *file.Dir:
			if off != 0 || whence > file.SEEK_CUR || whence < file.SEEK_SET {
				return 0, errno.EINVAL
			}
			return 0, errno.OK
		}
		return 0, errno.ESPIPE
	})
}

// ReadAt is pread(2): a read that leaves the offset where it is.
func (p *Proc) ReadAt(fd int, b []byte, off int64) (int, errno.Errno) {
	return p.transferAt("pread", fd, b, off, (*file.Regular).ReadAt)
}

// WriteAt is pwrite(2): a write that leaves the offset where it is.
func (p *Proc) WriteAt(fd int, b []byte, off int64) (int, errno.Errno) {
	return p.transferAt("pwrite", fd, b, off, (*file.Regular).WriteAt)
}

func (p *Proc) transferAt(op string, fd int, b []byte, off int64, f func(*file.Regular, *file.Caller, []byte, int64) (int, errno.Errno)) (int, errno.Errno) {
	began := p.Now()
	of, e := p.file(fd)
	n := 0
	if e == errno.OK {
		switch r := of.file.(type) {
		case *file.Regular:
			n, e = f(r, &p.caller, b, off)
		case *file.Dir:
			e = errno.EISDIR
		default:
			e = errno.ESPIPE
		}
	}
	p.logCall(event.Event{Op: op, FD: fd, Path: p.pathOf(fd), Len: len(b), N: int64(n), Text: fmt.Sprintf("at %d", off), Data: b[:n]}, e, began)
	return n, e
}

// Truncate is ftruncate(2): it makes a regular file that is open for writing size
// bytes long.
func (p *Proc) Truncate(fd int, size int64) errno.Errno {
	_, e := p.onFile("ftruncate", fd, fmt.Sprint(size), func(of *openFile) (int64, errno.Errno) {
		f, ok := of.file.(*file.Regular)
		if !ok || !f.Writes() || size < 0 {
			return 0, errno.EINVAL
		}
		return 0, p.caller.View.Truncate(f.Inode(), size)
	})
	return e
}

// Allocate is posix_fallocate(2): it makes a regular file at least off + size bytes
// long. ENODEV for what is none.
func (p *Proc) Allocate(fd int, off, size int64) errno.Errno {
	_, e := p.onFile("posix_fallocate", fd, fmt.Sprintf("%d, %d", off, size), func(of *openFile) (int64, errno.Errno) {
		f, ok := of.file.(*file.Regular)
		switch {
		case !ok:
			return 0, errno.ENODEV
		case !f.Writes():
			return 0, errno.EBADF
		case off < 0 || size <= 0:
			return 0, errno.EINVAL
		case size > math.MaxInt64-off || off+size > fs.MaxTmpBytes:
			return 0, errno.EFBIG
		case off+size <= f.Inode().Size():
			return 0, errno.OK
		}
		return 0, p.caller.View.Truncate(f.Inode(), off+size)
	})
	return e
}

// Stat is stat(2), or with follow false lstat(2). It does not open what it looks at.
func (p *Proc) Stat(dir int, name string, follow bool) (fi fs.Info, e errno.Errno) {
	op := "stat"
	if !follow {
		op = "lstat"
	}
	e = p.onPath(op, dir, name, "", func() errno.Errno {
		n, e := p.caller.View.Find(p.base(dir), name, follow)
		if e == errno.OK {
			fi = n.Info()
		}
		return e
	})
	return fi, e
}

// Fstat is fstat(2).
func (p *Proc) Fstat(fd int) (fs.Info, errno.Errno) {
	var fi fs.Info
	_, e := p.onFile("fstat", fd, "", func(of *openFile) (int64, errno.Errno) {
		switch f := of.file.(type) {
		case *file.Regular:
			fi = f.Inode().Info()
			return 0, errno.OK
		case *file.Dir:
			fi = f.Inode().Info()
			return 0, errno.OK
		case *file.FIFO:
			fi = f.Inode().Info()
			return 0, errno.OK
		}
		st, e := of.file.Stat(&p.caller)
		fi = fs.Info{Stat: st, Type: p.FileType(fd), Inode: fs.PathInode(of.path), Links: 1}
		return 0, e
	})
	return fi, e
}

// SetTimes is utimensat(2).
func (p *Proc) SetTimes(dir int, name string, follow bool, c fs.TimeChange) errno.Errno {
	return p.onPath("utimensat", dir, name, c.String(), func() errno.Errno {
		n, e := p.caller.View.Find(p.base(dir), name, follow)
		if e == errno.OK {
			e = p.sys.fs.SetTimes(n, c)
		}
		return e
	})
}

// SetFileTimes is futimens(2). EOPNOTSUPP for what is no file of a file system.
func (p *Proc) SetFileTimes(fd int, c fs.TimeChange) errno.Errno {
	_, e := p.onFile("futimens", fd, c.String(), func(of *openFile) (int64, errno.Errno) {
		switch f := of.file.(type) {
		case *file.Regular:
			return 0, p.sys.fs.SetTimes(f.Inode(), c)
		case *file.Dir:
			return 0, p.sys.fs.SetTimes(f.Inode(), c)
		}
		return 0, errno.EOPNOTSUPP
	})
	return e
}

// ReadDir returns up to limit entries of the directory that is open as fd, from a
// cookie on: 0, or Next of an entry. An entry that is not removed meanwhile is
// neither skipped nor returned twice, but for those of /dev. ENOTDIR for what is no
// directory.
func (p *Proc) ReadDir(fd int, cookie uint64, limit int) ([]fs.Entry, errno.Errno) {
	var list []fs.Entry
	_, e := p.onFile("getdirentries", fd, "", func(of *openFile) (int64, errno.Errno) {
		d, ok := of.file.(*file.Dir)
		if !ok {
			return 0, errno.ENOTDIR
		}
		list = p.caller.View.Entries(d.Inode(), cookie, limit)
		return int64(len(list)), errno.OK
	})
	return list, e
}
