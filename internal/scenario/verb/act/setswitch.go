package act

import (
	"slices"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
	"wireloom/vnet/config"
)

func init() { verb.Register(verb.Orders, 10, setSwitch{}) }

// switchNamed is the name of a switch that stands at v, which must be there.
func switchNamed(v *format.Value, s *verb.Scope) string {
	if !slices.ContainsFunc(s.Lab.Switches, func(c config.Switch) bool { return c.Name == v.String() }) {
		s.Mistakes.At(v, "there is no switch %s in this scenario", v.String())
	}
	return v.String()
}

// setSwitch changes a switch.
type setSwitch struct{ verb.Tryable }

func (setSwitch) Name() string { return "set_switch" }
func (setSwitch) Doc() string  { return "Change a switch: what is not said stays as it is." }

func (setSwitch) Shape() *format.Shape {
	return format.Many(format.Object(
		format.Field{Name: "switch", Shape: format.Name, Required: true, Doc: "The switch."},
		format.Field{Name: "priority", Shape: format.Number(0, 61440), Doc: "In the spanning tree, in steps of 4096."},
		format.Field{Name: "ageing", Shape: format.Duration(1_000_000 * time.Second), Doc: "How long it remembers an address."},
		format.Field{Name: "flush", Shape: format.Boolean, Doc: "Forget what was learned."},
	), 32)
}

func (setSwitch) Parse(v *format.Value, s *verb.Scope) verb.Step {
	c := vnet.SetSwitch{
		Switch: switchNamed(v.Get("switch"), s), Priority: given[int](v.Get("priority")), Ageing: given[time.Duration](v.Get("ageing")), Flush: format.Read[bool](v.Get("flush")),
	}
	if c.Priority != nil && *c.Priority%4096 != 0 {
		s.Mistakes.At(v.Get("priority"), "a switch's priority is in steps of 4096, not %d", *c.Priority)
	}
	if c.Priority == nil && c.Ageing == nil && !c.Flush {
		s.Mistakes.At(v, "set_switch says nothing that is to change: priority, ageing or flush")
	}
	return ordered{do: c, say: "set " + c.Switch + said(v, "switch")}
}
