package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wireloom/internal/product"
	"wireloom/internal/program"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/grade"
)

// samples are the labs beside the course whose program is there in C and in Go.
var samples = []string{"dhcp", "nat", "sniffer", "vpn"}

// Every scenario is in the course, or in a list of samples that a test goes through;
// and docs/samples.md tells of it.
func TestEveryScenarioIsListed(t *testing.T) {
	course, err := names(root)
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(slices.Values(slices.Concat(course, samples, []string{"netstack"})))
	files, err := filepath.Glob(filepath.Join(root, "scenarios", "*", "scenario.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, file := range files {
		got = append(got, filepath.Base(filepath.Dir(file)))
	}
	if !slices.Equal(got, want) {
		t.Errorf("scenarios are %v, want %v", got, want)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "samples.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range got {
		if link := "](../scenarios/" + name + "/brief.md)"; !strings.Contains(string(page), link) {
			t.Errorf("docs/samples.md lacks %q", link)
		}
	}
}

// A sample's programs, in both languages, have full marks, and its page and its checks
// say all that a reader needs.
func TestSamples(t *testing.T) {
	for _, name := range samples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := openLesson(root, name)
			if err != nil {
				t.Fatal(err)
			}
			inC, err := l.reference()
			if err != nil {
				t.Fatal(err)
			}
			inGo, err := l.guest("reference-go")
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []struct {
				name    string
				modules [][]byte // of the slots, in turn
			}{{"C", [][]byte{inC}}, {"Go", [][]byte{inGo}}, {"C and Go", [][]byte{inC, inGo}}, {"Go and C", [][]byte{inGo, inC}}} {
				if len(p.modules) > len(l.Slots()) {
					continue
				}
				res := gradeMixed(t, l, p.modules)
				if wrong, skipped := failed(res); !res.Passed || res.Score != res.MaxScore || res.Score == 0 {
					t.Errorf("the program in %s has %d of %d points, and fails %s; not tried: %s", p.name, res.Score, res.MaxScore, words(wrong), words(skipped))
				}
			}
			checkTexts(t, l)
		})
	}
}

// gradeMixed grades a lesson whose slots have these programs, in turn: what runs at one
// end of a tunnel need not be what runs at the other.
func gradeMixed(t *testing.T, l *lesson, modules [][]byte) *grade.Result {
	t.Helper()
	w, err := l.workshop(t.Context(), enough)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	programs := map[format.Slot]program.File{}
	for i, slot := range l.Slots() {
		programs[slot] = program.File{Name: fmt.Sprintf("%s-%d.wasm", slot.Proc, i), Module: modules[i%len(modules)]}
	}
	lab, _, err := product.Build(t.Context(), limited(l.Scenario, w.fuel), w.compile, product.Options{Programs: programs, Window: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	res, err := grade.Grade(lab, l.Scenario, grade.Options{Audience: scenario.Staff})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// checkTexts looks for what a sample's page has, and for the texts of its checks.
func checkTexts(t *testing.T, l *lesson) {
	t.Helper()
	for _, part := range []string{
		"## What to learn", "## What to write", "## How to build and run it", "## How it is graded",
		"clang --target=wasm32-wasi", "GOOS=wasip1", "labserver grade " + l.Name, "On the page",
	} {
		if !strings.Contains(l.Brief, part) {
			t.Errorf("brief.md lacks %q", part)
		}
	}
	if !strings.Contains(l.Brief, "RFC") && !strings.Contains(l.Brief, "IEEE") {
		t.Error("brief.md names no standard")
	}
	if n := strings.Count(l.Brief, "\n"); n > 70 {
		t.Errorf("brief.md has %d lines, which is more than a page", n)
	}
	for i := range l.Steps {
		st := &l.Steps[i]
		if st.Worth.Points > 0 && (st.Title == "" || st.Why == "" || len(st.Hints) == 0) {
			t.Errorf("%s:%d: %s gives points and lacks a title, a why or a hint", l.File, st.Line, st.ID)
		}
	}
}
