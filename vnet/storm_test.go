package vnet

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/packet"
)

// wired is a lab of switches with so many ports, of cables "s1.2 s2.2", and of a host
// h1 at s1.1.
func wired(switches, ports int, delay time.Duration, cables ...string) config.Lab {
	c := hosts(1, 0)
	c.Switches = nil
	for i := range switches {
		c.Switches = append(c.Switches, config.Switch{Name: fmt.Sprintf("s%d", i+1), Ports: ports})
	}
	for _, s := range cables {
		a, b, _ := strings.Cut(s, " ")
		c.Links = append(c.Links, config.Link{A: a, B: b, Delay: delay})
	}
	return c
}

func TestRings(t *testing.T) {
	for _, tt := range []struct {
		name   string
		cables []string
		want   []string
	}{
		{"none", []string{"s1.2 s2.2", "s2.3 s3.3"}, nil},
		{"two cables between two switches", []string{"s1.2 s2.2", "s1.3 s2.3"}, []string{"s1.2 -> s2.2, s2.3 -> s1.3"}},
		{"a triangle", []string{"s1.2 s2.2", "s2.3 s3.2", "s3.3 s1.3"}, []string{"s1.2 -> s2.2, s2.3 -> s3.2, s3.3 -> s1.3"}},
		{"a cable from a switch to itself", []string{"s1.2 s1.3"}, []string{"s1.2 -> s1.3"}},
		{"a port to itself is no ring", []string{"s1.2 s1.2"}, nil},
		{"three cables make two rings", []string{"s1.2 s2.2", "s1.3 s2.3", "s1.4 s2.4"}, []string{"s1.2 -> s2.2, s2.3 -> s1.3", "s1.2 -> s2.2, s2.4 -> s1.4"}},
		{
			"a ring behind a way that leads nowhere",
			[]string{"s1.2 s2.2", "s2.3 s3.2", "s2.4 s4.2", "s4.3 s5.2", "s5.3 s2.5"},
			[]string{"s2.4 -> s4.2, s4.3 -> s5.2, s5.3 -> s2.5"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := wired(5, 5, 0, tt.cables...)
			var got []string
			for _, r := range c.Rings() {
				got = append(got, r.String())
			}
			if a, b := strings.Join(got, "\n"), strings.Join(tt.want, "\n"); a != b {
				t.Errorf("rings are\n%s\nwant\n%s", a, b)
			}
		})
	}
}

// limits are the limit events of a lab from now on.
func (b *bench) limits() *[]event.Event {
	var got []event.Event
	b.Log().Subscribe(func(e *event.Event) {
		if e.Kind == event.Limit {
			c := *e
			c.Data = append([]byte(nil), e.Data...)
			got = append(got, c)
		}
	})
	return &got
}

func TestLoopAtOneInstantHaltsTheLab(t *testing.T) {
	b := newBench(t, wired(2, 3, 0, "s1.2 s2.2", "s1.3 s2.3"))
	limits := b.limits()
	b.Run(5*time.Millisecond, NoLimit)
	data := eth(packet.Broadcast, mac(1))
	if _, err := b.Do(Inject{"h1:em0", data}); err != nil {
		t.Fatal(err)
	}
	if !b.Run(time.Second, NoLimit) {
		t.Error("Run wants to be called again")
	}
	if b.Now() != 5*time.Millisecond || b.Steps() != MaxInstant {
		t.Errorf("the lab stands at %v after %d steps, want 5ms and %d", b.Now(), b.Steps(), MaxInstant)
	}
	if at, ok := b.Next(); ok {
		t.Errorf("something is due at %v in a halted lab", at)
	}
	if steps := b.Steps(); !b.Run(2*time.Second, NoLimit) || b.Steps() != steps {
		t.Error("a halted lab runs on")
	}
	if len(*limits) != 2 {
		t.Fatalf("limits: %+v, want the loop and the instant", *limits)
	}
	loop, instant := (*limits)[0], (*limits)[1]
	if loop.Op != "loop" || loop.Frame != 1 || loop.Began != 5*time.Millisecond || string(loop.Data) != string(data) {
		t.Errorf("the loop is %+v, want that of frame 1 since 5ms, with its bytes", loop)
	}
	want := "Frames go round in a loop of cables: s1.2 -> s2.2, s2.3 -> s1.3, and again from s1.2. The first of them is frame 1, sent at 5ms"
	if loop.Text != want {
		t.Errorf("the loop is told as\n%s\nwant\n%s", loop.Text, want)
	}
	if want := "virtual time cannot go on: more than 500000 steps at one instant, 5ms. " + want; instant.Op != "instant" || instant.Text != want || b.Halted() != want {
		t.Errorf("the end is told as\n%s\nand\n%s\nwant\n%s", instant.Text, b.Halted(), want)
	}
}

// TestHaltIsTheSameHoweverTheLabIsDriven drives it in parts of other sizes.
func TestHaltIsTheSameHoweverTheLabIsDriven(t *testing.T) {
	run := func(steps uint64) string {
		b, err := New(wired(2, 3, 0, "s1.2 s2.2", "s1.3 s2.3"), Runtime{})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		if _, err := b.Do(Inject{"h1:em0", eth(packet.Broadcast, mac(1))}); err != nil {
			t.Fatal(err)
		}
		for !b.Run(time.Second, b.Steps()+steps) {
		}
		return fmt.Sprint(b.Log().Hash(), b.Steps(), b.Halted() != "")
	}
	want := run(NoLimit / 2)
	for _, steps := range []uint64{997, MaxInstant - 1, MaxInstant, MaxInstant + 1} {
		if got := run(steps); got != want {
			t.Errorf("with %d steps at once the run is %s, want %s", steps, got, want)
		}
	}
}

// TestLoopInTimeIsToldAndGoesOn has a ring of links with delay.
func TestLoopInTimeIsToldAndGoesOn(t *testing.T) {
	b := newBench(t, wired(3, 3, time.Millisecond, "s1.2 s2.2", "s2.3 s3.2", "s3.3 s1.3"))
	limits := b.limits()
	for range 3 {
		if _, err := b.Do(Inject{"h1:em0", eth(packet.Broadcast, mac(1))}); err != nil {
			t.Fatal(err)
		}
	}
	b.Run(time.Second, NoLimit)
	if b.Now() != time.Second || b.Halted() != "" {
		t.Errorf("the lab stands at %v: %s", b.Now(), b.Halted())
	}
	if len(*limits) != 1 || !strings.Contains((*limits)[0].Text, "in a loop of cables: s1.2 -> s2.2, s2.3 -> s3.2, s3.3 -> s1.3, and") {
		t.Errorf("limits: %+v, want the one loop of three cables", *limits)
	}
}

// TestFloodWithoutRingIsNoLoop sends broadcasts through a tree that fills each port.
func TestFloodWithoutRingIsNoLoop(t *testing.T) {
	b := newBench(t, wired(4, 4, 0, "s1.2 s2.2", "s2.3 s3.2", "s3.3 s4.3"))
	limits := b.limits()
	for range 4000 {
		if _, err := b.Do(Inject{"h1:em0", eth(packet.Broadcast, mac(1))}); err != nil {
			t.Fatal(err)
		}
	}
	b.Run(time.Second, NoLimit)
	if len(*limits) != 0 || b.Halted() != "" || b.Now() != time.Second {
		t.Errorf("limits %+v, halted %q at %v; want none", *limits, b.Halted(), b.Now())
	}
}
