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
	p, err := l.portFor(name, data)
	if err != nil {
		return 0, err
	}
	id := l.newID()
	p.send(l.newFrame(data, id))
	return id, nil
}

// Arrive makes a frame arrive at an end of a link, as if it came off the wire: at
// "s1.1" it enters the switch by that port, at "bob:tap0" it is delivered to the
// interface. The frame event has what is plugged in there as its sender.
func (l *Lab) Arrive(name string, data []byte) (uint64, error) {
	p, err := l.portFor(name, data)
	if err != nil {
		return 0, err
	}
	f := l.newFrame(data, l.newID())
	id := f.id
	peer := name
	if p.peer != nil {
		peer = p.peer.name
	}
	l.emit(event.Event{Kind: event.Frame, Port: peer, Peer: name, Op: "injected", Frame: f.id, Data: f.data})
	l.loop.after(0, func() { p.end.deliver(f) })
	return id, nil
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
