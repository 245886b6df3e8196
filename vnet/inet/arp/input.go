package arp

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/packet"
)

// A message is an ARP packet that was read.
type message struct {
	hardware uint16
	op       uint16
	sender   packet.MAC
	from     ip4
	target   packet.MAC
	about    ip4
	group    bool // the frame was sent to a group
	toUs     bool // the frame was sent to our address
}

// Input takes a frame of EtherType ARP that came in. The host has seen to it that the
// interface takes frames of that destination.
func (t *Table) Input(now time.Duration, f packet.Ethernet, a *Acts) {
	t.stats.Received++
	if f.Dst().IsMulticast() {
		t.stats.Group++
	}
	m, ok := t.read(f, a)
	switch {
	case !ok:
	case t.v.Linux != nil:
		t.linuxInput(now, &m, a)
	default:
		t.input(now, &m, a)
	}
}

// read checks what arpintr checks.
func (t *Table) read(f packet.Ethernet, a *Acts) (m message, ok bool) {
	b := f.Payload()
	if len(b) < packet.ARPLen {
		t.stats.BadLength++
		return m, false
	}
	m = message{
		hardware: binary.BigEndian.Uint16(b), op: binary.BigEndian.Uint16(b[6:]),
		sender: packet.MAC(b[8:14]), from: ip4(b[14:18]), target: packet.MAC(b[18:24]), about: ip4(b[24:28]),
		group: f.Dst().IsMulticast(), toUs: f.Dst() == t.self,
	}
	switch {
	case len(t.v.Hardware) > 0 && !slices.Contains(t.v.Hardware, m.hardware):
		t.stats.BadProtocol++
		t.say(a, t.v.words.hardware, &m, packet.MAC{})
		return m, false
	case binary.BigEndian.Uint16(b[2:]) != packet.TypeIPv4:
		t.stats.BadProtocol++
		return m, false
	case b[4] != 6 || b[5] != 4:
		t.stats.BadLength++
		return m, false
	}
	return m, true
}

// input is a BSD's in_arpinput.
func (t *Table) input(now time.Duration, m *message, a *Acts) {
	if t.v.GroupSender && m.sender.IsMulticast() {
		t.stats.GroupSender++
		t.say(a, t.v.words.group, m, packet.MAC{})
		return
	}
	if m.op == packet.ARPReply {
		t.stats.RxReplies++
	}
	// The address that is asked about, else the sender's own, else the first: a dummy.
	i := t.ownIndex(m.about)
	if i < 0 {
		i = t.ownIndex(m.from)
	}
	if i < 0 {
		i = 0
	}
	switch {
	case len(t.own) == 0:
		t.stats.NoInterface++
		return
	case m.sender == t.self:
		t.stats.OwnSender++
		return
	case m.sender.IsBroadcast():
		t.stats.GroupSender++
		t.say(a, t.v.words.broadcast, m, packet.MAC{})
		return
	}
	mine := &t.own[i]
	if m.from == (ip4{}) {
		t.stats.ZeroSender++
	}
	if m.from == mine.ip || m.from == (ip4{}) && m.about == mine.ip {
		if mine.state == tentative {
			t.duplicate(mine, m, a)
		}
		if mine.state != ready {
			return
		}
	}
	if t.v.ZeroTarget && m.about == (ip4{}) {
		t.stats.ZeroTarget++
		return
	}
	switch {
	case m.from == mine.ip:
		t.stats.DupIPs++
		t.say(a, t.v.words.duplicate, m, packet.MAC{})
		m.about = mine.ip
	case t.v.ZeroTarget && m.from == (ip4{}):
	default:
		if !t.learn(now, m, m.about == mine.ip, a) {
			return
		}
	}
	if m.op != packet.ARPRequest {
		return
	}
	t.stats.RxRequests++
	if m.about == mine.ip {
		if mine.state == ready {
			t.reply(m, t.self, a)
		}
		return
	}
	if e := t.entries[m.about]; e != nil && e.option&Published != 0 {
		t.reply(m, e.mac, a)
		return
	}
	// Who is on the wire answers for himself, and so does a gateway on it.
	if t.v.ProxyAll && t.env.Where(netip.AddrFrom4(m.about)) >= Elsewhere && t.env.Where(netip.AddrFrom4(m.from)) == Here {
		t.reply(m, t.self, a)
	}
}

// learn has the sender's entry say what the packet says; it is made only for one who speaks
// of us. It reports whether the packet is worth an answer.
func (t *Table) learn(now time.Duration, m *message, create bool, a *Acts) bool {
	e := t.entries[m.from]
	if e == nil {
		if !create || t.v.NoBroadcastEntry && t.broadcasts(m.from) {
			return true
		}
		if e = t.make(m.from, false); e == nil {
			return true
		}
	}
	if e.state == Reachable && e.mac != m.sender {
		if e.option&Permanent != 0 {
			t.stats.OverPermanent++
			if t.v.LogPermanent {
				t.say(a, t.v.words.permanent, m, e.mac)
			}
			return !t.v.PermanentSilent
		}
		t.stats.Overwritten++
		if t.v.LogMovements {
			t.say(a, t.v.words.moved, m, e.mac)
		}
	}
	e.mac, e.state = m.sender, Reachable
	e.asked, e.paused, e.refresh = 0, false, t.v.MaxTries
	if e.option&Permanent == 0 {
		t.renew(now, e)
	}
	t.release(e, a)
	return true
}

// broadcasts reports whether ip is the broadcast address of one of the interface's nets.
func (t *Table) broadcasts(ip ip4) bool {
	for _, o := range t.own {
		host := ^uint32(0) >> o.prefix.Bits()
		if o.prefix.Bits() < 31 && o.prefix.Contains(netip.AddrFrom4(ip)) && binary.BigEndian.Uint32(ip[:])&host == host {
			return true
		}
	}
	return false
}

// reply answers a request: what it was about is at mac.
func (t *Table) reply(m *message, mac packet.MAC, a *Acts) {
	hardware, to := uint16(1), m.sender
	if t.v.HardwareCopied {
		hardware = m.hardware
	}
	if t.v.LinkLocalBroadcast && netip.AddrFrom4(m.about).IsLinkLocalUnicast() {
		to = packet.Broadcast
	}
	t.stats.TxReplies++
	t.send(a, to, hardware, packet.ARPReply, mac, m.about, m.sender, m.from)
}

// request asks for ip, of the address from, or of the one that the interface has on that
// net.
func (t *Table) request(ip ip4, from *ip4, to packet.MAC, a *Acts) {
	if from == nil {
		if len(t.own) == 0 {
			return
		}
		from = &t.own[t.near(ip)].ip
	}
	t.stats.TxRequests++
	t.send(a, to, 1, packet.ARPRequest, t.self, *from, packet.MAC{}, ip)
}

// near is the index of the first address whose net ip is in, else of the first of all.
func (t *Table) near(ip ip4) int {
	for i := range t.own {
		if t.own[i].prefix.Contains(netip.AddrFrom4(ip)) {
			return i
		}
	}
	return 0
}

// send adds a frame, in memory that an earlier one has left.
func (t *Table) send(a *Acts, to packet.MAC, hardware, op uint16, sender packet.MAC, from ip4, target packet.MAC, about ip4) {
	n := len(a.Frames)
	if n < cap(a.Frames) {
		a.Frames = a.Frames[:n+1]
	} else {
		a.Frames = append(a.Frames, nil)
	}
	b := packet.AppendEthernet(a.Frames[n][:0], to, t.self, packet.TypeARP)
	b = binary.BigEndian.AppendUint16(b, hardware)
	b = binary.BigEndian.AppendUint16(b, packet.TypeIPv4)
	b = append(b, 6, 4)
	b = binary.BigEndian.AppendUint16(b, op)
	b = append(append(b, sender[:]...), from[:]...)
	a.Frames[n] = append(append(b, target[:]...), about[:]...)
}

// say adds a message to the console, if the kernel has one.
func (t *Table) say(a *Acts, format string, m *message, old packet.MAC) {
	if format == "" {
		return
	}
	a.Console = append(a.Console, fmt.Sprintf(format, m.sender, netip.AddrFrom4(m.from), t.name, old))
}
