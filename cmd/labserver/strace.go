package main

import (
	"cmp"
	"encoding/hex"
	"fmt"
	goio "io"
	"slices"
	"strings"

	"wireloom/internal/decode"
	"wireloom/internal/terminal"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
)

// A tracer shows a lab's events to a person, a line each: what programs print, how
// they begin and end, and with calls what strace(1) shows, with the fuel that a
// process used since its line before.
//
//	0.001234  bob:pingd      +312  read(4</dev/tap0>, ffffffffffff0200..., 2048) = 60  <1.2ms>
//
// What a program prints may have colours, where they are shown, and nothing else that a
// terminal obeys. finish shows what is left.
type tracer struct {
	out     goio.Writer      // takes its lines
	screen  *terminal.Writer // where they end: whether it shows colours
	calls   bool
	fuel    map[process]int64
	width   int // of the longest name of a process so far
	printed event.Lines
}

type process struct {
	node string
	pid  int
}

func newTracer(out goio.Writer, screen *terminal.Writer, calls bool) *tracer {
	return &tracer{out: out, screen: screen, calls: calls, fuel: map[process]int64{}}
}

func (t *tracer) show(e *event.Event) {
	switch e.Kind {
	case event.Console:
		t.printed.Add(e, t.console)
	case event.Start:
		t.line(e, fmt.Sprintf("started as process %d: %s", e.PID, terminal.Line(e.Text)))
	case event.Exit:
		t.printed.End(e.Node, e.Proc, e.PID, t.console)
		t.line(e, fmt.Sprintf("ended, %s, code %d. %s", e.Op, e.N, terminal.Line(e.Text)))
		delete(t.fuel, process{e.Node, e.PID})
	case event.Panic, event.Message:
		t.printf("%13.6f  %s  %s\n", e.At.Seconds(), terminal.Line(e.Node), terminal.Line(e.Text))
	case event.Limit:
		t.line(e, fmt.Sprintf("limit %s: %s", e.Op, terminal.Line(limitText(e))))
	case event.Call:
		if t.calls {
			t.line(e, callText(e))
		}
	case event.Signal:
		if t.calls {
			t.line(e, fmt.Sprintf("--- %s ---  %s", e.Op, terminal.Line(e.Text)))
		}
	default:
	}
}

// limitText is what a limit says, with the frame that it is about.
func limitText(e *event.Event) string {
	if e.Frame == 0 || len(e.Data) == 0 {
		return e.Text
	}
	s := decode.Summarize(e.Link, e.Data)
	return e.Text + ": " + s.Proto + " " + s.Info
}

// console writes a line that a program printed.
func (t *tracer) console(e *event.Event) {
	t.line(e, t.screen.Colored(strings.TrimSuffix(string(e.Data), "\n")))
}

// line writes a line about a process.
func (t *tracer) line(e *event.Event, text string) {
	who := terminal.Line(cmp.Or(e.Node, "lab"))
	if e.Proc != "" {
		who += ":" + terminal.Line(e.Proc)
	}
	used := ""
	if t.calls {
		t.width = max(t.width, len(who))
		who = fmt.Sprintf("%-*s", t.width, who)
		used = fmt.Sprintf("  %8s", t.used(e))
	}
	t.printf("%13.6f  %s%s  %s\n", e.At.Seconds(), who, used, text)
}

func (t *tracer) printf(format string, args ...any) { fmt.Fprintf(t.out, format, args...) }

// finish shows what programs printed last, without a line end.
func (t *tracer) finish() { t.printed.Flush(t.console) }

// used is what a process used since it was seen last; "" for a command of the
// node's, whose work costs nothing.
func (t *tracer) used(e *event.Event) string {
	p := process{e.Node, e.PID}
	d := e.Fuel - t.fuel[p]
	if e.PID == 0 || d <= 0 {
		return ""
	}
	t.fuel[p] = e.Fuel
	return fmt.Sprintf("+%d", d)
}

// What is between the parentheses of a call: its path, or only what is said about
// it; a descriptor and what is said else.
var (
	onPaths  = []string{"open", "mkdir", "mkfifo", "symlink", "readlink", "link", "unlink", "rmdir", "rename", "chroot", "utimensat", "stat"}
	onNobody = []string{"poll", "socket", "kqueue", "pipe", "signalfd", "sigaction", "sigtake", "sigpause", "kill", "alarm", "spawn", "waitpid", "getaddrinfo"}
)

// callText is a call as strace(1) writes it.
func callText(e *event.Event) string {
	var args []string
	switch {
	case slices.Contains(onPaths, e.Op):
		args = append(args, fmt.Sprintf("%q", e.Path))
	case !slices.Contains(onNobody, e.Op):
		args = append(args, fmt.Sprintf("%d<%s>", e.FD, terminal.Line(e.Path)))
	}
	if e.Op != "ioctl" && len(e.Data) > 0 {
		args = append(args, dataText(e.Data))
	}
	if e.Text != "" {
		args = append(args, terminal.Line(e.Text))
	}
	if e.Len > 0 && e.Op != "kevent" {
		args = append(args, fmt.Sprint(e.Len))
	}
	s := fmt.Sprintf("%s(%s) = %d", e.Op, strings.Join(args, ", "), e.N)
	if e.Errno != 0 {
		n := errno.Errno(e.Errno)
		s += fmt.Sprintf(" %s (%s)", n, n.Message())
	}
	if e.At > e.Began {
		s += fmt.Sprintf("  <%v>", e.At-e.Began)
	}
	return s
}

// dataText shows the beginning of what a call moved: text as text, the rest in
// hexadecimal.
func dataText(b []byte) string {
	const text, bytes = 32, 16 // shown at most
	if !slices.ContainsFunc(b, func(c byte) bool { return (c < ' ' || c > '~') && c != '\n' && c != '\t' && c != '\r' }) {
		s := fmt.Sprintf("%q", b[:min(len(b), text)])
		if len(b) > text {
			s += "..."
		}
		return s
	}
	s := hex.EncodeToString(b[:min(len(b), bytes)])
	if len(b) > bytes {
		s += "..."
	}
	return s
}
