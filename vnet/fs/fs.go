// Package fs is the file system of a machine: names, directories, links and what is in
// files. It is a value: who calls it says so with each call, and it returns what came of
// it. Open files, with their offsets and who sleeps on them, are the processes'.
package fs

import (
	"maps"
	"slices"
	"sort"
	"strings"

	"wireloom/vnet/kern"
)

// Limits of a machine's file system. What a program asks beyond those of /tmp fails
// with ENOSPC and is told once to each process with a limit event; Check refuses a
// configuration with more files than MaxFiles.
const (
	MaxTmpBytes  = 1 << 20  // bytes in the files of /tmp, those that are open and have no name any more included
	MaxTmpFiles  = 256      // names in /tmp and below, and open files that have none any more
	MaxFiles     = 16 << 10 // files of a machine's configuration
	MaxFileBytes = 8 << 20  // bytes in them
	MaxName      = 255      // bytes of a name in a directory: NAME_MAX
	MaxPath      = 1024     // bytes of a path and its NUL: PATH_MAX
	MaxSymlinks  = 32       // symbolic links followed on the way along a path: MAXSYMLINKS
)

// An FS is the tree of files of a machine:
//
//	/      files of the scenario, read-only
//	/dev   what the kernel has now; nothing can be made or removed there
//	/tmp   files that programs make, held to MaxTmpBytes and MaxTmpFiles
//
// All processes of the machine share it, and it lasts as long as the machine. A directory
// lists its names in the order in which they were made: those of the scenario
// sorted, those of /dev always sorted. Times are the lab's.
type FS struct {
	k     *kern.Kernel
	root  *Inode
	dev   *Inode
	fds   *Inode // /dev/fd
	tmp   *Inode
	last  uint64 // inode number given out last
	bytes int64  // used of MaxTmpBytes
	names int    // used of MaxTmpFiles
	told  map[string]int
}

// New returns the tree of a kernel's machine with the files of its configuration, by
// absolute path: those that Check finds nothing wrong with. A path that ends in a slash is
// an empty directory.
func New(k *kern.Kernel, files map[string][]byte) *FS {
	fs := &FS{k: k, told: map[string]int{}}
	fs.root = fs.newInode(Directory)
	fs.root.parent = fs.root
	fs.root.links = 1
	fs.dev = fs.mkdir(fs.root, "dev")
	fs.fds = &Inode{kind: Directory, num: PathInode("/dev/fd"), links: 1, folder: folder{parent: fs.dev, seq: firstSeq}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
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
			f := fs.newInode(Regular)
			f.data = files[name]
			fs.link(dir, base, f)
		}
	}
	fs.tmp = fs.mkdir(fs.root, "tmp")
	fs.tmp.temp = true
	return fs
}

// Used is how much of /tmp is: names, open files that have none any more among them, and
// bytes.
func (fs *FS) Used() (names int, bytes int64) { return fs.names, fs.bytes }

func (fs *FS) newInode(kind Kind) *Inode {
	fs.last++
	now := fs.k.Host().Now()
	n := &Inode{kind: kind, num: fs.last, accessed: now, modified: now, changed: now}
	if kind == Directory {
		n.byName, n.seq = map[string]*dirent{}, firstSeq
	}
	return n
}

func (fs *FS) mkdir(dir *Inode, name string) *Inode {
	n := fs.newInode(Directory)
	n.parent = dir
	fs.link(dir, name, n)
	return n
}

// link gives a file a name. In /tmp the caller has asked room for it.
func (fs *FS) link(dir *Inode, name string, n *Inode) {
	d := &dirent{name: name, seq: dir.seq, node: n}
	dir.seq++
	dir.byName[name] = d
	dir.list = append(dir.list, d)
	n.links++
	if n.kind == Directory {
		dir.dirs++
	}
	n.changed = fs.k.Host().Now()
	fs.touch(dir)
	if dir.temp {
		n.temp = true
		fs.names++
	}
}

// unlink takes a name away. The file goes with its last name, or when it is closed
// after that; until then it counts.
func (fs *FS) unlink(dir *Inode, d *dirent) {
	delete(dir.byName, d.name)
	i := sort.Search(len(dir.list), func(i int) bool { return dir.list[i].seq >= d.seq })
	dir.list = slices.Delete(dir.list, i, i+1)
	d.node.links--
	if d.node.kind == Directory {
		dir.dirs--
	}
	d.node.changed = fs.k.Host().Now()
	fs.touch(dir)
	if d.node.links > 0 || d.node.opens == 0 {
		fs.names--
	}
	fs.release(d.node)
}

func (fs *FS) rmdir(dir *Inode, d *dirent) {
	fs.unlink(dir, d)
	d.node.parent = nil
}

// release forgets a file without names that nobody has open.
func (fs *FS) release(n *Inode) {
	if n.links > 0 || n.opens > 0 {
		return
	}
	fs.bytes -= int64(len(n.data))
	fs.k.Memory().Give(int64(len(n.data)))
	n.data = nil
}

// Opened says that a file is open once more: it stays when its last name goes.
func (*FS) Opened(n *Inode) { n.opens++ }

// Closed takes back an Opened.
func (fs *FS) Closed(n *Inode) {
	n.opens--
	if n.links == 0 && n.opens == 0 {
		fs.names--
		fs.release(n)
	}
}

// touch marks what has been written.
func (fs *FS) touch(n *Inode) {
	n.modified = fs.k.Host().Now()
	n.changed = n.modified
	if n.kind == Regular {
		n.sel.Knote(fs.k)
	}
}
