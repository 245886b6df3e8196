package report

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
)

// samples are results of every kind, by name.
func samples(t *testing.T) map[string]*grade.Result {
	t.Helper()
	out := map[string]*grade.Result{"ping": pingResult(t), "hostile": hostileResult(t), "empty": {Scenario: "s", Audience: scenario.Staff, Source: sourceHash}}
	for seed := range uint64(20) {
		out[fmt.Sprint("random ", seed)] = randomResult(rand.New(rand.NewPCG(seed, 2)))
	}
	return out
}

// JUnit's reports are read by libxml2 and checked against a schema.
func TestJUnitIsValid(t *testing.T) {
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Fatal("xmllint is missing: install it (Debian: libxml2-utils)")
	}
	dir, args := t.TempDir(), []string{"--noout", "--nonet", "--schema", filepath.Join("testdata", "junit.xsd")}
	for name, r := range samples(t) {
		for _, who := range []scenario.Audience{scenario.Student, scenario.Staff} {
			file := filepath.Join(dir, fmt.Sprintf("%s-%s.xml", strings.ReplaceAll(name, " ", "-"), who))
			if err := os.WriteFile(file, []byte(write(t, both(r, who), JUnit)), 0o644); err != nil {
				t.Fatal(err)
			}
			args = append(args, file)
		}
	}
	if out, err := exec.Command(lint, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The counts of a suite are those of its cases.
func TestJUnitCounts(t *testing.T) {
	for name, r := range samples(t) {
		var got junitSuites
		if err := xml.Unmarshal([]byte(write(t, both(r, scenario.Staff), JUnit)), &got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		n := map[string]int{}
		for _, c := range r.Checks {
			if c.Status == failed && c.Bonus { // a bonus that was missed is no failure
				n[skipped]++
				continue
			}
			n[c.Status]++
		}
		s := got.Suite
		if s.Tests != len(r.Checks) || len(s.Cases) != s.Tests || s.Failures != n[failed] || s.Errors != n[errored] || s.Skipped != n[skipped] || got.Failures != s.Failures || got.Errors != s.Errors {
			t.Errorf("%s: got %+v, want %v of %d", name, got, n, len(r.Checks))
		}
	}
}

// gradescopeFields are those of Gradescope's specification, at the top and of a test.
var gradescopeFields = map[string][]string{
	"top": {
		"score", "execution_time", "output", "output_format", "test_output_format", "test_name_format", "visibility", "stdout_visibility", "extra_data",
		"tests", "leaderboard",
	},
	"test": {"score", "max_score", "status", "name", "name_format", "number", "output", "output_format", "tags", "visibility", "extra_data"},
}

func TestGradescopeHasItsFieldsAlone(t *testing.T) {
	for name, r := range samples(t) {
		var top map[string]json.RawMessage
		if err := json.Unmarshal([]byte(write(t, both(r, scenario.Staff), Gradescope)), &top); err != nil {
			t.Fatal(err)
		}
		known := func(where string, m map[string]json.RawMessage) {
			for k := range m {
				if !slices.Contains(gradescopeFields[where], k) {
					t.Errorf("%s: Gradescope knows no field %q of a %s", name, k, where)
				}
			}
		}
		known("top", top)
		var tests []map[string]json.RawMessage
		if err := json.Unmarshal(top["tests"], &tests); err != nil {
			t.Fatal(err)
		}
		if len(tests) != len(r.Checks) {
			t.Errorf("%s: got %d tests, want %d", name, len(tests), len(r.Checks))
		}
		for i, raw := range tests {
			known("test", raw)
			var got struct {
				Score      *float64 `json:"score"`
				MaxScore   *float64 `json:"max_score"`
				Status     string   `json:"status"`
				Visibility string   `json:"visibility"`
			}
			b, _ := json.Marshal(raw)
			if err := json.Unmarshal(b, &got); err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"always": "visible", "after-due": "after_due_date", "staff": "hidden"}[r.Checks[i].Visible]
			most := r.Checks[i].Points
			if r.Checks[i].Bonus {
				most = 0 // it is beyond what the assignment is worth
			}
			if got.Score == nil || got.MaxScore == nil || int(*got.Score) != r.Checks[i].Earned || int(*got.MaxScore) != most || got.Visibility != want {
				t.Errorf("%s: test %d is %s, want %d of %d points and to be %s", name, i+1, b, r.Checks[i].Earned, most, want)
			}
			if got.Status != "passed" && got.Status != "failed" {
				t.Errorf("%s: test %d has status %q", name, i+1, got.Status)
			}
		}
	}
}

// What Gradescope shows at once is what the run for students found, byte for byte,
// whatever the rest found.
func TestGradescopeShowsStudentsTheVisibleRun(t *testing.T) {
	type shown struct {
		Output string            `json:"output"`
		Extra  json.RawMessage   `json:"extra_data"`
		Tests  []json.RawMessage `json:"tests"`
	}
	visible := func(r *Report) (shown, string) {
		var got shown
		text := write(t, r, Gradescope)
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		got.Tests = slices.DeleteFunc(got.Tests, func(b json.RawMessage) bool { return !strings.Contains(string(b), `"visibility": "visible"`) })
		b, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		return got, string(b)
	}
	full := pingResult(t)
	other := pingResult(t)
	other.Hash, other.Events, other.Notes = sourceHash, 9999, []string{"something else"}
	other.Checks = append(other.Checks[:3:3], grade.Check{ID: "secret", Visible: "staff", Points: 77, Status: failed, Actual: "secret"})
	student := visibleTo(full, scenario.Student)
	got, a := visible(&Report{Visible: student, Full: full})
	_, b := visible(&Report{Visible: student, Full: totalled(other)})
	if a != b || len(got.Tests) != 3 || strings.Contains(a, "secret") || strings.Contains(a, "staff") {
		t.Errorf("students see\n%s\nor\n%s", a, b)
	}
}

// A limit that a program comes to is checked last of all, in a run for students and
// in one for staff. One that only the hidden part comes to is shown to nobody.
func TestGradescopeTakesLimits(t *testing.T) {
	limit := func(id string) grade.Check {
		return grade.Check{ID: id, Title: "within its limits", Status: failed, Visible: visibleAlways, Actual: "too much output"}
	}
	full := pingResult(t)
	student := visibleTo(full, scenario.Student)
	student.Checks = append(student.Checks, limit("limits-bob-pingd"))
	full.Checks = append(full.Checks, limit("limits-bob-pingd"), limit("limits-bob-other"))
	var got struct {
		Tests []struct{ Name, Visibility string }
	}
	if err := json.Unmarshal([]byte(write(t, &Report{Visible: totalled(student), Full: totalled(full)}, Gradescope)), &got); err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, c := range got.Tests {
		name, _, _ := strings.Cut(c.Name, ":")
		seen[name] = c.Visibility
	}
	if len(got.Tests) != len(full.Checks) || seen["limits-bob-pingd"] != "visible" || seen["limits-bob-other"] != "hidden" {
		t.Errorf("got %d tests of %d, %v", len(got.Tests), len(full.Checks), seen)
	}
}

func TestGradescopeNeedsBothRuns(t *testing.T) {
	full := pingResult(t)
	student := visibleTo(full, scenario.Student)
	mixed := visibleTo(full, scenario.Student)
	mixed.Checks[0].ID = "another"
	for name, r := range map[string]*Report{
		"no full run": {Visible: student}, "no student's run": {Visible: full, Full: full},
		"a shorter full run": {Visible: student, Full: &grade.Result{Audience: scenario.Staff}}, "other checks": {Visible: mixed, Full: full},
	} {
		if err := r.Write(io.Discard, Gradescope, Terminal{}); err == nil || !strings.HasPrefix(err.Error(), "gradescope: ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// pageElements are all that a page may consist of, and their attributes.
var pageElements = map[string][]string{
	"html": {"lang"}, "head": nil, "meta": {"charset", "http-equiv", "content", "name"}, "title": nil, "style": nil, "body": nil, "main": nil,
	"header": nil, "footer": nil, "h1": nil, "h2": nil, "h3": nil, "p": nil, "b": nil, "span": nil, "div": {"tabindex"}, "code": nil,
	"pre": {"tabindex"}, "mark": nil, "dl": nil, "dt": nil, "dd": nil, "table": nil, "thead": nil, "tbody": nil, "tr": nil, "th": nil, "td": nil,
	"ul": nil, "li": nil, "details": {"open"}, "summary": nil, "a": {"href"}, "svg": {"viewBox", "preserveAspectRatio", "role"},
	"rect": {"x", "y", "width", "height"}, "script": {"type"},
}

// A page loads nothing, runs nothing, and no text of a stranger becomes a part of
// its structure.
func TestPageIsInertAndWhole(t *testing.T) {
	for name, r := range samples(t) {
		text := write(t, both(r, scenario.Staff), HTML)
		d := xml.NewDecoder(strings.NewReader(strings.Replace(text, pageStyle, "", 1)))
		d.Strict, d.AutoClose, d.Entity = false, []string{"meta"}, xml.HTMLEntity
		scripts := 0
		for {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			e, ok := tok.(xml.StartElement)
			if !ok {
				continue
			}
			attrs, known := pageElements[e.Name.Local]
			if !known {
				t.Errorf("%s: it has an element %s", name, e.Name.Local)
			}
			if e.Name.Local == "script" {
				scripts++
			}
			for _, a := range e.Attr {
				if !slices.Contains(append(attrs, "class", "id", "aria-label"), a.Name.Local) {
					t.Errorf("%s: %s has an attribute %s", name, e.Name.Local, a.Name.Local)
				}
				if a.Name.Local == "href" && !strings.HasPrefix(a.Value, "#check-") {
					t.Errorf("%s: it links to %s", name, a.Value)
				}
			}
		}
		if scripts != 1 || strings.Count(text, "<script") != 1 || strings.Count(text, scriptStart) != 1 {
			t.Errorf("%s: it has %d scripts, want its data alone", name, scripts)
		}
		if strings.Contains(pageStyle, "url(") || strings.Contains(pageStyle, "@import") {
			t.Error("the style loads something")
		}
		style, _, _ := strings.Cut(text[strings.Index(text, "<style>")+len("<style>"):], "</style>")
		sum := sha256.Sum256([]byte(style))
		if !strings.Contains(html.UnescapeString(text), "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"';") {
			t.Errorf("%s: its policy does not allow its style", name)
		}
	}
}
