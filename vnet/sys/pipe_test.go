package sys

import (
	"bytes"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/signal"
)

func TestPipe(t *testing.T) {
	for _, c := range []struct {
		name string
		main func(p *Proc, r, w int)
		want []string
	}{
		{"what was written is read, also after the writer is gone", func(p *Proc, r, w int) {
			p.Write(w, []byte("hello"))
			p.Read(r, make([]byte, 2))
			p.Close(w)
			p.Read(r, make([]byte, 10))
			p.Read(r, make([]byte, 10))
		}, []string{"0s a write() = 5", "0s a read() = 2", "0s a close() = 0", "0s a read() = 3", "0s a read() = 0"}},
		{"the wrong ends", func(p *Proc, r, w int) {
			p.Write(r, []byte("x"))
			p.Read(w, make([]byte, 1))
		}, []string{"0s a write() = -1 EBADF", "0s a read() = -1 EBADF"}},
		{"up to PIPE_BUF bytes go as a whole", func(p *Proc, r, w int) {
			p.SetFlags(w, kern.O_NONBLOCK)
			p.Write(w, make([]byte, file.PipeSize-100))
			p.Write(w, make([]byte, 101))
			p.Write(w, make([]byte, file.PipeBuf+1))
			p.Write(w, nil)
			p.Write(w, make([]byte, file.PipeBuf+1))
		}, []string{"0s a fcntl(F_SETFL O_NONBLOCK) = 0", "0s a write() = 16284", "0s a write() = -1 EWOULDBLOCK", "0s a write() = 100", "0s a write() = 0", "0s a write() = -1 EWOULDBLOCK"}},
		{"without a reader", func(p *Proc, r, w int) {
			p.Sigaction(signal.SIGPIPE, signal.Ignore)
			p.Write(w, []byte("lost"))
			p.Close(r)
			p.Write(w, []byte("x"))
		}, []string{"0s a sigaction(SIGPIPE, ignored) = 0", "0s a write() = 4", "0s a close() = 0", "0s a --- SIGPIPE: ignored ---", "0s a write() = -1 EPIPE"}},
		{"FIONBIO and FIONREAD", func(p *Proc, r, w int) {
			p.Ioctl(r, kern.FIONBIO, []byte{1, 0, 0, 0})
			p.Read(r, make([]byte, 1))
			if f, e := p.Flags(r); f != kern.O_NONBLOCK || e != errno.OK {
				t.Errorf("flags %x %v", f, e)
			}
			p.Write(w, []byte("abc"))
			p.Ioctl(w, kern.FIONREAD, make([]byte, 4))
			p.Ioctl(r, kern.FIOASYNC, make([]byte, 4))
		}, []string{"0s a ioctl(FIONBIO [1]) = 0", "0s a read() = -1 EWOULDBLOCK", "0s a write() = 3", "0s a ioctl(FIONREAD [3]) = 0", "0s a ioctl(FIOASYNC [0]) = -1 ENOTTY"}},
		{"poll", func(p *Proc, r, w int) {
			fds := []file.PollFD{{FD: r, Events: kern.POLLIN}, {FD: w, Events: kern.POLLOUT}}
			p.Poll(fds[:1], 0)
			p.Poll(fds, 0)
			p.SetFlags(w, kern.O_NONBLOCK)
			p.Write(w, make([]byte, file.PipeSize-file.PipeBuf+1))
			p.Poll(fds, 0)
			p.Close(w)
			p.Poll(fds, 0)
		}, []string{
			"0s a poll(4:POLLIN, 0s) = 0", "0s a poll(4:POLLIN, 5:POLLOUT=POLLOUT, 0s) = 1", "0s a fcntl(F_SETFL O_NONBLOCK) = 0", "0s a write() = 15873",
			"0s a poll(4:POLLIN=POLLIN, 5:POLLOUT, 0s) = 1", "0s a close() = 0", "0s a poll(4:POLLIN=POLLIN=POLLHUP, 5:POLLOUT=POLLNVAL, 0s) = 2",
		}},
		{"kevent", func(p *Proc, r, w int) {
			kq, _ := p.Kqueue()
			evs := make([]kern.Kevent, 4)
			p.Kevent(kq, change(r, kern.EVFILT_READ, kern.EV_ADD), evs, 0)
			p.Kevent(kq, change(r, kern.EVFILT_WRITE, kern.EV_ADD), nil, 0)
			p.Kevent(kq, change(w, kern.EVFILT_WRITE, kern.EV_ADD|kern.EV_ONESHOT), evs, 0)
			p.Write(w, []byte("abc"))
			p.Kevent(kq, nil, evs, -1)
			p.Close(w)
			p.Kevent(kq, nil, evs, -1)
		}, []string{
			"0s a kqueue() = 6", "0s a kevent({4, EVFILT_READ, EV_ADD}, 0s) = 0", "0s a kevent({4, EVFILT_WRITE, EV_ADD}, 0s) = -1 EINVAL",
			"0s a kevent({5, EVFILT_WRITE, EV_ADD|EV_ONESHOT}, got {5, EVFILT_WRITE, EV_ONESHOT, data 16384}, 0s) = 1", "0s a write() = 3",
			"0s a kevent(got {4, EVFILT_READ, data 3}, for ever) = 1", "0s a close() = 0", "0s a kevent(got {4, EVFILT_READ, EV_EOF, data 3}, for ever) = 1",
		}},
		{"descriptors that share an end", func(p *Proc, r, w int) {
			d, _ := p.Dup(w)
			p.SetFlags(d, kern.O_NONBLOCK)
			if f, _ := p.Flags(w); f&kern.O_NONBLOCK == 0 {
				t.Error("the flag is not the file's")
			}
			p.Close(w)
			p.Write(d, []byte("x"))
			p.Dup2(d, 20)
			p.Dup2(20, 20)
			p.Close(d)
			p.Dup2(r, 20) // the last of the writers
			p.Read(20, make([]byte, 5))
			p.Read(20, make([]byte, 5))
			p.Dup2(r, MaxFiles)
			p.Dup2(19, 3)
			p.Dup(19)
		}, []string{
			"0s a dup() = 6", "0s a fcntl(F_SETFL O_NONBLOCK) = 0", "0s a close() = 0", "0s a write() = 1", "0s a dup2(20) = 20", "0s a dup2(20) = 20", "0s a close() = 0",
			"0s a close() = 0", "0s a dup2(20) = 20", "0s a read() = 1", "0s a read() = 0", "0s a dup2(64) = -1 EBADF", "0s a dup2(3) = -1 EBADF", "0s a dup() = -1 EBADF",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, one("a"))
			lines := calls(b)
			b.program("a", func(p *Proc) Exit {
				r, w, e := p.Pipe()
				if r != 4 || w != 5 || e != errno.OK {
					t.Errorf("pipe returned %d, %d, %v", r, w, e)
				}
				*lines = nil
				c.main(p, r, w)
				*lines = append(*lines, "end")
				return ending(p)
			})
			b.Start()
			b.Run(time.Hour)
			wantLines(t, *lines, append(c.want, "end", "0s a ended: exit 0")...)
			if n := b.pipes; n != 0 {
				t.Errorf("%d pipes are left", n)
			}
		})
	}
}

// TestPipeBetweenProcesses: a long write waits for its reader, and every byte comes
// through in order.
func TestPipeBetweenProcesses(t *testing.T) {
	b := newBench(t, one("a", "b"))
	sent := make([]byte, 100_000)
	for i := range sent {
		sent[i] = byte(i * i >> 3)
	}
	var got []byte
	b.program("b", func(p *Proc) Exit {
		for buf := make([]byte, 777); ; {
			p.Charge(100)
			n, e := p.Read(0, buf)
			if n == 0 || e != errno.OK {
				return done
			}
			got = append(got, buf[:n]...)
		}
	})
	b.program("a", func(p *Proc) Exit {
		r, w, _ := p.Pipe()
		pid, e := p.Spawn([]string{"b"}, nil, [3]int{r, 1, 2})
		p.Close(r)
		n, e2 := p.Write(w, sent)
		p.Close(w)
		child, status, e3 := p.Waitpid(pid, 0)
		if e != errno.OK || n != len(sent) || e2 != errno.OK || child != pid || status != 0 || e3 != errno.OK {
			t.Errorf("spawn %v, write %d %v, waitpid %d %d %v", e, n, e2, child, status, e3)
		}
		return done
	})
	if err := b.begin("a"); err != nil {
		t.Fatal(err)
	}
	b.Run(time.Second)
	if !bytes.Equal(got, sent) {
		t.Errorf("%d bytes came, want the %d that were sent", len(got), len(sent))
	}
}

// TestPipesAreBounded: a node has so many, whoever makes them.
func TestPipesAreBounded(t *testing.T) {
	b := newBench(t, one("a"))
	b.program("a", func(p *Proc) Exit {
		s := p.sys
		for range MaxPipes {
			if _, _, e := s.newPipe(); e != errno.OK {
				t.Fatal(e)
			}
		}
		if _, _, e := p.Pipe(); e != errno.ENFILE {
			t.Errorf("got %v, want ENFILE", e)
		}
		return done
	})
	b.Start()
	b.Run(time.Second)
	if n := b.log.Count(event.Limit); n != 1 {
		t.Errorf("%d limit events, want one", n)
	}
}
