package grade

import (
	"fmt"
	"path"
	"slices"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/vnet/event"
)

// A log is what is shown of a step that failed: of its events those that tell something,
// the first of them and the last.
type log struct {
	submitted []format.Slot
	recent    recent
	printed   event.Lines // what submitted programs print, on its way into recent
}

// see is called for each event of the lab.
func (l *log) see(e *event.Event) {
	switch {
	case !l.tells(e):
	case e.Kind == event.Console:
		l.printed.Add(e, l.recent.add)
	default:
		if e.Kind == event.Exit {
			l.printed.End(e.Node, e.Proc, e.PID, l.recent.add)
		}
		l.recent.add(e)
	}
}

// lines is the log of the step that ends, with what has been printed without a line end.
func (l *log) lines() []string {
	l.printed.Flush(l.recent.add)
	return l.recent.lines()
}

// tells reports whether an event belongs into the log of a step.
func (l *log) tells(e *event.Event) bool {
	submitted := slices.Contains(l.submitted, format.Slot{Node: e.Node, Proc: e.Proc})
	switch e.Kind {
	case event.Frame, event.Drop, event.Limit, event.Panic, event.Message:
		return true
	case event.Start, event.Exit, event.Signal:
		return true
	case event.Console:
		return submitted
	case event.Iface:
		return e.Op != "attached"
	case event.Call:
		switch e.Op {
		case "open", "read", "write", "ioctl", "close":
			return submitted && (onDevice(e) || e.Errno != 0)
		}
		return submitted && e.Errno != 0
	default:
		return false
	}
}

// onDevice reports whether a call is one on a tun or tap: on a unit of it, or on the file
// that makes one.
func onDevice(e *event.Event) bool {
	dir, name := path.Split(e.Path)
	return dir == "/dev/" && format.End{Iface: name}.Driver() != format.NIC
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
		text = fmt.Sprintf("%s -> %s  %s", e.Port, e.Peer, run.Summary(p.Link, p.Data))
	case event.Drop:
		p, _ := e.Packet()
		text = fmt.Sprintf("%s  dropped (%s) %s  %s", e.Port, e.Op, e.Text, run.Summary(p.Link, p.Data))
	case event.Call:
		text = run.Where(e) + "  " + run.CallText(e)
	case event.Console:
		text = fmt.Sprintf("%s  prints %q", run.Where(e), e.Data[:min(len(e.Data), maxShown)])
		if len(e.Data) > maxShown {
			text += "..."
		}
	case event.Start:
		text = run.Where(e) + "  starts"
	case event.Exit:
		text = run.Where(e) + "  ends: " + run.ExitText(e)
	case event.Signal:
		text = run.Where(e) + "  gets " + e.Op
	case event.Iface:
		text = e.Port + "  " + e.Text
	default:
		text = run.Where(e) + "  " + e.Text
	}
	return fmt.Sprintf("%12v  %s", e.At, text)
}
