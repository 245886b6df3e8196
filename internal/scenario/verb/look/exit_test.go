package look

import (
	"testing"

	"wireloom/internal/scenario/run"
)

// How a program has ended is told from its code and kind, not from the sentence.
func TestEndingsThatAreWanted(t *testing.T) {
	killed := func(signal int) *run.Ending {
		return &run.Ending{How: "killed", Code: 128 + signal, Why: "the kernel's words"}
	}
	any := ending{code: -1}
	for _, c := range []struct {
		name string
		want ending
		got  *run.Ending
		ok   bool
	}{
		{"any end", any, killed(9), true},
		{"the code", ending{code: 3}, &run.Ending{How: "exit", Code: 3}, true},
		{"another code", ending{code: 3}, &run.Ending{How: "exit", Code: 4}, false},
		{"a code that is a signal's", ending{code: 143}, killed(15), false},
		{"the signal", ending{code: -1, signal: "SIGTERM"}, killed(15), true},
		{"another signal", ending{code: -1, signal: "SIGTERM"}, killed(9), false},
		{"a code that looks like it", ending{code: -1, signal: "SIGTERM"}, &run.Ending{How: "exit", Code: 143}, false},
		{"a name that the sentence has", ending{code: -1, signal: "SIGTERM"}, &run.Ending{How: "killed", Code: 137, Why: "killed by SIGTERM"}, false},
		{"a trap", ending{code: -1, trap: true}, &run.Ending{How: "trap", Code: 134}, true},
		{"no trap", ending{code: -1, trap: true}, &run.Ending{How: "exit"}, false},
		{"a limit", ending{code: -1, limit: true}, &run.Ending{How: "limit"}, true},
		{"the limit of fuel", ending{code: -1, limit: true}, killed(24), true},
		{"no limit", ending{code: -1, limit: true}, killed(9), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.want.is(c.got); got != c.ok {
				t.Errorf("got %t, want %t", got, c.ok)
			}
		})
	}
}
