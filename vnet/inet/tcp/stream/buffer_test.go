package stream

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// What a buffer says is held to a plain slice with holes.
func TestABufferIsASlice(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var p Pool
		p.Open = true
		var q Buffer
		var want, ahead []byte // ahead: filled from its front
		for range 300 {
			switch n := r.IntN(3000); r.IntN(4) {
			case 0:
				if len(ahead) == 0 {
					b := bytes.Repeat([]byte{byte(n)}, n)
					q.Append(&p, b)
					want = append(want, b...)
				}
			case 1:
				n = min(n, len(want))
				q.Drop(&p, n, len(ahead) > 0)
				want = want[n:]
			case 2:
				b := bytes.Repeat([]byte{byte(n + 1)}, n)
				q.Put(&p, len(ahead), b)
				ahead = append(ahead, b...)
			case 3:
				q.Extend(len(ahead))
				want = append(want, ahead...)
				ahead = nil
			}
			if q.Len() != len(want) || !bytes.Equal(q.At(0, q.Len()), want) {
				t.Fatalf("seed %d: %d bytes, want %d", seed, q.Len(), len(want))
			}
			if p.Bytes() > limit {
				t.Fatalf("the pool holds %d bytes", p.Bytes())
			}
		}
	}
}

func TestAPoolIsDroppedWhenIdle(t *testing.T) {
	p := Pool{Open: true}
	var q Buffer
	q.Append(&p, make([]byte, 5000))
	q.Free(&p)
	if p.Bytes() == 0 {
		t.Fatal("nothing is kept")
	}
	q.Append(&p, make([]byte, 5000))
	if p.Bytes() != 0 || p.Idle() {
		t.Error("what was kept is not used")
	}
	q.Free(&p)
	if !p.Idle() {
		t.Error("not idle")
	}
	p.Drop()
	if p.Bytes() != 0 {
		t.Error("not dropped")
	}
}
