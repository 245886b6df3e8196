package look

import (
	"fmt"
	"net/netip"
	"slices"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet/inet"
	"wireloom/vnet/packet"
)

func init() { verb.Register(verb.States, 5, arpTable{}) }

// arpTable is what a node has resolved.
type arpTable struct{}

func (arpTable) Name() string { return "arp_table" }
func (arpTable) Doc() string  { return "A node's ARP and neighbour table." }

func (arpTable) Shape() *format.Shape {
	return format.Many(format.Object(
		format.Field{Name: "node", Shape: format.Name, Required: true, Doc: "The node."},
		format.Field{Name: "has", Shape: format.MapOf(anyKey, "an IP address", format.MAC, 256), Doc: "Addresses that it has resolved, each with its MAC address."},
		format.Field{Name: "lacks", Shape: format.ListOf(format.Address, 256), Doc: "Addresses that it must not have resolved."},
		format.Field{Name: "count", Shape: verb.Counted, Doc: "How many it has."},
	), 8)
}

func (arpTable) Parse(v *format.Value, s *verb.Scope) verb.Step {
	x := &resolved{node: s.Node(v.Get("node")), count: s.Count(v.Get("count")), lacks: format.Reads[netip.Addr](v.Get("lacks"))}
	for _, e := range v.Get("has").Entries() {
		a, err := netip.ParseAddr(e.Key.Text)
		if err != nil {
			s.Mistakes.At(e.Key, "%s is no IP address", format.Shown(e.Key))
		}
		x.has = append(x.has, neighbour{a, format.Read[packet.MAC](e.Val)})
	}
	if len(x.has)+len(x.lacks) == 0 && x.count == nil {
		s.Mistakes.At(v, "arp_table needs has, lacks or count")
	}
	return x
}

type resolved struct {
	verb.State
	node  string
	has   []neighbour
	lacks []netip.Addr
	count *verb.Count
}

type neighbour struct {
	addr netip.Addr
	mac  packet.MAC
}

func (x *resolved) Proof() verb.Proof {
	if len(x.has) == 0 && (x.count == nil || x.count.Min == 0) {
		return verb.NothingIs
	}
	return verb.Strong
}

func (x *resolved) Run(r *run.Run) error {
	var all []inet.Neighbour
	if s := r.Lab.Node(x.node).Stack(); s != nil {
		all = slices.DeleteFunc(s.Neighbours(), func(n inet.Neighbour) bool { return n.Own || n.MAC.IsZero() })
	}
	var entries []string
	mac := map[netip.Addr]packet.MAC{}
	for _, n := range all {
		entries = append(entries, n.Addr.String()+" is "+n.MAC.String())
		if _, twice := mac[n.Addr]; !twice {
			mac[n.Addr] = n.MAC
		}
	}
	var t table
	for _, h := range x.has {
		got := fmt.Sprintf("%v is not resolved", h.addr)
		m, ok := mac[h.addr]
		if ok {
			got = fmt.Sprintf("%v is %s", h.addr, m)
		}
		t.want(ok && m == h.mac, fmt.Sprintf("%v as %s", h.addr, h.mac), got)
	}
	for _, l := range x.lacks {
		m, ok := mac[l]
		t.want(!ok, fmt.Sprintf("no %v", l), fmt.Sprintf("%v is %s", l, m))
	}
	if x.count != nil {
		t.want(x.count.Has(uint64(len(entries))), "entries: "+x.count.String(), fmt.Sprintf("entries: %d", len(entries)))
	}
	r.Find(t.finding("the ARP table of "+x.node, entries))
	return nil
}
