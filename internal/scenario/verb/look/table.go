package look

import (
	"fmt"
	"strings"

	"wireloom/internal/scenario/run"
)

// A table collects what is wrong with a table.
type table struct{ wants, wrong []string }

func (t *table) want(ok bool, want, got string) {
	t.wants = append(t.wants, want)
	if !ok {
		t.wrong = append(t.wrong, got)
	}
}

func (t *table) finding(what string, entries []string) run.Finding {
	const limit = 12 // entries that are shown
	if len(entries) > limit {
		entries = append(entries[:limit:limit], fmt.Sprintf("and %d more", len(entries)-limit))
	}
	has := "it is empty"
	if len(entries) > 0 {
		has = "it has " + strings.Join(entries, ", ")
	}
	f := run.Finding{OK: len(t.wrong) == 0, Expected: what + " has " + strings.Join(t.wants, ", "), Actual: has}
	if !f.OK {
		f.Actual = strings.Join(t.wrong, "; ") + "; " + has
	}
	return f
}
