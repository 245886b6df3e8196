//go:build wasip1

package main

import (
	"net/netip"
	"slices"
	"time"
)

// Protocols. Of ICMP the ports are identifiers.
const (
	icmp = 1
	tcp  = 6
	udp  = 17
)

const (
	tableMax  = 1024
	peersMax  = 16
	firstPort = 49152 // of those that are given where the host's own is taken
)

// How long a mapping lives after the last packet that went out.
const (
	icmpLife = 60 * time.Second   // RFC 5508, REQ-2
	udpLife  = 300 * time.Second  // RFC 4787, REQ-5
	tcpLife  = 7440 * time.Second // RFC 5382, REQ-5: of a connection that stands
	tcpBrief = 240 * time.Second  // of one that begins or ends
)

// A mapping is an address of the inside, and what stands for it outside.
type mapping struct {
	proto                        byte
	inside                       netip.Addr
	port, outsidePort            uint16
	used                         time.Time // when something last went out
	answered, finIn, finOut, rst bool      // of TCP: what was seen
	peers                        []netip.Addr
}

func (m *mapping) life() time.Duration {
	switch {
	case m.proto == icmp:
		return icmpLife
	case m.proto == udp:
		return udpLife
	case m.answered && !m.rst && !(m.finIn && m.finOut):
		return tcpLife
	}
	return tcpBrief
}

// addPeer notes that a packet went to a peer; the one longest known makes room.
func (m *mapping) addPeer(a netip.Addr) {
	if m.allows(a) {
		return
	}
	if len(m.peers) == peersMax {
		m.peers = m.peers[1:]
	}
	m.peers = append(m.peers, a)
}

// allows tells whether a peer may answer: whether it was ever sent to.
func (m *mapping) allows(a netip.Addr) bool { return slices.Contains(m.peers, a) }

// An end of a mapping is what it is found by.
type end struct {
	proto   byte
	address netip.Addr // not valid outside, where there is one only
	port    uint16
}

// A table has the mappings. One does not depend on whom the host talks to (RFC 4787,
// REQ-1), but only those whom it has talked to may answer (REQ-8).
type table map[end]*mapping

// find returns the mapping of an end; nil if there is none, or if its time is up.
func (t table) find(e end, now time.Time) *mapping {
	m := t[e]
	if m != nil && now.Sub(m.used) >= m.life() {
		t.drop(m)
		return nil
	}
	return m
}

func (t table) drop(m *mapping) {
	delete(t, end{m.proto, m.inside, m.port})
	delete(t, end{m.proto, netip.Addr{}, m.outsidePort})
}

// in returns the mapping that a port of the outside belongs to.
func (t table) in(proto byte, port uint16, now time.Time) *mapping {
	return t.find(end{proto, netip.Addr{}, port}, now)
}

// out returns the mapping of a port of a host inside.
func (t table) out(proto byte, inside netip.Addr, port uint16, now time.Time) *mapping {
	return t.find(end{proto, inside, port}, now)
}

// add makes the mapping of a port of a host inside; nil if there is no room.
func (t table) add(proto byte, inside netip.Addr, port uint16, now time.Time) *mapping {
	if len(t) >= 2*tableMax {
		for _, m := range t {
			t.find(end{m.proto, m.inside, m.port}, now) // drops it if its time is up
		}
	}
	outside := t.freePort(proto, port, now)
	if outside == 0 || len(t) >= 2*tableMax {
		return nil
	}
	m := &mapping{proto: proto, inside: inside, port: port, outsidePort: outside, used: now}
	t[end{proto, inside, port}] = m
	t[end{proto, netip.Addr{}, outside}] = m
	return m
}

// freePort chooses a port of the outside: the host's own, if no other host has it,
// else one of the upper range, odd or even as the host's is (REQ-4). It is 0 if there
// is none.
func (t table) freePort(proto byte, port uint16, now time.Time) uint16 {
	if port != 0 && t.in(proto, port, now) == nil {
		return port
	}
	for p := firstPort + int(port&1); p <= 65535; p += 2 {
		if t.in(proto, uint16(p), now) == nil {
			return uint16(p)
		}
	}
	return 0
}
