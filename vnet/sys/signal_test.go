package sys

import (
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/signal"
)

func TestSignalActions(t *testing.T) {
	for _, c := range []struct {
		name string
		main func(p *Proc)
		want []string
	}{
		{"the default of SIGUSR1 ends it", func(p *Proc) {
			p.Kill(p.PID(), 30)
		}, []string{"0s a --- SIGUSR1: ends the process ---", "0s a kill(1, SIGUSR1) = 0", "0s a ended: killed 158"}},
		{"the default of SIGWINCH is nothing", func(p *Proc) {
			p.Kill(0, 28)
		}, []string{"0s a --- SIGWINCH: ignored ---", "0s a kill(0, SIGWINCH) = 0", "0s a ended: exit 0"}},
		{"ignored", func(p *Proc) {
			p.Sigaction(signal.SIGTERM, signal.Ignore)
			p.Kill(p.PID(), signal.SIGTERM)
		}, []string{"0s a sigaction(SIGTERM, ignored) = 0", "0s a --- SIGTERM: ignored ---", "0s a kill(1, SIGTERM) = 0", "0s a ended: exit 0"}},
		{"caught and taken, the lowest first", func(p *Proc) {
			p.Sigaction(signal.SIGTERM, signal.Catch)
			p.Sigaction(signal.SIGINT, signal.Restart)
			p.Kill(p.PID(), signal.SIGTERM)
			p.Kill(p.PID(), signal.SIGINT)
			p.Kill(p.PID(), signal.SIGINT) // is pending already
			p.Sigtake()
			p.Sigtake()
			p.Sigtake()
		}, []string{
			"0s a sigaction(SIGTERM, caught) = 0", "0s a sigaction(SIGINT, caught, SA_RESTART) = 0", "0s a --- SIGTERM: caught ---", "0s a kill(1, SIGTERM) = 0",
			"0s a --- SIGINT: caught ---", "0s a kill(1, SIGINT) = 0", "0s a --- SIGINT: caught ---", "0s a kill(1, SIGINT) = 0",
			"0s a sigtake(SIGINT) = 2", "0s a sigtake(SIGTERM) = 15", "0s a ended: exit 0",
		}},
		{"a pending signal whose action becomes the default ends it", func(p *Proc) {
			p.Catch(signal.SIGTERM)
			p.Kill(p.PID(), signal.SIGTERM)
			p.Sigaction(signal.SIGTERM, signal.Default)
		}, []string{"0s a --- SIGTERM: caught ---", "0s a kill(1, SIGTERM) = 0", "0s a sigaction(SIGTERM, default) = 1", "0s a ended: killed 143"}},
		{"a pending signal that is then ignored is gone", func(p *Proc) {
			p.Catch(signal.SIGTERM)
			p.Kill(p.PID(), signal.SIGTERM)
			p.Sigaction(signal.SIGTERM, signal.Ignore)
			p.Sigtake()
		}, []string{"0s a --- SIGTERM: caught ---", "0s a kill(1, SIGTERM) = 0", "0s a sigaction(SIGTERM, ignored) = 1", "0s a ended: exit 0"}},
		{"SIGKILL can't be caught", func(p *Proc) {
			p.Sigaction(signal.SIGKILL, signal.Catch)
			p.Kill(p.PID(), signal.SIGKILL)
		}, []string{"0s a sigaction(SIGKILL) = -1 EINVAL", "0s a --- SIGKILL: ends the process ---", "0s a kill(1, SIGKILL) = 0", "0s a ended: killed 137"}},
		{"nobody and no signal", func(p *Proc) {
			p.Kill(9, signal.SIGTERM)
			p.Kill(-9, 0)
			p.Kill(1, 0)
			p.Kill(1, 99)
			p.Kill(1, -1)
			p.Kill(1, signal.SIGSTOP)
			p.Kill(-1, signal.SIGTERM) // all others: none
			p.Sigaction(33, signal.Ignore)
			p.Sigaction(signal.SIGINT, 7)
		}, []string{
			"0s a kill(9, SIGTERM) = -1 ESRCH", "0s a kill(-9, 0) = -1 ESRCH", "0s a kill(1, 0) = 0", "0s a kill(1, 99) = -1 EINVAL", "0s a kill(1, -1) = -1 EINVAL",
			"0s a kill(1, 17) = -1 EINVAL", "0s a kill(-1, SIGTERM) = -1 ESRCH", "0s a sigaction(33) = -1 EINVAL", "0s a sigaction(SIGINT) = -1 EINVAL", "0s a ended: exit 0",
		}},
		{"an alarm ends a sleep", func(p *Proc) {
			p.Catch(signal.SIGALRM)
			p.Alarm(2 * time.Second)
			p.Sleep(time.Second / 2)
			p.Alarm(time.Second)
			p.Sleep(time.Minute)
			p.TakeSignal()
			p.Alarm(time.Hour)
			p.Alarm(0)
		}, []string{
			"0s a alarm(2s) = 0", "500ms a poll(500ms) = 0", "500ms a alarm(1s) = 1500", "1.5s a --- SIGALRM: caught ---", "1.5s a poll(1m0s) = -1 EINTR",
			"1.5s a alarm(1h0m0s) = 0", "1.5s a alarm(0s) = 3600000", "1.5s a ended: exit 0",
		}},
		{"an alarm that is due while it computes ends one sleep", func(p *Proc) {
			p.Catch(signal.SIGALRM)
			p.Alarm(time.Millisecond)
			p.Charge(SliceFuel * 5)
			p.Sleep(time.Second)
			p.Sleep(time.Second) // it has not been taken, and has interrupted
		}, []string{"0s a alarm(1ms) = 0", "1ms a --- SIGALRM: caught ---", "5ms a poll(1s) = -1 EINTR", "1.005s a poll(1s) = 0", "1.005s a ended: exit 0"}},
		{"a pause ends with a signal that is not in its mask", func(p *Proc) {
			p.Catch(signal.SIGALRM)
			p.Catch(signal.SIGHUP)
			p.Kill(p.PID(), signal.SIGHUP)
			p.Alarm(time.Second)
			p.Sigpause(1 << (signal.SIGHUP - 1))
			p.Sigpause(0) // SIGHUP is pending
		}, []string{
			"0s a --- SIGHUP: caught ---", "0s a kill(1, SIGHUP) = 0", "0s a alarm(1s) = 0", "1s a --- SIGALRM: caught ---",
			"1s a sigpause([SIGHUP]) = -1 EINTR", "1s a sigpause([]) = -1 EINTR", "1s a ended: exit 0",
		}},
		{"an alarm that is left when it ends does nothing", func(p *Proc) { p.Alarm(time.Second) }, []string{"0s a alarm(1s) = 0", "0s a ended: exit 0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantLines(t, runOne(t, func(p *Proc) Exit {
				c.main(p)
				return ending(p)
			}), c.want...)
		})
	}
}

// TestHandler: while one runs, signals wait and end no sleep.
func TestHandler(t *testing.T) {
	got := runOne(t, func(p *Proc) Exit {
		p.Sigaction(signal.SIGALRM, signal.Restart)
		p.Catch(signal.SIGHUP)
		p.Alarm(time.Second)
		p.Sleep(time.Minute)
		if !p.SignalWaits() {
			t.Error("no signal waits")
		}
		restart := p.Handle(p.TakeSignal(), func() {
			p.Kill(p.PID(), signal.SIGHUP)
			if p.SignalWaits() {
				t.Error("a signal waits in the handler")
			}
			p.Sleep(time.Second)
		})
		if !restart || !p.SignalWaits() {
			t.Errorf("the call begins again: %v, a signal waits: %v; want both", restart, p.SignalWaits())
		}
		p.Sleep(time.Second)
		return done
	})
	wantLines(t, got,
		"0s a sigaction(SIGALRM, caught, SA_RESTART) = 0", "0s a alarm(1s) = 0", "1s a --- SIGALRM: caught ---", "1s a poll(1m0s) = -1 EINTR", "1s a --- SIGALRM: handler ---",
		"1s a --- SIGHUP: caught ---", "1s a kill(1, SIGHUP) = 0", "2s a poll(1s) = 0", "2s a poll(1s) = -1 EINTR", "2s a ended: exit 0")
}

func TestSignalfd(t *testing.T) {
	got := runOne(t, func(p *Proc) Exit {
		p.Catch(signal.SIGALRM)
		p.Catch(signal.SIGHUP)
		fd, _ := p.Signalfd()
		b := make([]byte, 8)
		p.Alarm(time.Second)
		p.Sleep(2 * time.Second) // is not interrupted
		p.Poll([]file.PollFD{{FD: fd, Events: kern.POLLIN}}, -1)
		p.Kill(p.PID(), signal.SIGHUP)
		p.Read(fd, b[:3])
		n, _ := p.Read(fd, b)
		if want := "\x01\x00\x00\x00\x0e\x00\x00\x00"; string(b[:n]) != want {
			t.Errorf("read % x, want % x", b[:n], want)
		}
		p.SetFlags(fd, kern.O_NONBLOCK)
		p.Read(fd, b)
		p.SetFlags(fd, 0)
		p.Alarm(time.Second)
		p.Read(fd, b)
		p.Close(fd)
		p.Kill(p.PID(), signal.SIGHUP)
		p.Sleep(time.Second)
		return done
	})
	wantLines(t, got,
		"0s a signalfd() = 4", "0s a alarm(1s) = 0", "1s a --- SIGALRM: caught ---", "2s a poll(2s) = 0", "2s a poll(4:POLLIN=POLLIN, for ever) = 1",
		"2s a --- SIGHUP: caught ---", "2s a kill(1, SIGHUP) = 0", "2s a read() = -1 EINVAL", "2s a read() = 8", "2s a fcntl(F_SETFL O_NONBLOCK) = 0", "2s a read() = -1 EWOULDBLOCK",
		"2s a fcntl(F_SETFL 0) = 0", "2s a alarm(1s) = 0", "3s a --- SIGALRM: caught ---", "3s a read() = 4", "3s a close() = 0",
		"3s a --- SIGHUP: caught ---", "3s a kill(1, SIGHUP) = 0", "3s a poll(1s) = -1 EINTR", "3s a ended: exit 0")
}

// A slowFile is one whose close takes a second.
type slowFile struct{ file.Plain }

func (slowFile) Close(c *file.Caller) errno.Errno {
	return c.Kernel.SleepFor(&c.Thread, new(int), "slow", true, time.Second)
}

// TestSignalsDuringExit: a process that exits sees no signal but SIGKILL, which
// makes it hurry.
func TestSignalsDuringExit(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(p *Proc)
		want []string
	}{
		{"stop", (*Proc).Terminate, []string{"0s a alarm(600ms) = 0", "1s a ended: exit 3"}},
		{"kill", kill, []string{"0s a alarm(600ms) = 0", "500ms a --- SIGKILL: ends the process ---", "500ms a ended: exit 3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, one("a"))
			lines := calls(b)
			b.program("a", func(p *Proc) Exit {
				p.Catch(signal.SIGALRM)
				p.Alarm(600 * time.Millisecond)
				if _, e := p.install(&openFile{file: slowFile{}}); e != errno.OK {
					t.Error(e)
				}
				return Exit{Code: 3, How: "exit"}
			})
			b.Start()
			b.Run(500 * time.Millisecond)
			c.do(b.Named("a"))
			b.Run(time.Minute)
			wantLines(t, *lines, c.want...)
		})
	}
}
