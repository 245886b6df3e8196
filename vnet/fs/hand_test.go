package fs

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// A clock is the host of a kernel that only tells the time.
type clock struct{ now time.Duration }

func (c *clock) Now() time.Duration               { return c.now }
func (*clock) Random([]byte)                      {}
func (*clock) Soon(func())                        { panic("a file system plans nothing") }
func (*clock) After(time.Duration, func()) func() { panic("a file system plans nothing") }

// A hand is a process that makes the calls which lines of text name. What it has open
// has a name.
type hand struct {
	View
	tree  *FS
	clock *clock
	open  map[string]*Inode
	steps int      // of work, told with each call
	told  []string // limits
}

func (*hand) PID() int                                { return 1 }
func (h *hand) Worked(steps int)                      { h.steps += steps }
func (h *hand) LimitReached(which, _ string, _ int64) { h.told = append(h.told, which) }

// newHand is a process on a machine with these files.
func newHand(files map[string][]byte) *hand {
	h := &hand{clock: &clock{}, open: map[string]*Inode{}}
	h.tree = New(kern.New(kern.Config{Host: h.clock}), files)
	h.View = h.tree.View(h)
	return h
}

var openWords = map[string]int{
	"r": kern.O_RDONLY, "w": kern.O_WRONLY, "rw": kern.O_RDWR, "creat": kern.O_CREAT, "excl": kern.O_EXCL, "trunc": kern.O_TRUNC,
	"append": kern.O_APPEND, "dir": kern.O_DIRECTORY, "nofollow": kern.O_NOFOLLOW, "nonblock": kern.O_NONBLOCK,
}

// path is a path and where it begins: "dir:path" at the directory that is open as dir.
func (h *hand) path(s string) (Base, string) {
	dir, name, ok := strings.Cut(s, ":")
	n := h.open[dir]
	switch {
	case !ok:
		return Base{Dir: h.Root()}, s
	case n == nil:
		return Base{Err: errno.EBADF}, name
	case n.Kind() != Directory:
		return Base{Err: errno.ENOTDIR}, name
	}
	return Base{Dir: n}, name
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// shown is how a transcript shows a file: its kind, its bytes, its names.
func shown(n *Inode) string {
	fi := n.Info()
	return fmt.Sprintf("%s %d %d", fi.Type, fi.Size, fi.Links)
}

// do carries out a line and returns what it came to: a value, or the error's name.
func (h *hand) do(line string) string {
	w := append(strings.Fields(line), "", "", "")
	from, name := h.path(w[1])
	to, other := h.path(w[2])
	e, result := errno.OK, "OK"
	var n *Inode
	switch w[0] {
	case "open": // open PATH FLAGS NAME
		flags := 0
		for f := range strings.SplitSeq(w[2], ",") {
			flags |= openWords[f]
		}
		var device string
		if n, device, e = h.Open(from, name, flags); device != "" {
			result = "device " + device
		} else if e == errno.OK && w[3] != "" {
			h.tree.Opened(n)
			h.open[w[3]] = n
		}
	case "close":
		h.tree.Closed(h.open[w[1]])
		delete(h.open, w[1])
	case "write": // write NAME TEXT: at the end
		n = h.open[w[1]]
		e = h.WriteAt(n, []byte(w[2]), n.Size())
	case "pwrite": // pwrite NAME TEXT OFFSET
		e = h.WriteAt(h.open[w[1]], []byte(w[2]), number(w[3]))
	case "fill": // fill NAME BYTES
		n = h.open[w[1]]
		e = h.WriteAt(n, make([]byte, number(w[2])), n.Size())
	case "pread": // pread NAME BYTES OFFSET
		b := make([]byte, number(w[2]))
		result = strconv.Quote(string(b[:h.tree.ReadAt(h.open[w[1]], b, number(w[3]))]))
	case "truncate":
		e = h.Truncate(h.open[w[1]], number(w[2]))
	case "stat", "lstat":
		if n, e = h.Find(from, name, w[0] == "stat"); e == errno.OK {
			result = shown(n)
		}
	case "fstat":
		result = shown(h.open[w[1]])
	case "times":
		if n, e = h.Find(from, name, true); e == errno.OK {
			fi := n.Info()
			result = fmt.Sprintf("%v %v %v", fi.Accessed, fi.Modified, fi.Changed)
		}
	case "utimes": // utimes PATH ATIME MTIME, - for none
		var c TimeChange
		for i, at := range []**time.Duration{&c.Accessed, &c.Modified} {
			if d, err := time.ParseDuration(w[2+i]); err == nil {
				*at = &d
			}
		}
		if n, e = h.Find(from, name, true); e == errno.OK {
			e = h.tree.SetTimes(n, c)
		}
	case "sleep":
		d, _ := time.ParseDuration(w[1])
		h.clock.now += d
	case "mkdir":
		e = h.Mkdir(from, name)
	case "mkfifo":
		e = h.Mkfifo(from, name)
	case "rmdir":
		e = h.Rmdir(from, name)
	case "unlink":
		e = h.Unlink(from, name)
	case "rename":
		e = h.Rename(from, name, to, other)
	case "link":
		e = h.Link(from, name, false, to, other)
	case "symlink":
		e = h.Symlink(w[1], to, other)
	case "readlink":
		result, e = h.Readlink(from, name)
	case "chroot":
		if n, e = h.Find(from, name, true); e == errno.OK {
			h.SetRoot(n)
		}
	case "ls": // ls NAME: the directory that is open, without . and ..
		var names []string
		for _, d := range h.Entries(h.open[w[1]], 0, 1000) {
			if d.Name != "." && d.Name != ".." {
				names = append(names, d.Name+":"+d.Type)
			}
		}
		if len(names) > 0 {
			result = strings.Join(names, " ")
		}
	case "work": // steps of the calls since the last
		result, h.steps = strconv.Itoa(h.steps), 0
	case "used": // names and bytes of /tmp
		names, bytes := h.tree.Used()
		result = fmt.Sprintf("%d %d", names, bytes)
	case "told": // the limits that were told
		if result = strings.Join(h.told, " "); result == "" {
			result = "nothing"
		}
	default:
		panic("no such call: " + line)
	}
	if e != errno.OK {
		return e.String()
	}
	return result
}

// play carries out the lines of a transcript: "CALL = what it comes to".
func (h *hand) play(t *testing.T, script string) {
	t.Helper()
	for line := range strings.Lines(script) {
		do, want, ok := strings.Cut(strings.TrimSpace(line), " = ")
		if !ok {
			continue
		}
		if got := h.do(do); got != want {
			t.Errorf("%s = %s, want %s", do, got, want)
		}
	}
}
