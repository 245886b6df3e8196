package look

import (
	"fmt"
	"regexp"
	"slices"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet/config"
)

func init() { verb.Register(verb.States, 8, tree{}) }

// tree is a switch's part in its spanning tree.
type tree struct{}

func (tree) Name() string { return "tree" }
func (tree) Doc() string  { return "What a switch and its ports are in their spanning tree." }

var switchEnd = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}\.[1-9][0-9]{0,3}$`)

func (tree) Shape() *format.Shape {
	return format.Many(format.Object(
		format.Field{Name: "switch", Shape: format.Name, Required: true, Doc: "The switch."},
		format.Field{Name: "root", Shape: format.Name, Doc: "The switch that it takes for the root; itself, if it is that."},
		format.Field{Name: "root_port", Shape: format.LinkEnd, Doc: "Its port that leads to the root."},
		format.Field{Name: "cost", Shape: verb.Counted, Doc: "Of the way to the root."},
		format.Field{Name: "roles", Shape: format.MapOf(switchEnd, "SWITCH.PORT", format.OneOf("root, designated, alternate, backup or disabled", "root", "designated", "alternate", "backup", "disabled"), 256), Doc: "Roles of its ports."},
		format.Field{Name: "states", Shape: format.MapOf(switchEnd, "SWITCH.PORT", format.OneOf("forwarding, learning, listening, discarding or disabled", "forwarding", "learning", "listening", "discarding", "disabled"), 256), Doc: "States of its ports."},
	), 64)
}

func (tree) Parse(v *format.Value, s *verb.Scope) verb.Step {
	x := &growing{name: v.Get("switch").String(), root: v.Get("root").String(), rootPort: s.End(v.Get("root_port")).String(), cost: s.Count(v.Get("cost"))}
	for _, name := range []*format.Value{v.Get("switch"), v.Get("root")} {
		if i := slices.IndexFunc(s.Lab.Switches, func(c config.Switch) bool { return c.Name == name.String() }); name != nil && i < 0 {
			s.Mistakes.At(name, "there is no switch %s in this scenario", name)
		} else if name != nil && s.Lab.Switches[i].Tree == nil {
			s.Mistakes.At(name, "the switch %s has no spanning tree", name)
		}
	}
	for _, e := range append(v.Get("roles").Entries(), v.Get("states").Entries()...) {
		if p, err := format.ParseEnd(e.Key.Text); err != nil || p.Switch != x.name {
			s.Mistakes.At(e.Key, "%s is no port of %s", e.Key.Text, x.name)
		}
	}
	for _, e := range v.Get("roles").Entries() {
		x.roles = append(x.roles, [2]string{e.Key.Text, e.Val.Text})
	}
	for _, e := range v.Get("states").Entries() {
		x.states = append(x.states, [2]string{e.Key.Text, e.Val.Text})
	}
	if x.root == "" && x.rootPort == "" && x.cost == nil && len(x.roles)+len(x.states) == 0 {
		s.Mistakes.At(v, "tree needs root, root_port, cost, roles or states")
	}
	return x
}

type growing struct {
	verb.State
	name, root, rootPort string
	cost                 *verb.Count
	roles, states        [][2]string
}

func (x *growing) Proof() verb.Proof { return verb.Strong }

func (x *growing) Run(r *run.Run) error {
	st, ok := r.Lab.Switch(x.name)
	if !ok || st.Tree == nil {
		r.Find(run.Finding{Expected: x.name + " has a spanning tree", Actual: "it has none"})
		return nil
	}
	var t table
	var entries []string
	if x.root != "" {
		got := st.Tree.Root
		for _, c := range r.Lab.Config().Switches {
			if o, ok := r.Lab.Switch(c.Name); ok && o.Tree != nil && o.Tree.ID == st.Tree.Root {
				got = c.Name
			}
		}
		t.want(got == x.root, "the root "+x.root, "the root is "+got)
	}
	if x.rootPort != "" {
		t.want(st.Tree.RootPort == x.rootPort, "the root port "+x.rootPort, "the root port is "+or(st.Tree.RootPort, "none"))
	}
	if x.cost != nil {
		t.want(x.cost.Has(uint64(st.Tree.Cost)), "a cost of "+x.cost.String(), fmt.Sprintf("the cost is %d", st.Tree.Cost))
	}
	for _, p := range st.Ports {
		if p.Up {
			entries = append(entries, fmt.Sprintf("%s %s %s", p.Port, p.Role, p.State))
		}
		for _, w := range x.roles {
			if w[0] == p.Port {
				t.want(p.Role == w[1], p.Port+" "+w[1], p.Port+" is "+p.Role)
			}
		}
		for _, w := range x.states {
			if w[0] == p.Port {
				t.want(p.State == w[1], p.Port+" "+w[1], p.Port+" is "+p.State)
			}
		}
	}
	r.Find(t.finding(x.name, entries))
	return nil
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
