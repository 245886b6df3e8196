package arp

import (
	"encoding/binary"
	"time"

	"wireloom/vnet/packet"
)

// startProbes has an address asked for before it is used (RFC 5227), as NetBSD's
// arp_dad_start does. The interface is up.
func (t *Table) startProbes(now time.Duration, o *own) {
	o.state, o.sent = tentative, 0
	o.due = now + max(t.chance(t.v.ProbeWait), 1)
	t.wake(o.due)
}

// probe sends the next probe or announcement of an address (arp_dad_timer).
func (t *Table) probe(now time.Duration, o *own, a *Acts) {
	if o.sent < t.v.Probes {
		o.sent++
		t.request(o.ip, &ip4{}, packet.Broadcast, a)
		o.due = now + t.v.AnnounceWait
		if o.sent < t.v.Probes {
			o.due = now + t.v.ProbeMin + t.chance(t.v.ProbeMax-t.v.ProbeMin)
		}
		return
	}
	o.state = ready
	o.sent++
	o.due = 0
	t.announce(o, a)
	if o.sent < t.v.Probes+t.v.Announcements {
		o.due = now + t.v.AnnounceInterval
	}
}

// announce sends a gratuitous request: an address asks for itself.
func (t *Table) announce(o *own, a *Acts) { t.request(o.ip, &o.ip, packet.Broadcast, a) }

// duplicate gives up an address that another host has (arp_dad_duplicated).
func (t *Table) duplicate(o *own, m *message, a *Acts) {
	o.state, o.due = duplicated, 0
	theirs := *m
	theirs.from = o.ip
	t.say(a, t.v.words.tentative, &theirs, packet.MAC{})
}

// chance is a time below limit.
func (t *Table) chance(limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	var b [8]byte
	t.rnd(b[:])
	return time.Duration(binary.BigEndian.Uint64(b[:]) % uint64(limit))
}
