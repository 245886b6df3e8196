package frag_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"wireloom/vnet/inet/ip6/frag"
	"wireloom/vnet/packet"
)

var values = frag.Values{Timeout: time.Minute, Datagrams: 10, Fragments: 50}

// fragment is one of a datagram of that id, behind extra bytes of headers.
func fragment(id uint32, off int, more bool, data []byte) packet.IPv6 {
	b := make([]byte, 48, 48+len(data))
	b[0], b[6], b[7], b[23], b[39] = 0x60, packet.ProtoFragment, 64, 2, 1
	binary.BigEndian.PutUint16(b[4:], uint16(8+len(data)))
	b[40] = packet.ProtoUDP
	field := uint16(off)
	if more {
		field |= 1
	}
	binary.BigEndian.PutUint16(b[42:], field)
	binary.BigEndian.PutUint32(b[44:], id)
	return append(b, data...)
}

// What comes together is what was taken apart: of random fragments in random order, some of them
// twice, some over others, the earlier of which counts. A slow model says when it is whole.
func TestWhatComesTogetherWasTakenApart(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 2))
		v := values
		tab := frag.Table{V: &v}
		n := 8 * (2 + r.IntN(12))
		var model [200]int // which fragment's byte it is, from 1; 0: none yet
		last := n - r.IntN(8)
		got := false
		var want []byte
		for k := 1; k <= 60 && !got; k++ {
			off := 8 * r.IntN(n/8)
			size := min(8*(1+r.IntN(4)), last-off)
			if size <= 0 {
				continue
			}
			more := off+size < last
			if more {
				size &^= 7
			}
			if size == 0 {
				continue
			}
			data := make([]byte, size)
			for i := range data {
				data[i] = byte(k)
			}
			free := true
			for i := range size {
				free = free && model[off+i] == 0
			}
			alone := off == 0 && !more
			res := tab.Input(0, 0, fragment(7, off, more, data), 40, 6)
			if free && !alone {
				for i := range size {
					model[off+i] = k
				}
			}
			full := true
			want = want[:0]
			for i := range last {
				full = full && model[i] != 0
				want = append(want, byte(model[i]))
			}
			switch {
			case alone:
				if res.Verdict != frag.Alone {
					t.Fatalf("seed %d: verdict %d of a datagram in one fragment", seed, res.Verdict)
				}
			case !free:
				if res.Verdict != frag.Overlaps {
					t.Fatalf("seed %d: verdict %d of a fragment over another", seed, res.Verdict)
				}
			case full:
				if res.Verdict != frag.Whole || string(res.Packet[40:]) != string(want) || res.Next != packet.ProtoUDP || res.Packet[6] != packet.ProtoUDP || res.Payload != 40 {
					t.Fatalf("seed %d: %+v, want %x", seed, res, want)
				}
				got = true
			case res.Verdict != frag.Waits:
				t.Fatalf("seed %d: verdict %d of one that waits", seed, res.Verdict)
			}
		}
		if got && (tab.Bytes() != 0 || tab.Len() != 0) {
			t.Errorf("seed %d: %d bytes of %d datagrams are left", seed, tab.Bytes(), tab.Len())
		}
		tab.Tick(time.Minute)
		if tab.Bytes() != 0 || tab.Len() != 0 || tab.Next() != 0 {
			t.Errorf("seed %d: after the time %d bytes of %d datagrams are left", seed, tab.Bytes(), tab.Len())
		}
	}
}

func TestLimitsAndTimes(t *testing.T) {
	v := values
	tab := frag.Table{V: &v}
	for i := range 12 {
		want := frag.Waits
		if i >= 10 {
			want = frag.Full
		}
		if got := tab.Input(time.Duration(i)*time.Second, 3, fragment(uint32(i), 8*(i%2), true, make([]byte, 8)), 40, 6).Verdict; got != want {
			t.Errorf("datagram %d: verdict %d, want %d", i, got, want)
		}
	}
	if at := tab.Next(); at != time.Minute {
		t.Errorf("Next is %v", at)
	}
	over := tab.Tick(61 * time.Second)
	if len(over) != 2 || over[0].NIC != 3 || over[0].First == nil || over[1].First != nil {
		t.Errorf("over: %v", over)
	}
	v.Fragments = 8
	if got := tab.Input(0, 0, fragment(2, 16, true, make([]byte, 8)), 40, 6).Verdict; got != frag.Full {
		t.Errorf("fragment beyond the limit: verdict %d", got)
	}
	for _, c := range []struct {
		name string
		p    packet.IPv6
		want frag.Verdict
	}{
		{"cut short", fragment(9, 0, true, nil)[:44], frag.Short},
		{"empty, others follow", fragment(9, 0, true, nil), frag.BadLength},
		{"of 12 bytes, others follow", fragment(9, 0, true, make([]byte, 12)), frag.BadLength},
		{"beyond 65535 bytes", fragment(9, 65528, false, make([]byte, 9)), frag.TooLong},
	} {
		if got := tab.Input(0, 0, c.p, 40, 6).Verdict; got != c.want {
			t.Errorf("%s: verdict %d, want %d", c.name, got, c.want)
		}
	}
}

// FuzzInput: no packet breaks a table, and what is whole has its length.
func FuzzInput(f *testing.F) {
	f.Add([]byte(fragment(1, 0, true, make([]byte, 8))), []byte(fragment(1, 8, false, make([]byte, 3))))
	f.Fuzz(func(t *testing.T, x, y []byte) {
		v := values
		tab := frag.Table{V: &v}
		for _, b := range [][]byte{x, y} {
			p, err := packet.ParseIPv6(b)
			if err != nil {
				continue
			}
			if r := tab.Input(0, 0, p, 40, 6); r.Verdict == frag.Whole {
				if _, err := packet.ParseIPv6(r.Packet); err != nil {
					t.Errorf("whole: %v", err)
				}
			}
		}
		tab.Tick(v.Timeout)
		if tab.Bytes() != 0 {
			t.Errorf("%d bytes are left", tab.Bytes())
		}
	})
}
