package act

import (
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
)

func init() { verb.Register(verb.Orders, 4, start{}) }

// start starts a program.
type start struct{ verb.Tryable }

func (start) Name() string { return "start" }
func (start) Doc() string  { return "Start a program." }

func (start) Shape() *format.Shape {
	return format.Many(format.Either(format.Program.Want(), format.Program, format.Object(
		format.Field{Name: "program", Shape: format.Program, Required: true, Doc: "NODE.PROGRAM."},
		format.Field{Name: "argv", Shape: format.Late(format.ListOf(format.Text("a text"), 64)), Doc: "Its arguments instead of those of its slot, the program's own name first."},
	)), 32)
}

func (start) Parse(v *format.Value, s *verb.Scope) verb.Step {
	if v.Kind == format.Scalar {
		return starting{program: s.Program(v)}
	}
	return starting{program: s.Program(v.Get("program")), argv: s.LateTexts(v.Get("argv"))}
}

type starting struct {
	verb.Act
	program format.Slot
	argv    []string // those of its slot where it is empty
}

func (x starting) Say() string { return "start " + x.program.String() }

func (x starting) Commands() []vnet.Command {
	return []vnet.Command{vnet.Start{Node: x.program.Node, Proc: x.program.Proc, Argv: plain(x.argv)}}
}

// plain are texts in which nothing stands that only the run tells.
func plain(texts []string) []string {
	var out []string
	for _, t := range texts {
		out = append(out, verb.PlainText(t))
	}
	return out
}

func (x starting) Run(r *run.Run) error {
	if argv, ok := r.TellAll(x.argv); ok {
		r.Order(vnet.Start{Node: x.program.Node, Proc: x.program.Proc, Argv: argv}, x.program)
	}
	return nil
}
