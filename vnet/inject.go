package vnet

import (
	"fmt"

	"wireloom/vnet/event"
)

// Inject puts a frame onto the wire at an end of a link, as if what is plugged in
// there had sent it: at "s1.1" the frame comes in to whatever s1.1 is connected
// to, at "alice:em0" it leaves alice. It is a step of a scenario, which runs in
// the loop and is the same in every run. It returns the frame's identity. To make a
// frame come in to a switch by a port, use Arrive.
func (l *Lab) Inject(name string, data []byte) (uint64, error) {
	id := l.pool.NewID()
	l.fromOutside("inject", name, id, data)
	p, err := l.portFor(name, data)
	if err != nil {
		return 0, err
	}
	p.send(l.pool.New(data, id))
	return id, nil
}

// Arrive makes a frame arrive at an end of a link, as if it came off the wire: at
// "s1.1" it enters the switch by that port, at "bob:tap0" it is delivered to the
// interface. The frame event has what is plugged in there as its sender.
func (l *Lab) Arrive(name string, data []byte) (uint64, error) {
	id := l.pool.NewID()
	l.fromOutside("arrive", name, id, data)
	p, err := l.portFor(name, data)
	if err != nil {
		return 0, err
	}
	f := l.pool.New(data, id)
	peer := name
	if p.peer != nil {
		peer = p.peer.name
	}
	l.emit(event.Event{Kind: event.Frame, Port: peer, Peer: name, Op: "injected", Frame: f.ID, Link: p.carries, Data: f.Data})
	l.loop.After(0, func() { p.end.deliver(f) })
	return id, nil
}

// fromOutside records that a frame comes from outside the lab. Of such a command the
// event's fields say all, so that it needs no text.
func (l *Lab) fromOutside(op, port string, id uint64, data []byte) {
	e := event.Event{Kind: event.Command, Op: op, Port: port, N: int64(l.loop.Steps()), Frame: id}
	if p := l.ports[port]; p != nil && len(data) <= MaxFrame {
		e.Link, e.Data = p.carries, data
	}
	l.emit(e)
}

// portFor returns the end of that name, if it takes such a frame.
func (l *Lab) portFor(name string, data []byte) (*port, error) {
	p := l.ports[name]
	switch {
	case p == nil:
		return nil, fmt.Errorf("there is no port %q in this lab", name)
	case len(data) > MaxFrame:
		return nil, fmt.Errorf("port %s: a frame of %d bytes, at most %d are allowed", name, len(data), MaxFrame)
	}
	return p, nil
}
