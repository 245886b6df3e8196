package arp

import (
	"net/netip"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/packet"
)

// Resolve finds the MAC of the neighbour hop, which must be no broadcast and no multicast
// address. ok is true if the packet can be sent. Else ip is held (copied; if it is nil nothing
// is) and the neighbour asked for. The errno is EWOULDBLOCK, of which the sender is not told,
// while there is hope; then EHOSTDOWN, or EHOSTUNREACH if hop is a gateway; and Values.NoEntry
// where there can be no such neighbour: that packet is lost.
func (t *Table) Resolve(now time.Duration, hop netip.Addr, ip []byte, viaGateway bool, a *Acts) (mac packet.MAC, ok bool, no errno.Errno) {
	k := as4(hop)
	e := t.entries[k]
	if e == nil {
		if e = t.make(k, false); e == nil {
			if t.v.NoEntry == errno.OK {
				return mac, false, errno.EWOULDBLOCK
			}
			return mac, false, t.v.NoEntry
		}
		if t.v.Linux != nil {
			e.state = Failure // NUD_NONE: the first packet asks
		}
	}
	if t.v.Linux != nil {
		return t.use(now, e, ip, a)
	}
	sec := uptime(now)
	if e.state == Reachable && (e.option&Permanent != 0 || e.expires > sec) {
		if t.v.Refresh && e.option&Permanent == 0 && sec+int64(e.refresh) > e.expires {
			e.refresh--
			t.request(e.ip, nil, packet.Broadcast, a)
		}
		return e.mac, true, errno.OK
	}
	down := errno.EHOSTDOWN
	if viaGateway {
		down = errno.EHOSTUNREACH
	}
	if e.paused && sec < e.expires { // ether_output looks at RTF_REJECT before ARP does
		return mac, false, down
	}
	e.state, e.paused = Incomplete, false
	t.hold(e, ip)
	no = errno.EWOULDBLOCK
	if e.asked >= t.v.MaxTries && !t.v.Pause {
		no = down
	}
	if e.asked != 0 && e.expires == sec {
		return mac, false, no // once a second
	}
	e.expires = sec
	e.asked++
	if t.v.Pause && e.asked > t.v.MaxTries {
		e.paused, e.asked = true, 0
		e.expires += int64(t.v.Down / time.Second)
		t.end(now, e, t.v.Down)
		return mac, false, no
	}
	t.end(now, e, t.v.Down)
	t.request(e.ip, nil, packet.Broadcast, a)
	return mac, false, no
}

// hold keeps a copy of a packet until its neighbour answers; the oldest goes for it.
func (t *Table) hold(e *entry, ip []byte) {
	if ip == nil {
		return
	}
	t.stats.Deferred++
	for len(e.held) > 0 && len(e.held) >= t.v.MaxHold {
		t.dropOldest(e, heldBytes+len(e.held[0]))
	}
	if t.v.MaxHold <= 0 {
		t.stats.Dropped++
		return
	}
	t.keep(e, ip, heldBytes+len(ip))
}

// heldBytes is what a packet that waits takes besides its own; Linux's truesize has it.
const heldBytes = 64

// keep adds a copy of a packet, of which Bytes counts cost.
func (t *Table) keep(e *entry, ip []byte, cost int) {
	e.held = append(e.held, append([]byte(nil), ip...))
	e.bytes += cost
	t.bytes += cost
}

func (t *Table) dropOldest(e *entry, cost int) {
	e.held[0] = nil
	e.held = e.held[1:]
	e.bytes -= cost
	t.bytes -= cost
	t.stats.Dropped++
}

// release lets the packets go that waited for an entry.
func (t *Table) release(e *entry, a *Acts) {
	for _, p := range e.held {
		a.Ready = append(a.Ready, Ready{Packet: p, Hop: netip.AddrFrom4(e.ip), MAC: e.mac})
	}
	t.stats.DeferredSent += uint64(len(e.held))
	t.bytes -= e.bytes
	e.held, e.bytes = nil, 0
}
