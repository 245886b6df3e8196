package act

import (
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
)

func init() { verb.Register(verb.Orders, 2, kill{}) }

// kill ends a program with SIGKILL.
type kill struct{ verb.Tryable }

func (kill) Name() string         { return "kill" }
func (kill) Doc() string          { return "Kill a program." }
func (kill) Shape() *format.Shape { return format.Many(format.Program, 32) }
func (kill) Parse(v *format.Value, s *verb.Scope) verb.Step {
	return killing{program: s.Program(v)}
}

type killing struct {
	verb.Act
	program format.Slot
}

func (x killing) Say() string { return "kill " + x.program.String() }

func (x killing) Commands() []vnet.Command {
	return []vnet.Command{vnet.Kill{Node: x.program.Node, Proc: x.program.Proc}}
}

func (x killing) Run(r *run.Run) error {
	r.Order(x.Commands()[0], x.program)
	return nil
}
