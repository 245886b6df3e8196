package act

import (
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
)

func init() { verb.Register(verb.Orders, 3, restart{}) }

// restart kills a program that runs, and starts it.
type restart struct{}

func (restart) Name() string         { return "restart" }
func (restart) Doc() string          { return "Kill a program if it runs, and start it." }
func (restart) Shape() *format.Shape { return format.Many(format.Program, 32) }
func (restart) Parse(v *format.Value, s *verb.Scope) verb.Step {
	return restarting{program: s.Program(v)}
}

type restarting struct {
	verb.Act
	program format.Slot
}

func (x restarting) Say() string { return "restart " + x.program.String() }

// killTime is how long a killed program may take to end: it does at its next call, or
// when its slice of the CPU is over.
const killTime = time.Second

func (x restarting) Run(r *run.Run) error {
	if r.Alive(x.program) {
		r.Order(vnet.Kill{Node: x.program.Node, Proc: x.program.Proc}, x.program)
		if err := r.Until(r.Lab.Now()+killTime, func() bool { return r.Program(x.program).Ended != nil }); err != nil {
			return err
		}
	}
	r.Order(vnet.Start{Node: x.program.Node, Proc: x.program.Proc}, x.program)
	return nil
}
