package netem

import (
	"math/rand/v2"
	"time"

	"wireloom/vnet/fabric"
)

// The reasons why a stage loses a frame.
var (
	Lost      = fabric.Reason{Slug: "loss", Text: "lost by chance on the link (netem loss)"}
	QueueFull = fabric.Reason{Slug: "queue-full", Text: "the link's queue is full (netem limit)"}
	Dropped   = fabric.Reason{Slug: "codel", Text: "frames wait in the link's queue for too long (CoDel)"}
	Removed   = fabric.Reason{Slug: "impairment-removed", Text: "it waited in a queue that was taken away with the link's impairment"}
	NoMemory  = fabric.Reason{Slug: "no-buffers", Text: "the lab has no memory for a copy of the frame"}
)

// An Out is what becomes of a frame: it comes out At a time, or it is lost, and Why.
type Out struct {
	Frame *fabric.Frame
	At    time.Duration
	In    time.Duration // when it entered the pipe
	Why   fabric.Reason
}

// Counters of a stage.
type Counters struct {
	Entered    uint64 // frames that it was about, without copies
	Lost       uint64 // by loss; with ECN those that were marked too
	Marked     uint64
	Duplicated uint64
	Corrupted  uint64
	Reordered  uint64
	Overlimit  uint64 // that found the queue full
	CoDel      uint64 // that CoDel dropped
}

// A stage is one netem. When a frame comes out is known as it goes in, but where slots or
// CoDel hold it: then the stage has it, and Tick lets it out.
//
//	       loss, duplicate, corrupt          limit           rate, delay, reorder
//	frame ------------------------> queue ------------> time to send --------> slot --> out
type stage struct {
	conf Config
	rand *rand.Rand
	pool *fabric.Pool
	mem  Memory
	Counters

	delayCor, lossCor, dupCor, reorderCor, corruptCor correlated
	chain                                             chain
	counter                                           uint32 // frames since the last reordered one
	queue                                             queue
	last                                              time.Duration // the latest time to send of those that wait
	slot                                              slotState
	codel                                             codelState
	in                                                time.Duration // of the frame that enters
	outs                                              []Out
}

func newStage(c Config, now time.Duration, r *rand.Rand, pool *fabric.Pool, mem Memory) *stage {
	s := &stage{rand: r, pool: pool, mem: mem, last: -1}
	s.change(c, now)
	return s
}

// change replaces what the stage does from now on, and counts anew. What waits keeps its
// time.
func (s *stage) change(c Config, now time.Duration) {
	s.conf, s.Counters = c, Counters{}
	s.delayCor, s.lossCor, s.dupCor = newCorrelated(s.rand, c.DelayCorr), newCorrelated(s.rand, c.Loss.Correlation), newCorrelated(s.rand, c.DuplicateCorr)
	s.reorderCor, s.corruptCor = newCorrelated(s.rand, c.ReorderCorr), newCorrelated(s.rand, c.CorruptCorr)
	s.chain, s.counter = chain{}, 0
	s.slot.reset(c.Slots, now)
}

// enter takes a frame over. What it returns is good until the next call.
func (s *stage) enter(now, in time.Duration, f *fabric.Frame) []Out {
	s.outs = s.outs[:0]
	if s.conf.Match != nil && !s.conf.Match.Matches(f.Data) {
		return append(s.outs, Out{Frame: f, At: now, In: in})
	}
	s.Entered++
	s.in = in
	s.admit(now, f, true)
	s.release(now)
	return s.outs
}

// admit is netem_enqueue.
func (s *stage) admit(now time.Duration, f *fabric.Frame, mayDouble bool) {
	count := 1
	if mayDouble && s.dupCor.happens(s.rand, s.conf.Duplicate) {
		count++
	}
	if s.chain.loses(s.rand, &s.conf.Loss, &s.lossCor) {
		s.Lost++
		if g, ok := s.mark(f); ok {
			f = g
			s.Marked++
		} else {
			count--
		}
	}
	if count == 0 {
		s.lose(f, Lost)
		return
	}
	double := count > 1
	plain := f // what a copy is made of
	if s.corruptCor.happens(s.rand, s.conf.Corrupt) && len(f.Data) > 0 {
		if g := s.copied(f); g != nil {
			s.Corrupted++
			g.Data[s.rand.IntN(len(g.Data))] ^= 1 << s.rand.IntN(8)
			f = g
			if !double {
				s.pool.Release(plain)
			}
		}
	}
	limit := s.conf.Limit
	if s.conf.CoDel != nil {
		limit = s.conf.CoDel.Limit
	}
	if s.waiting(now) >= limit {
		if s.Overlimit++; double {
			s.Overlimit++
			if plain != f {
				s.pool.Release(plain)
			}
		}
		s.lose(f, QueueFull)
		return
	}
	if double {
		s.double(now, f, plain)
	}
	s.enqueue(now, f)
}

// double puts a copy into the queue before the frame, with a loss, a delay and a
// corruption of its own.
func (s *stage) double(now time.Duration, f, plain *fabric.Frame) {
	if !s.mem.Take(plain.Weight()) {
		if plain != f {
			s.pool.Release(plain)
		}
		return
	}
	if plain == f {
		f.Share()
	}
	s.Duplicated++
	s.admit(now, plain, false)
}

// copied is a copy of a frame, to be changed, which counts in its stead; nil if there is no
// memory for it.
func (s *stage) copied(f *fabric.Frame) *fabric.Frame {
	g := s.pool.Change(f, f.Data)
	more := g.Weight() - f.Weight()
	if more > 0 && !s.mem.Take(more) {
		s.pool.Release(g)
		return nil
	}
	if more < 0 {
		s.mem.Give(-more)
	}
	return g
}

func (s *stage) lose(f *fabric.Frame, why fabric.Reason) {
	s.outs = append(s.outs, Out{Frame: f, Why: why})
}

// waiting is how many frames wait: those whose time has not come, or that are held.
func (s *stage) waiting(now time.Duration) int {
	s.queue.forget(now)
	return s.queue.Len() + len(s.codel.fifo)
}

// enqueue is the second half of netem_enqueue: when the frame comes out.
func (s *stage) enqueue(now time.Duration, f *fabric.Frame) {
	c := &s.conf
	if c.CoDel != nil {
		s.codel.push(now, s.in, f)
		return
	}
	if c.Gap != 0 && s.counter >= c.Gap-1 && s.reorderCor.happens(s.rand, c.Reorder) {
		s.Reordered++
		s.counter = 0
		s.outs = append(s.outs, Out{Frame: f, At: now, In: s.in})
		return
	}
	at, delay := now, s.delay()
	if c.Rate != 0 {
		if s.last > now && s.queue.Len() > 0 {
			delay = max(0, delay-(s.last-now))
			at = s.last
		}
		delay += s.transmission(len(f.Data))
	}
	at += max(delay, now-at) // never before now
	s.counter++
	s.last = max(s.last, at)
	if c.Slots.on() {
		s.queue.push(at, s.in, f)
		return
	}
	if at > now {
		s.queue.push(at, 0, nil)
	}
	s.outs = append(s.outs, Out{Frame: f, At: at, In: s.in})
}

func (s *stage) delay() time.Duration {
	return around(s.conf.Delay, s.conf.Jitter, func() uint32 { return s.delayCor.next(s.rand) }, tables[s.conf.Distribution])
}

// transmission is how long a frame of so many bytes takes: packet_time_ns.
func (s *stage) transmission(n int) time.Duration {
	c := &s.conf
	n = max(n+c.PacketOverhead, 0)
	if c.CellSize != 0 {
		n = max((n+c.CellSize-1)/c.CellSize*(c.CellSize+c.CellOverhead), 0)
	}
	return time.Duration(uint64(n) * uint64(time.Second) / c.Rate)
}

// release lets out what slots and CoDel hold and has come to its time.
func (s *stage) release(now time.Duration) {
	s.queue.forget(now)
	for s.queue.Len() > 0 && s.queue.items[0].frame != nil {
		head := s.queue.items[0]
		if !s.slot.lets(now, head.at, len(head.frame.Data), s) {
			break
		}
		s.queue.pop()
		s.outs = append(s.outs, Out{Frame: head.frame, At: now, In: head.in})
		s.queue.forget(now)
	}
	s.transmit(now)
}

// tick lets out what is due.
func (s *stage) tick(now time.Duration) []Out {
	s.outs = s.outs[:0]
	s.release(now)
	return s.outs
}

// next is when tick has something to do; false if never.
func (s *stage) next() (time.Duration, bool) {
	at, ok := s.codel.next()
	if s.queue.Len() > 0 && s.queue.items[0].frame != nil {
		due := max(s.queue.items[0].at, s.slot.next)
		if !ok || due < at {
			at, ok = due, true
		}
	}
	return at, ok
}

// remove takes the stage away, and what it holds with it.
func (s *stage) remove() []Out {
	s.outs = s.outs[:0]
	for s.queue.Len() > 0 {
		if f := s.queue.pop().frame; f != nil {
			s.lose(f, Removed)
		}
	}
	for _, w := range s.codel.fifo {
		s.lose(w.frame, Removed)
	}
	s.codel.fifo = nil
	return s.outs
}

// held is how many frames wait, for people to see.
func (s *stage) held(now time.Duration) int { return s.waiting(now) }
