package wasm

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/event"
	"wireloom/vnet/memory"
	"wireloom/vnet/signal"
	"wireloom/vnet/sys"
)

// signalled runs procTest and gives it signals at times: "100ms TERM".
func signalled(t *testing.T, r *rig, ops map[time.Duration]vnet.Command) {
	t.Helper()
	for _, at := range slices.Sorted(maps.Keys(ops)) {
		r.Run(at, vnet.NoLimit)
		if _, err := r.Do(ops[at]); err != nil {
			t.Error(err)
		}
	}
}

// TestProcesses: signals, kqueues, pipes and children, as a C program sees them.
func TestProcesses(t *testing.T) {
	var (
		stop   = vnet.Stop{Node: "bob", Proc: "p"}
		kill   = vnet.Kill{Node: "bob", Proc: "p"}
		ctrlC  = vnet.Stdin{Node: "bob", Proc: "p", Text: "\x03"}
		later  = sends(200*time.Millisecond, 1)
		ms     = time.Millisecond
		prog   = compile(t, engine(t), procTest.module(t))
		limits = func(names ...string) string { return strings.Join(names, " ") }
	)
	for _, c := range []struct {
		name    string
		args    string
		peer    native
		at      map[time.Duration]vnet.Command
		console string
		exit    int
		how     string // exit if empty
		limits  string
	}{
		{name: "bad arguments", args: "faults", console: strings.Join([]string{
			"kevent changes Bad address", "kevent events Bad address", "kevent timespec Bad address", "kevent time Invalid argument",
			"kevent many Invalid argument", "kevent no kqueue Bad file descriptor", "kevent closed Bad file descriptor", "pipe Bad address",
			"dup Bad file descriptor", "dup2 Bad file descriptor", "dup2 far Bad file descriptor", "dup2 closed Bad file descriptor",
			"sigaction kill Invalid argument", "sigaction stop Invalid argument", "sigaction 0 Invalid argument", "sigaction 32 Invalid argument",
			"sigaction how Invalid argument", "kill nobody No such process", "kill 99 Invalid argument", "kill self 0 is ok", "alarm Invalid argument",
			"spawn argv Bad address", "spawn fds Bad address", "spawn closed Bad file descriptor", "spawn open end Invalid argument",
			"spawn nothing Invalid argument", "spawn unknown No such file or directory", "spawn long Argument list too long",
			"waitpid No child process", "waitpid status Bad address", "waitpid options Invalid argument", "",
		}, "\n")},
		{name: "sigpause ends with the alarm", args: "pause", console: "old 0 1 3\nleft 0\nleft 700\npause Interrupted system call\ngot 14, 1 times, left 0\n"},
		{
			name: "a masked signal waits for the pause to end", args: "mask", at: map[time.Duration]vnet.Command{50 * ms: stop},
			console: "handler 14\nhandler 15\npause Interrupted system call\n2 handlers\n",
		},
		{name: "a read is interrupted", args: "read eintr", peer: later, console: "read -1 Interrupted system call, 1 handlers\n"},
		{name: "a read begins again after SA_RESTART", args: "read restart", peer: later, console: "read 60 , 1 handlers\n"},
		{name: "an ignored signal interrupts nothing", args: "read ignore", peer: later, console: "read 60 , 0 handlers\n"},
		{name: "a signal from before ends the sleep", args: "before", console: "read -1 Interrupted system call, 1 handlers\n"},
		{name: "SIGIO", args: "sigio", peer: later, console: "0 0\nhandler 23\npause Interrupted system call\nread 60\n"},
		{name: "kill calls the handler before it returns", args: "handler print", console: "handler 30\nkill 0\nafter, 1 handlers\n"},
		{name: "a handler lets the memory grow", args: "handler grow", console: "grown 7\nkill 0\nafter, 1 handlers\n"},
		{name: "a handler that signals itself is not nested", args: "handler again", console: "handler 1\nhandler 2\nhandler 3\nkill 0\nafter, 3 handlers\n"},
		{name: "a handler that exits", args: "handler exit", exit: 9},
		{name: "a handler that traps", args: "handler trap", exit: 134, how: "trap"},
		{name: "a handler without end is killed", args: "handler loop", at: map[time.Duration]vnet.Command{70 * ms: kill}, console: "looping\n", exit: 137, how: "killed"},
		{name: "a handler that calls itself without end", args: "handler deep", exit: 139, how: "limit", limits: limits("call-depth")},
		{
			name: "a caught SIGTERM lets it finish", args: "wait", at: map[time.Duration]vnet.Command{50 * ms: stop},
			console: "waiting\nhandler 15\nsleep -1\nbye\n", exit: 15,
		},
		{
			name: "Ctrl-C is SIGINT", args: "wait", at: map[time.Duration]vnet.Command{50 * ms: ctrlC},
			console: "waiting\nhandler 2\nsleep -1\nbye\n", exit: 2,
		},
		{
			name: "signalfd", args: "signalfd",
			console: "kevent 0\nkevent 1 data 8 udata 77\nshort Invalid argument\nread 8: 30 31\nread 4: 14\nread -1 Resource temporarily unavailable, 0 handlers\ntake 30 0\n1 handlers\n",
		},
		{
			name: "kqueue", args: "kq", peer: later,
			console: "none 0\n1: 0 -1 data 60 udata 5\npipe 0\n1: data 3 udata 6 flags 0\n1: data 3 flags 8000\ntimer 1: 50 data 1 udata 9\n1: flags 4000 Bad file descriptor\n",
		},
		{
			name: "pipes", args: "pipes", exit: 141, how: "killed",
			console: "pipe 0\nwrite 5\nread 3 hel\ndup reads 2 lo\nempty -1 Resource temporarily unavailable\nholds 16384, Resource temporarily unavailable\n" +
				"atomic -1 -1 partial 200\nfull 0\ndrained 16384 poll 1 4\nshared 1\nno reader -1 Broken pipe, signal 13\n",
		},
		{name: "too many files", args: "files", console: "dup No file descriptors available\n60 more files\ndup2 1\nkqueue No file descriptors available\npipe No file descriptors available\n", limits: limits("open-files")},
		{
			name: "children", args: "spawns",
			console: "none yet 0\nchild says x y A=b <hello>\nwaitpid 1 status 700\nwaitpid No child process\nkill 0 waitpid 1 status f\nwaitpid 1 status 6, signal 20\nignored No child process\n",
		},
		{name: "a fork bomb", args: "bomb", console: "spawn Resource temporarily unavailable\n55 children\n", exit: 3, limits: limits("processes")},
		{name: "zombies", args: "zombies", console: "spawn Resource temporarily unavailable\n55 children, 55 waited for, then 1\n", limits: limits("processes")},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, c.peer, program{name: "p", prog: prog, argv: strings.Fields(c.args)})
			signalled(t, r, c.at)
			r.run(t)
			how := c.how
			if how == "" {
				how = "exit"
			}
			x, ended := r.exits["p"]
			if !ended || int(x.N) != c.exit || x.Op != how {
				t.Errorf("it ended %q with %d (%s), want %q with %d; calls %q", x.Op, x.N, x.Text, how, c.exit, r.calls)
			}
			if got := r.console.String(); got != c.console {
				t.Errorf("it printed\n%swant\n%s", got, c.console)
			}
			var got []string
			for _, l := range r.limits {
				got = append(got, l.Op)
			}
			if strings.Join(got, " ") != c.limits {
				t.Errorf("limit events %q, want %q", got, c.limits)
			}
		})
	}
}

// TestSignalsAreDeterministic: what signals, pipes and children do is the same in
// every run, compiled or interpreted.
func TestSignalsAreDeterministic(t *testing.T) {
	b := procTest.module(t)
	slow := interpreter(t)
	for _, args := range []string{"read eintr", "sigio", "handler grow", "handler trap", "handler again", "handler deep", "spawns", "pipes", "kq", "before"} {
		t.Run(args, func(t *testing.T) {
			run := func(e *Engine) (string, string) {
				r := newRig(t, sends(200*time.Millisecond, 1), program{name: "p", prog: compile(t, e, b), argv: strings.Fields(args)})
				r.run(t)
				x := r.exits["p"]
				return r.hash(), r.console.String() + x.Text
			}
			hash, text := run(engine(t))
			if again, _ := run(engine(t)); again != hash {
				t.Errorf("two runs have the hashes %s and %s", hash, again)
			}
			if interpreted, itext := run(slow); interpreted != hash {
				t.Errorf("compiled it is %s, %q, interpreted %s, %q", hash, text, interpreted, itext)
			}
		})
	}
}

// TestHandlerTrapText: a trap in a handler names the handler's functions and those
// that it interrupted.
func TestHandlerTrapText(t *testing.T) {
	r := newRig(t, nil, program{name: "p", prog: compile(t, engine(t), procTest.module(t)), argv: []string{"handler", "trap"}})
	r.run(t)
	if got, want := r.exits["p"].Text, "unreachable in on_signal <- main: "; !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant it to begin with %q", got, want)
	}
}

// TestFuelBudget: a program that has used its fuel ends there, on the unit.
func TestFuelBudget(t *testing.T) {
	p := compile(t, engine(t), procTest.module(t))
	interpreted := compile(t, interpreter(t), procTest.module(t))
	for _, c := range []struct {
		args  string
		fuel  int64
		how   string
		where string // the end of why
	}{
		{"spin", 1_000_000, "limit", "it has used up its 1000000 units of fuel in main"},
		{"spin", 50_000, "limit", " in main"},
		{"handler loop", 2_000_000, "limit", " in on_signal <- main"},
		{"pause", 1_000_000, "exit", ""},
	} {
		t.Run(c.args, func(t *testing.T) {
			r := newRig(t, nil, program{name: "p", prog: p, argv: strings.Fields(c.args), fuel: c.fuel})
			r.run(t)
			slow := newRig(t, nil, program{name: "p", prog: interpreted, argv: strings.Fields(c.args), fuel: c.fuel})
			slow.run(t)
			if r.hash() != slow.hash() {
				t.Errorf("compiled it ended %q, interpreted %q", r.exits["p"].Text, slow.exits["p"].Text)
			}
			x := r.exits["p"]
			if x.Op != c.how || !strings.HasSuffix(x.Text, c.where) {
				t.Errorf("it ended %q (%s), want %q and %q", x.Op, x.Text, c.how, c.where)
			}
			if limited := c.how == "limit"; limited && (x.N != 128+signal.SIGXCPU || x.Fuel <= c.fuel || x.Fuel > c.fuel+64) || limited != (len(r.limits) == 1 && r.limits[0].Op == "fuel") {
				t.Errorf("it ended with %d after %d units, limits %v; want 152 within 64 units after %d", x.N, x.Fuel, r.limits, c.fuel)
			}
		})
	}
}

// TestSpawnedMemory: what programs start shares a limit of memory.
func TestSpawnedMemory(t *testing.T) {
	r := newRig(t, nil, program{name: "p", prog: compile(t, engine(t), procTest.module(t)), argv: []string{"sleep"}})
	r.Run(time.Millisecond, vnet.NoLimit)
	for range 12 {
		if _, err := r.Do(vnet.Exec{Node: "bob", Line: "p memory"}); err != nil {
			t.Fatal(err)
		}
	}
	r.Run(5*time.Second, vnet.NoLimit)
	total := int64(0)
	for _, p := range r.Status().Procs {
		if p.Node == "bob" && p.Name != "p" {
			total += p.Memory
		}
	}
	if most := int64(memory.DefaultLab - 13*sys.ProcMemory); total > most || total < most-2<<20 {
		t.Errorf("they have %d bytes, want a little less than %d", total, most)
	}
	if len(r.limits) < 12 {
		t.Errorf("%d limit events, want one of each", len(r.limits))
	}
}

// TestPrompt: programs of the node's slots are commands at its prompt.
func TestPrompt(t *testing.T) {
	r := newRig(t, nil, program{name: "p", prog: compile(t, engine(t), procTest.module(t)), argv: []string{"sleep"}})
	r.Run(time.Millisecond, vnet.NoLimit)
	for _, c := range []struct{ line, console string }{
		{"p child 'a b' </dev/null", "a b A=(null)\n"},
		{"p handler print | p cat | p cat", "handler 30\nkill 0\nafter, 1 handlers\n"},
		{"p yes | p exit", ""},
		{"p child </dev/nope", "sh: /dev/nope: No such file or directory\n"},
	} {
		t.Run(c.line, func(t *testing.T) {
			r.console.Reset()
			if _, err := r.Do(vnet.Exec{Node: "bob", Line: c.line}); err != nil {
				t.Fatal(err)
			}
			r.Run(r.Now()+time.Second, vnet.NoLimit)
			if got := r.console.String(); got != c.console {
				t.Errorf("it printed %q, want %q", got, c.console)
			}
			for _, p := range r.Status().Procs {
				if p.Node == "bob" && p.Name != "p" && p.State != "exited" {
					t.Errorf("%s is still %s", p.Name, p.State)
				}
			}
		})
	}
	if n := r.Log().Count(event.Limit); n != 0 {
		t.Errorf("%d limits", n)
	}
}
