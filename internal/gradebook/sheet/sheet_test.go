package sheet

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/internal/gradebook/mark"
)

var update = flag.Bool("update", false, "write the golden files anew")

// people are the five standings, and what is difficult in their texts.
func people() *Sheet {
	at := time.Date(2027, 3, 1, 12, 0, 5, 0, time.UTC)
	graded := func(points, most int) mark.Grade {
		return mark.Grade{Standing: mark.Graded, Points: mark.Whole(points), Max: mark.Whole(most), Final: true, Handin: "h", Reason: mark.ByRule}
	}
	late := graded(7, 10)
	late.Late, late.Reason, late.Comment = 3725*time.Second, mark.ByLate, "=HYPERLINK(\"http://x\")\nsecond line"
	return &Sheet{Class: "Networks 1", Lesson: "Ping (2027)", Max: mark.Whole(10), Lines: []Line{
		{Person: Person{ID: "p1", Name: "Zero, Zoë", Canvas: "101", SIS: "s1", Login: "zoe", Email: "Zoe@Example.org", Section: "A"}, Grade: graded(0, 10), Handed: at, Handins: 2, Receipt: "abc", Programs: []string{"bob.pingd 00ff"}},
		{Person: Person{ID: "p2", Name: "Abel Absent", Canvas: "102", SIS: "s2", Login: "abel", Section: "A and B"}, Grade: mark.Grade{Standing: mark.Absent}},
		{Person: Person{ID: "p3", Name: "Max Above", SIS: "-s3", Login: "max"}, Grade: graded(12, 10), Handed: at, Handins: 1},
		{Person: Person{ID: "p4", Name: "Nil Nothing", Login: "nil"}, Grade: graded(0, 0), Handed: at, Handins: 1},
		{Person: Person{ID: "p5", Name: "=cmd|' /C calc'!A0", Login: "@eva"}, Grade: mark.Grade{Standing: mark.Excused, Final: true, Comment: "ill"}},
		{Person: Person{ID: "p6", Name: "Wai Ting"}, Grade: mark.Grade{Standing: mark.Waiting, Handin: "h", Reason: mark.ByRule}, Handed: at, Handins: 1},
		{Person: Person{ID: "p9", Name: "Pro Visional"}, Grade: mark.Grade{Standing: mark.Graded, Points: mark.Whole(4), Max: mark.Whole(10), Handin: "h", Reason: mark.ByRule}, Handed: at, Handins: 1},
		{Person: Person{ID: "p7", Name: "Fay Led"}, Grade: mark.Grade{Standing: mark.Failed, Handin: "h", Reason: mark.ByRule}, Handed: at, Handins: 1},
		{Person: Person{ID: "p8", Name: "Late\tMate"}, Grade: late, Handed: at, Handins: 1},
	}}
}

func written(t *testing.T, s *Sheet, f Form) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := s.Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestForms(t *testing.T) {
	for _, f := range Forms() {
		suffix, _ := f.File()
		name, got := filepath.Join("testdata", "scores"+suffix), written(t, people(), f)
		if *update {
			if err := os.WriteFile(name, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant (go test -update)\n%s", f, got, want)
		}
	}
}

// No two of the five are the same in any form.
func TestFiveThingsStayFive(t *testing.T) {
	all := people().Lines
	for _, f := range Forms() {
		seen := map[string]string{}
		for i, name := range []string{"zero", "absent", "above the maximum", "maximum 0", "excused"} {
			one := all[i]
			one.Person, one.Handed, one.Handins, one.Receipt, one.Programs, one.Grade.Comment = Person{ID: "p", Name: "n"}, time.Time{}, 0, "", nil, ""
			s := &Sheet{Class: "c", Lesson: "l", Max: mark.Whole(10), Lines: []Line{one}}
			if name == "maximum 0" {
				s.Max = 0
			}
			got := string(written(t, s, f))
			if other, twice := seen[got]; twice && !(f == Moodle && name == "maximum 0" && other == "zero") { // Moodle's file has no maximum
				t.Errorf("%s: %s is as %s:\n%s", f, name, other, got)
			}
			seen[got] = name
		}
	}
}

// A row with feedback and no grade would take away the grade that Moodle has.
func TestMoodleRowsHaveAGradeOrAreMeantToHaveNone(t *testing.T) {
	rows, err := csv.NewReader(bytes.NewReader(written(t, people(), Moodle))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows[1:] {
		if r[4] == "" && r[6] != "excused" {
			t.Errorf("%q has no grade", r)
		}
	}
	if len(rows) != 1+5 {
		t.Errorf("%d rows, want the head and five people", len(rows))
	}
}

func TestCanvasColumn(t *testing.T) {
	for _, c := range []struct{ lesson, column, want string }{
		{"Ping", "", "Ping"},
		{"Ping (2027)", "", "Ping [2027]"},
		{"Ping (2027)", "Ping (991)", "Ping (991)"},
		{"Ping (two)", "", "Ping (two)"},
		{"=Ping", "", "'=Ping"},
	} {
		s := Sheet{Lesson: c.lesson, Column: c.column}
		if got := s.canvas()[0][5]; got != c.want {
			t.Errorf("%q as %q: got %q, want %q", c.lesson, c.column, got, c.want)
		}
	}
}

// Whatever people are called and teachers write, each form can be read back, no cell is a
// formula, and no name makes a row more.
func FuzzForms(f *testing.F) {
	f.Add("=1+1", "a\r\nb,\"c", "\t@x", "\xff\x00")
	f.Add("＝1", "]]>", "<x>&", "\u2028")
	f.Fuzz(func(t *testing.T, name, comment, login, lesson string) {
		s := &Sheet{Class: lesson, Lesson: lesson, Max: mark.Whole(10), Lines: []Line{{
			Person: Person{ID: "p", Name: name, Canvas: login, SIS: login, Login: login, Email: login, Section: login},
			Grade:  mark.Grade{Standing: mark.Graded, Points: mark.Whole(3), Max: mark.Whole(10), Final: true, Comment: comment},
		}}}
		for form, heads := range map[Form]int{Canvas: 2, Moodle: 1, Gradescope: 1} {
			rows, err := csv.NewReader(bytes.NewReader(written(t, s, form))).ReadAll()
			if err != nil || len(rows) != heads+1 {
				t.Fatalf("%s: %d rows, %v", form, len(rows), err)
			}
			for _, cell := range slices.Concat(rows...) {
				if c := strings.TrimSpace(cell); c != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(c)[0]) {
					t.Errorf("%s has the formula %q", form, cell)
				}
			}
		}
		var x junitSuites
		if err := xml.Unmarshal(written(t, s, JUnit), &x); err != nil || len(x.Suite.Cases) != 1 {
			t.Errorf("JUnit: %v, %d cases", err, len(x.Suite.Cases))
		}
		var j jsonSheet
		if err := json.Unmarshal(written(t, s, JSON), &j); err != nil || len(j.People) != 1 || *j.People[0].Points != 3 {
			t.Errorf("JSON: %v, %+v", err, j)
		}
	})
}
