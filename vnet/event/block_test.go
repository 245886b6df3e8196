package event

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"wireloom/vnet/packet"
)

// random makes an event of few names and frames, so that they come again, and of
// all sizes.
func random(r *rand.Rand) Event {
	name := func() string {
		if r.IntN(3) == 0 {
			return ""
		}
		return fmt.Sprintf("%c%d", 'a'+r.IntN(4), r.IntN(200))
	}
	e := Event{
		Kind: Kind(1 + r.IntN(int(kinds)-1)), At: someTime(r), Node: name(), Proc: name(), PID: r.IntN(3) - 1,
		Port: name(), Peer: name(), Path: name(), Op: name(), FD: r.IntN(5) - 1, Len: r.IntN(2) * 1500, N: r.Int64() - 1<<62,
		Errno: uint16(r.IntN(3)), Began: someTime(r), Fuel: r.Int64N(1000), Text: name(), Frame: uint64(r.IntN(100)),
	}
	if n := r.IntN(40); n > 0 {
		e.Data = bytes.Repeat([]byte{byte(e.Frame)}, n*(1+r.IntN(2)*100))
	}
	return e
}

func someTime(r *rand.Rand) time.Duration {
	if r.IntN(4) > 0 {
		return time.Duration(r.IntN(1000))
	}
	return time.Duration(r.IntN(20)) * time.Hour
}

func TestLogReturnsWhatWasAppended(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	l := NewLog(1 << 30)
	var want []Event
	for i := range 5000 {
		e := random(r)
		l.Append(&e)
		if e.Seq != uint64(i) {
			t.Fatalf("event %d got the number %d", i, e.Seq)
		}
		want = append(want, e)
	}
	if len(l.blocks) < 10 {
		t.Fatalf("%d blocks: the test wants many", len(l.blocks))
	}
	for _, from := range []int{0, 1, 31, 32, 33, 1000, 4999} {
		got, missed, _ := l.From(uint64(from), len(want))
		if missed != 0 || !reflect.DeepEqual(got, want[from:]) {
			t.Errorf("From(%d): %d events, %d missed, not those that were appended", from, len(got), missed)
		}
	}
	for from := range want {
		if got, _, _ := l.From(uint64(from), 1); len(got) != 1 || !reflect.DeepEqual(got[0], want[from]) {
			t.Fatalf("From(%d, 1): %+v, want %+v", from, got, want[from])
		}
	}
}

func TestAFramesBytesAreKeptOncePerBlock(t *testing.T) {
	l := NewLog(0)
	frame := bytes.Repeat([]byte("frame"), 300)
	size := func() int { return l.blocks[len(l.blocks)-1].end }
	for i, tc := range []struct {
		name string
		e    Event
		more int // bytes that it may add
		less int // bytes that it must add
	}{
		{"the first has them", Event{Kind: Frame, Frame: 7, Data: frame}, 1520, 1500},
		{"the next points there", Event{Kind: Frame, Frame: 7, Data: frame}, 12, 0},
		{"another frame has its own", Event{Kind: Frame, Frame: 8, Data: frame}, 1520, 1500},
		{"one that was cut has its own", Event{Kind: Call, Frame: 7, Data: frame[:1000]}, 1020, 1000},
		{"and others point there", Event{Kind: Call, Frame: 7, Data: frame[:1000]}, 12, 0},
		{"data that is no frame's has its own", Event{Kind: Console, Data: frame}, 1520, 1500},
		{"and so each time", Event{Kind: Console, Data: frame}, 1520, 1500},
	} {
		before := 0
		if i > 0 {
			before = size()
		}
		l.Append(&tc.e)
		if n := size() - before; n > tc.more || n < tc.less {
			t.Errorf("%s: %d bytes more, want %d to %d", tc.name, n, tc.less, tc.more)
		}
		if got, _, _ := l.From(uint64(i), 1); !bytes.Equal(got[0].Data, tc.e.Data) {
			t.Errorf("%s: the data is not what was appended", tc.name)
		}
	}
}

func TestASiteChangesNothingOfTheEncoding(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	plain, sited := NewLog(1<<30), NewLog(1<<30)
	sources := make([]Event, maxPlaces/2) // with two PIDs and two FDs each there are more places than a block can number
	for i := range sources {
		sources[i] = random(r)
	}
	sites := make([]Site, len(sources))
	for range 50_000 {
		i := r.IntN(len(sources))
		e := random(r)
		from := &sources[i]
		e.Node, e.Proc, e.Port, e.Peer, e.Path, e.Op = from.Node, from.Proc, from.Port, from.Peer, from.Path, from.Op
		e.PID, e.FD, e.Data = r.IntN(2), r.IntN(2), nil
		plain.Append(&e)
		sites[i].take(&e)
		sited.AppendAt(&sites[i])
	}
	if b := plain.blocks[0]; len(plain.blocks) < 3 || b.placed < maxPlaces {
		t.Fatalf("%d blocks, %d places in the first: the test wants several full ones", len(plain.blocks), b.placed)
	}
	if got, want := sited.Hash(), plain.Hash(); got != want {
		t.Errorf("hash %s with sites, want %s as without", got, want)
	}
}

// take makes the site one of an event, if it is of another place.
func (s *Site) take(e *Event) {
	if s.PID != e.PID || s.FD != e.FD {
		*s = Site{}
	}
	s.Event = *e
}

// What the hash is taken over may not change: each recording has one.
func TestTheEncodingStaysAsItIs(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	l := NewLog(0)
	var sites [8]Site
	for i := range sites {
		sites[i].Port, sites[i].Peer = "s1.2", fmt.Sprint("b:em", i)
	}
	for i := range 50_000 {
		e := random(r)
		if i%2 == 0 {
			l.Append(&e)
			continue
		}
		s := &sites[r.IntN(len(sites))]
		e.Link, e.Head = packet.Link(r.IntN(3)), uint8(r.IntN(2)*r.IntN(256))
		e.Node, e.Proc, e.Port, e.Peer, e.Path, e.Op = "", "", s.Port, s.Peer, "", ""
		s.take(&e)
		l.AppendAt(s)
	}
	const want = "ea62929284e24ae9efd2ca8e09e928b3838c3cc324978615bee9ecf9fc63cb38"
	if got := l.Hash(); got != want {
		t.Errorf("the hash is %s, want %s: each recording would have another", got, want)
	}
}

func TestReadingABlockNeverGoesBeyondIt(t *testing.T) {
	e := full()
	l := NewLog(0)
	l.Append(&e)
	l.Append(&e)
	b := l.blocks[0]
	for n := range b.end {
		c := b.cursor(b.whole[:n], 0)
		var got Event
		if err := c.decode(&got); err == nil {
			err = c.decode(&got)
			if err == nil {
				t.Errorf("the first %d of %d bytes decode without an error", n, b.end)
			}
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{64, 1500} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			l := NewLog(-1)
			data := make([]byte, size)
			es := []Event{
				{Kind: Call, Node: "a", Proc: "pump", PID: 2, Op: "write", Path: "/dev/tap0", FD: 4, Len: size, N: int64(size), Fuel: 1 << 20, Data: data},
				{Kind: Frame, Port: "a:tap0", Peer: "s1.1", Data: data},
				{Kind: Frame, Port: "s1.2", Peer: "b:tap0", Data: data},
				{Kind: Call, Node: "b", Proc: "sink", PID: 2, Op: "read", Path: "/dev/tap0", FD: 4, Len: 2048, N: int64(size), Fuel: 1 << 20, Data: data},
			}
			sites := make([]Site, len(es))
			for i := range es {
				sites[i].Event = es[i]
			}
			at := time.Duration(0)
			id := uint64(0)
			for b.Loop() {
				id++
				for i := range sites {
					at += 300
					s := &sites[i]
					s.At, s.Began, s.Frame, s.Data = at, at-100, id, data
					l.AppendAt(s)
				}
			}
			l.Hash()
		})
	}
}

// TestABlockHasNinePages: a byte more, and each block of each lab would take another 8 KiB.
func TestABlockHasNinePages(t *testing.T) {
	if n := unsafe.Sizeof(room{}); n > 9*8192 || n <= 9*8192-4*unsafe.Sizeof("") {
		t.Errorf("a block's memory has %d bytes, want up to %d, with as many names as there is room for", n, 9*8192)
	}
}

// Places of many names, of one name at several spots, and with numbers that no system has come
// back as they were.
func TestPlacesComeBack(t *testing.T) {
	l := NewLog(1 << 30)
	var want []Event
	for i := range 3 * maxPlaces {
		name := func(s string) string { return fmt.Sprintf("%s%d", s, i) }
		for _, e := range []Event{
			{Kind: Call, Node: name("n"), Proc: name("p"), Port: name("o"), Peer: name("e"), Path: name("a"), Op: name("x"), PID: i, FD: -i},
			{Kind: Call, Node: "same", Proc: "same", Port: "", Peer: "same", Path: "same", Op: "same", PID: i},
			{Kind: Call, Node: "wide", PID: 1 << 40, FD: i},
			{Kind: Call, Node: "wide", PID: i, FD: -1 << 40},
		} {
			l.Append(&e)
			want = append(want, e)
		}
	}
	if b := l.blocks[0]; b.placed != maxPlaces || b.named < maxPlaces || b.named >= maxNames {
		t.Fatalf("the first block has %d places and %d names: the test wants it full", b.placed, b.named)
	}
	got, missed, _ := l.From(0, len(want))
	if missed != 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d events, %d missed, not those that were appended", len(got), missed)
	}
}
