package vnet

import (
	"strings"

	"wireloom/vnet/errno"
)

// AtRoot stands for the descriptor of a directory where a relative path begins at
// the process' root: a process has no working directory.
const AtRoot = -1

// A place is what a path leads to. Where it ends in no name, as / and .. do, name
// is empty.
type place struct {
	dir   *inode // the directory that name is in
	name  string
	node  *inode // what has the name, nil if nothing
	slash bool   // the path ends in a slash: it can only be a directory
}

// walk follows a path from a directory: namei(9). Of a symbolic link at its end it
// returns the link itself, unless it is to follow it. A .. at the process' root
// stays there.
func (p *Proc) walk(from *inode, name string, follow bool) (place, errno.Errno) {
	switch {
	case name == "":
		return place{}, errno.ENOENT
	case len(name) >= MaxPath:
		return place{}, errno.ENAMETOOLONG
	case strings.IndexByte(name, 0) >= 0:
		return place{}, errno.EINVAL
	}
	fs := p.node.fs
	at, rest, links := from, name, 0
	steps := 0
	defer func() { p.worked(steps) }()
	if name[0] == '/' {
		at = p.root
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
			if at != p.root {
				at = at.parent
			}
			continue
		case len(part) > MaxName:
			return place{}, errno.ENAMETOOLONG
		}
		n := fs.lookup(at, part)
		switch {
		case n == nil && last:
			return place{dir: at, name: part, slash: slash}, errno.OK
		case n == nil:
			return place{}, errno.ENOENT
		case n.kind == symlink && (follow || slash || !last):
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
				at = p.root
			}
		case n.kind != directory && (slash || !last):
			return place{}, errno.ENOTDIR
		case last:
			return place{dir: at, name: part, node: n, slash: slash}, errno.OK
		default:
			at = n
		}
	}
}

// dirOf is the directory that a descriptor, or AtRoot, stands for.
func (p *Proc) dirOf(fd int) (*inode, errno.Errno) {
	if fd == AtRoot {
		return p.root, errno.OK
	}
	of, e := p.file(fd)
	if e != errno.OK {
		return nil, e
	}
	d, ok := of.file.(*dirFile)
	if !ok {
		return nil, errno.ENOTDIR
	}
	return d.node, errno.OK
}

// walkAt is walk from what a descriptor stands for.
func (p *Proc) walkAt(fd int, name string, follow bool) (place, errno.Errno) {
	dir, e := p.dirOf(fd)
	if e != errno.OK {
		return place{}, e
	}
	return p.walk(dir, name, follow)
}

// vacant is the place of a name that is to be made in /tmp.
func (p *Proc) vacant(fd int, name string) (place, errno.Errno) {
	at, e := p.walkAt(fd, name, false)
	switch {
	case e != errno.OK:
		return at, e
	case at.node != nil:
		return at, errno.EEXIST
	case !at.dir.temp:
		return at, errno.EROFS
	}
	return at, p.node.fs.room(p, 1)
}

// taken is the place of a name in /tmp that is to go.
func (p *Proc) taken(fd int, name string) (place, errno.Errno) {
	at, e := p.walkAt(fd, name, false)
	switch {
	case e != errno.OK:
		return at, e
	case at.node == nil:
		return at, errno.ENOENT
	case at.name == "" && at.node == p.root:
		return at, errno.EBUSY
	case at.name == "":
		return at, errno.EINVAL // . and ..
	case at.node == p.node.fs.tmp || at.node == p.root:
		return at, errno.EBUSY
	case !at.dir.temp:
		return at, errno.EROFS
	}
	return at, errno.OK
}
