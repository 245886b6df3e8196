package fs

import (
	"strings"

	"wireloom/vnet/errno"
)

// A Caller is a process as the file system knows it.
type Caller interface {
	PID() int
	// Worked is told how many steps a call took: names of a path, entries of a directory,
	// parts of a hole.
	Worked(steps int)
	// LimitReached is told that /tmp holds no more: which limit, in words, and what it is.
	LimitReached(which, text string, n int64)
}

// A View is the tree as one process has it: from the directory that is its root.
type View struct {
	fs   *FS
	who  Caller
	root *Inode
}

// View returns the whole tree as who has it.
func (fs *FS) View(who Caller) View { return View{fs, who, fs.root} }

// Root is the directory where the process' paths begin.
func (v *View) Root() *Inode { return v.root }

// SetRoot makes a directory the process' root: chroot(2).
func (v *View) SetRoot(dir *Inode) { v.root = dir }

// A Base is the directory where a relative path begins, or why there is none: a call
// fails with that when it comes to the path, and not before.
type Base struct {
	Dir *Inode
	Err errno.Errno
}

// A place is what a path leads to. Where it ends in no name, as / and .. do, name
// is empty.
type place struct {
	dir   *Inode // the directory that name is in
	name  string
	node  *Inode // what has the name, nil if nothing
	slash bool   // the path ends in a slash: it can only be a directory
}

// walk follows a path: namei(9). Of a symbolic link at its end it returns the link
// itself, unless it is to follow it. A .. at the process' root stays there.
func (v *View) walk(from Base, name string, follow bool) (place, errno.Errno) {
	switch {
	case from.Err != errno.OK:
		return place{}, from.Err
	case name == "":
		return place{}, errno.ENOENT
	case len(name) >= MaxPath:
		return place{}, errno.ENAMETOOLONG
	case strings.IndexByte(name, 0) >= 0:
		return place{}, errno.EINVAL
	}
	at, rest, links := from.Dir, name, 0
	steps := 0
	defer func() { v.who.Worked(steps) }()
	if name[0] == '/' {
		at = v.root
	}
	for ; ; steps++ {
		rest = strings.TrimLeft(rest, "/")
		if rest == "" {
			return place{node: at}, errno.OK
		}
		var part string
		var slash bool
		part, rest, slash = strings.Cut(rest, "/")
		last := strings.Trim(rest, "/") == ""
		switch {
		case at.parent == nil: // it was removed
			return place{}, errno.ENOENT
		case part == ".":
			continue
		case part == "..":
			if at != v.root {
				at = at.parent
			}
			continue
		case len(part) > MaxName:
			return place{}, errno.ENAMETOOLONG
		}
		n := v.fs.lookup(at, part)
		switch {
		case n == nil && last:
			return place{dir: at, name: part, slash: slash}, errno.OK
		case n == nil:
			return place{}, errno.ENOENT
		case n.kind == Symlink && (follow || slash || !last):
			if links++; links > MaxSymlinks {
				return place{}, errno.ELOOP
			}
			to := string(n.data)
			if slash {
				to += "/" + rest
			}
			if len(to) >= MaxPath {
				return place{}, errno.ENAMETOOLONG
			}
			if rest = to; rest[0] == '/' {
				at = v.root
			}
		case n.kind != Directory && (slash || !last):
			return place{}, errno.ENOTDIR
		case last:
			return place{dir: at, name: part, node: n, slash: slash}, errno.OK
		default:
			at = n
		}
	}
}

// Find returns what a path leads to: ENOENT if there is nothing.
func (v *View) Find(from Base, name string, follow bool) (*Inode, errno.Errno) {
	at, e := v.walk(from, name, follow)
	switch {
	case e != errno.OK:
		return nil, e
	case at.node == nil:
		return nil, errno.ENOENT
	}
	return at.node, errno.OK
}

// vacant is the place of a name that is to be made in /tmp.
func (v *View) vacant(from Base, name string) (place, errno.Errno) {
	at, e := v.walk(from, name, false)
	switch {
	case e != errno.OK:
		return at, e
	case at.node != nil:
		return at, errno.EEXIST
	case !at.dir.temp:
		return at, errno.EROFS
	}
	return at, v.room(1)
}

// taken is the place of a name in /tmp that is to go.
func (v *View) taken(from Base, name string) (place, errno.Errno) {
	at, e := v.walk(from, name, false)
	switch {
	case e != errno.OK:
		return at, e
	case at.node == nil:
		return at, errno.ENOENT
	case at.name == "" && at.node == v.root:
		return at, errno.EBUSY
	case at.name == "":
		return at, errno.EINVAL // . and ..
	case at.node == v.fs.tmp || at.node == v.root:
		return at, errno.EBUSY
	case !at.dir.temp:
		return at, errno.EROFS
	}
	return at, errno.OK
}
