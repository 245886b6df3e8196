package document

import (
	"strings"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
)

// The values of a check's Visible.
const (
	Always   = "always"
	AfterDue = "after-due"
	ForStaff = "staff"
)

// Seen returns what the audience of a result may see of it: a copy without the
// checks of others and, for all but staff, without the text for staff and the folder
// of the scenario; and where something is withheld without the params, of which some
// may be for that alone.
func Seen(r *grade.Result) *grade.Result {
	s := *r
	s.Checks = make([]grade.Check, 0, len(r.Checks))
	for _, c := range r.Checks {
		if !MaySee(r.Audience, c.Visible) {
			s.Hidden, s.Output = true, nil // what was printed while it was made may tell of it
			continue
		}
		if r.Audience != scenario.Staff {
			c.Staff, c.File = "", base(c.File)
		}
		s.Checks = append(s.Checks, c)
	}
	if s.Hidden && s.Audience != scenario.Staff {
		s.Params = nil
	}
	s.Total()
	return &s
}

// base is a path's last element, whatever separates them.
func base(path string) string { return path[strings.LastIndexAny(path, `/\\`)+1:] }

// FileName is what a report calls a file: its path's last element, as UTF-8.
func FileName(path string) string { return strings.ToValidUTF8(base(path), "\ufffd") }

// MaySee reports whether an audience may see a check. One whose visibility is not
// known is for staff.
func MaySee(audience scenario.Audience, visible string) bool {
	switch visible {
	case Always:
		return true
	case AfterDue:
		return audience >= scenario.AfterDue
	}
	return audience >= scenario.Staff
}
