// Package limit holds back ICMPv6 errors: so many in a second, and so many to one host. A
// [Limiter] is a value: each call takes the time.
package limit

import (
	"net/netip"
	"time"
)

// Values are the constants of a kernel's limits.
type Values struct {
	// Second is how many go out in a second: 100 (net.inet6.icmp6.errppslimit). 0 sends
	// none, less sets no limit. Off is how many fewer they are in truth: FreeBSD's
	// ppsratecheck (kern/kern_time.c) counts the first twice.
	Second, Off int
	// Peer is the time that one to the same host costs by a route to it alone, of which a host
	// may save Burst of them: 1 s and 6 in Linux (net.ipv6.icmp.ratelimit, inet_peer_xrlim_allow).
	// By a wider route it costs less: see Cost. 0 sets no limit.
	Peer  time.Duration
	Burst int
}

// A Limiter counts what has gone out. The zero value with V set has seen nothing.
type Limiter struct {
	V     *Values
	begun bool
	since time.Duration
	count int
	peers []peer
}

// A peer is one that was sent something, with the time that it has saved.
type peer struct {
	ip    netip.Addr
	since time.Duration
	saved time.Duration
}

// maxPeers is how many hosts are remembered; the one that has been quiet longest goes.
const maxPeers = 64

// Len is how many hosts are remembered.
func (l *Limiter) Len() int { return len(l.peers) }

// Cost is what one costs to a host by a route of so many bits: half as much for each 32 bits that
// it is wider (net/ipv6/icmp.c icmpv6_xrlim_allow).
func (v *Values) Cost(bits int) time.Duration { return v.Peer >> ((128 - bits) / 32) }

// Allow reports whether one more may go out, to a host that a route of so many bits leads to, and
// counts it.
func (l *Limiter) Allow(now time.Duration, to netip.Addr, bits int) bool {
	return l.rate(now) && l.peer(now, to, l.V.Cost(bits))
}

// rate is ppsratecheck.
func (l *Limiter) rate(now time.Duration) bool {
	if l.V.Second < 0 {
		return true
	}
	if !l.begun || now-l.since >= time.Second {
		l.begun, l.since, l.count = true, now, 0
	}
	l.count++
	return l.V.Second > 0 && (l.count == 1 || l.count <= l.V.Second-l.V.Off)
}

// peer is Linux's inet_peer_xrlim_allow.
func (l *Limiter) peer(now time.Duration, to netip.Addr, cost time.Duration) bool {
	if cost <= 0 {
		return true
	}
	quiet := 0
	for i := range l.peers {
		p := &l.peers[i]
		if p.ip == to {
			p.saved = min(p.saved+now-p.since, time.Duration(l.V.Burst)*cost)
			p.since = now
			if p.saved < cost {
				return false
			}
			p.saved -= cost
			return true
		}
		if p.since < l.peers[quiet].since {
			quiet = i
		}
	}
	if len(l.peers) < maxPeers {
		quiet = len(l.peers)
		l.peers = append(l.peers, peer{})
	}
	l.peers[quiet] = peer{to, now, time.Duration(l.V.Burst-1) * cost}
	return true
}
