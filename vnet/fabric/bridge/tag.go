package bridge

import (
	"encoding/binary"

	"wireloom/vnet/packet"
)

const (
	macsLen = 12    // of the two addresses
	vidMask = 0xfff // of a tag, its VLAN identifier
)

// An incoming frame as the switch sees it.
type incoming struct {
	port   int
	frame  packet.Ethernet
	dst    addr
	src    addr
	vlan   uint16      // 0 where the switch knows none
	pcp    uint16      // priority and drop eligibility, in their place in a tag
	tag    packet.VLAN // that it came with, of any kind, which its length does not count; nil if none
	tagged bool        // with a tag of the switch's own kind
}

// A rewritten frame is one as it leaves where that is otherwise than it came: without a
// tag, or with the switch's. All ports share the bytes.
type rewritten struct{ without, with []byte }

func (r *rewritten) any() bool { return r.without != nil || r.with != nil }

// body is the frame behind its addresses without the switch's own tag.
func (f *incoming) body() []byte {
	if f.tagged {
		return f.frame[macsLen+packet.VLANLen:]
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
	if f.tag != nil && f.frame.Type() == b.conf.TPID {
		f.tagged = true
		f.vlan, f.pcp = f.tag.TCI()&vidMask, f.tag.TCI()&^vidMask
	}
	if a := p.conf.Accept; a == AcceptTagged && f.vlan == 0 || a == AcceptUntagged && f.vlan != 0 {
		return FrameType
	}
	if f.vlan == 0 {
		if p.pvid == 0 {
			return NoPVID
		}
		f.vlan = p.pvid
		return ""
	}
	if _, ok := p.member[f.vlan]; !ok && (!p.conf.Lenient || f.vlan > MaxVLANs) { // 4095 is nobody's
		return NotMember
	}
	return ""
}

// leaving is the frame as it leaves by a port: nil where that is as it came. Ports where it
// leaves alike share its bytes.
func (b *Bridge) leaving(f *incoming, out int) []byte {
	if !b.conf.Filtering {
		return nil
	}
	untagged := b.ports[out].member[f.vlan].Untagged
	switch {
	case untagged && !f.tagged, !untagged && f.tagged && f.tag.TCI()&vidMask == f.vlan:
		return nil
	case untagged && b.made.without != nil:
		return b.made.without
	case untagged:
		b.made.without = append(append(make([]byte, 0, len(f.frame)), f.frame[:macsLen]...), f.body()...)
		return b.made.without
	case b.made.with != nil:
		return b.made.with
	}
	g := packet.AppendEthernet(make([]byte, 0, len(f.frame)+packet.VLANLen), f.frame.Dst(), f.frame.Src(), b.conf.TPID)
	g = binary.BigEndian.AppendUint16(g, f.pcp|f.vlan)
	b.made.with = append(g, f.body()...)
	return b.made.with
}

// length is the frame's length as a port's MTU counts it: without its outermost tag,
// which a network card takes off.
func (f *incoming) length() int {
	if f.tagged || f.tag != nil && f.vlan == 0 {
		return len(f.frame) - packet.VLANLen
	}
	return len(f.frame)
}

// fits reports whether the frame may leave by a port of some MTU: a tag more than that
// always fits (Linux, is_skb_forwardable).
func (p *port) fits(f *incoming) bool {
	return p.conf.MTU == 0 || f.length() <= p.conf.MTU+packet.EthernetLen+packet.VLANLen
}
