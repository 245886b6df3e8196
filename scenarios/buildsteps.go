package scenarios

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"wireloom/internal/decode"
)

// Limits of a scenario's frames.
const (
	MaxFrameBytes = 4 << 20 // bytes of all frames in a file
	MaxRepeat     = 100_000 // of one send
	MaxCapture    = 4 << 20 // bytes of a capture file
)

// allSteps builds the stages and the steps.
func (b *builder) allSteps(root *value) {
	b.caps = map[string][]decode.Captured{}
	b.sc.Stages = nil
	if stages := root.get("stages"); stages != nil {
		for _, e := range stages.keys {
			st := Stage{Name: e.key.text, Title: str(e.val.get("title"))}
			for _, v := range e.val.get("reference").each() {
				sl := b.hasProc(v)
				if sl.Proc != "" && b.sc.words[sl] == "" {
					b.p.at(v, "%s is no slot: it has a program already", sl)
				}
				st.Reference = append(st.Reference, sl)
			}
			b.begin(true)
			for _, v := range e.val.get("setup").list() {
				if s, ok := b.step(v); ok {
					st.Setup = append(st.Setup, s)
				}
			}
			b.sc.Stages = append(b.sc.Stages, st)
		}
	}
	b.begin(false)
	b.sc.Steps = nil
	for _, v := range root.get("steps").list() {
		if s, ok := b.step(v); ok {
			b.sc.Steps = append(b.sc.Steps, s)
		}
	}
	for _, st := range b.sc.Stages {
		if !slices.ContainsFunc(b.sc.Steps, func(s Step) bool { return s.Stage == st.Name }) && b.p.total() == 0 {
			b.p.at(root.get("stages").get(st.Name), "no step belongs to stage %s", st.Name)
		}
	}
}

func (b *builder) begin(setup bool) {
	b.ids, b.visible, b.stage = map[string]*Step{}, Student, setup
}

// step builds one step; false if it has mistakes of its shape.
func (b *builder) step(v *value) (Step, bool) {
	if b.p.within(v) {
		if id := v.get("id"); id != nil && id.kind == kindScalar {
			b.ids[id.text] = &Step{ID: id.text, Points: -1} // known, so that what refers to it is no mistake too
		}
		return Step{}, false
	}
	s := Step{
		ID: str(v.get("id")), Title: str(v.get("title")), Why: str(v.get("why")), Hint: str(v.get("hint")), Staff: str(v.get("staff")),
		Points: num(v.get("points"), 0), Needs: texts(v.get("needs")), Stage: str(v.get("stage")), Line: v.line, Wait: dur(v.get("wait"), 0),
		Stop: b.hasProcs(v.get("stop")), Kill: b.hasProcs(v.get("kill")), Restart: b.hasProcs(v.get("restart")), Running: b.hasProcs(v.get("running")),
	}
	if v.line >= 1 && v.line <= len(b.p.lines) {
		s.Source = strings.TrimSpace(b.p.lines[v.line-1])
	}
	for _, x := range v.get("start").each() {
		if x.kind == kindMap {
			s.Start = append(s.Start, Start{b.hasProc(x.get("program")), b.late(x.get("argv"))})
		} else {
			if !procForm.MatchString(x.text) {
				b.p.at(x, "start is %s, want %s", shown(x), proc.want)
				continue
			}
			s.Start = append(s.Start, Start{Slot: b.hasProc(x)})
		}
	}
	for _, x := range v.get("fault").each() {
		s.Faults = append(s.Faults, b.fault(x))
	}
	for _, x := range v.get("stdin").each() {
		if x.get("text") == nil && str(x.get("eof")) != "true" {
			b.p.at(x, "stdin needs text, or eof: true")
		}
		s.Stdin = append(s.Stdin, Stdin{b.hasProc(x.get("program")), b.lateText(x.get("text")), str(x.get("eof")) == "true"})
	}
	for _, x := range v.get("send").each() {
		s.Send = append(s.Send, b.send(x))
	}
	for _, x := range v.get("do").each() {
		s.Do = append(s.Do, b.do(x))
	}
	for _, x := range v.get("run").each() {
		s.Run = append(s.Run, b.run(x))
	}
	for _, x := range v.get("ping").each() {
		s.Ping = append(s.Ping, b.ping(x))
	}
	for _, x := range v.get("expect").each() {
		s.Expect = append(s.Expect, b.expect(x, &s))
	}
	for _, x := range v.get("stdout").each() {
		s.Stdout = append(s.Stdout, b.stdout(x))
	}
	for _, x := range v.get("exit").each() {
		s.Exit = append(s.Exit, b.exit(x))
	}
	b.state(v, &s)
	b.checkStep(v, &s)
	return s, true
}

// checkStep finds what is wrong with a step as a whole, and remembers it.
func (b *builder) checkStep(v *value, s *Step) {
	at := func(key string) *value {
		if x := v.get(key); x != nil {
			return x
		}
		return v
	}
	if !s.acts() {
		b.p.at(v, "a step needs something to do or to check, such as send, expect or wait")
	}
	s.Visible = Audience(max(slices.Index(visibleWords[:], str(v.get("visible"))), 0))
	switch {
	case b.stage:
		for _, k := range []string{"points", "needs", "visible", "stage"} {
			if v.get(k) != nil {
				b.p.at(at(k), "a step of a setup has no %s: it is done only to begin a stage", k)
			}
		}
	case s.Visible < b.visible:
		b.p.at(at("visible"), "a step that is visible %s comes after one that is visible %s: what is visible always comes first, then after-due, then staff, so that what is hidden changes nothing that is seen",
			visibleWords[s.Visible], visibleWords[b.visible])
	default:
		b.visible = s.Visible
	}
	if s.Points > 0 && s.ID == "" {
		b.p.at(at("points"), "a step that gives points needs an id")
	}
	if s.Points > 0 && !s.checks() {
		b.p.at(at("points"), "points are given for what is checked; this step checks nothing")
	}
	if s.Points > 0 && s.idle() && len(s.Needs) == 0 && len(b.sc.words) > 0 {
		b.p.at(at("points"), "a program that does nothing gets these points: say with needs which check it must have passed, or expect something that comes, too")
	}
	if s.Stage != "" && b.sc.Stage(s.Stage) == nil {
		b.p.at(at("stage"), "there is no stage %s in this scenario", s.Stage)
	}
	for _, n := range v.get("needs").list() {
		if o := b.ids[n.text]; o == nil || o.Points >= 0 && !o.checks() {
			b.p.at(n, "no step before this one checks something and has the id %s%s", n.text, b.meant(n.text))
		}
	}
	if s.ID == "" {
		return
	}
	if b.ids[s.ID] != nil {
		b.p.at(at("id"), "another step has the id %s", s.ID)
	}
	b.ids[s.ID] = s
}

// meant says which id of a step before is near to one that there is not.
func (b *builder) meant(id string) string {
	if near := nearest(id, slices.Sorted(maps.Keys(b.ids))); near != "" && near != id {
		return "; did you mean " + near + "?"
	}
	return ""
}

// late is the texts of a list in which ${step.field} may stand.
func (b *builder) late(v *value) []string {
	for _, i := range v.list() {
		b.lateText(i)
	}
	return texts(v)
}

// lateText is a text in which ${step.field} may stand, with dollars doubled where
// they stand for themselves.
func (b *builder) lateText(v *value) string {
	if v == nil {
		return ""
	}
	if !v.late {
		return strings.ReplaceAll(v.text, "${", "$${")
	}
	parts, err := scan(v.text)
	if err != nil {
		b.p.at(v, "%v", err)
		return ""
	}
	for _, pt := range parts {
		if pt.expr == "" {
			continue
		}
		id, field, _ := strings.Cut(pt.expr, ".")
		st := b.ids[id]
		switch {
		case st == nil:
			b.p.at(v, "${%s}: no step before this one has the id %s", pt.expr, id)
		case st.Points < 0:
		case field == "result":
			if len(st.Do) == 0 {
				b.p.at(v, "${%s}: step %s has no do", pt.expr, id)
			}
		case len(st.Expect) == 0 && len(st.Send) == 0:
			b.p.at(v, "${%s}: step %s neither expects nor sends a frame", pt.expr, id)
		default:
			if err := decode.KnownField(field); err != nil {
				b.p.at(v, "${%s}: %s", pt.expr, trimPackage(err))
			}
		}
	}
	return v.text
}

// within is how long something may take.
func within(v *value, or time.Duration) time.Duration { return dur(v.get("within"), or) }

func (b *builder) ping(v *value) Ping {
	g := Ping{Node: b.hasNode(v.get("node")), Count: num(v.get("count"), 3), Size: num(v.get("size"), 56), Within: within(v, 0)}
	g.To, _ = netip.ParseAddr(str(v.get("to"))) // its shape has been checked
	g.Replies = num(v.get("replies"), g.Count)
	if f := v.get("from"); f != nil {
		g.From = f.text
		if g.From != fromAny {
			b.hasNode(f)
		}
		if g.Replies == 0 {
			b.p.at(f, "nobody answers where no replies are wanted")
		}
	}
	if g.Replies > g.Count {
		b.p.at(v.get("replies"), "%d replies cannot come to %d requests", g.Replies, g.Count)
	}
	return g
}

func (b *builder) run(v *value) Run {
	r := Run{Node: b.hasNode(v.get("node")), Within: within(v, 30*time.Second), Exit: num(v.get("exit"), -1)}
	for _, w := range v.get("command").each() {
		r.Command = append(r.Command, b.lateText(w))
	}
	if len(r.Command) == 0 {
		b.p.at(v.get("command"), "the command has no words")
	}
	if x := v.get("stdout"); x != nil {
		out := b.stdout(x)
		r.Stdout = &out
	}
	return r
}

func (b *builder) stdout(v *value) Stdout {
	x := Stdout{
		Slot: b.hasProc(v.get("program")), Contains: eachText(v.get("contains")), Lacks: eachText(v.get("lacks")), Within: within(v, time.Second),
		SinceStep: str(v.get("since")) == "step", Stream: slices.Index([]string{"both", "out", "err"}, str(v.get("stream"))),
	}
	x.Stream = max(x.Stream, 0)
	for _, m := range v.get("matches").each() {
		re, err := compileRegexp(m.text)
		if err != nil {
			b.p.at(m, "%v", err)
			continue
		}
		x.Matches = append(x.Matches, re)
	}
	if e := v.get("equals"); e != nil {
		x.Equals = &e.text
	}
	if len(x.Contains)+len(x.Lacks)+len(x.Matches) == 0 && x.Equals == nil {
		b.p.at(v, "stdout needs contains, lacks, matches or equals")
	}
	return x
}

func eachText(v *value) []string {
	var out []string
	for _, i := range v.each() {
		out = append(out, i.text)
	}
	return out
}

func (b *builder) exit(v *value) ExitWant {
	x := ExitWant{
		Slot: b.hasProc(v.get("program")), Code: num(v.get("code"), -1), Signal: str(v.get("signal")), Trap: str(v.get("trap")) == "true",
		Limit: str(v.get("limit")) == "true", Within: within(v, time.Second),
	}
	n := 0
	for _, k := range []string{"code", "signal", "trap", "limit"} {
		if v.get(k) != nil {
			n++
		}
	}
	if n > 1 {
		b.p.at(v, "a program ends in one way: give one of code, signal, trap and limit")
	}
	return x
}
