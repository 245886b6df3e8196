package look

import (
	"net/netip"
	"slices"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet/inet"
)

func init() { verb.Register(verb.States, 6, routes{}) }

// routes are those of a node.
type routes struct{}

func (routes) Name() string { return "routes" }
func (routes) Doc() string  { return "A node's routes." }

func (routes) Shape() *format.Shape {
	one := format.Object(
		format.Field{Name: "to", Shape: format.Network, Required: true, Doc: "Where to; default, or 0.0.0.0/0, is the default route."},
		format.Field{Name: "via", Shape: format.Address, Doc: "The next hop."},
		format.Field{Name: "dev", Shape: format.Word("an interface such as em0", format.IfaceKey, 20), Doc: "The interface."},
	)
	return format.Many(format.Object(
		format.Field{Name: "node", Shape: format.Name, Required: true, Doc: "The node."},
		format.Field{Name: "has", Shape: format.ListOf(one, 64), Doc: "Routes that it must have; what is left out of one is not looked at."},
		format.Field{Name: "lacks", Shape: format.ListOf(one, 64), Doc: "Routes that it must not have."},
	), 8)
}

func (routes) Parse(v *format.Value, s *verb.Scope) verb.Step {
	x := &routing{node: s.Node(v.Get("node")), has: parseRoutes(v.Get("has")), lacks: parseRoutes(v.Get("lacks"))}
	if len(x.has)+len(x.lacks) == 0 {
		s.Mistakes.At(v, "routes needs has or lacks")
	}
	return x
}

func parseRoutes(v *format.Value) []route {
	var out []route
	for _, x := range v.List() {
		out = append(out, route{
			to: format.Read[netip.Prefix](x.Get("to")).Masked(), via: format.Read[netip.Addr](x.Get("via")), dev: x.Get("dev").String(),
		})
	}
	return out
}

type routing struct {
	verb.State
	node       string
	has, lacks []route
}

// A route is one; what is zero is not looked at.
type route struct {
	to  netip.Prefix
	via netip.Addr
	dev string
}

// String is the route in words.
func (x route) String() string {
	s := x.to.String()
	if x.via.IsValid() {
		s += " via " + x.via.String()
	}
	if x.dev != "" {
		s += " on " + x.dev
	}
	return s
}

func (x *routing) Proof() verb.Proof {
	if len(x.has) == 0 {
		return verb.NothingIs
	}
	return verb.Strong
}

func (x *routing) Run(r *run.Run) error {
	all := r.Lab.Node(x.node).Routes()
	var entries []string
	for _, o := range all {
		entries = append(entries, route{o.To, o.Via, o.Dev}.String())
	}
	has := func(w route) bool {
		return slices.ContainsFunc(all, func(o inet.Route) bool {
			return o.To == w.to && (!w.via.IsValid() || o.Via == w.via) && (w.dev == "" || o.Dev == w.dev)
		})
	}
	var t table
	for _, w := range x.has {
		t.want(has(w), w.String(), "there is no "+w.String())
	}
	for _, w := range x.lacks {
		t.want(!has(w), "no "+w.String(), "there is "+w.String())
	}
	r.Find(t.finding("the route table of "+x.node, entries))
	return nil
}
