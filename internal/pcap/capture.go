// Package pcap writes a lab's frames as a pcapng capture: an interface for each capture
// point, with what it counted, nanosecond virtual time, and the same bytes on every machine.
package pcap

import (
	"fmt"
	"io"
	"slices"
	"time"

	"wireloom/internal/decode"
	"wireloom/internal/filter"
	"wireloom/vnet/event"
	"wireloom/vnet/packet"
)

// Limits of what a capture holds while it waits for what becomes of a frame.
const (
	maxInstant = 256      // frames of one instant
	maxOnWay   = 1 << 16  // frames on their way to a point
	maxHeld    = 4 << 20  // bytes of them
	maxStep    = 32 << 20 // bytes of the frames of a step
	maxSent    = 4096     // frames that a step sent itself
)

// Config says what a capture has.
type Config struct {
	Points *Points
	Filter *filter.Filter // nil for all frames
	Limit  int64          // of bytes; 0 for none
}

// A Capture makes packets of a lab's events, as its points see them, and writes them. A
// frame is written when the instant is over in which it passed, since only then is it
// known whether it was lost in it; while a step of a scenario is done, when that is over.
// One goroutine may use it.
//
//	Event ----> now: of this instant ----> kept: of this step ----> file
//	     \                  ^
//	      `-> onWay --------'  when it arrives
type Capture struct {
	conf   Config
	file   *Writer
	points []*counted     // those of conf, or those that frames have passed
	byName map[string]int // of the whole lab

	clock time.Duration // of the newest event
	now   []sighting
	onWay onWay
	seq   uint64
	held  int // bytes in now and onWay

	step      string          // that is being done, "" for none
	sent      map[uint64]bool // frames that it sent itself
	kept      []sighting
	keptBytes int

	gap         // not known where
	cut  uint64 // packets that the limit left out
	fail error
}

// A counted is a point with what it counts.
type counted struct {
	point
	id int // in the file; -1 where that is full
	Statistics
	told Statistics // what the file has of it
	gap
}

// New starts a capture.
func New(w io.Writer, conf Config) (*Capture, error) {
	file, err := NewWriter(w, conf.Limit)
	if err != nil {
		return nil, fmt.Errorf("pcap: %w", err)
	}
	c := &Capture{conf: conf, file: file, byName: map[string]int{}, sent: map[uint64]bool{}}
	for i := range conf.Points.list {
		c.add(conf.Points.list[i])
	}
	return c, c.Flush()
}

// add adds a point and returns its index.
func (c *Capture) add(p point) int {
	if f := c.conf.Filter; f != nil && f.String() != "" {
		p.Comment = "filter: " + f.String()
	}
	id, err := c.file.Interface(&p.Interface)
	c.failed(err)
	c.points = append(c.points, &counted{point: p, id: id, Statistics: Statistics{From: c.clock}})
	return len(c.points) - 1
}

// failed keeps the first error.
func (c *Capture) failed(err error) {
	if c.fail == nil {
		c.fail = err
	}
}

// named is the point of the whole lab at an end.
func (c *Capture) named(end string, link packet.Link) int {
	i, ok := c.byName[end]
	if !ok {
		p := c.conf.Points.end(end)
		p.Link = link
		i = c.add(p)
		c.byName[end] = i
	}
	return i
}

// Event takes an event of the lab's log: those that vnet.Lab.Passes says of, and steps,
// checks and commands where a scenario is graded. It is only lent.
func (c *Capture) Event(e *event.Event) error {
	c.advance(e.At)
	switch e.Kind {
	case event.Step:
		c.release()
		c.step = e.Op
		if c.step == "" {
			c.step = e.Text
		}
	case event.Check:
		c.release()
	case event.Command:
		if c.step != "" && e.Frame != 0 && len(c.sent) < maxSent {
			c.sent[e.Frame] = true
		}
	case event.Frame:
		if f, ok := e.FrameSent(); ok && f.How != event.Output {
			c.frame(e.At, &f)
		}
	case event.Call:
		if m, ok := e.Moved(); ok {
			c.moved(e.At, &m)
		}
	case event.Drop:
		c.drop(e)
	default:
	}
	return c.fail
}

// frame takes a frame that is put on a link. One that was injected is not sent by the end
// that it comes from; where nothing is plugged in, it comes from nowhere.
func (c *Capture) frame(at time.Duration, f *event.FrameSent) {
	s := sighting{Packet: Packet{At: at, Frame: f.ID, Flow: Outbound, Data: f.Data}, link: f.Link, from: f.From, to: f.To, sent: at}
	p := c.conf.Points
	if f.From != f.To {
		if p.whole {
			c.take(s, c.named(f.From, f.Link))
		}
		if i, ok := p.at[f.From]; ok && f.How == event.Sent {
			c.take(s, i)
		}
		if i, ok := p.on[[2]string{f.From, f.To}]; ok {
			c.take(s, i)
		}
		if i, ok := p.on[[2]string{f.To, f.From}]; ok {
			s.Flow = Inbound
			c.take(s, i)
		}
	}
	s.At, s.Flow, s.arrives = at+f.Delay, Inbound, true
	switch i, ok := p.at[f.To]; {
	case ok:
		c.take(s, i)
	case p.whole && f.From == f.To:
		c.take(s, c.named(f.To, f.Link))
	case p.sees(f.From, f.To):
		s.point, s.Data = -1, nil
		c.queue(s)
	}
}

// moved takes a packet that went through a device on which no link hangs: what its program
// reads its kernel has sent.
func (c *Capture) moved(at time.Duration, m *event.Moved) {
	end := m.End()
	s := sighting{Packet: Packet{At: at, Frame: m.ID, Flow: Outbound, Data: m.Data}, link: m.Link, from: end, to: end, sent: at}
	if m.Write {
		s.Flow = Inbound
	}
	if c.conf.Points.whole {
		c.take(s, c.named(end, m.Link))
	}
	if i, ok := c.conf.Points.at[end]; ok {
		c.take(s, i)
	}
}

// take keeps a frame that passes a point, or was lost there.
func (c *Capture) take(s sighting, point int) {
	s.point = point
	f := c.conf.Filter
	s.skip = f != nil && !f.Match(decode.Open(decode.Packet{Link: s.link, Data: s.Data, At: s.At, Iface: c.points[point].Name}))
	if s.skip {
		s.Data = nil
		c.queue(s)
		return
	}
	s.Data, s.Comments = slices.Clone(s.Data), slices.Clip(s.Comments)
	if c.sent[s.Frame] {
		s.Comments = append(s.Comments, "step "+c.step+": sent")
	}
	c.queue(s)
}

// Comment adds a comment to a frame of the step that is being done, which was put on its
// link at an end, or went through a device there, at a time.
func (c *Capture) Comment(frame uint64, at time.Duration, end, text string) {
	all := [][]sighting{c.kept, c.now, c.onWay}
	for _, is := range []func(*sighting) bool{
		func(s *sighting) bool { return s.from == end && s.sent == at },
		func(s *sighting) bool { return s.from == end || s.to == end }, // a linked device
	} {
		found := false
		for _, list := range all {
			for i := range list {
				if s := &list[i]; s.Frame == frame && frame != 0 && s.point >= 0 && is(s) {
					found = true
					s.Comments = append(s.Comments, "step "+c.step+": "+text)
				}
			}
		}
		if found {
			return
		}
	}
}

// write writes a packet, with what is missing before it.
func (c *Capture) write(s *sighting) {
	p := c.points[s.point]
	s.Missing = p.frames
	if p.id >= 0 {
		p.gap.comment(&s.Packet)
		c.gap.comment(&s.Packet)
		ok, err := c.file.Packet(p.id, s.link, &s.Packet)
		c.failed(err)
		if ok {
			p.Written++
			return
		}
	}
	c.cut++
	p.Missing++
}

// Cut is how many packets the limit of bytes left out.
func (c *Capture) Cut() uint64 { return c.cut }

// Reach lets time pass up to and with an instant that is over, as far as is known, and
// hands on what is buffered.
func (c *Capture) Reach(at time.Duration) error {
	c.advance(at)
	c.leave(len(c.now))
	return c.Flush()
}

// Count writes what the points have counted, where that has changed, or all if so is
// wanted.
func (c *Capture) Count(all bool) error {
	for _, p := range c.points {
		if p.id >= 0 && (all || p.Statistics != p.told) {
			c.failed(c.file.Statistics(p.id, c.clock, &p.Statistics))
			p.told = p.Statistics
		}
	}
	return c.Flush()
}

// Flush hands what is buffered to the underlying writer.
func (c *Capture) Flush() error {
	c.failed(c.file.Flush())
	return c.fail
}

// Close ends the capture at a time of the lab: what is on its way has not arrived. It
// writes what the points have counted, and does not close the underlying writer.
func (c *Capture) Close(at time.Duration) error {
	c.advance(at)
	c.release()
	return c.Count(true)
}
