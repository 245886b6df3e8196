package wasm

import (
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/sys"
)

// TestBehaviour runs programs of both languages to their ends.
func TestBehaviour(t *testing.T) {
	later := func(c ...byte) native { return sends(200*time.Millisecond, c...) }
	for _, c := range []struct {
		name    string
		source  source
		args    string
		peer    native
		memory  int64
		console string // what it prints; a final * stands for anything
		exit    int
		how     string
	}{
		{name: "C: a blocking read waits for the frame", source: cTest, args: "read", peer: later(0x5a), console: "fd 4 read 60 first ff last 5a\n"},
		{name: "C: a packet is scattered and gathered in one call", source: cTest, args: "iovec", peer: later(0x5a), console: "read 60: 02 00 01\nwrite 100\nlong 100060\n"},
		{name: "C: poll waits, times out and sees a closed descriptor", source: cTest, args: "poll", peer: later(1), console: "read -1 1\npoll 0 0\npoll 1 1\nread 60\nclosed 1 1\n"},
		{
			name: "C: what files are", source: cTest, args: "files",
			console: "tty 1 0\nflags 0 0\nflags 1\nstat 0 1\nseek -1 1\nbusy -1 1\nclose 0 -1\nnone -1 1\ndir -1 1\nnull 100\n",
		},
		{name: "C: ioctl copies in and out", source: cTest, args: "ioctl", console: "FIONREAD 0 0\nTAPGIFNAME 0 tap0\nfault -1 1\nshort 1\nbadf -1 1\nunknown -1\n"},
		{name: "C: sleep is virtual time", source: cTest, args: "sleep", console: "100\n"},
		{name: "C: an exit code", source: cTest, args: "exit 7", exit: 7},
		{name: "C: an exit code has eight bits", source: cTest, args: "exit -1", exit: 255},
		{name: "C: malloc fails at the limit", source: cTest, args: "memory", memory: 4 << 20, console: "3 MiB, then Cannot allocate memory\n"},
		{name: "C: abort", source: crash, args: "abort", exit: 134, how: "trap", console: "crash: giving up\n"},
		{name: "C: an address outside", source: crash, args: "address", exit: 139, how: "trap"},
		{name: "C: division by zero", source: crash, args: "divide", exit: 136, how: "trap"},
		{name: "C: a wrong function pointer", source: crash, args: "pointer", exit: 132, how: "trap"},
		{name: "C: endless recursion", source: crash, args: "depth", exit: 139, how: "limit"},
		{name: "Go: an exit code", source: goTest, args: "exit 3", exit: 3},
		{name: "Go: arguments and environment", source: goTest, args: "env a b", console: "4 hello\n"},
		{name: "Go: a panic", source: goTest, args: "panic", exit: 2, console: "panic: assignment to entry in nil map\n*"},
		{name: "Go: sleep is virtual time", source: goTest, args: "sleep", console: "1.5s 2026-01-01\n"},
		{name: "Go: waiting by looking at the clock ends", source: goTest, args: "busy", console: "done\n"},
		{name: "Go: a deadline, while a ticker runs", source: goTest, args: "deadline /dev/tap0", peer: later(1), console: "true 10\n60\n"},
		{name: "Go: the runtime gives up at the limit", source: goTest, args: "memory", memory: 16 << 20, exit: 2, console: "runtime: out of memory*"},
		{
			name: "Go: directories", source: goTest, args: "dir",
			console: "/ dev:d--------- tmp:d---------\n/dev console:Dc--------- fd:d--------- null:Dc--------- random:Dc--------- stderr:Dc--------- stdin:Dc--------- stdout:Dc--------- tap0:Dc--------- tty:Dc--------- urandom:Dc--------- zero:Dc---------\nDcrw------- true mkdir /x: Read-only file system\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := compile(t, engine(t), c.source.module(t))
			r := newRig(t, c.peer, program{name: "p", prog: p, argv: strings.Fields(c.args), memory: c.memory})
			r.run(t)
			how := c.how
			if how == "" {
				how = "exit"
			}
			x, ended := r.exits["p"]
			if !ended || int(x.N) != c.exit || x.Op != how {
				t.Errorf("it ended %q with %d (%s), want %q with %d; calls %q", x.Op, x.N, x.Text, how, c.exit, r.calls)
			}
			got, want, prefix := r.console.String(), c.console, false
			if want, prefix = strings.CutSuffix(want, "*"); prefix {
				got = got[:min(len(got), len(want))]
			}
			if got != want {
				t.Errorf("it printed\n%swant\n%s", got, want)
			}
			if limited := c.memory != 0; limited != (len(r.limits) == 1 && r.limits[0].Op == "memory") && c.how != "limit" {
				t.Errorf("limit events %+v, want one for memory: %v", r.limits, limited)
			}
		})
	}
}

func TestTrapText(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"abort", "unreachable in abort <- main: the program gave up: it executed unreachable (abort, panic or a failed assertion)"},
		{"address", "out of bounds memory access in address <- main: it used an address outside its memory"},
		{"divide", "integer divide by zero in divide <- main: it divided by zero"},
		{"depth", "calls are nested too deep in depth <- depth <- ...: a function calls itself without end?"},
	} {
		t.Run(c.args, func(t *testing.T) {
			r := newRig(t, nil, program{name: "p", prog: compile(t, engine(t), crash.module(t)), argv: []string{c.args}})
			r.run(t)
			if got := r.exits["p"].Text; !strings.HasPrefix(got, c.want) || strings.Contains(got, "_start") {
				t.Errorf("got\n%s\nwant it to begin with\n%s\nand to end with main at the latest", got, c.want)
			}
		})
	}
}

// TestPingd checks the sample program that the README shows.
func TestPingd(t *testing.T) {
	ask := frame(0, 60)
	copy(ask[12:], "\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01\x02\x00\x00\x00\x00\x01\x0a\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x02")
	var got []byte
	peer := func(p *sys.Proc) {
		p.Sleep(100 * time.Millisecond)
		fd, _ := p.Open("/dev/tap0", 2)
		_, _ = p.Write(fd, ask)
		b := make([]byte, 2000)
		n, _ := p.Read(fd, b)
		got = b[:n]
		p.Sleep(time.Hour)
	}
	r := newRig(t, peer, program{name: "p", prog: compile(t, engine(t), pingd.module(t)), argv: []string{"/dev/tap0", "10.0.0.2", "02:00:00:00:00:0b"}})
	r.Run(time.Second, vnet.NoLimit)
	want := "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x0b\x08\x06\x00\x01\x08\x00\x06\x04\x00\x02\x02\x00\x00\x00\x00\x0b\x0a\x00\x00\x02\x02\x00\x00\x00\x00\x01\x0a\x00\x00\x01"
	if len(got) < len(want) || string(got[:len(want)]) != want {
		t.Errorf("it answered % x, want % x; console %q", got, want, r.console.String())
	}
}
