package scenario

import (
	"cmp"
	"strings"

	"wireloom/internal/scenario/format"
)

// A Worth is what a step is worth. Where it can be had in part, each thing that its verbs
// look for is one: a frame, a call, a reply, a text (verb.Parts).
type Worth struct {
	Points  int  // all of it
	Partial bool // some of it is given for some of the parts
	Each    int  // for each part; 0: the parts share all of it
	From    int  // how many parts there must be before any of it is given
	Bonus   bool // it is beyond the total
}

// Of is what is given where so many of the parts hold, and not all.
func (w *Worth) Of(met, parts int) int {
	switch {
	case !w.Partial || met < max(w.From, 1) || parts == 0:
		return 0
	case w.Each > 0:
		return min(w.Each*met, w.Points)
	}
	return w.Points * met / parts
}

// pointsShape is that of points.
var pointsShape = format.Either("a whole number from 0 to 1000, or a mapping such as {of: 5, each: 1}", format.Number(0, MaxPoints), format.Object(
	format.Field{Name: "of", Shape: format.Number(1, MaxPoints), Required: true, Doc: "What it is worth in all."},
	format.Field{Name: "each", Shape: format.Number(1, MaxPoints), Doc: "What each part is worth: a frame, a call, a reply, a text. They share what there is where it is not given."},
	format.Field{Name: "from", Shape: format.Number(1, MaxPoints), Doc: "How many parts there must be before it gives anything; 1 where it is not given."},
))

// worth reads what a step is worth.
func worth(v *format.Value) Worth {
	w := Worth{Bonus: format.Read[bool](v.Get("bonus"))}
	p := v.Get("points")
	if p == nil || p.Kind == format.Scalar {
		w.Points = format.Read[int](p)
		return w
	}
	w.Partial, w.Points = true, format.Read[int](p.Get("of"))
	w.Each, w.From = format.Read[int](p.Get("each")), format.Read[int](p.Get("from"))
	return w
}

// worthless notes what is wrong with what a step is worth.
func (b *builder) worthless(s *Step, v *format.Value) {
	p := v.Get("points")
	switch parts := s.Parts(); {
	case v.Get("bonus") != nil && s.Worth.Points == 0:
		b.p.At(v.Get("bonus"), "bonus is of points, and this step gives none")
	case !s.Worth.Partial || !s.Checks():
	case parts < 2:
		b.p.At(p, "points of a part are for what has parts: frames of a count or of packets, calls, replies, texts, several things that are looked for; this step has one")
	case s.Worth.Each > s.Worth.Points:
		b.p.At(p.Get("each"), "each part would give %d, and all of them %d", s.Worth.Each, s.Worth.Points)
	case s.Worth.From > parts:
		b.p.At(p.Get("from"), "there are %d parts, and never %d", parts, s.Worth.From)
	}
}

// A Hint is a text that helps on.
type Hint struct {
	Text  string
	After int // it is shown when the check has failed so often; 0: it is for who asks for it
	Cost  int // points that it takes from who asks
}

// maxHints is how many hints a step may have.
const maxHints = 8

var hintShape = format.Many(format.Either("a sentence, or a mapping such as {text: a sentence, cost: 1}", format.Text("a sentence"), format.Object(
	format.Field{Name: "text", Shape: format.Text("a sentence"), Required: true, Doc: "What to look at."},
	format.Field{Name: "after", Shape: format.Number(1, 1000), Doc: "It is shown when the check has failed so often."},
	format.Field{Name: "cost", Shape: format.Number(1, MaxPoints), Doc: "It is shown to who asks for it, and takes so many points."},
)), maxHints)

// hints reads the hints of a step: the first is shown at the first failure, the second at
// the second, and so on, where they don't say otherwise.
func (b *builder) hints(v *format.Value, points int) []Hint {
	var out []Hint
	free, cost := 0, 0
	for _, h := range v.Each() {
		if h.Kind == format.Scalar {
			free++
			out = append(out, Hint{Text: h.Text, After: free})
			continue
		}
		x := Hint{Text: h.Get("text").String(), After: format.Read[int](h.Get("after")), Cost: format.Read[int](h.Get("cost"))}
		switch {
		case x.Cost > 0 && x.After > 0:
			b.p.At(h, "a hint comes after so many failures, or for points: it can't have both")
		case x.Cost == 0:
			free++
			x.After = cmp.Or(x.After, free)
		}
		if cost += x.Cost; cost > points {
			b.p.At(h.Get("cost"), "the hints of this step take %d points, and it gives %d", cost, points)
		}
		out = append(out, x)
	}
	return out
}

// An Advice is what a report shows of a step's hints.
type Advice struct {
	Text string // of those that are shown, a line each
	Left int    // that are shown after more failures
	Next int    // what the next one takes of who asks for it; 0: there is none
	Paid int    // points that those take which were asked for
}

// Advise is what is shown at the failure of that number, from 1, to somebody who has asked
// for so many hints that take points. Staff sees all.
func (s *Step) Advise(a Audience, failure, asked int) Advice {
	var out Advice
	var texts []string
	for _, h := range s.Hints {
		shown := a == Staff || h.After > 0 && h.After <= failure
		switch {
		case h.After > 0 && !shown:
			out.Left++
		case h.After == 0 && asked > 0:
			asked--
			shown = true
			out.Paid += h.Cost
		case !shown && out.Next == 0:
			out.Next = h.Cost
		}
		if shown {
			texts = append(texts, h.Text)
		}
	}
	out.Text = strings.Join(texts, "\n")
	return out
}

// Sold is how many hints of a step take points.
func (s *Step) Sold() int {
	n := 0
	for _, h := range s.Hints {
		if h.After == 0 {
			n++
		}
	}
	return n
}
