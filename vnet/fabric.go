package vnet

import (
	"time"

	"wireloom/vnet/event"
	"wireloom/vnet/loop"
	"wireloom/vnet/packet"
)

// A frame is an Ethernet frame on its way through the fabric. Copies that a
// switch floods share the bytes; the last one to arrive returns them to the pool.
type frame struct {
	id   uint64
	data []byte
	refs int
}

// An end is what a link is plugged into. deliver takes over one reference to f
// and is only called from a turn of the loop of its own.
type end interface {
	deliver(f *frame)
}

// A port is one end's connection to the fabric: the sending side of a link.
type port struct {
	name string // "s1.1", "alice:em0"
	end  end    // what is plugged in here
	peer *port  // the other end of the link; nil while nothing is connected
	link *link
	lab  *Lab

	carries packet.Link // what its frames start with

	fault    *portFault // nil while there was none
	spot     event.Spot // of the frames that it sends
	inFlight int
	Sent     uint64
	Dropped  uint64
}

// A link is a full-duplex cable with a fixed delay. Frames in one direction keep
// their order.
type link struct {
	delay time.Duration
}

// A flight is one frame on one link. Flights are pooled, so that sending
// allocates nothing once a lab is warm.
type flight struct {
	timer loop.Timer
	f     *frame
	from  *port
	next  *flight // in the pool
}

// newFrame returns a frame with a copy of data and one reference.
func (l *Lab) newFrame(data []byte, id uint64) *frame {
	var f *frame
	if n := len(l.frames); n > 0 {
		f = l.frames[n-1]
		l.frames = l.frames[:n-1]
	} else {
		f = &frame{data: make([]byte, 0, 2048)}
	}
	f.id, f.refs = id, 1
	f.data = append(f.data[:0], data...)
	return f
}

// maxPooled bounds the memory that an idle lab keeps for frames.
const maxPooled = 256

func (l *Lab) release(f *frame) {
	f.refs--
	if f.refs == 0 && len(l.frames) < maxPooled && cap(f.data) <= 16384 {
		l.frames = append(l.frames, f)
	}
}

// newID returns the identity of a frame that enters the fabric.
func (l *Lab) newID() uint64 {
	l.lastFrame++
	return l.lastFrame
}

// send puts f on the port's link and takes over one reference to it.
func (p *port) send(f *frame) {
	l := p.lab
	switch {
	case p.peer == nil:
		l.drop(p, "not-connected", "nothing is plugged into "+p.name, f)
		return
	case len(f.data) > MaxFrame:
		l.drop(p, "too-long", "the frame is longer than any link carries", f)
		return
	case p.inFlight >= MaxInFlight:
		l.drop(p, "queue-full", "too many frames are in flight on this link", f)
		return
	}
	delay := p.link.delay
	if p.fault != nil {
		late, lost := p.fault.next()
		if lost != "" {
			l.drop(p, "fault", lost, f)
			return
		}
		delay += late
	}
	p.Sent++
	p.inFlight++
	e := l.event(event.Frame)
	e.Port, e.Peer, e.N, e.Frame, e.Link, e.Data = p.name, p.peer.name, int64(delay), f.id, p.carries, f.data
	l.log.AppendAt(e, &p.spot)
	fl := l.flights
	if fl == nil {
		fl = &flight{}
		fl.timer.Run = fl.arrive
	} else {
		l.flights = fl.next
	}
	fl.f, fl.from = f, p
	l.loop.Set(&fl.timer, l.loop.Now()+delay)
}

func (fl *flight) arrive() {
	f, p := fl.f, fl.from
	l := p.lab
	fl.f, fl.from, fl.next = nil, nil, l.flights
	l.flights = fl
	p.inFlight--
	p.peer.end.deliver(f)
}

// drop records that f is lost at p and gives it up.
func (l *Lab) drop(p *port, reason, text string, f *frame) {
	p.Dropped++
	l.emit(event.Event{Kind: event.Drop, Port: p.name, Op: reason, Text: text, Frame: f.id, Link: p.carries, Data: f.data})
	l.release(f)
}
