package scenario

import (
	"fmt"
	"slices"
	"strings"

	"wireloom/internal/scenario/format"
)

// An Audience is whom a result is for. It decides how far the run goes: what an
// audience may not see is not run, so that nothing of it shows.
type Audience uint8

// The audiences.
const (
	Student  Audience = iota // before the due date: the steps that are always visible
	AfterDue                 // after it: those that are visible then, too
	Staff                    // every step, and the text for staff
)

var audienceNames = [...]string{Student: "student", AfterDue: "after-due", Staff: "staff"}

// String is "student", "after-due" or "staff".
func (a Audience) String() string {
	if int(a) < len(audienceNames) {
		return audienceNames[a]
	}
	return fmt.Sprintf("Audience(%d)", a)
}

// ParseAudience reads what String writes.
func ParseAudience(s string) (Audience, error) {
	for a, n := range audienceNames {
		if n == s {
			return Audience(a), nil
		}
	}
	return 0, fmt.Errorf("there is no audience %.40q: student, after-due and staff are", s)
}

// MarshalText writes the name.
func (a Audience) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads it.
func (a *Audience) UnmarshalText(b []byte) (err error) {
	*a, err = ParseAudience(string(b))
	return err
}

// Sees reports whether an audience sees a step.
func (a Audience) Sees(s *Step) bool { return a >= s.Visible }

// withholds reports whether a line of the file holds something that an audience does
// not see: a text for staff, or a step that is hidden from it.
func (a Audience) withholds(v *format.Value, line int) bool {
	if a == Staff || !v.Spans(line) {
		return false
	}
	return slices.ContainsFunc(v.Keys, func(e *format.Entry) bool {
		return e.Key.Text == "staff" && (e.Key.Line == line || e.Val.Spans(line)) || a.withholds(e.Val, line)
	}) || slices.ContainsFunc(v.Items, func(i *format.Value) bool {
		return !a.shown(i) && i.Spans(line) || a.withholds(i, line)
	})
}

// Withholds reports whether the line that a step begins in holds more than the step, or
// what an audience does not see.
func (s *Scenario) Withholds(a Audience, st *Step) bool {
	return a != Staff && (!strings.HasPrefix(st.Source, "- ") || a.withholds(s.file.Root, st.Line))
}

// shown reports whether an audience sees a step as it is written, or one of those of a
// loop.
func (a Audience) shown(step *format.Value) bool {
	if f := step.Get("for").Get("steps"); f != nil {
		return len(f.Items) == 0 || slices.ContainsFunc(f.Items, a.shown)
	}
	v, err := parseVisible(step.Get("visible").String())
	return err != nil || a >= v
}

// visibleWords are the values of visible, by the least audience that sees it.
var visibleWords = [...]string{Student: "always", AfterDue: "after-due", Staff: "staff"}

// parseVisible reads who sees a step: everybody where nothing is said.
func parseVisible(s string) (Audience, error) {
	if s == "" {
		return Student, nil
	}
	if i := slices.Index(visibleWords[:], s); i >= 0 {
		return Audience(i), nil
	}
	return 0, fmt.Errorf("%.40q is not one of %s", s, strings.Join(visibleWords[:], ", "))
}

// Visible is the word for what an audience, and those that see more, see.
func (a Audience) Visible() string { return visibleWords[a] }
