package tcpdump

import "wireloom/vnet/tcpdump/show"

// greFlags are those of GRE (RFC 2784, 2890).
var greFlags = show.Bits{
	{0x8000, "checksum present"},
	{0x4000, "routing present"},
	{0x2000, "key present"},
	{0x1000, "sequence# present"},
	{0x0800, "source routing present"},
	{0x0080, "ack present"},
}

// gre writes a tunnel's header, and what is behind it. Source routes are not read.
func (t *text) gre(b []byte, size int) {
	t.Proto = "gre"
	if len(b) < 2 || size < 2 {
		t.Truncated()
		return
	}
	whole, f := size, t.U16(b, 0)
	pptp := f&7 == 1
	t.F("GREv%d", f&7)
	if f&7 > 1 {
		t.S(" ERROR: unknown-version")
		return
	}
	if t.V(1) {
		t.F(", Flags [%s]", show.Flags(greFlags, f, ", ", "none"))
	}
	proto, off := 0, 2
	for _, field := range []struct {
		there bool
		n     int
		show  func(off int)
	}{
		{true, 2, func(off int) { proto = t.U16(b, off) }},
		{f&0xc000 != 0 && !pptp, 2, func(off int) {
			if t.V(1) {
				t.F(", sum 0x%x", t.U16(b, off))
			}
		}},
		{f&0xc000 != 0 && !pptp, 2, func(off int) { t.F(", off 0x%x", t.U16(b, off)) }},
		{f&0x2000 != 0 && !pptp, 4, func(off int) { t.F(", key=0x%x", t.U32(b, off)) }},
		{f&0x2000 != 0 && pptp, 4, func(off int) { t.F(", call %d", t.U32(b, off)&0xffff) }},
		{f&0x1000 != 0, 4, func(off int) { t.F(", seq %d", t.U32(b, off)) }},
		{f&0x0080 != 0 && pptp, 4, func(off int) { t.F(", ack %d", t.U32(b, off)) }},
	} {
		if !field.there {
			continue
		}
		if len(b) < off+field.n || size < off+field.n {
			t.Truncated()
			return
		}
		field.show(off)
		off += field.n
	}
	empty := pptp && f&0x1000 == 0
	if empty {
		t.S(", no-payload")
	}
	if t.Link {
		t.F(", proto %s (0x%04x)", show.Name(etherTypes, proto, "unknown"), proto)
	}
	t.F(", length %d", whole)
	if empty {
		return
	}
	if t.V(1) {
		t.S("\n\t")
	} else {
		t.S(": ")
	}
	b, size = show.After(b, off), size-off
	switch {
	case pptp:
		t.F("gre-proto-0x%x", proto)
	case proto == typeIP:
		t.ipv4(b, size)
	case proto == typeIP6:
		t.ipv6(b, size)
	case proto == 0x6558:
		t.Proto = "ether"
		t.ether(b, size)
	default:
		t.F("gre-proto-0x%x", proto)
	}
}
