// Package frag puts the fragments of IPv6 packets together (RFC 8200 section 4.5), as KAME's
// netinet6/frag6.c and Linux do. A [Table] is a value: each call takes the time.
package frag

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

// Values are the constants of a kernel's reassembly.
type Values struct {
	// Timeout is how long fragments wait for the others: 60 s (IPV6_FRAGTTL).
	Timeout time.Duration
	// Datagrams and Fragments are the most that wait: 200 (net.inet6.ip6.maxfragpackets,
	// maxfrags).
	Datagrams, Fragments int
	// OverlapEnds drops the whole datagram when a fragment overlaps another (RFC 5722), but
	// for an exact copy: Linux. The BSDs drop the fragment that came later.
	OverlapEnds bool
}

// A Verdict is what became of a fragment.
type Verdict uint8

// The verdicts.
const (
	Waits     Verdict = iota
	Alone             // it is all there is: the walk goes on behind its header (RFC 6946)
	Whole             // the packet is whole now
	BadLength         // its length is not a multiple of 8, and others follow
	TooLong           // the packet would be longer than 65535 bytes
	Overlaps          // it lies over another, and was dropped
	Full              // there was no room for it
	Short             // its header is not there in full
)

// A Result is a verdict, and of a Whole packet the packet, what its first fragment's header
// announced, and the byte that says so now: from there the walk over its headers goes on, at
// Payload.
type Result struct {
	Verdict Verdict
	Packet  packet.IPv6
	Next    uint8
	Said    int
	Payload int
	Lost    int // fragments that were dropped with an overlapping one
}

// A datagram is one of which not all fragments have come.
type datagram struct {
	src, dst netip.Addr
	id       uint32
	nic      int
	due      time.Duration
	parts    []part // by offset, none over another
	first    []byte // the first fragment as it came, for an error
	header   int    // bytes before its fragment header
	said     int    // where in them the fragment header is announced
	next     uint8  // what the fragment header announced
	bytes    int
}

type part struct {
	off  int
	data []byte
	more bool
}

// partBytes is what a fragment takes besides its data.
const partBytes = 80

// A Table holds what waits. The zero value with V set is empty.
type Table struct {
	V         *Values
	datagrams []*datagram
	pieces    int
	bytes     int
}

// Bytes is what the table holds of packets, and Len how many datagrams wait.
func (t *Table) Bytes() int { return t.bytes }

// Len is how many datagrams wait.
func (t *Table) Len() int { return len(t.datagrams) }

// Next returns when Tick wants to be called: 0 if never.
func (t *Table) Next() time.Duration {
	next := time.Duration(0)
	for _, d := range t.datagrams {
		if next == 0 || d.due < next {
			next = d.due
		}
	}
	return next
}

// Input takes a packet that came in on an interface, with a fragment header at at, which the byte
// at said announces. It keeps copies.
func (t *Table) Input(now time.Duration, nic int, p packet.IPv6, at, said int) Result {
	if len(p) < at+wire.FragmentLen {
		return Result{Verdict: Short}
	}
	field := binary.BigEndian.Uint16(p[at+2:])
	off, more := int(field&^7), field&1 != 0
	data := p[at+wire.FragmentLen:]
	switch end := at - packet.IPv6Len + off + len(data); {
	case more && (len(data) == 0 || len(data)%8 != 0):
		return Result{Verdict: BadLength}
	case off == 0 && !more:
		return Result{Verdict: Alone}
	case end > wire.MaxPacket:
		return Result{Verdict: TooLong}
	}
	d := t.find(now, nic, p, binary.BigEndian.Uint32(p[at+4:]))
	if d == nil {
		return Result{Verdict: Full}
	}
	i, same := slices.BinarySearchFunc(d.parts, off, func(x part, off int) int { return x.off - off })
	if same || i > 0 && d.parts[i-1].off+len(d.parts[i-1].data) > off || i < len(d.parts) && off+len(data) > d.parts[i].off {
		r := Result{Verdict: Overlaps}
		if t.V.OverlapEnds && !(same && len(d.parts[i].data) == len(data)) {
			r.Lost = len(d.parts)
			t.drop(d)
		}
		return r
	}
	// One copy of a fragment is kept; the first is kept with its headers.
	kept := []byte(data)
	if off == 0 {
		d.first = slices.Clone([]byte(p))
		kept = d.first[at+wire.FragmentLen:]
		d.header, d.said, d.next = at, said, p[at]
		d.bytes += len(d.first) + partBytes
		t.bytes += len(d.first) + partBytes
	} else {
		kept = slices.Clone(kept)
		d.bytes += len(kept) + partBytes
		t.bytes += len(kept) + partBytes
	}
	d.parts = slices.Insert(d.parts, i, part{off, kept, more})
	t.pieces++
	return t.whole(d)
}

// whole puts a datagram together if nothing is missing of it.
func (t *Table) whole(d *datagram) Result {
	end := 0
	for _, x := range d.parts {
		if x.off != end {
			return Result{}
		}
		end += len(x.data)
	}
	switch {
	case d.parts[len(d.parts)-1].more:
		return Result{}
	case d.header-packet.IPv6Len+end > wire.MaxPacket: // the first came late, with more headers
		t.drop(d)
		return Result{Verdict: TooLong}
	}
	b := append(make([]byte, 0, d.header+end), d.first[:d.header]...)
	for _, x := range d.parts {
		b = append(b, x.data...)
	}
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)-packet.IPv6Len))
	b[d.said] = d.next
	t.drop(d)
	return Result{Verdict: Whole, Packet: b, Next: d.next, Said: d.said, Payload: d.header}
}

// find is the datagram that a fragment belongs to, new if there was none; nil at a limit.
func (t *Table) find(now time.Duration, nic int, p packet.IPv6, id uint32) *datagram {
	if t.pieces >= t.V.Fragments {
		return nil
	}
	src, dst := p.Src(), p.Dst()
	for _, d := range t.datagrams {
		if d.id == id && d.src == src && d.dst == dst {
			return d
		}
	}
	if len(t.datagrams) >= t.V.Datagrams {
		return nil
	}
	d := &datagram{src: src, dst: dst, id: id, nic: nic, due: now + t.V.Timeout}
	t.datagrams = append(t.datagrams, d)
	return d
}

func (t *Table) drop(d *datagram) {
	t.pieces -= len(d.parts)
	t.bytes -= d.bytes
	t.datagrams = slices.DeleteFunc(t.datagrams, func(x *datagram) bool { return x == d })
}

// An Expired is a datagram whose time is over. First is its first fragment as it came, nil if
// that did not.
type Expired struct {
	NIC   int
	First packet.IPv6
}

// Tick gives up what is too late.
func (t *Table) Tick(now time.Duration) (over []Expired) {
	for _, d := range slices.Clone(t.datagrams) {
		if d.due <= now {
			over = append(over, Expired{d.nic, d.first})
			t.drop(d)
		}
	}
	return over
}
