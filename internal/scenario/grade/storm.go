package grade

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/vnet/event"
)

// A storm is what a grader knows of frames that come again and again, for when a limit
// ends the grading: its author must learn which they were.
type storm struct {
	loops []loop

	since  time.Duration // since when writes are counted; they are when a limit is near
	near   bool
	writes map[again]*repeats
	all    map[again]*repeats // the same, whatever the bytes
}

// A loop is a ring of cables that a frame goes round.
type loop struct {
	text, summary string
	frame         uint64
	port          string // of the ring
	passed        int    // how often the frame has been sent by port, since it was told
}

// An again is a packet that a process wrote to a device.
type again struct {
	slot format.Slot
	path string
	sum  uint64 // of its bytes
}

type repeats struct {
	count   int
	summary string
}

const (
	maxLoops   = 4    // loops that are followed
	maxWrites  = 4096 // packets that are told apart
	maxWriters = 4    // that are named
	fewWrites  = 100  // of one packet are no storm
	fnvOffset  = 14695981039346656037
	fnvPrime   = 1099511628211
)

// see is called for each event of the lab.
func (s *storm) see(e *event.Event, near func() bool) {
	switch e.Kind {
	case event.Limit:
		if e.Op == "loop" && len(s.loops) < maxLoops {
			s.loops = append(s.loops, loop{text: e.Text, summary: run.Summary(e.Link, e.Data), frame: e.Frame, port: e.Port})
		}
	case event.Frame:
		for i := range s.loops {
			if l := &s.loops[i]; l.frame == e.Frame && l.port == e.Port {
				l.passed++
			}
		}
	case event.Call:
		if m, ok := e.Moved(); !ok || !m.Write || e.Errno != 0 {
			return
		}
		if !s.near {
			if !near() {
				return
			}
			s.near, s.since = true, e.At
			s.writes, s.all = map[again]*repeats{}, map[again]*repeats{}
		}
		a := again{slot: format.Slot{Node: e.Node, Proc: e.Proc}, path: e.Path}
		s.count(s.all, a, e)
		a.sum = fnvOffset
		for _, c := range e.Data {
			a.sum = (a.sum ^ uint64(c)) * fnvPrime
		}
		s.count(s.writes, a, e)
	default:
	}
}

func (s *storm) count(in map[again]*repeats, a again, e *event.Event) {
	r := in[a]
	if r == nil {
		if len(in) >= maxWrites {
			return
		}
		p, _ := e.Packet()
		r = &repeats{summary: run.Summary(p.Link, p.Data)}
		in[a] = r
	}
	r.count++
}

// lines say what came again and again, nothing where nothing did.
func (s *storm) lines(now time.Duration) []string {
	var out []string
	for _, l := range s.loops {
		out = append(out, fmt.Sprintf("%s: %s. From then on it passed %s %s", l.text, l.summary, l.port, times(l.passed)))
	}
	for _, part := range []struct {
		in   map[again]*repeats
		what string
	}{{s.writes, "wrote the same packet again"}, {s.all, "wrote packets"}} {
		var often []again
		for _, a := range slices.SortedFunc(maps.Keys(part.in), func(a, b again) int {
			return cmp.Or(part.in[b].count-part.in[a].count, strings.Compare(a.slot.String(), b.slot.String()), strings.Compare(a.path, b.path), cmp.Compare(a.sum, b.sum))
		}) {
			if part.in[a].count >= fewWrites && len(often) < maxWriters {
				often = append(often, a)
			}
		}
		for _, a := range often {
			r := part.in[a]
			out = append(out, fmt.Sprintf("%s %s, %s to %s in the last %v: %s", a.slot, part.what, times(r.count), a.path, now-s.since, r.summary))
		}
		if len(often) > 0 {
			break
		}
	}
	return out
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
