package act

import (
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
)

func init() { verb.Register(verb.Orders, 1, stop{}) }

// stop ends a program with SIGTERM.
type stop struct{ verb.Tryable }

func (stop) Name() string         { return "stop" }
func (stop) Doc() string          { return "Stop a program, with SIGTERM." }
func (stop) Shape() *format.Shape { return format.Many(format.Program, 32) }
func (stop) Parse(v *format.Value, s *verb.Scope) verb.Step {
	return stopping{program: s.Program(v)}
}

type stopping struct {
	verb.Act
	program format.Slot
}

func (x stopping) Say() string { return "stop " + x.program.String() }

func (x stopping) Commands() []vnet.Command {
	return []vnet.Command{vnet.Stop{Node: x.program.Node, Proc: x.program.Proc}}
}

func (x stopping) Run(r *run.Run) error {
	r.Order(x.Commands()[0], x.program)
	return nil
}
