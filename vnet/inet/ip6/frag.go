package ip6

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/packet"
)

// A datagram is one of which not all fragments have come.
type datagram struct {
	src, dst netip.Addr
	id       uint32
	nic      *nic
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

// where is how the walk goes on after a fragment header: behind the header, if that was alone,
// else from the same place with what it announced.
type where struct {
	header bool
	next   uint8
	said   int
}

// fragment takes the fragment header at at, announced at said, and returns the packet that is
// whole now, if one is (frag6.c frag6_input).
func (l *Layer) fragment(now time.Duration, in *input, at, said int, a *Acts) (packet.IPv6, where) {
	p := in.p
	if len(p) < at+fragLen {
		l.stats.TooSmall++
		return nil, where{}
	}
	field := binary.BigEndian.Uint16(p[at+2:])
	off, more := int(field&^7), field&1 != 0
	data := p[at+fragLen:]
	l.stats.Fragments++
	if more && (len(data) == 0 || len(data)%8 != 0) {
		l.errorAbout(now, in.nic, in.link.group(), p, paramProblem, badHeader, 4, a)
		return nil, where{}
	}
	if off == 0 && !more { // RFC 6946: by itself
		l.stats.Reassembled++
		return p, where{header: true}
	}
	if at-packet.IPv6Len+off+len(data) > maxPacket {
		l.errorAbout(now, in.nic, in.link.group(), p, paramProblem, badHeader, uint32(at+2), a)
		return nil, where{}
	}
	d := l.datagram(now, in, be32(p[at+4:]))
	if d == nil || l.pieces >= l.v.MaxFragments || d.header != 0 && d.header-packet.IPv6Len+off+len(data) > maxPacket {
		l.stats.FragDropped++
		l.stats.FragOverflow++
		return nil, where{}
	}
	i, same := slices.BinarySearchFunc(d.parts, off, func(x part, off int) int { return x.off - off })
	if same || i > 0 && d.parts[i-1].off+len(d.parts[i-1].data) > off || i < len(d.parts) && off+len(data) > d.parts[i].off {
		l.stats.FragDropped++
		if l.v.OverlapEnds && !(same && len(d.parts[i].data) == len(data)) {
			l.stats.FragDropped += uint64(len(d.parts))
			l.dropDatagram(d)
		}
		return nil, where{}
	}
	// One copy of the fragment is kept; the first is kept with its headers.
	kept := slices.Clone([]byte(data))
	size := len(kept)
	if off == 0 {
		d.first = slices.Clone([]byte(p))
		kept = d.first[at+fragLen:]
		size = len(d.first)
		d.header, d.said, d.next = at, said, p[at]
	}
	d.parts = slices.Insert(d.parts, i, part{off, kept, more})
	l.pieces++
	d.bytes += size
	l.bytes += size
	end := 0
	for _, x := range d.parts {
		if x.off != end {
			return nil, where{}
		}
		end += len(x.data)
	}
	if d.parts[len(d.parts)-1].more || d.header-packet.IPv6Len+end > maxPacket {
		return nil, where{}
	}
	whole := make([]byte, d.header, d.header+end)
	copy(whole, d.first)
	for _, x := range d.parts {
		whole = append(whole, x.data...)
	}
	binary.BigEndian.PutUint16(whole[4:], uint16(len(whole)-packet.IPv6Len))
	whole[d.said] = d.next
	l.stats.Reassembled++
	l.dropDatagram(d)
	// The walk goes on where the fragment header was, which each fragment may have had
	// elsewhere: so it begins at the first's.
	return whole, where{next: d.next, said: d.said}
}

// datagram is the one that a fragment belongs to, new if there was none; nil at the limit.
func (l *Layer) datagram(now time.Duration, in *input, id uint32) *datagram {
	src, dst := in.p.Src(), in.p.Dst()
	for _, d := range l.fragments {
		if d.id == id && d.src == src && d.dst == dst {
			return d
		}
	}
	if len(l.fragments) >= l.v.MaxFragmented || l.pieces >= l.v.MaxFragments {
		return nil
	}
	d := &datagram{src: src, dst: dst, id: id, nic: in.nic}
	l.set(&d.due, now+l.v.FragmentTimeout)
	l.fragments = append(l.fragments, d)
	return d
}

func (l *Layer) dropDatagram(d *datagram) {
	l.pieces -= len(d.parts)
	l.bytes -= d.bytes
	l.fragments = slices.DeleteFunc(l.fragments, func(x *datagram) bool { return x == d })
}

// tickFragments gives up datagrams that are too late; the sender hears of it if the first
// fragment came (frag6_freef).
func (l *Layer) tickFragments(now time.Duration, a *Acts) {
	for _, d := range slices.Clone(l.fragments) {
		if d.due > now {
			continue
		}
		l.stats.FragTimeout++
		l.dropDatagram(d)
		if d.first != nil {
			l.errorAbout(now, d.nic, false, d.first, timeExceeded, reassembly, 0, a)
		}
	}
}
