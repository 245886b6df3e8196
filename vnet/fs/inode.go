package fs

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// A Kind is a type of file.
type Kind uint8

// The kinds.
const (
	Regular Kind = iota
	Directory
	Symlink
	Character
	FIFO
)

// String is how a FileType names the kind: "reg", "dir", "link", "chr" or "fifo".
func (k Kind) String() string { return [...]string{"reg", "dir", "link", "chr", "fifo"}[k] }

// An Inode is a file, whatever names it has.
type Inode struct {
	kind  Kind
	num   uint64
	links int  // names
	opens int  // open files
	temp  bool // it is in /tmp: it can change, and it counts

	data   []byte       // of a regular file; of a symbolic link, where it leads
	device string       // name of a character device in /dev
	sel    kern.SelInfo // kqueues that watch a regular file

	folder
	accessed, modified, changed time.Duration
}

// A folder is what a directory has besides.
type folder struct {
	parent *Inode // the root's is itself, and nil says that it was removed
	byName map[string]*dirent
	list   []*dirent // by seq
	seq    uint64    // of the name to be made next
	dirs   int       // directories among them
}

// A dirent is a name in a directory.
type dirent struct {
	name string
	seq  uint64
	node *Inode
}

// The first two entries of every directory are itself and its parent.
const firstSeq = 2

// Kind is what the file is.
func (n *Inode) Kind() Kind { return n.kind }

// Size is how many bytes are in it.
func (n *Inode) Size() int64 { return int64(len(n.data)) }

// Device is the name in /dev of a character device.
func (n *Inode) Device() string { return n.device }

// Watchers is where the knotes are that watch a regular file.
func (n *Inode) Watchers() *kern.SelInfo { return &n.sel }

// Stat is what a file tells of itself in the form of a device.
func (n *Inode) Stat() kern.Stat {
	mode := uint32(0o444)
	switch {
	case n.kind == Directory && n.temp:
		mode = 0o1777
	case n.kind == Directory:
		mode = 0o555
	case n.kind == Symlink:
		mode = 0o777
	case n.kind == Character:
		mode = 0o666
	case n.temp:
		mode = 0o644
	}
	return kern.Stat{Mode: mode, Accessed: n.accessed, Modified: n.modified, Changed: n.changed}
}

// An Info is what stat(2) and fstat(2) tell of a file.
type Info struct {
	kern.Stat
	Type  string // a Kind's name, or what else a descriptor may be
	Inode uint64 // its number on the machine; never 0
	Links int    // names that it has
	Size  int64  // bytes of a regular file; of a symbolic link, of where it leads
}

// Info is what stat(2) tells of the file.
func (n *Inode) Info() Info {
	fi := Info{Stat: n.Stat(), Type: n.kind.String(), Inode: n.num, Links: n.links, Size: n.Size()}
	if n.kind == Directory {
		fi.Links += 1 + n.dirs // its own . and the .. of those in it
	}
	return fi
}

// PathInode is the inode number of what has none of its own: the same for the same
// path, and above those of files.
func PathInode(path string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(path))
	return h.Sum64()>>1 | 1<<62
}

// A TimeChange says what utimensat(2) sets: times of the lab, nil to leave one as
// it is.
type TimeChange struct{ Accessed, Modified *time.Duration }

// String is "atime=1s mtime=2s", as far as they are set.
func (c TimeChange) String() string {
	show := func(name string, at *time.Duration) string {
		if at == nil {
			return ""
		}
		return fmt.Sprintf("%s=%v", name, *at)
	}
	return strings.TrimSpace(show("atime", c.Accessed) + " " + show("mtime", c.Modified))
}

// SetTimes changes a file's times: EROFS outside /tmp.
func (fs *FS) SetTimes(n *Inode, c TimeChange) errno.Errno {
	if !n.temp {
		return errno.EROFS
	}
	if c.Accessed != nil {
		n.accessed = *c.Accessed
	}
	if c.Modified != nil {
		n.modified = *c.Modified
	}
	n.changed = fs.k.Host().Now()
	return errno.OK
}
