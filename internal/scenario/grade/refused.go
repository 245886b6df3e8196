package grade

import (
	"fmt"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
)

// Refused is the result of a grading that could not be made because a program cannot
// be used: one check that says so, and every other skipped because of it. why is a
// sentence for who wrote the program; nil where there is no program.
func Refused(s *scenario.Scenario, sl format.Slot, why error, o Options) (*Result, error) {
	steps, err := plan(s, o)
	if err != nil {
		return nil, err
	}
	c := fact(s, "program", "the program can be used", StatusError)
	c.Expected, c.Actual = "a WebAssembly module for "+sl.String(), sl.String()+": there is no program for this slot"
	c.Why = "Without it nothing can be checked."
	if why != nil {
		c.Actual = fmt.Sprintf("%s: %v", sl, why)
	}
	r := begun(s, o)
	r.Checks = append(r.Checks, c)
	for i := range steps {
		if st := &steps[i]; st.Checks() {
			c := check(s, st, o)
			c.ID = r.unique(c.ID)
			c.Status, c.Because, c.Expected, c.Actual = StatusSkipped, "program", st.Wants(), "not tried: the program for "+sl.String()+" cannot be used"
			r.Checks = append(r.Checks, c)
		}
	}
	r.Total()
	return r, nil
}
