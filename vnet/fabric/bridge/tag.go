package bridge

import (
	"encoding/binary"
	"net/netip"

	"wireloom/vnet/packet"
)

// A tag is a VLAN tag as a frame carries it: TPID, and 16 bits of priority (3), drop
// eligibility (1) and VLAN identifier (12). IEEE 802.1Q-2018, 9.6.
type tag struct {
	tpid, tci uint16
}

const (
	macsLen = 12 // of the two addresses
	tagLen  = 4
	vidMask = 0xfff
)

// tagOf reads the outermost tag of a frame. short is true where the frame ends within
// it.
func tagOf(frame []byte) (t tag, tagged, short bool) {
	typ := binary.BigEndian.Uint16(frame[macsLen:])
	if typ != TPID8021Q && typ != TPID8021AD {
		return tag{}, false, false
	}
	if len(frame) < packet.EthernetLen+tagLen {
		return tag{}, false, true
	}
	return tag{typ, binary.BigEndian.Uint16(frame[macsLen+2:])}, true, false
}

// An incoming frame as the switch sees it.
type incoming struct {
	port    int
	frame   []byte
	dst     packet.MAC
	src     packet.MAC
	vlan    uint16 // 0 where the switch knows none
	pcp     uint16 // priority and drop eligibility, in their place in a tag
	tag     tag    // that it came with, of any kind
	tagged  bool   // with a tag of the switch's own kind
	carried bool   // with a tag of any kind, which its length does not count

	// What snooping found, where it looked.
	group     netip.Addr // the IP group that it is for
	asked     bool       // everybody gets it
	control   bool       // it is IGMP or MLD
	toRouters bool       // it is a report, which members must not hear
}

// body is the frame behind its addresses without the switch's own tag.
func (f *incoming) body() []byte {
	if f.tagged {
		return f.frame[macsLen+tagLen:]
	}
	return f.frame[macsLen:]
}

// classify finds the frame's VLAN: that of its tag, or the port's own where it has none
// or one without a VLAN, a priority tag (802.1Q-2018, 6.9).
func (b *Bridge) classify(f *incoming) Reason {
	p := &b.ports[f.port]
	if !b.conf.Filtering {
		return ""
	}
	if f.carried && f.tag.tpid == b.conf.TPID {
		f.tagged = true
		f.vlan, f.pcp = f.tag.tci&vidMask, f.tag.tci&^vidMask
	}
	if f.vlan == 0 {
		if p.pvid == 0 {
			return NoPVID
		}
		f.vlan = p.pvid
		return ""
	}
	if _, ok := p.member[f.vlan]; !ok { // 4095 is nobody's
		return NotMember
	}
	return ""
}

// leaving is the frame as it leaves by a port: nil where that is as it came.
func (b *Bridge) leaving(f *incoming, out int) []byte {
	if !b.conf.Filtering {
		return nil
	}
	untagged := b.ports[out].member[f.vlan].Untagged
	switch {
	case untagged && !f.tagged, !untagged && f.tagged && f.tag.tci&vidMask == f.vlan:
		return nil
	case untagged:
		return append(append(make([]byte, 0, len(f.frame)), f.frame[:macsLen]...), f.body()...)
	}
	g := append(make([]byte, 0, len(f.frame)+tagLen), f.frame[:macsLen]...)
	g = binary.BigEndian.AppendUint16(g, b.conf.TPID)
	g = binary.BigEndian.AppendUint16(g, f.pcp|f.vlan)
	return append(g, f.body()...)
}

// length is the frame's length as a port's MTU counts it: without its outermost tag,
// which a network card takes off.
func (f *incoming) length() int {
	if f.tagged || f.carried && f.vlan == 0 {
		return len(f.frame) - tagLen
	}
	return len(f.frame)
}

// fits reports whether the frame may leave by a port of some MTU: a tag more than that
// always fits (Linux, is_skb_forwardable).
func (p *port) fits(f *incoming) bool {
	return p.conf.MTU == 0 || f.length() <= p.conf.MTU+packet.EthernetLen+tagLen
}
