package look

import (
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
)

func init() { verb.Register(verb.States, 1, running{}) }

// running holds if a program has not ended.
type running struct{}

func (running) Name() string         { return "running" }
func (running) Doc() string          { return "Programs that must not have ended." }
func (running) Shape() *format.Shape { return format.Many(format.Program, 32) }
func (running) Parse(v *format.Value, s *verb.Scope) verb.Step {
	return alive{program: s.Program(v)}
}

type alive struct {
	verb.State
	program format.Slot
}

func (x alive) Wants() string   { return x.program.String() + " runs" }
func (alive) Proof() verb.Proof { return verb.Weak }

func (x alive) Run(r *run.Run) error {
	f := run.Finding{OK: r.Alive(x.program), Expected: x.Wants(), Actual: "it runs"}
	if e := r.Program(x.program).Ended; !f.OK && e != nil {
		f.Actual = e.Told()
	} else if !f.OK {
		f.Actual = "it has not been started"
	}
	r.Find(f)
	return nil
}
