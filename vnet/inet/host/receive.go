package host

import (
	"net/netip"

	"wireloom/vnet/inet"
)

// A receive is the receive buffer of a datagram socket: a sockbuf. What waits is counted
// as the kernel counts it: the bytes of the datagrams and of their addresses, and the
// mbufs that they are in.
type receive struct {
	queue []waiting
	max   int // bytes: sb_hiwat
	cc    int // bytes that wait, with an address each: sb_cc
	mbufs int // bytes of their mbufs: sb_mbcnt
	held  int64
}

// A waiting datagram.
type waiting struct {
	data  []byte
	from  netip.AddrPort
	ttl   uint8
	mbufs int32
}

// Bytes of an address before a datagram: struct sockaddr_in, sockaddr_in6.
const (
	sockaddr4 = 16
	sockaddr6 = 28
)

// waitingSelf is how many bytes a datagram that waits takes besides its own.
const waitingSelf = 160

// put queues a copy of a datagram, if there is room: sbappendaddr. wire says that it came
// in by an interface.
func (r *receive) put(v *inet.SocketValues, data []byte, from netip.AddrPort, ttl uint8, wire bool) bool {
	address := sockaddr4
	if from.Addr().Is6() {
		address = sockaddr6
	}
	limit := min(r.max*v.Efficiency, max(v.MaxBuffer, r.max))
	if len(data)+address > min(r.max-r.cc, limit-r.mbufs) {
		return false
	}
	w := waiting{data: append([]byte(nil), data...), from: from, ttl: ttl, mbufs: int32(mbufsOf(v, len(data), wire))}
	r.queue = append(r.queue, w)
	r.cc += len(data) + address
	r.mbufs += int(w.mbufs)
	r.held += waitingSelf + int64(len(data))
	return true
}

// mbufsOf is how many bytes of mbufs a datagram of n bytes and its address take.
func mbufsOf(v *inet.SocketValues, n int, wire bool) int {
	const cluster = 2048
	switch {
	case v.Clusters && wire, n > v.Inside:
		return v.Mbuf + max((n+cluster-1)/cluster, 1)*(v.Mbuf+cluster)
	case n == 0 && !wire:
		return v.Mbuf
	}
	return 2 * v.Mbuf
}

// take takes the first datagram, or looks at it.
func (r *receive) take(peek bool) waiting {
	w := r.queue[0]
	if peek {
		return w
	}
	r.queue[0] = waiting{}
	if r.queue = r.queue[1:]; len(r.queue) == 0 {
		r.queue = nil
	}
	r.cc -= len(w.data) + sockaddr4
	if w.from.Addr().Is6() {
		r.cc -= sockaddr6 - sockaddr4
	}
	r.mbufs -= int(w.mbufs)
	r.held -= waitingSelf + int64(len(w.data))
	return w
}
