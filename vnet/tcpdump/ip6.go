package tcpdump

import (
	"wireloom/vnet/packet"
	"wireloom/vnet/tcpdump/show"
)

// ipv6 writes an IPv6 packet of which size bytes were on the wire.
func (t *text) ipv6(b []byte, size int) {
	t.Proto = "ip6"
	if t.deeper() {
		return
	}
	if len(b) < packet.IPv6Len {
		t.Truncated()
		return
	}
	if size < packet.IPv6Len {
		t.F("truncated-ip6 %d", size)
		return
	}
	if !t.Link {
		t.S("IP6 ")
	}
	if v := b[0] >> 4; v != 6 {
		t.F("version error: %d != 6", v)
		return
	}
	payload := t.U16(b, 4)
	left := size + packet.IPv6Len // where the header doesn't say
	if payload != 0 {
		left = payload + packet.IPv6Len
		if size < left {
			t.F("truncated-ip6 - %d bytes missing!", left-size)
		}
	}
	d := datagram{six: true, src: t.IP6(b, 8), dst: t.IP6(b, 24), proto: t.U8(b, 6)}
	next := d.proto
	if t.V(1) {
		t.S("(")
		flow := t.U32(b, 0)
		if c := flow >> 20 & 0xff; c != 0 {
			t.F("class 0x%02x, ", c)
		}
		if f := flow & 0xfffff; f != 0 {
			t.F("flowlabel 0x%05x, ", f)
		}
		t.F("hlim %d, next-header %s (%d) payload length: %d) ", t.U8(b, 7), show.Name(protocols, next, "unknown"), next, payload)
	}
	b = show.First(b, left)
	d.head = b
	t.chain(d, next, payload, left)
}

// chain goes through the headers behind that of IPv6.
func (t *text) chain(d datagram, next, payload, left int) {
	whole, at, step := d.head, 0, packet.IPv6Len
	extended, before := false, -1
	for at < len(whole) && step > 0 {
		if left < step {
			t.Truncated()
			return
		}
		at, left = at+step, left-step
		b := show.After(whole, at)
		if at == packet.IPv6Len && next != protoTCP && next != protoUDP && next != protoDCCP && next != protoSCTP {
			t.F("%s > %s: ", d.src, d.dst)
		}
		switch next {
		case protoHopByHop:
			if before == protoHopByHop {
				t.S("[The Hop-by-Hop Options header was already found]")
				t.Invalid()
				return
			}
			if before >= 0 {
				t.S("[The Hop-by-Hop Options header don't follow the IPv6 header]")
				t.Invalid()
				return
			}
			step = t.options6("hbhopt", "HBH ", b, true)
			if payload == 0 {
				t.S("[No valid Jumbo Payload Hop-by-Hop option found]")
				t.Invalid()
				return
			}
		case protoDstOpts:
			step = t.options6("dstopt", "DSTOPT ", b, t.V(1))
		case protoFragment:
			t.Proto = "frag6"
			off := t.U16(b, 2) & 0xfff8
			if t.V(1) {
				t.F("frag (0x%08x:%d|%d)", t.U32(b, 4), off, packet.IPv6Len+payload-at-8)
			} else {
				t.F("frag (%d|%d)", off, packet.IPv6Len+payload-at-8)
			}
			if off != 0 {
				return
			}
			t.S(" ")
			if len(whole) <= at+8 {
				return
			}
			step = 8
			d.fragmented = true
		case protoRouting:
			if len(b) < 1 {
				t.Truncated()
				return
			}
			step = t.routing(b)
		default:
			if payload == 0 {
				if extended {
					t.Truncated()
					return
				}
				left, b = 0, nil
			}
			t.carriedByIP(next, b, left, d)
			return
		}
		if step < 0 {
			return
		}
		extended, before = true, next
		next = t.U8(b, 0)
		t.Proto = "ip6"
	}
}

// options6 writes a header of options and returns its length; below 0 where it ends the
// packet's text.
func (t *text) options6(proto, word string, b []byte, show bool) int {
	t.Proto = proto
	n := (t.U8(b, 1) + 1) * 8
	if len(b) < n {
		t.Truncated()
		return -1
	}
	t.S(word)
	if !show {
		return n
	}
	v := t.V(1)
	for o := b[2:n]; len(o) > 0; {
		size := 1
		if o[0] != 0 {
			if len(o) < 2 || len(o) < int(o[1])+2 {
				t.Truncated()
				return -1
			}
			size = int(o[1]) + 2
		}
		switch {
		case o[0] == 5 && len(o) < 4:
			t.S("(rtalert: trunc)")
			t.Truncated()
			return -1
		case o[0] == 5 && o[1] != 2:
			t.F("(rtalert: invalid len %d)", o[1])
			t.Truncated()
			return -1
		case !v:
		case o[0] == 0:
			t.S("(pad1)")
		case o[0] == 1:
			t.S("(padn)")
		case o[0] == 5:
			t.F("(rtalert: 0x%04x) ", t.U16(o, 2))
		default:
			t.F("(opt_type 0x%02x: len=%d)", o[0], o[1])
		}
		o = o[size:]
	}
	if v {
		t.S(" ")
	}
	return n
}

// routing writes a routing header and returns its length; below 0 where it can't be read.
func (t *text) routing(b []byte) int {
	t.Proto = "rt6"
	t.S("RT6")
	words := t.U8(b, 1)
	t.F(" (len=%d", words)
	typ := t.U8(b, 2)
	t.F(", type=%d", typ)
	if typ == 0 {
		t.S(" [Deprecated]")
	}
	t.F(", segleft=%d", t.U8(b, 3))
	switch typ {
	case 0, 2:
		if rsv := t.U32(b, 4); rsv != 0 || t.V(1) {
			t.F(", rsv=0x%0x", rsv)
		}
	case 4:
		t.F(", last-entry=%d", t.U8(b, 4))
		if f := t.U8(b, 5); f != 0 || t.V(1) {
			t.F(", flags=0x%0x", f)
		}
		t.F(", tag=%x", t.U16(b, 6))
	default:
		t.S(" (unknown type)")
		t.Invalid()
		return -1
	}
	if words%2 == 1 {
		t.F(" (invalid length %d)", words)
		t.Invalid()
		return -1
	}
	for i := range words / 2 {
		t.F(", [%d]%s", i, t.IP6(b, 8+16*i))
	}
	t.S(") ")
	return (words + 1) * 8
}
