package event

import (
	"bytes"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"
)

func full() Event {
	return Event{
		At: 12*time.Second + 3, Kind: Call, Node: "bob", Proc: "pingd", PID: 2, Port: "bob:tap0", Peer: "s1.2", Path: "/dev/tap0",
		Op: "read", FD: 4, Len: 2048, N: 98, Errno: 35, Began: time.Second, Fuel: 4112, Frame: 77, Text: "frame", Data: []byte{1, 2, 3},
	}
}

func TestEncodingRoundTrips(t *testing.T) {
	for _, tc := range []struct {
		name string
		e    Event
	}{
		{"every field", full()},
		{"only a kind", Event{Kind: Message}},
		{"negative numbers", Event{Kind: Exit, N: -1, FD: -5, PID: -2}},
		{"empty data is none", Event{Kind: Frame, Port: "s1.1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := tc.e.AppendTo([]byte("x"))[1:]
			got, rest, err := Decode(append(b, 9, 9))
			if err != nil || !bytes.Equal(rest, []byte{9, 9}) || !reflect.DeepEqual(got, tc.e) {
				t.Errorf("got %+v, rest %v, error %v, want %+v", got, rest, err, tc.e)
			}
			for n := range len(b) {
				if _, _, err := Decode(b[:n]); err == nil {
					t.Errorf("the first %d of %d bytes decode without an error", n, len(b))
				}
			}
		})
	}
}

// Each field must reach the hash: changing any one of them changes it.
func TestHashDependsOnEveryField(t *testing.T) {
	hash := func(e Event) string {
		l := NewLog(0)
		l.Append(&e)
		return l.Hash()
	}
	want := hash(full())
	v := reflect.ValueOf(full())
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if name == "Seq" { // given by the log
			continue
		}
		e := full()
		switch f := reflect.ValueOf(&e).Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString(f.String() + "x")
		case reflect.Int, reflect.Int64:
			f.SetInt(f.Int() + 1)
		case reflect.Uint8, reflect.Uint16, reflect.Uint64:
			f.SetUint(f.Uint() + 1)
		case reflect.Slice:
			f.SetBytes([]byte{1, 2, 2})
		default:
			t.Fatalf("field %s has a kind that this test does not know", name)
		}
		if hash(e) == want {
			t.Errorf("one more in %s leaves the hash as it was", name)
		}
	}
}

func TestHashIsTheSameForAnyWindow(t *testing.T) {
	sum := func(window, every int) string {
		l := NewLog(window)
		for i := range 5000 {
			l.Append(&Event{Kind: Frame, At: time.Duration(i), Data: bytes.Repeat([]byte{byte(i)}, i%1500)})
			if every > 0 && i%every == 0 {
				l.Hash()
			}
		}
		return l.Hash()
	}
	want := sum(0, 0)
	for _, tc := range []struct{ window, every int }{{-1, 0}, {1 << 24, 0}, {0, 1}, {0, 37}} {
		if got := sum(tc.window, tc.every); got != want {
			t.Errorf("window %d, asked every %d events: hash %s, want %s", tc.window, tc.every, got, want)
		}
	}
}

func TestWindowIsBoundedAndSaysWhatWasMissed(t *testing.T) {
	l := NewLog(256 << 10)
	const n = 3000
	for i := range n {
		l.Append(&Event{Kind: Frame, At: time.Duration(i), Data: make([]byte, 1000)})
	}
	first, next := l.Bounds()
	if next != n || first == 0 || first > n-200 {
		t.Errorf("bounds %d..%d, want the newest 200 at least and the end at %d", first, next, n)
	}
	if l.held > 256<<10 {
		t.Errorf("%d bytes held, want at most %d", l.held, 256<<10)
	}
	es, missed, _ := l.From(5, 10)
	if missed != first-5 || len(es) != 10 || es[0].Seq != first || es[9].At != time.Duration(first+9) {
		t.Errorf("From(5): %d events, first %d, missed %d, want 10 from %d, missed %d", len(es), es[0].Seq, missed, first, first-5)
	}
	es, missed, _ = l.From(n-3, 100)
	if missed != 0 || len(es) != 3 || es[2].Seq != n-1 {
		t.Errorf("From(%d): %d events, missed %d, want the last 3", n-3, len(es), missed)
	}
	if got := l.Since(time.Duration(n - 50)); got != n-50 {
		t.Errorf("Since(%d) = %d", n-50, got)
	}
}

func TestEachStopsWhereItIsToldTo(t *testing.T) {
	l := NewLog(256 << 10)
	const n = 3000
	for i := range n {
		l.Append(&Event{Kind: Frame, At: time.Duration(i), Data: make([]byte, 1000)})
	}
	first, _ := l.Bounds()
	var seen []uint64
	missed, more := l.Each(5, func(e *Event) bool {
		if e.At != time.Duration(e.Seq) {
			t.Fatalf("event %d happened at %d", e.Seq, e.At)
		}
		seen = append(seen, e.Seq)
		return len(seen) < 100
	})
	if missed != first-5 || more != nil || len(seen) != 100 || seen[0] != first || seen[99] != first+99 {
		t.Errorf("%d events from %d, missed %d; want 100 from %d, missed %d", len(seen), seen[0], missed, first, first-5)
	}
	seen = nil
	if missed, _ := l.Each(first, func(e *Event) bool { seen = append(seen, e.Seq); return true }); missed != 0 || len(seen) != int(n-first) {
		t.Errorf("%d events, missed %d; want all %d of the window", len(seen), missed, n-first)
	}
	_, more = l.Each(n, func(*Event) bool { t.Error("an event that has not happened"); return true })
	select {
	case <-more:
		t.Error("there is more before anything was appended")
	default:
	}
	l.Append(&Event{Kind: Frame})
	<-more
}

func TestReadersMissNothing(t *testing.T) {
	l := NewLog(-1)
	var seen []uint64
	l.Subscribe(func(e *Event) { seen = append(seen, e.Seq) })
	for range 2000 {
		l.Append(&Event{Kind: Frame, Data: make([]byte, 500)})
	}
	for i, s := range seen {
		if s != uint64(i) {
			t.Fatalf("reader was given event %d at place %d", s, i)
		}
	}
	if len(seen) != 2000 || l.Count(Frame) != 2000 || l.Count(Drop) != 0 {
		t.Errorf("reader saw %d, count says %d frames and %d drops", len(seen), l.Count(Frame), l.Count(Drop))
	}
}

func TestViewersFollowWhileTheLoopAppends(t *testing.T) {
	l := NewLog(1 << 20)
	const n = 20000
	var wg sync.WaitGroup
	errs := make(chan error, 4)
	for range 4 {
		wg.Go(func() {
			var seq, total uint64
			for seq < n {
				es, missed, more := l.From(seq, 512)
				seq += missed
				total += missed
				for _, e := range es {
					if e.Seq != seq || e.At != time.Duration(seq) {
						errs <- fmt.Errorf("event %d at %v, want %d", e.Seq, e.At, seq)
						return
					}
					seq++
					total++
				}
				if more != nil {
					<-more
				}
			}
			if total != n {
				errs <- fmt.Errorf("saw or missed %d of %d", total, n)
			}
		})
	}
	for i := range n {
		l.Append(&Event{Kind: Frame, At: time.Duration(i), Data: make([]byte, 100)})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
}

func TestAppendAllocatesOnlySlabs(t *testing.T) {
	l := NewLog(1 << 20)
	e := full()
	allocs := testing.AllocsPerRun(2000, func() { l.Append(&e) })
	if allocs > 0.05 {
		t.Errorf("%.2f allocations an event, want those of the slabs only", allocs)
	}
}

func TestKindNames(t *testing.T) {
	seen := map[string]bool{}
	for k := Lab; k < kinds; k++ {
		if s := k.String(); s == "" || s == "invalid" || seen[s] {
			t.Errorf("kind %d is called %q", k, s)
		}
		seen[k.String()] = true
	}
	if Kind(0).String() != "invalid" || Kind(200).Valid() {
		t.Error("a kind outside the set passes for one of it")
	}
}

func FuzzDecode(f *testing.F) {
	e := full()
	f.Add(e.AppendTo(nil))
	f.Add([]byte{1, 0})
	f.Add([]byte{5, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, rest, err := Decode(b)
		if err != nil {
			return
		}
		if len(rest) > len(b) {
			t.Fatal("decoding made the rest longer")
		}
		again, _, err := Decode(e.AppendTo(nil))
		if err != nil || !bytes.Equal(again.AppendTo(nil), e.AppendTo(nil)) {
			t.Fatalf("%+v encodes to what decodes as %+v, %v", e, again, err)
		}
	})
}
