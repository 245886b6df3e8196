package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wireloom/internal/decode"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
)

// Limits of what a grader remembers.
const (
	maxHistory      = 20_000   // frames for expectations that look back
	maxHistoryBytes = 32 << 20 // bytes of them
	maxLimits       = 8        // reached by one program that are told
)

// A seen is a frame at a port, or a packet that a program read from or wrote to a
// device.
type seen struct {
	at      time.Duration
	port    string // where it was sent; or the device
	peer    string // where it goes; "" of a device
	in      bool   // of a device: a program wrote it
	link    decode.Link
	data    []byte
	head    int  // of what a program read by hand: bytes in data before the packet
	ignored bool // a step put it there
}

// see is called for each event of the lab.
func (g *grader) see(e *event.Event) {
	g.events++
	g.bytes += uint64(len(e.Data))
	sl := Slot{e.Node, e.Proc}
	known := e.Proc != "" && g.known[sl] // others may be as many as a program starts
	switch e.Kind {
	case event.Frame:
		if f, ok := e.FrameSent(); ok {
			g.frame(&seen{at: e.At, port: f.From, peer: f.To, link: f.Link, data: f.Data, ignored: g.injecting})
		}
	case event.Call:
		g.call(e, sl)
	case event.Console:
		if known {
			g.output(sl).write(e.FD, e.Data)
		}
	case event.Start:
		if !known {
			break
		}
		delete(g.ended, sl)
		delete(g.mayEnd, sl)
		g.out[sl] = &output{}
		g.reads[sl] = 0
		delete(g.last, sl)
	case event.Exit:
		if of, ok := g.slotOf(sl); ok {
			g.burnt[of] += e.Fuel
		}
		if known {
			g.ended[sl] = &ending{at: e.At, code: int(e.N), how: e.Op, why: e.Text, said: g.said(sl, e)}
		}
		if g.submitted(sl) && e.Op == "limit" {
			// How it ended says more than that it came to a limit: the function it was in.
			if n := len(g.limited[sl]); n > 0 {
				g.limited[sl] = g.limited[sl][:n-1]
			}
			g.limited[sl] = append(g.limited[sl], fmt.Sprintf("at %v: %s%s", e.At, e.Text, g.where(sl)))
		}
		if g.submitted(sl) && (e.Op != "exit" || e.N != 0) {
			why := exitText(e)
			if said := g.ended[sl].said; said != "" {
				why = quoted(said) + "; " + why
			}
			g.note(fmt.Sprintf("%s:%s ended at %v: %s", e.Node, e.Proc, e.At, why))
		}
	case event.Limit:
		if e.Op == "instant" {
			break // it ends the grading, which says so
		}
		g.note(fmt.Sprintf("at %v, %s: %s", e.At, where(e), e.Text))
		if g.submitted(sl) && e.Op != "stdin" && len(g.limited[sl]) < maxLimits {
			g.limited[sl] = append(g.limited[sl], fmt.Sprintf("at %v: %s%s", e.At, e.Text, g.where(sl)))
		}
	case event.Panic:
		g.note(fmt.Sprintf("at %v, %s: %s", e.At, e.Node, e.Text))
	default:
	}
	g.storm.see(e, g.nearEnd)
	if g.answers != nil {
		g.answers.see(e)
	}
	switch {
	case !g.tells(e, sl):
	case e.Kind == event.Console:
		g.printed.Add(e, g.recent.add)
	default:
		if e.Kind == event.Exit {
			g.printed.End(e.Node, e.Proc, e.PID, g.recent.add)
		}
		g.recent.add(e)
	}
}

// log is the log of the step that ends, with what has been printed without a line end.
func (g *grader) log() []string {
	g.printed.Flush(g.recent.add)
	return g.recent.lines()
}

// said is what a submitted program said of why it ended, where it failed by itself.
func (g *grader) said(sl Slot, e *event.Event) string {
	if !g.submitted(sl) || e.Op != "trap" && (e.Op != "exit" || e.N == 0) {
		return ""
	}
	return g.output(sl).tail.reason(e.Op, int(e.N))
}

// submitted reports whether a program is one that the student supplied.
func (g *grader) submitted(sl Slot) bool { return slices.Contains(g.slots, sl) }

func where(e *event.Event) string {
	if e.Proc == "" {
		return e.Node
	}
	return e.Node + ":" + e.Proc
}

func exitText(e *event.Event) string {
	if e.Op == "exit" {
		return fmt.Sprintf("exit code %d", e.N)
	}
	return e.Text
}

// call takes note of a system call: what went through a device, and what a program
// did last.
func (g *grader) call(e *event.Event, sl Slot) {
	if g.submitted(sl) && e.Op != "close" {
		g.last[sl] = callText(e)
	}
	m, ok := e.Moved()
	if !ok {
		return
	}
	s := seen{at: e.At, port: e.Node + ":" + strings.TrimPrefix(m.Device, "/dev/"), in: m.Write, link: m.Link, data: m.Data}
	if !m.Write {
		if g.known[sl] {
			g.reads[sl]++
		}
		if g.known[sl] && !g.submitted(sl) {
			kept := s
			kept.data, kept.head = slices.Clone(e.Data), len(m.Head)
			g.device[sl] = kept
		}
	}
	if len(g.watches) == 0 && len(g.marks) == 0 {
		return
	}
	g.frame(&s)
}

// frame shows a frame to the expectations, and keeps it for those that look back.
func (g *grader) frame(s *seen) {
	for _, w := range g.watches {
		g.looks += uint64(w.see(s))
	}
	if len(g.marks) == 0 || s.ignored || !g.keeping {
		return
	}
	if len(g.history) >= maxHistory || g.historic+len(s.data) > maxHistoryBytes {
		if g.historic <= maxHistoryBytes {
			g.historic = maxHistoryBytes + 1
			g.note(fmt.Sprintf("more than %d frames or %d bytes since the step that an expectation looks back to: later ones were not kept", maxHistory, maxHistoryBytes))
		}
		return
	}
	c := *s
	c.data = slices.Clone(s.data)
	g.historic += len(c.data)
	g.history = append(g.history, c)
}

// tells reports whether an event belongs into the log of a step.
func (g *grader) tells(e *event.Event, sl Slot) bool {
	switch e.Kind {
	case event.Frame, event.Drop, event.Limit, event.Panic, event.Message:
		return true
	case event.Start, event.Exit, event.Signal:
		return true
	case event.Console:
		return g.submitted(sl)
	case event.Iface:
		return e.Op != "attached"
	case event.Call:
		switch e.Op {
		case "open", "read", "write", "ioctl", "close":
			return g.submitted(sl) && (strings.HasPrefix(e.Path, "/dev/t") || e.Errno != 0)
		}
		return g.submitted(sl) && e.Errno != 0
	default:
		return false
	}
}

// callText is a system call in words: "read(4</dev/tap0>, 2048) = 42".
func callText(e *event.Event) string {
	var b strings.Builder
	b.WriteString(e.Op)
	switch {
	case e.Op == "open":
		fmt.Fprintf(&b, "(%q)", e.Path)
	case e.Path != "" && (e.Op == "read" || e.Op == "write"):
		fmt.Fprintf(&b, "(%d<%s>, %d)", e.FD, e.Path, e.Len)
	case e.Path != "":
		fmt.Fprintf(&b, "(%d<%s>%s)", e.FD, e.Path, sep(e.Text))
	default:
		fmt.Fprintf(&b, "(%s)", strings.TrimPrefix(sep(e.Text), ", "))
	}
	if e.Errno != 0 {
		fmt.Fprintf(&b, " = %v", errno.Errno(e.Errno))
	} else {
		fmt.Fprintf(&b, " = %d", e.N)
	}
	return b.String()
}

func sep(s string) string {
	if s == "" {
		return ""
	}
	if len(s) > 80 {
		s = s[:80] + "..."
	}
	return ", " + s
}

// A recent is the log of a step: its first events and its last.
type recent struct {
	head  []event.Event
	tail  [MaxLogLines - firstLines]event.Event
	count int // of the events
}

const firstLines = 8

// maxShown is how many bytes of a line that a program printed are shown.
const maxShown = 160

// maxLogData is how many bytes of an event's data are kept for its line.
const maxLogData = 2048

func (r *recent) reset() {
	r.head, r.count = r.head[:0], 0
}

func (r *recent) add(e *event.Event) {
	r.count++
	var to *event.Event
	if len(r.head) < firstLines {
		if cap(r.head) == 0 {
			r.head = make([]event.Event, 0, firstLines)
		}
		r.head = r.head[:len(r.head)+1]
		to = &r.head[len(r.head)-1]
	} else {
		to = &r.tail[(r.count-firstLines-1)%len(r.tail)]
	}
	data := append(to.Data[:0], e.Data[:min(len(e.Data), maxLogData)]...)
	*to = *e
	to.Data = data
}

// lines are the events, a line each.
func (r *recent) lines() []string {
	var out []string
	for i := range r.head {
		out = append(out, line(&r.head[i]))
	}
	rest := r.count - len(r.head)
	from := 0
	if n := rest - len(r.tail); n > 0 {
		from = n
		out = append(out, fmt.Sprintf("... %d more ...", n))
	}
	for i := from; i < rest; i++ {
		out = append(out, line(&r.tail[i%len(r.tail)]))
	}
	return out
}

// line is an event for people.
func line(e *event.Event) string {
	text := ""
	switch e.Kind {
	case event.Frame:
		p, _ := e.Packet()
		text = fmt.Sprintf("%s -> %s  %s", e.Port, e.Peer, summary(p.Link, p.Data))
	case event.Drop:
		p, _ := e.Packet()
		text = fmt.Sprintf("%s  dropped (%s) %s  %s", e.Port, e.Op, e.Text, summary(p.Link, p.Data))
	case event.Call:
		text = where(e) + "  " + callText(e)
	case event.Console:
		text = fmt.Sprintf("%s  prints %q", where(e), e.Data[:min(len(e.Data), maxShown)])
		if len(e.Data) > maxShown {
			text += "..."
		}
	case event.Start:
		text = where(e) + "  starts"
	case event.Exit:
		text = where(e) + "  ends: " + exitText(e)
	case event.Signal:
		text = where(e) + "  gets " + e.Op
	case event.Iface:
		text = e.Port + "  " + e.Text
	default:
		text = where(e) + "  " + e.Text
	}
	return fmt.Sprintf("%12v  %s", e.At, text)
}

func summary(link decode.Link, b []byte) string {
	s := decode.Summarize(link, b)
	text := strings.TrimSpace(s.Proto + " " + s.Info)
	if s.Bad != "" {
		text += " (" + s.Bad + ")"
	}
	return text
}
