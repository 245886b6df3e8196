package stream

import (
	"math"
	"time"

	"wireloom/internal/stream/gapped"
	"wireloom/vnet/event"
)

// Limits of what is shown of a stretch of the log. What goes beyond is counted by
// its source. There are three sets of them.
type limits struct {
	events int // in all
	bytes  int // of JSON, about
	text   int // bytes of what a process writes to one of its two outputs
	each   int // events that are remembered of a source, from its beginning and as many from its end
}

// Limits of a batch, which a viewer gets each batchEvery at most.
const (
	BatchEvents = 400
	BatchBytes  = 64 << 10
	BatchText   = 8 << 10
)

var (
	liveLimits = limits{BatchEvents, BatchBytes, BatchText, 16}
	// pastLimits are for what happened before a viewer came.
	pastLimits = limits{4000, 1 << 20, 64 << 10, 256}
	// noLimits are for a program that wants everything.
	noLimits = limits{math.MaxInt, math.MaxInt, math.MaxInt, math.MaxInt}
)

// A digest takes in a stretch of the log, however long it is, and makes a batch of
// it, however short that has to be. As long as the limits allow, it keeps every
// event. Beyond them it keeps the first and the last events of each source, and
// counts those between, and what a process writes becomes one text with a gap.
//
// Its memory is bounded by its limits, and not by the stretch.
type digest struct {
	limits
	from, next uint64 // the stretch
	missed     uint64 // events of it that the log had lost

	all    []event.Event  // within the limits: all of them
	weight int            // of their JSON, about
	texts  map[source]int // bytes of each text
	last   recent

	tracks map[source]*track // beyond the limits: not nil
	order  []*track          // by their first event
}

// recent knows the frames of the newest events: a frame's bytes, which each hop's
// event has, weigh once.
type recent [64]uint64

func (r *recent) slot(frame uint64) *uint64 { return &r[frame%uint64(len(r))] }

func (r *recent) has(frame uint64) bool { return frame != 0 && *r.slot(frame) == frame }

// add adds an event, and returns what it weighs.
func (r *recent) add(e *event.Event) int {
	w := weigh(e, r)
	if _, ok := frameOf(e); ok {
		*r.slot(e.Frame) = e.Frame
	}
	return w
}

func newDigest(l limits, from uint64) *digest { return &digest{limits: l, from: from, next: from} }

// after is the digest that follows d, of which a batch was made: it takes d's memory.
func (d *digest) after() *digest {
	clear(d.all)
	return &digest{limits: d.limits, from: d.next, next: d.next, all: d.all[:0]}
}

// empty reports whether there is nothing to show.
func (d *digest) empty() bool { return d.next == d.from }

// thinned reports whether there was too much to show all of it.
func (d *digest) thinned() bool { return d.tracks != nil }

// skipTo says that the events before seq are gone for good.
func (d *digest) skipTo(seq uint64) {
	d.missed += seq - d.next
	d.next = seq
}

// add takes in an event; those between the one before and it are gone. It keeps the
// event's strings and data.
func (d *digest) add(e *event.Event) {
	d.skipTo(e.Seq)
	d.next++
	if d.tracks != nil {
		d.track(e)
		return
	}
	d.all = append(d.all, *e)
	d.weight += d.last.add(e)
	text := 0
	if e.Kind == event.Console {
		if d.texts == nil {
			d.texts = map[source]int{}
		}
		s := sourceOf(e)
		d.texts[s] += len(e.Data)
		text = d.texts[s]
	}
	if len(d.all) <= d.limits.events && d.weight <= d.limits.bytes && text <= d.limits.text {
		return
	}
	d.tracks = map[source]*track{}
	for i := range d.all {
		d.track(&d.all[i])
	}
	d.all = nil
}

func (d *digest) track(e *event.Event) {
	s := sourceOf(e)
	t := d.tracks[s]
	if t == nil {
		s = s.narrow(len(d.order))
		t = d.tracks[s]
	}
	if t == nil {
		t = &track{source: s, each: d.limits.each, first: e.Seq, at: e.At, pid: e.PID}
		if s.kind == event.Console {
			t.text = &gapped.Text{Limit: d.limits.text}
		}
		d.tracks[s] = t
		d.order = append(d.order, t)
	}
	t.add(e)
}

// weigh is about how many bytes of JSON an event becomes.
func weigh(e *event.Event, last *recent) int {
	const numbers, summary = 40, 80
	n := numbers + min(len(e.Text), maxText)
	if e.Kind == event.Console {
		return n + len(e.Data)
	}
	if _, ok := frameOf(e); ok {
		if last.has(e.Frame) {
			return n
		}
		n += summary
	}
	return n + 2*min(len(e.Data), maxData)
}

// A track is what is kept of a source where there is too much.
type track struct {
	source
	count
	each        int
	first, last uint64
	at          time.Duration // of the first
	pid         int

	head  []event.Event
	tail  []event.Event // a ring of the newest, the oldest of which is at start
	start int
	gone  count // between head and tail
	lost  span  // of those

	text *gapped.Text // of a console, in place of the events
}

// A span is where some events stand: the first and the last, and when the first was.
type span struct {
	first, last uint64
	at          time.Duration
}

func (t *track) add(e *event.Event) {
	t.count.add(countOf(e))
	t.last = e.Seq
	switch {
	case t.text != nil:
		t.text.Write(e.Data)
	case len(t.head) < t.each:
		t.head = append(t.head, *e)
	case len(t.tail) < t.each:
		t.tail = append(t.tail, *e)
	default:
		old := &t.tail[t.start]
		if t.gone.events == 0 {
			t.lost.first, t.lost.at = old.Seq, old.At
		}
		t.lost.last = old.Seq
		t.gone.add(countOf(old))
		*old = *e
		t.start = (t.start + 1) % len(t.tail)
	}
}

// kept are the events that are remembered, in their order. Those that are not lie
// behind the first len(t.head).
func (t *track) kept() []event.Event {
	return append(append(append([]event.Event(nil), t.head...), t.tail[t.start:]...), t.tail[:t.start]...)
}

// choose picks as many of the remembered events as the shares of both limits allow,
// the newest and the oldest in turns: those before lo are shown, and those from hi on.
func (t *track) choose(kept []event.Event, events, bytes int, last *recent) (lo, hi int) {
	lo, hi = 0, len(kept)
	end, begin := len(kept), 0 // there is only one gap: lo stays up to end, and hi from begin on
	if t.gone.events > 0 {
		end, begin = len(t.head), len(t.head)
	}
	take := func(i int) bool {
		w := weigh(&kept[i], last)
		if events == 0 || w > bytes {
			return false
		}
		events--
		bytes -= last.add(&kept[i])
		return true
	}
	for more := true; more; {
		more = false
		if hi > max(lo, begin) && take(hi-1) {
			hi--
			more = true
		}
		if lo < min(hi, end) && take(lo) {
			lo++
			more = true
		}
	}
	return lo, hi
}

// left is what is not shown if the events before lo and from hi on are.
func (t *track) left(kept []event.Event, lo, hi int) (left count, where span) {
	left, where = t.gone, t.lost
	for i := lo; i < hi; i++ {
		e := &kept[i]
		left.add(countOf(e))
		if left.events == 1 || e.Seq < where.first {
			where.first, where.at = e.Seq, e.At
		}
		where.last = max(where.last, e.Seq)
	}
	return left, where
}
