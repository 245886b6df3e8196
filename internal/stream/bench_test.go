package stream

import (
	"testing"

	"wireloom/vnet/event"
	"wireloom/vnet/packet"
)

func BenchmarkAppendEvent(b *testing.B) {
	e := event.Event{
		Seq: 1, At: 12345678901, Kind: event.Frame, Port: "alice:em0", Peer: "s1.1", N: 1e6, Frame: 25, Link: packet.LinkEthernet,
		Data: append([]byte("\x02\x00\x00\x00\x00\x0b\x02\x00\x00\x00\x00\x0a\x08\x00\x45\x00\x00\x54\x00\x01\x00\x00\x40\x01\x66\xa6\x0a\x00\x00\x01\x0a\x00\x00\x02\x08\x00\x2d\x7a\x00\x07\x00\x0c"), make([]byte, 56)...),
	}
	var buf []byte
	w := writer{b: &batch{}}
	b.ReportAllocs()
	for b.Loop() {
		p, _ := frameOf(&e)
		s := shapeOf(&e, "")
		buf = appendFrame(w.appendRow(buf[:0], &e, &s, w.shape(&s), ""), &e, p)
	}
}
