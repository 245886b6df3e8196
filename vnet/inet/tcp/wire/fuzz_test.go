package wire

import (
	"net/netip"
	"testing"
)

// FuzzParse: whatever Parse takes can be appended again, and is the same.
func FuzzParse(f *testing.F) {
	src, dst := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	s := Segment{Src: netip.AddrPortFrom(src, 1), Dst: netip.AddrPortFrom(dst, 2), Seq: 3, Ack: 4, Flags: SYN, Window: 5, Options: []byte{2, 4, 0x05, 0xb4, 1, 3, 3, 6, 4, 2, 8, 10, 0, 0, 0, 100, 0, 0, 0, 0}, Data: []byte("data")}
	f.Add(s.Append(nil))
	f.Add(make([]byte, 20))
	f.Fuzz(func(t *testing.T, p []byte) {
		g, err := Parse(src, dst, p)
		if err != nil {
			return
		}
		var o Options
		o.Parse(g.Options, true)
		o.Parse(g.Options, false)
		b := g.Append(nil)
		if h, err := Parse(src, dst, b); err != nil || h.Seq != g.Seq || h.Flags != g.Flags || len(h.Data) != len(g.Data) {
			t.Fatalf("%+v came back as %+v, %v", g, h, err)
		}
	})
}
