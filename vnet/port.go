package vnet

import (
	"time"

	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
	"wireloom/vnet/fabric/netem"
	"wireloom/vnet/loop"
	"wireloom/vnet/packet"
)

// An end is what a link is plugged into. deliver takes f over
// and is only called from a turn of the loop of its own.
type end interface {
	deliver(f *fabric.Frame)
	// plugged tells that a link was plugged in here, or taken away.
	plugged(in bool)
}

// A port is one end's connection to the fabric: the sending side of a link.
type port struct {
	fabric.Direction // what it sends

	name    string      // "s1.1", "alice:em0"
	carries packet.Link // what its frames start with
	end     end         // what is plugged in here
	peer    *port       // the other end of the link; nil while nothing is connected
	plugs   int         // how often a link was taken away here
	off     bool        // of a switch: it is switched off
	lab     *Lab
	site    event.Site // of the frames that it sends on its link
	impaired
}

// A flight is one frame on one link. Flights are pooled, so that sending
// allocates nothing once a lab is warm.
type flight struct {
	timer loop.Timer
	f     *fabric.Frame
	from  *port
	to    *port
	plugs int     // of from, when the frame was sent
	queue queued  // where it waits, on an impaired link
	next  *flight // in the pool
}

// How many flights are made at once, since a broadcast to all hosts of a lab needs many, and
// how many an idle lab keeps.
const (
	someFlights = 32
	maxFlights  = 1024
)

// flights is a pool of them.
type flights struct {
	free *flight
	n    int // that are free
}

func (p *flights) take() *flight {
	if p.free == nil {
		some := new([someFlights]flight)
		for i := range some {
			some[i].timer.Do = &some[i]
			p.put(&some[i])
		}
	}
	fl := p.free
	p.free = fl.next
	p.n--
	return fl
}

func (p *flights) put(fl *flight) {
	fl.f, fl.from, fl.to, fl.next = nil, nil, nil, nil
	if p.n == maxFlights {
		return
	}
	fl.next, p.free = p.free, fl
	p.n++
}

// send puts f on the port's link and takes it over.
func (p *port) send(f *fabric.Frame) {
	l := p.lab
	switch {
	case p.peer == nil:
		l.drop(p, "not-connected", "nothing is plugged into "+p.name, f)
	case p.off || p.peer.off:
		l.drop(p, portOff.Slug, portOff.Text, f)
	case !l.mem.Kernels().Take(f.Weight()):
		l.drop(p, "no-buffers", "the lab has no memory for more frames in flight", f)
	case p.pipe != nil:
		p.impair(f)
	default:
		delay, lost := p.Enter(len(f.Data))
		if lost != nil {
			p.lose(f, *lost)
			return
		}
		p.launch(f, delay, queued{})
	}
}

// launch puts a frame on the link, which comes out after a delay.
func (p *port) launch(f *fabric.Frame, delay time.Duration, q queued) {
	l := p.lab
	now := l.loop.Now()
	s := &p.site
	s.At, s.N, s.Frame, s.Data = now, int64(delay), f.ID, f.Data
	l.log.AppendAt(s)
	if f.Cross(now, len(l.ports)) {
		l.round(p, f)
	}
	fl := l.flights.take()
	fl.f, fl.from, fl.to, fl.plugs, fl.queue = f, p, p.peer, p.plugs, q
	l.loop.Set(&fl.timer, now+delay)
}

// lose gives up a frame that counts on the link already.
func (p *port) lose(f *fabric.Frame, why fabric.Reason) {
	p.lab.mem.Kernels().Give(f.Weight())
	p.lab.drop(p, why.Slug, why.Text, f)
}

// Turn is the frame's arrival.
func (fl *flight) Turn() {
	f, from, to, queue, plugs := fl.f, fl.from, fl.to, fl.queue, fl.plugs
	l := from.lab
	l.flights.put(fl)
	from.Leave()
	l.mem.Kernels().Give(f.Weight())
	if from.plugs != plugs { // it was unplugged meanwhile
		l.drop(from, unplugged.Slug, unplugged.Text, f)
		return
	}
	if from.removed(queue) {
		l.drop(from, netem.Removed.Slug, netem.Removed.Text, f)
		return
	}
	if from.off || to.off {
		l.drop(from, portOff.Slug, portOff.Text, f)
		return
	}
	to.end.deliver(f)
}

var portOff = fabric.Reason{Slug: "port-off", Text: "the port at an end of the link is switched off"}

var unplugged = fabric.Reason{Slug: "unplugged", Text: "the link was unplugged while the frame was on it"}

// drop records that f is lost at p and gives it up.
func (l *Lab) drop(p *port, reason, text string, f *fabric.Frame) {
	p.Dropped++
	l.emit(event.Event{Kind: event.Drop, Port: p.name, Op: reason, Text: text, Frame: f.ID, Link: p.carries, Data: f.Data})
	l.pool.Release(f)
}

// unplug takes the link away that the port has, if any.
func (p *port) unplug() {
	if p.peer == nil {
		return
	}
	q := p.peer
	p.lab.replugged, p.lab.cables = true, nil
	p.unimpair()
	q.unimpair()
	p.peer, q.peer = nil, nil
	p.plugs++
	q.plugs++
	if !p.off && !q.off {
		p.end.plugged(false)
		q.end.plugged(false)
	}
}

// plug puts a link between two ports that have none.
func plug(a, b *port, c config.Link) {
	a.leadsTo(b)
	b.leadsTo(a)
	a.Delay, b.Delay = c.Delay, c.Delay
	a.configure(c.AtoB)
	b.configure(c.BtoA)
	if a.carrier() {
		a.end.plugged(true)
		b.end.plugged(true)
	}
}

// leadsTo makes q the other end of p's link.
func (p *port) leadsTo(q *port) {
	p.peer = q
	p.site = event.Site{Event: event.Event{Kind: event.Frame, Port: p.name, Peer: q.name, Link: p.carries}}
}

// carrier reports whether the port has a link that neither end has switched off.
func (p *port) carrier() bool { return p.peer != nil && !p.off && !p.peer.off }

// turn switches the port off or on: its link goes down or up, at both ends.
func (p *port) turn(off bool) {
	before := p.carrier()
	p.off = off
	if now := p.carrier(); now != before {
		p.end.plugged(now)
		p.peer.end.plugged(now)
	}
}
