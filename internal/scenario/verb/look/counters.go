package look

import (
	"fmt"
	"slices"
	"strings"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet/kern"
)

func init() { verb.Register(verb.States, 3, counters{}) }

// counters are those of an interface.
type counters struct{}

func (counters) Name() string { return "counters" }
func (counters) Doc() string  { return "The counters of an interface." }

// counterNames are the counters of an interface, as netstat -i calls them.
var counterNames = [...]string{
	"ipackets", "ierrors", "ibytes", "imcasts", "iqdrops", "opackets", "oerrors", "obytes", "omcasts", "collisions",
}

// numbersOf are the counters in the order of counterNames.
func numbersOf(c kern.Counters) [len(counterNames)]uint64 {
	return [...]uint64{c.Ipackets, c.Ierrors, c.Ibytes, c.Imcasts, c.Iqdrops, c.Opackets, c.Oerrors, c.Obytes, c.Omcasts, c.Collision}
}

func (counters) Shape() *format.Shape {
	fs := []format.Field{
		{Name: "interface", Shape: format.LinkEnd, Required: true, Doc: "NODE:INTERFACE."},
		{Name: "since", Shape: verb.Since, Doc: "From when: start, of the lab, or step; start where it is not given."},
	}
	for _, n := range counterNames {
		fs = append(fs, format.Field{Name: n, Shape: verb.Counted, Doc: "The counter " + n + ", a number or a range."})
	}
	return format.Many(format.Object(fs...), 16)
}

func (counters) Parse(v *format.Value, s *verb.Scope) verb.Step {
	x := &counting{iface: s.Device(v.Get("interface")), sinceStep: v.Get("since").String() == "step"}
	some := false
	for i, n := range counterNames {
		x.want[i] = s.Count(v.Get(n))
		some = some || x.want[i] != nil
	}
	if !some {
		s.Mistakes.At(v, "counters names no counter; there are %s", strings.Join(counterNames[:], ", "))
	}
	return x
}

type counting struct {
	verb.State
	iface     format.End
	sinceStep bool
	want      [len(counterNames)]*verb.Count // nil: any
}

func (x *counting) Proof() verb.Proof {
	if !slices.ContainsFunc(x.want[:], func(c *verb.Count) bool { return c != nil && c.Min > 0 }) {
		return verb.NothingIs
	}
	return verb.Strong
}

// Begin notes the counters when the step begins.
func (x *counting) Begin(r *run.Run) {
	then := run.Keep[kern.Counters](r, x)
	*then = kern.Counters{}
	if i := ifnet(r, x.iface); x.sinceStep && i != nil {
		*then = i.Cnt
	}
}

func (x *counting) Run(r *run.Run) error {
	i := ifnet(r, x.iface)
	if i == nil {
		r.Find(run.Finding{Expected: "there is an interface " + x.iface.String(), Actual: "there is none"})
		return nil
	}
	now, then := numbersOf(i.Cnt), numbersOf(*run.Keep[kern.Counters](r, x))
	var wants, gots []string
	f := run.Finding{OK: true}
	for k, w := range x.want {
		if w == nil {
			continue
		}
		n := now[k] - then[k]
		wants, gots = append(wants, counterNames[k]+" "+w.String()), append(gots, fmt.Sprintf("%s %d", counterNames[k], n))
		f.OK = f.OK && w.Has(n)
	}
	f.Expected, f.Actual = x.iface.String()+" has "+strings.Join(wants, ", "), "it has "+strings.Join(gots, ", ")
	r.Find(f)
	return nil
}

// ifnet is an interface of a node, nil if there is none.
func ifnet(r *run.Run, e format.End) *kern.Ifnet {
	if n := r.Lab.Node(e.Node); n != nil {
		return n.Kernel().Ifnet(e.Iface)
	}
	return nil
}
