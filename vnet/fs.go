package vnet

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// Limits of a node's file system. What a program asks beyond those of /tmp fails
// with ENOSPC and is told once to each process with a limit event; New refuses a
// configuration with more files than MaxNodeFiles.
const (
	MaxTmpBytes      = 1 << 20  // bytes in the files of /tmp, those that are open and have no name any more included
	MaxTmpFiles      = 256      // names in /tmp and below, and open files that have none any more
	MaxNodeFiles     = 16 << 10 // files of a node's configuration
	MaxNodeFileBytes = 8 << 20  // bytes in them
	MaxName          = 255      // bytes of a name in a directory: NAME_MAX
	MaxPath          = 1024     // bytes of a path and its NUL: PATH_MAX
	MaxSymlinks      = 32       // symbolic links followed on the way along a path: MAXSYMLINKS
)

// A filesystem is the tree of files of a node:
//
//	/      files of the scenario, read-only
//	/dev   what the kernel has now; nothing can be made or removed there
//	/tmp   files that programs make, held to MaxTmpBytes and MaxTmpFiles
//
// All processes of the node share it, and it lasts as long as the node. A directory
// lists its names in the order in which they were made: those of the scenario
// sorted, those of /dev always sorted. Times are the lab's.
type filesystem struct {
	node  *Node
	root  *inode
	dev   *inode
	tmp   *inode
	last  uint64 // inode number given out last
	bytes int64  // used of MaxTmpBytes
	names int    // used of MaxTmpFiles
	told  map[string]int
}

// An inodeKind is a type of file.
type inodeKind uint8

const (
	regular inodeKind = iota
	directory
	symlink
	character
	fifo
)

// String is how [Proc.FileType] calls the type.
func (k inodeKind) String() string { return [...]string{"reg", "dir", "link", "chr", "fifo"}[k] }

// An inode is a file, whatever names it has.
type inode struct {
	kind  inodeKind
	num   uint64
	links int  // names
	opens int  // open files
	temp  bool // it is in /tmp: it can change, and it counts

	data   []byte // of a regular file; of a symbolic link, where it leads
	device string // name of a character device in /dev
	pipe   *fifoPipe
	sel    kern.SelInfo // kqueues that watch a regular file

	parent *inode // of a directory; the root's is itself, and nil says that it was removed
	byName map[string]*dirent
	list   []*dirent // by seq
	seq    uint64    // of the name to be made next
	dirs   int       // directories among them

	accessed, modified, changed time.Duration
}

// A dirent is a name in a directory.
type dirent struct {
	name string
	seq  uint64
	node *inode
}

// The first two entries of every directory are itself and its parent.
const firstSeq = 2

// newFilesystem makes the tree of a node with the files of its configuration, which
// has been checked.
func newFilesystem(n *Node) *filesystem {
	fs := &filesystem{node: n, told: map[string]int{}}
	fs.root = fs.newInode(directory)
	fs.root.parent = fs.root
	fs.root.links = 1
	fs.dev = fs.mkdir(fs.root, "dev")
	for _, name := range slices.Sorted(maps.Keys(n.conf.Files)) {
		dir := fs.root
		parts := strings.Split(strings.TrimPrefix(name, "/"), "/")
		for _, part := range parts[:len(parts)-1] {
			if d := dir.byName[part]; d != nil {
				dir = d.node
			} else {
				dir = fs.mkdir(dir, part)
			}
		}
		if base := parts[len(parts)-1]; base != "" { // else it was an empty directory
			f := fs.newInode(regular)
			f.data = n.conf.Files[name]
			fs.link(dir, base, f)
		}
	}
	fs.tmp = fs.mkdir(fs.root, "tmp")
	fs.tmp.temp = true
	return fs
}

func (fs *filesystem) newInode(kind inodeKind) *inode {
	fs.last++
	now := fs.node.Now()
	n := &inode{kind: kind, num: fs.last, accessed: now, modified: now, changed: now}
	if kind == directory {
		n.byName, n.seq = map[string]*dirent{}, firstSeq
	}
	return n
}

func (fs *filesystem) mkdir(dir *inode, name string) *inode {
	n := fs.newInode(directory)
	n.parent = dir
	fs.link(dir, name, n)
	return n
}

// link gives a file a name. In /tmp the caller has asked room for it.
func (fs *filesystem) link(dir *inode, name string, n *inode) {
	d := &dirent{name: name, seq: dir.seq, node: n}
	dir.seq++
	dir.byName[name] = d
	dir.list = append(dir.list, d)
	n.links++
	if n.kind == directory {
		dir.dirs++
	}
	n.changed = fs.node.Now()
	fs.touch(dir)
	if dir.temp {
		n.temp = true
		fs.names++
	}
}

// unlink takes a name away. The file goes with its last name, or when it is closed
// after that; until then it counts.
func (fs *filesystem) unlink(dir *inode, d *dirent) {
	delete(dir.byName, d.name)
	i := sort.Search(len(dir.list), func(i int) bool { return dir.list[i].seq >= d.seq })
	dir.list = slices.Delete(dir.list, i, i+1)
	d.node.links--
	if d.node.kind == directory {
		dir.dirs--
	}
	d.node.changed = fs.node.Now()
	fs.touch(dir)
	if d.node.links > 0 || d.node.opens == 0 {
		fs.names--
	}
	fs.release(d.node)
}

// release forgets a file without names that nobody has open.
func (fs *filesystem) release(n *inode) {
	if n.links > 0 || n.opens > 0 {
		return
	}
	fs.bytes -= int64(len(n.data))
	fs.node.kern.Memory().Give(int64(len(n.data)))
	n.data = nil
}

func (fs *filesystem) opened(n *inode) { n.opens++ }

func (fs *filesystem) closed(n *inode) {
	n.opens--
	if n.links == 0 && n.opens == 0 {
		fs.names--
		fs.release(n)
	}
}

// touch marks what has been written.
func (fs *filesystem) touch(n *inode) {
	n.modified = fs.node.Now()
	n.changed = n.modified
	if n.kind == regular {
		n.sel.Knote(fs.node.kern)
	}
}

// room asks for n more names in /tmp.
func (fs *filesystem) room(p *Proc, n int) errno.Errno {
	if fs.names+n <= MaxTmpFiles {
		return errno.OK
	}
	fs.full(p, "tmp-files", fmt.Sprintf("/tmp holds %d files, as many as it may", fs.names), MaxTmpFiles)
	return errno.ENOSPC
}

// full tells, once to a process that asks again and again, that /tmp is full.
func (fs *filesystem) full(p *Proc, which, text string, most int64) {
	if fs.told[which] != p.pid {
		fs.told[which] = p.pid
		p.LimitReached(which, text, most)
	}
}

// resize makes a regular file of /tmp size bytes long; what is new is zero.
func (fs *filesystem) resize(p *Proc, n *inode, size int64) errno.Errno {
	more := size - int64(len(n.data))
	if fs.bytes+more > MaxTmpBytes {
		fs.full(p, "tmp-bytes", fmt.Sprintf("the files in /tmp have %d bytes and may have %d: %d more do not fit", fs.bytes, MaxTmpBytes, more), MaxTmpBytes)
		return errno.ENOSPC
	}
	if more > 0 && !fs.node.kern.Memory().Take(more) {
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
	fs.node.kern.Memory().Give(max(-more, 0))
	return errno.OK
}

// writeAt writes all of b, or nothing: tmpfs makes the room first.
func (fs *filesystem) writeAt(p *Proc, n *inode, b []byte, off int64) errno.Errno {
	if len(b) == 0 {
		return errno.OK
	}
	end := off + int64(len(b))
	if end < off {
		return errno.EFBIG
	}
	if end > int64(len(n.data)) {
		p.worked(int(min(max(off-int64(len(n.data)), 0), MaxTmpBytes) / bytesAStep)) // the hole before it is cleared
		if e := fs.resize(p, n, end); e != errno.OK {
			return e
		}
	}
	copy(n.data[off:], b)
	fs.touch(n)
	return errno.OK
}

// lookup finds a name in a directory; nil if there is nothing.
func (fs *filesystem) lookup(dir *inode, name string) *inode {
	if dir == fs.dev {
		return fs.deviceNode(name)
	}
	if d := dir.byName[name]; d != nil {
		return d.node
	}
	return nil
}

// pseudoDevices are the devices that every node has, sorted.
var pseudoDevices = []string{"null", "random", "urandom", "zero"}

// deviceNode is the inode of a device that is there now: its number follows from its name.
func (fs *filesystem) deviceNode(name string) *inode {
	k := fs.node.kern
	if !slices.Contains(pseudoDevices, name) && k.Dev(name) == nil && (!isDevice(name) || k.Ifnet(name) == nil) {
		return nil
	}
	return &inode{kind: character, device: name, num: pathInode("/dev/" + name), links: 1}
}

// devices are the names in /dev, sorted.
func (fs *filesystem) devices() []string {
	names := slices.Clone(pseudoDevices)
	for _, c := range fs.node.kern.Devs() {
		names = append(names, c.Name)
	}
	for _, i := range fs.node.kern.Ifnets() {
		if isDevice(i.Name) {
			names = append(names, i.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
