package tcpdump

import (
	"fmt"

	"wireloom/vnet/tcpdump/message"
	"wireloom/vnet/tcpdump/show"
)

var icmp6Types = map[int]string{
	1: "destination unreachable", 2: "packet too big", 3: "time exceeded in-transit", 4: "parameter problem", 128: "echo request", 129: "echo reply",
	130: "multicast listener query", 131: "multicast listener report", 132: "multicast listener done", 133: "router solicitation",
	134: "router advertisement", 135: "neighbor solicitation", 136: "neighbor advertisement", 137: "redirect", 138: "router renumbering",
	139: "who-are-you request", 140: "who-are-you reply", 141: "inverse neighbor solicitation", 142: "inverse neighbor advertisement",
	143: "multicast listener report v2", 144: "ha discovery request", 145: "ha discovery reply", 146: "mobile router solicitation",
	147: "mobile router advertisement", 155: "RPL", 200: "mtrace response", 201: "mtrace message",
}

// icmp6 writes an ICMPv6 message.
func (t *text) icmp6(b []byte, size int, d datagram) {
	t.Proto = "icmp6"
	if size == 0 {
		t.S("ICMP6, length 0")
		t.Invalid()
		return
	}
	verbose := t.V(1)
	if verbose && !d.fragmented && len(b) >= size {
		have := t.U16(b, 2)
		if left := t.sum(d, protoICMP6, b[:size]); left != 0 {
			t.F("[bad icmp6 cksum 0x%04x -> 0x%04x!] ", have, show.SumShouldBe(have, left))
		} else {
			t.S("[icmp6 sum ok] ")
		}
	}
	typ := t.U8(b, 0)
	t.F("ICMP6, %s", show.Name(icmp6Types, typ, "unknown icmp6 type (%d)"))
	if verbose && (typ >= 133 && typ <= 137 || typ == 145 || typ == 147) {
		t.F(", length %d", size)
	}
	code := t.U8(b, 1)
	switch typ {
	case 1:
		if t.unreachable6(b, size, code) {
			return
		}
	case 2:
		t.F(", mtu %d", t.U32(b, 4))
	case 3:
		switch code {
		case 0:
			t.F(" for %s", t.IP6(b, 8+24))
		case 1:
			t.S(" (reassembly)")
		default:
			t.F(", unknown code (%d)", code)
		}
	case 4:
		if len(b) < 48 {
			t.Truncated()
			return
		}
		words := map[int]string{0: "erroneous", 1: "next header", 2: "option", 3: "incomplete header chain"}
		if w, ok := words[code]; ok {
			t.F(", %s - octet %d", w, t.U32(b, 4))
		} else {
			t.F(", code-#%d", code)
		}
	case 128, 129:
		t.F(", id %d, seq %d", t.U16(b, 4), t.U16(b, 6))
	case 130:
		switch {
		case size == 24:
			t.mld(b)
		case size >= 28:
			t.S(" v2")
			t.mldQuery(b, size)
		default:
			t.F(" unknown-version (len %d) ", size)
		}
	case 131, 132:
		t.mld(b)
	case 143:
		if size < 8 {
			t.F(" [invalid len %d]", size)
			break
		}
		n := t.U16(b, 6)
		t.F(", %d group record(s)", n)
		if verbose {
			t.records(b, size, n, true)
		}
	case 133, 134, 135, 136, 137:
		if !t.neighbour(b, size, typ) {
			t.Truncated()
			return
		}
	case 144, 146:
		t.F(", id 0x%04x", t.U16(b, 4))
	case 145:
		if verbose {
			t.F(", id 0x%04x", t.U16(b, 4))
			for off := 8; off < size; off += 16 {
				t.F(", %s", t.IP6(b, off))
			}
		}
	case 147:
		if verbose && !t.mobilePrefix(b, size) {
			t.Truncated()
			return
		}
	case 141, 142:
	default:
		t.F(", length %d", size)
		if !t.V(2) {
			t.Unknown("\n\t", b, size)
		}
		return
	}
	if !verbose {
		t.F(", length %d", size)
	}
}

// unreachable6 writes what could not be reached; it reports whether that is all.
func (t *text) unreachable6(b []byte, size, code int) bool {
	t.F(", %s", show.Name(map[int]string{
		0: "unreachable route", 1: " unreachable prohibited", 2: "beyond scope", 3: "unreachable address", 4: "unreachable port",
	}, code, "unknown unreach code (%d)"))
	quote := show.After(b, 8)
	switch code {
	case 0, 1, 3:
		t.F(" %s", t.IP6(quote, 24))
	case 2:
		t.F(" %s, source address %s", t.IP6(quote, 24), t.IP6(quote, 8))
	case 4:
		proto, port, ok := t.upper(quote)
		if !ok {
			t.Truncated()
			return true
		}
		what := "udp"
		if proto == protoTCP {
			what = "tcp"
		}
		t.F(", %s %s port %s", t.IP6(quote, 24), what, t.Port(port, proto == protoTCP))
	default:
		if !t.V(2) {
			t.Unknown("\n\t", b, size)
			return true
		}
	}
	return false
}

// upper finds the destination port in a quoted packet.
func (t *text) upper(b []byte) (proto, port int, ok bool) {
	if len(b) < 7 {
		return 0, 0, false
	}
	next := int(b[6])
	for b = show.After(b, 40); len(b) > 0; {
		n := 0
		switch next {
		case protoUDP, protoTCP:
			if len(b) < 4 {
				return 0, 0, false
			}
			return next, t.U16(b, 2), true
		case protoHopByHop, protoDstOpts, protoRouting:
			if len(b) < 2 {
				return 0, 0, false
			}
			n = (int(b[1]) + 1) * 8
		case protoFragment:
			if len(b) < 4 || t.U16(b, 2)&0xfff8 != 0 {
				return 0, 0, false
			}
			n = 8
		case protoAH:
			if len(b) < 2 {
				return 0, 0, false
			}
			n = (int(b[1]) + 2) * 4
		default:
			return 0, 0, false
		}
		next = int(b[0])
		b = show.After(b, n)
	}
	return 0, 0, false
}

// mobilePrefix writes an advertisement to a mobile node (RFC 6275, 6.8); false where its
// options can't be read.
func (t *text) mobilePrefix(b []byte, size int) bool {
	t.F(", id 0x%04x", t.U16(b, 4))
	f := t.U16(b, 6)
	if f&0xc000 != 0 {
		t.F(" %s", show.Flags(show.Bits{{0x8000, "M"}, {0x4000, "O"}}, f, "", ""))
	}
	return t.neighbourOptions(show.After(b, 8), size-8)
}

// mld writes a message of MLD's first version.
func (t *text) mld(b []byte) {
	if len(b) >= 24 {
		t.F("max resp delay: %d addr: %s", t.U16(b, 4), t.IP6(b, 8))
	}
}

// mldQuery writes a query of MLDv2.
func (t *text) mldQuery(b []byte, size int) {
	wait := t.U16(b, 4)
	if wait >= 32768 {
		wait = (wait&0xfff | 0x1000) << (wait>>12&7 + 3)
	}
	verbose := t.V(1)
	if verbose {
		t.F(" [max resp delay=%d]", wait)
	}
	t.F(" [gaddr %s", t.IP6(b, 8))
	if verbose {
		f, qqi := t.U8(b, 24), t.U8(b, 25)
		if f&8 != 0 {
			t.S(" sflag")
		}
		if f&7 != 0 {
			t.F(" robustness=%d", f&7)
		}
		if qqi >= 128 {
			qqi = (qqi&0xf | 0x10) << (qqi>>4&7 + 3)
		}
		t.F(" qqi=%d", qqi)
	}
	t.sources(b, 28, t.U16(b, 26), size, true)
	t.S("]")
}

var (
	raFlags     = show.Bits{{0x80, "managed"}, {0x40, "other stateful"}, {0x20, "home agent"}, {0x02, "ipv6 only"}}
	naFlags     = show.Bits{{0x80, "router"}, {0x40, "solicited"}, {0x20, "override"}}
	prefixFlags = show.Bits{{0x80, "onlink"}, {0x40, "auto"}, {0x20, "router"}}
	preferences = [...]string{"medium", "high", "rsv", "low"}
)

// neighbour writes a message of neighbour discovery; false where its options can't be read.
func (t *text) neighbour(b []byte, size, typ int) bool {
	verbose, off := t.V(1), 8
	switch typ {
	case 134:
		off = 16
		if verbose {
			f := t.U8(b, 5)
			t.F("\n\thop limit %d, Flags [%s], pref %s, router lifetime %ds, reachable time %dms, retrans timer %dms",
				t.U8(b, 4), show.Flags(raFlags, f, ", ", "none"), preferences[f>>3&3], t.U16(b, 6), t.U32(b, 8), t.U32(b, 12))
		}
	case 135:
		off = 24
		t.F(", who has %s", t.IP6(b, 8))
	case 136:
		off = 24
		t.F(", tgt is %s", t.IP6(b, 8))
		if verbose {
			t.F(", Flags [%s]", show.Flags(naFlags, t.U8(b, 4), ", ", "none"))
		}
	case 137:
		off = 40
		t.F(", %s to %s", t.IP6(b, 24), t.IP6(b, 8))
	}
	return !verbose || t.neighbourOptions(show.After(b, off), size-off)
}

var neighbourOptions = map[int]string{
	1: "source link-address", 2: "destination link-address", 3: "prefix info", 4: "redirected header", 5: "mtu", 25: "rdnss", 31: "dnssl",
	7: "advertisement interval", 8: "homeagent information", 24: "route info",
}

func lifetime(s uint32) string {
	if s == ^uint32(0) {
		return "infinity"
	}
	return fmt.Sprintf("%ds", s)
}

// neighbourOptions writes size bytes of options; false where they can't be read.
func (t *text) neighbourOptions(b []byte, size int) bool {
	all := b
	for len(b) > 0 {
		if len(b) < 2 {
			return false
		}
		if size <= 0 {
			return true
		}
		typ, words := int(b[0]), int(b[1])
		n := words * 8
		if words == 0 || n > len(b) {
			return false
		}
		o := b[:n]
		t.F("\n\t  %s option (%d), length %d (%d): ", show.Name(neighbourOptions, typ, "unknown"), typ, n, words)
		switch typ {
		case 1, 2:
			t.S(show.LinkAddress(o[2:]))
		case 3:
			bad := ""
			if words != 4 {
				bad = "badlen"
			}
			t.F("%s/%d%s, Flags [%s], valid time %s, pref. time %s", t.IP6(b, 16), t.U8(b, 2), bad,
				show.Flags(prefixFlags, t.U8(b, 3), ", ", "none"), lifetime(t.U32(b, 4)), lifetime(t.U32(b, 8)))
		case 4:
			t.Unknown("\n\t    ", all, n)
		case 5:
			bad := ""
			if words != 1 {
				bad = "bad option length"
			}
			t.F(" %d%s", t.U32(b, 4), bad)
		case 25:
			t.F(" lifetime %ds,", t.U32(b, 4))
			for i := range (words - 1) / 2 {
				t.F(" addr: %s", t.IP6(b, 8+16*i))
			}
		case 31:
			t.F(" lifetime %ds, domain(s):", t.U32(b, 4))
			for at := 8; at < n && t.U8(b, at) != 0; {
				t.S(" ")
				var ok bool
				if at, ok = message.Name(t.Text, b, at); !ok {
					return false
				}
			}
		case 7:
			t.F(" %dms", t.U32(b, 4))
		case 8:
			t.F(" preference %d, lifetime %d", t.U16(b, 4), t.U16(b, 6))
		case 24:
			if words > 3 {
				return false
			}
			var addr [16]byte
			copy(addr[:], show.At(b, 8, 8*(words-1)))
			t.F(" %s/%d, pref=%s, lifetime=%s", t.IP6(addr[:], 0), t.U8(b, 2), preferences[t.U8(b, 3)>>3&3], lifetime(t.U32(b, 4)))
		default:
			if !t.V(2) {
				t.Unknown("\n\t  ", o[2:], n)
				return true
			}
		}
		if t.V(2) {
			t.Unknown("\n\t    ", o[2:], n)
		}
		b, size = b[n:], size-n
	}
	return true
}
