package vnet

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
	"wireloom/vnet/fabric/netem"
	"wireloom/vnet/loop"
)

// Impair says what is done to the frames of a link, in the words of tc netem, a string for
// each stage. It replaces what was said before: frames that wait keep their time. Without
// words the link is plain again, and what waits is lost, as with tc qdisc del.
type Impair struct {
	Port  string      `json:"port"`            // an end of the link
	Way   string      `json:"way,omitempty"`   // "out": frames that leave the port, "in": that come in by it; "" for both
	Words netem.Words `json:"words,omitempty"` //
}

// String is the command in words.
func (c Impair) String() string {
	way := ""
	if c.Way != "" {
		way = " " + c.Way
	}
	if len(c.Words) == 0 {
		return c.Port + way + " plain"
	}
	return c.Port + way + " " + strings.Join(c.Words, "; ")
}

// Check returns what is wrong with the command itself, whatever the lab.
func (c Impair) Check() error {
	if !slices.Contains([]string{"", "in", "out"}, c.Way) {
		return fmt.Errorf("frames of a port go out or come in, not %q", c.Way)
	}
	_, err := c.Words.Parse()
	return err
}

func (Impair) op() string            { return "impair" }
func (c Impair) fact(e *event.Event) { e.Port = c.Port }
func (c Impair) apply(l *Lab) (r Reply, err error) {
	if err := c.Check(); err != nil {
		return r, err
	}
	p, err := l.linked(c.Port)
	if err != nil {
		return r, err
	}
	if c.Way != "in" {
		p.configure(c.Words)
	}
	if c.Way != "out" {
		p.peer.configure(c.Words)
	}
	return r, nil
}

// impaired is what an impaired link has in one direction. Its zero value is a plain one.
type impaired struct {
	pipe    *netem.Pipe
	words   netem.Words
	says    []string // what they mean, as tc shows it
	due     loop.Timer
	cleared time.Duration // when a stage was taken away last, plus one; 0 for never
	seen    Seen
}

// queued is where a frame in flight waits: in the last stage, from one time to another.
type queued struct{ from, to time.Duration }

// Seen is what became of the frames of an impaired direction since its words were said.
type Seen struct {
	Frames   uint64        // that came out, with copies
	Delay    time.Duration // of all together
	Min, Max time.Duration
}

// configure replaces what is done to the frames that the port sends. The words have been
// checked.
func (p *port) configure(words netem.Words) {
	if len(words) == 0 && p.pipe == nil {
		return
	}
	l := p.lab
	conf, err := words.Parse()
	if err != nil {
		panic("vnet: an impairment was not checked")
	}
	if p.pipe == nil {
		// The link's name and direction seed its chance: what happens elsewhere changes
		// nothing here.
		p.pipe = netem.NewPipe(seedFor(l.conf.Seed, "link "+p.name+" > "+p.peer.name), &l.pool, l.mem.Kernels())
		p.due.Run = func() {
			p.carry(p.pipe.Tick(l.loop.Now()))
			p.await()
		}
	}
	p.seen = Seen{}
	if len(words) < len(p.words) {
		p.cleared = l.loop.Now() + 1
	}
	p.words, p.says = words, nil
	for _, c := range conf {
		p.says = append(p.says, c.String())
	}
	p.carry(p.pipe.Configure(l.loop.Now(), conf))
	p.await()
	if len(words) == 0 {
		p.pipe = nil
	}
}

// unimpair is for a link that is taken away: what is done to its frames goes with it.
func (p *port) unimpair() {
	if p.pipe != nil {
		for _, o := range p.pipe.Configure(p.lab.loop.Now(), nil) {
			p.lose(o.Frame, unplugged)
		}
		p.await()
		p.pipe, p.words = nil, nil
	}
}

// removed reports whether a frame waited where there is no queue any more.
func (p *port) removed(q queued) bool { return q.from < p.cleared && q.to >= p.cleared }

// impair sends a frame by the pipe.
func (p *port) impair(f *fabric.Frame) {
	now := p.lab.loop.Now()
	switch late, lost := p.Pass(len(f.Data)); {
	case lost != nil:
		p.lose(f, *lost)
		return
	case late > 0:
		p.pipe.EnterAt(now+late, now, f)
	default:
		p.carry(p.pipe.Enter(now, f))
	}
	p.await()
}

// carry carries out what the pipe says of frames.
func (p *port) carry(outs []netem.Out) {
	now := p.lab.loop.Now()
	for _, o := range outs {
		if o.Why.Slug != "" {
			p.lose(o.Frame, o.Why)
			continue
		}
		delay := o.At - o.In + p.Delay
		if p.seen.Frames == 0 || delay < p.seen.Min {
			p.seen.Min = delay
		}
		p.seen.Frames++
		p.seen.Delay += delay
		p.seen.Max = max(p.seen.Max, delay)
		p.Launch()
		p.launch(o.Frame, o.At-now+p.Delay, queued{now, o.At})
	}
}

// await sets the timer for what the pipe holds.
func (p *port) await() {
	l := p.lab
	l.loop.Stop(&p.due)
	if at, ok := p.pipe.Next(); ok {
		l.loop.Set(&p.due, max(at, l.loop.Now()))
	}
}

// An Impairment is what is done to the frames that a port sends, and has been, for people
// to see.
type Impairment struct {
	Words   []string         // as they were said
	Stages  []string         // what they mean, as tc shows it
	Waiting int              // frames that wait
	Count   []netem.Counters // of each stage
	Seen    Seen
}

func (p *port) impairment() *Impairment {
	if p.pipe == nil {
		return nil
	}
	return &Impairment{Words: p.words, Stages: p.says, Waiting: p.pipe.Waiting(p.lab.loop.Now()), Count: p.pipe.Count(), Seen: p.seen}
}
