package netem

import (
	"math/rand/v2"
	"time"

	"wireloom/vnet/fabric"
)

// A Memory is where the frames that a pipe holds are counted.
type Memory interface {
	Take(n int64) bool
	Give(n int64)
}

// unlimited is the memory of a pipe that has none.
type unlimited struct{}

func (unlimited) Take(int64) bool { return true }
func (unlimited) Give(int64)      {}

// A Pipe is the stages that one direction of a link has, one after the other.
//
// A frame that it is given counts in the memory already, with its weight, as does each
// that it lets out or loses: who gets that gives it back.
type Pipe struct {
	stages  []*stage
	between queue // frames on their way to a stage but the first
	to      map[uint64]int
	rand    *rand.Rand
	pool    *fabric.Pool
	mem     Memory
	outs    []Out
}

// NewPipe returns a pipe without stages. A seed gives the same chance each time.
func NewPipe(seed [32]byte, pool *fabric.Pool, mem Memory) *Pipe {
	if mem == nil {
		mem = unlimited{}
	}
	return &Pipe{rand: rand.New(rand.NewChaCha8(seed)), pool: pool, mem: mem, to: map[uint64]int{}}
}

// Configure replaces the stages. What waits in one that stays keeps the time that it has
// (tc qdisc change); what waits in one that goes is lost (tc qdisc del). What it returns
// is good until the next call, as with the others.
func (p *Pipe) Configure(now time.Duration, c []Config) []Out {
	p.outs = p.outs[:0]
	for i := range c {
		if i < len(p.stages) {
			p.stages[i].change(c[i], now)
		} else {
			p.stages = append(p.stages, newStage(c[i], now, p.rand, p.pool, p.mem))
		}
	}
	for _, s := range p.stages[len(c):] {
		p.outs = append(p.outs, s.remove()...)
	}
	p.stages = p.stages[:len(c)]
	waiting := p.between
	p.between = queue{seq: waiting.seq}
	for waiting.Len() > 0 {
		w := waiting.pop()
		if to := p.to[w.seq]; to >= len(c) {
			delete(p.to, w.seq)
			p.outs = append(p.outs, Out{Frame: w.frame, Why: Removed})
			continue
		}
		p.between.items = append(p.between.items, w) // in order, which is a heap
	}
	return p.outs
}

// Enter takes a frame over and says what becomes of it, and of others whose time has come.
func (p *Pipe) Enter(now time.Duration, f *fabric.Frame) []Out {
	p.outs = p.outs[:0]
	p.enter(now, now, 0, f)
	return p.outs
}

// EnterAt is Enter for a frame whose time to enter is to come.
func (p *Pipe) EnterAt(at, now time.Duration, f *fabric.Frame) { p.hold(at, now, 0, f) }

func (p *Pipe) enter(now, in time.Duration, i int, f *fabric.Frame) {
	if i == len(p.stages) {
		p.outs = append(p.outs, Out{Frame: f, At: now, In: in})
		return
	}
	p.pass(now, i, p.stages[i].enter(now, in, f))
}

// hold keeps a frame until its time to enter a stage.
func (p *Pipe) hold(at, in time.Duration, i int, f *fabric.Frame) {
	p.between.push(at, in, f)
	p.to[p.between.seq] = i
}

// pass hands on what comes out of a stage.
func (p *Pipe) pass(now time.Duration, i int, outs []Out) {
	last := i == len(p.stages)-1
	for _, o := range outs {
		switch {
		case last || o.Why != (fabric.Reason{}):
			p.outs = append(p.outs, o)
		case o.At <= now:
			p.enter(now, o.In, i+1, o.Frame)
		default:
			p.hold(o.At, o.In, i+1, o.Frame)
		}
	}
}

// Tick lets out what is due.
func (p *Pipe) Tick(now time.Duration) []Out {
	p.outs = p.outs[:0]
	for i := len(p.stages) - 1; i >= 0; i-- {
		p.pass(now, i, p.stages[i].tick(now))
	}
	for p.between.Len() > 0 && p.between.items[0].at <= now {
		w := p.between.pop()
		to := p.to[w.seq]
		delete(p.to, w.seq)
		p.enter(now, w.in, to, w.frame)
	}
	return p.outs
}

// Next is when Tick has something to do; false if never.
func (p *Pipe) Next() (at time.Duration, ok bool) {
	for _, s := range p.stages {
		if t, due := s.next(); due && (!ok || t < at) {
			at, ok = t, true
		}
	}
	if p.between.Len() > 0 && (!ok || p.between.items[0].at < at) {
		at, ok = p.between.items[0].at, true
	}
	return at, ok
}

// Waiting is how many frames wait.
func (p *Pipe) Waiting(now time.Duration) int {
	n := p.between.Len()
	for _, s := range p.stages {
		n += s.held(now)
	}
	return n
}

// Count are the counters of each stage.
func (p *Pipe) Count() []Counters {
	out := make([]Counters, len(p.stages))
	for i, s := range p.stages {
		out[i] = s.Counters
	}
	return out
}
