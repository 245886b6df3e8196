package hoststack

import "wireloom/vnet/kern"

// What a stack holds for programs is counted in its host's memory: sockets and what
// waits in them, fragments, packets whose next hop is being looked for. netstack tells
// nobody when that changes. So a look at all of it finds out how much there is, and what
// comes between two looks counts with all that may stay of it: each packet that comes
// in or is sent, each socket. A look is due when that is more than was taken from the host.
const (
	memoryStep    = 16 << 10 // bytes taken in advance: as much may come between two looks,
	memoryShare   = 4        // or this part of what is held, as a look takes longer then
	packetSelf    = 1 << 10  // of a packet besides its bytes
	streamSelf    = 16 << 10 // of a stream without data
	datagramSelf  = 4 << 10  // of any other socket
	neighbourSelf = 1 << 10  // of an entry of the tables of neighbours
	pieceSelf     = 256      // of a fragment besides its bytes, once its packet is whole
	pieceBytes    = 8        // of data that a fragment has, if it is not the last
	tries         = 16       // sockets and packets that a look sees for each request that was refused: who only tries again is not looked for all the time
)

// A memory is how much a stack holds, in bytes.
type memory struct {
	host    *kern.Memory
	held    int64 // taken from the host
	known   int64 // found at the last look
	since   int64 // what may have come since then
	less    int64 // what may be gone since then
	looping int64 // of frames that the host sends to itself
	pieces  int64 // fragments of which packets may still wait
	seen    int   // sockets and packets that the last look saw
	deny    int   // how many requests are refused without another look
}

// weight is how many bytes a packet may take: netstack's buffers are powers of two.
func weight(n int) int64 { return 2*int64(n) + packetSelf }

// room takes n bytes for a packet or a socket. It reports false where the host has not
// so many.
func (s *netStack) room(n int64) bool {
	m := &s.memory
	if m.known+m.since+m.looping+n > m.held {
		if m.deny > 0 {
			m.deny--
			return false
		}
		if !s.look(n) {
			m.deny = m.seen / tries
			return false
		}
	}
	m.since += n
	return true
}

// look finds out how much the stack holds, and takes n bytes more than that. It is called
// when the stack has settled.
func (s *netStack) look(n int64) bool {
	m := &s.memory
	m.known, m.since, m.less = s.measure(), 0, 0
	need := m.known + m.looping + n
	more := need + max(memoryStep, m.known/memoryShare) - m.held
	switch {
	case more < 0:
		m.host.Give(-more)
	case m.host.Free() >= more && m.host.Take(more):
	case need <= m.held:
		return true
	case m.host.Take(need - m.held):
		more = need - m.held
	default:
		return false
	}
	m.held += more
	return true
}

// gone notes that n bytes may be held no more, and gives them back when they are many.
func (s *netStack) gone(n int64) {
	m := &s.memory
	if m.less += n; m.less > max(memoryStep, m.known/memoryShare) {
		s.look(0)
	}
}

// lets says whether the host has memory for a frame that comes in on l. One that
// netstack does not keep comes in as long as no more is held than was taken: it may be
// what others wait for that could go.
func (s *netStack) lets(l *link, data []byte) bool {
	n := weight(len(data))
	p := l.packetOf(data)
	if cutting := s.cutBy(p); cutting > 0 && !s.room(cutting) {
		return false
	}
	if !s.room(n) {
		if m := &s.memory; m.known+m.looping > m.held || !passing(l, data, p) {
			return false
		}
		s.memory.since += n
	}
	if isFragment(p) {
		s.memory.pieces++
	}
	return true
}

// measure is how many bytes the stack holds.
func (s *netStack) measure() int64 {
	m := &s.memory
	n, waits := s.hops.held(), int64(0)
	for _, k := range s.sockets {
		self, data := k.weigh()
		n += self + data
		waits += data
	}
	s.prune() // aborts none: there have been no more of them since the last was closed
	for _, ep := range s.lingering {
		self, data := weighStream(ep)
		n += self + data
		waits += data
	}
	m.seen = len(s.sockets) + len(s.lingering)
	if s.hops.looking() {
		packets, bytes := weighWaiting(s.st)
		m.seen += packets
		n += bytes
	}
	if m.pieces > 0 { // else there are none
		fragments := weighFragments(s.st)
		n += fragments
		if waits == 0 && fragments == 0 {
			m.pieces = 0
		}
		n += min(m.pieces, waits/pieceBytes) * pieceSelf
	}
	return n
}

// weigh is how many bytes a socket takes by itself, and for data.
func (k *socket) weigh() (self, data int64) {
	switch {
	case k.icmp != nil:
		return datagramSelf, int64(k.icmp.bytes) + int64(len(k.icmp.queue))*packetSelf
	case k.stream():
		return weighStream(k.ep)
	}
	return datagramSelf, 2*weighDatagrams(k.ep) + int64(k.waiting())*packetSelf
}
