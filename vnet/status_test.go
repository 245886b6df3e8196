package vnet

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/config"
	"wireloom/vnet/packet"
	"wireloom/vnet/sys"
)

func TestStatusShowsWhoStartedAProcess(t *testing.T) {
	b := newBench(t, one("a", "b"))
	b.program("a", func(p *sys.Proc) sys.Exit {
		p.Spawn([]string{"b"}, nil, std)
		return sleeps(p)
	})
	b.program("b", sleeps)
	if _, err := b.Do(Start{Node: "n", Proc: "a"}); err != nil {
		t.Fatal(err)
	}
	b.Run(time.Second, 1000)
	parents := map[string]int{}
	for _, p := range b.Status().Procs {
		if p.PID != 0 {
			parents[p.Name] = p.PPID
		}
	}
	if got, want := fmt.Sprint(parents), "map[a:0 b.1:1]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// What a switch is like is looked at again only when something has happened to it.
func TestStatusOfASwitchIsSharedUntilItChanges(t *testing.T) {
	c := config.Lab{Switches: []config.Switch{{Name: "s1", Ports: 2, VLANs: true}, {Name: "s2", Ports: 1}}, Links: []config.Link{{A: "s1.2", B: "s2.1"}}}
	l, err := New(c, Runtime{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	do := func(c Command) {
		t.Helper()
		if _, err := l.Do(c); err != nil {
			t.Fatal(err)
		}
		l.Run(l.Now()+time.Millisecond, NoLimit)
	}
	looks := func() (*SwitchedPort, SwitchStatus) {
		s := l.Status().Switches[0]
		return &s.Ports[0], s
	}
	was, st := looks()
	if !st.Ports[1].Up || st.Ports[0].Up || st.Tree != nil {
		t.Errorf("in the beginning it is %+v", st)
	}
	same := func(what string, want bool) SwitchStatus {
		t.Helper()
		now, st := looks()
		if (now == was) != want {
			t.Errorf("after %s it is the same: %v", what, now == was)
		}
		was = now
		return st
	}
	same("nothing", true)
	l.Run(time.Second, NoLimit)
	same("a second", true)
	do(Arrive{"s2.1", eth(packet.Broadcast, mac(1))}) // which ends there
	same("a frame elsewhere", true)
	do(Arrive{"s1.1", eth(packet.Broadcast, mac(1))})
	if st := same("a frame", false); st.Ports[0].Count.In != 1 || st.Ports[1].Count.Out != 1 || fmt.Sprint(st.Known) != "[{1 1}]" {
		t.Errorf("after a frame it is %+v", st)
	}
	before := st
	do(SetPort{Port: "s1.2", Link: "down"})
	if st := same("a port was switched off", false); st.Ports[1].Up || !st.Ports[1].Off || st.Ports[0].Off {
		t.Errorf("with a port off it is %+v", st)
	}
	do(SetVLAN{"s1.1", config.PortVLAN{Access: 7}})
	if st := same("a port's VLAN changed", false); st.Ports[0].VLANs[0].VID != 7 {
		t.Errorf("in another VLAN it is %+v", st)
	}
	if before.Ports[0].Count.In != 0 || before.Ports[1].Off {
		t.Error("what was looked at before has changed")
	}
	do(SetEntry{Port: "s1.1", MAC: mac(9), VLAN: 7})
	if st := same("an entry was put in", false); fmt.Sprint(st.Known) != "[{7 1}]" {
		t.Errorf("it knows %v", st.Known)
	}
}

// Cables are told once one was plugged in or taken away.
func TestStatusTellsCablesThatWereChanged(t *testing.T) {
	l, err := New(wired(2, 3, 0, "s1.2 s2.2"), Runtime{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cables := func() string {
		var all []string
		for _, c := range l.Status().Cables {
			all = append(all, fmt.Sprintf("%s %s %v", c.A, c.B, c.Delay))
		}
		return strings.Join(all, ", ")
	}
	for _, tc := range []struct {
		do   Command
		want string
	}{
		{nil, ""},
		{Unplug{"s2.2"}, "h1:em0 s1.1 0s"},
		{Plug{"s2.3", "s1.3", time.Millisecond}, "h1:em0 s1.1 0s, s1.3 s2.3 1ms"},
		{RemoveSwitch{"s2"}, "h1:em0 s1.1 0s"},
	} {
		if tc.do != nil {
			if _, err := l.Do(tc.do); err != nil {
				t.Fatal(err)
			}
		}
		if got := cables(); got != tc.want {
			t.Errorf("after %+v cables are %q, want %q", tc.do, got, tc.want)
		}
	}
}
