package stream

import (
	"cmp"
	"slices"
	"strconv"
)

// An outbox holds what a viewer is still to get. What was before the viewer came is
// sent whole, piece by piece. What happens now must not be late: if there is more
// than fits into the next message, the oldest of it is only counted, and the message
// begins with these counts. So a viewer who can't follow is never far behind.
//
// It has no clock, no lock and no connection.
type outbox struct {
	next uint64 // of the event that the next message begins with
	end  uint64 // of the stretch that the outbox has been told of
	past []part // of before the viewer came
	live []part // of now

	folded map[source]*fold // what is only counted
	missed uint64           // events of now that are gone, of which the viewer has not been told
	lost   uint64           // and of the past

	allMissed, allLeft uint64 // events that the viewer will never get: gone, and only counted
}

// A part is a batch of which the items before i have been sent or counted.
type part struct {
	b *batch
	i int
}

// A fold is what is only counted of a source.
type fold struct {
	count
	span
}

// empty reports whether there is nothing to send.
func (o *outbox) empty() bool { return o.next == o.end }

// remember adds what was before the viewer came.
func (o *outbox) remember(b *batch) {
	o.end, o.lost = b.next, o.lost+b.missed
	if len(b.items) > 0 {
		o.past = append(o.past, part{b: b})
	}
}

// add adds what has happened now, and counts the oldest that the limit has no room
// for.
func (o *outbox) add(b *batch, limit int) {
	o.missed += b.missed + b.from - o.end // between the two something may have gone
	o.end = b.next
	if len(b.items) > 0 {
		o.live = append(o.live, part{b: b})
	}
	o.trim(limit)
}

// trim counts the oldest items of now until at most limit bytes are left, or one item.
func (o *outbox) trim(limit int) {
	size := 0
	for _, p := range o.live {
		size += p.b.size(p.i)
	}
	for size > limit {
		p := &o.live[0]
		last := p.i == len(p.b.items)-1
		if last && len(o.live) == 1 {
			return
		}
		size += p.b.size(p.i+1) - p.b.size(p.i)
		o.fold(&p.b.items[p.i])
		if p.i++; last {
			o.live = o.live[1:]
		}
	}
}

func (o *outbox) fold(x *item) {
	if o.folded == nil {
		o.folded = map[source]*fold{}
	}
	s := x.source
	f := o.folded[s]
	if f == nil {
		s = s.narrow(len(o.folded))
		f = o.folded[s]
	}
	if f == nil {
		f = &fold{span: span{x.first, x.last, x.at}}
		o.folded[s] = f
	}
	f.add(x.count)
	if x.first < f.first {
		f.first, f.at = x.first, x.at
	}
	f.last = max(f.last, x.last)
}

// appendMessage appends the next message, whose number is n: about limit bytes of the
// past, or what there is of now.
func (o *outbox) appendMessage(b []byte, n uint64, limit int) []byte {
	if len(o.past) == 0 {
		b = o.appendHead(b, n, o.end, o.lost+o.missed)
		o.lost, o.missed = 0, 0
		start := len(b)
		b = o.appendFolded(b)
		for _, p := range o.live {
			if len(b) > start {
				b = append(b, ',')
			}
			b = o.appendItems(b, p.b, p.i, len(p.b.items))
		}
		o.live = nil
		return append(b, "]}"...)
	}
	p := &o.past[0]
	i, j := p.i, p.b.fit(p.i, limit)
	if p.i = j; j < len(p.b.items) {
		b = o.appendHead(b, n, p.b.items[j].first, o.lost)
	} else {
		b = o.appendHead(b, n, p.b.next, o.lost)
	}
	o.lost = 0
	b = append(o.appendItems(b, p.b, i, j), "]}"...)
	if j == len(p.b.items) {
		o.past = o.past[1:]
	}
	return b
}

func (o *outbox) appendHead(b []byte, n, next, missed uint64) []byte {
	b = strconv.AppendUint(append(b, `{"type":"events","n":`...), n, 10)
	b = strconv.AppendUint(append(b, `,"from":`...), o.next, 10)
	b = strconv.AppendUint(append(b, `,"next":`...), next, 10)
	b = strconv.AppendUint(append(b, `,"missed":`...), missed, 10)
	o.next = next
	o.allMissed += missed
	return append(b, `,"events":[`...)
}

func (o *outbox) appendItems(b []byte, from *batch, i, j int) []byte {
	for k := i; k < j; k++ {
		o.allLeft += from.items[k].left
	}
	return from.append(b, i, j)
}

// appendFolded appends what is only counted, by the first event of each source.
func (o *outbox) appendFolded(b []byte) []byte {
	order := make([]source, 0, len(o.folded))
	for s := range o.folded {
		order = append(order, s)
	}
	slices.SortFunc(order, func(x, y source) int { return cmp.Compare(o.folded[x].first, o.folded[y].first) })
	for i, s := range order {
		if i > 0 {
			b = append(b, ',')
		}
		f := o.folded[s]
		b = append(appendLeft(b, s, f.count, f.span), '}')
		o.allLeft += f.events
	}
	o.folded = nil
	return b
}
