//go:build linux

package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	"wireloom/vnet/packet"
)

// describe is a frame as the transcripts have it.
func describe(f []byte) string {
	if len(f) < packet.EthernetLen {
		return fmt.Sprintf("short %x", f)
	}
	e := packet.Ethernet(f)
	switch e.Type() {
	case packet.TypeARP:
		return describeARP(e)
	case packet.TypeIPv4:
		return describeIPv4(e.Payload(), len(f))
	case packet.TypeIPv6:
		return describeIPv6(e.Payload())
	}
	return fmt.Sprintf("type %#04x %x", e.Type(), e.Payload())
}

func describeARP(e packet.Ethernet) string {
	a := e.Payload()
	if len(a) < 28 {
		return fmt.Sprintf("ARP short %x", a)
	}
	four := func(b []byte) netip.Addr { return netip.AddrFrom4([4]byte(b[:4])) }
	return fmt.Sprintf("ARP op%d %v(%v) -> %v(%v) eth %v>%v len%d", binary.BigEndian.Uint16(a[6:]),
		four(a[14:]), packet.MAC(a[8:14]), four(a[24:]), packet.MAC(a[18:24]), e.Src(), e.Dst(), len(e))
}

func describeIPv4(b []byte, length int) string {
	p, err := packet.ParseIPv4(b)
	if err != nil {
		return fmt.Sprintf("IPv4 %v: %x", err, b)
	}
	bit := func(f uint8) int {
		if p.Flags()&f != 0 {
			return 1
		}
		return 0
	}
	df, mf := bit(packet.DontFragment), bit(packet.MoreFragments)
	if p.FragmentOffset() > 0 {
		return fmt.Sprintf("IP proto%d %v>%v id%d ttl%d df%d mf%d off%d pl%d ", p.Protocol(), p.Src(), p.Dst(), p.ID(), p.TTL(), df, mf, p.FragmentOffset(), len(p.Payload()))
	}
	l := p.Payload()
	switch {
	case p.Protocol() == packet.ProtoICMP && len(l) >= 8:
		m := packet.ICMP(l)
		said := "True"
		if packet.Checksum(l) != 0 {
			said = "False"
		}
		if mf == 1 {
			said = "True" // of a part it is not known
		}
		s := fmt.Sprintf("ICMP t%d c%d %v>%v id%d ttl%d df%d tos%d data%d ck%s len%d", m.Type(), m.Code(), p.Src(), p.Dst(), p.ID(), p.TTL(), df, p.TOS(), len(m.Payload()), said, length)
		if m.IsError4() {
			s += fmt.Sprintf(" quotes %d bytes rest=%08x", len(m.Payload()), m.Rest())
		}
		return s
	case p.Protocol() == packet.ProtoUDP && len(l) >= 8:
		return fmt.Sprintf("UDP %v:%d>%v:%d id%d ttl%d df%d mf%d off0 data%d ck%04x len%d", p.Src(), binary.BigEndian.Uint16(l), p.Dst(), binary.BigEndian.Uint16(l[2:]),
			p.ID(), p.TTL(), df, mf, len(l)-8, binary.BigEndian.Uint16(l[6:]), length)
	case p.Protocol() == packet.ProtoTCP && len(l) >= 20:
		t := tcp(l)
		return fmt.Sprintf("TCP %v:%d>%v:%d %s seq%d ack%d win%d id%d ttl%d df%d tos%d data%d [%s] len%d", p.Src(), t.sport(), p.Dst(), t.dport(), t.flagNames(), t.seq(), t.ack(), t.window(),
			p.ID(), p.TTL(), df, p.TOS(), len(t.data()), t.options(), length)
	}
	return fmt.Sprintf("IP proto%d %v>%v id%d ttl%d df%d mf%d off0 pl%d %x", p.Protocol(), p.Src(), p.Dst(), p.ID(), p.TTL(), df, mf, len(l), l)
}

// A tcp is a segment of at least 20 bytes.
type tcp []byte

func (t tcp) sport() uint16  { return binary.BigEndian.Uint16(t) }
func (t tcp) dport() uint16  { return binary.BigEndian.Uint16(t[2:]) }
func (t tcp) seq() uint32    { return binary.BigEndian.Uint32(t[4:]) }
func (t tcp) ack() uint32    { return binary.BigEndian.Uint32(t[8:]) }
func (t tcp) window() uint16 { return binary.BigEndian.Uint16(t[14:]) }
func (t tcp) header() int    { return min(max(int(t[12]>>4)*4, 20), len(t)) }
func (t tcp) data() []byte   { return t[t.header():] }

func (t tcp) flagNames() string {
	var s []byte
	for _, f := range []struct {
		bit  byte
		name byte
	}{{fin, 'F'}, {syn, 'S'}, {rst, 'R'}, {psh, 'P'}, {ack, 'A'}, {ece, 'E'}, {cwr, 'C'}} {
		if t[13]&f.bit != 0 {
			s = append(s, f.name)
		}
	}
	return string(s)
}

// options are the options in their order.
func (t tcp) options() string {
	var s []string
	for o := t[20:t.header()]; len(o) > 0; {
		switch {
		case o[0] == 0:
			s, o = append(s, "eol"), o[1:]
			continue
		case o[0] == 1:
			s, o = append(s, "nop"), o[1:]
			continue
		case len(o) < 2 || o[1] < 2 || int(o[1]) > len(o):
			return strings.Join(append(s, fmt.Sprintf("bad %x", o)), ",")
		}
		v := o[2:o[1]]
		switch o[0] {
		case 2:
			s = append(s, fmt.Sprintf("mss=%d", binary.BigEndian.Uint16(v)))
		case 3:
			s = append(s, fmt.Sprintf("ws=%d", v[0]))
		case 4:
			s = append(s, "sackOK")
		case 5:
			s = append(s, "sack="+hex.EncodeToString(v))
		case 8:
			s = append(s, "ts="+hex.EncodeToString(v))
		default:
			s = append(s, fmt.Sprintf("opt%d=%x", o[0], v))
		}
		o = o[o[1]:]
	}
	return strings.Join(s, ",")
}

// shownICMPv6 is how much of a message a transcript shows.
const shownICMPv6 = 56

func describeIPv6(b []byte) string {
	if len(b) < 40 {
		return fmt.Sprintf("IPv6 short %x", b)
	}
	src, dst := netip.AddrFrom16([16]byte(b[8:24])), netip.AddrFrom16([16]byte(b[24:40]))
	next, hops, l, hbh := b[6], b[7], b[40:], ""
	if next == 0 && len(l) >= 8 {
		next, l, hbh = l[0], l[min(len(l), int(l[1]+1)*8):], "hbh "
	}
	if next == packet.ProtoICMPv6 && len(l) >= 4 {
		return fmt.Sprintf("ICMP6 t%d %v>%v hl%d %spl=%x", l[0], src, dst, hops, hbh, l[4:min(len(l), 4+shownICMPv6)])
	}
	s := fmt.Sprintf("IP6 nh%d %v>%v hl%d pl%d", next, src, dst, hops, len(l))
	if next == packet.ProtoTCP && len(l) >= 20 {
		t := tcp(l)
		s += fmt.Sprintf(" %s win%d [%s] flow%05x", t.flagNames(), t.window(), t.options(), binary.BigEndian.Uint32(b)&0xfffff)
	}
	return s
}
