package act

import (
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
)

func init() { verb.Register(verb.Orders, 12, wait{}) }

// wait lets time pass.
type wait struct{}

func (wait) Name() string         { return "wait" }
func (wait) Doc() string          { return "Let time pass, before what follows." }
func (wait) Shape() *format.Shape { return format.Duration(verb.MaxWithin) }
func (wait) Parse(v *format.Value, _ *verb.Scope) verb.Step {
	if d := format.Read[time.Duration](v); d > 0 {
		return waiting{d: d}
	}
	return nil
}

type waiting struct {
	verb.Act
	d time.Duration
}

func (x waiting) Say() string          { return "wait " + x.d.String() }
func (x waiting) Run(r *run.Run) error { return r.For(x.d) }

// Settles says that what passes meanwhile is not what the step is about.
func (waiting) Settles() {}
