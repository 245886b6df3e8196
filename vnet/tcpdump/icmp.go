package tcpdump

import (
	"fmt"

	"wireloom/vnet/packet"
	"wireloom/vnet/tcpdump/show"
)

// icmp writes an ICMP message.
func (t *text) icmp(b []byte, size int, d datagram) {
	t.Proto = "icmp"
	typ := t.U8(b, 0)
	what := t.icmpText(b, typ, t.U8(b, 1))
	if what == "" {
		t.Truncated()
		return
	}
	t.F("ICMP %s, length %d", what, size)
	if t.V(1) && !d.fragmented && len(b) >= size {
		if left := packet.Checksum(b[:size]); left != 0 {
			have := t.U16(b, 2)
			t.F(" (wrong icmp cksum %x (->%x)!)", have, show.SumShouldBe(have, left))
		}
	}
	if t.V(1) && (typ == 3 || typ == 4 || typ == 5 || typ == 11 || typ == 12) {
		t.S("\n\t")
		quote := show.After(b, 8)
		n := t.U16(quote, 2)
		t.ipv4(show.First(quote, n), n)
		t.Proto = "icmp"
		t.extension(b, size, typ)
	}
}

// unreachable are the words behind the quoted destination, by code; %s is that address.
var unreachable = map[int]string{
	0: "net %s unreachable", 1: "host %s unreachable", 5: "%s unreachable - source route failed", 6: "net %s unreachable - unknown",
	7: "host %s unreachable - unknown", 8: "%s unreachable - source host isolated", 9: "net %s unreachable - admin prohibited",
	10: "host %s unreachable - admin prohibited", 11: "net %s unreachable - tos prohibited", 12: "host %s unreachable - tos prohibited",
	13: "host %s unreachable - admin prohibited filter", 14: "host %s unreachable - host precedence violation", 15: "host %s unreachable - precedence cutoff",
}

// icmpText says what a message is; "" where too little of it was captured.
func (t *text) icmpText(b []byte, typ, code int) string {
	switch typ {
	case 0, 8:
		what := "reply"
		if typ == 8 {
			what = "request"
		}
		return fmt.Sprintf("echo %s, id %d, seq %d", what, t.U16(b, 4), t.U16(b, 6))
	case 3:
		return t.unreachableText(b, code)
	case 5:
		to := t.IP4(b, 24)
		words := map[int]string{0: "redirect %s to net %s", 1: "redirect %s to host %s", 2: "redirect-tos %s to net %s", 3: "redirect-tos %s to host %s"}
		if w, ok := words[code]; ok {
			return fmt.Sprintf(w, to, t.IP4(b, 4))
		}
		return fmt.Sprintf("redirect-#%d %s to %s", code, to, t.IP4(b, 4))
	case 9:
		return t.routerText(b)
	case 11:
		if len(b) < 28 {
			return ""
		}
		return show.Name(map[int]string{0: "time exceeded in-transit", 1: "ip reassembly time exceeded"}, code, "time exceeded-#%d")
	case 12:
		if code != 0 {
			return fmt.Sprintf("parameter problem - code %d", code)
		}
		return fmt.Sprintf("parameter problem - octet %d", t.U8(b, 4))
	case 18:
		return fmt.Sprintf("address mask is 0x%08x", t.U32(b, 8))
	case 13:
		return fmt.Sprintf("time stamp query id %d seq %d", t.U16(b, 4), t.U16(b, 6))
	case 14:
		if len(b) < 20 {
			return ""
		}
		return fmt.Sprintf("time stamp reply id %d seq %d: org %s, recv %s, xmit %s", t.U16(b, 4), t.U16(b, 6),
			dayTime(t.U32(b, 8)), dayTime(t.U32(b, 12)), dayTime(t.U32(b, 16)))
	}
	return show.Name(map[int]string{
		4: "source quench", 10: "router solicitation", 15: "information request", 16: "information reply", 17: "address mask request",
	}, typ, "type-#%d")
}

func (t *text) unreachableText(b []byte, code int) string {
	switch code {
	case 2:
		return fmt.Sprintf("%s protocol %d unreachable", t.IP4(b, 24), t.U8(b, 17))
	case 3:
		if len(b) < 18 {
			return ""
		}
		port := t.U16(b, 8+int(b[8]&0xf)*4+2)
		switch proto := t.U8(b, 17); proto {
		case protoTCP:
			return fmt.Sprintf("%s tcp port %s unreachable", t.IP4(b, 24), t.Port(port, true))
		case protoUDP:
			return fmt.Sprintf("%s udp port %s unreachable", t.IP4(b, 24), t.Port(port, false))
		default:
			return fmt.Sprintf("%s protocol %d port %d unreachable", t.IP4(b, 24), proto, port)
		}
	case 4:
		if mtu := t.U16(b, 6); mtu != 0 {
			return fmt.Sprintf("%s unreachable - need to frag (mtu %d)", t.IP4(b, 24), mtu)
		}
		return fmt.Sprintf("%s unreachable - need to frag", t.IP4(b, 24))
	}
	if w, ok := unreachable[code]; ok {
		return fmt.Sprintf(w, t.IP4(b, 24))
	}
	return fmt.Sprintf("%s unreachable - #%d", t.IP4(b, 24), code)
}

// routerText is a router's advertisement (RFC 1256).
func (t *text) routerText(b []byte) string {
	if len(b) < 8 {
		return ""
	}
	life := t.U16(b, 6)
	s := "router advertisement lifetime "
	switch {
	case life < 60:
		s += fmt.Sprint(life)
	case life < 3600:
		s += fmt.Sprintf("%d:%02d", life/60, life%60)
	default:
		s += fmt.Sprintf("%d:%02d:%02d", life/3600, life%3600/60, life%60)
	}
	n := t.U8(b, 4)
	s += fmt.Sprintf(" %d:", n)
	if size := t.U8(b, 5); size != 2 {
		return s + fmt.Sprintf(" [size %d]", size)
	}
	for i := range n {
		if len(b) < 16+8*i {
			return ""
		}
		s += fmt.Sprintf(" {%s %d}", t.IP4(b, 8+8*i), t.U32(b, 12+8*i))
	}
	return s
}

// dayTime is a time of day in milliseconds.
func dayTime(ms uint32) string {
	s := ms / 1000
	return fmt.Sprintf("%02d:%02d:%02d.%03d", s/3600, s/60%60, s%60, ms%1000)
}

// extension says what an error has beyond its quote (RFC 4884): its objects are not read.
// Most messages that are long enough have none, which their checksum tells.
func (t *text) extension(b []byte, size, typ int) {
	const from, least = 8 + 128, 141
	if size <= from || typ != 3 && typ != 11 && typ != 12 {
		return
	}
	if len(b) < least {
		t.Truncated()
		return
	}
	whole := len(b) >= size
	left := packet.Checksum(b[from:min(size, len(b))])
	if b[5] == 0 && whole && left != 0 {
		return
	}
	version := b[from] >> 4
	t.F("\n\tICMP Multi-Part extension v%d", version)
	switch {
	case version != 2:
		t.S(" packet not supported")
	case whole:
		wrong := ""
		if left != 0 {
			wrong = "in"
		}
		t.F(", checksum 0x%04x (%scorrect), length %d", t.U16(b, from+2), wrong, size-from)
	}
}

// igmp writes an IGMP message.
func (t *text) igmp(b []byte, size int) {
	t.Proto = "igmp"
	if t.Quiet {
		t.S("igmp")
		return
	}
	group := func(word string) { t.F("%s %s", word, t.IP4(b, 4)) }
	switch typ := t.U8(b, 0); typ {
	case 0x11:
		t.S("igmp query")
		t.igmpQuery(b, size)
	case 0x12:
		group("igmp v1 report")
		if size != 8 {
			t.F(" [len %d]", size)
		}
	case 0x16:
		group("igmp v2 report")
	case 0x22:
		t.S("igmp v3 report")
		t.igmpReport(b, size)
	case 0x17:
		group("igmp leave")
	default:
		t.F("igmp-%d", typ)
	}
	if t.V(1) && size >= 4 && len(b) >= size && packet.Checksum(b[:size]) != 0 {
		t.F(" bad igmp cksum %x!", t.U16(b, 2))
	}
}

func (t *text) igmpQuery(b []byte, size int) {
	code := t.U8(b, 1)
	if size < 12 {
		if code != 0 {
			t.S(" v2")
			if code != 100 {
				t.F(" [max resp time %d]", code)
			}
		} else {
			t.S(" v1")
		}
		if t.U32(b, 4) != 0 {
			t.F(" [gaddr %s]", t.IP4(b, 4))
		}
		if size != 8 {
			t.F(" [len %d]", size)
		}
		return
	}
	t.S(" v3")
	if size%4 != 0 {
		t.F(" [invalid len %d]", size)
		return
	}
	wait := code
	if code >= 128 {
		wait = (code&0xf | 0x10) << (code>>4&7 + 3)
	}
	if code != 100 {
		t.S(" [max resp time ")
		if wait < 600 {
			t.F("%.1fs", float64(wait)*0.1)
		} else {
			t.Relative(uint32(wait / 10))
		}
		t.S("]")
	}
	if t.U32(b, 4) == 0 {
		return
	}
	t.F(" [gaddr %s", t.IP4(b, 4))
	t.sources(b, 12, t.U16(b, 10), size, false)
	t.S("]")
}

// sources writes the sources of a query: how many there are, or with -vv which.
func (t *text) sources(b []byte, off, n, size int, six bool) {
	each := 4
	if six {
		each = 16
	}
	switch {
	case n == 0:
	case size < off+n*each:
		t.S(" [invalid number of sources]")
	case t.V(2):
		t.S(" {")
		t.addresses(b, off, n, six)
		t.S(" }")
	default:
		t.F(", %d source(s)", n)
	}
}

// addresses writes n addresses.
func (t *text) addresses(b []byte, off, n int, six bool) {
	for i := range n {
		if six {
			t.F(" %s", t.IP6(b, off+16*i))
		} else {
			t.F(" %s", t.IP4(b, off+4*i))
		}
	}
}

// recordTypes are those of IGMPv3 and MLDv2.
var recordTypes = map[int]string{1: "is_in", 2: "is_ex", 3: "to_in", 4: "to_ex", 5: "allow", 6: "block"}

func (t *text) igmpReport(b []byte, size int) {
	if size < 16 || size%4 != 0 {
		t.F(" [invalid len %d]", size)
		return
	}
	n := t.U16(b, 6)
	t.F(", %d group record(s)", n)
	if t.V(1) {
		t.records(b, size, n, false)
	}
}

// records writes n group records, which begin 8 bytes from here.
func (t *text) records(b []byte, size, n int, six bool) {
	group, each, version := 4, 4, "v3"
	if six {
		group, each, version = 16, 16, "v2"
	}
	off := 8
	for range n {
		if size < off+4+group {
			t.S(" [invalid number of groups]")
			return
		}
		show.At(b, off+4, group)
		t.S(" [gaddr")
		t.addresses(b, off+4, 1, six)
		t.F(" %s", show.Name(recordTypes, t.U8(b, off), " ["+version+"-report-#%d]"))
		count := t.U16(b, off+2)
		if size < off+4+group+count*each {
			t.F(" [invalid number of sources %d]", count)
			return
		}
		if t.V(2) {
			t.S(" {")
			t.addresses(b, off+4+group, count, six)
			t.S(" }")
		} else {
			t.F(", %d source(s)", count)
		}
		off += 4 + group + count*each
		t.S("]")
	}
}
