package look

import (
	"fmt"
	"strings"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
)

func init() { verb.Register(verb.States, 9, link{}) }

// link is what an impaired link has done to frames of one direction, since it was impaired.
type link struct{}

func (link) Name() string { return "link" }
func (link) Doc() string {
	return "What an impaired link has done to the frames that leave a port: how many it lost, how long they took."
}

// linkCounts are what is counted, all stages together.
var linkCounts = [...]string{"entered", "lost", "marked", "duplicated", "corrupted", "reordered", "full", "dropped", "came", "waiting"}

func linkNumbers(i *vnet.Impairment) (n [len(linkCounts)]uint64) {
	if i == nil {
		return n
	}
	for k, c := range i.Count {
		if k == 0 {
			n[0] = c.Entered
		}
		for j, v := range [...]uint64{c.Lost, c.Marked, c.Duplicated, c.Corrupted, c.Reordered, c.Overlimit, c.CoDel} {
			n[1+j] += v
		}
	}
	n[8], n[9] = i.Seen.Frames, uint64(i.Waiting)
	return n
}

func (link) Shape() *format.Shape {
	most := format.Duration(time.Hour)
	fs := []format.Field{
		{Name: "port", Shape: format.LinkEnd, Required: true, Doc: "The port that the frames leave."},
		{Name: "loss", Shape: verb.Counted, Doc: "Percent of those that entered that were lost by chance, a number or a range."},
		{Name: "at_least", Shape: most, Doc: "The least time that a frame took."},
		{Name: "at_most", Shape: most, Doc: "The longest time that a frame took."},
		{Name: "mean_from", Shape: most, Doc: "The mean time is this or more,"},
		{Name: "mean_to", Shape: most, Doc: "and this or less."},
	}
	for i, n := range linkCounts {
		fs = append(fs, format.Field{Name: n, Shape: verb.Counted, Doc: [...]string{
			"Frames that entered.", "That were lost by loss.", "That were marked with ECN instead.", "Copies that were made.", "Frames that were garbled.",
			"That overtook.", "That found the queue full.", "That CoDel dropped.", "Frames that came out, with copies.", "Frames that wait now.",
		}[i]})
	}
	return format.Many(format.Object(fs...), 16)
}

func (link) Parse(v *format.Value, s *verb.Scope) verb.Step {
	x := &passing{port: s.End(v.Get("port")).String(), loss: s.Count(v.Get("loss"))}
	for i, n := range linkCounts {
		x.count[i] = s.Count(v.Get(n))
	}
	for i, n := range [...]string{"at_least", "at_most", "mean_from", "mean_to"} {
		x.times[i] = format.Or(v.Get(n), -1*time.Nanosecond)
	}
	if len(v.Keys) < 2 {
		s.Mistakes.At(v, "link says nothing that is to hold")
	}
	return x
}

type passing struct {
	verb.State
	port  string
	loss  *verb.Count
	count [len(linkCounts)]*verb.Count
	times [4]time.Duration // below 0: any
}

func (x *passing) Proof() verb.Proof {
	for _, t := range x.times {
		if t >= 0 {
			return verb.Strong // a frame came
		}
	}
	return proofOf(x.count[:])
}

func (x *passing) Run(r *run.Run) error {
	var i *vnet.Impairment
	for _, p := range r.Lab.Status().Ports {
		if p.Port == x.port {
			i = p.Impaired
		}
	}
	var t table
	n := linkNumbers(i)
	var entries []string
	for k, c := range x.count {
		if c != nil {
			t.want(c.Has(n[k]), linkCounts[k]+" "+c.String(), fmt.Sprintf("%s %d", linkCounts[k], n[k]))
		}
		entries = append(entries, fmt.Sprintf("%s %d", linkCounts[k], n[k]))
	}
	if x.loss != nil {
		percent := 0.0
		if n[0] > 0 {
			percent = 100 * float64(n[1]) / float64(n[0])
		}
		ok := percent >= float64(x.loss.Min) && (percent <= float64(x.loss.Max) || x.loss.Max == verb.Unbounded)
		t.want(ok, "a loss of "+x.loss.String()+" %", fmt.Sprintf("a loss of %.2f %%", percent))
	}
	var seen vnet.Seen
	if i != nil {
		seen = i.Seen
	}
	mean := time.Duration(0)
	if seen.Frames > 0 {
		mean = seen.Delay / time.Duration(seen.Frames)
	}
	for k, is := range [...]struct {
		what string
		ok   bool
		got  time.Duration
	}{
		{"no frame sooner than", seen.Min >= x.times[0], seen.Min},
		{"no frame later than", seen.Max <= x.times[1], seen.Max},
		{"a mean from", mean >= x.times[2], mean},
		{"a mean to", mean <= x.times[3], mean},
	} {
		if x.times[k] >= 0 {
			t.want(is.ok && seen.Frames > 0, is.what+" "+x.times[k].String(), strings.TrimPrefix(is.what, "no ")+" "+is.got.String())
		}
	}
	r.Find(t.finding("the link at "+x.port, entries))
	return nil
}
