package scenario

import (
	"strings"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
)

// Limits of what a scenario offers to try.
const (
	MaxTries       = 12 // buttons
	MaxTryCommands = 64 // commands of one
)

// A Try is something that who looks at a lab may do by a button: a line at a node's prompt, a
// frame, a fault. It is not part of a grading.
type Try struct {
	Label    string         // on the button
	Look     string         // what to look at then; "" where nothing is said
	Auto     bool           // it is done by itself when the lab is opened
	Say      string         // what it does, in words
	Commands []vnet.Command // given to the lab at one instant
	Line     int            // in the file
}

// A Prompted is a line that a step or a try gives the prompt of a node.
type Prompted struct {
	vnet.Exec
	At int // the line of the step in the file
}

// Prompted are all of them.
func (s *Scenario) Prompted() []Prompted {
	var out []Prompted
	add := func(at int, commands []vnet.Command) {
		for _, c := range commands {
			if x, ok := c.(vnet.Exec); ok {
				out = append(out, Prompted{x, at})
			}
		}
	}
	of := func(steps []Step) {
		for i := range steps {
			for _, d := range steps[i].Does {
				if c, ok := d.Step.(verb.Commander); ok {
					add(steps[i].Line, c.Commands())
				}
			}
		}
	}
	for i := range s.Stages {
		of(s.Stages[i].Setup)
	}
	of(s.Steps)
	for i := range s.Tries {
		add(s.Tries[i].Line, s.Tries[i].Commands)
	}
	return out
}

var tryShape = format.Object(append([]format.Field{
	{Name: "label", Shape: format.TextOf("a few words", 80), Required: true, Doc: "What stands on the button, such as: alice pings bob."},
	{Name: "look", Shape: format.Text("a sentence"), Doc: "What to look at when it is done."},
	{Name: "auto", Shape: format.Boolean, Doc: "Whether it is done by itself, too, when the lab is opened on the page or run without steps."},
}, verb.TryKeys()...)...)

// tries builds the buttons.
func (b *builder) tries(v *format.Value, scope *verb.Scope) {
	b.sc.Tries = nil
	scope.Begin() // it is no step, and can't refer to one
	labels := map[string]bool{}
	for _, v := range v.List() {
		if b.p.Within(v) { // it has mistakes of its shape
			continue
		}
		t := Try{Label: strings.TrimSpace(v.Get("label").String()), Look: v.Get("look").String(), Auto: format.Read[bool](v.Get("auto")), Line: v.Line}
		var say []string
		for _, c := range verb.ParseTry(v, scope) {
			t.Commands = append(t.Commands, c.Commands()...)
			say = append(say, c.Say())
		}
		t.Say = strings.Join(say, ", ")
		switch {
		case t.Label == "":
			b.p.At(v.Get("label"), "the label is empty: it is what stands on the button")
		case labels[t.Label]:
			b.p.At(v.Get("label"), "another try has this label")
		case len(say) == 0:
			b.p.At(v, "a try needs something to do, such as run or send")
		case len(t.Commands) > MaxTryCommands:
			b.p.At(v, "a try of %d commands: at most %d are allowed", len(t.Commands), MaxTryCommands)
		}
		labels[t.Label] = true
		b.sc.Tries = append(b.sc.Tries, t)
	}
}
