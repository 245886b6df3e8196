package decode

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Summarize is a frame in one line.
func Summarize(link Link, b []byte) (s Summary) {
	b, long := clip(b)
	glance(link, b, func(ls []layer) {
		s = summarize(ls, b)
		if n := len(ls); n > 0 && ls[n-1].proto == pData && ls[n-1].of > pData && ls[n-1].of != pICMPv6 {
			in := whole(ls, b)
			if l := &in[len(in)-1]; l.proto > pData && l.bad == "" {
				s.Proto, s.Info = protos[l.proto].short, l.describe(b)
			}
		}
		s.Bad = long
		for i := range ls {
			s.Bad = first(s.Bad, ls[i].fault())
		}
	})
	return s
}

// summarize says what the innermost header says, and the addresses of the innermost that
// has some.
func summarize(ls []layer, b []byte) Summary {
	said, addressed := -1, -1 // the layers of that
	length := -1              // bytes of data that are told
	for i := range ls {
		l := &ls[i]
		if l.proto == pData {
			if said < 0 || slices.Contains(carriers, ls[said].proto) {
				length = l.hdr
			}
			continue
		}
		said, length = i, -1
		if l.hasAddresses(b) {
			addressed = i
		}
	}
	var s Summary
	if addressed >= 0 {
		s.Src, s.Dst = ls[addressed].addresses(b)
	}
	if said < 0 {
		s.Proto, s.Info = "Data", strconv.Itoa(len(b))+" bytes"
	} else {
		l := &ls[said]
		s.Proto = protos[l.proto].short
		src, dst := s.Src, s.Dst // beside ports
		if addressed >= 0 && ls[addressed].proto == pIPv6 {
			src, dst = "["+src+"]", "["+dst+"]"
		}
		s.Info = l.says(ls[said+1:], src, dst, b)
	}
	if length >= 0 {
		s.Info = strings.TrimSpace(s.Info + " len " + strconv.Itoa(length))
	}
	return s
}

// carriers are the headers behind which it is told how much data there is.
var carriers = []proto{pEth, pVLAN, pIPv4, pIPv6}

// says is describe with the addresses of the packet, and with what follows: the length of
// what UDP and TCP carry, the packet that an ICMP error is about.
func (l *layer) says(behind []layer, src, dst string, b []byte) string {
	switch {
	case l.proto == pUDP || l.proto == pTCP:
		s := l.ports(b, src, dst)
		if l.proto == pTCP && l.hdr < 20 {
			return s
		}
		n := 0
		if len(behind) > 0 {
			n = behind[0].hdr
		}
		return s + " len " + strconv.Itoa(n)
	case len(l.quoted) > 0:
		q := summarize(l.quoted, b)
		s := l.describe(b) + " about " + q.Proto + " " + q.Info
		if q.Proto == "ICMP" || q.Proto == "ICMPv6" {
			s += " to " + q.Dst
		}
		return s
	}
	return l.describe(b)
}

func (l *layer) hasAddresses(b []byte) bool {
	switch l.proto { //nolint:exhaustive // the others have none
	case pEth:
		return l.hdr >= 14
	case pARP:
		return l.bad == "" && l.hdr >= 28 && macIPv4(b[l.off:])
	case pIPv4:
		return l.hdr >= 20
	case pIPv6:
		return l.hdr >= 40
	}
	return false
}

// addresses are those of a header that has them.
func (l *layer) addresses(b []byte) (src, dst string) {
	h := b[l.off:]
	switch l.proto { //nolint:exhaustive // the others have none
	case pEth:
		return macString(h[6:12]), macString(h[:6])
	case pARP:
		return address(h[14:18]), address(h[24:28])
	case pIPv4:
		return address(h[12:16]), address(h[16:20])
	default:
		return address(h[8:24]), address(h[24:40])
	}
}

// ports is "10.0.0.1:4444 > 10.0.0.2:80", with a segment's flags and numbers.
func (l *layer) ports(b []byte, src, dst string) string {
	h := b[l.off : l.off+l.hdr]
	if len(h) < 4 {
		return "header is cut short"
	}
	s := make(line, 0, 96).text(src).text(":").num(uint32(binary.BigEndian.Uint16(h))).text(" > ").text(dst).text(":").num(uint32(binary.BigEndian.Uint16(h[2:])))
	if l.proto == pTCP && len(h) >= 20 {
		s = s.text(" [").text(flagNames(h)).text("] seq ").num(binary.BigEndian.Uint32(h[4:]))
		if h[13]&0x10 != 0 {
			s = s.text(" ack ").num(binary.BigEndian.Uint32(h[8:]))
		}
		s = s.text(" win ").num(uint32(binary.BigEndian.Uint16(h[14:])))
	}
	return string(s)
}

// A line is put together of what is said most: for each frame that is shown there is one.
type line []byte

func (l line) text(s string) line { return append(l, s...) }

func (l line) num(n uint32) line { return strconv.AppendUint(l, uint64(n), 10) }

func flagNames(h []byte) string {
	var set []string
	for i, name := range []string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"} {
		if h[13]>>i&1 != 0 {
			set = append(set, name)
		}
	}
	if h[12]&1 != 0 {
		set = append(set, "AE")
	}
	if len(set) == 0 {
		return "none"
	}
	return strings.Join(set, ", ")
}

func address(b []byte) string {
	a, _ := netip.AddrFromSlice(b)
	return a.String()
}

// describe is what a layer says, in a few words.
func (l *layer) describe(b []byte) string {
	h := b[l.off : l.off+l.hdr]
	switch l.proto {
	case pEth:
		if len(h) >= 14 {
			typ := binary.BigEndian.Uint16(h[12:])
			if typ < 0x600 {
				return fmt.Sprintf("802.3 length %d", typ)
			}
			return strings.TrimSpace(fmt.Sprintf("type 0x%04x %s", typ, etherTypes[uint64(typ)]))
		}
	case pVLAN:
		if len(h) >= 4 {
			return fmt.Sprintf("VLAN %d type 0x%04x", binary.BigEndian.Uint16(h)&0xfff, binary.BigEndian.Uint16(h[2:]))
		}
	case pARP:
		return l.describeARP(h)
	case pIPv4:
		if len(h) >= 20 {
			s := address(h[12:16]) + " > " + address(h[16:20]) + " " + protocol(h[9])
			if frag := binary.BigEndian.Uint16(h[6:]); frag&0x3fff != 0 {
				s += fmt.Sprintf(" fragment id 0x%04x offset %d", binary.BigEndian.Uint16(h[4:]), int(frag&0x1fff)*8)
			}
			return s
		}
	case pIPv6:
		if len(h) >= 40 {
			return address(h[8:24]) + " > " + address(h[24:40]) + " " + protocol(h[6])
		}
	case pICMP:
		return l.describeICMP(h, icmpTypes, echo, icmpCodes)
	case pICMPv6:
		return l.describeICMP(h, icmp6Types, echo6, icmp6Codes)
	case pUDP:
		if len(h) >= 8 {
			return fmt.Sprintf("%d > %d", binary.BigEndian.Uint16(h), binary.BigEndian.Uint16(h[2:]))
		}
	case pTCP:
		if len(h) >= 20 {
			return fmt.Sprintf("%d > %d [%s]", binary.BigEndian.Uint16(h), binary.BigEndian.Uint16(h[2:]), flagNames(h))
		}
	case pData:
		return fmt.Sprintf("%d bytes", len(h))
	case pSTag:
		return fmt.Sprintf("VLAN %d", binary.BigEndian.Uint16(h)&0xfff)
	case pLLC, pSTP, pIGMP, pDNS, pDHCP:
		return l.describeMessage(b)
	case pFrame, pNull:
	}
	return ""
}

// describeMessage is what a message says, by the fields that were found in it.
func (l *layer) describeMessage(b []byte) string {
	said := map[string]string{}
	for i := range l.places {
		p := &l.places[i]
		if _, twice := said[p.spec.name]; twice {
			continue
		}
		val, text := p.spec.format(p.read(b))
		if text != "" && p.spec.kind != kBool && p.spec.kind != kAge {
			val = text
		}
		said[p.spec.name] = val
	}
	switch l.proto { //nolint:exhaustive // the others are no messages
	case pLLC:
		return fmt.Sprintf("DSAP %s SSAP %s", said["llc.dsap"], said["llc.ssap"])
	case pSTP:
		if said["stp.root.hw"] == "" {
			return said["stp.type"]
		}
		return fmt.Sprintf("%s root %s/%s cost %s port %s", said["stp.type"], said["stp.root.prio"], said["stp.root.hw"], said["stp.root.cost"], said["stp.port"])
	case pIGMP:
		return strings.TrimSpace(said["igmp.type"] + " " + said["igmp.maddr"])
	case pDHCP:
		if kind := said["dhcp.option.dhcp"]; kind != "" {
			return fmt.Sprintf("%s %s id %s", kind, said["dhcp.hw.mac_addr"], said["dhcp.id"])
		}
		return "BOOTP id " + said["dhcp.id"]
	}
	s := fmt.Sprintf("query %s %s", said["dns.qry.type"], said["dns.qry.name"])
	if said["dns.flags.response"] == "1" {
		s = fmt.Sprintf("response %s %s: %s", said["dns.qry.type"], said["dns.qry.name"], said["dns.flags.rcode"])
		for _, name := range []string{"dns.a", "dns.aaaa", "dns.cname", "dns.ns", "dns.ptr.domain_name", "dns.mx.mail_exchange"} {
			if v := said[name]; v != "" {
				s += ", " + v
			}
		}
	}
	return s
}

func protocol(p byte) string {
	if name := ipProtos[uint64(p)]; name != "" {
		return name
	}
	return fmt.Sprintf("protocol %d", p)
}

func (l *layer) describeARP(h []byte) string {
	if len(h) < 28 || !macIPv4(h) {
		return ""
	}
	op := binary.BigEndian.Uint16(h[6:])
	src, dst := address(h[14:18]), address(h[24:28])
	switch {
	case op == 1 && src == dst:
		return "announcement of " + src
	case op == 1 && src == "0.0.0.0":
		return "probe for " + dst
	case op == 1:
		return "who-has " + dst + " tell " + src
	case op == 2:
		return src + " is-at " + macString(h[8:14])
	}
	return fmt.Sprintf("operation %d", op)
}

// What the codes of ICMP errors say, by type and code.
var (
	icmpCodes = map[[2]byte]string{
		{3, 0}: "network", {3, 1}: "host", {3, 2}: "protocol", {3, 3}: "port", {3, 4}: "fragmentation needed", {3, 13}: "administratively prohibited",
		{11, 0}: "in transit", {11, 1}: "in reassembly",
	}
	icmp6Codes = map[[2]byte]string{
		{1, 0}: "no route", {1, 1}: "administratively prohibited", {1, 3}: "address", {1, 4}: "port", {3, 0}: "in transit", {3, 1}: "in reassembly",
	}
)

func (l *layer) describeICMP(h []byte, names map[uint64]string, isEcho func([]byte) bool, codes map[[2]byte]string) string {
	if len(h) < 8 {
		return ""
	}
	s, code := names[uint64(h[0])], codes[[2]byte(h)]
	switch {
	case s == "":
		s = fmt.Sprintf("type %d code %d", h[0], h[1])
	case isEcho(h):
		s = string(make(line, 0, 64).text(s).text(" id ").num(uint32(binary.BigEndian.Uint16(h[4:]))).text(" seq ").num(uint32(binary.BigEndian.Uint16(h[6:]))))
	case code != "":
		s += " (" + code + ")"
	case h[1] != 0:
		s += fmt.Sprintf(" (code %d)", h[1])
	}
	switch {
	case l.proto == pICMP && isMTU(h):
		s += fmt.Sprintf(" mtu %d", binary.BigEndian.Uint16(h[6:]))
	case l.proto == pICMPv6 && h[0] == 2:
		s += fmt.Sprintf(" mtu %d", binary.BigEndian.Uint32(h[4:]))
	case l.proto == pICMPv6 && (h[0] == 135 || h[0] == 136) && len(h) >= 24:
		s += " " + address(h[8:24])
	}
	return s
}
