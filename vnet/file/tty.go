package file

import (
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// MaxStdin is how many bytes may wait on a console's input.
const MaxStdin = 64 << 10

// What the line discipline of a terminal does with what is typed at a console, as
// far as it reaches a program: termios(4), with ISIG and ICANON. Lines are edited
// where they are typed.
const (
	vintr = "\x03" // ^C: SIGINT, and what was typed and not read is gone
	veof  = "\x04" // ^D: nothing follows
)

// An Input is standard input: what was typed at the machine's prompt and not read yet.
type Input struct {
	Plain
	data []byte
	eof  bool
	non  bool // O_NONBLOCK, which all that have the terminal share
	sel  kern.SelInfo
}

// Len is how many bytes wait.
func (in *Input) Len() int { return len(in.data) }

// Interrupt returns what of a typed text follows the last ^C, and whether there is one: what
// waited is gone then.
func (in *Input) Interrupt(text string) (rest string, interrupted bool) {
	i := strings.LastIndex(text, vintr)
	if i < 0 {
		return text, false
	}
	in.data = in.data[:0]
	return text[i+len(vintr):], true
}

// Put adds a typed text without a ^C, up to its ^D; with eof nothing follows. It returns
// false, and takes nothing, where more would wait than MaxStdin.
func (in *Input) Put(k *kern.Kernel, text string, eof bool) bool {
	if before, _, found := strings.Cut(text, veof); found {
		text, eof = before, true
	}
	if len(in.data)+len(text) > MaxStdin {
		return false
	}
	in.data = append(in.data, text...)
	in.eof = in.eof || eof
	in.sel.Wakeup(k)
	in.sel.Knote(k)
	return true
}

// Read waits for something typed.
func (in *Input) Read(c *Caller, b []byte) (int, uint64, errno.Errno) {
	for len(in.data) == 0 {
		if in.eof || len(b) == 0 {
			return 0, 0, errno.OK
		}
		if in.non {
			return 0, 0, errno.EWOULDBLOCK
		}
		c.Typing = true
		e := c.Wait(&in.sel, -1)
		c.Typing = false
		if e != errno.OK {
			return 0, 0, e
		}
	}
	n := copy(b, in.data)
	in.data = in.data[:copy(in.data, in.data[n:])]
	return n, 0, errno.OK
}

// Poll finds it ready when something waits, or nothing follows.
func (in *Input) Poll(c *Caller, events int) int {
	if len(in.data) > 0 || in.eof {
		return events & (kern.POLLIN | kern.POLLRDNORM)
	}
	c.record(&in.sel)
	return 0
}

// Kqfilter watches for something typed.
func (in *Input) Kqfilter(_ *Caller, kn *kern.Knote) errno.Errno {
	if kn.Filter != kern.EVFILT_READ {
		return errno.EINVAL
	}
	return Watch(&in.sel, kn, func(kn *kern.Knote) bool {
		kn.Data, kn.EOF = int64(len(in.data)), in.eof
		return kn.Data > 0 || in.eof
	})
}

// Ioctl has FIONREAD and FIONBIO.
func (in *Input) Ioctl(_ *Caller, cmd uint32, arg []byte) errno.Errno {
	switch cmd {
	case kern.FIONREAD:
		kern.PutInt(arg, int32(len(in.data)))
	case kern.FIONBIO:
		in.non = kern.Int(arg) != 0
	default:
		return errno.ENOTTY
	}
	return errno.OK
}

// SetFlags takes O_NONBLOCK.
func (in *Input) SetFlags(_ *Caller, flags int) errno.Errno {
	in.non = flags&kern.O_NONBLOCK != 0
	return errno.OK
}

// Stat is a terminal's.
func (*Input) Stat(*Caller) (kern.Stat, errno.Errno) { return kern.Stat{Mode: 0o620}, errno.OK }

// A Meter holds what a process writes to a terminal to so many bytes a second of virtual time.
type Meter struct {
	Limit   int
	Dropped int64
	second  time.Duration
	written int
}

// Take returns how many of n bytes there is room for now, and whether these are the first of
// their second for which there is none.
func (m *Meter) Take(now time.Duration, n int) (room int, first bool) {
	if now = now.Truncate(time.Second); now != m.second {
		m.second, m.written = now, 0
	}
	room = m.Limit - m.written
	if n <= room {
		m.written += n
		return n, false
	}
	first = room >= 0
	room = max(room, 0)
	m.Dropped += int64(n - room)
	m.written = m.Limit + 1
	return room, first
}

// An Output is standard output (1) or standard error (2): Show is given what is written there.
type Output struct {
	Plain
	FD   int
	Show func(fd int, b []byte)
}

// Write takes all.
func (o *Output) Write(_ *Caller, b []byte) (int, uint64, errno.Errno) {
	o.Show(o.FD, b)
	return len(b), 0, errno.OK
}

// Poll finds it ready to write, Stat is a terminal's.

func (*Output) Poll(_ *Caller, events int) int { return events & kern.POLLOUT }

func (*Output) Stat(*Caller) (kern.Stat, errno.Errno) { return kern.Stat{Mode: 0o620}, errno.OK }

// A TTY is /dev/tty and /dev/console: the terminal of a process, both ways, whatever became
// of its standard streams.
type TTY struct {
	Output
	In *Input
}

// What is typed there is what standard input has.

func (t *TTY) Read(c *Caller, b []byte) (int, uint64, errno.Errno) { return t.In.Read(c, b) }

func (t *TTY) Ioctl(c *Caller, cmd uint32, arg []byte) errno.Errno { return t.In.Ioctl(c, cmd, arg) }

func (t *TTY) SetFlags(c *Caller, flags int) errno.Errno { return t.In.SetFlags(c, flags) }

func (t *TTY) Poll(c *Caller, events int) int { return t.In.Poll(c, events) | t.Output.Poll(c, events) }

func (t *TTY) Kqfilter(c *Caller, kn *kern.Knote) errno.Errno { return t.In.Kqfilter(c, kn) }

// IsTerminal reports whether a file is a process' terminal.
func IsTerminal(f File) bool {
	switch f.(type) {
	case *Input, *Output, *TTY:
		return true
	}
	return false
}
