package kernel

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// An ISN makes the initial sequence numbers of a host.
type ISN struct {
	random func() uint64 // the lab's chance
	secret [2]uint64

	steps  uint32        // ISNSteps: connections so far
	offset uint32        // ISNHashed
	last   time.Duration // ISNHashed: when offset was last looked at
}

const (
	isnStep      = 1 << 24 // TCP_ISSINCR, NetBSD tcp_seq.h
	isnPerSecond = 1 << 20 // ISN_BYTES_PER_SECOND, FreeBSD tcp_subr.c
	isnStatic    = 4096    // ISN_STATIC_INCREMENT
)

// Start draws the secret.
func (g *ISN) Start(random func() uint64) {
	g.random = random
	g.secret = [2]uint64{random(), random()}
}

// Next is the initial sequence number of a connection, dialled or accepted.
func (g *ISN) Next(v *Values, now time.Duration, local, remote netip.AddrPort, dial bool) uint32 {
	switch v.ISN {
	case ISNSteps:
		g.steps++
		return (g.steps-1+uint32(now/(500*time.Millisecond)))*isnStep + uint32(g.random())&(isnStep-1)
	case ISNClock:
		return g.hash(local, remote) + uint32(now>>6)
	case ISNHashed:
	}
	if !dial { // a SYN cookie: it says nothing to the peer
		return uint32(g.random())
	}
	g.offset += isnStatic + uint32(g.random())&(isnStatic-1)
	if grown := uint32(int64(now-g.last) * isnPerSecond / int64(time.Second)); grown > 0 {
		g.offset += grown
		g.last = now
	}
	return g.hash(local, remote) + g.offset
}

// hash mixes a pair of addresses with the secret. It need not withstand an attack: the
// lab's chance is known to who runs it.
func (g *ISN) hash(local, remote netip.AddrPort) uint32 {
	h := g.secret[0]
	mix := func(v uint64) {
		h ^= v
		h *= 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	for _, a := range [2]netip.AddrPort{local, remote} {
		b := a.Addr().As16()
		mix(binary.BigEndian.Uint64(b[:]))
		mix(binary.BigEndian.Uint64(b[8:]) ^ g.secret[1])
		mix(uint64(a.Port()))
	}
	return uint32(h >> 32)
}
