package decode

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
)

// Summarize is a frame in one line.
func Summarize(link Link, b []byte) Summary {
	b, long := clip(b)
	ls := walk(link, b)
	s := summarize(ls, b)
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
	return s
}

func summarize(ls []layer, b []byte) Summary {
	s := Summary{Proto: "Data", Info: fmt.Sprintf("%d bytes", len(b))}
	var src, dst string // of the IP layer, for ports
	for i := range ls {
		l := &ls[i]
		if l.proto == pData {
			if s.Proto == "Data" || s.Proto == "Ethernet" || s.Proto == "802.1Q" || s.Proto == "IPv4" || s.Proto == "IPv6" {
				s.Info = strings.TrimSpace(s.Info + fmt.Sprintf(" len %d", l.hdr))
			}
			continue
		}
		s.Proto, s.Info = protos[l.proto].short, l.describe(b)
		switch l.proto {
		case pEth:
			if l.hdr >= 14 {
				s.Dst, s.Src = macString(b[0:6]), macString(b[6:12])
			}
		case pARP:
			if at := l.off; l.bad == "" && l.hdr >= 28 && macIPv4(b[at:]) {
				s.Src, s.Dst = address(b[at+14:at+18]), address(b[at+24:at+28])
			}
		case pIPv4:
			if l.hdr >= 20 {
				s.Src, s.Dst = address(b[l.off+12:l.off+16]), address(b[l.off+16:l.off+20])
				src, dst = s.Src, s.Dst
			}
		case pIPv6:
			if l.hdr >= 40 {
				s.Src, s.Dst = address(b[l.off+8:l.off+24]), address(b[l.off+24:l.off+40])
				src, dst = "["+s.Src+"]", "["+s.Dst+"]"
			}
		case pUDP, pTCP:
			s.Info = l.ports(b, src, dst)
			n := 0
			if i+1 < len(ls) {
				n = ls[i+1].hdr
			}
			if l.proto == pUDP || l.hdr >= 20 {
				s.Info += fmt.Sprintf(" len %d", n)
			}
		case pICMP, pICMPv6:
			if len(l.quoted) > 0 {
				q := summarize(l.quoted, b)
				s.Info += fmt.Sprintf(" about %s %s", q.Proto, q.Info)
				if q.Proto == "ICMP" || q.Proto == "ICMPv6" {
					s.Info += fmt.Sprintf(" to %s", q.Dst)
				}
			}
		case pFrame, pNull, pVLAN, pData, pSTag, pLLC, pSTP, pIGMP, pDNS, pDHCP:
		}
	}
	return s
}

// ports is "10.0.0.1:4444 > 10.0.0.2:80", with a segment's flags and numbers.
func (l *layer) ports(b []byte, src, dst string) string {
	h := b[l.off : l.off+l.hdr]
	if len(h) < 4 {
		return "header is cut short"
	}
	s := fmt.Sprintf("%s:%d > %s:%d", src, binary.BigEndian.Uint16(h), dst, binary.BigEndian.Uint16(h[2:]))
	if l.proto == pTCP && len(h) >= 20 {
		flags := flagNames(h)
		s += fmt.Sprintf(" [%s] seq %d", flags, binary.BigEndian.Uint32(h[4:]))
		if h[13]&0x10 != 0 {
			s += fmt.Sprintf(" ack %d", binary.BigEndian.Uint32(h[8:]))
		}
		s += fmt.Sprintf(" win %d", binary.BigEndian.Uint16(h[14:]))
	}
	return s
}

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
			s := fmt.Sprintf("%s > %s %s", address(h[12:16]), address(h[16:20]), protocol(h[9]))
			if frag := binary.BigEndian.Uint16(h[6:]); frag&0x3fff != 0 {
				s += fmt.Sprintf(" fragment id 0x%04x offset %d", binary.BigEndian.Uint16(h[4:]), int(frag&0x1fff)*8)
			}
			return s
		}
	case pIPv6:
		if len(h) >= 40 {
			return fmt.Sprintf("%s > %s %s", address(h[8:24]), address(h[24:40]), protocol(h[6]))
		}
	case pICMP:
		return l.describeICMP(h, icmpTypes, echo, map[string]string{
			"3.0": "network", "3.1": "host", "3.2": "protocol", "3.3": "port", "3.4": "fragmentation needed", "3.13": "administratively prohibited",
			"11.0": "in transit", "11.1": "in reassembly",
		})
	case pICMPv6:
		return l.describeICMP(h, icmp6Types, echo6, map[string]string{
			"1.0": "no route", "1.1": "administratively prohibited", "1.3": "address", "1.4": "port", "3.0": "in transit", "3.1": "in reassembly",
		})
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
		return fmt.Sprintf("who-has %s tell %s", dst, src)
	case op == 2:
		return fmt.Sprintf("%s is-at %s", src, macString(h[8:14]))
	}
	return fmt.Sprintf("operation %d", op)
}

func (l *layer) describeICMP(h []byte, names map[uint64]string, isEcho func([]byte) bool, codes map[string]string) string {
	if len(h) < 8 {
		return ""
	}
	s := names[uint64(h[0])]
	switch {
	case s == "":
		s = fmt.Sprintf("type %d code %d", h[0], h[1])
	case isEcho(h):
		s += fmt.Sprintf(" id %d seq %d", binary.BigEndian.Uint16(h[4:]), binary.BigEndian.Uint16(h[6:]))
	case codes[fmt.Sprintf("%d.%d", h[0], h[1])] != "":
		s += " (" + codes[fmt.Sprintf("%d.%d", h[0], h[1])] + ")"
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
