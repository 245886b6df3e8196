package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"wireloom/internal/mutant"
)

// lang is the language that a program is written in.
type lang uint8

const (
	langGo lang = iota
	langC
)

// String is the ending of its files.
func (l lang) String() string {
	if l == langC {
		return "c"
	}
	return "go"
}

// program is one WASM program to build.
type program struct {
	name string // of its output without the suffix, unique: "pingd", "ping.bob.pingd"
	dir  string // of its source, slash-separated, relative to the root
	lang lang
	out  string // slash-separated, relative to the root; compressed when it ends in .gz
	diff string // of a mutant: the patch of the C program in dir that makes it; named as dir is
	key  string // hash of everything that the output depends on
}

const (
	scenarios = "scenarios"
	guestsOut = "bin/guests"

	// What is not embedded of a scenario. It has a folder of its own because make warm
	// compiles all of bin/guests, and nobody waits for these.
	lessonsOut = "bin/lessons"
)

// plain are the folders whose programs become files that nothing embeds. A
// prefix keeps names apart.
var plain = []struct{ dir, out, prefix string }{
	{"wasm/guest/programs", guestsOut, ""},
	{"internal/bench/guests", "bin/bench", "bench."},
}

// where names the program's source in messages.
func (p *program) where() string {
	if p.diff != "" {
		return p.diff
	}
	return p.dir
}

// compressed tells whether the output is embedded, and so compressed.
func (p *program) compressed() bool { return strings.HasSuffix(p.out, ".gz") }

// discover lists the programs below root, in the order of their folders.
func discover(root string) ([]*program, error) {
	var programs []*program
	for _, from := range plain {
		names, err := folders(root, from.dir)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			p, err := newProgram(root, path.Join(from.dir, name), from.prefix+name)
			if err != nil {
				return nil, err
			}
			p.out = path.Join(from.out, name+".wasm")
			programs = append(programs, p)
		}
	}
	names, err := folders(root, scenarios)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		found, err := lesson(root, name)
		if err != nil {
			return nil, err
		}
		programs = append(programs, found...)
	}
	return programs, nil
}

// lesson lists the programs of one scenario: for each slot the reference solution
// and what a student begins with, in C, in Go or in both, and the mutants. What is
// embedded in labserver is the reference in C, where there is one, because it is
// small and starts at once; the others are for the tests.
func lesson(root, scenario string) ([]*program, error) {
	var programs []*program
	for _, role := range []string{"reference", "starter"} {
		dir := path.Join(scenarios, scenario, role)
		if _, err := os.Stat(filepath.Join(root, dir)); os.IsNotExist(err) {
			continue
		}
		slots, err := folders(root, dir)
		if err != nil {
			return nil, err
		}
		if len(slots) == 0 {
			slots = []string{""}
		}
		for _, slot := range slots {
			if slot != "" && strings.Count(slot, ".") != 1 {
				return nil, fmt.Errorf("%s/%s: name the folder of a slot's program NODE.PROGRAM", dir, slot)
			}
			found, err := solutions(root, scenario, role, slot)
			if err != nil {
				return nil, err
			}
			programs = append(programs, found...)
		}
	}
	mutants, err := mutants(root, scenario)
	return append(programs, mutants...), err
}

// solutions lists the programs in the folder of a role, and of a slot in it where
// there are several.
func solutions(root, scenario, role, slot string) ([]*program, error) {
	dir := path.Join(scenarios, scenario, role, slot)
	langs, err := languages(filepath.Join(root, dir))
	if err != nil {
		return nil, err
	}
	if len(langs) == 0 {
		return nil, noProgram(dir)
	}
	name := scenario
	if slot != "" {
		name += "." + slot
	}
	var programs []*program
	for i, l := range langs {
		p := &program{name: fmt.Sprintf("%s.%s-%s", name, role, l), dir: dir, lang: l}
		p.out = path.Join(lessonsOut, p.name+".wasm")
		if role == "reference" && i == 0 {
			p.name = name
			p.out = path.Join(scenarios, scenario, "reference"+strings.TrimPrefix(name, scenario)+".wasm.gz")
		}
		programs = append(programs, p)
	}
	return programs, nil
}

// mutants lists the wrong programs of one scenario.
func mutants(root, scenario string) ([]*program, error) {
	dir := path.Join(scenarios, scenario, "mutants")
	files, err := fs.Glob(os.DirFS(root), dir+"/*.patch")
	if err != nil {
		return nil, err
	}
	var programs []*program
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			return nil, err
		}
		m, err := mutant.ParsePatch(file, string(text))
		if err != nil {
			return nil, err
		}
		source := path.Join(dir, m.File)
		if path.Base(source) != "main.c" || !strings.HasPrefix(source, path.Join(scenarios, scenario, "reference")+"/") {
			return nil, fmt.Errorf("%s changes %s: a mutant is made of ../reference/main.c, or of a slot's", file, m.File)
		}
		name := fmt.Sprintf("%s.mutant-%s", scenario, m.Name)
		programs = append(programs, &program{name: name, dir: path.Dir(source), lang: langC, diff: file, out: path.Join(lessonsOut, name+".wasm")})
	}
	return programs, nil
}

func noProgram(dir string) error {
	return fmt.Errorf("%s: no program there: it needs .go files (package main) or .c files", dir)
}

// newProgram is a sample program, which is written in one language.
func newProgram(root, dir, name string) (*program, error) {
	langs, err := languages(filepath.Join(root, dir))
	if err != nil {
		return nil, err
	}
	switch len(langs) {
	case 0:
		return nil, noProgram(dir)
	case 1:
		return &program{name: name, dir: dir, lang: langs[0]}, nil
	}
	return nil, fmt.Errorf("%s: Go and C sources in one folder: give each program its own", dir)
}

// languages tells a folder's languages, C first, by the names of its files.
func languages(dir string) ([]lang, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, e := range entries {
		found[path.Ext(e.Name())] = true
	}
	var langs []lang
	if found[".c"] {
		langs = append(langs, langC)
	}
	if found[".go"] {
		langs = append(langs, langGo)
	}
	return langs, nil
}

// folders lists the folders in root/dir by name; none when dir does not exist.
// Hidden ones and those that the go command also ignores are left out.
func folders(root, dir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(root, dir))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		n := e.Name()
		if e.IsDir() && n != "testdata" && n[0] != '.' && n[0] != '_' {
			names = append(names, n)
		}
	}
	return names, nil
}

// only returns the programs written in l.
func only(programs []*program, l lang) []*program {
	return slices.DeleteFunc(slices.Clone(programs), func(p *program) bool { return p.lang != l })
}
