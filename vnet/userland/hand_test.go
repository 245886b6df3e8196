package userland_test

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wireloom/tapemu"
	"wireloom/tunemu"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/signal"
	"wireloom/vnet/userland"
)

var update = flag.Bool("update", false, "write what the syscall command printed into testdata/syscall")

// A desk is a node with one driver where somebody sits at the syscall prompt.
type desk struct {
	t *testing.T
	*vnet.Lab
	dialect kern.Dialect
	module  func() kern.Module
	device  string
	proc    string
	text    string // what a terminal would show: output, and what was typed
	calls   []string
	exit    int64 // -1 while it runs
}

func sit(t *testing.T, dialect kern.Dialect, module func() kern.Module, device string, argv ...string) *desk {
	t.Helper()
	d := &desk{t: t, dialect: dialect, module: module, device: device, exit: -1}
	node := config.Node{Name: "bob", Dialect: dialect}
	if strings.HasPrefix(device, "tap") {
		node.Devices = []config.Device{{Name: device, MAC: bobMAC}}
	}
	l, err := vnet.New(config.Lab{Name: "desk", Seed: 1, Nodes: []config.Node{node}}, vnet.Runtime{
		Modules:  func(kern.Dialect) []kern.Module { return []kern.Module{module()} },
		Commands: userland.Commands(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	d.Lab = l
	l.Log().Subscribe(func(e *event.Event) {
		switch e.Kind { //nolint:exhaustive // the others are not shown
		case event.Console:
			d.text += string(e.Data)
		case event.Exit:
			d.exit = e.N
			d.text += fmt.Sprintf("[exit %d]\n", e.N)
		case event.Panic:
			d.text += "[" + e.Text + "]\n"
		case event.Call:
			if e.Op != "read" || e.FD != 0 {
				d.calls = append(d.calls, fmt.Sprintf("%s %d %s = %d", e.Op, e.FD, e.Text, e.N))
			}
		default:
		}
	})
	l.Start()
	r, err := l.Do(vnet.Exec{Node: "bob", Argv: append([]string{"syscall"}, argv...)})
	if err != nil {
		t.Fatal(err)
	}
	d.proc = r.Proc
	d.run(time.Millisecond)
	return d
}

func (d *desk) run(t time.Duration) { d.Run(d.Now()+t, vnet.NoLimit) }

// enter types at the prompt, and lets a millisecond pass.
func (d *desk) enter(text string) {
	d.t.Helper()
	if _, err := d.Do(vnet.Stdin{Node: "bob", Proc: d.proc, Text: text}); err != nil {
		d.t.Fatal(err)
	}
	d.run(time.Millisecond)
}

// happen makes something happen outside of the process.
func (d *desk) happen(what string) {
	d.t.Helper()
	k := d.Node("bob").Kernel()
	ifp := k.Ifnet(d.device)
	word, rest, _ := strings.Cut(what, " ")
	switch word {
	case "type": // ^C, ^D
		d.enter(strings.NewReplacer("^C", "\x03", "^D", "\x04").Replace(rest))
	case "frame": // the bridge sends one to the tap
		ifp.Transmit(k.NewFrame([]byte(rest)))
	case "packet": // the stack sends one out of the tun
		dst := netip.MustParseAddr("10.0.0.2")
		if e := ifp.Output(k.NewFrame([]byte(rest)), d.dialect.SockaddrOf(dst)); e != 0 {
			d.text += "[" + e.String() + "]\n"
		}
	case "wait":
		t, err := time.ParseDuration(rest)
		if err != nil {
			d.t.Fatal(err)
		}
		d.run(t)
	default:
		d.t.Fatalf("%q: nothing is called that", what)
	}
	d.run(time.Millisecond)
}

// play does what a transcript says was typed and happened, and returns it as it is
// now. Lines that begin with the prompt are typed, lines with # happen.
func (d *desk) play(script string) string {
	d.t.Helper()
	for line := range strings.Lines(script) {
		line = strings.TrimSuffix(line, "\n")
		if what, ok := strings.CutPrefix(line, "# "); ok {
			before, prompted := strings.CutSuffix(d.text, prompt)
			d.text = before + line + "\n"
			d.happen(what)
			if prompted && d.exit < 0 && !strings.HasSuffix(d.text, prompt) {
				d.text += prompt
			}
			continue
		}
		if text, ok := strings.CutPrefix(line, prompt); ok && text != "" {
			d.text += text + "\n"
			d.enter(text + "\n")
		}
	}
	return d.text
}

const prompt = "syscall> "

func freebsdTun() kern.Module   { return tunemu.FreeBSD() }
func dragonflyTun() kern.Module { return tunemu.DragonFly() }
func dragonflyTap() kern.Module { return tapemu.DragonFly() }
func netbsdTap() kern.Module    { return tapemu.NetBSD() }

func TestSyscallTranscripts(t *testing.T) {
	for _, c := range []struct {
		name    string
		dialect kern.Dialect
		module  func() kern.Module
		device  string
	}{
		{"netbsd-tap", kern.NetBSD, netbsdTap, "tap0"},
		{"dragonfly-tap", kern.DragonFly, dragonflyTap, "tap0"},
		{"freebsd-tun", kern.FreeBSD, freebsdTun, "tun0"},
		{"dragonfly-tun", kern.DragonFly, dragonflyTun, "tun0"},
		{"usage", kern.NetBSD, netbsdTap, "tap0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join("testdata", "syscall", c.name+".txt")
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := sit(t, c.dialect, c.module, c.device).play(string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
			}
		})
	}
}

func TestSyscallList(t *testing.T) {
	for _, c := range []struct {
		name string
		argv []string
		want string
		exit int64
	}{
		{"a list is shown with its answers", []string{"-c", "open /dev/tap0; poll 4 in 1s; ; exit 3; close 4"}, `syscall> open /dev/tap0
= 4
syscall> poll 4 in 1s
= 0
syscall> exit 3
[exit 3]
`, 3},
		{"words without quotes are a list too", []string{"-c", "getpid;", "close", "9"}, `syscall> getpid
= 1
syscall> close 9
= -1 EBADF (Bad file descriptor)
[exit 0]
`, 0},
		{"a mistake ends it", []string{"-c", "close; getpid"}, `syscall> close
syscall: usage: close FD
[exit 64]
`, 64},
		{"there is nothing else", []string{"open"}, "usage: ", 64},
		{"-c needs a list", []string{"-c"}, "usage: ", 64},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := sit(t, kern.NetBSD, netbsdTap, "tap0", c.argv...)
			d.run(time.Minute)
			if got := d.text; c.want == "usage: " && !strings.HasPrefix(got, c.want) || c.want != "usage: " && got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
			if d.exit != c.exit {
				t.Errorf("exit code %d, want %d", d.exit, c.exit)
			}
		})
	}
}

func TestSyscallListIsInterrupted(t *testing.T) {
	d := sit(t, kern.NetBSD, netbsdTap, "tap0", "-c", "open tap0; open /dev/tap0; read 4; close 4")
	d.enter("\x03")
	want := `syscall> open tap0
= -1 ENOENT (No such file or directory)
syscall> open /dev/tap0
= 4
syscall> read 4
= -1 EINTR (Interrupted system call)
[exit 130]
`
	if got := d.text; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestSyscallCallsAreLogged(t *testing.T) {
	d := sit(t, kern.NetBSD, netbsdTap, "tap0", "-c", "open /dev/tap0; kqueue; kevent 5 4 read clear; kevent 5 1s; kevent 5 9 read 0; fcntl 4 nonblock on")
	d.run(time.Minute)
	want := []string{
		"open 0 O_RDWR = 4",
		"kqueue 0  = 5",
		"kevent 5 {4, EVFILT_READ, EV_ADD|EV_CLEAR}, for ever = 0",
		"kevent 5 1s = 0",
		"kevent 5 {9, EVFILT_READ, EV_ADD}, got {9, EVFILT_READ, EV_ERROR, EBADF}, 0s = 1",
		"fcntl 4 F_SETFL O_NONBLOCK = 0",
		"close 4 at exit = 0",
	}
	if got := strings.Join(d.calls, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func TestSyscallEnds(t *testing.T) {
	for _, c := range []struct {
		name, typed, want string
	}{
		{"at the end of the input", "\x04", "syscall> \n[exit 0]\n"},
		{"after a last line without a newline", "getpid\x04", "syscall> = 1\nsyscall> \n[exit 0]\n"},
		{"with exit", "getpid; exit 7; getpid\n", "syscall> = 1\n[exit 7]\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := sit(t, kern.NetBSD, netbsdTap, "tap0")
			d.enter(c.typed)
			if got := d.text; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSyscallKilledWhileItWaits(t *testing.T) {
	for _, typed := range []string{"", "open /dev/tap0; read 4; getpid\n", "kqueue; kevent 4\n", "wait 1h\n"} {
		t.Run(typed, func(t *testing.T) {
			d := sit(t, kern.NetBSD, netbsdTap, "tap0")
			d.enter(typed)
			if _, err := d.Do(vnet.Kill{Node: "bob", Proc: d.proc}); err != nil {
				t.Fatal(err)
			}
			d.run(time.Millisecond)
			if d.exit != 128+signal.SIGKILL {
				t.Errorf("exit code %d, want %d; it printed %q", d.exit, 128+signal.SIGKILL, d.text)
			}
		})
	}
}

func TestSyscallLineTooLong(t *testing.T) {
	d := sit(t, kern.NetBSD, netbsdTap, "tap0")
	for range 4 {
		d.enter(strings.Repeat("9", 16<<10))
	}
	d.enter("\ngetpid\n")
	want := "syscall> syscall: the line is longer than 16384 bytes: nothing was done\nsyscall> = 1\nsyscall> "
	if got := d.text; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Nothing that can be typed may stop the lab, whatever it does to the device.
func FuzzSyscall(f *testing.F) {
	for _, c := range []string{"usage", "netbsd-tap", "dragonfly-tap", "freebsd-tun", "dragonfly-tun"} {
		script, err := os.ReadFile(filepath.Join("testdata", "syscall", c+".txt"))
		if err != nil {
			f.Fatal(err)
		}
		var typed strings.Builder
		for line := range strings.Lines(string(script)) {
			if text, ok := strings.CutPrefix(line, prompt); ok {
				typed.WriteString(text)
			}
		}
		f.Add(typed.String(), uint8(len(c)))
	}
	f.Add("ioctl 4 0xffffffff 00\nioctl 4 0x5fff0000\nwrite 1 41*65536\nread 0 65536\nkevent 4 4 read forever\n", uint8(1))
	f.Fuzz(func(t *testing.T, typed string, which uint8) {
		if len(typed) > file.MaxStdin {
			return
		}
		var d *desk
		switch which % 4 {
		case 0:
			d = sit(t, kern.NetBSD, netbsdTap, "tap0")
		case 1:
			d = sit(t, kern.DragonFly, dragonflyTap, "tap0")
		case 2:
			d = sit(t, kern.FreeBSD, freebsdTun, "tun0")
		default:
			d = sit(t, kern.DragonFly, dragonflyTun, "tun0")
		}
		d.enter(typed)
		for range 50 { // whatever it waits for, Ctrl-C brings the prompt back, and the end of the input ends it
			if d.exit >= 0 {
				return
			}
			d.enter("\x03")
			if d.exit < 0 {
				d.enter("\x04")
			}
		}
		for _, p := range d.Status().Procs {
			if p.PID == 1 && p.State == "sleeping" && p.Wchan == "tun_condvar" {
				return // a destroy waits for a last close, and no signal ends that
			}
		}
		t.Errorf("it does not end; it printed %q", d.text)
	})
}
