package act

import (
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
)

func init() { verb.Register(verb.Orders, 5, fault{}) }

// fault makes a link or an interface fail, or work again.
type fault struct{ verb.Tryable }

func (fault) Name() string { return "fault" }
func (fault) Doc() string  { return "Make a link or an interface fail, or work again." }

func (fault) Shape() *format.Shape {
	which := func() *format.Shape { return format.Many(format.Number(1, 1_000_000), 64) }
	return format.Many(format.Object(
		format.Field{Name: "port", Shape: format.LinkEnd, Doc: "An end of the link."},
		format.Field{Name: "link", Shape: format.OneOf("down or up", "down", "up"), Doc: "The state of the link: down, nothing passes in either direction."},
		format.Field{Name: "direction", Shape: format.OneOf("in or out", "in", "out"), Doc: "Frames that come in by the port, or leave it."},
		format.Field{Name: "drop", Shape: which(), Doc: "Which frames are lost, counted from now."},
		format.Field{Name: "delay", Shape: which(), Doc: "Which frames come late, counted from now."},
		format.Field{Name: "by", Shape: format.Duration(maxLate), Doc: "How late."},
		format.Field{Name: "interface", Shape: format.LinkEnd, Doc: "Instead of port: the interface, as ifconfig up and down."},
		format.Field{Name: "state", Shape: format.OneOf("down or up", "down", "up"), Doc: "Of the interface."},
	), 32)
}

func (fault) Parse(v *format.Value, s *verb.Scope) verb.Step {
	port, iface := v.Get("port"), v.Get("interface")
	end := s.End(port)
	frames := vnet.Fault{
		Port: end.String(), Out: v.Get("direction").String() == "out", By: format.Or(v.Get("by"), noTime),
		Drop: counted(v.Get("drop")), Delay: counted(v.Get("delay")),
	}
	link := vnet.SetLink{Port: end.String(), Link: v.Get("link").String()}
	some := len(frames.Drop)+len(frames.Delay) > 0
	x := failing{do: frames, say: frames.String()}
	switch {
	case (port == nil) == (iface == nil):
		s.Mistakes.At(v, "a fault needs either the port of a link or an interface")
	case iface != nil:
		if v.Get("state") == nil || len(v.Keys) > 2 {
			s.Mistakes.At(v, "the fault of an interface has a state, down or up, and nothing else")
		}
		e, state := s.Device(iface), v.Get("state").String()
		x = failing{do: vnet.Exec{Node: e.Node, Argv: []string{"ifconfig", e.Iface, state}}, say: e.String() + " " + state}
	case v.Get("state") != nil:
		s.Mistakes.At(v.Get("state"), "state is for an interface; a link has link: down or up")
	case link.Link != "" && (some || frames.By != 0):
		s.Mistakes.At(v, "a fault either takes the link down or up, or drops and delays frames")
	case some && v.Get("direction") == nil:
		s.Mistakes.At(v, "the fault lacks \"direction\": in or out at the port")
	default:
		check := frames.Check
		if link.Link != "" {
			check, x = link.Check, failing{do: link, say: link.String()}
		}
		if err := check(); err != nil {
			s.Mistakes.At(v, "%v", err)
		} else if end != (format.End{}) && !s.Linked(end) {
			s.Mistakes.At(port, "nothing is plugged into %s: there is no link to fail", port.Text)
		}
	}
	return x
}

func counted(v *format.Value) []uint64 {
	var out []uint64
	for _, n := range format.Reads[int](v) {
		out = append(out, uint64(n))
	}
	return out
}

type failing struct {
	verb.Act
	do  vnet.Command
	say string
}

func (x failing) Say() string { return "fault " + x.say }

func (x failing) Commands() []vnet.Command { return []vnet.Command{x.do} }

func (x failing) Run(r *run.Run) error {
	r.Do(x.do)
	return nil
}
