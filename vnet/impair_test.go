package vnet_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/event"
)

func (l *line) impair(way string, words ...string) {
	l.t.Helper()
	if _, err := l.Do(vnet.Impair{Port: "s1.2", Way: way, Words: words}); err != nil {
		l.t.Fatal(err)
	}
}

// status is what the port s1.2 is like.
func (l *line) status() vnet.PortStatus {
	for _, p := range l.Status().Ports {
		if p.Port == "s1.2" {
			return p
		}
	}
	l.t.Fatal("there is no s1.2")
	return vnet.PortStatus{}
}

func TestImpair(t *testing.T) {
	l := newLine(t)
	drops := func(e *event.Event) {
		if e.Kind == event.Drop && e.Port == "s1.2" && e.Op != "fault" {
			l.seen = append(l.seen, fmt.Sprintf("%d lost: %s", e.Data[14], e.Op))
		}
	}
	l.Log().Subscribe(drops)
	l.impair("out", "delay 10ms")
	l.send(1)
	l.want("netem's delay comes to the link's", "1 sent, takes 11ms", "1 came at 11ms")
	l.impair("out", "delay 5ms limit 2")
	l.send(2, 3, 4)
	l.want("it replaces what was there", "2 sent, takes 6ms", "3 sent, takes 6ms", "4 lost: queue-full", "2 came at 106ms", "3 came at 106ms")
	l.impair("in", "loss 100%")
	l.send(5)
	l.want("the other direction is another", "5 sent, takes 6ms", "5 came at 206ms")
	l.impair("", "slot 30ms packets 1")
	l.send(6, 7)
	l.want("what a slot holds is sent when that is", "6 sent, takes 1ms", "6 came at 301ms", "7 sent, takes 1ms", "7 came at 331ms")
	l.impair("out", "duplicate 100%")
	l.send(8)
	l.want("a copy is sent first", "8 sent, takes 1ms", "8 sent, takes 1ms", "8 came at 401ms", "8 came at 401ms")
	l.fault(vnet.Fault{Port: "s1.2", Out: true, Drop: []uint64{2}, Delay: []uint64{1}, By: 5 * time.Millisecond})
	l.send(9, 10)
	l.want("faults come first", "10 lost at s1.2: lost on the link, by a fault", "9 sent, takes 1ms", "9 sent, takes 1ms", "9 came at 506ms", "9 came at 506ms")
	l.impair("out", "loss 100% match dst_mac 02:00:00:00:00:01", "rate 1mbit codel")
	l.send(11)
	l.want("stages", "11 sent, takes 1.12ms", "11 came at 601.12ms")
	if s := l.status(); s.Impaired == nil || s.Impaired.Seen.Frames != 1 || s.Impaired.Seen.Min != 1120*time.Microsecond || len(s.Impaired.Count) != 2 ||
		s.Impaired.Stages[1] != "limit 1000 rate 1Mbit codel limit 1000 target 5ms interval 100ms" {
		t.Errorf("status %+v of %+v", s, s.Impaired)
	}
	l.impair("")
	l.send(12)
	l.want("no words make it plain", "12 sent, takes 1ms", "12 came at 701ms")
	if s := l.status(); s.Impaired != nil {
		t.Errorf("a plain link is impaired: %+v", s.Impaired)
	}
}

func TestFramesThatWaitAreLostWithTheirQueue(t *testing.T) {
	l := newLine(t)
	var lost []string
	l.Log().Subscribe(func(e *event.Event) {
		if e.Kind == event.Drop && e.Port == "s1.2" {
			lost = append(lost, fmt.Sprintf("%d: %s at %v", e.Data[14], e.Op, e.At))
		}
	})
	for _, words := range []string{"delay 300ms", "slot 300ms"} {
		l.impair("", words)
		l.Run(l.Now()+time.Millisecond, vnet.NoLimit)
		l.send(1)
		l.impair("")
		l.send(2)
		l.Run(l.Now()+time.Second, vnet.NoLimit)
	}
	l.impair("", "slot 300ms")
	l.Run(l.Now()+time.Millisecond, vnet.NoLimit)
	l.send(3)
	if _, err := l.Do(vnet.Unplug{Port: "s2.1"}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(lost, "; "); got != "1: impairment-removed at 302ms; 1: impairment-removed at 1.302s; 3: unplugged at 2.503s" {
		t.Errorf("lost %s", got)
	}
	if _, held := l.Memory(); held != 0 {
		t.Errorf("%d bytes are held, and nothing is under way", held)
	}
}

func TestImpairmentsThatAreRefused(t *testing.T) {
	l := newLine(t)
	for _, tc := range []struct {
		c    vnet.Impair
		want string
	}{
		{vnet.Impair{Port: "s9.1"}, `there is no link at "s9.1"`},
		{vnet.Impair{Port: "s1.1", Words: []string{"loss 1%"}}, `there is no link at "s1.1"`},
		{vnet.Impair{Port: "s1.2", Way: "up"}, `not "up"`},
		{vnet.Impair{Port: "s1.2", Words: []string{"lose 1%"}}, "there is no word"},
		{vnet.Impair{Port: "s1.2", Words: make([]string, 5)}, "at most 4"},
	} {
		if _, err := l.Do(tc.c); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v: %v, want %q", tc.c, err, tc.want)
		}
	}
}

// What happens on one link changes nothing on another: not its chance either.
func TestChanceIsALinksOwn(t *testing.T) {
	run := func(other []string, noise int) string {
		lab, err := vnet.New(config.Lab{
			Seed:     5,
			Switches: []config.Switch{{Name: "s1", Ports: 2}, {Name: "s2", Ports: 1}, {Name: "s3", Ports: 2}, {Name: "s4", Ports: 1}},
			Links: []config.Link{
				{A: "s1.2", B: "s2.1", AtoB: []string{"delay 10ms 3ms distribution normal loss 20% 30% duplicate 5%"}},
				{A: "s3.2", B: "s4.1", AtoB: other},
			},
		}, vnet.Runtime{})
		if err != nil {
			t.Fatal(err)
		}
		defer lab.Close()
		var seen strings.Builder
		lab.Log().Subscribe(func(e *event.Event) {
			if e.Port == "s1.2" && (e.Kind == event.Frame || e.Kind == event.Drop) {
				fmt.Fprintf(&seen, "%v %s %s %d\n", e.At, e.Kind, e.Op, e.N)
			}
		})
		frame := []byte("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x88\xb5some")
		arrive := func(port string) {
			if _, err := lab.Do(vnet.Arrive{Port: port, Hex: frame}); err != nil {
				t.Fatal(err)
			}
		}
		for range 300 {
			for range noise {
				arrive("s3.1")
			}
			arrive("s1.1")
			lab.Run(lab.Now()+time.Millisecond, vnet.NoLimit)
		}
		return seen.String()
	}
	alone := run(nil, 0)
	if strings.Count(alone, "loss") < 5 || strings.Count(alone, "\n") < 300 {
		t.Fatalf("nothing happens by chance:\n%.500s", alone)
	}
	if run([]string{"delay 5ms 4ms loss 30% corrupt 50%"}, 3) != alone {
		t.Error("another link changes the chance of this one")
	}
}
