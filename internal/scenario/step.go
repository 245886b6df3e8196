package scenario

import (
	"fmt"
	"slices"
	"strings"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/verb"
)

// A Step is one thing done and checked, or several at once.
type Step struct {
	ID, Title, Why, Staff string
	Hints                 []Hint
	Worth                 Worth
	Needs                 []string
	Visible               Audience // the least that sees it
	Stage                 string
	Line                  int         // in the file
	Source                string      // that line
	Setup                 bool        // it is of a stage's setup: nothing is checked in it
	Does                  []verb.Done // in the order in which it is done
}

// Parts is how many things the step looks for.
func (s *Step) Parts() int {
	n := 0
	for _, d := range s.Does {
		n += verb.Parts(d.Step)
	}
	return n
}

// Checks reports whether the step checks something.
func (s *Step) Checks() bool {
	return slices.ContainsFunc(s.Does, func(d verb.Done) bool { return d.Proof() != verb.Nothing })
}

// idle reports whether the step holds where nothing happens at all: all that it checks
// is that something does not come, is not printed or not known; that a program is still
// there and has not used too much proves nothing beside it.
func (s *Step) idle() bool {
	absent := false
	for _, d := range s.Does {
		if d.Proof() == verb.Strong {
			return false
		}
		absent = absent || d.Proof() == verb.NothingIs
	}
	return absent
}

// Name is the step's id, or one made of its line.
func (s *Step) Name() string {
	if s.ID != "" {
		return s.ID
	}
	return fmt.Sprintf("line-%d", s.Line)
}

// Say is what the step does, in words, for the log.
func (s *Step) Say() string {
	var out []string
	for _, d := range s.Does {
		if what := d.Say(); what != "" {
			out = append(out, what)
		}
	}
	if len(out) == 0 {
		return "look at the state"
	}
	return strings.Join(out, ", ")
}

// Wants is what the step checks, in words, a line each.
func (s *Step) Wants() string {
	var out []string
	state := false
	for _, d := range s.Does {
		switch what := d.Wants(); what {
		case "":
		case verb.StateWanted:
			state = true
		default:
			out = append(out, what)
		}
	}
	if state {
		out = append(out, verb.StateWanted)
	}
	return strings.Join(out, "\n")
}

// steps builds the stages and the steps.
func (b *builder) steps(root *format.Value) {
	scope := verb.NewScope(b.p, &b.sc.Lab, func(e format.End) bool { return b.links[e] != nil }, b.sc.readFile)
	b.sc.Stages = nil
	for _, e := range root.Get("stages").Entries() {
		st := Stage{Name: e.Key.Text, Title: e.Val.Get("title").String()}
		for _, v := range e.Val.Get("reference").Each() {
			sl := scope.Program(v)
			if sl.Proc != "" && b.sc.words[sl] == "" {
				b.p.At(v, "%s is no slot: it has a program already", sl)
			}
			st.Reference = append(st.Reference, sl)
		}
		st.Setup = b.list(e.Val.Get("setup"), scope, true)
		b.sc.Stages = append(b.sc.Stages, st)
	}
	b.sc.Steps = b.list(root.Get("steps"), scope, false)
	b.tries(root.Get("try"), scope)
	for _, st := range b.sc.Stages {
		if !slices.ContainsFunc(b.sc.Steps, func(s Step) bool { return s.Stage == st.Name }) && b.p.Total() == 0 {
			b.p.At(root.Get("stages").Get(st.Name), "no step belongs to stage %s", st.Name)
		}
	}
}

// list builds the steps of a list.
func (b *builder) list(v *format.Value, scope *verb.Scope, setup bool) []Step {
	scope.Begin()
	seen := Student // who sees the last step
	var out []Step
	for _, v := range v.List() {
		if b.p.Within(v) { // it has mistakes of its shape
			if id := v.Get("id"); id != nil && id.Kind == format.Scalar {
				scope.Add(&verb.Known{ID: id.Text, Broken: true})
			}
			continue
		}
		out = append(out, b.step(v, scope, setup, &seen))
	}
	return out
}

// step builds one step.
func (b *builder) step(v *format.Value, scope *verb.Scope, setup bool, seen *Audience) Step {
	s := Step{
		ID: v.Get("id").String(), Title: v.Get("title").String(), Why: v.Get("why").String(), Staff: v.Get("staff").String(),
		Worth: worth(v), Needs: format.Reads[string](v.Get("needs")), Visible: format.Read[Audience](v.Get("visible")),
		Stage: v.Get("stage").String(), Line: v.Line, Source: b.sc.file.Line(v.Line), Setup: setup,
	}
	s.Hints = b.hints(v.Get("hint"), s.Worth.Points)
	known := scope.Next(s.ID)
	s.Does = verb.Parse(v, scope)
	known.Checks = s.Checks()
	at := func(key string) *format.Value {
		if x := v.Get(key); x != nil {
			return x
		}
		return v
	}
	if len(s.Does) == 0 {
		b.p.At(v, "a step needs something to do or to check, such as send, expect or wait")
	}
	switch {
	case setup:
		for _, k := range []string{"points", "bonus", "needs", "visible", "stage"} {
			if v.Get(k) != nil {
				b.p.At(at(k), "a step of a setup has no %s: it is done only to begin a stage", k)
			}
		}
	case s.Visible < *seen:
		b.p.At(at("visible"), "a step that is visible %s comes after one that is visible %s: what is visible always comes first, then after-due, then staff, so that what is hidden changes nothing that is seen",
			s.Visible.Visible(), seen.Visible())
	default:
		*seen = s.Visible
	}
	if s.Worth.Points > 0 && s.ID == "" {
		b.p.At(at("points"), "a step that gives points needs an id")
	}
	if s.Worth.Points > 0 && !s.Checks() {
		b.p.At(at("points"), "points are given for what is checked; this step checks nothing")
	}
	if s.Worth.Points > 0 && s.idle() && len(s.Needs) == 0 && len(b.sc.words) > 0 {
		b.p.At(at("points"), "a program that does nothing gets these points: say with needs which check it must have passed, or expect something that comes, too")
	}
	b.worthless(&s, v)
	if s.Stage != "" && b.sc.Stage(s.Stage) == nil {
		b.p.At(at("stage"), "there is no stage %s in this scenario", s.Stage)
	}
	for _, n := range v.Get("needs").List() {
		if o := scope.Step(n.Text); o == nil || !o.Broken && !o.Checks {
			b.p.At(n, "no step before this one checks something and has the id %s%s", n.Text, scope.Meant(n.Text))
		}
	}
	if !scope.Add(known) {
		b.p.At(at("id"), "another step has the id %s", s.ID)
	}
	return s
}
