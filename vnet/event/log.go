package event

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// A Log is a lab's append-only sequence of events. The lab appends, from its one
// loop. Readers given to Subscribe are called at each append, in the loop, and
// miss nothing: the recorder, the grader, a capture. Viewers call From from any
// goroutine and see a window of the newest events, bounded in bytes.
//
// The log never waits for anybody. Its hash is SHA-256 over Version and the
// encoding of every event from the first on.
type Log struct {
	next   atomic.Uint64 // Seq of the event to come; what lies before it is published
	asleep atomic.Bool   // a viewer waits for more

	mu     sync.Mutex // guards blocks, first and more
	blocks []*block
	first  uint64 // Seq of the oldest event in the window
	more   chan struct{}

	// The loop's own.
	newest  *block
	window  int    // bytes that the window may hold
	held    int    // bytes in the blocks, by capacity
	spare   *block // one that was dropped, to be used again
	enc     encoder
	sum     hash.Hash
	hashed  int // bytes of the newest block that are in sum
	readers []func(*Event)
	counts  [kinds]uint64
}

// DefaultWindow is the size in bytes of a log's window where none is given.
const DefaultWindow = 1 << 20

// NewLog returns an empty log whose window holds about window bytes of encoded
// events: DefaultWindow if 0, and only what is being written if negative.
func NewLog(window int) *Log {
	if window == 0 {
		window = DefaultWindow
	}
	l := &Log{window: max(window, 1), sum: sha256.New(), newest: &block{}} // one without room
	l.sum.Write([]byte{Version})
	return l
}

// Subscribe makes f a reader: it is called with each event appended from now on,
// in the loop, and must not keep the event or what it points to.
func (l *Log) Subscribe(f func(*Event)) { l.readers = append(l.readers, f) }

// Append gives e the next sequence number and adds it to the log. Only the lab's loop may
// call it.
func (l *Log) Append(e *Event) { l.append(e, nil, sizeOf(e)) }

// AppendAt is Append of the site's event, whose Data it takes away.
func (l *Log) AppendAt(s *Site) {
	if s.size == 0 {
		s.size = sizeOf(&s.Event)
	}
	l.append(&s.Event, s, s.size)
	s.Data = nil
}

// append is Append of an event with what sizeOf says of it. s is its site, nil if it has
// none.
func (l *Log) append(e *Event, s *Site, size int) {
	e.Seq = l.next.Load()
	size += len(e.Data) + len(e.Text)
	b := l.newest
	if size > len(b.whole)-b.end {
		b = l.begin(e.Seq, size)
	}
	l.enc.append(b, e, s)
	l.next.Store(e.Seq + 1)
	if l.asleep.Load() {
		l.wake()
	}
	l.counts[e.Kind]++
	for _, f := range l.readers {
		f(e)
	}
}

// wake tells the viewers that wait that there is more.
func (l *Log) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asleep.Store(false)
	if l.more != nil {
		close(l.more)
		l.more = nil
	}
}

// begin makes a new block for the event first, of at most size bytes, and drops the
// oldest ones, for which the window no longer has room.
func (l *Log) begin(first uint64, size int) *block {
	l.settle()
	l.enc.reset()
	l.hashed = 0
	l.held += max(blockSize, size)
	l.mu.Lock()
	defer l.mu.Unlock()
	drop := 0
	for l.held > l.window && drop < len(l.blocks) {
		b := l.blocks[drop]
		l.held -= len(b.whole)
		if !b.shared && len(b.whole) == blockSize {
			l.spare = b
		}
		drop++
	}
	b := l.spare
	if b != nil && size <= blockSize {
		l.spare = nil
		b.renew(first)
	} else {
		b = newBlock(first, size)
	}
	n := copy(l.blocks, l.blocks[drop:])
	clear(l.blocks[n:])
	l.blocks = append(l.blocks[:n], b)
	l.newest, l.first = b, l.blocks[0].first
	return b
}

// settle hashes what has been written to the newest block and is not in the sum.
func (l *Log) settle() {
	b := l.newest
	l.sum.Write(b.whole[l.hashed:b.end])
	l.hashed = b.end
}

// Hash returns the run's hash so far, in hexadecimal. Only the owner of the lab
// calls it.
func (l *Log) Hash() string {
	l.settle()
	return hex.EncodeToString(l.sum.Sum(nil))
}

// Count returns how many events of a kind have been appended. Only the owner of
// the lab calls it.
func (l *Log) Count(k Kind) uint64 { return l.counts[k] }

// Bounds returns the sequence numbers of the oldest event in the window and of
// the event to come.
func (l *Log) Bounds() (first, next uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first, l.next.Load()
}

// From returns the events from sequence number seq on, at most limit of them,
// and how many the window had already lost. Where there are none it returns a
// channel that is closed at the next append. The events are the caller's; their
// Data must not be changed. It may be called from any goroutine.
func (l *Log) From(seq uint64, limit int) (events []Event, missed uint64, more <-chan struct{}) {
	runs, seq, next, missed, more := l.pin(seq, limit)
	if more != nil {
		return nil, missed, more
	}
	events = make([]Event, 0, min(limit, 1024, int(next-seq)))
	each(runs, seq, next, func(e *Event) bool {
		events = append(events, *e)
		return len(events) < limit
	})
	return events, missed, nil
}

// Each calls f with the events from sequence number seq on, up to the newest or
// until f returns false, and returns how many the window had already lost. Where
// there are none it returns a channel that is closed at the next append. f may not
// keep the event; it may keep its strings and Data, and must not change Data.
// It may be called from any goroutine.
func (l *Log) Each(seq uint64, f func(*Event) bool) (missed uint64, more <-chan struct{}) {
	runs, seq, next, missed, more := l.pin(seq, math.MaxInt)
	if more == nil {
		each(runs, seq, next, f)
	}
	return missed, more
}

// each calls f with the published events of runs from seq on, until it returns false.
func each(runs []run, seq, next uint64, f func(*Event) bool) {
	var e Event // one for all: f has a pointer to it
	for i, r := range runs {
		end := next
		if i+1 < len(runs) {
			end = runs[i+1].b.first
		}
		for c := r.b.cursor(r.whole, seq); c.seq < end; {
			if e = c.next(); e.Seq >= seq && !f(&e) {
				return
			}
		}
	}
}

// A run is a block as a viewer reads it: whole is its buffer to the end of its
// capacity, of which what is published may be looked at.
type run struct {
	b     *block
	whole []byte
}

// pin finds the blocks that hold limit events from seq on, and keeps them from being
// used again. Where nothing is published yet it returns what to wait for.
func (l *Log) pin(seq uint64, limit int) (runs []run, from, next, missed uint64, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if seq < l.first {
		missed = l.first - seq
		seq = l.first
	}
	next = l.next.Load()
	if seq >= next {
		l.asleep.Store(true)
		// An append that did not see that may have been faster.
		if next = l.next.Load(); seq >= next {
			if l.more == nil {
				l.more = make(chan struct{})
			}
			return nil, seq, next, missed, l.more
		}
	}
	for i, b := range l.blocks {
		if i+1 < len(l.blocks) && l.blocks[i+1].first <= seq {
			continue
		}
		if b.first >= next || b.first >= seq+uint64(limit) {
			break
		}
		b.shared = true
		runs = append(runs, run{b, b.whole})
	}
	return runs, seq, next, missed, nil
}

// Since returns the sequence number of the first event in the window that
// happened at or after at, which is that of the event to come if none did.
func (l *Log) Since(at time.Duration) uint64 {
	first, next := l.Bounds()
	for first < next {
		mid := first + (next-first)/2
		es, _, _ := l.From(mid, 1)
		if len(es) == 0 || es[0].At >= at {
			next = mid
		} else {
			first = mid + 1
		}
	}
	return first
}
