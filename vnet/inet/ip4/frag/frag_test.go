package frag

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// fragment is a fragment of datagram id: data at off, more to come or not.
func fragment(t testing.TB, id uint16, off int, more bool, data []byte) packet.IPv4 {
	t.Helper()
	h := packet.IPv4Header{ID: id, FragmentOffset: off, Protocol: packet.ProtoUDP, Src: netip.MustParseAddr("10.0.0.2"), Dst: netip.MustParseAddr("10.0.0.1")}
	if more {
		h.Flags = packet.MoreFragments
	}
	b, err := packet.AppendIPv4(nil, h, len(data))
	if err != nil {
		t.Fatal(err)
	}
	return append(b, data...)
}

// slow is reassembly as BSD does it, a byte at a time and as plainly as can be.
type slow struct {
	frags []slowFrag // by offset
	limit int
	over  bool // too many fragments: given up
}

type slowFrag struct {
	off  int
	data []byte
	more bool
}

// add returns the datagram if it is whole now.
func (s *slow) add(off int, data []byte, more bool) []byte {
	before := -1
	for i, f := range s.frags {
		if f.off <= off {
			before = i
		}
	}
	for before >= 0 && len(s.frags) > 0 { // what the one before has is taken off, byte by byte
		f := s.frags[before]
		if off >= f.off+len(f.data) {
			break
		}
		if off++; len(data) <= 1 {
			return nil
		}
		data = data[1:]
	}
	var kept []slowFrag
	for i, f := range s.frags {
		for i > before && len(f.data) > 0 && f.off < off+len(data) { // the new one is preferred
			f.off++
			f.data = f.data[1:]
			if len(f.data) == 0 {
				f.off = -1
			}
		}
		if f.off >= 0 {
			kept = append(kept, f)
		}
	}
	kept = append(kept, slowFrag{off, data, more})
	slices.SortStableFunc(kept, func(a, b slowFrag) int { return a.off - b.off })
	s.frags = kept
	var whole []byte
	for _, f := range s.frags {
		if f.off != len(whole) {
			s.over = s.limit > 0 && len(s.frags) > s.limit
			return nil
		}
		whole = append(whole, f.data...)
	}
	if s.frags[len(s.frags)-1].more {
		s.over = s.limit > 0 && len(s.frags) > s.limit
		return nil
	}
	return whole
}

// Random fragments with random overlaps lead to the same bytes at the same moment.
func TestReassemblyAsTheSlowOneDoes(t *testing.T) {
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		d := []dialect.Dialect{dialect.FreeBSD, dialect.DragonFly, dialect.NetBSD}[rnd.IntN(3)]
		v, st := LimitsOf(d), Stats{}
		table := New(d, &v, &st)
		v.MaxFragsPerPacket = []int{0, 4, 16}[rnd.IntN(3)]
		if d == dialect.FreeBSD && v.MaxFragsPerPacket == 0 {
			v.MaxFragsPerPacket = 16
		}
		s := slow{limit: v.MaxFragsPerPacket}
		total := 8 + rnd.IntN(24) // units
		log := ""
		for n := range 60 {
			off, units := rnd.IntN(total), 1+rnd.IntN(6)
			more := off+units < total
			if !more {
				units = total - off
			}
			if off == 0 { // long enough for NetBSD
				units = max(units, 6)
			} else {
				off = max(off, 6)
			}
			data := bytes.Repeat([]byte{byte('A' + n)}, units*8)
			if !more && rnd.IntN(4) == 0 {
				data = data[:len(data)-rnd.IntN(8)]
			}
			log += fmt.Sprintf(" %c[%d+%d more %v]", 'A'+n, off, units, more)
			want := s.add(off*8, data, more)
			var got []byte
			if q := table.Add(0, Arrival{}, fragment(t, 1, off*8, more, data)); q != nil {
				whole := make(packet.IPv4, q.Size())
				q.Write(whole)
				got = whole.Payload()
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("seed %d, %s, limit %d:%s\ngot  %q\nwant %q", seed, d, s.limit, log, got, want)
			}
			if want != nil || s.over {
				s = slow{limit: s.limit}
				log = ""
			}
		}
		if table.Bytes() < 0 || table.Len() == 0 && table.Bytes() != 0 {
			t.Fatalf("seed %d: %d bytes are held in %d datagrams", seed, table.Bytes(), table.Len())
		}
	}
}

// What was replaced or repeated is not kept for ever.
func TestBytesAreCounted(t *testing.T) {
	for _, d := range dialect.All {
		v, st := LimitsOf(d), Stats{}
		table := New(d, &v, &st)
		for i := range 3000 {
			table.Add(0, Arrival{}, fragment(t, 1, 64000-i%1000*8, true, make([]byte, 800)))
			if table.Bytes() > 1<<20 {
				t.Fatalf("%s holds %d bytes for one datagram", d, table.Bytes())
			}
		}
		for q := table.Expired(time.Hour); q != nil; q = table.Expired(time.Hour) {
		}
		if table.Bytes() != 0 || table.Len() != 0 {
			t.Errorf("%s holds %d bytes of %d datagrams at the end", d, table.Bytes(), table.Len())
		}
	}
}

// The head of a datagram that is given up is what came; one whose beginning is missing has none.
func TestHead(t *testing.T) {
	v, st := LimitsOf(dialect.Linux), Stats{}
	table := New(dialect.Linux, &v, &st)
	first := fragment(t, 1, 0, true, []byte("beginning......."))
	table.Add(0, Arrival{NIC: 3}, first)
	table.Add(0, Arrival{}, fragment(t, 1, 32, false, []byte("end")))
	table.Add(time.Second, Arrival{}, fragment(t, 2, 32, false, []byte("end")))
	if at, ok := table.Next(); !ok || at != v.FragLife {
		t.Errorf("Next is %v, %v", at, ok)
	}
	q := table.Expired(v.FragLife)
	if q == nil || !bytes.Equal(q.Head(), first) || q.First().NIC != 3 {
		t.Fatalf("the first that expires is %+v", q)
	}
	if q := table.Expired(v.FragLife); q != nil {
		t.Errorf("another expires at once")
	}
	if q := table.Expired(v.FragLife + time.Second); q == nil || q.Head() != nil {
		t.Errorf("the second that expires is %+v", q)
	}
}

func FuzzAdd(f *testing.F) {
	f.Add(uint8(0), []byte{0, 10, 1, 8, 10, 0})
	f.Add(uint8(3), []byte{0, 10, 1, 4, 10, 1, 10, 10, 0})
	f.Fuzz(func(t *testing.T, how uint8, b []byte) { // three bytes a fragment: offset, length, flags
		d := dialect.Dialect(how & 3)
		v, st := LimitsOf(d), Stats{}
		table := New(d, &v, &st)
		for i := 0; i+3 <= len(b); i += 3 {
			p := fragment(t, uint16(b[i+2]>>6), int(b[i])*64, b[i+2]&1 != 0, bytes.Repeat([]byte{byte(i)}, int(b[i+1])*(1+int(b[i+2]>>1&7))))
			if q := table.Add(time.Duration(i)*time.Second, Arrival{}, p); q != nil {
				whole := make(packet.IPv4, q.Size())
				q.Write(whole)
				if whole.TotalLen() != len(whole) || whole.FragmentOffset() != 0 || whole.Flags() != 0 {
					t.Errorf("a datagram of %d bytes: length %d, offset %d, flags %d", len(whole), whole.TotalLen(), whole.FragmentOffset(), whole.Flags())
				}
			}
		}
		for q := table.Expired(1 << 60); q != nil; q = table.Expired(1 << 60) {
			q.Head()
		}
		if table.Bytes() != 0 {
			t.Errorf("%d bytes are left", table.Bytes())
		}
	})
}

// A datagram in more fragments than the shortest link makes of the longest holds no more.
func TestPartsWithoutNumber(t *testing.T) {
	for _, d := range []dialect.Dialect{dialect.NetBSD, dialect.Linux} {
		v, st := LimitsOf(d), Stats{}
		table := New(d, &v, &st)
		for i := range 8000 {
			table.Add(0, Arrival{}, fragment(t, 1, (8009-i)*8, true, make([]byte, 8)))
		}
		if n := len(table.queues[0].frags); n != maxParts || st.FragNoSpace != 8000-maxParts {
			t.Errorf("%v: %d fragments are kept, %d refused; want %d kept", d, n, st.FragNoSpace, maxParts)
		}
	}
}
