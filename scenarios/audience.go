package scenarios

import "fmt"

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

// visibleWords are the values of visible, by the least audience that sees it.
var visibleWords = [...]string{Student: "always", AfterDue: "after-due", Staff: "staff"}
