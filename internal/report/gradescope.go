package report

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"wireloom/internal/report/document"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
)

// Gradescope's /autograder/results/results.json, after its autograder
// specification. Names and numbers of what is withheld are in it, as is meant:
// Gradescope shows each test when its visibility says, and no total before all
// tests are shown.
type (
	gradescope struct {
		Output           string           `json:"output"`
		OutputFormat     string           `json:"output_format"`
		TestOutputFormat string           `json:"test_output_format"`
		TestNameFormat   string           `json:"test_name_format"`
		StdoutVisibility string           `json:"stdout_visibility"`
		ExtraData        gradescopeExtra  `json:"extra_data"`
		Tests            []gradescopeTest `json:"tests"`
	}
	gradescopeExtra struct {
		Wireloom Head `json:"wireloom"`
	}
	gradescopeTest struct {
		Score      int      `json:"score"`
		MaxScore   int      `json:"max_score"`
		Status     string   `json:"status"`
		Name       string   `json:"name"`
		Output     string   `json:"output,omitempty"`
		Visibility string   `json:"visibility"`
		Tags       []string `json:"tags,omitempty"`
	}
)

// writeGradescope writes the checks of students as the run that stops before all
// others found them, and the others as the whole run did.
func writeGradescope(w io.Writer, student, full *grade.Result, in Inputs) error {
	if student == nil || full == nil || student.Audience != scenario.Student || full.Audience != scenario.Staff {
		return errors.New("gradescope: needs the result for students and that for staff")
	}
	student = document.Seen(student)
	out := gradescope{
		Output: clean(gradescopeSummary(student)), OutputFormat: "text", TestOutputFormat: "text", TestNameFormat: "text",
		StdoutVisibility: "hidden",
		ExtraData:        gradescopeExtra{head(student, in.Seen(scenario.Student))}, Tests: []gradescopeTest{},
	}
	seen := map[string]int{} // checks of the run for students, by id
	for i := range student.Checks {
		seen[student.Checks[i].ID]++
		out.Tests = append(out.Tests, gradescopeCheck(&student.Checks[i]))
	}
	for i := range full.Checks {
		c := full.Checks[i]
		if seen[c.ID] > 0 {
			seen[c.ID]--
			continue
		}
		if c.Visible == visibleAlways {
			c.Visible = visibleStaff // a limit that was reached in what is hidden tells of it
		}
		out.Tests = append(out.Tests, gradescopeCheck(&c))
	}
	for i := range student.Checks {
		if id := student.Checks[i].ID; seen[id] > 0 {
			return fmt.Errorf("gradescope: the run for students has check %s, and that for staff has not", id)
		}
	}
	return writeJSON(w, out)
}

func gradescopeCheck(c *grade.Check) gradescopeTest {
	t := gradescopeTest{Score: c.Earned, MaxScore: c.Points, Status: failed, Name: line(c.ID), Visibility: "hidden"}
	if c.Title != "" {
		t.Name += ": " + line(c.Title)
	}
	if c.Bonus { // beyond the sum of what tests are worth
		t.MaxScore, t.Name, t.Tags = 0, t.Name+" (bonus)", append(t.Tags, "bonus")
	}
	switch c.Visible {
	case visibleAlways:
		t.Visibility = "visible"
	case visibleAfterDue:
		t.Visibility = "after_due_date"
	}
	switch c.Status {
	case passed:
		t.Status, t.Output = passed, paid(c)
	case skipped:
		t.Output, t.Tags = because(c), append(t.Tags, skipped)
	default:
		shown := *c
		if t.Visibility != "hidden" {
			shown.Staff = ""
		}
		t.Output = strings.TrimPrefix(plain(&shown), "\n")
	}
	return t
}

// gradescopeSummary is the text above the tests, which students see at once.
func gradescopeSummary(r *grade.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", r.Scenario)
	if r.Title != "" {
		fmt.Fprintf(&b, ": %s", r.Title)
	}
	fmt.Fprintf(&b, "\n%s\n", verdict(r))
	for i := range r.Checks {
		if c := &r.Checks[i]; c.Status == errored {
			fmt.Fprintf(&b, "%s\n", c.Actual)
		}
	}
	for _, g := range r.Programs {
		fmt.Fprintf(&b, "%s.%s is %s\n", g.Node, g.Proc, line(g.Name))
	}
	b.WriteString(plainPrinted(unshown(r)))
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	fmt.Fprintf(&b, "%s, seed %d, %s\n", ran(r), r.Seed, r.Version)
	return b.String()
}
