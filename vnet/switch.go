package vnet

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"wireloom/vnet/event"
	"wireloom/vnet/loop"
	"wireloom/vnet/packet"
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
	macs  map[macKey]*learned
	sweep loop.Timer
	full  bool // the table is full and that has been reported
}

type learned struct {
	port int
	seen time.Duration
}

// A macKey is a MAC address as a number, which a map finds faster.
type macKey uint64

func keyOf(m packet.MAC) macKey {
	return macKey(m[0])<<40 | macKey(m[1])<<32 | macKey(m[2])<<24 | macKey(m[3])<<16 | macKey(m[4])<<8 | macKey(m[5])
}

func (k macKey) mac() packet.MAC {
	return packet.MAC{byte(k >> 40), byte(k >> 32), byte(k >> 24), byte(k >> 16), byte(k >> 8), byte(k)}
}

// A switchPort is the end of a link that is plugged into a switch.
type switchPort struct {
	sw *netswitch
	i  int
}

func newSwitch(l *Lab, c SwitchConfig) *netswitch {
	s := &netswitch{name: c.Name, lab: l, macs: map[macKey]*learned{}}
	s.sweep.Run = s.age
	for i := range c.Ports {
		p := &port{name: fmt.Sprintf("%s.%d", c.Name, i+1), lab: l, carries: packet.LinkEthernet}
		p.end = switchPort{s, i}
		s.ports = append(s.ports, p)
	}
	return s
}

// deliver forwards a frame that came in by this port.
func (sp switchPort) deliver(f *frame) {
	s, in := sp.sw, sp.i
	if len(f.data) < packet.EthernetLen {
		s.lab.drop(s.ports[in], "too-short", "the frame is shorter than an Ethernet header", f)
		return
	}
	dst, src := packet.MAC(f.data[0:6]), packet.MAC(f.data[6:12])
	s.learn(src, in)
	if isReserved(dst) {
		s.lab.drop(s.ports[in], "reserved", "a switch does not forward 01:80:c2:00:00:00 to 0f", f)
		return
	}
	if e := s.macs[keyOf(dst)]; e != nil && !dst.IsMulticast() {
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
func isReserved(mac packet.MAC) bool {
	return mac[0] == 0x01 && mac[1] == 0x80 && mac[2] == 0xc2 && mac[3] == 0 && mac[4] == 0 && mac[5]&0xf0 == 0
}

// learn notes that src is behind port in. A group address is never a source.
func (s *netswitch) learn(src packet.MAC, in int) {
	if src.IsMulticast() {
		return
	}
	now := s.lab.loop.Now()
	key := keyOf(src)
	e := s.macs[key]
	if e != nil && e.port == in {
		e.seen = now
		return
	}
	if e != nil {
		s.forget(key, e.port, "moved")
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
	s.macs[key] = &learned{in, now}
	s.lab.emit(event.Event{Kind: event.Learn, Node: s.name, Port: s.ports[in].name, Text: src.String()})
	if !s.sweep.Pending() {
		s.lab.loop.Set(&s.sweep, now+MACAgeing)
	}
}

func (s *netswitch) forget(key macKey, port int, why string) {
	delete(s.macs, key)
	s.full = false
	s.lab.emit(event.Event{Kind: event.Forget, Node: s.name, Port: s.ports[port].name, Text: key.mac().String(), Op: why})
}

// sorted returns the learned addresses in order.
func (s *netswitch) sorted() []macKey { return slices.Sorted(maps.Keys(s.macs)) }

// age forgets the addresses that have not been seen for MACAgeing and sets the
// timer for the next one to go.
func (s *netswitch) age() {
	now := s.lab.loop.Now()
	next := time.Duration(-1)
	for _, key := range s.sorted() {
		e := s.macs[key]
		due := e.seen + MACAgeing
		if due <= now {
			s.forget(key, e.port, "aged")
		} else if next < 0 || due < next {
			next = due
		}
	}
	if next >= 0 {
		s.lab.loop.Set(&s.sweep, next)
	}
}
