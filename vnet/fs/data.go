package fs

import (
	"fmt"
	"slices"

	"wireloom/vnet/errno"
)

// What is in files, and how much of that /tmp holds.

// bytesAStep is how many bytes of a file are cleared in the time of one step of work.
const bytesAStep = 80

// room asks for n more names in /tmp.
func (v *View) room(n int) errno.Errno {
	if v.fs.names+n <= MaxTmpFiles {
		return errno.OK
	}
	v.full("tmp-files", fmt.Sprintf("/tmp holds %d files, as many as it may", v.fs.names), MaxTmpFiles)
	return errno.ENOSPC
}

// full tells, once to a process that asks again and again, that /tmp is full.
func (v *View) full(which, text string, limit int64) {
	if v.fs.told[which] != v.who.PID() {
		v.fs.told[which] = v.who.PID()
		v.who.LimitReached(which, text, limit)
	}
}

// resize makes a regular file of /tmp size bytes long; what is new is zero.
func (v *View) resize(n *Inode, size int64) errno.Errno {
	fs, more := v.fs, size-int64(len(n.data))
	if fs.bytes+more > MaxTmpBytes {
		v.full("tmp-bytes", fmt.Sprintf("the files in /tmp have %d bytes and may have %d: %d more do not fit", fs.bytes, MaxTmpBytes, more), MaxTmpBytes)
		return errno.ENOSPC
	}
	if more > 0 && !fs.k.Memory().Take(more) {
		return errno.ENOSPC
	}
	old := len(n.data)
	switch {
	case more > 0:
		n.data = slices.Grow(n.data, int(more))[:size]
		clear(n.data[old:])
	case int64(cap(n.data)) > 2*size+4096: // memory must not outlast what counts
		n.data = slices.Clone(n.data[:size])
	default:
		n.data = n.data[:size]
	}
	fs.bytes += more
	fs.k.Memory().Give(max(-more, 0))
	return errno.OK
}

// Truncate makes a regular file of /tmp size bytes long: EFBIG beyond MaxTmpBytes, ENOSPC
// where they do not fit.
func (v *View) Truncate(n *Inode, size int64) errno.Errno {
	if size > MaxTmpBytes {
		return errno.EFBIG
	}
	if e := v.resize(n, size); e != errno.OK {
		return e
	}
	v.fs.touch(n)
	return errno.OK
}

// WriteAt writes all of b into a regular file of /tmp, or nothing: tmpfs makes the room
// first.
func (v *View) WriteAt(n *Inode, b []byte, off int64) errno.Errno {
	if len(b) == 0 {
		return errno.OK
	}
	end := off + int64(len(b))
	if end < off {
		return errno.EFBIG
	}
	if end > int64(len(n.data)) {
		v.who.Worked(int(min(max(off-int64(len(n.data)), 0), MaxTmpBytes) / bytesAStep)) // the hole before it is cleared
		if e := v.resize(n, end); e != errno.OK {
			return e
		}
	}
	copy(n.data[off:], b)
	v.fs.touch(n)
	return errno.OK
}

// outside looks at files and is no process.
type outside struct{}

func (outside) PID() int                           { return 0 }
func (outside) Worked(int)                         {}
func (outside) LimitReached(string, string, int64) {}

// Peek returns what a path leads to, for who looks from outside of the machine: no process
// takes time for it, and no file's times change. The bytes are a regular file's; the caller
// must not change them.
func (fs *FS) Peek(path string) (Kind, []byte, errno.Errno) {
	v := fs.View(outside{})
	n, e := v.Find(Base{Dir: v.Root()}, path, true)
	if e != errno.OK {
		return 0, nil, e
	}
	return n.kind, n.data, errno.OK
}

// ReadAt copies what is in a regular file from off on. What is read-only keeps its times.
func (fs *FS) ReadAt(n *Inode, b []byte, off int64) int {
	if off >= int64(len(n.data)) {
		return 0
	}
	if n.temp {
		n.accessed = fs.k.Host().Now()
	}
	return copy(b, n.data[off:])
}
