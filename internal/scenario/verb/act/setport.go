package act

import (
	"slices"
	"strings"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
)

func init() { verb.Register(verb.Orders, 9, setPort{}) }

// setPort changes a port of a switch.
type setPort struct{ verb.Tryable }

func (setPort) Name() string { return "set_port" }
func (setPort) Doc() string {
	return "Change a port of a switch: what is not said stays as it is; VLANs are replaced."
}

func (setPort) Shape() *format.Shape {
	return format.Many(format.Object(append(verb.VLANFields(),
		format.Field{Name: "port", Shape: format.LinkEnd, Required: true, Doc: "The port: SWITCH.PORT."},
		format.Field{Name: "link", Shape: format.OneOf("down or up", "down", "up"), Doc: "It is switched off, or on: the link goes down or up at both ends."},
		format.Field{Name: "cost", Shape: format.Number(1, 200_000_000), Doc: "Of its path in the spanning tree."},
		format.Field{Name: "priority", Shape: format.Number(0, 240), Doc: "In the spanning tree, in steps of 16."},
		format.Field{Name: "edge", Shape: format.OneOf("yes, auto or no", "yes", "auto", "no"), Doc: "Whether nobody else speaks a spanning tree there: it counts when the port's link comes up."},
		format.Field{Name: "bpdu_guard", Shape: format.Boolean, Doc: "A BPDU that comes in shuts the port until its link comes up again."},
		format.Field{Name: "root_guard", Shape: format.Boolean, Doc: "The port never leads to the root."},
		format.Field{Name: "tc_guard", Shape: format.Boolean, Doc: "Changes of the topology that are told there go no further."},
		format.Field{Name: "storm", Shape: format.Number(0, 1_000_000_000), Doc: "Frames a second that may be flooded of those that come in there; 0 for no limit."},
		format.Field{Name: "isolated", Shape: format.Boolean, Doc: "No frame passes between two isolated ports."},
		format.Field{Name: "locked", Shape: format.Boolean, Doc: "Only sources of which the table has an entry at this port may send."},
		format.Field{Name: "mirror", Shape: verb.Mirror, Doc: "Another port gets a copy of what passes here."},
	)...), 32)
}

// several gives the lab some commands.
type several struct {
	verb.Act
	do  []vnet.Command
	say string
}

func (x several) Say() string { return x.say }

func (x several) Commands() []vnet.Command { return x.do }

func (x several) Run(r *run.Run) error {
	for _, c := range x.do {
		r.Do(c)
	}
	return nil
}

func (setPort) Parse(v *format.Value, s *verb.Scope) verb.Step {
	end := s.End(v.Get("port"))
	if end.Switch == "" && v.Get("port").Text != "" && end != (format.End{}) {
		s.Mistakes.At(v.Get("port"), "%s is no port of a switch", v.Get("port").Text)
	}
	x := several{say: "set " + end.String() + said(v, "port")}
	if vlan := verb.VLANOf(v); vlan != nil {
		if err := vlan.Check(); err != nil {
			s.Mistakes.At(v, "%v", err)
		}
		x.do = append(x.do, vnet.SetVLAN{Port: end.String(), VLAN: *vlan})
	}
	flag := func(name string) *bool { return given[bool](v.Get(name)) }
	c := vnet.SetPort{
		Port: end.String(), Link: v.Get("link").String(), Mirror: verb.MirrorOf(v.Get("mirror")), Isolated: flag("isolated"), Locked: flag("locked"),
		Storm: given[int](v.Get("storm")), Priority: given[int](v.Get("priority")), Edge: v.Get("edge").String(),
		BPDUGuard: flag("bpdu_guard"), RootGuard: flag("root_guard"), TCGuard: flag("tc_guard"),
	}
	if p := c.Priority; p != nil && *p%16 != 0 {
		s.Mistakes.At(v.Get("priority"), "a port's priority is 0 to 240 in steps of 16, not %d", *p)
	}
	if cost := given[int](v.Get("cost")); cost != nil {
		n := uint32(*cost)
		c.Cost = &n
	}
	if c.Check() == nil {
		x.do = append(x.do, c)
	}
	if x.do == nil {
		s.Mistakes.At(v, "set_port says nothing that is to change")
	}
	return x
}

// said is what a mapping says besides a key, for people.
func said(v *format.Value, but string) string {
	var out []string
	for _, e := range v.Entries() {
		if e.Key.Text == but {
			continue
		}
		words := []string{e.Key.Text}
		for _, x := range e.Val.Each() {
			words = append(words, x.Text)
			for _, in := range x.Entries() {
				words = append(words, in.Key.Text, in.Val.Text)
			}
		}
		out = append(out, strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " "))
	}
	if len(out) == 0 {
		return ""
	}
	return " " + strings.Join(out, ", ")
}

// given is what stands at v; nil where nothing does.
func given[T any](v *format.Value) *T {
	if v == nil {
		return nil
	}
	t := format.Read[T](v)
	return &t
}
