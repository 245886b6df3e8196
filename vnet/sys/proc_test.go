package sys

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/signal"
)

func TestFuelIsTime(t *testing.T) {
	b := newBench(t, one("a"))
	b.program("a", func(p *Proc) Exit {
		say(p, "begin")
		p.Charge(150)
		say(p, "150 units later")
		p.Charge(SliceFuel * 2)
		say(p, "two slices later")
		return done
	})
	b.Start()
	b.Run(time.Second)
	b.want(
		"0s n:a says begin",
		"1.5µs n:a says 150 units later",
		"2.0015ms n:a says two slices later",
		"2.0015ms n:a exit 0 exit fuel 200150",
	)
}

func TestProcessesShareTheCPU(t *testing.T) {
	b := newBench(t, one("a", "b"))
	for _, name := range []string{"a", "b"} {
		b.program(name, func(p *Proc) Exit {
			for i := range 3 {
				p.Charge(p.Budget())
				say(p, "slice %d", i)
			}
			return done
		})
	}
	b.Start()
	b.Run(time.Second)
	b.want(
		"1ms n:a says slice 0",
		"2ms n:b says slice 0",
		"3ms n:a says slice 1",
		"4ms n:b says slice 1",
		"5ms n:a says slice 2",
		"5ms n:a exit 0 exit fuel 300000",
		"6ms n:b says slice 2",
		"6ms n:b exit 0 exit fuel 300000",
	)
}

func TestASleeperGivesTheCPUAway(t *testing.T) {
	b := newBench(t, one("a", "b"))
	b.program("a", func(p *Proc) Exit {
		if e := p.Sleep(5 * time.Millisecond); e != errno.OK {
			return Exit{Code: 1, How: "exit", Why: e.String()}
		}
		say(p, "awake")
		return done
	})
	b.program("b", func(p *Proc) Exit {
		p.Charge(SliceFuel / 2)
		say(p, "half a slice")
		return done
	})
	b.Start()
	b.Run(time.Second)
	b.want(
		"500µs n:b says half a slice",
		"500µs n:b exit 0 exit fuel 50000",
		"5ms n:a says awake",
		"5ms n:a exit 0 exit fuel 0",
	)
}

func TestSignals(t *testing.T) {
	spin := func(p *Proc) Exit {
		for !p.Dying() {
			p.Charge(p.Budget())
		}
		return p.Verdict()
	}
	for _, tc := range []struct {
		name string
		main func(p *Proc) Exit
		do   func(p *Proc)
		want string
	}{
		{"stop ends a program that spins", spin, (*Proc).Terminate, "11ms n:a exit 143 killed fuel 1100000"},
		{"kill ends a program that spins", spin, kill, "11ms n:a exit 137 killed fuel 1100000"},
		{"kill ends a program that sleeps", func(p *Proc) Exit {
			if e := p.Sleep(time.Hour); e != errno.EINTR {
				return Exit{Code: 1, How: "exit", Why: e.String()}
			}
			return p.Verdict()
		}, kill, "10ms n:a exit 137 killed fuel 0"},
		{"a program that reads its console is interrupted", func(p *Proc) Exit {
			if _, e := p.Read(0, make([]byte, 10)); e != errno.EINTR {
				return Exit{Code: 1, How: "exit", Why: e.String()}
			}
			return p.Verdict()
		}, (*Proc).Terminate, "10ms n:a exit 143 killed fuel 0"},
		{"a program may catch SIGTERM", func(p *Proc) Exit {
			p.Catch(signal.SIGTERM)
			p.Sleep(time.Hour)
			return Exit{Code: p.TakeSignal(), How: "exit"}
		}, (*Proc).Terminate, "10ms n:a exit 15 exit fuel 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t, one("a"))
			b.program("a", tc.main)
			b.Start()
			b.Run(10 * time.Millisecond)
			b.lines = nil
			tc.do(b.Named("a"))
			b.Run(20 * time.Millisecond)
			b.want(tc.want)
			if err := b.begin("a"); err != nil {
				t.Errorf("starting it again: %v", err)
			}
		})
	}
}

func TestConsoleIsReadAndBounded(t *testing.T) {
	b := newBench(t, one("a"))
	b.program("a", func(p *Proc) Exit {
		buf := make([]byte, 4)
		for {
			n, e := p.Read(0, buf)
			if e != errno.OK || n == 0 {
				return done
			}
			say(p, "got %s", buf[:n])
		}
	})
	b.Start()
	b.Run(time.Millisecond)
	if err := errors.Join(b.Type("a", "hello", false), b.Type("a", "", true)); err != nil {
		t.Fatal(err)
	}
	if err := b.Type("a", strings.Repeat("x", file.MaxStdin), false); err == nil {
		t.Error("more than fits was taken")
	}
	b.Run(2 * time.Millisecond)
	b.want("1ms limit stdin", "1ms n:a says got hell", "1ms n:a says got o", "1ms n:a exit 0 exit fuel 0")

	b = newBench(t, one("a"))
	b.program("a", func(p *Proc) Exit {
		for range 3 {
			p.Write(2, bytes.Repeat([]byte("x"), MaxConsole/2))
		}
		p.Write(2, []byte("y"))
		p.Sleep(time.Second)
		say(p, "fresh")
		return done
	})
	b.Start()
	var shown int
	b.log.Subscribe(func(e *event.Event) {
		if e.Kind == event.Console {
			shown += len(e.Data)
		}
	})
	b.Run(2 * time.Second)
	if shown != MaxConsole+len("fresh") || b.log.Count(event.Limit) != 1 {
		t.Errorf("%d bytes shown and %d limits reported, want %d and 1", shown, b.log.Count(event.Limit), MaxConsole+5)
	}
}

func TestFilesOfAProcess(t *testing.T) {
	b := newBench(t, one("a"))
	b.program("a", func(p *Proc) Exit {
		check := func(what string, got, want errno.Errno) {
			if got != want {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		_, e := p.Open("/nowhere", kern.O_RDWR)
		check("open of nothing", e, errno.ENOENT)
		_, e = p.Read(77, nil)
		check("read of nothing", e, errno.EBADF)
		check("close of nothing", p.Close(-1), errno.EBADF)
		fd, e := p.Open("/dev/null", kern.O_RDWR)
		check("open /dev/null", e, errno.OK)
		if fd != 4 {
			t.Errorf("the first open returns %d, want 4", fd)
		}
		n, e := p.Write(fd, make([]byte, 10))
		if n != 10 || e != errno.OK {
			t.Errorf("write to /dev/null: %d, %v", n, e)
		}
		check("close", p.Close(fd), errno.OK)
		zero, _ := p.Open("dev/zero", kern.O_RDWR)
		buf := []byte{1, 2, 3}
		if n, e := p.Read(zero, buf); n != 3 || e != errno.OK || buf[2] != 0 {
			t.Errorf("read of /dev/zero: %d, %v, %v", n, e, buf)
		}
		for range MaxFiles {
			_, e = p.Open("/dev/null", kern.O_RDWR)
		}
		check("one file too many", e, errno.EMFILE)
		return done
	})
	b.Start()
	b.Run(time.Second)
	if b.log.Count(event.Exit) != 1 {
		t.Error("the program did not end")
	}
}

func kill(p *Proc) { p.Signal(signal.SIGKILL) }
