package file_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/fs"
	"wireloom/vnet/kern"
)

// A caller is a process that can't sleep: where it would, a call fails with EWOULDBLOCK.
// It is the host of its kernel, too, at time zero.
type caller struct{ file.Caller }

func (*caller) Now() time.Duration                 { return 0 }
func (*caller) Random([]byte)                      {}
func (*caller) Soon(func())                        { panic("a pipe plans nothing") }
func (*caller) After(time.Duration, func()) func() { panic("a pipe plans nothing") }
func (*caller) NewFrame() uint64                   { return 1 }
func (*caller) Dying() bool                        { return false }
func (*caller) PID() int                           { return 7 }
func (*caller) Worked(int)                         {}
func (*caller) LimitReached(string, string, int64) {}

func newCaller(memory *kern.Memory) (*caller, *fs.FS) {
	c := &caller{}
	c.Who, c.Kernel = c, kern.New(kern.Config{Host: c, Memory: memory})
	tree := fs.New(c.Kernel, nil)
	c.View = tree.View(c)
	return c, tree
}

var pollNames = []struct {
	bit  int
	name string
}{{kern.POLLIN, "in"}, {kern.POLLOUT, "out"}, {kern.POLLHUP, "hup"}}

// do makes a call that a line names on an end of a pipe: "read 5", "write 100", "poll",
// "nonblock", "left" (FIONREAD), "close". What is written counts up, and what is read is
// shown by its first and its last byte.
func (c *caller) do(f file.File, next *byte, line string) string {
	what, arg, _ := strings.Cut(line, " ")
	n, _ := strconv.Atoi(arg)
	switch what {
	case "read":
		b := make([]byte, n)
		n, _, e := f.Read(&c.Caller, b)
		switch {
		case e != errno.OK:
			return e.String()
		case n == 0:
			return "end"
		}
		return fmt.Sprintf("%d: %d..%d", n, b[0], b[n-1])
	case "write":
		b := make([]byte, n)
		for i := range b {
			*next++
			b[i] = *next
		}
		n, _, e := f.Write(&c.Caller, b)
		*next -= byte(len(b) - n) // the rest was not taken
		if e != errno.OK {
			return e.String()
		}
		return strconv.Itoa(n)
	case "poll":
		var names []string
		got := f.Poll(&c.Caller, kern.POLLIN|kern.POLLOUT)
		for _, x := range pollNames {
			if got&x.bit != 0 {
				names = append(names, x.name)
			}
		}
		return strings.Join(names, " ")
	case "nonblock":
		return f.SetFlags(&c.Caller, kern.O_NONBLOCK).String()
	case "left":
		arg := make([]byte, 4)
		if e := f.Ioctl(&c.Caller, kern.FIONREAD, arg); e != errno.OK {
			return e.String()
		}
		return fmt.Sprint(kern.Int(arg))
	case "close":
		return f.Close(&c.Caller).String()
	}
	panic("no such call: " + line)
}

// TestPipeAsAValue has a line for each call: which end, the call, what it comes to.
func TestPipeAsAValue(t *testing.T) {
	for _, tc := range []struct{ name, script string }{
		{"bytes come out as they went in, also around the end of the buffer", `
			w write 10000 = 10000
			r read 8000 = 8000: 1..64
			w write 10000 = 10000
			r left = 12000
			r read 20000 = 12000: 65..32
			r left = 0`},
		{"what is in it outlives its writer, not its reader", `
			w write 3 = 3
			w close = OK
			r poll = in hup
			r read 2 = 2: 1..2
			r read 2 = 1: 3..3
			r read 2 = end
			r close = OK`},
		{"nobody reads any more", `
			w write 3 = 3
			r close = OK
			w poll = out hup
			w write 1 = EPIPE
			w close = OK`},
		{"one that waits would wait", `
			r read 1 = EWOULDBLOCK
			r read 0 = end
			w write 16384 = 16384
			w write 1 = EWOULDBLOCK`},
		{"up to PIPE_BUF bytes go as a whole or not at all", `
			w nonblock = OK
			w write 16284 = 16284
			w poll =
			w write 101 = EWOULDBLOCK
			w write 100 = 100
			r read 511 = 511: 1..255
			w poll =
			r read 1 = 1: 0..0
			w poll = out
			w write 512 = 512`},
		{"more than PIPE_BUF bytes go as far as they fit", `
			w nonblock = OK
			w write 20000 = 16384
			r read 1 = 1: 1..1
			w write 513 = 1
			w write 513 = EWOULDBLOCK`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, _ := newCaller(nil)
			gone := 0
			r, w, e := file.NewPipe(c.Kernel, func() { gone++ })
			if e != errno.OK {
				t.Fatal(e)
			}
			ends := map[string]file.File{"r": r, "w": w}
			open, next := 2, byte(0)
			for line := range strings.Lines(tc.script) {
				do, want, ok := strings.Cut(strings.TrimSpace(line), " =")
				if !ok {
					continue
				}
				end, call, _ := strings.Cut(do, " ")
				if call == "close" {
					open--
				}
				if got := c.do(ends[end], &next, call); got != strings.TrimSpace(want) {
					t.Errorf("%s = %s, want %s", do, got, want)
				}
			}
			if told := gone == 1; told != (open == 0) || gone > 1 {
				t.Errorf("with %d ends open it was told %d times that the pipe is gone", open, gone)
			}
		})
	}
}

func TestAPipeTakesMemoryUntilItIsGone(t *testing.T) {
	m := kern.NewMemory(file.PipeMemory, nil, nil)
	c, tree := newCaller(m)
	r, w, e := file.NewPipe(c.Kernel, func() {})
	if e != errno.OK {
		t.Fatal(e)
	}
	if _, _, e = file.NewPipe(c.Kernel, func() {}); e != errno.ENOMEM {
		t.Errorf("a second pipe: %v, want ENOMEM", e)
	}
	r.Close(&c.Caller)
	if m.Used() != file.PipeMemory {
		t.Errorf("%d bytes are held while the writer is open, want %d", m.Used(), file.PipeMemory)
	}
	w.Close(&c.Caller)
	if m.Used() != 0 {
		t.Errorf("%d bytes are held, want none", m.Used())
	}

	c.View.Mkfifo(fs.Base{Dir: c.View.Root()}, "/tmp/f")
	n, _ := c.View.Find(fs.Base{Dir: c.View.Root()}, "/tmp/f", true)
	fifos := file.NewFIFOs(c.Kernel, tree)
	for _, step := range []struct {
		flags int
		want  errno.Errno
		used  int64
	}{
		{kern.O_WRONLY | kern.O_NONBLOCK, errno.ENXIO, 0}, // nobody reads
		{kern.O_RDONLY, errno.EWOULDBLOCK, 0},             // it would wait
		{kern.O_RDONLY | kern.O_NONBLOCK, errno.OK, file.PipeMemory},
		{kern.O_WRONLY | kern.O_NONBLOCK, errno.OK, file.PipeMemory},
	} {
		f, e := fifos.Open(&c.Caller, n, step.flags)
		if e != step.want || m.Used() != step.used {
			t.Errorf("open with %#x: %v and %d bytes held, want %v and %d", step.flags, e, m.Used(), step.want, step.used)
		}
		if e == errno.OK {
			defer func() {
				f.Close(&c.Caller)
				if want := int64(fifos.Len() * file.PipeMemory); m.Used() != want {
					t.Errorf("%d bytes are held for %d FIFOs, want %d", m.Used(), fifos.Len(), want)
				}
			}()
		}
	}
}
