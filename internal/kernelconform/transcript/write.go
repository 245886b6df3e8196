package transcript

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	"wireloom/vnet/packet"
)

// Describe is an Ethernet frame in the transcripts' form.
func Describe(frame []byte) string {
	e, err := packet.ParseEthernet(frame)
	if err != nil {
		return fmt.Sprintf("ETH short len%d", len(frame))
	}
	size := len(frame)
	switch p := e.Payload(); e.Type() {
	case packet.TypeARP:
		if len(p) < packet.ARPLen {
			break
		}
		a := packet.ARP(p) // of any hardware type: DragonFly's answers have that of the request
		return fmt.Sprintf("ARP op%d %v(%v) -> %v(%v) eth %v>%v len%d",
			a.Op(), a.SenderIP(), packet.MAC(a[8:14]), a.TargetIP(), packet.MAC(a[18:24]), e.Src(), e.Dst(), size)
	case packet.TypeIPv4:
		if ip, err := packet.ParseIPv4(p); err == nil {
			return describe4(ip, size)
		}
	case packet.TypeIPv6:
		if len(p) >= packet.IPv6Len {
			return describe6(p)
		}
	}
	return fmt.Sprintf("ETH type%04x len%d", e.Type(), size)
}

func describe4(ip packet.IPv4, size int) string {
	body := ip.Payload()
	df, mf := ip.Flags()>>1&1, ip.Flags()&1
	head := fmt.Sprintf("id%d ttl%d df%d", ip.ID(), ip.TTL(), df)
	off := ip.FragmentOffset()
	switch proto := ip.Protocol(); {
	case off > 0:
	case proto == packet.ProtoTCP && len(body) >= 20:
		return describeTCP(ip, head, size)
	case proto == packet.ProtoUDP && len(body) >= packet.UDPLen:
		return fmt.Sprintf("UDP %v:%d>%v:%d %s mf%d off0 data%d ck%04x len%d", ip.Src(), binary.BigEndian.Uint16(body), ip.Dst(), binary.BigEndian.Uint16(body[2:]),
			head, mf, len(body)-packet.UDPLen, binary.BigEndian.Uint16(body[6:]), size)
	case proto == packet.ProtoICMP && len(body) >= packet.ICMPLen:
		m := packet.ICMP(body)
		good := map[bool]string{true: "True", false: "False"}[mf == 1 || packet.Checksum(body) == 0]
		s := fmt.Sprintf("ICMP t%d c%d %v>%v %s tos%d data%d ck%s len%d", m.Type(), m.Code(), ip.Src(), ip.Dst(), head, ip.TOS(), len(m.Payload()), good, size)
		if m.IsError4() || m.Type() == 5 {
			s += fmt.Sprintf(" quotes %d bytes rest=%08x", len(m.Payload()), m.Rest())
		}
		return s
	}
	return fmt.Sprintf("IP proto%d %v>%v %s mf%d off%d pl%d", ip.Protocol(), ip.Src(), ip.Dst(), head, mf, off, len(body))
}

func describeTCP(ip packet.IPv4, head string, size int) string {
	s := ip.Payload()
	n := min(max(int(s[12]>>4)*4, 20), len(s))
	return fmt.Sprintf("TCP %v:%d>%v:%d %s seq%d ack%d win%d %s tos%d data%d [%s] len%d",
		ip.Src(), binary.BigEndian.Uint16(s), ip.Dst(), binary.BigEndian.Uint16(s[2:]), tcpFlags(s[13]),
		binary.BigEndian.Uint32(s[4:]), binary.BigEndian.Uint32(s[8:]), binary.BigEndian.Uint16(s[14:]), head, ip.TOS(), len(s)-n, Options(s[20:n]), size)
}

func tcpFlags(b byte) string {
	var s strings.Builder
	for i, c := range "FSRPAUEC" {
		if b>>i&1 != 0 {
			s.WriteRune(c)
		}
	}
	return s.String()
}

// Options are TCP options in the transcripts' form: mss=1460,nop,ws=6,sackOK,ts=VALECR.
func Options(b []byte) string {
	var out []string
	for len(b) > 0 {
		kind := b[0]
		if kind < 2 {
			out = append(out, [...]string{"eol", "nop"}[kind])
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			return strings.Join(append(out, "bad"), ",")
		}
		arg := b[2:b[1]]
		switch {
		case kind == 2 && len(arg) == 2:
			out = append(out, fmt.Sprintf("mss=%d", binary.BigEndian.Uint16(arg)))
		case kind == 3 && len(arg) == 1:
			out = append(out, fmt.Sprintf("ws=%d", arg[0]))
		case kind == 4 && len(arg) == 0:
			out = append(out, "sackOK")
		case kind == 5:
			out = append(out, "sack="+hex.EncodeToString(arg))
		case kind == 8:
			out = append(out, "ts="+hex.EncodeToString(arg))
		default:
			out = append(out, fmt.Sprintf("opt%d=%x", kind, arg))
		}
		b = b[b[1]:]
	}
	return strings.Join(out, ",")
}

// shown6 is how many bytes of an ICMPv6 message a transcript holds.
const shown6 = 56

func describe6(p []byte) string {
	src, dst := netip.AddrFrom16([16]byte(p[8:24])), netip.AddrFrom16([16]byte(p[24:40]))
	next, body, hbh := p[6], p[packet.IPv6Len:], ""
	if next == 0 && len(body) >= 8 && len(body) >= int(body[1])*8+8 {
		next, body, hbh = body[0], body[int(body[1])*8+8:], "hbh "
	}
	if next == packet.ProtoICMPv6 && len(body) >= 4 {
		return fmt.Sprintf("ICMP6 t%d %v>%v hl%d %spl=%x", body[0], src, dst, p[7], hbh, body[4:min(len(body), 4+shown6)])
	}
	return fmt.Sprintf("IP6 nh%d %v>%v hl%d pl%d", next, src, dst, p[7], len(body))
}
