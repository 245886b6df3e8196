package netem

import (
	"fmt"
	"math"
	"time"

	"wireloom/vnet/fabric"
)

// CoDel is how a queue before a rate is kept short (RFC 8289), in the words of
// tc-codel(8).
type CoDel struct {
	Limit    int           // frames in the queue
	Target   time.Duration // that a frame may wait
	Interval time.Duration // for how long frames must wait longer, before one is dropped
	ECN      bool          // mark frames that can be marked, instead of dropping them
}

// String is the configuration in the words of tc.
func (c *CoDel) String() string {
	s := fmt.Sprintf("codel limit %d target %s interval %s", c.Limit, showTime(c.Target), showTime(c.Interval))
	if c.ECN {
		s += " ecn"
	}
	return s
}

// codel reads what follows the word, with the defaults of tc-codel(8).
func (p *parser) codel() error {
	c := &CoDel{Limit: 1000, Target: 5 * time.Millisecond, Interval: 100 * time.Millisecond}
	p.conf.CoDel = c
	for len(p.words) > 0 {
		var err error
		switch p.words[0] {
		case "limit":
			p.words = p.words[1:]
			err = read(p, &c.Limit, func(s string) (int, error) { return parseInt(s, 1, MaxLimit) })
		case "target":
			p.words = p.words[1:]
			err = read(p, &c.Target, parseTime)
		case "interval":
			p.words = p.words[1:]
			err = read(p, &c.Interval, parseTime)
		case "ecn", "noecn":
			c.ECN = p.words[0] == "ecn"
			p.words = p.words[1:]
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// maxSegment is what may always wait: a queue of one frame is no queue (RFC 8289, 4.4).
const maxSegment = 1514

// A codelState is a queue with its estimator, by the names of RFC 8289, 5.
type codelState struct {
	fifo     []arrived
	bytes    int
	in       time.Duration // when the frame that was taken last entered the pipe
	busy     time.Duration // until when the frame before is being sent
	dropping bool
	above    time.Duration // first_above_time_
	dropNext time.Duration
	count    uint32
	last     uint32 // lastcount_
}

type arrived struct {
	at, in time.Duration // here, and in the pipe
	frame  *fabric.Frame
}

func (q *codelState) push(now, in time.Duration, f *fabric.Frame) {
	q.fifo = append(q.fifo, arrived{now, in, f})
	q.bytes += len(f.Data)
}

func (q *codelState) next() (time.Duration, bool) { return q.busy, len(q.fifo) > 0 }

// take is dodequeue: the next frame, and whether frames have waited for too long for long
// enough.
func (q *codelState) take(now time.Duration, c *CoDel) (f *fabric.Frame, tooLong bool) {
	if len(q.fifo) == 0 {
		q.above = 0
		return nil, false
	}
	head := q.fifo[0]
	q.in = head.in
	q.fifo[0] = arrived{}
	q.fifo = q.fifo[1:]
	q.bytes -= len(head.frame.Data)
	switch {
	case now-head.at < c.Target || q.bytes <= maxSegment:
		q.above = 0
	case q.above == 0:
		q.above = now + c.Interval
	default:
		tooLong = now >= q.above
	}
	return head.frame, tooLong
}

// after is control_law: drops come the closer, the more there were.
func (q *codelState) after(t time.Duration, c *CoDel) time.Duration {
	return t + time.Duration(float64(c.Interval)/math.Sqrt(float64(q.count)))
}

// dequeue is the deque function of RFC 8289, 5.5. drop says that a frame is to be dropped;
// one that it marks instead is returned.
func (q *codelState) dequeue(now time.Duration, c *CoDel, drop func(*fabric.Frame) *fabric.Frame) *fabric.Frame {
	f, tooLong := q.take(now, c)
	switch {
	case f == nil:
		q.dropping = false
	case q.dropping:
		if !tooLong {
			q.dropping = false
		}
		for q.dropping && now >= q.dropNext {
			q.count++
			if g := drop(f); g != nil {
				q.dropNext = q.after(q.dropNext, c)
				return g
			}
			if f, tooLong = q.take(now, c); !tooLong {
				q.dropping = false
			} else {
				q.dropNext = q.after(q.dropNext, c)
			}
		}
	case tooLong:
		marked := drop(f)
		if f = marked; f == nil {
			f, _ = q.take(now, c)
		}
		q.dropping = true
		delta := q.count - q.last
		q.count = 1
		if delta > 1 && now-q.dropNext < 16*c.Interval {
			q.count = delta
		}
		q.dropNext = q.after(now, c)
		q.last = q.count
	}
	return f
}

// transmit sends from CoDel's queue while the link is free.
func (s *stage) transmit(now time.Duration) {
	q, c := &s.codel, s.conf.CoDel
	if c == nil && len(q.fifo) > 0 { // what waits leaves as it would have
		c = &CoDel{Target: 1 << 62, Interval: 1 << 62}
	}
	for len(q.fifo) > 0 && q.busy <= now {
		f := q.dequeue(now, c, func(f *fabric.Frame) *fabric.Frame {
			if c.ECN {
				if g, ok := s.markECN(f); ok {
					s.Marked++
					return g
				}
			}
			s.Counters.CoDel++
			s.lose(f, Dropped)
			return nil
		})
		if f == nil {
			break
		}
		sent := now
		if s.conf.Rate != 0 {
			sent += s.transmission(len(f.Data))
		}
		q.busy = sent
		s.outs = append(s.outs, Out{Frame: f, At: max(sent+s.delay(), sent), In: q.in})
	}
}
