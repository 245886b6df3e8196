package event

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"
	"time"
)

// A Log is a lab's append-only sequence of events. The lab appends, from its one
// loop. Readers given to Subscribe are called at each append, in the loop, and
// miss nothing: the recorder, the grader, a capture. Viewers call From from any
// goroutine and see a window of the newest events, bounded in bytes.
//
// The log never waits for anybody. Its hash is SHA-256 over the canonical
// encoding of every event from the first on.
type Log struct {
	mu     sync.Mutex // guards slabs, next, first and more; the loop is the only writer
	slabs  []*slab
	next   uint64 // Seq of the event to come
	first  uint64 // Seq of the oldest event in the window
	more   chan struct{}
	window int // bytes that the window may hold
	held   int // bytes in the slabs, by capacity

	readers []func(*Event)
	sum     hash.Hash
	hashed  int // bytes of the newest slab that are in sum
	counts  [kinds]uint64
}

// A slab is a run of encoded events. Bytes once written never change, so a
// viewer may read them without the lock.
type slab struct {
	first uint64
	n     int
	buf   []byte
}

const slabSize = 64 << 10

// DefaultWindow is the size in bytes of a log's window where none is given.
const DefaultWindow = 1 << 20

// NewLog returns an empty log whose window holds about window bytes of encoded
// events: DefaultWindow if 0, and only what is being written if negative.
func NewLog(window int) *Log {
	if window == 0 {
		window = DefaultWindow
	}
	return &Log{window: max(window, 1), sum: sha256.New()}
}

// Subscribe makes f a reader: it is called with each event appended from now on,
// in the loop, and must not keep the event or what it points to.
func (l *Log) Subscribe(f func(*Event)) { l.readers = append(l.readers, f) }

// Append gives e the next sequence number and adds it to the log. Only the lab's
// loop calls it.
func (l *Log) Append(e *Event) {
	l.mu.Lock()
	e.Seq = l.next
	s := l.tail(64 + len(e.Data) + len(e.Text) + len(e.Port) + len(e.Peer) + len(e.Path) + len(e.Node) + len(e.Proc) + len(e.Op) + 11*10)
	s.buf = e.AppendTo(s.buf)
	s.n++
	l.next++
	more := l.more
	l.more = nil
	l.mu.Unlock()
	if more != nil {
		close(more)
	}
	l.counts[e.Kind]++
	for _, f := range l.readers {
		f(e)
	}
}

// tail returns the slab that takes the next event, of at most size bytes, and
// drops the oldest slabs that the window no longer has room for.
func (l *Log) tail(size int) *slab {
	if n := len(l.slabs); n > 0 {
		if s := l.slabs[n-1]; len(s.buf)+size <= cap(s.buf) {
			return s
		}
		l.settle()
	}
	s := &slab{first: l.next, buf: make([]byte, 0, max(slabSize, size))}
	l.slabs = append(l.slabs, s)
	l.hashed = 0
	l.held += cap(s.buf)
	drop := 0
	for l.held > l.window && drop < len(l.slabs)-1 {
		l.held -= cap(l.slabs[drop].buf)
		drop++
	}
	if drop > 0 {
		n := copy(l.slabs, l.slabs[drop:])
		clear(l.slabs[n:])
		l.slabs = l.slabs[:n]
	}
	l.first = l.slabs[0].first
	return s
}

// settle hashes what has been written to the newest slab and is not in the sum.
func (l *Log) settle() {
	if n := len(l.slabs); n > 0 {
		b := l.slabs[n-1].buf
		l.sum.Write(b[l.hashed:])
		l.hashed = len(b)
	}
}

// Hash returns the run's hash so far, in hexadecimal. Only the owner of the lab
// calls it.
func (l *Log) Hash() string {
	l.mu.Lock()
	defer l.mu.Unlock()
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
	return l.first, l.next
}

// From returns the events from sequence number seq on, at most limit of them,
// and how many the window had already lost. Where there are none it returns a
// channel that is closed at the next append. The events are the caller's; their
// Data must not be changed. It may be called from any goroutine.
func (l *Log) From(seq uint64, limit int) (events []Event, missed uint64, more <-chan struct{}) {
	l.mu.Lock()
	if seq < l.first {
		missed = l.first - seq
		seq = l.first
	}
	if seq >= l.next {
		if l.more == nil {
			l.more = make(chan struct{})
		}
		more = l.more
		l.mu.Unlock()
		return nil, missed, more
	}
	var runs []slab
	want := limit
	for _, s := range l.slabs {
		if s.first+uint64(s.n) <= seq {
			continue
		}
		runs = append(runs, *s)
		if have := s.first + uint64(s.n) - seq; have >= uint64(want) {
			break
		}
	}
	l.mu.Unlock()

	events = make([]Event, 0, min(limit, 1024))
	for _, s := range runs {
		b := s.buf
		for i := range s.n {
			e, rest, err := Decode(b)
			if err != nil {
				panic("event: the log holds what it cannot decode: " + err.Error())
			}
			b = rest
			e.Seq = s.first + uint64(i)
			if e.Seq < seq {
				continue
			}
			if len(events) == limit {
				return events, missed, nil
			}
			events = append(events, e)
		}
	}
	return events, missed, nil
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
