package scenarios

import (
	"fmt"
	"slices"
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

// sees reports whether an audience sees a step.
func (a Audience) sees(s *Step) bool { return a >= s.Visible }

// withholds reports whether a line of the file holds something that an audience does
// not see: a text for staff, or a step that is hidden from it.
func (a Audience) withholds(v *value, line int) bool {
	if a == Staff || !v.spans(line) {
		return false
	}
	return slices.ContainsFunc(v.keys, func(e *entry) bool {
		return e.key.text == "staff" && (e.key.line == line || e.val.spans(line)) || a.withholds(e.val, line)
	}) || slices.ContainsFunc(v.items, func(i *value) bool {
		return !i.shown(a) && i.spans(line) || a.withholds(i, line)
	})
}

// visibleWords are the values of visible, by the least audience that sees it.
var visibleWords = [...]string{Student: "always", AfterDue: "after-due", Staff: "staff"}
