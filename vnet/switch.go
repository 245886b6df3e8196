package vnet

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"wireloom/vnet/event"
	"wireloom/vnet/wire"
)

// A netswitch is a learning Ethernet switch: it learns the port behind which a
// source address is, forwards a frame to the port of its destination, and floods
// it to all others where it doesn't know that or the destination is a group
// (IEEE 802.1D-2004, 7.7 to 7.9, without spanning tree). What it learned ages out
// after MACAgeing.
type netswitch struct {
	name  string
	lab   *Lab
	ports []*port
	macs  map[wire.MAC]learned
	sweep timer
	full  bool // the table is full and that has been reported
}

type learned struct {
	port int
	seen time.Duration
}

// A switchPort is the end of a link that is plugged into a switch.
type switchPort struct {
	sw *netswitch
	i  int
}

func newSwitch(l *Lab, c SwitchConfig) *netswitch {
	s := &netswitch{name: c.Name, lab: l, macs: map[wire.MAC]learned{}}
	s.sweep.run = s.age
	for i := range c.Ports {
		p := &port{name: fmt.Sprintf("%s.%d", c.Name, i+1), lab: l}
		p.end = switchPort{s, i}
		s.ports = append(s.ports, p)
	}
	return s
}

// deliver forwards a frame that came in by this port.
func (sp switchPort) deliver(f *frame) {
	s, in := sp.sw, sp.i
	if len(f.data) < wire.EthernetLen {
		s.lab.drop(s.ports[in], "too-short", "the frame is shorter than an Ethernet header", f)
		return
	}
	dst, src := wire.MAC(f.data[0:6]), wire.MAC(f.data[6:12])
	s.learn(src, in)
	if isReserved(dst) {
		s.lab.drop(s.ports[in], "reserved", "a switch does not forward 01:80:c2:00:00:00 to 0f", f)
		return
	}
	if e, ok := s.macs[dst]; ok && !dst.IsMulticast() {
		if e.port == in {
			s.lab.drop(s.ports[in], "same-port", "the destination is behind the port that the frame came from", f)
			return
		}
		s.ports[e.port].send(f)
		return
	}
	out := 0
	for i, p := range s.ports {
		if i != in && p.peer != nil {
			out++
			f.refs++
			p.send(f)
		}
	}
	if out == 0 {
		s.lab.drop(s.ports[in], "nowhere", "the switch has no other port to send it to", f)
		return
	}
	s.lab.release(f)
}

// isReserved reports whether mac is one of the addresses that a bridge never
// forwards (IEEE 802.1D-2004, table 7-10).
func isReserved(mac wire.MAC) bool {
	return mac[0] == 0x01 && mac[1] == 0x80 && mac[2] == 0xc2 && mac[3] == 0 && mac[4] == 0 && mac[5]&0xf0 == 0
}

// learn notes that src is behind port in. A group address is never a source.
func (s *netswitch) learn(src wire.MAC, in int) {
	if src.IsMulticast() {
		return
	}
	now := s.lab.loop.now
	e, known := s.macs[src]
	if known && e.port == in {
		s.macs[src] = learned{in, now}
		return
	}
	if known {
		s.forget(src, e.port, "moved")
	} else if len(s.macs) >= MaxMACs {
		if !s.full {
			s.full = true
			s.lab.emit(event.Event{
				Kind: event.Limit, Node: s.name, Op: "mac-table", N: MaxMACs,
				Text: fmt.Sprintf("the switch knows %d addresses and learns no more until some age out", MaxMACs),
			})
		}
		return
	}
	s.macs[src] = learned{in, now}
	s.lab.emit(event.Event{Kind: event.Learn, Node: s.name, Port: s.ports[in].name, Text: src.String()})
	if s.sweep.pos == 0 {
		s.lab.loop.set(&s.sweep, now+MACAgeing)
	}
}

func (s *netswitch) forget(mac wire.MAC, port int, why string) {
	delete(s.macs, mac)
	s.full = false
	s.lab.emit(event.Event{Kind: event.Forget, Node: s.name, Port: s.ports[port].name, Text: mac.String(), Op: why})
}

// sorted returns the learned addresses in order.
func (s *netswitch) sorted() []wire.MAC {
	macs := make([]wire.MAC, 0, len(s.macs))
	for m := range s.macs {
		macs = append(macs, m)
	}
	slices.SortFunc(macs, func(a, b wire.MAC) int { return bytes.Compare(a[:], b[:]) })
	return macs
}

// age forgets the addresses that have not been seen for MACAgeing and sets the
// timer for the next one to go.
func (s *netswitch) age() {
	now := s.lab.loop.now
	next := time.Duration(-1)
	for _, mac := range s.sorted() {
		e := s.macs[mac]
		due := e.seen + MACAgeing
		if due <= now {
			s.forget(mac, e.port, "aged")
		} else if next < 0 || due < next {
			next = due
		}
	}
	if next >= 0 {
		s.lab.loop.set(&s.sweep, next)
	}
}
