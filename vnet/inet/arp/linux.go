package arp

import (
	"math/bits"
	"net/netip"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/packet"
)

// aging is what Linux keeps of an entry's use (net/core/neighbour.c):
//
//	FAILED --packet--> INCOMPLETE --answer--> REACHABLE --Reachable--> STALE
//	   ^                   | 3 broadcasts         ^                      | packet
//	   +-------------------+                      | answer, or TCP's     v
//	   +-------- PROBE (3 unicasts) <--Delay-- DELAY <-------------------+
type aging struct {
	probes    int
	used      time.Duration
	updated   time.Duration
	confirmed time.Duration
	reachable time.Duration // the entry's own, drawn by chance
}

// use is neigh_event_send and neigh_resolve_output: it sends, or holds and asks.
func (t *Table) use(now time.Duration, e *entry, ip []byte, a *Acts) (packet.MAC, bool, errno.Errno) {
	e.linux.used = now
	switch e.state {
	case Stale:
		e.state, e.linux.updated = Delay, now
		t.at(e, now+t.v.Linux.Delay)
	case Failure:
		e.state, e.linux.updated, e.linux.probes = Incomplete, now, 0
		t.holdBytes(e, ip)
		t.solicit(now, e, a)
		return packet.MAC{}, false, errno.EWOULDBLOCK
	case Incomplete:
		t.holdBytes(e, ip)
		return packet.MAC{}, false, errno.EWOULDBLOCK
	case Reachable, Delay, Probe:
	}
	return e.mac, true, errno.OK
}

// Confirm says that the neighbour was heard by other means, as a TCP's acknowledgement of new
// data: only Linux listens (neigh_confirm).
func (t *Table) Confirm(now time.Duration, hop netip.Addr) {
	if e := t.entries[as4(hop)]; e != nil {
		e.linux.confirmed = now
	}
}

// holdBytes keeps a packet, the oldest going beyond the limit, which counts the kernel's
// buffers: a power of two for the data, and their headers.
func (t *Table) holdBytes(e *entry, ip []byte) {
	if ip == nil {
		return
	}
	t.stats.Deferred++
	cost := truesize(len(ip))
	for len(e.held) > 0 && e.bytes+cost > t.v.Linux.HeldBytes {
		t.dropOldest(e, truesize(len(e.held[0])))
	}
	if cost > t.v.Linux.HeldBytes {
		t.stats.Dropped++
		return
	}
	t.keep(e, ip, cost)
}

// truesize is about what a packet of n bytes costs as an skb: 768 for a small one, 2304 for
// a full frame.
func truesize(n int) int { return 256 + 1<<bits.Len(uint(n+16+64+320-1)) }

func (t *Table) at(e *entry, at time.Duration) {
	e.due = at + t.v.Linux.Slack
	t.wake(e.due)
}

// solicit asks, by broadcast of one that is not known, and comes back.
func (t *Table) solicit(now time.Duration, e *entry, a *Acts) {
	e.linux.probes++
	e.asked = e.linux.probes
	to := packet.Broadcast
	if e.state == Probe {
		to = e.mac
	}
	t.request(e.ip, t.heldSource(e), to, a)
	t.at(e, now+t.v.Linux.Retransmit)
}

// heldSource is the source of the packet that waits, if it is an address of the host
// (arp_solicit with arp_announce 0).
func (t *Table) heldSource(e *entry) *ip4 {
	if len(e.held) == 0 || len(e.held[0]) < packet.IPv4Len {
		return nil
	}
	src := ip4(e.held[0][12:16])
	if t.ownIndex(src) >= 0 || t.env.Where(netip.AddrFrom4(src)) == Ours {
		return &src
	}
	return nil
}

// age is neigh_timer_handler.
func (t *Table) age(now time.Duration, e *entry, a *Acts) {
	n := &e.linux
	e.due = 0
	switch e.state {
	case Reachable:
		switch {
		case now < n.confirmed+n.reachable:
			t.at(e, n.confirmed+n.reachable)
		case now < n.used+t.v.Linux.Delay:
			e.state, n.updated = Delay, now
			t.at(e, now+t.v.Linux.Delay)
		default:
			e.state, n.updated = Stale, now
		}
	case Delay:
		if now <= n.confirmed+t.v.Linux.Delay {
			t.reach(now, e)
			t.at(e, n.confirmed+n.reachable)
			return
		}
		e.state, n.updated, n.probes = Probe, now, 0
		t.solicit(now, e, a)
	case Incomplete, Probe:
		limit := t.v.Linux.Broadcasts
		if e.state == Probe {
			limit = t.v.Linux.Unicasts
		}
		if n.probes < limit {
			t.solicit(now, e, a)
			return
		}
		e.state, n.updated = Failure, now
		t.stats.Timeouts++
		for _, p := range e.held {
			a.Failed = append(a.Failed, Failed{Packet: p, Hop: netip.AddrFrom4(e.ip)})
		}
		t.drop(e)
	case Stale, Failure:
	}
}

// reach makes an entry reachable, for a time that chance draws.
func (t *Table) reach(now time.Duration, e *entry) {
	e.state, e.linux.updated = Reachable, now
	e.linux.reachable = t.v.Linux.Reachable/2 + t.chance(t.v.Linux.Reachable)
}

// linuxInput is arp_process.
func (t *Table) linuxInput(now time.Duration, m *message, a *Acts) {
	about, from := netip.AddrFrom4(m.about), netip.AddrFrom4(m.from)
	switch m.op {
	case packet.ARPRequest:
		t.stats.RxRequests++
	case packet.ARPReply:
		t.stats.RxReplies++
	default:
		return
	}
	if about.IsMulticast() || about.IsLoopback() {
		return
	}
	ours := t.ownIndex(m.about) >= 0 || t.env.Where(about) == Ours
	if m.from == (ip4{}) {
		t.stats.ZeroSender++
		if m.op == packet.ARPRequest && ours {
			t.reply(m, t.self, a)
		}
		return
	}
	// A packet with an address of ours as its sender has no way in (ip_route_input).
	stolen := t.ownIndex(m.from) >= 0
	if stolen {
		t.stats.DupIPs++
	}
	martian := stolen || from.IsMulticast() || from.IsLoopback() || m.from == ip4{255, 255, 255, 255}
	if m.op == packet.ARPRequest && !martian {
		if ours {
			if e := t.linuxEntry(m.from); e != nil {
				t.update(now, e, m.sender, Stale, true, a)
			}
			t.reply(m, t.self, a)
			return
		}
		if e := t.entries[m.about]; e != nil && e.option&Published != 0 ||
			t.v.ProxyAll && t.env.Where(about) == Elsewhere {
			t.reply(m, t.self, a)
			return
		}
	}
	if e := t.entries[m.from]; e != nil {
		state := Stale
		if m.op == packet.ARPReply && m.toUs {
			state = Reachable
		}
		override := now > e.linux.updated+t.v.Linux.Lock || m.about == m.from
		t.update(now, e, m.sender, state, override, a)
	}
}

// linuxEntry is the entry of a sender who asked for us. It need not be of our net.
func (t *Table) linuxEntry(ip ip4) *entry {
	if e := t.entries[ip]; e != nil {
		return e
	}
	if t.v.NoBroadcastEntry && t.broadcasts(ip) {
		return nil
	}
	e := t.make(ip, true)
	if e != nil {
		e.state = Failure
	}
	return e
}

// update is neigh_update.
func (t *Table) update(now time.Duration, e *entry, mac packet.MAC, state State, override bool, a *Acts) {
	if e.option&Permanent != 0 {
		return
	}
	old := e.state
	if state == Reachable {
		e.linux.confirmed = now
	}
	if old.known() {
		if mac != e.mac && !override {
			return
		}
		if mac == e.mac && state == Stale {
			return
		}
	}
	if old == state && mac == e.mac {
		return
	}
	if mac != e.mac && old.known() {
		t.stats.Overwritten++
	}
	e.mac, e.asked = mac, 0
	e.linux.updated = now
	if old != state {
		e.due = 0
		if state == Reachable {
			t.reach(now, e)
			t.at(e, now+e.linux.reachable)
		} else {
			e.state = state
		}
	}
	t.release(e, a)
}
