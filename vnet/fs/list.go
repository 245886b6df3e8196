package fs

import "sort"

// An Entry is a name in a directory.
type Entry struct {
	Name  string
	Type  string // a Kind's name
	Inode uint64
	Next  uint64 // the cookie of the entry after this one
}

// Entries returns up to limit entries of a directory, from a cookie on: 0, or Next of an
// entry. An entry that is not removed meanwhile is neither skipped nor returned twice,
// but for those of /dev.
func (v *View) Entries(dir *Inode, cookie uint64, limit int) []Entry {
	if dir.parent == nil {
		return nil // it was removed
	}
	var list []Entry
	defer func() { v.who.Worked(len(list)) }()
	add := func(name string, seq uint64, n *Inode) bool {
		if len(list) == limit {
			return false
		}
		if seq >= cookie && n != nil {
			list = append(list, Entry{Name: name, Type: n.kind.String(), Inode: n.num, Next: seq + 1})
		}
		return true
	}
	up := dir.parent
	if dir == v.root {
		up = dir
	}
	if !add(".", 0, dir) || !add("..", 1, up) {
		return list
	}
	if dir == v.fs.dev || dir == v.fs.fds {
		names := standards
		if dir == v.fs.dev {
			names = v.fs.devices()
		}
		for i, name := range names {
			if !add(name, firstSeq+uint64(i), v.fs.lookup(dir, name)) {
				break
			}
		}
		return list
	}
	first := sort.Search(len(dir.list), func(i int) bool { return dir.list[i].seq >= cookie })
	for _, d := range dir.list[first:] {
		if !add(d.name, d.seq, d.node) {
			break
		}
	}
	return list
}
