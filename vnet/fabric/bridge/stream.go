package bridge

import (
	"encoding/binary"
	"time"
)

// A stream is the frames from one address to another that come in by one port. Where
// nothing but their addresses decides about them, each is decided about as the one before
// it, while nothing of the switch changes.
type stream struct {
	addrs   uint64 // the first eight bytes of its frames,
	rest    uint32 // and the next four
	changes uint64 // of the table and the switch, when it was decided
	source  *entry
	out     int
}

// again decides about a frame that came in by p as about the one before it, if it is of
// the same stream.
func (b *Bridge) again(now time.Duration, p *port, frame []byte) bool {
	s := &p.stream
	if s.source == nil || s.changes != b.table.changes || len(frame) < macsLen+2 || binary.BigEndian.Uint64(frame) != s.addrs ||
		binary.BigEndian.Uint32(frame[8:]) != s.rest || isTPID(binary.BigEndian.Uint16(frame[macsLen:])) {
		return false
	}
	s.source.setSeen(now)
	b.ports[s.out].Out++
	b.act(Send).Port = s.out
	return true
}

func isTPID(t uint16) bool { return t == TPID8021Q || t == TPID8021AD }

// remember makes f, which leaves by a port, the first of a stream, if it has no other effect
// and nothing else of it decides.
func (b *Bridge) remember(f *incoming, out int) {
	p := &b.ports[f.port]
	p.stream.source = nil
	if len(b.acts) != 1 || b.conf.Filtering || b.conf.Snooping || p.from.entry == nil || p.from.port() != f.port ||
		p.from.changes != b.table.changes || !p.from.is(keyOf(b.fid(f.vlan), f.src)) || p.conf.Locked || p.conf.NoLearn || b.conf.Ageing < 0 || b.ports[out].conf.MTU != 0 {
		return
	}
	e := f.frame
	p.stream = stream{binary.BigEndian.Uint64(e), binary.BigEndian.Uint32(e[8:]), b.table.changes, p.from.entry, out}
}
