package main

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
)

const root = "../.."

// lessons opens the course.
func lessons(t *testing.T) []*lesson {
	t.Helper()
	order, err := names(root)
	if err != nil {
		t.Fatal(err)
	}
	var out []*lesson
	for _, name := range order {
		l, err := openLesson(root, name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, l)
	}
	return out
}

func TestTeachingOrder(t *testing.T) {
	got, err := names(root)
	want := []string{"first-io", "arp", "ping", "switch", "router", "two-kernels", "vlan", "spanning-tree", "which-kernel"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// The reference solutions, in both languages, have full marks, who begins has
// something left to do, and each mutant fails the checks that are meant for it.
func TestPrograms(t *testing.T) {
	for _, l := range lessons(t) {
		t.Run(l.Name, func(t *testing.T) {
			if len(l.mutants) < 5 {
				t.Errorf("there are %d mutants, want 5 or more", len(l.mutants))
			}
			rows, err := l.table(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if bad := writeTable(&b, l, rows); bad > 0 {
				t.Errorf("%d programs do not fare as they should:\n%s", bad, b.String())
			}
		})
	}
}

// Other students have other addresses, and each stage begins in a state in which the
// reference solution passes it alone.
func TestStudentsAndStages(t *testing.T) {
	staged := 0
	for _, l := range lessons(t) {
		t.Run(l.Name, func(t *testing.T) {
			module, err := l.reference()
			if err != nil {
				t.Fatal(err)
			}
			w, err := l.workshop(t.Context(), enough)
			if err != nil {
				t.Fatal(err)
			}
			defer w.close()
			full := func(who string, o grade.Options) *grade.Result {
				src, err := l.For(o.Student, nil)
				if err != nil {
					t.Fatal(err)
				}
				res, _, err := w.grade(t.Context(), src, module, o)
				if err != nil {
					t.Fatal(err)
				}
				if wrong, skipped := failed(res); !res.Passed || res.Score == 0 {
					t.Errorf("%s: the reference has %d of %d points, and fails %s; not tried: %s", who, res.Score, res.MaxScore, words(wrong), words(skipped))
				}
				return res
			}
			params := map[string]bool{}
			for _, student := range []string{"ada", "grace", "edsger"} {
				res := full("student "+student, grade.Options{Student: student, Audience: scenario.Staff})
				params[fmt.Sprint(res.Params)] = true
			}
			if len(params) < 2 {
				t.Error("three students have the same values")
			}
			for _, st := range l.Stages {
				staged++
				full("stage "+st.Name, grade.Options{Stage: st.Name, Audience: scenario.Staff})
			}
		})
	}
	if staged == 0 {
		t.Error("no scenario of the course has stages")
	}
}

// What a student reads is all there.
func TestTexts(t *testing.T) {
	hidden := 0
	for _, l := range lessons(t) {
		t.Run(l.Name, func(t *testing.T) {
			for _, part := range []string{
				"## What to learn", "## What to write", "## What is given", "## How to build and run it", "## How it is graded", "RFC", "(4)",
				"clang --target=wasm32-wasi", "GOOS=wasip1", "labserver grade " + l.Name,
			} {
				if !strings.Contains(l.Brief, part) {
					t.Errorf("brief.md lacks %q", part)
				}
			}
			if n := strings.Count(l.Brief, "\n"); n > 70 {
				t.Errorf("brief.md has %d lines, which is more than a page", n)
			}
			points := 0
			for i := range l.Steps {
				st := &l.Steps[i]
				points += st.Worth.Points
				if st.Visible != scenario.Student {
					hidden++
				}
				if st.Worth.Points > 0 && (st.Title == "" || st.Why == "" || len(st.Hints) == 0) {
					t.Errorf("%s:%d: %s gives points and lacks a title, a why or a hint", l.File, st.Line, st.ID)
				}
			}
			if points == 0 {
				t.Error("there are no points to have")
			}
			for _, name := range []string{"starter/main.c", "starter/main.go", "reference/main.c", "reference/main.go"} {
				if found, err := filepath.Glob(filepath.Join(l.dir, name)); err != nil || len(found) != 1 {
					t.Errorf("%s is not there (%v)", name, err)
				}
			}
		})
	}
	if hidden == 0 {
		t.Error("no check of the course is hidden until it is due")
	}
}

// Of the mechanical mutants whose frames are not the reference's, at least four in
// five are caught. All of them, with the survivors:
//
//	go run ./internal/course -mechanical
func TestMechanicalMutants(t *testing.T) {
	const every, atLeast = 20, 0.8
	var surveys []*survey
	var b bytes.Buffer
	for _, l := range lessons(t) {
		s, err := l.mechanical(t.Context(), every)
		if err != nil {
			t.Fatal(err)
		}
		s.write(&b)
		surveys = append(surveys, s)
	}
	t.Logf("%.0f%% caught\n%s", 100*share(surveys...), b.String())
	if got := share(surveys...); got < atLeast {
		t.Errorf("%.0f%% of the mutants are caught, want %.0f%%", 100*got, 100*atLeast)
	}
}

func TestShare(t *testing.T) {
	s := &survey{fates: []fate{broken, same, caught, caught, caught, missed}}
	if got := share(s, &survey{fates: []fate{missed}}); got != 0.6 {
		t.Errorf("got %v, want 0.6", got)
	}
	if got := share(&survey{}); got != 0 {
		t.Errorf("got %v, want 0", got)
	}
}

// Two gradings of one program leave one trace, and a program that does something
// else another one.
func TestTrace(t *testing.T) {
	l, err := openLesson(root, "first-io")
	if err != nil {
		t.Fatal(err)
	}
	w, err := l.workshop(t.Context(), enough)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	traced := func(source string) trace {
		t.Helper()
		module, err := w.build(t.Context(), "x", source)
		if err != nil {
			t.Fatal(err)
		}
		_, tr, err := w.grade(t.Context(), l.Scenario, module, grade.Options{Audience: scenario.Staff})
		if err != nil {
			t.Fatal(err)
		}
		return tr
	}
	right := traced(l.program)
	if len(right) == 0 || !right.equal(traced(l.program)) {
		t.Error("two gradings of one program leave different traces, or none")
	}
	if right.equal(traced("int main(void) { return 0; }")) {
		t.Error("a program that does nothing leaves the reference's trace")
	}
}

func TestBadUse(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"no mutant at all", []string{"-every", "0"}, "-every 0"},
		{"no such scenario", []string{"nothing"}, "nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := run(t.Context(), root, c.args, io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}
