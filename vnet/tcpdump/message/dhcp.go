package message

import (
	"bytes"
	"fmt"

	"wireloom/vnet/tcpdump/show"
)

// dhcpTags are the options: the first letter says how the value is written. i: addresses, l:
// numbers of 32 bits, L: those with a sign, s: of 16, p: pairs of addresses, a: letters, b:
// bytes, B: flags, $: in a way of its own, ' ': what no format is for.
var dhcpTags = map[int]string{
	0: " PAD", 1: "iSubnet-Mask", 2: "LTime-Zone", 3: "iDefault-Gateway", 4: "iTime-Server", 5: "iIEN-Name-Server", 6: "iDomain-Name-Server", 7: "iLOG",
	8: "iCS", 9: "iLPR-Server", 10: "iIM", 11: "iRL", 12: "aHostname", 13: "sBS", 14: "aDP", 15: "aDomain-Name", 16: "iSS", 17: "aRP", 18: "aEP",
	19: "BIPF", 20: "BSRT", 21: "pPF", 22: "sRSZ", 23: "bTTL", 24: "lMTU-Timeout", 25: "sMTU-Table", 26: "sMTU", 27: "BLSN", 28: "iBR", 29: "BMD", 30: "BMS",
	31: "BRouter-Discovery", 32: "iRSA", 33: "pStatic-Route", 34: "BUT", 35: "lAT", 36: "BIE", 37: "bTT", 38: "lKI", 39: "BKG", 40: "aYD", 41: "iYS",
	42: "iNTP", 43: "bVendor-Option", 44: "iNetbios-Name-Server", 45: "iWDD", 46: "$Netbios-Node", 47: "aNetbios-Scope", 48: "iXFS", 49: "iXDM",
	50: "iRequested-IP", 51: "lLease-Time", 52: "$OO", 53: " DHCP-Message", 54: "iServer-ID", 55: "bParameter-Request", 56: "aMSG", 57: "sMSZ", 58: "lRN",
	59: "lRB", 60: "aVendor-Class", 61: "$Client-ID", 64: "sN+D", 65: "iN+S", 66: "aTFTP", 67: "aBF", 68: "iMH", 69: "iSMTP", 70: "iPOP3", 71: "iNNTP", 72: "iWWW",
	73: "iFG", 74: "iIRC", 75: "iSTS", 76: "iSTDA", 77: "$User-Class", 78: "bSLP-DA", 79: "bSLP-SCOPE", 81: "$FQDN", 82: "$Agent-Information", 83: "bARMT",
	88: "aTZSTR", 90: "bAUTH", 91: "LLast-Transaction-Time", 92: "iAssociated-IP", 93: "sARCH", 94: "bNDI", 95: "aLDAP", 97: "bGUID", 98: "aUAP", 100: "aPOSIX-TZ", 101: "aTZ-Name",
	112: "iNI", 113: "aNITAG", 114: "aURL", 116: "BNOAUTO", 117: "sNSSEARCH", 118: "iSUBNET", 121: "$Classless-Static-Route", 150: "iTFTP-Server-Address",
	161: "aMUD-URL", 249: "$Classless-Static-Route-Microsoft", 255: " END",
}

var dhcpMessages = map[int]string{
	1: "Discover", 2: "Offer", 3: "Request", 4: "Decline", 5: "ACK", 6: "NACK", 7: "Release", 8: "Inform", 10: "LeaseQuery", 11: "LeaseUnassigned",
	12: "LeaseUnknown", 13: "LeaseActive",
}

// DHCP writes a BOOTP message and its DHCP options.
func DHCP(t *show.Text, b []byte, size int) {
	t.Proto = "bootp"
	op := t.U8(b, 0)
	t.F("BOOTP/DHCP, %s", show.Name(map[int]string{1: "Request", 2: "Reply"}, op, "unknown (0x%02x)"))
	hw, hwLen := t.U8(b, 1), t.U8(b, 2)
	ether := hw == 1 && hwLen == 6
	if ether && op == 1 {
		t.F(" from %s", t.MAC(b, 28))
	}
	t.F(", length %d", size)
	if !t.V(1) {
		return
	}
	if len(b) < 10 {
		t.Truncated()
		return
	}
	if hw != 1 {
		t.F(", htype %d", hw)
	}
	if !ether {
		t.F(", hlen %d", hwLen)
	}
	if hops := t.U8(b, 3); hops != 0 {
		t.F(", hops %d", hops)
	}
	if xid := t.U32(b, 4); xid != 0 {
		t.F(", xid 0x%x", xid)
	}
	if secs := t.U16(b, 8); secs != 0 {
		t.F(", secs %d", secs)
	}
	f := t.U16(b, 10)
	t.F(", Flags [%s]", show.Flags(show.Bits{{0x8000, "Broadcast"}}, f, ", ", "none"))
	if t.V(2) {
		t.F(" (0x%04x)", f)
	}
	for i, who := range []string{"Client", "Your", "Server", "Gateway"} {
		if t.U32(b, 12+4*i) != 0 {
			t.F("\n\t  %s-IP %s", who, t.IP4(b, 12+4*i))
		}
	}
	if ether {
		t.F("\n\t  Client-Ethernet-Address %s", t.MAC(b, 28))
	}
	for _, s := range []struct {
		what   string
		off, n int
	}{{"sname", 44, 64}, {"file", 108, 128}} {
		if t.U8(b, s.off) == 0 {
			continue
		}
		t.F("\n\t  %s \"", s.what)
		field := show.First(show.After(b, s.off), s.n)
		end := bytes.IndexByte(field, 0)
		t.Chars(field, max(end, 0))
		if end < 0 { // all that there is, and no end to it
			t.Chars(field, len(field))
		}
		t.S("\"")
		if end < 0 {
			t.Truncated()
			return
		}
	}
	if len(b) < 240 {
		t.Truncated()
		return
	}
	switch cookie := t.U32(b, 236); cookie {
	case 0x63825363:
		t.F("\n\t  Vendor-rfc1048 Extensions\n\t    Magic Cookie 0x%08x", cookie)
		if !options(t, b[240:]) {
			t.Truncated()
		}
	case 0:
	default:
		t.F("\n\t  Vendor-#0x%x", cookie)
	}
}

// options writes options; false where they were not all captured.
func options(t *show.Text, b []byte) bool {
	for len(b) > 0 {
		tag := int(b[0])
		b = b[1:]
		if tag == 0 && !t.V(3) {
			continue
		}
		if tag == 255 && !t.V(3) {
			return true
		}
		what := show.Name(dhcpTags, tag, "?Unknown")
		n, colon := 0, ""
		if tag != 0 && tag != 255 {
			n = t.U8(b, 0)
			b = b[1:]
		}
		if n > 0 {
			colon = ": "
		}
		t.F("\n\t    %s (%d), length %d%s", what[1:], tag, n, colon)
		if tag == 0 {
			times := 1
			for len(b) > 0 && b[0] == 0 {
				b = b[1:]
				times++
			}
			if times > 1 {
				t.F(", occurs %d", times)
			}
		}
		if n > len(b) {
			return false
		}
		o := b[:n]
		b = b[n:]
		switch {
		case tag == 53 && n == 1:
			t.S(show.Name(dhcpMessages, int(o[0]), "Unknown (%d)"))
		case tag == 55:
			for i, c := range o {
				if i%4 == 0 {
					t.S("\n\t      ")
				} else {
					t.S(", ")
				}
				t.F("%s (%d)", show.Name(dhcpTags, int(c), "?Unknown")[1:], c)
			}
		default:
			if left := value(t, what[0], tag, o); left > 0 {
				t.F("\n\t  trailing data length %d", left)
			}
		}
	}
	return true
}

// value writes an option's value; it returns how many bytes it made nothing of.
func value(t *show.Text, format byte, tag int, o []byte) (left int) {
	if format == '?' {
		format = [...]byte{'l', 'b', 's', 'b'}[len(o)&3]
	}
	each := func(size int, show func(i int) string) int {
		for i := 0; i+size <= len(o); i += size {
			if i > 0 {
				t.S(",")
			}
			t.S(show(i))
		}
		return len(o) % size
	}
	switch format {
	case 'a':
		quoted(t, o)
		return 0
	case 'i':
		return each(4, func(i int) string { return t.IP4(o, i).String() })
	case 'l':
		return each(4, func(i int) string { return fmt.Sprint(t.U32(o, i)) })
	case 'L':
		return each(4, func(i int) string { return fmt.Sprint(int32(t.U32(o, i))) })
	case 'p':
		return each(8, func(i int) string { return fmt.Sprintf("(%s:%s)", t.IP4(o, i), t.IP4(o, i+4)) })
	case 's':
		return each(2, func(i int) string { return fmt.Sprint(t.U16(o, i)) })
	case 'B':
		return each(1, func(i int) string {
			return show.Name(map[int]string{0: "N", 1: "Y"}, int(o[i]), "%d?")
		})
	case '$':
		return special(t, tag, o)
	}
	for i, c := range o {
		if i > 0 {
			t.S(".")
		}
		t.F("%d", c)
	}
	return 0
}

func quoted(t *show.Text, o []byte) {
	t.S("\"")
	t.Chars(o, len(o))
	t.S("\"")
}

// special writes the values that have a form of their own.
func special(t *show.Text, tag int, o []byte) (left int) {
	least := map[int]int{46: 1, 52: 1, 61: 1, 81: 3, 121: 5, 249: 5, 77: 2}[tag]
	if len(o) < least {
		t.F("[ERROR: length < %d bytes]", least)
		return 0
	}
	switch tag {
	case 46:
		t.S(show.Name(map[int]string{1: "b-node", 2: "p-node", 4: "m-node", 8: "h-node"}, int(o[0]), "#%d"))
		return len(o) - 1
	case 52:
		t.S(show.Name(map[int]string{1: "file", 2: "sname", 3: "file+sname"}, int(o[0]), "#%d"))
		return len(o) - 1
	case 61:
		if o[0] == 0 {
			quoted(t, o[1:])
			return 0
		}
		t.F("%s ", show.Name(map[int]string{1: "ether", 6: "ieee802", 7: "arcnet", 15: "frelay", 23: "strip", 24: "ieee1394"}, int(o[0]), "hardware-type %d,"))
		if len(o) > 1 {
			t.S(show.LinkAddress(o[1:]))
		}
	case 81:
		if o[0]&0xf0 != 0 {
			t.F("[ERROR: MBZ nibble 0x%x != 0] ", o[0]>>4)
		}
		if o[0]&0xf != 0 {
			t.F("[%s] ", show.Flags(show.Bits{{1, "S"}, {2, "O"}, {4, "E"}, {8, "N"}}, int(o[0]), "", ""))
		}
		if o[1] != 0 || o[2] != 0 {
			t.F("%d/%d ", o[1], o[2])
		}
		quoted(t, o[3:])
	case 82:
		return relayAgent(t, o)
	case 121, 249:
		classless(t, o)
	case 77:
		userClass(t, o)
	}
	return 0
}

func relayAgent(t *show.Text, o []byte) (left int) {
	names := map[int]string{1: "Circuit-ID", 2: "Remote-ID", 6: "Subscriber-ID"}
	for len(o) >= 2 {
		kind, n := int(o[0]), int(o[1])
		o = o[2:]
		t.F("\n\t      %s SubOption %d, length %d: ", show.Name(names, kind, "Unknown"), kind, n)
		if n > len(o) {
			t.S("length goes past end of option")
			return 0
		}
		if _, ok := names[kind]; ok {
			t.Chars(o, n)
		} else {
			t.Unknown("\n\t\t", o, n)
		}
		o = o[n:]
	}
	return len(o)
}

// classless writes routes (RFC 3442).
func classless(t *show.Text, o []byte) {
	for i := 0; len(o) > 0; i++ {
		if i > 0 {
			t.S(",")
		}
		bits := int(o[0])
		o = o[1:]
		if bits > 32 {
			t.F("[ERROR: Mask width (%d) > 32]", bits)
			return
		}
		n := (bits + 7) / 8
		if len(o) < n+4 {
			t.F("[ERROR: Remaining length (%d) < %d bytes]", len(o), n+4)
			return
		}
		t.S("(")
		if bits == 0 {
			t.S("default")
		} else {
			var a [4]byte
			copy(a[:], o[:n])
			t.F("%s/%d", t.IP4(a[:], 0), bits)
		}
		t.F(":%s)", t.IP4(o, n))
		o = o[n+4:]
	}
}

func userClass(t *show.Text, o []byte) {
	for i := 1; len(o) > 0; i++ {
		n := int(o[0])
		o = o[1:]
		t.F("\n\t      instance#%d: ", i)
		switch {
		case n == 0:
			t.S("[ERROR: suboption length must be non-zero]")
			return
		case n > len(o):
			t.S("[ERROR: invalid option]")
			return
		}
		quoted(t, o[:n])
		t.F(", length %d", n)
		o = o[n:]
	}
}
