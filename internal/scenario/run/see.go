package run

import (
	"fmt"
	"slices"

	"wireloom/internal/scenario/format"
	"wireloom/vnet/event"
)

// maxLimits is how many limits that one program reached are told.
const maxLimits = 8

// An Observer is shown each event of the lab while a step wants that.
type Observer interface{ Observe(*event.Event) }

// Observe shows an observer each event until the function that it returns is called.
func (r *Run) Observe(o Observer) (end func()) {
	r.watchers = append(r.watchers, o)
	return func() { r.watchers = slices.DeleteFunc(r.watchers, func(x Observer) bool { return x == o }) }
}

// see is called for each event of the lab.
func (r *Run) see(e *event.Event) {
	r.limits.events++
	r.limits.bytes += uint64(len(e.Data))
	var p *Program // nil where it is not followed
	if e.Kind != event.Frame {
		p = r.programs.all[format.Slot{Node: e.Node, Proc: e.Proc}]
	}
	switch e.Kind {
	case event.Frame:
		if f, ok := e.FrameSent(); ok && r.frames.watched() {
			r.frame(&Seen{At: e.At, ID: f.ID, Port: f.From, Peer: f.To, Link: f.Link, Data: f.Data, Ours: r.frames.injecting || r.Lab.Sending()})
		}
	case event.Call:
		r.call(e, p)
	case event.Console:
		if p != nil {
			p.Output.write(e.FD, e.Data)
		}
	case event.Start:
		if p != nil {
			p.Ended, p.mayEnd, p.calls, p.Read.Packets = nil, false, "", 0
			p.Output = &Output{}
		}
	case event.Exit:
		r.exit(e, p)
	case event.Limit:
		if e.Op == "instant" {
			break // it ends the grading, which says so
		}
		r.Note("at %v, %s: %s", e.At, Where(e), e.Text)
		if p != nil && p.Submitted && e.Op != "stdin" && len(p.Spent.limits) < maxLimits {
			p.Spent.limits = append(p.Spent.limits, fmt.Sprintf("at %v: %s%s", e.At, e.Text, p.LastCall()))
		}
	case event.Panic:
		r.Note("at %v, %s: %s", e.At, e.Node, e.Text)
	default:
	}
	for _, o := range r.watchers {
		o.Observe(e)
	}
}

// exit takes note of the end of a process.
func (r *Run) exit(e *event.Event, p *Program) {
	if of := r.programs.submittedOf(format.Slot{Node: e.Node, Proc: e.Proc}); of != nil {
		of.Spent.burnt += e.Fuel
	}
	if p == nil {
		return
	}
	x, _ := e.Exited()
	p.Ended = &Ending{At: e.At, Code: x.Code, How: x.How, Why: x.Why}
	if !p.Submitted {
		return
	}
	if x.How == "trap" || x.How == "exit" && x.Code != 0 {
		p.Ended.Said = p.Output.tail.reason(x.How, x.Code)
	}
	if x.How == "limit" {
		// How it ended says more than that it came to a limit: the function it was in.
		if n := len(p.Spent.limits); n > 0 {
			p.Spent.limits = p.Spent.limits[:n-1]
		}
		p.Spent.limits = append(p.Spent.limits, fmt.Sprintf("at %v: %s%s", e.At, e.Text, p.LastCall()))
	}
	if x.How != "exit" || x.Code != 0 {
		why := ExitText(e)
		if p.Ended.Said != "" {
			why = Quoted(p.Ended.Said) + "; " + why
		}
		r.Note("%s:%s ended at %v: %s", e.Node, e.Proc, e.At, why)
	}
}

// call takes note of a system call: what went through a device, and what a program
// did last.
func (r *Run) call(e *event.Event, p *Program) {
	if p != nil && p.Submitted && e.Op != "close" {
		p.calls = CallText(e)
	}
	m, ok := e.Moved()
	if !ok {
		return
	}
	s := Seen{At: e.At, ID: m.ID, Port: m.End(), In: m.Write, Link: m.Link, Data: m.Data}
	if !m.Write && p != nil {
		p.Read.Packets++
		if !p.Submitted {
			p.Read.Last = s
			p.Read.Last.Data, p.Read.Last.Head = slices.Clone(e.Data), len(m.Head)
		}
	}
	if r.frames.watched() {
		r.frame(&s)
	}
}

// Reset forgets what a program has printed, and the packet that it read last.
func (p *Program) Reset() { p.Output, p.Read.Last = &Output{}, Seen{} }
