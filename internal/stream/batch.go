package stream

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"sync"
	"time"

	"wireloom/internal/stream/object"
	"wireloom/vnet/event"
	"wireloom/vnet/packet"
)

// A batch is a stretch of the log as viewers are shown it: events, and items that
// stand for many. It never changes, so that all viewers can have the same.
type batch struct {
	from, next uint64 // the stretch
	missed     uint64 // events of it that the log had lost
	items      []item // by the first event that each stands for
	frames     [][]byte
	shapes     [][]byte
	at         time.Duration // from which the rows' times count
	size       int           // of all that, in bytes of JSON
	left       uint64        // events that the items count and do not show

	once sync.Once
	body []byte // of all items, made when it is wanted first
}

// whole is all items of the batch as a message has them: it is written once for all
// viewers who are not behind.
func (b *batch) whole() []byte {
	b.once.Do(func() {
		body := b.appendHead(make([]byte, 0, b.size), nil)
		shown := make([]*item, len(b.frames))
		for i := range b.items {
			if i > 0 {
				body = append(body, ',')
			}
			body = b.append(body, &b.items[i], shown)
		}
		b.body = append(body, partEnd...)
	})
	return b.body
}

// headSize is about how many bytes a part takes besides its shapes and items.
const headSize = 80

// appendHead appends the beginning of a part of a message with items of the batch, of which
// the shapes are used; nil for all.
func (b *batch) appendHead(to []byte, used []bool) []byte {
	to = strconv.AppendUint(append(to, `{"seq":`...), b.from, 10)
	to = strconv.AppendInt(append(to, `,"t":`...), int64(b.at), 10)
	to = append(to, `,"shapes":[`...)
	for i, s := range b.shapes {
		if i > 0 {
			to = append(to, ',')
		}
		if used != nil && !used[i] {
			s = unused
		}
		to = append(to, s...)
	}
	return append(to, `],"rows":[`...)
}

const partEnd = "]}"

// unused stands for a shape that no row of a part has.
var unused = []byte("[{}]")

// append appends an item. A frame is with the first event in a part that is about it, which
// shown has by the frame; the others say which that is.
func (b *batch) append(to []byte, x *item, shown []*item) []byte {
	to = append(to, x.text...)
	switch {
	case x.shape < 0:
		return append(to, '}')
	case x.frame < 0:
	case shown[x.frame] != nil:
		to = strconv.AppendUint(append(to, ','), shown[x.frame].first-b.from, 10)
	default:
		shown[x.frame] = x
		to = append(to, b.frames[x.frame]...)
	}
	return append(to, ']')
}

// An item is one element of a message's list of events.
type item struct {
	source
	count              // of all that it stands for
	first, last uint64 // Seq
	at          time.Duration
	left        uint64 // events that it counts and does not show
	text        []byte // JSON without its end: a row, or a whole event
	shape       int    // of a row, an index of batch.shapes; -1 of a whole event
	frame       int    // that belongs before the end of a row; an index of batch.frames, or -1
}

// size is how many bytes an item has in a message, without those of its frame.
func (x *item) size() int { return len(x.text) + len(`,4294967295],`) }

// batch makes a batch of what the digest has taken in.
func (d *digest) batch() *batch {
	w := writer{b: &batch{from: d.from, next: d.next, missed: d.missed, items: make([]item, 0, len(d.all))}, chunk: min(d.weight+textRoom, textChunk)}
	for i := range d.all {
		w.event(&d.all[i])
	}
	if d.thinned() {
		d.choose(&w)
	}
	return w.done()
}

// choose writes what the limits allow of each source: a fair share, so that one that
// floods takes nothing from one that doesn't.
func (d *digest) choose(w *writer) {
	kept := make([][]event.Event, len(d.order))
	events, bytes := make([]int, len(d.order)), make([]int, len(d.order))
	var all, shown recent
	for i, t := range d.order {
		if t.text != nil {
			events[i], bytes[i] = 1, min(int(t.bytes), d.limits.text)
			continue
		}
		kept[i] = t.kept()
		events[i] = len(kept[i])
		for j := range kept[i] {
			bytes[i] += all.add(&kept[i][j])
		}
	}
	events, bytes = fair(d.limits.events, events), fair(d.limits.bytes, bytes)
	for i, t := range d.order {
		if t.text != nil {
			w.console(t)
			continue
		}
		lo, hi := t.choose(kept[i], events[i], bytes[i], &shown)
		for j := range kept[i] {
			if j < lo || j >= hi {
				w.event(&kept[i][j])
			}
		}
		if left, where := t.left(kept[i], lo, hi); left.events > 0 {
			w.left(t.source, left, where)
		}
	}
}

// fair shares total among those who need something of it: nobody gets more than
// that, and what one leaves the others share.
func fair(total int, needs []int) []int {
	order := make([]int, len(needs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(needs[i], needs[j]) })
	shares := make([]int, len(needs))
	for i, k := range order {
		shares[k] = min(needs[k], total/(len(order)-i))
		total -= shares[k]
	}
	return shares
}

// A writer writes the items of a batch.
type writer struct {
	b      *batch
	frames []framed       // those of batch.frames
	newest map[uint64]int // by a frame's identity: which of frames is the newest that has it
	shapes map[shape]int
	room   []byte // for texts: one piece of memory has those of many items
	chunk  int    // how large a piece is
}

// Of the room for texts: what most texts fit into, and how much of it is made at once for many. A feed keeps
// its batches, of which most have a few events: those get what they weigh, and not much more.
const (
	textRoom  = 1 << 10
	textChunk = 32 << 10
)

// space is where a text may be written, which is then taken.
func (w *writer) space() []byte {
	if cap(w.room)-len(w.room) < textRoom {
		w.room = make([]byte, 0, max(w.chunk, textRoom))
	}
	return w.room[len(w.room):]
}

// take makes b, which was begun in space, a text.
func (w *writer) take(b []byte) []byte {
	if len(b) <= cap(w.room)-len(w.room) {
		w.room = w.room[:len(w.room)+len(b)]
	}
	return b[:len(b):len(b)]
}

// framed are the bytes of a frame that are in the batch.
type framed struct {
	link   packet.Link
	head   int // bytes of data before the frame
	data   []byte
	before int // the one before of the same identity, -1 if there is none
}

func (w *writer) event(e *event.Event) {
	if len(w.b.items) == 0 {
		w.b.at = e.At
	}
	text := ""
	if e.Kind != event.Console {
		text = textOf(e)
	}
	s := shapeOf(e, text)
	i := w.shape(&s)
	row := w.appendRow(w.space(), e, &s, i, text)
	x := item{source: sourceOf(e), count: countOf(e), first: e.Seq, last: e.Seq, at: e.At, text: w.take(row), shape: i, frame: -1}
	if p, ok := frameOf(e); ok {
		x.frame = w.frame(e, p)
	}
	w.b.items = append(w.b.items, x)
}

// shape is the number of a shape, which the batch has from then on.
func (w *writer) shape(s *shape) int {
	i, ok := w.shapes[*s]
	if !ok {
		if w.shapes == nil {
			w.shapes = map[shape]int{}
		}
		i = len(w.b.shapes)
		w.shapes[*s] = i
		w.b.shapes = append(w.b.shapes, s.append(nil))
	}
	return i
}

// frame returns which of the batch's frames the event is about, and adds it if it is
// none of them. A frame is in a log several times, for each link and each call that
// moved it: to decode it is most of the work, and to send it most of the bytes.
func (w *writer) frame(e *event.Event, p event.Packet) int {
	before, known := w.newest[e.Frame]
	if !known || e.Frame == 0 {
		before = -1
	}
	for i := before; i >= 0; i = w.frames[i].before {
		if f := &w.frames[i]; f.link == p.Link && f.head == len(p.Head) && bytes.Equal(f.data, e.Data) {
			return i
		}
	}
	i := len(w.frames)
	w.b.frames = append(w.b.frames, w.take(appendFrame(w.space(), e, p)))
	w.frames = append(w.frames, framed{p.Link, len(p.Head), e.Data, before})
	if w.newest == nil {
		w.newest = map[uint64]int{}
	}
	w.newest[e.Frame] = i
	return i
}

// console writes all that a process wrote to one of its outputs as one event.
func (w *writer) console(t *track) {
	head, tail, left := t.text.Parts()
	o := object.Open(nil)
	o.Int("seq", int64(t.first))
	o.Int("t", int64(t.at))
	o.Str("k", event.Console.String())
	o.Str("node", t.node)
	o.Str("proc", t.proc)
	o.Num("pid", int64(t.pid))
	o.Num("fd", int64(t.fd))
	appendText(&o, head)
	if t.events > 1 {
		o.Int("events", int64(t.events))
		o.Int("to", int64(t.last))
	}
	if left.Bytes > 0 {
		o.Name("left")
		in := object.Open(o.B)
		in.Num("lines", int64(left.Lines))
		in.Num("bytes", int64(left.Bytes))
		o.B = in.Close()
		o.Name("tail")
		o.B = object.AppendString(o.B, tail)
	}
	w.b.items = append(w.b.items, item{source: t.source, count: t.count, first: t.first, last: t.last, at: t.at, text: o.B, shape: -1, frame: -1})
}

// left writes that there was more of a source.
func (w *writer) left(s source, left count, where span) {
	w.b.items = append(w.b.items, item{
		source: s, count: left, first: where.first, last: where.last, at: where.at, left: left.events, text: appendLeft(nil, s, left, where), shape: -1, frame: -1,
	})
}

// appendLeft appends, without its end, what stands for events that are counted and
// not shown.
func appendLeft(b []byte, s source, left count, where span) []byte {
	o := object.Open(b)
	o.Int("seq", int64(where.first))
	o.Int("t", int64(where.at))
	o.Str("k", "left")
	o.Str("of", s.kind.String())
	o.Str("node", s.node)
	o.Str("proc", s.proc)
	o.Str("port", s.port)
	o.Num("fd", int64(s.fd))
	o.Int("events", int64(left.events))
	o.Num("bytes", int64(left.bytes))
	o.Num("lines", int64(left.lines))
	o.Int("to", int64(where.last))
	return o.B
}

// done puts the items in order.
func (w *writer) done() *batch {
	b := w.b
	slices.SortStableFunc(b.items, func(x, y item) int { return cmp.Compare(x.first, y.first) })
	for i := range b.items {
		b.size += b.items[i].size()
		b.left += b.items[i].left
	}
	for _, f := range b.frames {
		b.size += len(f)
	}
	if len(b.items) > 0 {
		b.size += headSize
	}
	for _, s := range b.shapes {
		b.size += len(s)
	}
	return b
}

// fit returns how far the items from i on fit into limit bytes, and at least one does.
func (b *batch) fit(i, limit int) (j int) {
	seen := map[int]bool{}
	for j = i; j < len(b.items); j++ {
		x := &b.items[j]
		limit -= x.size()
		if x.frame >= 0 && !seen[x.frame] {
			seen[x.frame] = true
			limit -= len(b.frames[x.frame])
		}
		if limit < 0 && j > i {
			break
		}
	}
	return j
}
