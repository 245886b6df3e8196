package fabric

import (
	"fmt"
	"testing"
	"time"
)

func TestDirection(t *testing.T) {
	const ms = time.Millisecond
	enter := func(d *Direction, size int) string {
		late, lost := d.Enter(size)
		if lost != nil {
			return lost.Slug
		}
		d.Leave()
		return late.String()
	}
	for _, c := range []struct {
		name string
		do   func(d *Direction)
		size int
		want string // of five frames
	}{
		{"a frame comes out after the delay", func(*Direction) {}, 64, "[3ms 3ms 3ms 3ms 3ms]"},
		{"one that no link carries", func(*Direction) {}, MaxFrame + 1, "[too-long too-long too-long too-long too-long]"},
		{"the longest that it carries", func(*Direction) {}, MaxFrame, "[3ms 3ms 3ms 3ms 3ms]"},
		{"it is down", func(d *Direction) { d.SetDown(true) }, 64, "[fault fault fault fault fault]"},
		{"and up again", func(d *Direction) { d.SetDown(true); d.SetDown(false) }, 64, "[3ms 3ms 3ms 3ms 3ms]"},
		{"the second is lost and the third late", func(d *Direction) { d.Fail([]uint64{2}, []uint64{3}, 10*ms) }, 64, "[3ms fault 13ms 3ms 3ms]"},
		{"faults count from when they came", func(d *Direction) { enter(d, 64); d.Fail([]uint64{1}, nil, 0) }, 64, "[fault 3ms 3ms 3ms 3ms]"},
		{"what is late twice is later", func(d *Direction) { d.Fail(nil, []uint64{1, 1}, ms) }, 64, "[5ms 3ms 3ms 3ms 3ms]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &Direction{Delay: 3 * ms}
			c.do(d)
			var got []string
			for range 5 {
				got = append(got, enter(d, c.size))
			}
			if fmt.Sprint(got) != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

func TestDirectionHoldsSoManyFramesAndFaults(t *testing.T) {
	var d Direction
	for i := range MaxInFlight + 1 {
		if _, lost := d.Enter(64); (lost == &QueueFull) != (i == MaxInFlight) {
			t.Fatalf("frame %d: %v", i+1, lost)
		}
	}
	d.Leave()
	if _, lost := d.Enter(64); lost != nil {
		t.Errorf("one left and there is still no room: %s", lost.Text)
	}
	if d.Sent != MaxInFlight+1 {
		t.Errorf("it sent %d frames, want %d", d.Sent, MaxInFlight+1)
	}
	many := make([]uint64, MaxFaults)
	for i := range many {
		many[i] = uint64(i + 1)
	}
	for i := range maxRules/MaxFaults + 1 {
		if ok := d.Fail(many, nil, 0); ok != (i < maxRules/MaxFaults) {
			t.Fatalf("fault %d is taken: %v", i+1, ok)
		}
	}
	if d.Pending() != maxRules {
		t.Errorf("%d are to come, want %d", d.Pending(), maxRules)
	}
}

func TestFramesAreUsedAgainWhenTheirLastOwnerIsDone(t *testing.T) {
	var p Pool
	f := p.New([]byte("abc"), p.NewID())
	f.Share()
	p.Release(f)
	if g := p.New([]byte("de"), p.NewID()); g == f || f.ID != 1 || g.ID != 2 || string(f.Data) != "abc" {
		t.Errorf("a frame that is still owned was taken: %d %q", f.ID, f.Data)
	}
	p.Release(f)
	if g := p.New([]byte("fgh"), 7); g != f || string(g.Data) != "fgh" || g.ID != 7 {
		t.Errorf("got frame %d with %q, want the released one, with fgh", g.ID, g.Data)
	}
}
