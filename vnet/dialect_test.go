package vnet_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/packet"
)

// tree returns switches of a dialect with a tree, connected by their port 2, with a host
// at port 1 of each.
func treed(t *testing.T, dialect, mode string, n int) *patch {
	t.Helper()
	var switches []config.Switch
	var links []config.Link
	for i := range n {
		switches = append(switches, config.Switch{Name: fmt.Sprintf("s%d", i+1), Ports: 4, Dialect: dialect, Tree: &config.Tree{Mode: mode}})
		if i > 0 {
			links = append(links, config.Link{A: fmt.Sprintf("s%d.3", i), B: fmt.Sprintf("s%d.2", i+1), Delay: time.Microsecond})
		}
	}
	return newPatch(t, 1, switches, links...)
}

// bpdus notes when which BPDUs leave by a port.
func (p *patch) bpdus(port string) *[]event.Event {
	var seen []event.Event
	p.Log().Subscribe(func(e *event.Event) {
		if e.Kind == event.Frame && e.Port == port && strings.HasPrefix(string(e.Data), "\x01\x80\xc2\x00\x00\x00") {
			x := *e
			x.Data = append([]byte(nil), e.Data...)
			seen = append(seen, x)
		}
	})
	return &seen
}

func (p *patch) wait(d time.Duration) { p.Run(p.Now()+d, vnet.NoLimit) }

// bpdu is a configuration BPDU, or one of RSTP, of a switch that is better than any.
func bpdu(rst bool, age uint16) []byte {
	b := []byte("\x01\x80\xc2\x00\x00\x00\x02\x00\x00\x00\x00\x09\x00\x26\x42\x42\x03\x00\x00\x00\x00\x00")
	b = append(b, 0, 0, 2, 0, 0, 0, 0, 9)
	b = append(b, 0, 0, 0, 0)
	b = append(b, 0, 0, 2, 0, 0, 0, 0, 9, 0x80, 1)
	for _, t := range []uint16{age, 20 << 8, 2 << 8, 15 << 8} {
		b = binary.BigEndian.AppendUint16(b, t)
	}
	if rst {
		b[19], b[20], b[21] = 2, 2, 0x3c
		b[13] = 0x27
		b = append(b, 0)
	}
	return b
}

// root is whether a switch takes somebody else for the root.
func (p *patch) follows() string {
	if st, _ := p.Switch("s1"); st.Tree.IsRoot {
		return "no"
	}
	return "yes"
}

// Each row of the table of differences in docs/switches.md is true.
func TestDialectsDifferAsTheTableSays(t *testing.T) {
	mode := map[string]string{"": "rstp", "linux": "stp"}
	rows := []struct {
		row             string // the first column
		does            func(t *testing.T, dialect string) string
		standard, linux string
	}{
		{"A BPDU comes to a switch without a spanning tree", func(t *testing.T, d string) string {
			p := newPatch(t, 3, []config.Switch{{Name: "s1", Ports: 3, Dialect: d}})
			seen := p.bpdus("s1.2")
			p.do(vnet.Arrive{Port: "s1.1", Hex: bpdu(false, 0)})
			p.wait(time.Second)
			return fmt.Sprint(len(*seen), " ", p.drops["reserved"])
		}, "0 1", "1 0"},
		{"A frame comes from the address of a static entry by another port", func(t *testing.T, d string) string {
			p := newPatch(t, 3, []config.Switch{{Name: "s1", Ports: 3, Dialect: d, Static: []config.Static{{Port: 3, MAC: packet.MAC{2, 0, 0, 0, 0, 1}}}}})
			p.send("s1.1", 1, 9, "88b5")
			return p.MACs("s1")[0].Port
		}, "s1.3", "s1.1"},
		{"A frame has a tag, and fewer than two bytes behind it", func(t *testing.T, d string) string {
			p := newPatch(t, 3, []config.Switch{{Name: "s1", Ports: 3, Dialect: d}})
			for _, behind := range []string{"", "x", "xx"} {
				p.do(vnet.Arrive{Port: "s1.1", Hex: []byte("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x81\x00\x00\x01\x88\xb5" + behind)})
				p.wait(time.Second)
			}
			return fmt.Sprint(p.drops["truncated-tag"])
		}, "0", "2"},
		{"A report of IGMPv3 or MLDv2, where the switch snoops", func(t *testing.T, d string) string {
			p := newPatch(t, 3, []config.Switch{{Name: "s1", Ports: 3, Dialect: d, Snooping: true}})
			query := []byte("\x01\x00\x5e\x00\x00\x01\x02\x00\x00\x00\x00\x01\x08\x00E\x00\x00\x1c\x00\x00\x00\x00\x01\x02\xcf\xde\x0a\x00\x00\x01\xe0\x00\x00\x01\x11\x64\xee\x9b\x00\x00\x00\x00")
			report := []byte("\x01\x00\x5e\x00\x00\x16\x02\x00\x00\x00\x00\x02\x08\x00E\x00\x00\x24\x00\x00\x00\x00\x01\x02\xcf\xc0\x0a\x00\x00\x02\xe0\x00\x00\x16\x22\x00\xe9\xfa\x00\x00\x00\x01\x04\x00\x00\x00\xef\x01\x01\x02")
			p.do(vnet.Arrive{Port: "s1.1", Hex: query})
			p.wait(11 * time.Second)
			var to []string
			p.Log().Subscribe(func(e *event.Event) {
				if e.Kind == event.Frame && bytes.Equal(e.Data, report) && strings.HasPrefix(e.Port, "s1.") {
					to = append(to, e.Port)
				}
			})
			p.do(vnet.Arrive{Port: "s1.2", Hex: report})
			p.wait(time.Second)
			return strings.Join(to, " ")
		}, "s1.1", "s1.1 s1.3"},
		{"The protocol", func(t *testing.T, d string) string {
			c := config.Lab{Switches: []config.Switch{{Name: "s1", Ports: 3, Dialect: d, Tree: &config.Tree{Mode: "rstp"}}}}
			return fmt.Sprint(c.Check().Err() == nil)
		}, "true", "false"},
		{"The first BPDU of a port", func(t *testing.T, d string) string {
			p := treed(t, d, mode[d], 2)
			seen := p.bpdus("s1.3")
			p.wait(5 * time.Second)
			return (*seen)[0].At.Round(time.Second).String()
		}, "0s", "2s"},
		{"A host's port comes up", func(t *testing.T, d string) string {
			p := treed(t, d, mode[d], 2)
			p.wait(5 * time.Second)
			st, _ := p.Switch("s1")
			early := st.Ports[0].State
			p.wait(27 * time.Second)
			st, _ = p.Switch("s1")
			return early + " " + st.Ports[0].State
		}, "forwarding forwarding", "listening forwarding"},
		{"A BPDU of RSTP", func(t *testing.T, d string) string {
			p := treed(t, d, "stp", 1)
			if d == "" {
				p = treed(t, d, "rstp", 1)
			}
			p.wait(time.Second)
			p.do(vnet.Arrive{Port: "s1.1", Hex: bpdu(true, 0)})
			p.wait(time.Second)
			return fmt.Sprint(p.follows(), " ", p.drops["bad-bpdu"])
		}, "yes 0", "no 1"},
		{"A BPDU whose age is the max age", func(t *testing.T, d string) string {
			p := treed(t, d, "stp", 1)
			p.wait(time.Second)
			follows := "no"
			p.Log().Subscribe(func(e *event.Event) {
				if e.Kind == event.Tree && e.Op == "root" && e.Text == "0000.020000000009" {
					follows = "yes" // for a moment
				}
			})
			p.do(vnet.Arrive{Port: "s1.1", Hex: bpdu(false, 20<<8)})
			p.wait(time.Second)
			return follows
		}, "no", "yes"},
		{"The age of what the next switch passes on", func(t *testing.T, d string) string {
			p := treed(t, d, "stp", 2)
			seen := p.bpdus("s2.1")
			p.wait(50 * time.Second)
			last := (*seen)[len(*seen)-1].Data
			return fmt.Sprint(binary.BigEndian.Uint16(last[44:]))
		}, "256", "1"},
		{"The cost of a port of 1 Gbit/s", func(t *testing.T, d string) string {
			p := treed(t, d, "stp", 2)
			p.wait(40 * time.Second)
			st, _ := p.Switch("s2")
			return fmt.Sprint(st.Ports[1].Cost)
		}, "20000", "5"},
		{"After a change of the topology, with STP", func(t *testing.T, d string) string {
			p := treed(t, d, "stp", 2)
			p.wait(60 * time.Second)
			p.send("s1.1", 7, 9, "88b5")
			p.wait(20 * time.Second)
			p.do(vnet.SetPort{Port: "s2.1", Link: "down"})
			p.wait(3 * time.Second)
			p.do(vnet.SetPort{Port: "s2.1", Link: "up"})
			p.wait(60 * time.Second)
			known := false
			for _, m := range p.MACs("s1") {
				known = known || m.MAC == "02:00:00:00:00:07"
			}
			return fmt.Sprint(known)
		}, "false", "true"},
	}
	doc, err := os.ReadFile("../docs/switches.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "| What happens |")
	table, _, _ = strings.Cut(table, "\n\n")
	if n := strings.Count(table, "\n| "); n != len(rows) {
		t.Errorf("the table has %d rows, and %d are tested", n, len(rows))
	}
	for _, r := range rows {
		t.Run(r.row, func(t *testing.T) {
			if !strings.Contains(table, "\n| "+r.row+" |") {
				t.Error("the table has no such row")
			}
			if got := r.does(t, ""); got != r.standard {
				t.Errorf("the standard's does %s, want %s", got, r.standard)
			}
			if got := r.does(t, "linux"); got != r.linux {
				t.Errorf("Linux' does %s, want %s", got, r.linux)
			}
		})
	}
}
