package tcpdump

import (
	"encoding/binary"

	"wireloom/vnet/packet"
	"wireloom/vnet/tcpdump/show"
)

const (
	typeIP, typeARP, typeRARP, typeIP6 = 0x800, 0x806, 0x8035, 0x86dd
	typeTrailer                        = 0x1000
	typeLoopback                       = 0x9000

	maxLength = 1500 // of an Ethernet type that is a length
)

var etherTypes = map[int]string{
	0x0800: "IPv4", 0x8847: "MPLS unicast", 0x8848: "MPLS multicast", 0x86dd: "IPv6", 0x8100: "802.1Q", 0x9100: "802.1Q-9100", 0x88a8: "802.1Q-QinQ",
	0x9200: "802.1Q-9200", 0x88e5: "802.1AE MACsec", 0x0200: "PUP", 0x0806: "ARP", 0x8035: "Reverse ARP", 0x0600: "NS", 0x0500: "Sprite", 0x1000: "Trail",
	0x6001: "MOP DL", 0x6002: "MOP RC", 0x6003: "DN", 0x6004: "LAT", 0x6007: "SCA", 0x6558: "TEB", 0x8038: "Lanbridge", 0x803c: "DEC DNS", 0x803e: "DEC DTS",
	0x805b: "VEXP", 0x805c: "VPROD", 0x809b: "Appletalk", 0x80f3: "Appletalk ARP", 0x8137: "IPX", 0x880b: "PPP", 0x8808: "MPCP", 0x8809: "Slow Protocols",
	0x8863: "PPPoE D", 0x8864: "PPPoE S", 0x888e: "EAPOL", 0x8899: "Realtek protocols", 0x886f: "MS NLB heartbeat", 0x8870: "Jumbo", 0x894f: "NSH",
	0x9000: "Loopback", 0xfefe: "OSI", 0x00fe: "GRE-OSI", 0xabcd: "CFM (old)", 0x8902: "CFM", 0x893a: "IEEE1905.1", 0x88cc: "LLDP", 0x88ca: "TIPC",
	0x0707: "GeoNet (old)", 0x8947: "GeoNet", 0x1111: "CALM FAST", 0x88a2: "AoE", 0x88f7: "PTP", 0xd28b: "Arista Vendor Specific Protocol",
}

// isTag reports whether an Ethernet type is that of a VLAN's tag.
func isTag(typ int) bool { return typ == 0x8100 || typ == 0x88a8 || typ == 0x9100 || typ == 0x9200 }

func (t *text) etherType(typ int) {
	if t.Quiet {
		t.S(show.Name(etherTypes, typ, "Unknown Ethertype (0x%04x)"))
		return
	}
	t.F("ethertype %s (0x%04x)", show.Name(etherTypes, typ, "Unknown"), typ)
}

// ether writes a frame and returns how long its header is.
func (t *text) ether(b []byte, size int) int {
	if len(b) < packet.EthernetLen {
		t.Truncated()
		return len(b)
	}
	e := packet.Ethernet(b)
	link := t.Link
	if link {
		t.F("%s > %s, ", e.Src(), e.Dst())
	}
	whole, header := size, packet.EthernetLen
	typ := int(e.Type())
	b, size = b[header:], size-header
	said := false
	for isTag(typ) {
		if len(b) < 4 {
			t.Proto = "vlan"
			t.Truncated()
			return header + len(b)
		}
		if link {
			t.etherType(typ)
			if said {
				t.S(", ")
			} else {
				t.F(", length %d: ", whole)
				said = true
			}
			tci := t.U16(b, 0)
			dei := ""
			if tci&0x1000 != 0 {
				dei = ", DEI"
			}
			t.F("vlan %d, p %d%s, ", tci&0xfff, tci>>13, dei)
		}
		typ = t.U16(b, 2)
		b, size, header = b[4:], size-4, header+4
	}
	if typ <= maxLength {
		size = min(size, typ)
		b = show.First(b, size)
		if link {
			t.S("802.3")
			if !said {
				t.F(", length %d: ", size)
			}
		}
		n, known := t.llc(b, size, e)
		if !known {
			t.Raw(b)
		}
		return header + n
	}
	if link {
		t.etherType(typ)
		if said {
			t.S(", ")
		} else {
			t.F(", length %d: ", whole)
		}
	}
	if !t.carried(typ, b, size) {
		if !link {
			t.F("%s > %s, ", e.Src(), e.Dst())
			t.etherType(typ)
			t.F(", length %d: ", whole)
		}
		t.Raw(b)
	}
	return header
}

// carried writes what an Ethernet type says that is carried; false for what is not known.
func (t *text) carried(typ int, b []byte, size int) bool {
	switch typ {
	case typeIP:
		t.ipv4(b, size)
	case typeIP6:
		t.ipv6(b, size)
	case typeARP, typeRARP:
		t.arp(b, size)
	case typeLoopback:
		t.loopback(b, size)
	default:
		return false
	}
	return true
}

// saps are the access points of 802.2.
var saps = map[int]string{
	0x00: "Null", 0xff: "Global", 0x02: "802.1B I", 0x03: "802.1B G", 0x06: "IP", 0x04: "SNA", 0x0e: "ProWay NM", 0x42: "STP", 0x4e: "RS511",
	0x7e: "ISO8208", 0x8e: "ProWay", 0xaa: "SNAP", 0xe0: "IPX", 0xf0: "NetBeui", 0xfe: "OSI",
}

var (
	llcCommands = map[int]string{0x03: "ui", 0xe3: "test", 0xaf: "xid", 0x63: "ua", 0x43: "disc", 0x0f: "dm", 0x6f: "sabme", 0x87: "frmr"}
	llcFlags    = map[int]string{0: "Command", 1: "Response", 0x10: "Poll", 0x11: "Final", 0x100: "Poll", 0x101: "Final"}
)

// llc writes a frame of 802.2 and returns how long its header is; known is false where what
// it holds is not said.
func (t *text) llc(b []byte, size int, e packet.Ethernet) (n int, known bool) {
	t.Proto = "llc"
	if len(b) < 3 {
		t.Truncated()
		t.HexLetters("\n\t", b)
		return len(b), true
	}
	dsap, ssap, control := int(b[0]), int(b[1]), int(b[2])
	n = 3
	unnumbered := control&3 == 3
	if !unnumbered {
		if len(b) < 4 {
			t.Truncated()
			t.HexLetters("\n\t", b)
			return len(b), true
		}
		n, control = 4, int(binary.LittleEndian.Uint16(b[2:]))
	}
	link := t.Link
	if ssap == 0xff && dsap == 0xff {
		if link {
			t.S("IPX 802.3: ")
		}
		t.Proto = "ipx"
		t.F("IPX, length %d", size)
		return 0, true
	}
	to, from := dsap&^1, ssap&^1
	if link {
		group := [...]string{"Individual", "Group"}[dsap&1]
		t.F("LLC, dsap %s (0x%02x) %s, ssap %s (0x%02x) %s", show.Name(saps, to, "Unknown"), to, group, show.Name(saps, from, "Unknown"), from, llcFlags[ssap&1])
		if unnumbered {
			t.F(", ctrl 0x%02x: ", control)
		} else {
			t.F(", ctrl 0x%04x: ", control)
		}
	}
	b, size = b[n:], size-n
	if control == 3 && to == from {
		switch to {
		case 0xaa:
			return n + 5, t.snap(b, size, e)
		case 0x42:
			t.stp(b, size)
			return n, true
		case 0x06:
			t.ipv4(b, size)
			return n, true
		}
	}
	if !link {
		if from == to {
			t.F("%s > %s %s ", e.Src(), e.Dst(), show.Name(saps, to, "Unknown DSAP 0x%02x"))
		} else {
			t.F("%s %s > %s %s ", e.Src(), show.Name(saps, from, "Unknown SSAP 0x%02x"), e.Dst(), show.Name(saps, to, "Unknown DSAP 0x%02x"))
		}
	}
	flag := func(poll int) string { return show.Name(llcFlags, ssap&1|control&poll, "?") }
	switch {
	case unnumbered:
		t.F("Unnumbered, %s, Flags [%s], length %d", show.Name(llcCommands, control&^0x10, "%02x"), flag(0x10), size+n)
		if control&^0x10 == 0xaf { // XID
			switch {
			case size == 0:
				return n, true
			case len(b) < 1:
				t.Truncated()
				return n, true
			case b[0] == 0x81 && len(b) < 3:
				t.Truncated()
				t.HexLetters("\n\t", b)
				return n, true
			case b[0] == 0x81:
				t.F(": %02x %02x", b[1], b[2])
				return n, true
			}
		}
	case control&3 == 1:
		t.F("Supervisory, %s, rcv seq %d, Flags [%s], length %d",
			show.Name(map[int]string{0: "Receiver Ready", 1: "Receiver not Ready", 2: "Reject"}, control>>2&3, "?"), control>>9&0x7f, flag(0x100), size+n)
		return n, true
	default:
		t.F("Information, send seq %d, rcv seq %d, Flags [%s], length %d", control>>1&0x7f, control>>9&0x7f, flag(0x100), size+n)
	}
	return n, false
}

// ouis are the organisations of SNAP.
var ouis = map[int]string{
	0x000000: "Ethernet", 0x00000c: "Cisco", 0x00005e: "IANA", 0x000081: "Nortel Networks SONMP", 0x0000f8: "Cisco bridged", 0x0080c2: "Ethernet bridged",
	0x00a03e: "ATM Forum", 0x00e02f: "DOCSIS Spanning Tree", 0x080007: "Appletalk", 0x009069: "Juniper", 0x080009: "Hewlett-Packard",
}

// pids are what organisations have behind SNAP.
var pids = map[int]map[int]string{
	0x00000c: {0x2000: "CDP", 0x2003: "VTP", 0x2004: "DTP", 0x0111: "UDLD", 0x010b: "PVST", 0x010c: "VLAN Bridge"},
	0x0080c2: {
		0x0001: "Ethernet + FCS", 0x0007: "Ethernet w/o FCS", 0x0002: "802.4 + FCS", 0x0008: "802.4 w/o FCS", 0x0003: "Token Ring + FCS", 0x0009: "Token Ring w/o FCS",
		0x0004: "FDDI + FCS", 0x000a: "FDDI w/o FCS", 0x0005: "802.6 + FCS", 0x000b: "802.6 w/o FCS", 0x000e: "BPDU",
	},
}

// snap writes what is behind a SNAP header; false for what is not known.
func (t *text) snap(b []byte, size int, e packet.Ethernet) bool {
	t.Proto = "snap"
	if len(b) < 5 {
		t.Truncated()
		return true
	}
	org, typ := int(b[0])<<16|t.U16(b, 1), t.U16(b, 3)
	types, what := etherTypes, "pid"
	switch org {
	case 0:
		what = "ethertype"
	case 0x0000f8, 0x080007: // theirs are Ethernet's
	default:
		types = pids[org]
	}
	if t.Link {
		t.F("oui %s (0x%06x), %s %s (0x%04x), length %d: ", show.Name(ouis, org, "Unknown"), org, what, show.Name(types, typ, "Unknown"), typ, size-5)
	}
	b, size = b[5:], size-5
	switch {
	case org == 0 || org == 0x0000f8:
		if t.carried(typ, b, size) {
			return true
		}
	case org == 0x0080c2 && typ == 0x000e, org == 0x00000c && (typ == 0x010b || typ == 0x010c):
		t.stp(b, size)
		return true
	}
	if !t.Link {
		t.F("%s > %s ", e.Src(), e.Dst())
		if org == 0 {
			t.F("SNAP, ethertype %s (0x%04x), length %d: ", show.Name(types, typ, "Unknown"), typ, size)
		} else {
			t.F("SNAP, oui %s (0x%06x), pid %s (0x%04x), length %d: ", show.Name(ouis, org, "Unknown"), org, show.Name(types, typ, "Unknown"), typ, size)
		}
	}
	return false
}

// families are the address families of the BSDs.
var families = map[int]string{2: "IPv4", 6: "NS", 7: "ISO", 16: "Appletalk", 23: "IPX", 24: "IPv6", 28: "IPv6", 30: "IPv6"}

// null writes a packet of DLT_NULL: the family is in front.
func (t *text) null(b []byte, size int) {
	t.Proto = "null"
	if len(b) < 4 {
		t.Truncated()
		return
	}
	t.Header = 4
	family := binary.LittleEndian.Uint32(b)
	if family>>16 != 0 {
		family = binary.BigEndian.Uint32(b)
	}
	head := func(n int) {
		if t.Quiet {
			t.S(show.Name(families, family, "Unknown AF %d"))
		} else {
			t.F("AF %s (%d)", show.Name(families, family, "Unknown"), family)
		}
		t.F(", length %d: ", n)
	}
	if t.Link {
		head(size)
	}
	b, size = b[4:], size-4
	switch family {
	case 2:
		t.ipv4(b, size)
	case 24, 28, 30:
		t.ipv6(b, size)
	default:
		if !t.Link {
			head(size + 4)
		}
		t.Raw(b)
	}
}

// loopback writes a frame of the Ethernet configuration test.
func (t *text) loopback(b []byte, size int) {
	t.Proto = "loopback"
	t.S("Loopback")
	le16 := func(off int) int { return int(binary.LittleEndian.Uint16(show.At(b, off, 2))) }
	if size < 2 {
		t.Invalid()
		show.At(b, 0, size)
		return
	}
	skip := le16(0)
	t.F(", skipCount %d", skip)
	if skip%8 != 0 {
		t.S(" (bogus)")
	}
	b, size = b[2:], size-2
	if skip > size {
		t.Invalid()
		show.At(b, 0, size)
		return
	}
	show.At(b, 0, skip)
	b, size = b[skip:], size-skip
	if size < 2 {
		t.Invalid()
		show.At(b, 0, size)
		return
	}
	function := le16(0)
	t.F(", %s", show.Name(map[int]string{1: "Reply", 2: "Forward Data"}, function, " invalid (%d)"))
	b, size = b[2:], size-2
	switch {
	case function == 1 && size >= 2:
		t.F(", receipt number %d", le16(0))
		b, size = b[2:], size-2
		t.F(", data (%d octets)", size)
	case function == 2 && size >= 6:
		t.F(", forwarding address %s", t.MAC(b, 0))
		b, size = b[6:], size-6
		t.F(", data (%d octets)", size)
	case function == 1 || function == 2:
		t.Invalid()
	}
	show.At(b, 0, size)
}

// arp writes an ARP packet, and a RARP one.
func (t *text) arp(b []byte, size int) {
	t.Proto = "arp"
	show.At(b, 0, 8)
	hw, pro, hwLen, proLen, op := t.U16(b, 0), t.U16(b, 2), int(b[4]), int(b[5]), t.U16(b, 6)
	sha, spa, tha, tpa := 8, 8+hwLen, 8+hwLen+proLen, 8+2*hwLen+proLen
	show.At(b, tpa, proLen)
	if !t.Link {
		t.S("ARP, ")
	}
	verbose := t.V(1)
	end := func() { t.F(", length %d", size) }
	if pro != typeIP && pro != typeTrailer || proLen != 4 || hwLen == 0 || verbose {
		t.F("%s (len %d), %s (len %d)", show.Name(arpHardware, hw, "Unknown Hardware (%d)"), hwLen, show.Name(etherTypes, pro, "Unknown Protocol (0x%04x)"), proLen)
		if !verbose {
			end()
			return
		}
		t.S(", ")
	}
	t.F("%s ", show.Name(arpOps, op, "Unknown (%d)"))
	ip := func(off int) string {
		switch {
		case pro != typeIP && pro != typeTrailer:
			return "<wrong proto type>"
		case proLen != 4:
			return "<wrong len>"
		}
		return t.IP4(b, off).String()
	}
	link := func(off int) string { return show.LinkAddress(show.At(b, off, hwLen)) }
	switch op {
	case 1:
		t.F("who-has %s", ip(tpa))
		for _, c := range show.At(b, tha, hwLen) {
			if c != 0 {
				t.F(" (%s)", link(tha))
				break
			}
		}
		t.F(" tell %s", ip(spa))
	case 2:
		t.F("%s is-at %s", ip(spa), link(sha))
	case 3, 8:
		t.F("who-is %s tell %s", link(tha), link(sha))
	case 4:
		t.F("%s at %s", link(tha), ip(tpa))
	case 9:
		t.F("%s at %s", link(sha), ip(spa))
	default:
		t.HexLetters("\n\t", b)
		return
	}
	end()
}

var (
	arpOps      = map[int]string{1: "Request", 2: "Reply", 3: "Reverse Request", 4: "Reverse Reply", 8: "Inverse Request", 9: "Inverse Reply", 10: "NACK Reply"}
	arpHardware = map[int]string{1: "Ethernet", 6: "TokenRing", 7: "ArcNet", 15: "FrameRelay", 23: "Strip", 24: "IEEE 1394", 19: "ATM", 32: "InfiniBand"}
)
