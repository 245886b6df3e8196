package fs

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// A tmpModel is /tmp as a list of paths: what the file system must be like.
type tmpModel struct {
	paths map[string]*tmpNode
	bytes int
	open  map[int]*tmpNode
}

type tmpNode struct {
	dir          bool
	data         []byte
	names, opens int
}

func (m *tmpModel) parentOf(name string) bool {
	dir := m.paths[name[:strings.LastIndexByte(name, '/')]]
	return dir != nil && dir.dir
}

func (m *tmpModel) free(name string) bool {
	return m.paths[name] == nil && m.parentOf(name) && m.used() < MaxTmpFiles
}

// used counts the names and the files that are open without one.
func (m *tmpModel) used() int {
	n := len(m.paths) - 1 // /tmp itself
	var seen []*tmpNode
	for _, f := range m.open {
		if f.names == 0 && !slices.Contains(seen, f) {
			seen = append(seen, f)
			n++
		}
	}
	return n
}

func (m *tmpModel) empty(name string) bool {
	for p := range m.paths {
		if strings.HasPrefix(p, name+"/") {
			return false
		}
	}
	return true
}

func (m *tmpModel) drop(name string) {
	n := m.paths[name]
	delete(m.paths, name)
	n.names--
	m.forget(n)
}

func (m *tmpModel) forget(n *tmpNode) {
	if n.names == 0 && n.opens == 0 {
		m.bytes -= len(n.data)
	}
}

func (m *tmpModel) resize(n *tmpNode, size int) bool {
	if m.bytes+size-len(n.data) > MaxTmpBytes || size > MaxTmpBytes {
		return false
	}
	m.bytes += size - len(n.data)
	n.data = append(n.data, make([]byte, max(size-len(n.data), 0))...)[:size:size]
	return true
}

// FuzzTmp does the same to /tmp and to a model of it, and compares.
func FuzzTmp(f *testing.F) {
	f.Add([]byte{0, 0, 0, 3, 4, 200, 5, 0, 1, 2, 2, 0, 6, 0, 9, 1, 4, 0})
	f.Add([]byte{1, 0, 0, 1, 7, 0, 0, 9, 0, 6, 0, 14, 3, 9, 0, 2, 14, 0, 8, 0, 1})
	f.Add(bytes.Repeat([]byte{0, 5, 0, 3, 4, 255, 4, 4, 255, 2, 5, 0}, 20))
	f.Add(bytes.Repeat([]byte{7, 0, 1, 0, 0, 0, 7, 0, 2}, 100))
	for seed := range 20 {
		ops := make([]byte, 3000)
		_, _ = rand.NewChaCha8([32]byte{byte(seed)}).Read(ops)
		f.Add(ops)
	}
	var names []string // of two levels
	for _, a := range []string{"a", "b", "c"} {
		names = append(names, "/tmp/"+a)
		for _, b := range []string{"a", "b", "c", "d"} {
			names = append(names, "/tmp/"+a+"/"+b)
		}
	}
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) > 3000 {
			return
		}
		h := newHand(nil)
		open := map[int]*Inode{}
		m := &tmpModel{paths: map[string]*tmpNode{"/tmp": {dir: true, names: 1}}, open: map[int]*tmpNode{}}
		for ; len(ops) >= 3; ops = ops[3:] {
			a, b := names[int(ops[1])%len(names)], names[int(ops[2])%len(names)]
			fd := int(ops[1]) % maxOpen
			op, got, want := tmpOp(h, open, m, int(ops[0])%9, a, b, fd, int(ops[2]))
			if (got == errno.OK) != want {
				t.Fatalf("%s %s %s (%d): %v, the model says %t", op, a, b, fd, got, want)
			}
			if n, bytes := h.tree.Used(); n != m.used() || bytes != int64(m.bytes) || n > MaxTmpFiles || bytes > MaxTmpBytes {
				t.Fatalf("after %s %s %s: %d names and %d bytes are counted, the model has %d and %d", op, a, b, n, bytes, m.used(), m.bytes)
			}
		}
		for name, n := range m.paths {
			x, e := h.Find(h.at(), name, false)
			if e != errno.OK {
				t.Fatalf("%s: %v", name, e)
			}
			if fi := x.Info(); (fi.Type == "dir") != n.dir || fi.Size != int64(len(n.data)) || !n.dir && fi.Links != n.names {
				t.Errorf("%s is %+v; the model has %d bytes, %d names", name, fi, len(n.data), n.names)
			}
		}
		for fd, n := range m.open {
			buf := make([]byte, len(n.data)+1)
			if k := h.tree.ReadAt(open[fd], buf, 0); !bytes.Equal(buf[:k], n.data) {
				t.Errorf("open file %d has %d bytes; the model has %d", fd, k, len(n.data))
			}
		}
	})
}

// maxOpen is how many files the fuzzer has open.
const maxOpen = 60

func (h *hand) at() Base { return Base{Dir: h.Root()} }

// tmpOp does one thing to both; what is wanted is whether it works.
func tmpOp(h *hand, open map[int]*Inode, m *tmpModel, op int, a, b string, fd, arg int) (string, errno.Errno, bool) {
	n, to := m.paths[a], m.paths[b]
	switch op {
	case 0:
		for fd = 0; open[fd] != nil; fd++ {
		}
		if fd >= maxOpen {
			return "nothing", errno.OK, true
		}
		got, _, e := h.Open(h.at(), a, kern.O_RDWR|kern.O_CREAT)
		want := n != nil && !n.dir || n == nil && m.free(a)
		if want {
			h.tree.Opened(got)
			open[fd] = got
			if n == nil {
				n = &tmpNode{names: 1}
				m.paths[a] = n
			}
			n.opens++
			m.open[fd] = n
		}
		return "open", e, want
	case 1:
		e := h.Mkdir(h.at(), a)
		want := m.free(a)
		if want {
			m.paths[a] = &tmpNode{dir: true, names: 1}
		}
		return "mkdir", e, want
	case 2:
		e := h.Unlink(h.at(), a)
		want := n != nil && !n.dir
		if want {
			m.drop(a)
		}
		return "unlink", e, want
	case 3:
		f := m.open[fd]
		if f == nil {
			return "nothing", errno.OK, true
		}
		off, data := arg*5000, bytes.Repeat([]byte{byte(arg)}, arg*20)
		e := h.WriteAt(open[fd], data, int64(off))
		want := len(data) == 0 || off+len(data) <= len(f.data) || m.resize(f, off+len(data))
		if want && len(data) > 0 {
			copy(f.data[off:], data)
		}
		return "write", e, want
	case 4:
		f := m.open[fd]
		if f == nil {
			return "nothing", errno.OK, true
		}
		size := arg * 4200
		return "truncate", h.Truncate(open[fd], int64(size)), m.resize(f, size)
	case 5:
		if f := m.open[fd]; f != nil {
			h.tree.Closed(open[fd])
			delete(open, fd)
			delete(m.open, fd)
			f.opens--
			m.forget(f)
		}
		return "close", errno.OK, true
	case 6:
		e := h.Rmdir(h.at(), a)
		want := n != nil && n.dir && m.empty(a)
		if want {
			m.drop(a)
		}
		return "rmdir", e, want
	case 7:
		e := h.Link(h.at(), a, false, h.at(), b)
		want := n != nil && !n.dir && m.free(b)
		if want {
			m.paths[b] = n
			n.names++
		}
		return "link", e, want
	}
	e := h.Rename(h.at(), a, h.at(), b)
	want := n != nil && m.parentOf(b) && (n == to || !strings.HasPrefix(b, a+"/") && (to == nil || to.dir == n.dir && (!to.dir || m.empty(b))))
	if want && n != to {
		if to != nil {
			m.drop(b)
		}
		for name, x := range m.paths {
			if rest, ok := strings.CutPrefix(name, a+"/"); ok {
				delete(m.paths, name)
				m.paths[b+"/"+rest] = x
			}
		}
		delete(m.paths, a)
		m.paths[b] = n
	}
	return "rename", e, want
}
