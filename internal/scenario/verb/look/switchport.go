package look

import (
	"fmt"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
)

func init() { verb.Register(verb.States, 10, switchPort{}) }

// switchPort is what a port of a switch has counted.
type switchPort struct{}

func (switchPort) Name() string { return "switch_port" }
func (switchPort) Doc() string  { return "What a port of a switch has counted." }

var portCounts = [...]string{"in", "out", "learned", "flooded", "moved", "dropped"}

func (switchPort) Shape() *format.Shape {
	fs := []format.Field{
		{Name: "port", Shape: format.LinkEnd, Required: true, Doc: "The port: SWITCH.PORT."},
		{Name: "up", Shape: format.Boolean, Doc: "Whether it has a link."},
		{Name: "reason", Shape: format.Name, Doc: "Of dropped: those alone that were dropped for it, such as not-member or blocked."},
	}
	for i, n := range portCounts {
		fs = append(fs, format.Field{Name: n, Shape: verb.Counted, Doc: [...]string{
			"Frames that came in.", "That left.", "Addresses that were learned there.", "Frames that came in and were flooded.", "Addresses that moved there.",
			"Frames that came in and were dropped.",
		}[i]})
	}
	return format.Many(format.Object(fs...), 64)
}

func (switchPort) Parse(v *format.Value, s *verb.Scope) verb.Step {
	end := s.End(v.Get("port"))
	if end.Node != "" {
		s.Mistakes.At(v.Get("port"), "%s is no port of a switch", end)
	}
	x := &counted{end: end, reason: v.Get("reason").String()}
	some := v.Get("up") != nil
	if some {
		up := format.Read[bool](v.Get("up"))
		x.up = &up
	}
	for i, n := range portCounts {
		x.want[i] = s.Count(v.Get(n))
		some = some || x.want[i] != nil
	}
	if !some {
		s.Mistakes.At(v, "switch_port says nothing that is to hold")
	}
	return x
}

type counted struct {
	verb.State
	end    format.End
	up     *bool
	reason string
	want   [len(portCounts)]*verb.Count
}

func (x *counted) Proof() verb.Proof { return proofOf(x.want[:]) }

// proofOf is what counts prove: those of nothing hold for a program that does nothing.
func proofOf(counts []*verb.Count) verb.Proof {
	for _, c := range counts {
		if c != nil && c.Min > 0 {
			return verb.Strong
		}
	}
	return verb.NothingIs
}

func (x *counted) Run(r *run.Run) error {
	st, _ := r.Lab.Switch(x.end.Switch)
	var p vnet.SwitchedPort
	if i := x.end.Port - 1; i >= 0 && i < len(st.Ports) {
		p = st.Ports[i]
	}
	dropped := uint64(0)
	for why, n := range p.Count.Dropped {
		if x.reason == "" || x.reason == string(why) {
			dropped += n
		}
	}
	var t table
	var entries []string
	for i, n := range [...]uint64{p.Count.In, p.Count.Out, p.Count.Learned, p.Count.Flooded, p.Count.Moved, dropped} {
		if c := x.want[i]; c != nil {
			t.want(c.Has(n), portCounts[i]+" "+c.String(), fmt.Sprintf("%s %d", portCounts[i], n))
		}
		entries = append(entries, fmt.Sprintf("%s %d", portCounts[i], n))
	}
	if x.up != nil {
		say := map[bool]string{true: "a link", false: "no link"}
		t.want(p.Up == *x.up, say[*x.up], "it has "+say[p.Up])
	}
	r.Find(t.finding(x.end.String(), entries))
	return nil
}
