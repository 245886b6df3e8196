package act

import (
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
)

func init() { verb.Register(verb.Orders, 8, impair{}) }

// impair replaces what a link does to frames.
type impair struct{ verb.Tryable }

func (impair) Name() string { return "impair" }
func (impair) Doc() string {
	return "Let a link delay, lose, reorder, double or garble frames, as tc netem does; or no longer."
}

func (impair) Shape() *format.Shape {
	return format.Many(format.Object(
		format.Field{Name: "port", Shape: format.LinkEnd, Required: true, Doc: "An end of the link."},
		format.Field{Name: "direction", Shape: format.OneOf("in, out or both", "in", "out", "both"), Doc: "Frames that come in by the port, or leave it, or both; both where it is not given."},
		format.Field{Name: "netem", Shape: verb.Netem, Doc: "What is done to them, in the words of tc netem, a text for each stage; the link is plain where it is not given."},
	), 32)
}

func (impair) Parse(v *format.Value, s *verb.Scope) verb.Step {
	end := s.End(v.Get("port"))
	if !s.Linked(format.Read[format.End](v.Get("port"))) {
		s.Mistakes.At(v.Get("port"), "nothing is plugged into %s: there is no link to impair", v.Get("port").Text)
	}
	c := vnet.Impair{Port: end.String(), Words: verb.Words(v.Get("netem"), s.Mistakes)}
	if d := v.Get("direction").String(); d != "both" {
		c.Way = d
	}
	return ordered{do: c, say: "impair " + c.String()}
}

// ordered gives the lab a command.
type ordered struct {
	verb.Act
	do  vnet.Command
	say string
}

func (x ordered) Say() string { return x.say }

func (x ordered) Commands() []vnet.Command { return []vnet.Command{x.do} }

func (x ordered) Run(r *run.Run) error {
	r.Do(x.do)
	return nil
}
