package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wireloom/internal/mutant"
	"wireloom/internal/open"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
)

// built is where guestbuild puts what is not embedded.
const built = "bin/lessons"

// A lesson is a scenario of the course, with what its folder holds for the tests.
type lesson struct {
	*scenario.Scenario
	dir     string // its folder
	root    string // the module's
	program string // reference/main.c
	mutants []*mutant.Patch
}

// openLesson reads a scenario's folder below root, the module's.
func openLesson(root, name string) (*lesson, error) {
	l := &lesson{root: root, dir: filepath.Join(root, "scenarios", name)}
	var err error
	if l.Scenario, err = open.Scenario(l.dir); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(l.dir, "reference", "main.c"))
	if err != nil {
		return nil, err
	}
	l.program = string(text)
	files, err := filepath.Glob(filepath.Join(l.dir, "mutants", "*.patch"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		m, err := mutant.ParsePatch(file, string(text))
		if err != nil {
			return nil, err
		}
		l.mutants = append(l.mutants, m)
	}
	return l, nil
}

// reference is the embedded reference solution, that in C.
func (l *lesson) reference() ([]byte, error) {
	slots := l.Slots()
	if len(slots) == 0 || len(l.Words()) != 1 {
		return nil, fmt.Errorf("%s: a lesson of the course has one program", l.dir)
	}
	return l.Reference(slots[0])
}

// guest reads a program that make guests has built: reference-go, starter-c or
// starter-go.
func (l *lesson) guest(name string) ([]byte, error) {
	module, err := os.ReadFile(filepath.Join(l.root, built, l.Name+"."+name+".wasm"))
	if err != nil {
		return nil, fmt.Errorf("%w: run make guests, which builds it", err)
	}
	return module, nil
}

// names lists the scenarios of the course in teaching order.
func names(root string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(root, "scenarios", "*", "scenario.yaml"))
	if err != nil {
		return nil, err
	}
	type place struct {
		name string
		at   int
	}
	var found []place
	for _, file := range files {
		dir := filepath.Dir(file)
		src, err := open.Scenario(dir)
		if err != nil {
			return nil, err
		}
		if src.Course > 0 {
			found = append(found, place{filepath.Base(dir), src.Course})
		}
	}
	slices.SortFunc(found, func(a, b place) int { return a.at - b.at })
	var out []string
	for i, f := range found {
		if f.at != i+1 {
			return nil, fmt.Errorf("scenarios/%s is number %d of the course, and there is no, or another, number %d", f.name, f.at, i+1)
		}
		out = append(out, f.name)
	}
	return out, nil
}

// failed lists the checks that did not pass, those that were only skipped apart.
func failed(res *grade.Result) (wrong, skipped []string) {
	for _, c := range res.Checks {
		switch c.Status {
		case grade.StatusPassed:
		case grade.StatusSkipped:
			skipped = append(skipped, c.ID)
		default:
			wrong = append(wrong, c.ID)
		}
	}
	return wrong, skipped
}

// words joins ids for people.
func words(ids []string) string {
	if len(ids) == 0 {
		return "nothing"
	}
	return strings.Join(ids, " ")
}
