// Package account is what a stack holds for programs, in its host's memory: sockets and
// what waits in them, connections, fragments, packets whose next hop is being looked for,
// entries of neighbours. Each part says what it holds and is asked when something was done
// to it, so that the sum is exact when a call ends. Before a call that may keep something,
// there must be room for the most that it may keep.
package account

import (
	"wireloom/vnet/inet/tcp/wire"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// What things take, in bytes.
const (
	Step         = 8 << 10 // that are taken in advance, so that not each packet asks
	PacketSelf   = 256     // a packet besides its bytes
	DatagramSelf = 1 << 10 // a socket of datagrams
	StreamSelf   = 2 << 10 // a stream without data
)

// An Account is how much a stack holds, in bytes.
type Account struct {
	Held int64 // taken from the host
	Used int64 // of that

	host *kern.Memory
}

// New returns the account of a stack that holds nothing.
func New(host *kern.Memory) Account { return Account{host: host} }

// Close gives everything back.
func (m *Account) Close() {
	m.host.Give(m.Held)
	m.Held, m.Used = 0, 0
}

// Add notes that n bytes more are held, or fewer.
func (m *Account) Add(n int64) { m.Used += n }

// Count notes that a part holds n bytes now, and no longer *was.
func (m *Account) Count(was *int64, n int64) {
	m.Used += n - *was
	*was = n
}

// Room makes sure that n bytes more may be held. It reports false if the host has not
// so many.
func (m *Account) Room(n int64) bool {
	more := m.Used + n - m.Held
	if more <= 0 {
		return true
	}
	if m.host.Free() >= more+Step && m.host.Take(more+Step) {
		more += Step
	} else if !m.host.Take(more) {
		return false
	}
	m.Held += more
	return true
}

// Settle gives back what is not needed when a call ends.
func (m *Account) Settle() {
	if spare := m.Held - m.Used; spare > 2*Step {
		m.host.Give(spare - Step)
		m.Held = m.Used + Step
	} else if spare < 0 && m.host.Take(-spare) {
		m.Held = m.Used
	}
}

// Weight is how many bytes a packet may take: what is appended to grows by doubling.
func Weight(n int) int64 { return 2*int64(n) + PacketSelf }

// Passing says whether nothing stays of a frame: it has ARP, a neighbour's word, or a
// segment that acknowledges or ends and carries nothing.
func Passing(data []byte, ip bool) bool {
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
	return len(segment) >= 20 && int(segment[12]>>4)*4 == len(segment) && wire.Flags(segment[13])&wire.SYN == 0
}
