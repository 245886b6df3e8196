package tcp

import (
	"encoding/binary"
	"net/netip"
	"time"

	"wireloom/vnet/inet/tcp/kernel"
)

// isnState is what initial sequence numbers grow by.
type isnState struct {
	steps  uint32        // kernel.ISNSteps: connections so far
	offset uint32        // kernel.ISNHashed
	last   time.Duration // kernel.ISNHashed: when offset was last looked at
}

const (
	isnStep      = 1 << 24 // TCP_ISSINCR, NetBSD tcp_seq.h
	isnPerSecond = 1 << 20 // ISN_BYTES_PER_SECOND, FreeBSD tcp_subr.c
	isnStatic    = 4096    // ISN_STATIC_INCREMENT
)

// nextISN is the initial sequence number of a connection.
func (l *Layer) nextISN(now time.Duration, local, remote netip.AddrPort, dial bool) uint32 {
	switch l.v.ISN {
	case kernel.ISNSteps:
		l.isn.steps++
		return (l.isn.steps-1+uint32(now/(500*time.Millisecond)))*isnStep + uint32(l.random64())&(isnStep-1)
	case kernel.ISNClock:
		return l.hash(local, remote) + uint32(now>>6)
	case kernel.ISNHashed:
	}
	if !dial { // a SYN cookie: it says nothing to the peer
		return uint32(l.random64())
	}
	l.isn.offset += isnStatic + uint32(l.random64())&(isnStatic-1)
	if grown := uint32(int64(now-l.isn.last) * isnPerSecond / int64(time.Second)); grown > 0 {
		l.isn.offset += grown
		l.isn.last = now
	}
	return l.hash(local, remote) + l.isn.offset
}

// hash mixes a pair of addresses with the secret. It need not withstand an attack: the
// lab's chance is known to who runs it.
func (l *Layer) hash(local, remote netip.AddrPort) uint32 {
	h := l.secret[0]
	mix := func(v uint64) {
		h ^= v
		h *= 0x9e3779b97f4a7c15
		h ^= h >> 29
	}
	for _, a := range [2]netip.AddrPort{local, remote} {
		b := a.Addr().As16()
		mix(binary.BigEndian.Uint64(b[:]))
		mix(binary.BigEndian.Uint64(b[8:]) ^ l.secret[1])
		mix(uint64(a.Port()))
	}
	return uint32(h >> 32)
}
