package session

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wireloom/internal/recording"
	"wireloom/vnet"
	"wireloom/vnet/config"
)

// doored is the lab of live with a door at a third port of its switch.
func doored(kind config.Door, names ...string) func() (*vnet.Lab, Setup) {
	return func() (*vnet.Lab, Setup) {
		c := configOf(1)
		c.Switches[0].Ports = 3
		c.Switches[0].Set = []config.Port{{Port: 3, Door: &kind}}
		lab, err := newLab(c)
		setup := Setup{Scenario: "test", Seed: 1}
		for i, name := range names {
			p := programs()[name]
			node := fmt.Sprintf("h%d", i+1)
			setup.Programs = append(setup.Programs, recording.Program{Node: node, Proc: "p", Name: name, Hash: p.ID(), Size: int64(len(name))})
			if err == nil {
				err = lab.Install(node, "p", p)
			}
		}
		if err != nil {
			panic(err)
		}
		return lab, setup
	}
}

// outer is a frame from outside, with a number in it.
func outer(n uint64) []byte {
	b := make([]byte, 60)
	copy(b, "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\xaa\x88\xb5")
	binary.BigEndian.PutUint64(b[20:], n)
	return b
}

// What came in by a door comes in again where it came, in the middle of whatever the lab
// and its visitors did.
func TestARunWithADoorReplaysToTheSameHash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := liveLab(t, Options{}, doored(config.Door{Kind: config.Stream}, "talk1", "talk20"))
		ctx := t.Context()
		defer b.watch()()
		var left [][]byte
		take := func(f []byte) { left = append(left, bytes.Clone(f)) }
		recs := [][]byte{b.record()}
		for visit := range 3 {
			b.ok(b.OpenDoor(ctx, "s1.3", fmt.Sprintf("peer %d", visit), take))
			for i := range uint64(300) {
				b.ok(b.Enter(ctx, "s1.3", [][]byte{outer(i), outer(i + 1)}))
				time.Sleep(time.Duration(i%7) * 333 * time.Microsecond)
				if i%100 == 50 {
					b.do("kill", "h2", "p")
					time.Sleep(time.Millisecond)
					b.do("start", "h2", "p")
					recs = append(recs, b.record())
				}
			}
			b.ok(b.CloseDoor(ctx, "s1.3", "it went", map[string]uint64{"rate": 3}))
			time.Sleep(time.Second)
		}
		recs = append(recs, b.record())
		synctest.Wait()
		if len(left) < 300 {
			t.Errorf("%d frames left the lab, want what talk1 sends too", len(left))
		}
		for i, rec := range recs {
			f := read(t, rec)
			if res := replay(t, rec); !res.Same {
				t.Errorf("recording %d, of %d frames and %d commands, is not the same: %s", i, f.Entered, len(f.Commands), res.Why)
			}
		}
		if f := read(t, recs[len(recs)-1]); f.Entered != 1800 || f.Format != recording.FormatDoors {
			t.Errorf("the recording has %d frames that came in, and is of format %d", f.Entered, f.Format)
		}
		if f := read(t, recs[0]); f.Format != recording.Format {
			t.Errorf("a recording without frames from outside is of format %d", f.Format)
		}
	})
}

// A peer outside has real time.
func TestAnOpenDoorHoldsTheLabToRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := liveLab(t, Options{}, doored(config.Door{Kind: config.Stream}, "talk20"))
		ctx := t.Context()
		defer b.watch()()
		b.ok(b.SetRate(ctx, TenTimes))
		time.Sleep(time.Second)
		before, _ := b.now()
		b.ok(b.OpenDoor(ctx, "s1.3", "a peer", func([]byte) {}))
		time.Sleep(time.Second)
		if after, _ := b.now(); !near(before, 10*time.Second) || !near(after-before, time.Second) {
			t.Errorf("a second at 10 times is %v, and one with an open door %v", before, after-before)
		}
		if err := b.SetRate(ctx, AsFast); err == nil || !strings.Contains(err.Error(), "has real time") {
			t.Errorf("another rate: %v", err)
		}
		b.ok(b.Pause(ctx))
		if err := b.Enter(ctx, "s1.3", [][]byte{outer(1)}); !errors.Is(err, ErrPaused) {
			t.Errorf("a frame for a paused lab: %v", err)
		}
		b.ok(b.Resume(ctx))
		b.ok(b.CloseDoor(ctx, "s1.3", "it went", nil))
		b.ok(b.SetRate(ctx, TenTimes))
		if err := b.CloseDoor(ctx, "s1.3", "it went", nil); err == nil {
			t.Error("a door is closed twice")
		}
		if res := replay(t, b.record()); !res.Same {
			t.Error(res.Why)
		}
	})
}

// A capture comes in at its times, however fast the lab runs and where it is paused.
func TestACaptureComesInAtItsTimes(t *testing.T) {
	for _, rate := range []int{RealTime, TenTimes, AsFast} {
		synctest.Test(t, func(t *testing.T) {
			var seen []time.Duration
			program := "talk20"
			if rate == AsFast {
				program = "quiet" // or the lab's months would be over in no time
			}
			lab, setup := doored(config.Door{Kind: config.Capture, File: "x.pcap"}, program)()
			s, err := New(lab, setup, Options{Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			times := []time.Duration{0, 1234567, 20 * time.Millisecond, 20 * time.Millisecond, 3 * time.Second}
			var frames []TimedFrame
			for i, at := range times {
				frames = append(frames, TimedFrame{at, outer(uint64(i))})
			}
			left := ""
			s.Play("s1.3", "the capture x.pcap", frames, func(n int) { left += fmt.Sprint(n) })
			ctx, stop := context.WithCancelCause(t.Context())
			go s.Run(ctx)
			defer func() {
				stop(nil)
				<-s.Done()
			}()
			b := &bench{s, t, stop}
			detach := b.watch()
			b.ok(b.Pause(ctx))
			for range 3 {
				b.ok(b.Step(ctx))
			}
			b.ok(b.Resume(ctx))
			b.ok(b.SetRate(ctx, rate))
			time.Sleep(4 * time.Second)
			b.ok(b.Pause(ctx))
			rec := b.record()
			detach()
			f := read(t, rec)
			res := replay(t, rec)
			if !res.Same || f.Entered != len(times) {
				t.Errorf("at rate %d: %d frames came in, %s", rate, f.Entered, res.Why)
			}
			events, _, _ := s.Log().From(0, 1<<30)
			for _, e := range events {
				if e.Port == "door:s1.3" {
					seen = append(seen, e.At)
				}
			}
			if left != "43210" {
				t.Errorf("at rate %d: it was told that %s were left", rate, left)
			}
			if fmt.Sprint(seen) != fmt.Sprint(times) {
				t.Errorf("at rate %d: frames came in at %v, want %v", rate, seen, times)
			}
		})
	}
}

// A lab takes no more frames than its recording holds, and goes on.
func TestADoorTakesNoMoreThanARecordingHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := liveLab(t, Options{}, doored(config.Door{Kind: config.Stream}, "talk20"))
		ctx := t.Context()
		b.ok(b.OpenDoor(ctx, "s1.3", "a peer", func([]byte) {}))
		b.ok(b.ask(ctx, func() error {
			b.rec.entered.n = recording.MaxEntered
			return nil
		}))
		if err := b.Enter(ctx, "s1.3", [][]byte{outer(1)}); !errors.Is(err, errDoorsFull) {
			t.Errorf("got %v", err)
		}
		b.do("kill", "h1", "p")
	})
}
