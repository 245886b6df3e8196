package stream

import (
	"cmp"
	"slices"
	"strconv"

	"wireloom/vnet/event"
)

// An outbox holds what a viewer is still to get. What was before the viewer came is
// sent whole, piece by piece. What happens now must not be late: if there is more
// than fits into the next message, the oldest of what there is much of is only
// counted, and the message begins with these counts. So a viewer who can't follow is
// never far behind.
//
// It has no clock, no lock and no connection.
type outbox struct {
	next uint64   // of the event that the next message begins with
	end  uint64   // of the stretch that the outbox has been told of
	past []part   // of before the viewer came
	all  []*batch // of now: all items of these,
	live []ref    // or these, when there was too much
	size int      // bytes of either

	shown []*item // of a batch that is being sent, by its frames: the first in the message that is about it

	folded map[source]*fold // what is only counted
	missed uint64           // events of now that are gone, of which the viewer has not been told
	lost   uint64           // and of the past

	allMissed, allLeft uint64 // events that the viewer will never get: gone, and only counted
}

// A part is a batch of which the items before i have been sent.
type part struct {
	b *batch
	i int
}

// A ref is an item of a batch.
type ref struct {
	b *batch
	i int
}

func (r ref) item() *item { return &r.b.items[r.i] }

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

// add adds what has happened now, and counts what the limit has no room for.
func (o *outbox) add(b *batch, limit int) {
	o.missed += b.missed + b.from - o.end // between the two something may have gone
	o.end = b.next
	if len(o.live) > 0 {
		o.single(b)
	} else if len(b.items) > 0 {
		o.all = append(o.all, b)
	}
	o.size += b.size
	o.trim(limit)
}

// single adds the items of a batch one by one.
func (o *outbox) single(b *batch) {
	for i := range b.items {
		o.live = append(o.live, ref{b, i})
	}
}

// leftSize is about how many bytes it takes to say that there was more of a source.
const leftSize = 150

// trim counts items of now until about limit bytes are left, or one item: the oldest
// of what happens much and often, and only if that isn't enough the oldest of all.
func (o *outbox) trim(limit int) {
	for _, all := range []bool{false, true} {
		if o.size+leftSize*len(o.folded) <= limit {
			return
		}
		for _, b := range o.all {
			o.single(b)
		}
		clear(o.all)
		o.all = o.all[:0]
		uses := map[use]int{}
		for _, r := range o.live {
			for _, u := range r.uses() {
				uses[u]++
			}
		}
		kept := o.live[:0]
		for n, r := range o.live {
			x := r.item()
			if o.size+leftSize*len(o.folded) <= limit || !all && !x.plenty() || n == len(o.live)-1 {
				kept = append(kept, r)
				continue
			}
			o.fold(x)
			o.size -= x.size()
			for _, u := range r.uses() {
				if uses[u]--; uses[u] == 0 {
					o.size -= u.size()
				}
			}
		}
		clear(o.live[len(kept):])
		o.live = kept
	}
}

// A use is what items of a batch share in a message: a part's head, a shape, a frame.
type use struct {
	b    *batch
	what byte // 'h', 's', 'f'
	i    int
}

func (r ref) uses() []use {
	x, u := r.item(), [3]use{{b: r.b, what: 'h'}}
	n := 1
	if x.shape >= 0 {
		u[n] = use{r.b, 's', x.shape}
		n++
	}
	if x.frame >= 0 {
		u[n] = use{r.b, 'f', x.frame}
		n++
	}
	return u[:n]
}

// size is how many bytes that takes.
func (u use) size() int {
	switch u.what {
	case 's':
		return len(u.b.shapes[u.i])
	case 'f':
		return len(u.b.frames[u.i])
	}
	return headSize
}

// plenty reports whether an item is of what a program can make any number of, at no
// cost. The others say how the lab got to where it is.
func (x *item) plenty() bool {
	switch x.kind { //nolint:exhaustive // those alone
	case event.Call, event.Frame, event.Drop, event.Console, event.Learn, event.Forget:
		return true
	}
	return x.left > 0
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
// past, or what there is of now. It ends with the pieces, which other viewers' messages
// may have too.
func (o *outbox) appendMessage(b []byte, n uint64, limit int) (_ []byte, pieces [][]byte) {
	if len(o.past) == 0 {
		b = o.appendHead(b, n, o.end, o.lost+o.missed)
		o.lost, o.missed = 0, 0
		b = append(o.appendFolded(b), partsBegin...)
		if len(o.all) > 0 {
			b, pieces = o.appendAll(b)
		} else {
			b = o.appendItems(b, o.live)
		}
		clear(o.live)
		o.live, o.size = o.live[:0], 0
		if len(pieces) > 0 {
			return b, append(pieces, []byte(partsEnd))
		}
		return append(b, partsEnd...), nil
	}
	p := &o.past[0]
	i, j := p.i, p.b.fit(p.i, limit)
	if p.i = j; j < len(p.b.items) {
		b = o.appendHead(b, n, p.b.items[j].first, o.lost)
	} else {
		b = o.appendHead(b, n, p.b.next, o.lost)
	}
	o.lost = 0
	piece := make([]ref, 0, j-i)
	for k := i; k < j; k++ {
		piece = append(piece, ref{p.b, k})
	}
	b = append(o.appendItems(append(b, partsBegin...), piece), partsEnd...)
	if j == len(p.b.items) {
		o.past = slices.Delete(o.past, 0, 1) // which clears its place: a batch is large
	}
	return b, nil
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

// shared is how many bytes of a batch are not copied for each viewer.
const shared = 4 << 10

// appendAll appends the batches of now as a whole, or from the first large one on returns
// them as pieces.
func (o *outbox) appendAll(b []byte) (_ []byte, pieces [][]byte) {
	for i, x := range o.all {
		if i > 0 && len(pieces) == 0 {
			b = append(b, ',')
		} else if i > 0 {
			pieces = append(pieces, []byte(","))
		}
		body := x.whole()
		if len(pieces) > 0 || len(body) >= shared {
			pieces = append(pieces, body)
		} else {
			b = append(b, body...)
		}
		o.allLeft += x.left
	}
	clear(o.all)
	o.all = o.all[:0]
	return b, pieces
}

// What is around the parts of a message, behind its counts.
const (
	partsBegin = `],"parts":[`
	partsEnd   = "]}"
)

// appendItems appends items as parts, separated by commas.
func (o *outbox) appendItems(b []byte, items []ref) []byte {
	for len(items) > 0 {
		of := items[0].b // the items of one stand together
		n := 1
		for n < len(items) && items[n].b == of {
			n++
		}
		b = o.appendPart(b, of, items[:n])
		if items = items[n:]; len(items) > 0 {
			b = append(b, ',')
		}
	}
	return b
}

// appendPart appends items of a batch.
func (o *outbox) appendPart(b []byte, of *batch, items []ref) []byte {
	o.shown = slices.Grow(o.shown[:0], len(of.frames))[:len(of.frames)] // all nil
	defer clear(o.shown)                                                // or they keep the batch
	used := make([]bool, len(of.shapes))
	for _, r := range items {
		if s := r.item().shape; s >= 0 {
			used[s] = true
		}
	}
	b = of.appendHead(b, used)
	for i, r := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = of.append(b, r.item(), o.shown)
		o.allLeft += r.item().left
	}
	return append(b, partEnd...)
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
