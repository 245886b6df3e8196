// Package sockbuf is the receive buffer of a datagram socket, which has room as the
// kernel counts it (uipc_sockbuf.c).
package sockbuf

import (
	"net/netip"

	"wireloom/vnet/inet"
)

// A Buffer holds the datagrams that wait. They are counted as the kernel counts them: the
// bytes of the datagrams and of their addresses, and the mbufs that they are in.
type Buffer struct {
	Max int // bytes: sb_hiwat

	queue []Datagram
	cc    int // bytes that wait, with an address each: sb_cc
	mbufs int // bytes of their mbufs: sb_mbcnt
	held  int64
}

// Len is how many bytes wait, with an address each: sb_cc.
func (r *Buffer) Len() int { return r.cc }

// Held is how many bytes of memory the buffer takes.
func (r *Buffer) Held() int64 { return r.held }

// First returns the datagram that waits longest; false if none does.
func (r *Buffer) First() (Datagram, bool) {
	if len(r.queue) == 0 {
		return Datagram{}, false
	}
	return r.queue[0], true
}

// A Datagram waits to be read.
type Datagram struct {
	Data []byte
	From netip.AddrPort
	TTL  uint8

	mbufs int32
}

// Bytes of an address before a datagram: struct sockaddr_in, sockaddr_in6.
const (
	sockaddr4 = 16
	sockaddr6 = 28
)

// waitingSelf is how many bytes a datagram that waits takes besides its own.
const waitingSelf = 160

// Put queues a copy of a datagram, if there is room: sbappendaddr. wire says that it came
// in by an interface.
func (r *Buffer) Put(v *inet.SocketValues, data []byte, from netip.AddrPort, ttl uint8, wire bool) bool {
	address := sockaddr4
	if from.Addr().Is6() {
		address = sockaddr6
	}
	limit := min(r.Max*v.Efficiency, max(v.MaxBuffer, r.Max))
	if len(data)+address > min(r.Max-r.cc, limit-r.mbufs) {
		return false
	}
	w := Datagram{Data: append([]byte(nil), data...), From: from, TTL: ttl, mbufs: int32(mbufsOf(v, len(data), wire))}
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

// Take takes the datagram that waits longest out; there must be one.
func (r *Buffer) Take() {
	w := r.queue[0]
	r.queue[0] = Datagram{}
	if r.queue = r.queue[1:]; len(r.queue) == 0 {
		r.queue = nil
	}
	r.cc -= len(w.Data) + sockaddr4
	if w.From.Addr().Is6() {
		r.cc -= sockaddr6 - sockaddr4
	}
	r.mbufs -= int(w.mbufs)
	r.held -= waitingSelf + int64(len(w.Data))
}
