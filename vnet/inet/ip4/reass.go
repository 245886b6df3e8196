package ip4

import (
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip4/frag"
	"wireloom/vnet/packet"
)

// reassemble takes a fragment in and returns the datagram if it is whole now, and how its
// beginning came.
func (l *Layer) reassemble(now time.Duration, nic int, link Link, pkt packet.IPv4, a *Acts) (packet.IPv4, frag.Arrival) {
	q := l.reass.Add(now, frag.Arrival{NIC: nic, Link: uint8(link)}, pkt)
	if q == nil {
		return nil, frag.Arrival{}
	}
	whole := packet.IPv4(a.grab(q.Size()))
	q.Write(whole)
	putSum(whole)
	return whole, q.First()
}

// expireFragments gives up what waited too long. BSD says nothing to the sender; Linux
// says 11/1 if it has the first fragment.
func (l *Layer) expireFragments(now time.Duration, a *Acts) {
	for q := l.reass.Expired(now); q != nil; q = l.reass.Expired(now) {
		head := q.Head()
		if head == nil || !l.is(dialect.Linux) {
			continue
		}
		l.group++
		first := packet.IPv4(append(a.grab(len(head))[:0], head...))
		at := q.First()
		l.sendError(now, problem{typ: packet.ICMPTimeExceeded, code: 1}, &Up{NIC: at.NIC, Link: Link(at.Link), Packet: first}, first, a)
	}
}
