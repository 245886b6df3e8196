package tcpdump

import (
	"net/netip"

	"wireloom/vnet/tcpdump/show"
)

// A conn is a TCP connection, the same in both directions.
type conn struct{ a, b netip.AddrPort }

// An initial is what the sequence numbers of a connection's packets count from: those of
// a, and those of b.
type initial struct{ a, b uint32 }

var tcpFlags = show.Bits{{1, "F"}, {2, "S"}, {4, "R"}, {8, "P"}, {16, "."}, {32, "U"}, {64, "E"}, {128, "W"}}

const tcpFin, tcpSyn, tcpRst, tcpAck, tcpUrg = 1, 2, 4, 16, 32

// endpoints writes who sends to whom: the ports alone where another header is between.
func (t *text) endpoints(d datagram, proto, src, dst int) {
	tcp := proto == protoTCP
	if d.proto == proto {
		t.F("%s.%s > %s.%s: ", d.src, t.Port(src, tcp), d.dst, t.Port(dst, tcp))
	} else {
		t.F("%s > %s: ", t.Port(src, tcp), t.Port(dst, tcp))
	}
}

// tcp writes a segment.
func (t *text) tcp(b []byte, size int, d datagram) {
	t.Proto = "tcp"
	if len(b) < 4 {
		t.F("%s > %s:", d.src, d.dst)
		t.Truncated()
		return
	}
	src, dst := t.U16(b, 0), t.U16(b, 2)
	t.endpoints(d, protoTCP, src, dst)
	if len(b) < 20 {
		t.Truncated()
		return
	}
	head := int(b[12]>>4) * 4
	if head < 20 {
		t.F(" tcp %d [bad hdr length %d - too short, < 20]", uint32(size-head), head)
		return
	}
	if t.Quiet {
		t.F("tcp %d", uint32(size-head))
		if head > size {
			t.F(" [bad hdr length %d - too long, > %d]", head, size)
		}
		return
	}
	seq, ack, f := t.U32(b, 4), t.U32(b, 8), int(b[13])
	t.F("Flags [%s]", show.Flags(tcpFlags, f, "", "none"))
	var base uint32 // what the selective acknowledgements count from
	if !t.Absolute && f&tcpAck != 0 {
		seq, ack, base = t.relativeTo(d, src, dst, seq, ack, f)
	}
	if head > size {
		t.F(" [bad hdr length %d - too long, > %d]", head, size)
		return
	}
	if t.V(1) && !t.NoSums && !d.fragmented && len(b) >= size {
		have := t.U16(b, 16)
		t.F(", cksum 0x%04x", have)
		if left := t.sum(d, protoTCP, b[:size]); left != 0 {
			t.F(" (incorrect -> 0x%04x)", show.SumShouldBe(have, left))
		} else {
			t.S(" (correct)")
		}
	}
	size -= head
	if t.V(2) || size > 0 || f&(tcpSyn|tcpFin|tcpRst) != 0 {
		t.F(", seq %d", seq)
		if size > 0 {
			t.F(":%d", seq+uint32(size))
		}
	}
	if f&tcpAck != 0 {
		t.F(", ack %d", ack)
	}
	t.F(", win %d", t.U16(b, 14))
	if f&tcpUrg != 0 {
		t.F(", urg %d", t.U16(b, 18))
	}
	if head > 20 && !t.tcpOptions(b[20:], head-20, base) {
		return
	}
	t.F(", length %d", size)
	if size == 0 {
		return
	}
	if len(b) < head {
		t.F(" [remaining caplen(%d) < header length(%d)]", len(b), head)
		panic(show.Cut{})
	}
	t.stream(b[head:], size, f, src, dst)
}

// relativeTo returns the numbers of a segment as they count from the connection's first,
// which the first segment of it that is seen has.
func (t *text) relativeTo(d datagram, src, dst int, seq, ack uint32, f int) (s, a, base uint32) {
	from, to := netip.AddrPortFrom(d.src, uint16(src)), netip.AddrPortFrom(d.dst, uint16(dst))
	back := src > dst || src == dst && d.src.Compare(d.dst) > 0
	c := conn{from, to}
	if back {
		c = conn{to, from}
	}
	conns := t.p.conns
	first, known := conns[c]
	if !known || f&tcpSyn != 0 {
		if len(conns) >= maxConns {
			clear(conns)
		}
		first = initial{seq, ack - 1}
		if back {
			first = initial{ack - 1, seq}
		}
		conns[c] = first
		s, a = seq, ack
	} else if back {
		s, a = seq-first.b, ack-first.a
	} else {
		s, a = seq-first.a, ack-first.b
	}
	if back {
		return s, a, first.a
	}
	return s, a, first.b
}

var tcpOptions = map[int]string{
	0: "eol", 1: "nop", 2: "mss", 3: "wscale", 4: "sackOK", 5: "sack", 6: "echo", 7: "echoreply", 8: "TS", 11: "cc", 12: "ccnew", 13: "", 19: "md5",
	20: "scps", 28: "uto", 29: "tcp-ao", 30: "mptcp", 34: "tfo", 254: "exp",
}

// tcpOptions writes n bytes of options; false where they end the packet's text.
func (t *text) tcpOptions(b []byte, n int, base uint32) bool {
	t.S(", options [")
	sep := ""
	bad := func() bool {
		t.S("[bad opt]")
		if sep != "" {
			t.S("]")
		}
		return false
	}
	for n > 0 {
		t.S(sep)
		kind, size := t.U8(b, 0), 1
		if kind > 1 {
			if size = t.U8(b, 1); size < 2 || size > n {
				return bad()
			}
		}
		t.S(show.Name(tcpOptions, kind, "unknown-%d"))
		data := 0 // of which the length is known
		need, fixed := map[int]int{2: 2, 3: 1, 6: 4, 7: 4, 8: 8, 11: 4, 12: 4, 13: 4, 19: 16, 20: 2, 28: 2}[kind]
		if data = size - min(size, 2); fixed {
			data = need
		}
		if kind <= 1 || kind == 4 {
			data = 0
		}
		if data > n-min(size, 2) || kind == 254 && data < 2 {
			return bad()
		}
		o := show.After(b, min(size, 2))
		if len(o) >= data || !fixed && kind != 34 && kind != 254 { // of a list that was cut, what there is
			t.tcpOption(kind, show.First(o, data), data, base)
		}
		if len(o) < data {
			t.Truncated()
			if sep != "" {
				t.S(">")
			}
			return false
		}
		b, n = show.After(b, min(size, 2)+data), n-min(size, 2)-data
		if data+min(size, 2) != size {
			t.F("[len %d]", size)
		}
		sep = ","
		if kind == 0 {
			break
		}
	}
	t.S("]")
	return true
}

// tcpOption writes the value of an option, which has n bytes.
func (t *text) tcpOption(kind int, o []byte, n int, base uint32) {
	switch kind {
	case 0, 1, 4:
	case 2:
		t.F(" %d", t.U16(o, 0))
	case 3:
		t.F(" %d", o[0])
	case 5:
		if n%8 != 0 {
			t.S(" invalid sack")
			return
		}
		t.F(" %d ", n/8)
		for ; len(o) >= 8; o = o[8:] {
			t.F("{%d:%d}", t.U32(o, 0)-base, t.U32(o, 4)-base)
		}
	case 6, 7, 11, 12, 13:
		t.F(" %d", t.U32(o, 0))
	case 8:
		t.F(" val %d ecr %d", t.U32(o, 0), t.U32(o, 4))
	case 19:
		t.F(" can't check - %x", o)
	case 20:
		t.F(" cap %02x id %d", o[0], o[1])
	case 28:
		v := t.U16(o, 0)
		t.F(" 0x%x", v)
		if v&1 != 0 {
			v = v >> 1 * 60
		} else {
			v >>= 1
		}
		t.F(" %d", v)
	case 29:
		if n < 2 {
			t.Invalid()
			return
		}
		if len(o) < 2 {
			return
		}
		t.F(" keyid %d rnextkeyid %d", o[0], o[1])
		if len(o) > 2 {
			t.F(" mac 0x%x", o[2:])
		}
	case 34:
		t.S(" ")
		t.fastOpen(o, " ")
	case 254:
		t.S("-")
		if magic := t.U16(o, 0); magic == 0xf989 {
			t.fastOpen(o[2:], "tfo")
		} else {
			t.F("%04x", magic)
		}
	default:
		if n > 0 {
			t.F(" 0x%x", o)
		}
	}
}

// fastOpen writes the cookie of TCP Fast Open.
func (t *text) fastOpen(o []byte, word string) {
	t.S(word)
	if word != " " {
		t.S(" ")
	}
	switch {
	case len(o) == 0:
		t.S("cookiereq")
	case len(o)%2 != 0 || len(o) < 4 || len(o) > 16:
		t.Invalid()
	default:
		t.F("cookie %x", o)
	}
}
