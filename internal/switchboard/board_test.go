package switchboard

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"wireloom/internal/protocol"
	"wireloom/vnet"
	"wireloom/vnet/fabric/bridge"
)

// switches is a status of so many switches, each with so many ports.
func switches(n, ports int) *vnet.Status {
	s := &vnet.Status{}
	for i := range n {
		sw := vnet.SwitchStatus{Switch: fmt.Sprintf("s%d", i+1), Dialect: "standard", Tree: &vnet.TreeStatus{ID: "8000.025300010000", Root: "8000.025300010000"}}
		for j := range ports {
			sw.Ports = append(sw.Ports, vnet.SwitchedPort{Port: fmt.Sprintf("s%d.%d", i+1, j+1), State: "disabled"})
		}
		s.Switches = append(s.Switches, sw)
	}
	return s
}

// with changes ports of a status as a lab does: the list is another one, the old one stays.
func with(s *vnet.Status, sw int, change func(i int, p *vnet.SwitchedPort)) {
	ports := slices.Clone(s.Switches[sw].Ports)
	for i := range ports {
		change(i, &ports[i])
	}
	s.Switches[sw].Ports = ports
}

// told is what a state says of switches and links that is newer than a version.
func told(t *testing.T, f *Board, since uint64) (m protocol.Status) {
	t.Helper()
	b := f.Append([]byte(`{"n":1`), since)
	if err := json.Unmarshal(append(b, '}'), &m); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return m
}

// names are the switches and ports that are told of: "s1: now s1.1 s1.2".
func names(m protocol.Status) string {
	if m.Switches == nil {
		return ""
	}
	var all []string
	for _, s := range *m.Switches {
		var line strings.Builder
		line.WriteString(s.Switch + ":")
		if s.Now != nil {
			line.WriteString(" now")
		}
		for _, p := range s.Ports {
			line.WriteString(" " + p.Port)
		}
		all = append(all, line.String())
	}
	return strings.Join(all, "; ")
}

func TestSwitchesAreToldByDifference(t *testing.T) {
	s := switches(2, 2)
	var f Board
	seen := uint64(0)
	for _, tc := range []struct {
		name   string
		change func()
		want   string
	}{
		{"all at first", func() {}, "s1: now s1.1 s1.2; s2: now s2.1 s2.2"},
		{"nothing when nothing has changed", func() {}, ""},
		{"a port whose link came up", func() { with(s, 1, func(i int, p *vnet.SwitchedPort) { p.Up = i == 0 }) }, "s2: s2.1"},
		{"a port that counted", func() { with(s, 0, func(i int, p *vnet.SwitchedPort) { p.Count.In = uint64(i) }) }, "s1: s1.2"},
		{"a port that dropped", func() {
			with(s, 0, func(i int, p *vnet.SwitchedPort) {
				p.Count.Dropped = map[bridge.Reason]uint64{bridge.Blocked: uint64(2 - i)}
			})
		}, "s1: s1.1 s1.2"},
		{"a tree that changed", func() { s.Switches[1].Tree = &vnet.TreeStatus{Changes: 1} }, "s2: now"},
		{"another tree that is the same", func() { s.Switches[1].Tree = &vnet.TreeStatus{Changes: 1} }, ""},
		{"a switch that was put in", func() { s.Switches = append(s.Switches, switches(3, 1).Switches[2]) }, "s3: now s3.1"},
		{"nothing of the others when one is taken away", func() { s.Switches = slices.Delete(slices.Clone(s.Switches), 0, 1) }, ""},
		{"VLANs of a port", func() {
			with(s, 0, func(_ int, p *vnet.SwitchedPort) { p.VLANs = []bridge.VLAN{{VID: 7, PVID: true, Untagged: true}} })
		}, "s2: s2.1 s2.2"},
	} {
		tc.change()
		f.Take(s)
		if got := names(told(t, &f, seen)); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
		seen = f.Version
	}
	if got := names(told(t, &f, 0)); got != "s2: now s2.1 s2.2; s3: now s3.1" {
		t.Errorf("who comes late gets %q", got)
	}
}

func TestImpairedWaysAreToldByDifference(t *testing.T) {
	s := &vnet.Status{Ports: []vnet.PortStatus{{Port: "a"}, {Port: "b"}, {Port: "c"}}}
	loss := &vnet.Impairment{Words: []string{"loss 1%"}}
	var f Board
	seen := uint64(0)
	for _, tc := range []struct {
		name   string
		change func()
		want   string
	}{
		{"nothing where no link is impaired", func() {}, ""},
		{"one that is", func() { s.Ports[1].Impaired = loss }, "b loss 1%"},
		{"once", func() { s.Ports[1].Impaired = &vnet.Impairment{Words: []string{"loss 1%"}} }, ""},
		{"another before it", func() { s.Ports[0].Impaired = loss }, "a loss 1%"},
		{"what it has counted", func() { s.Ports[0].Impaired = &vnet.Impairment{Words: loss.Words, Waiting: 1} }, "a loss 1%"},
		{"that one is plain again", func() { s.Ports[0].Impaired = nil }, "a "},
		{"once, too", func() {}, ""},
	} {
		tc.change()
		f.Take(s)
		var got []string
		if m := told(t, &f, seen); m.Impaired != nil {
			for _, w := range *m.Impaired {
				got = append(got, w.Port+" "+strings.Join(w.Words, "; "))
			}
		}
		if strings.Join(got, ", ") != tc.want {
			t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
		}
		seen = f.Version
	}
}

// A large lab whose ports all count makes small messages: each port has its turn.
func TestCountersTakeTurns(t *testing.T) {
	s := switches(50, 48)
	var f Board
	f.Take(s)
	last := map[string]uint64{}
	for round := range uint64(20) {
		for i := range s.Switches {
			with(s, i, func(_ int, p *vnet.SwitchedPort) { p.Count.In = round + 1 })
		}
		seen := f.Version
		f.Take(s)
		n := 0
		for _, sw := range *told(t, &f, seen).Switches {
			for _, p := range sw.Ports {
				n++
				last[p.Port] = round
			}
		}
		if n > busyPorts {
			t.Fatalf("%d ports are told at once", n)
		}
	}
	if len(last) != 50*48 {
		t.Errorf("in 20 states %d ports had a turn, want all", len(last))
	}
	// What is not told is told when nothing goes on any more.
	for range 20 {
		f.Take(s)
	}
	for _, sw := range *told(t, &f, 0).Switches {
		for _, p := range sw.Ports {
			if p.In != 20 {
				t.Fatalf("in the end %s has %d frames, want 20", p.Port, p.In)
			}
		}
	}
	seen := f.Version
	if n := testing.AllocsPerRun(10, func() { f.Take(s) }); n > 0 {
		t.Errorf("a quiet lab costs %v allocations a state", n)
	}
	if b := f.Append(nil, seen); len(b) > 0 {
		t.Errorf("a quiet lab is told as %s", b)
	}
}

func TestVLANsAsText(t *testing.T) {
	for _, tc := range []struct{ text, want, wrong string }{
		{"", "", ""},
		{"10", "10", ""},
		{" 10, 20-22 , 4094", "10,20-22,4094", ""},
		{"1-4094", "1-4094", ""},
		{"7-7", "7", ""},
		{"0", "", `"0" are no VLANs`},
		{"4095", "", "are no VLANs"},
		{"9-8", "", "are no VLANs"},
		{"9-", "", "are no VLANs"},
		{"-9", "", "are no VLANs"},
		{"x", "", "are no VLANs"},
		{"1-4094,1-4094", "", "at most"},
	} {
		got, err := vlans(tc.text)
		if tc.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), tc.wrong) {
				t.Errorf("%q: %v, want %q", tc.text, err, tc.wrong)
			}
		} else if err != nil || ranges(got) != tc.want {
			t.Errorf("%q is %q, %v, want %q", tc.text, ranges(got), err, tc.want)
		}
	}
}

// What is read and written as people do is the same when it is read again.
func FuzzVLANs(f *testing.F) {
	for _, s := range []string{"10,20-30", "", "1-4094", "9-8", "7 7", "-", "1-,2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := vlans(text)
		if err != nil {
			return
		}
		if len(got) > bridge.MaxVLANs {
			t.Fatalf("%d VLANs", len(got))
		}
		slices.Sort(got)
		got = slices.Compact(got)
		again, err := vlans(ranges(got))
		if err != nil || !slices.Equal(again, got) {
			t.Errorf("%q is %v, and as %q it is %v, %v", text, got, ranges(got), again, err)
		}
	})
}
