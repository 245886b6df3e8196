package sys

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/signal"
)

// tapBench runs a program on a machine with NetBSD's tap, and returns the bench and the
// calls that were logged.
func tapBench(t *testing.T, main func(p *Proc) Exit) (*bench, *[]string) {
	t.Helper()
	b := newBench(t, setup{programs: []string{"p"}, start: []string{"p"}, tap: true})
	var calls []string
	b.log.Subscribe(func(e *event.Event) {
		if e.Kind == event.Call {
			calls = append(calls, fmt.Sprintf("%v %s %d %s = %d %s", e.At, e.Op, e.FD, e.Text, e.N, errno.Errno(e.Errno)))
		}
	})
	b.program("p", main)
	b.Start()
	return b, &calls
}

// arrive gives the tap a frame to read.
func arrive(b *bench) {
	k := b.Kernel()
	k.Ifnet("tap0").Transmit(k.NewFrame(make([]byte, 60)))
}

func change(fd, filter, flags int) []kern.Kevent {
	return []kern.Kevent{{Ident: fd, Filter: filter, Flags: flags}}
}

func TestKqueue(t *testing.T) {
	b, calls := tapBench(t, func(p *Proc) Exit {
		tap, _ := p.Open("/dev/tap0", kern.O_RDWR)
		null, _ := p.Open("/dev/null", kern.O_RDWR)
		kq, _ := p.Kqueue()
		read := func(flags int) []kern.Kevent { return change(tap, kern.EVFILT_READ, flags) }
		events := make([]kern.Kevent, 2)
		p.Kevent(kq, read(kern.EV_ADD), nil, -1)
		p.Kevent(kq, nil, events, 2*time.Millisecond) // nothing comes
		p.Kevent(kq, nil, events, -1)                 // a frame comes at 5 ms
		p.Kevent(kq, read(kern.EV_DELETE), events, 0)
		p.Kevent(kq, read(kern.EV_DELETE), nil, 0)                                            // it is not there: the call fails
		p.Kevent(kq, slices.Concat(read(kern.EV_DELETE), read(kern.EV_DELETE)), events, -1)   // and with room, an event each
		p.Kevent(kq, change(null, kern.EVFILT_READ, kern.EV_ADD), nil, 0)                     // takes no knotes
		p.Kevent(kq, change(kq, kern.EVFILT_READ, kern.EV_ADD), nil, 0)                       // nor does a kqueue
		p.Kevent(kq, change(40, kern.EVFILT_READ, kern.EV_ADD), nil, 0)                       // not open
		p.Kevent(tap, nil, events, 0)                                                         // not a kqueue
		p.Kevent(40, nil, events, 0)                                                          // not open
		p.Kevent(kq, change(tap, kern.EVFILT_WRITE, kern.EV_ADD|kern.EV_ONESHOT), events, -1) // always holds
		return done
	})
	b.Run(4 * time.Millisecond)
	b.loop.After(5*time.Millisecond-b.Now(), func() { arrive(b) })
	b.Run(time.Second)
	want := []string{
		"0s open 0 O_RDWR = 4 OK",
		"0s open 0 O_RDWR = 5 OK",
		"0s kqueue 0  = 6 OK",
		"0s kevent 6 {4, EVFILT_READ, EV_ADD}, for ever = 0 OK",
		"2ms kevent 6 2ms = 0 OK",
		"5ms kevent 6 got {4, EVFILT_READ, data 60}, for ever = 1 OK",
		"5ms kevent 6 {4, EVFILT_READ, EV_DELETE}, 0s = 0 OK",
		"5ms kevent 6 {4, EVFILT_READ, EV_DELETE}, 0s = -1 ENOENT",
		"5ms kevent 6 {4, EVFILT_READ, EV_DELETE}, {4, EVFILT_READ, EV_DELETE}, got {4, EVFILT_READ, EV_ERROR, ENOENT}, {4, EVFILT_READ, EV_ERROR, ENOENT}, for ever = 2 OK",
		"5ms kevent 6 {5, EVFILT_READ, EV_ADD}, 0s = -1 EINVAL",
		"5ms kevent 6 {6, EVFILT_READ, EV_ADD}, 0s = -1 EINVAL",
		"5ms kevent 6 {40, EVFILT_READ, EV_ADD}, 0s = -1 EBADF",
		"5ms kevent 4 0s = -1 EBADF",
		"5ms kevent 40 0s = -1 EBADF",
		"5ms kevent 6 {4, EVFILT_WRITE, EV_ADD|EV_ONESHOT}, got {4, EVFILT_WRITE, EV_ONESHOT}, for ever = 1 OK",
		"5ms close 4 at exit = 0 OK",
	}
	if got := strings.Join(*calls, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("the calls are\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestAClosedDescriptorLeavesItsKqueues(t *testing.T) {
	for _, c := range []struct {
		name  string
		close func(p *Proc, tap int) errno.Errno
	}{
		{"close", (*Proc).Close},
		{"its number is taken by another", func(p *Proc, tap int) errno.Errno {
			null, _ := p.Open("/dev/null", kern.O_RDWR)
			return p.Renumber(null, tap)
		}},
		{"it moves to another number", func(p *Proc, tap int) errno.Errno { return p.Renumber(tap, 1) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after int
			b, _ := tapBench(t, func(p *Proc) Exit {
				tap, _ := p.Open("/dev/tap0", kern.O_RDWR)
				kq, _ := p.Kqueue()
				p.Kevent(kq, change(tap, kern.EVFILT_READ, kern.EV_ADD), nil, 0)
				q := p.files[kq].file.(*file.Kqueue)
				before = q.Len()
				if e := c.close(p, tap); e != errno.OK {
					t.Errorf("%v", e)
				}
				after = q.Len()
				return done
			})
			b.Run(time.Millisecond)
			if before != 1 || after != 0 {
				t.Errorf("the kqueue watches %d and then %d, want 1 and 0", before, after)
			}
		})
	}
}

func TestAKqueueIsAFile(t *testing.T) {
	b, calls := tapBench(t, func(p *Proc) Exit {
		tap, _ := p.Open("/dev/tap0", kern.O_RDWR)
		kq, _ := p.Kqueue()
		p.Read(kq, make([]byte, 1))
		p.Write(kq, make([]byte, 1))
		p.Kevent(kq, change(tap, kern.EVFILT_READ, kern.EV_ADD), nil, 0)
		p.Poll([]file.PollFD{{FD: kq, Events: kern.POLLIN}}, -1) // until the frame
		p.Poll([]file.PollFD{{FD: kq, Events: kern.POLLIN}}, -1)
		p.Close(kq)
		p.Close(tap)
		return done
	})
	b.loop.After(3*time.Millisecond-b.Now(), func() { arrive(b) })
	b.Run(time.Second)
	want := []string{
		"0s read 5  = -1 ENXIO",
		"0s write 5  = -1 ENXIO",
		"0s kevent 5 {4, EVFILT_READ, EV_ADD}, 0s = 0 OK",
		"3ms poll 0 5:POLLIN=POLLIN, for ever = 1 OK",
		"3ms poll 0 5:POLLIN=POLLIN, for ever = 1 OK",
		"3ms close 5  = 0 OK",
		"3ms close 4  = 0 OK",
	}
	if got := strings.Join((*calls)[2:], "\n"); got != strings.Join(want, "\n") {
		t.Errorf("the calls are\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestKqueuesAreBounded(t *testing.T) {
	b, _ := tapBench(t, func(p *Proc) Exit {
		for n := p.opened; ; n++ {
			if _, e := p.Kqueue(); e != errno.OK {
				if e != errno.EMFILE || n != MaxFiles {
					t.Errorf("with %d files open the next kqueue is %v, want EMFILE at %d", n, e, MaxFiles)
				}
				return done
			}
		}
	})
	b.Run(time.Millisecond)
}

func TestFlagsAreThoseThatIoctlSet(t *testing.T) {
	var got []int
	b, _ := tapBench(t, func(p *Proc) Exit {
		tap, _ := p.Open("/dev/tap0", kern.O_RDWR)
		flags := func() {
			f, _ := p.Flags(tap)
			got = append(got, f)
		}
		p.Ioctl(tap, kern.FIONBIO, []byte{1, 0, 0, 0})
		flags()
		p.SetFlags(tap, kern.O_ASYNC)
		flags()
		return done
	})
	b.Run(time.Millisecond)
	if want := []int{kern.O_RDWR | kern.O_NONBLOCK, kern.O_RDWR | kern.O_ASYNC}; !slices.Equal(got, want) {
		t.Errorf("flags %v, want %v", got, want)
	}
}

func TestTyping(t *testing.T) {
	for _, c := range []struct {
		name  string
		typed []string
		want  string // what is read, EOF and signals
	}{
		{"a line", []string{"ab\n"}, `"ab\n"`},
		{"the end of the input", []string{"ab\x04cd"}, `"ab" EOF`},
		{"the end of the input alone", []string{"\x04"}, `EOF`},
		{"an interrupt", []string{"\x03"}, `SIGINT`},
		{"an interrupt throws away what waits", []string{"ab\x03cd\x03e"}, `SIGINT "e"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			b, _ := tapBench(t, func(p *Proc) Exit {
				p.Catch(signal.SIGINT)
				buf := make([]byte, 16)
				for {
					n, e := p.Read(0, buf)
					for p.TakeSignal() == signal.SIGINT {
						got = append(got, "SIGINT")
					}
					switch {
					case p.Dying():
						return p.Verdict()
					case e != errno.OK:
					case n == 0:
						got = append(got, "EOF")
						return done
					default:
						got = append(got, fmt.Sprintf("%q", buf[:n]))
					}
				}
			})
			b.Run(time.Millisecond)
			for _, text := range c.typed {
				if err := b.Type("p", text, false); err != nil {
					t.Fatal(err)
				}
			}
			b.Run(2 * time.Millisecond)
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestAnInterruptIsTypedHoweverMuchWaits(t *testing.T) {
	caught := false
	b, _ := tapBench(t, func(p *Proc) Exit {
		p.Catch(signal.SIGINT)
		p.Sleep(time.Hour)
		caught = p.TakeSignal() == signal.SIGINT
		return done
	})
	b.Run(time.Millisecond)
	enter := func(text string) error { return b.Type("p", text, false) }
	if err := enter(strings.Repeat("x", file.MaxStdin)); err != nil {
		t.Fatal(err)
	}
	if err := enter("x"); err == nil {
		t.Errorf("more than %d bytes are taken", file.MaxStdin)
	}
	if err := enter("\x03"); err != nil {
		t.Error(err)
	}
	b.Run(2 * time.Millisecond)
	if !caught {
		t.Error("no SIGINT came")
	}
}

// TestKqueueLimits registers timers in many kqueues until the kernel takes no more,
// and again after they were closed.
func TestKqueueLimits(t *testing.T) {
	const most = 4096 // of a node
	ran := false
	b, _ := tapBench(t, func(p *Proc) Exit {
		for range 2 {
			var kqs []int
			count := 0
			for range 10 {
				kq, e := p.Kqueue()
				if e != errno.OK {
					t.Fatalf("kqueue: %v", e)
				}
				kqs = append(kqs, kq)
				for i := range 600 {
					if _, e = p.Kevent(kq, []kern.Kevent{{Ident: i, Filter: kern.EVFILT_TIMER, Flags: kern.EV_ADD, Data: 1000}}, nil, 0); e != errno.OK {
						break
					}
					count++
				}
				if want := errno.ENOMEM; count == most && e != want {
					t.Errorf("timer %d: %v, want %v", count, e, want)
				}
			}
			if count != most {
				t.Errorf("the kernel took %d timers, want %d", count, most)
			}
			for _, kq := range kqs {
				p.Close(kq)
			}
		}
		ran = true
		return Exit{How: "exit"}
	})
	b.Run(time.Second)
	if !ran {
		t.Error("the program did not reach its end")
	}
}
