package verb

import (
	"wireloom/internal/scenario/format"
	"wireloom/vnet"
)

// Tryable is embedded by a verb that may stand in a try of the file, too: what a button does
// for who looks at the lab. What such a verb parses is a Commander.
type Tryable struct{}

func (Tryable) tryable() bool { return true }

// A TryShaper is a Tryable verb of which other things may be said in a try than in a step.
type TryShaper interface{ TryShape() *format.Shape }

// A Commander is a step that does no more than give the lab commands that are known
// beforehand.
type Commander interface {
	Step
	Commands() []vnet.Command
}

// TryKeys are the keys of a try that are verbs.
func TryKeys() []format.Field {
	var out []format.Field
	for _, v := range registry {
		shape := v.shape
		if s, ok := v.Verb.(TryShaper); ok {
			shape = s.TryShape()
		}
		if isTryable(v.Verb) {
			out = append(out, format.Field{Name: v.Name(), Shape: shape, Doc: v.Doc()})
		}
	}
	return out
}

func isTryable(v Verb) bool {
	t, ok := v.(interface{ tryable() bool })
	return ok && t.tryable()
}

// ParseTry reads what the verbs of a try say, in the order in which a step does it.
func ParseTry(try *format.Value, s *Scope) []Commander {
	var out []Commander
	s.Next("")
	for _, v := range registry {
		if !isTryable(v.Verb) {
			continue
		}
		for _, x := range try.Get(v.Name()).Each() {
			if c, ok := v.Parse(x, s).(Commander); ok {
				out = append(out, c)
			}
		}
	}
	return out
}
