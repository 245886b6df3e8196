// Package verb is what the verbs of a step have in common: a verb is a key of a step, says
// what may stand behind it, reads that, and does it in a run. Each verb is a file of verb/act
// (what is done) or verb/look (what is checked), which registers it here: the parser, the
// JSON Schema and the grader know it from that.
package verb

import (
	"cmp"
	"fmt"
	"slices"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
)

// A Verb is a key of a step.
type Verb interface {
	Name() string
	Doc() string          // a sentence for who writes a scenario
	Shape() *format.Shape // of what stands behind the key: one, or a list of them

	// Parse reads one of what stands behind the key, whose shape has been checked. What is
	// wrong with it goes to the scope's mistakes. Nil is nothing to do.
	Parse(*format.Value, *Scope) Step
}

// A Step is one thing that a step of a scenario does or checks. It belongs to all runs of
// its scenario, and doesn't change.
type Step interface {
	// Run does it, and adds what it found to the run (run.Find). What can't be done is a
	// failure of the step (run.Fail); an error ends the run.
	Run(*run.Run) error

	Say() string   // what is done, in words; "" of what only looks at the state
	Wants() string // what is checked, in words; "" where nothing is
	Proof() Proof  // what it proves of a program that it holds
}

// A Proof is what is known of a program for which a step holds.
type Proof uint8

// The proofs.
const (
	Nothing   Proof = iota // it checks nothing
	NothingIs              // that something does not come, is not printed or not known: of a program that does nothing, too
	Weak                   // that a program is there and has not used too much: nothing, beside NothingIs
	Strong                 // that something came
)

// A Watcher is a step that looks at frames from before the first of its step is sent.
type Watcher interface{ Watch(*run.Run) }

// A Settler is an order that lets what was before settle: frames of its step are watched
// from its end on.
type Settler interface{ Settles() }

// A Beginner is a step that notes something when its step begins.
type Beginner interface{ Begin(*run.Run) }

// A LookerBack is a step that asks for frames since an earlier step began.
type LookerBack interface{ Since() string }

// A Parted is a step that looks for several things, of which some may be there.
type Parted interface{ Parts() int }

// Parts is how many things a step looks for: none where it holds of a program that does
// nothing.
func Parts(s Step) int {
	if s.Proof() != Strong {
		return 0
	}
	if p, ok := s.(Parted); ok {
		return p.Parts()
	}
	return 1
}

// Act is what steps have in common that check nothing.
type Act struct{}

// Wants is "".
func (Act) Wants() string { return "" }

// Proof is Nothing.
func (Act) Proof() Proof { return Nothing }

// State is what steps have in common that look at what holds at the end of a step.
type State struct{}

// StateWanted is what State wants.
const StateWanted = "the state that it asks for"

// Say is "".
func (State) Say() string { return "" }

// Wants is StateWanted.
func (State) Wants() string { return StateWanted }

// A Phase is when a verb's turn comes in a step. Within one step things happen in this
// order, whatever the order in the file; docs/scenarios.md promises it.
type Phase uint8

// The phases.
const (
	Orders  Phase = iota // to programs and links, and the time that passes then
	Frames               // what is sent and called
	Answers              // what is waited for
	States               // what holds then
)

type registered struct {
	Verb
	phase Phase
	rank  int
	shape *format.Shape
}

var registry []registered

// Register makes a verb known, at its place within a phase: the lower the rank the sooner.
// Each verb's file calls it, as the program begins. It panics where another verb has the
// name or the place.
func Register(phase Phase, rank int, v Verb) {
	for _, o := range registry {
		if o.Name() == v.Name() || o.phase == phase && o.rank == rank {
			panic(fmt.Sprintf("verb: %s and %s have one name or place", o.Name(), v.Name()))
		}
	}
	registry = append(registry, registered{v, phase, rank, v.Shape()})
	slices.SortFunc(registry, func(a, b registered) int { return cmp.Or(cmp.Compare(a.phase, b.phase), cmp.Compare(a.rank, b.rank)) })
}

// Keys are the keys of a step that are verbs.
func Keys() []format.Field {
	var out []format.Field
	for _, v := range registry {
		out = append(out, format.Field{Name: v.Name(), Shape: v.shape, Doc: v.Doc()})
	}
	return out
}

// A Done is a step at its place.
type Done struct {
	Step
	Phase Phase
}

// Parse reads what the verbs of a step say, in the order in which they are done.
func Parse(step *format.Value, s *Scope) []Done {
	var out []Done
	for _, v := range registry {
		for _, x := range step.Get(v.Name()).Each() {
			if st := v.Parse(x, s); st != nil {
				if t, ok := st.(teller); ok {
					t.tells(s.now)
				}
				out = append(out, Done{st, v.phase})
			}
		}
	}
	return out
}
