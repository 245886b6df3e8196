package look

import (
	"fmt"
	"regexp"
	"slices"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet/config"
	"wireloom/vnet/fabric/bridge"
	"wireloom/vnet/packet"
)

func init() { verb.Register(verb.States, 4, macTable{}) }

// macTable is what a switch has learned.
type macTable struct{}

func (macTable) Name() string { return "mac_table" }
func (macTable) Doc() string  { return "What a switch has learned." }

// anyKey is a key whose form its verb looks at.
var anyKey = regexp.MustCompile(`^[0-9A-Za-z:.]{1,64}$`)

func (macTable) Shape() *format.Shape {
	return format.Many(format.Object(
		format.Field{Name: "switch", Shape: format.Name, Required: true, Doc: "The switch."},
		format.Field{Name: "vlan", Shape: format.Number(1, bridge.MaxVLANs), Doc: "Of this VLAN alone."},
		format.Field{Name: "has", Shape: format.MapOf(anyKey, "a MAC address", format.LinkEnd, 256), Doc: "Addresses that it has learned, each with its port."},
		format.Field{Name: "lacks", Shape: format.ListOf(format.MAC, 256), Doc: "Addresses that it must not know."},
		format.Field{Name: "count", Shape: verb.Counted, Doc: "How many it knows."},
	), 8)
}

func (macTable) Parse(v *format.Value, s *verb.Scope) verb.Step {
	x := &learned{vlan: uint16(format.Read[int](v.Get("vlan"))), name: v.Get("switch").String(), count: s.Count(v.Get("count")), lacks: format.Reads[packet.MAC](v.Get("lacks"))}
	if !slices.ContainsFunc(s.Lab.Switches, func(c config.Switch) bool { return c.Name == x.name }) {
		s.Mistakes.At(v.Get("switch"), "there is no switch %s in this scenario", x.name)
	}
	for _, e := range v.Get("has").Entries() {
		m, err := packet.ParseMAC(e.Key.Text)
		if err != nil {
			s.Mistakes.At(e.Key, "%s is no MAC address", format.Shown(e.Key))
		}
		x.has = append(x.has, entry{m, s.End(e.Val)})
	}
	if len(x.has)+len(x.lacks) == 0 && x.count == nil {
		s.Mistakes.At(v, "mac_table needs has, lacks or count")
	}
	return x
}

type learned struct {
	verb.State
	name  string
	vlan  uint16 // 0 for all
	has   []entry
	lacks []packet.MAC
	count *verb.Count
}

type entry struct {
	mac  packet.MAC
	port format.End
}

func (x *learned) Proof() verb.Proof {
	if len(x.has) == 0 && (x.count == nil || x.count.Min == 0) {
		return verb.NothingIs
	}
	return verb.Strong
}

func (x *learned) Run(r *run.Run) error {
	at := map[string]string{}
	var entries []string
	for _, e := range r.Lab.MACs(x.name) {
		if x.vlan != 0 && x.vlan != e.VLAN {
			continue
		}
		at[e.MAC] = e.Port
		in := ""
		if e.VLAN != 0 && x.vlan == 0 {
			in = fmt.Sprintf(" in VLAN %d", e.VLAN)
		}
		entries = append(entries, e.MAC+" at "+e.Port+in)
	}
	var t table
	for _, h := range x.has {
		mac, want := h.mac.String(), h.port.String()
		got := "there is no " + mac
		if at[mac] != "" {
			got = mac + " is at " + at[mac]
		}
		t.want(at[mac] == want, mac+" at "+want, got)
	}
	for _, l := range x.lacks {
		mac := l.String()
		t.want(at[mac] == "", "no "+mac, mac+" is at "+at[mac])
	}
	if x.count != nil {
		t.want(x.count.Has(uint64(len(entries))), "entries: "+x.count.String(), fmt.Sprintf("entries: %d", len(entries)))
	}
	what := "the table of " + x.name
	if x.vlan != 0 {
		what += fmt.Sprintf(" for VLAN %d", x.vlan)
	}
	r.Find(t.finding(what, entries))
	return nil
}
