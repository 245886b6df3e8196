package format_test

import (
	"errors"
	"strings"
	"testing"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
)

// A mistake is data: where it stands by keys and numbers of items, and as line and column.
func TestMistakesHaveAPath(t *testing.T) {
	for _, c := range []struct{ name, src, path, say string }{
		{"no YAML", "a: [\n", "", "not valid YAML"},
		{"a key of the file", "scenario: x\nnodes: {}\nnodez: {}\n", "nodez", `has no key "nodez"`},
		{"a value of a node", "scenario: x\nnodes: {a: {nics: {em0: {address: here}}}}\n", "nodes a nics em0 address", `address is "here"`},
		{"a node that lacks something", "scenario: x\nnodes: {a: {routes: [{via: 10.0.0.1}]}}\n", "nodes a routes 0", `lacks "to"`},
		{"what the lab refuses", "scenario: x\nnodes: {a: {nics: {tap3: {}}}}\n", "nodes a nics tap3", "tun and tap are devices"},
		{"a value of a verb", "scenario: x\nnodes: {a: {}}\nsteps:\n- {wait: 1s}\n- {ping: {node: b, to: 10.0.0.1}}\n", "steps 1 ping node", "there is no node b"},
		{"one of a list of a verb", "scenario: x\nnodes: {a: {}}\nsteps:\n- {ping: [{node: a, to: 10.0.0.1}, {node: b, to: 10.0.0.1}]}\n", "steps 0 ping 1 node", "there is no node b"},
		{"a step of a loop, where it is written", "scenario: x\nnodes: {a: {}}\nsteps:\n- for: {times: 3, steps: [{wait: 1s}, {wait: soon}]}\n", "steps 0 for steps 1 wait", `wait is "soon"`},
		{"a value of a param", "scenario: x\nnodes: {a: {nics: {em0: {address: \"${p}\"}}}}\nparams: {p: {pick: [here, 10.0.0.1/24]}}\n", "nodes a nics em0 address", "(with p here)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := scenario.Parse("f", []byte(c.src))
			var e *format.Error
			if !errors.As(err, &e) {
				t.Fatalf("error %v", err)
			}
			m := e.Mistakes[0]
			if got := strings.Join(m.Path, " "); got != c.path || !strings.Contains(m.Message, c.say) {
				t.Errorf("at %q: %s; want %q with %q in it", got, m.Message, c.path, c.say)
			}
		})
	}
}
