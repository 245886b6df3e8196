package main

import (
	"bytes"
	"testing"
)

func TestRing(t *testing.T) {
	r, o := newRing(), newRing()
	b := make([]byte, 2048)
	if got := r.get(b); got != 0 || r.peek() != nil || r.move(o) {
		t.Errorf("an empty ring gives %d bytes, want none", got)
	}
	for i := range ringSlots {
		if !r.put([]byte{byte(i), byte(i >> 8)}) {
			t.Fatalf("put %d of %d failed", i, ringSlots)
		}
	}
	if r.put([]byte{1}) {
		t.Errorf("a ring of %d takes one more", ringSlots)
	}
	for i := range ringSlots {
		if !r.move(o) {
			t.Fatalf("move %d failed", i)
		}
	}
	if r.peek() != nil {
		t.Error("what was moved is still there")
	}
	if !r.put([]byte{9}) || r.move(o) {
		t.Errorf("a full ring of %d takes one more by move", ringSlots)
	}
	for i := range ringSlots {
		if n := o.get(b); n != 2 || b[0] != byte(i) || b[1] != byte(i>>8) {
			t.Fatalf("frame %d is %x, want %02x%02x", i, b[:n], byte(i), byte(i>>8))
		}
	}
	if n := r.get(b); n != 1 || b[0] != 9 {
		t.Errorf("the exchanged buffers hold %x, want 09", b[:n])
	}
}

func TestRingPathDeliversWhatWasSent(t *testing.T) {
	for _, size := range []int{64, 1500} {
		p := newRingPath()
		f := frameOf(size, 2, 1)
		for range 3 * ringSlots {
			if n := p.pass(f); n != size || !bytes.Equal(p.out[:n], f) {
				t.Fatalf("%d of %d bytes arrived, or others than were sent", n, size)
			}
		}
		if got := len(p.sw.stations); got != stations {
			t.Errorf("the switch knows %d stations, want %d", got, stations)
		}
	}
}

func TestRingSwitchLearns(t *testing.T) {
	p := newRingPath()
	if out := p.sw.forward(p.a, frameOf(64, 9000, 1)); out != nil {
		t.Error("a frame to a station that nobody has heard of is forwarded")
	}
	p.sw.forward(p.b, frameOf(64, 1, 9000))
	if out := p.sw.forward(p.a, frameOf(64, 9000, 1)); out != p.b {
		t.Error("a station that was heard is not found where it was heard")
	}
	p.sw.forward(p.a, frameOf(64, 1, 9000))
	if out := p.sw.forward(p.b, frameOf(64, 9000, 1)); out != p.a {
		t.Error("a station that moved is not found where it is now")
	}
}
