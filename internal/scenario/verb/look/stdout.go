package look

import (
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
)

func init() { verb.Register(verb.Answers, 2, stdout{}) }

// stdout looks at what a program prints.
type stdout struct{}

func (stdout) Name() string { return "stdout" }
func (stdout) Doc() string  { return "Expect what a program prints." }

func (stdout) Shape() *format.Shape {
	program := format.Field{Name: "program", Shape: format.Program, Required: true, Doc: "NODE.PROGRAM."}
	return format.Many(format.Object(append([]format.Field{program}, verb.OutputKeys()...)...), 8)
}

func (stdout) Parse(v *format.Value, s *verb.Scope) verb.Step {
	return &printing{program: s.Program(v.Get("program")), out: s.Output(v)}
}

type printing struct {
	program format.Slot
	out     *verb.Output
}

func (x *printing) Say() string   { return "expect " + x.out.String() }
func (x *printing) Wants() string { return x.out.String() }

func (x *printing) Proof() verb.Proof {
	if x.out.Negative() {
		return verb.NothingIs
	}
	return verb.Strong
}

// Parts are the texts.
func (x *printing) Parts() int { return x.out.Parts() }

// maxScanned is how many bytes of output are searched while a step waits for more.
const maxScanned = 32 << 20

// Run waits until the program has printed what it should. It is looked at each time that
// there is more, until that has taken long enough; then only at the end. What must not be
// printed can be until the time is over.
func (x *printing) Run(r *run.Run) error {
	p := r.Program(x.program)
	seen, work, ok := -1, 0, false
	done := func() bool {
		if n := p.Output.Len(x.out.Stream); n != seen && work < maxScanned && !x.out.Lacks() {
			seen, work = n, work+n
			ok = x.out.Wrong(p.Output.Text(x.out.Stream, x.out.SinceStep)) == ""
		}
		return ok
	}
	if err := r.Until(r.Lab.Now()+x.out.Within, done); err != nil {
		return err
	}
	r.Find(x.out.Finding(p.Output.Text(x.out.Stream, x.out.SinceStep)))
	return nil
}
