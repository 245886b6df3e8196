package sys

import (
	"testing"
	"time"

	"wireloom/vnet/kern"
)

func TestFiltersOfNoFile(t *testing.T) {
	ms := time.Millisecond
	for _, c := range []struct {
		name string
		main func(p *Proc, kq int, evs []kern.Kevent)
		want []string
	}{
		{"a timer counts its expirations", func(p *Proc, kq int, evs []kern.Kevent) {
			p.Kevent(kq, []kern.Kevent{{Ident: 7, Filter: kern.EVFILT_TIMER, Flags: kern.EV_ADD, Data: 10}}, evs, -1)
			p.Sleep(35 * ms)
			p.Kevent(kq, nil, evs, -1)
			p.Kevent(kq, nil, evs, 2*ms)
			p.Kevent(kq, nil, evs, -1)
			p.Kevent(kq, change(7, kern.EVFILT_TIMER, kern.EV_DELETE), evs, 20*ms)
		}, []string{
			"10ms a kevent({7, EVFILT_TIMER, EV_ADD, data 10}, got {7, EVFILT_TIMER, EV_CLEAR, data 1}, for ever) = 1", "45ms a poll(35ms) = 0",
			"45ms a kevent(got {7, EVFILT_TIMER, EV_CLEAR, data 3}, for ever) = 1", "47ms a kevent(2ms) = 0",
			"50ms a kevent(got {7, EVFILT_TIMER, EV_CLEAR, data 1}, for ever) = 1", "70ms a kevent({7, EVFILT_TIMER, EV_DELETE}, 20ms) = 0",
		}},
		{"a timer that fires once", func(p *Proc, kq int, evs []kern.Kevent) {
			p.Kevent(kq, []kern.Kevent{{Ident: 1, Filter: kern.EVFILT_TIMER, Flags: kern.EV_ADD | kern.EV_ONESHOT, Fflags: kern.NOTE_USECONDS, Data: 50}}, nil, 0)
			p.Sleep(ms)
			p.Kevent(kq, nil, evs, 5*ms)
			p.Kevent(kq, nil, evs, 5*ms)
		}, []string{
			"0s a kevent({1, EVFILT_TIMER, EV_ADD|EV_ONESHOT, data 50}, 0s) = 0", "1ms a poll(1ms) = 0",
			"1ms a kevent(got {1, EVFILT_TIMER, EV_ONESHOT|EV_CLEAR, data 1}, 5ms) = 1", "6ms a kevent(5ms) = 0",
		}},
		{"a timer is no descriptor", func(p *Proc, kq int, evs []kern.Kevent) {
			fd, _ := p.Dup(1)
			p.Kevent(kq, []kern.Kevent{{Ident: fd, Filter: kern.EVFILT_TIMER, Flags: kern.EV_ADD, Data: 5}}, nil, 0)
			p.Close(fd)
			p.Kevent(kq, nil, evs, -1)
		}, []string{"0s a dup() = 5", "0s a kevent({5, EVFILT_TIMER, EV_ADD, data 5}, 0s) = 0", "0s a close() = 0", "5ms a kevent(got {5, EVFILT_TIMER, EV_CLEAR, data 1}, for ever) = 1"}},
		{"times that can't be", func(p *Proc, kq int, evs []kern.Kevent) {
			for _, ev := range []kern.Kevent{{Data: -1}, {Fflags: 3}, {Fflags: kern.NOTE_SECONDS, Data: 1 << 62}} {
				ev.Filter, ev.Flags = kern.EVFILT_TIMER, kern.EV_ADD
				p.Kevent(kq, []kern.Kevent{ev}, nil, 0)
			}
		}, []string{
			"0s a kevent({0, EVFILT_TIMER, EV_ADD, data -1}, 0s) = -1 EINVAL", "0s a kevent({0, EVFILT_TIMER, EV_ADD}, 0s) = -1 EINVAL",
			"0s a kevent({0, EVFILT_TIMER, EV_ADD, data 4611686018427387904}, 0s) = -1 EINVAL",
		}},
		{"a signal is counted whatever becomes of it", func(p *Proc, kq int, evs []kern.Kevent) {
			p.Kevent(kq, change(28, kern.EVFILT_SIGNAL, kern.EV_ADD), nil, 0)
			p.Kevent(kq, change(99, kern.EVFILT_SIGNAL, kern.EV_ADD), nil, 0)
			p.Kill(0, 28)
			p.Kill(0, 28)
			p.Kevent(kq, nil, evs, -1)
			p.Kevent(kq, nil, evs, ms)
		}, []string{
			"0s a kevent({28, EVFILT_SIGNAL, EV_ADD}, 0s) = 0", "0s a kevent({99, EVFILT_SIGNAL, EV_ADD}, 0s) = -1 EINVAL", "0s a --- SIGWINCH: ignored ---", "0s a kill(0, SIGWINCH) = 0",
			"0s a --- SIGWINCH: ignored ---", "0s a kill(0, SIGWINCH) = 0", "0s a kevent(got {28, EVFILT_SIGNAL, EV_CLEAR, data 2}, for ever) = 1", "1ms a kevent(1ms) = 0",
		}},
		{"the end of a child", func(p *Proc, kq int, evs []kern.Kevent) {
			pid, _ := p.Spawn([]string{"b"}, nil, std)
			exit := []kern.Kevent{{Ident: pid, Filter: kern.EVFILT_PROC, Flags: kern.EV_ADD, Fflags: kern.NOTE_EXIT}}
			p.Kevent(kq, exit, evs, -1)
			p.Kevent(kq, change(pid, kern.EVFILT_PROC, kern.EV_DELETE), nil, 0)
			p.Kevent(kq, exit, evs, -1) // a zombie
			p.Waitpid(pid, 0)
			p.Kevent(kq, change(pid, kern.EVFILT_PROC, kern.EV_DELETE), nil, 0)
			p.Kevent(kq, exit, nil, 0)
			p.Kevent(kq, change(p.PID(), kern.EVFILT_PROC, kern.EV_ADD), nil, 0)
		}, []string{
			`0s a spawn(["b"], [0 1 2]) = 2`, "1s b.1 poll(1s) = 0", "1s b.1 ended: exit 5",
			"1s a kevent({2, EVFILT_PROC, EV_ADD, NOTE_EXIT}, got {2, EVFILT_PROC, EV_EOF, NOTE_EXIT, data 1280}, for ever) = 1",
			"1s a kevent({2, EVFILT_PROC, EV_DELETE}, 0s) = 0", "1s a kevent({2, EVFILT_PROC, EV_ADD, NOTE_EXIT}, got {2, EVFILT_PROC, EV_EOF, NOTE_EXIT, data 1280}, for ever) = 1",
			"1s a waitpid(2, exit code 5) = 2", "1s a kevent({2, EVFILT_PROC, EV_DELETE}, 0s) = 0", "1s a kevent({2, EVFILT_PROC, EV_ADD, NOTE_EXIT}, 0s) = -1 ESRCH", "1s a kevent({1, EVFILT_PROC, EV_ADD}, 0s) = -1 EINVAL",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, one("a", "b"))
			lines := calls(b)
			b.program("b", func(p *Proc) Exit {
				p.Sleep(time.Second)
				return Exit{Code: 5, How: "exit"}
			})
			b.program("a", func(p *Proc) Exit {
				kq, _ := p.Kqueue()
				*lines = nil
				c.main(p, kq, make([]kern.Kevent, 4))
				return done
			})
			if err := b.begin("a"); err != nil {
				t.Fatal(err)
			}
			b.Run(time.Hour)
			got := *lines
			if len(got) == 0 || got[len(got)-1][len(got[len(got)-1])-len("a ended: exit 0"):] != "a ended: exit 0" {
				t.Fatalf("the log has %q", got)
			}
			wantLines(t, got[:len(got)-1], c.want...)
			if _, due := b.loop.Next(); due {
				t.Error("a timer is left")
			}
		})
	}
}
