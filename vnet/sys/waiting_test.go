package sys

import (
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
)

// What a process waits for is told with the call, what is open there, and the time.
func TestWhatAProcessWaitsFor(t *testing.T) {
	opened := func(p *Proc) int {
		fd, e := p.Open("/dev/tap0", kern.O_RDWR)
		if e != errno.OK {
			panic(e)
		}
		return fd
	}
	in := func(fds ...int) []file.PollFD {
		var all []file.PollFD
		for _, fd := range fds {
			all = append(all, file.PollFD{FD: fd, Events: kern.POLLIN})
		}
		return all
	}
	for _, c := range []struct {
		name string
		main func(p *Proc)
		want string
	}{
		{"a packet", func(p *Proc) { p.Sleep(time.Second); p.Read(opened(p), make([]byte, 10)) }, "read(4</dev/tap0>) since 1s"},
		{"what is typed", func(p *Proc) { p.Read(0, make([]byte, 10)) }, "read(stdin) since 0s"},
		{"one of several files, for some time", func(p *Proc) { p.Poll(in(opened(p), 0), 5*time.Second) }, "poll(4</dev/tap0>, stdin) since 0s until 5s"},
		{"many files", func(p *Proc) { p.Poll(in(0, 0, 0, 0, 0, 0), -1) }, "poll(stdin, stdin, stdin, stdin, and 2 more) since 0s"},
		{"time", func(p *Proc) { p.Sleep(3 * time.Second) }, "sleep since 0s until 3s"},
		{"an event of a kqueue", func(p *Proc) {
			q, _ := p.Kqueue()
			p.Kevent(q, nil, make([]kern.Kevent, 1), -1)
		}, "kevent(4<kqueue>) since 0s"},
		{"a signal", func(p *Proc) { p.Sigpause(0) }, "sigpause since 0s"},
		{"the other end of a FIFO", func(p *Proc) {
			p.Mkfifo(AtRoot, "/tmp/x")
			p.Open("/tmp/x", kern.O_RDONLY)
		}, "open since 0s"},
		{"nothing any more", func(*Proc) {}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, _ := tapBench(t, func(p *Proc) Exit {
				c.main(p)
				return done
			})
			b.Run(2 * time.Second)
			got := ""
			if p := b.Named("p"); p != nil {
				got = p.Waiting()
			}
			if got != c.want {
				t.Errorf("it waits in %q, want %q", got, c.want)
			}
		})
	}
}
