package act

import (
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
)

func init() { verb.Register(verb.Orders, 6, stdin{}) }

// stdin types to a program.
type stdin struct{ verb.Tryable }

func (stdin) Name() string { return "stdin" }
func (stdin) Doc() string  { return "Type to a program." }

func (stdin) Shape() *format.Shape {
	return format.Many(format.Object(
		format.Field{Name: "program", Shape: format.Program, Required: true, Doc: "NODE.PROGRAM."},
		format.Field{Name: "text", Shape: format.Late(format.Text("a text")), Doc: "What is typed."},
		format.Field{Name: "eof", Shape: format.Boolean, Doc: "Nothing follows."},
	), 8)
}

func (stdin) Parse(v *format.Value, s *verb.Scope) verb.Step {
	x := typing{program: s.Program(v.Get("program")), text: s.LateText(v.Get("text")), eof: format.Read[bool](v.Get("eof"))}
	if v.Get("text") == nil && !x.eof {
		s.Mistakes.At(v, "stdin needs text, or eof: true")
	}
	return x
}

type typing struct {
	verb.Act
	program format.Slot
	text    string
	eof     bool
}

func (x typing) Say() string { return "type to " + x.program.String() }

func (x typing) Commands() []vnet.Command { return []vnet.Command{x.command(verb.PlainText(x.text))} }

func (x typing) Run(r *run.Run) error {
	if text, err := r.Tell(x.text); err != nil {
		r.Fail(err)
	} else {
		r.Do(x.command(text))
	}
	return nil
}

func (x typing) command(text string) vnet.Command {
	return vnet.Stdin{Node: x.program.Node, Proc: x.program.Proc, Text: text, EOF: x.eof}
}
