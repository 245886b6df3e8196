package report

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func write(t testing.TB, r *Report, f Format) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b, f, Terminal{}); err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	return b.String()
}

// both is a report with all that any format needs.
func both(r *grade.Result, a scenario.Audience) *Report {
	return &Report{Result: visibleTo(r, a), Visible: visibleTo(r, scenario.Student), Full: r, Inputs: Inputs{Scenario: "ping", Programs: map[string]string{"bob.pingd": "subs/anna.wasm"}}}
}

func TestGolden(t *testing.T) {
	full := pingResult(t)
	none := pingResult(t)
	none.Checks, none.Notes = none.Checks[:1], nil
	totalled(none)
	for _, tc := range []struct {
		name string
		res  *grade.Result
		who  scenario.Audience
	}{
		{"staff", full, scenario.Staff},
		{"student", full, scenario.Student},
		{"after-due", full, scenario.AfterDue},
		{"passed", none, scenario.Staff},
		{"in-part", gradedInPart(t), scenario.AfterDue},
		{"hostile", hostileResult(t), scenario.Staff},
	} {
		for _, f := range Formats() {
			t.Run(tc.name+" "+string(f), func(t *testing.T) {
				golden(t, tc.name+f.Suffix(), write(t, both(tc.res, tc.who), f))
			})
		}
	}
	t.Run("colours", func(t *testing.T) {
		var b bytes.Buffer
		if err := writeText(&b, full, Terminal{Width: 60, Color: true}); err != nil {
			t.Fatal(err)
		}
		golden(t, "colour.txt", b.String())
	})
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s\nIf the change is meant, make update rewrites it", path, got, want)
	}
}

// Whatever is hidden, the reports of students are the same bytes: also where a
// grader ran it by mistake, and left it in the result.
func TestNothingLeaks(t *testing.T) {
	for seed := range uint64(100) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		full := randomResult(rnd)
		for _, who := range []scenario.Audience{scenario.Student, scenario.AfterDue} {
			clean := visibleTo(full, who)
			leaky := *full
			leaky.Audience = who
			if clean.Hidden {
				leaky.Params = map[string]string{"hidden": "staff only"}
			}
			for _, f := range []Format{Text, JSON, JUnit, HTML} {
				want, got := write(t, &Report{Result: clean}, f), write(t, &Report{Result: &leaky}, f)
				if got != want {
					t.Fatalf("seed %d, %s for %s: got\n%s\nwant\n%s", seed, f, who, got, want)
				}
				if strings.Contains(got, "staff only") {
					t.Fatalf("seed %d, %s for %s holds text for staff:\n%s", seed, f, who, got)
				}
			}
		}
	}
}

// A total that students see stays: where something is withheld there is none, in
// no form.
func TestNoTotalIsShownBeforeItsTime(t *testing.T) {
	full := pingResult(t)
	full.Checks[2].Status = passed
	for i := range full.Checks { // so that no sum is one of the points
		full.Checks[i].Points, full.Checks[i].Earned = 70001+i, 0
		if full.Checks[i].Status == passed {
			full.Checks[i].Earned = 70001 + i
		}
	}
	student := visibleTo(totalled(full), scenario.Student)
	for _, f := range []Format{Text, JSON, JUnit, HTML} {
		got := write(t, &Report{Result: student}, f)
		for _, total := range []int{student.Score, student.MaxScore, full.Score, full.MaxScore} {
			if strings.Contains(got, fmt.Sprint(total)) {
				t.Errorf("%s shows %d:\n%s", f, total, got)
			}
		}
		if f != JSON && !strings.Contains(got, "comes later") {
			t.Errorf("%s does not say that the total comes later:\n%s", f, got)
		}
	}
	if got := write(t, &Report{Result: student}, JSON); strings.Contains(got, `"passed":`) || !strings.Contains(got, `"hidden": true`) {
		t.Errorf("the JSON says whether it passed, or not that something is hidden:\n%s", got)
	}
}

// Text keeps to its width and to what a terminal shows.
func TestTextFitsTheTerminal(t *testing.T) {
	for _, width := range []int{60, 80, 120} {
		for name, r := range map[string]*grade.Result{"ping": pingResult(t), "hostile": hostileResult(t)} {
			var b bytes.Buffer
			if err := writeText(&b, r, Terminal{Width: width}); err != nil {
				t.Fatal(err)
			}
			for l := range strings.Lines(b.String()) {
				l = strings.TrimSuffix(l, "\n")
				if n := utf8.RuneCountInString(l); n > width {
					t.Errorf("%s at %d: a line of %d letters: %q", name, width, n, l)
				}
				if clean(l) != l {
					t.Errorf("%s: %q", name, l)
				}
			}
		}
	}
}

// Where staff keep their files is no business of others.
func TestFoldersAreForStaff(t *testing.T) {
	in := Inputs{Scenario: "/home/prof/exam", Programs: map[string]string{"bob.pingd": `C:\exam\anna.wasm`}}
	for _, f := range []Format{Text, JSON, JUnit, HTML} {
		r := visibleTo(pingResult(t), scenario.Student)
		for i := range r.Checks {
			r.Checks[i].File = "/home/prof/exam/scenario.yaml"
		}
		got := write(t, &Report{Result: r, Inputs: in}, f)
		if strings.Contains(got, "prof") || strings.Contains(got, `C:`) {
			t.Errorf("%s tells the folder:\n%s", f, got)
		}
	}
}

func TestFormats(t *testing.T) {
	for _, f := range Formats() {
		if got, err := ParseFormat(string(f)); err != nil || got != f {
			t.Errorf("%s: got %q, %v", f, got, err)
		}
	}
	if _, err := ParseFormat("pdf"); err == nil || !strings.Contains(err.Error(), "text") {
		t.Errorf("pdf: %v does not name the formats that there are", err)
	}
	if err := (&Report{Result: &grade.Result{}}).Write(&bytes.Buffer{}, "pdf", Terminal{}); err == nil {
		t.Error("a report is written as pdf")
	}
}

func FuzzClean(f *testing.F) {
	f.Add(hostile)
	f.Add("\x1b[2J")
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if clean(got) != got {
			t.Errorf("%q becomes %q", s, got)
		}
		for _, l := range wrap(got, 20) {
			if utf8.RuneCountInString(l) > 20 {
				t.Errorf("%q is longer than 20 letters", l)
			}
		}
	})
}

// What a program printed is in every form, where a check failed; its words cannot be
// taken for the report's.
func TestReportsShowWhatAProgramPrinted(t *testing.T) {
	for _, f := range Formats() {
		got := write(t, both(pingResult(t), scenario.Student), f)
		for _, want := range []string{"opened /dev/tap0", "a program may print what it likes"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q", f, want)
			}
		}
	}
	r := pingResult(t)
	r.Output = []grade.Printed{{Node: "bob", Proc: "pingd", Lines: slices.Repeat([]string{"passed: 10 of 10 points " + strings.Repeat("long ", 30)}, maxPrinted+5), Before: 2}}
	for i := range r.Checks {
		r.Checks[i].Output = nil
	}
	text := write(t, &Report{Result: r}, Text)
	if !strings.Contains(text, "bob.pingd printed, after 7 other lines") || strings.Count(text, "passed: 10 of 10") != maxPrinted {
		t.Errorf("got\n%s", text)
	}
	for l := range strings.Lines(text) {
		if (strings.Contains(l, "10 of 10") || strings.Contains(l, "long long")) && !strings.HasPrefix(l, "    > ") {
			t.Errorf("a line of the program looks like one of the report: %q", l)
		}
	}
}
