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

// line is a lab of two switches with a link between s1.2 and s2.1, and what is seen
// on that link and lost.
type line struct {
	*vnet.Lab
	t    *testing.T
	seen []string
}

func newLine(t *testing.T) *line {
	t.Helper()
	lab, err := vnet.New(config.Lab{
		Switches: []config.Switch{{Name: "s1", Ports: 2}, {Name: "s2", Ports: 2}},
		Links:    []config.Link{{A: "s1.2", B: "s2.1", Delay: time.Millisecond}},
	}, vnet.Runtime{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lab.Close)
	l := &line{Lab: lab, t: t}
	lab.Log().Subscribe(func(e *event.Event) {
		switch {
		case e.Kind == event.Frame && e.Op == "" && e.Port == "s1.2":
			l.seen = append(l.seen, fmt.Sprintf("%d sent, takes %v", e.Data[14], time.Duration(e.N)))
		case e.Kind == event.Drop && e.Op == "fault":
			l.seen = append(l.seen, fmt.Sprintf("%d lost at %s: %s", e.Data[14], e.Port, e.Text))
		case e.Kind == event.Drop && e.Port == "s2.1": // there the way ends
			l.seen = append(l.seen, fmt.Sprintf("%d came at %v", e.Data[14], e.At))
		}
	})
	return l
}

// send lets frames with these numbers come in to s1, at one instant.
func (l *line) send(numbers ...byte) {
	l.t.Helper()
	for _, n := range numbers {
		f := append([]byte("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x88\xb5"), n)
		if _, err := l.Do(vnet.Arrive{Port: "s1.1", Hex: f}); err != nil {
			l.t.Fatal(err)
		}
	}
	l.Run(l.Now()+100*time.Millisecond, vnet.NoLimit)
}

func (l *line) fault(f vnet.Command) {
	l.t.Helper()
	if _, err := l.Do(f); err != nil {
		l.t.Fatal(err)
	}
}

func (l *line) want(what string, want ...string) {
	l.t.Helper()
	if got := strings.Join(l.seen, "\n"); got != strings.Join(want, "\n") {
		l.t.Errorf("%s: got\n%s\nwant\n%s", what, got, strings.Join(want, "\n"))
	}
	l.seen = nil
}

func TestFaults(t *testing.T) {
	l := newLine(t)
	l.fault(vnet.Fault{Port: "s1.2", Out: true, Drop: []uint64{1, 3}})
	l.send(1, 2, 3, 4)
	l.want("the first and the third are lost", "1 lost at s1.2: lost on the link, by a fault", "2 sent, takes 1ms", "3 lost at s1.2: lost on the link, by a fault", "4 sent, takes 1ms", "2 came at 1ms", "4 came at 1ms")
	l.send(5)
	l.want("the fault is over", "5 sent, takes 1ms", "5 came at 101ms")
	l.fault(vnet.Fault{Port: "s2.1", Delay: []uint64{1}, By: 5 * time.Millisecond})
	l.send(6, 7)
	l.want("what comes in at the other end is counted here, from now on, and one overtakes", "6 sent, takes 6ms", "7 sent, takes 1ms", "7 came at 201ms", "6 came at 206ms")
	l.fault(vnet.SetLink{Port: "s2.1", Link: "down"})
	l.send(8)
	l.want("the link is down", "8 lost at s1.2: the link is down, by a fault")
	l.fault(vnet.SetLink{Port: "s1.2", Link: "up"})
	l.send(9)
	l.want("and up", "9 sent, takes 1ms", "9 came at 401ms")
}

func TestFaultsThatAreRefused(t *testing.T) {
	l := newLine(t)
	many := make([]uint64, vnet.MaxFaults+1)
	for i := range many {
		many[i] = uint64(i + 1)
	}
	for _, tc := range []struct {
		name string
		f    vnet.Command
		want string
	}{
		{"no port", vnet.SetLink{Port: "s9.1", Link: "down"}, `there is no link at "s9.1"`},
		{"no link", vnet.SetLink{Port: "s1.1", Link: "down"}, `there is no link at "s1.1"`},
		{"nothing", vnet.Fault{Port: "s1.2"}, "says which frames"},
		{"sideways", vnet.SetLink{Port: "s1.2", Link: "sideways"}, "down or up"},
		{"the frame before the first", vnet.Fault{Port: "s1.2", Drop: []uint64{0}}, "counted from 1"},
		{"a delay of nothing", vnet.Fault{Port: "s1.2", Delay: []uint64{1}}, "delayed by a time"},
		{"too many", vnet.Fault{Port: "s1.2", Drop: many}, "at most 64"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := l.Do(tc.f); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
	full := vnet.Fault{Port: "s1.2", Out: true, Drop: many[:vnet.MaxFaults]}
	var err error
	for range 17 {
		if _, err = l.Do(full); err != nil {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "faults to come already") {
		t.Errorf("faults without end: %v", err)
	}
}

func TestOutputIsRefusedWhereThereIsNoInterface(t *testing.T) {
	l := newLine(t)
	if _, err := l.Do(vnet.Output{Port: "s1.1", Hex: []byte{0x45}}); err == nil || !strings.Contains(err.Error(), "there is no interface") {
		t.Errorf("error %v", err)
	}
}
