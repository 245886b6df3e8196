package wire

import (
	"bytes"
	"net/netip"
	"testing"
)

func TestWhatABatchKeepsStaysWhereItIs(t *testing.T) {
	var b Batch
	first := b.Keep([]byte("first"))
	if b.Keep(nil) != nil {
		t.Error("nothing is not nil")
	}
	options := b.Written(append(b.Tail(), 1, 2, 3))
	if b.Written(b.Tail()) != nil {
		t.Error("no options are not nil")
	}
	for range 100 { // the memory grows, and moves
		b.Keep(make([]byte, 100))
	}
	if string(first) != "first" || !bytes.Equal(options, []byte{1, 2, 3}) {
		t.Errorf("%q, %v", first, options)
	}
	if _ = append(first, 'X'); options[0] != 1 {
		t.Error("what is appended to one is written over the next")
	}
}

func TestARareBurstLeavesNoMemory(t *testing.T) {
	for _, c := range []struct {
		name     string
		segments int
		bytes    int
		kept     bool
	}{
		{"a few", 10, 1000, true},
		{"many segments", batchSegments + 1, 0, false},
		{"many bytes", 1, batchBytes + 1, false},
	} {
		var b Batch
		b.Keep(make([]byte, c.bytes))
		for range c.segments {
			b.Add(&Segment{})
		}
		b.Reset()
		if kept := cap(b.Segments) > 0; kept != c.kept || len(b.Segments) != 0 || len(b.Tail()) != 0 {
			t.Errorf("%s: kept is %v, want %v; %d segments, %d bytes", c.name, kept, c.kept, len(b.Segments), len(b.Tail()))
		}
	}
}

func TestAPathCarries(t *testing.T) {
	for _, c := range []struct {
		name   string
		remote string
		mtu    int
		want   int
	}{
		{"ethernet", "10.0.0.2", 1500, 1460},
		{"ethernet, IPv6", "2001:db8::2", 1500, 1440},
		{"hardly anything", "10.0.0.2", 68, 64},
	} {
		if got := (Path{MTU: c.mtu}).MSS(netip.MustParseAddr(c.remote)); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestALowerMTUIsGuessed(t *testing.T) {
	for n, want := range map[int]int{65535: 32000, 1500: 1492, 1492: 1006, 297: 296, 296: 68, 68: 68} {
		if got := LowerMTU(n); got != want {
			t.Errorf("below %d: got %d, want %d", n, got, want)
		}
	}
}
