package sys

import (
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/signal"
)

var std = [3]int{0, 1, 2}

// relatives is a machine whose programs start each other: a begins with it.
func relatives(t *testing.T, programs map[string]func(p *Proc) Exit) (*bench, *[]string) {
	t.Helper()
	b := newBench(t, one("a", "b", "c"))
	lines := calls(b)
	for name, main := range programs {
		b.program(name, main)
	}
	if err := b.begin("a"); err != nil {
		t.Fatal(err)
	}
	return b, lines
}

func code(n int) func(*Proc) Exit {
	return func(*Proc) Exit { return Exit{Code: n, How: "exit"} }
}

func sleeps(p *Proc) Exit {
	p.Sleep(10 * time.Second)
	return ending(p)
}

func TestSpawn(t *testing.T) {
	for _, c := range []struct {
		name string
		b    func(p *Proc) Exit
		a    func(p *Proc)
		want []string
	}{
		{"the exit code", code(7), func(p *Proc) {
			p.Spawn([]string{"b", "x"}, nil, std)
			p.Waitpid(-1, WNOHANG)
			p.Waitpid(-1, 0)
			p.Waitpid(-1, 0)
		}, []string{
			`0s a spawn(["b", "x"], [0 1 2]) = 2`, "0s a waitpid(-1, WNOHANG) = 0", "0s b.1 ended: exit 7", "0s a waitpid(-1, exit code 7) = 2", "0s a waitpid(-1) = -1 ECHILD",
		}},
		{"the signal that ended it", sleeps, func(p *Proc) {
			pid, _ := p.Spawn([]string{"/usr/bin/b"}, []string{"A=b"}, std)
			p.Sleep(time.Second)
			p.Kill(pid, signal.SIGTERM)
			p.Sleep(time.Second)
			p.Kill(pid, 0) // it is a zombie
			p.Waitpid(pid, 0)
			p.Kill(pid, 0)
		}, []string{
			`0s a spawn(["/usr/bin/b"], [0 1 2]) = 2`, "1s a poll(1s) = 0", "1s b.1 --- SIGTERM: ends the process ---", "1s a kill(2, SIGTERM) = 0",
			"1s b.1 poll(10s) = -1 EINTR", "1s b.1 ended: killed 143", "2s a poll(1s) = 0", "2s a kill(2, 0) = 0", "2s a waitpid(2, ended by SIGTERM) = 2", "2s a kill(2, 0) = -1 ESRCH",
		}},
		{"SIGCHLD interrupts", code(0), func(p *Proc) {
			p.Catch(signal.SIGCHLD)
			p.Spawn([]string{"b"}, nil, std)
			p.Sleep(time.Second)
			p.Sigtake()
		}, []string{`0s a spawn(["b"], [0 1 2]) = 2`, "0s b.1 ended: exit 0", "0s a --- SIGCHLD: caught ---", "0s a poll(1s) = -1 EINTR", "0s a sigtake(SIGCHLD) = 20"}},
		{"with SIGCHLD ignored nothing is left", code(0), func(p *Proc) {
			p.Sigaction(signal.SIGCHLD, signal.Ignore)
			p.Spawn([]string{"b"}, nil, std)
			p.Waitpid(-1, 0)
		}, []string{"0s a sigaction(SIGCHLD, ignored) = 0", `0s a spawn(["b"], [0 1 2]) = 2`, "0s b.1 ended: exit 0", "0s a waitpid(-1) = -1 ECHILD"}},
		{"a wait is interrupted", sleeps, func(p *Proc) {
			p.Catch(signal.SIGALRM)
			p.Spawn([]string{"b"}, nil, std)
			p.Alarm(time.Second)
			p.Waitpid(0, 0)
			p.Waitpid(-1, 0)
		}, []string{
			`0s a spawn(["b"], [0 1 2]) = 2`, "0s a alarm(1s) = 0", "1s a --- SIGALRM: caught ---", "1s a waitpid(0) = -1 EINTR",
			"10s b.1 poll(10s) = 0", "10s b.1 ended: exit 0", "10s a waitpid(-1, exit code 0) = 2",
		}},
		{"what can't be", code(0), func(p *Proc) {
			p.Spawn(nil, nil, std)
			p.Spawn([]string{"none"}, nil, std)
			p.Spawn([]string{"c"}, nil, std) // no program is installed
			p.Spawn([]string{"b"}, nil, [3]int{0, 1, 9})
			p.Spawn([]string{"b"}, nil, [3]int{0, 1, -2})
			kq, _ := p.Kqueue()
			p.Spawn([]string{"b"}, nil, [3]int{kq, 1, 2})
			p.Spawn([]string{"b", strings.Repeat("x", MaxArgBytes)}, nil, std)
			p.Waitpid(-1, 4)
			p.Waitpid(-77, 0)
		}, []string{
			"0s a spawn([], [0 1 2]) = -1 EINVAL", `0s a spawn(["none"], [0 1 2]) = -1 ENOENT`, `0s a spawn(["c"], [0 1 2]) = -1 ENOENT`, `0s a spawn(["b"], [0 1 9]) = -1 EBADF`,
			`0s a spawn(["b"], [0 1 -2]) = -1 EBADF`, "0s a kqueue() = 4", `0s a spawn(["b"], [4 1 2]) = -1 EBADF`,
			`0s a spawn(["b", "` + strings.Repeat("x", 40) + `"], [0 1 2]) = -1 E2BIG`, "0s a waitpid(-1) = -1 EINVAL", "0s a waitpid(-77) = -1 ECHILD",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, lines := relatives(t, map[string]func(p *Proc) Exit{"b": c.b, "a": func(p *Proc) Exit { c.a(p); return done }})
			b.Run(5 * time.Minute)
			end := (*lines)[len(*lines)-1]
			if got := (*lines)[:len(*lines)-1]; !strings.HasSuffix(end, "a ended: exit 0") {
				t.Errorf("the log ends %q", end)
			} else {
				wantLines(t, got, c.want...)
			}
			if b.zombies != 0 || len(b.procs) != 0 {
				t.Errorf("%d zombies and %d processes are left", b.zombies, len(b.procs))
			}
		})
	}
}

// TestChild: what a child has of its parent.
func TestChild(t *testing.T) {
	b, _ := relatives(t, map[string]func(p *Proc) Exit{
		"a": func(p *Proc) Exit {
			p.Sigaction(signal.SIGHUP, signal.Ignore)
			p.Catch(signal.SIGINT)
			r, w, _ := p.Pipe()
			p.Spawn([]string{"b", "x y"}, []string{"K=v"}, [3]int{-1, w, 2})
			p.Close(w)
			got := make([]byte, 200)
			n, _ := p.Read(r, got)
			say(p, "%s", got[:n])
			p.Waitpid(-1, 0)
			return done
		},
		"b": func(p *Proc) Exit {
			n, e := p.Read(0, make([]byte, 1))
			hup, _ := p.Sigaction(signal.SIGHUP, signal.Default)
			intr, _ := p.Sigaction(signal.SIGINT, signal.Default)
			say(p, "%q %q pid %d parent %d stdin %d %v HUP %v INT %v", p.Args(), p.Env(), p.PID(), p.PPID(), n, e, hup, intr)
			return done
		},
	})
	b.Run(time.Second)
	b.want("0s n:b.1 exit 0 exit fuel 0", `0s n:a says ["b" "x y"] ["K=v"] pid 2 parent 1 stdin 0 OK HUP ignored INT default`, "0s n:a exit 0 exit fuel 0")
}

// TestOrphans: the children of a process that ended go on, and are nobody's.
func TestOrphans(t *testing.T) {
	b, _ := relatives(t, map[string]func(p *Proc) Exit{
		"a": func(p *Proc) Exit {
			p.Spawn([]string{"b"}, nil, std)
			p.Spawn([]string{"c"}, nil, std)
			p.Sleep(time.Second)
			return done // without a wait
		},
		"b": code(3),
		"c": func(p *Proc) Exit {
			p.Sleep(2 * time.Second)
			say(p, "parent %d", p.PPID())
			return done
		},
	})
	b.Run(time.Minute)
	b.want("0s n:b.1 exit 3 exit fuel 0", "1s n:a exit 0 exit fuel 0", "2s n:a says parent 0", "2s n:c.2 exit 0 exit fuel 0")
	if n := b.zombies; n != 0 {
		t.Errorf("%d zombies are left", n)
	}
}

// TestProcessesAreBounded: programs leave room for what is typed at the prompt.
func TestProcessesAreBounded(t *testing.T) {
	started := 0
	b, lines := relatives(t, map[string]func(p *Proc) Exit{
		"a": func(p *Proc) Exit {
			for {
				if _, e := p.Spawn([]string{"b"}, nil, std); e != errno.OK {
					p.Spawn([]string{"b"}, nil, std)
					p.Sleep(time.Hour)
					return done
				}
				started++
			}
		},
		"b": sleeps,
	})
	b.Run(time.Second)
	if want := MaxProcs - ReservedProcs - 1; started != want {
		t.Errorf("%d were started, want %d", started, want)
	}
	var err error
	for n := 0; err == nil && n < 2*MaxProcs; n++ {
		_, err = b.line("b")
	}
	if got := len(b.procs); got != MaxProcs || err == nil {
		t.Errorf("%d processes, want %d; %v", got, MaxProcs, err)
	}
	told := 0
	for _, l := range *lines {
		if strings.HasSuffix(l, "limit processes") {
			told++
		}
	}
	if told != 2 {
		t.Errorf("the limit was told %d times, want once to the program and once at the prompt", told)
	}
}

// TestFuelLimit: a process that has used its fuel ends, also where it catches
// SIGXCPU.
func TestFuelLimit(t *testing.T) {
	c := one("a")
	c.fuel = 250_000
	b := newBench(t, c)
	b.program("a", func(p *Proc) Exit {
		p.Catch(signal.SIGXCPU)
		for !p.Dying() {
			p.Charge(p.Budget())
			p.Charge(1)
		}
		return p.Verdict()
	})
	b.Start()
	b.Run(time.Second)
	b.want("2.50001ms limit fuel", "2.50001ms n:a exit 152 limit fuel 250001")
}

// TestPrompt runs lines: commands, pipes, files, and what they leave.
func TestPrompt(t *testing.T) {
	b := newBench(t, one("cat", "say", "loop"))
	b.program("say", func(p *Proc) Exit {
		say(p, "%s", strings.Join(p.Args()[1:], " "))
		p.Write(2, []byte("to stderr"))
		return done
	})
	b.program("cat", func(p *Proc) Exit {
		for buf := make([]byte, 100); ; {
			n, e := p.Read(0, buf)
			if n == 0 || e != errno.OK {
				return ending(p)
			}
			p.Write(1, append([]byte("cat: "), buf[:n]...))
		}
	})
	b.program("loop", func(p *Proc) Exit {
		for !p.Dying() {
			p.Charge(1000)
			p.Write(1, []byte("x\n"))
			p.Sleep(time.Millisecond)
		}
		return p.Verdict()
	})
	exec := func(line, want string) {
		t.Helper()
		name, err := b.line(line)
		if name != want || err != nil {
			t.Errorf("the line returned %q, %v, want %q", name, err, want)
		}
		b.Run(b.Now() + time.Second)
	}
	exec("say hello", "say.1")
	b.want("0s n:say.1 says hello", "0s n:say.1 says to stderr", "0s n:say.1 exit 0 exit fuel 0")
	exec("say 'a b' 2>/dev/null | cat | cat", "cat.4")
	b.want("1s n:say.2 exit 0 exit fuel 0", "1s n:cat.3 exit 0 exit fuel 0", "1s n:cat.4 says cat: cat: a b", "1s n:cat.4 exit 0 exit fuel 0")
	exec("say x > /tmp/f", "say.5")
	exec("say y >> /tmp/f 2>&1", "say.6")
	exec("cat < /tmp/f", "cat.7")
	b.want("2s n:say.5 says to stderr", "2s n:say.5 exit 0 exit fuel 0", "3s n:say.6 exit 0 exit fuel 0", "4s n:cat.7 says cat: xyto stderr", "4s n:cat.7 exit 0 exit fuel 0")
	exec("cat < /nowhere", "cat.8")
	b.want("5s n:cat.8 says sh: /nowhere: No such file or directory", "5s n:cat.8 exit 1 exit fuel 0")
	exec("cat | cat", "cat.10")
	if err := b.Type("cat.10", "typed", false); err != nil {
		t.Error(err)
	}
	b.Run(b.Now() + time.Second)
	b.want("7s n:cat.10 says cat: cat: typed")
	if err := b.Type("cat.10", "\x03", false); err != nil {
		t.Error(err)
	}
	b.Run(b.Now() + time.Second)
	b.want("8s n:cat.9 exit 130 killed fuel 0", "8s n:cat.10 exit 130 killed fuel 0")
	exec("say y | cat", "cat.12") // one terminal, which is the last one's
	b.want("9s n:cat.12 says to stderr", "9s n:say.11 exit 0 exit fuel 0", "9s n:cat.12 says cat: y", "9s n:cat.12 exit 0 exit fuel 0")
	exec("loop | say z 2>/dev/null", "say.14") // nobody reads what it writes
	b.want("10.00001s n:say.14 says z", "10.00001s n:say.14 exit 0 exit fuel 0", "10.00102s n:loop.13 exit 141 killed fuel 2000")
}

// TestPromptErrors: a line that can't be run starts nothing.
func TestPromptErrors(t *testing.T) {
	b := newBench(t, one("a"))
	for line, want := range map[string]string{
		"nope":     "nope: command not found; this node has ",
		"a | nope": "a: command not found",
		"a |":      "there is no command after the |",
		"":         "the command line is empty",
	} {
		if _, err := b.line(line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", line, err, want)
		}
	}
	if len(b.procs) != 0 {
		t.Error("something runs")
	}
}

// TestLabClosesWithAFamily: whatever the processes wait for, closing the lab ends
// them.
func TestLabClosesWithAFamily(t *testing.T) {
	b, _ := relatives(t, map[string]func(p *Proc) Exit{
		"a": func(p *Proc) Exit {
			r, w, _ := p.Pipe()
			p.Spawn([]string{"b"}, nil, [3]int{r, 1, 2})
			p.Spawn([]string{"c"}, nil, [3]int{0, w, 2})
			p.Waitpid(-1, 0)
			t.Error("a child ended")
			return done
		},
		"b": func(p *Proc) Exit { p.Sigpause(0); return done },
		"c": func(p *Proc) Exit { p.Write(1, make([]byte, 1<<20)); return done },
	})
	b.Run(time.Second)
	b.Off()
}
