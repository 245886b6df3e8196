package host

import (
	"wireloom/vnet/inet/tcp"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// What a stack holds for programs is counted in its host's memory: sockets and what waits
// in them, connections, fragments, packets whose next hop is being looked for, entries of
// neighbours. Each part says what it holds (Bytes) and is asked when something was done to
// it, so that the sum is exact when a call ends. Before a call that may keep something,
// there must be room for the most that it may keep.
const (
	memoryStep   = 8 << 10 // bytes that are taken in advance, so that not each packet asks
	packetSelf   = 256     // of a packet besides its bytes
	datagramSelf = 1 << 10 // of a socket of datagrams
	streamSelf   = 2 << 10 // of a stream without data
)

// A memory is how much a stack holds, in bytes.
type memory struct {
	host *kern.Memory
	held int64 // taken from the host
	used int64 // of that
}

// count notes that a part holds n bytes now, and no longer *was.
func (s *Stack) count(was *int64, n int64) {
	s.memory.used += n - *was
	*was = n
}

// room makes sure that n bytes more may be held. It reports false where the host has not
// so many.
func (s *Stack) room(n int64) bool {
	m := &s.memory
	more := m.used + n - m.held
	if more <= 0 {
		return true
	}
	if m.host.Free() >= more+memoryStep && m.host.Take(more+memoryStep) {
		more += memoryStep
	} else if !m.host.Take(more) {
		return false
	}
	m.held += more
	return true
}

// settle gives back what is not needed when a call ends.
func (m *memory) settle() {
	if spare := m.held - m.used; spare > 2*memoryStep {
		m.host.Give(spare - memoryStep)
		m.held = m.used + memoryStep
	} else if spare < 0 && m.host.Take(-spare) {
		m.held = m.used
	}
}

// weight is how many bytes a packet may take: what is appended to grows by doubling.
func weight(n int) int64 { return 2*int64(n) + packetSelf }

// lets says whether the host has memory for what comes in. A packet that leaves nothing
// behind comes in always: it may be what others wait for that could go.
func (s *Stack) lets(data []byte, ip bool) bool {
	n := weight(len(data))
	return s.room(n+streamSelf) || passing(data, ip)
}

// passing says whether nothing stays of a frame: it has ARP, a neighbour's word, or a
// segment that acknowledges or ends and carries nothing.
func passing(data []byte, ip bool) bool {
	if !ip {
		f, err := packet.ParseEthernet(data)
		if err != nil {
			return true
		}
		if f.Type() == packet.TypeARP {
			return true
		}
		data = f.Payload()
	}
	if p, err := packet.ParseIPv4(data); err == nil {
		return p.Protocol() == packet.ProtoTCP && p.Flags()&packet.MoreFragments == 0 && p.FragmentOffset() == 0 && bare(p.Payload())
	}
	p, err := packet.ParseIPv6(data)
	switch {
	case err != nil:
		return false
	case p.NextHeader() == packet.ProtoTCP:
		return bare(p.Payload())
	case p.NextHeader() == packet.ProtoICMPv6 && len(p.Payload()) > 0:
		t := p.Payload()[0]
		return t >= 133 && t <= 137 // router solicitation to redirect: RFC 4861, 4
	}
	return false
}

// bare says whether a TCP segment has no data and begins no connection.
func bare(segment []byte) bool {
	return len(segment) >= 20 && int(segment[12]>>4)*4 == len(segment) && tcp.Flags(segment[13])&tcp.SYN == 0
}
