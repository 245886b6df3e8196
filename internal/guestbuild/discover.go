package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// lang is the language that a program is written in.
type lang uint8

const (
	langNone lang = iota // the folder has no source
	langGo
	langC
)

// program is one WASM program to build.
type program struct {
	name string // of its output without the suffix, unique: "pingd", "ping.bob.pingd"
	dir  string // of its source, slash-separated, relative to the root
	lang lang
	out  string // slash-separated, relative to the root; compressed when it ends in .gz
	key  string // hash of everything that the output depends on
}

const (
	samples   = "wasm/guest/programs"
	scenarios = "scenarios"

	sampleOut = "bin/guests"
)

// compressed tells whether the output is embedded, and so compressed.
func (p *program) compressed() bool { return strings.HasSuffix(p.out, ".gz") }

// discover lists the programs below root, in the order of their folders.
func discover(root string) ([]*program, error) {
	var programs []*program
	names, err := folders(root, samples)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		p, err := newProgram(root, path.Join(samples, name), name)
		if err != nil {
			return nil, err
		}
		p.out = path.Join(sampleOut, name+".wasm")
		programs = append(programs, p)
	}
	names, err = folders(root, scenarios)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		refs, err := references(root, name)
		if err != nil {
			return nil, err
		}
		programs = append(programs, refs...)
	}
	return programs, nil
}

// references lists the reference solutions of one scenario: one folder, or a
// folder for each slot. A scenario without programs has none.
func references(root, scenario string) ([]*program, error) {
	dir := path.Join(scenarios, scenario, "reference")
	if _, err := os.Stat(filepath.Join(root, dir)); os.IsNotExist(err) {
		return nil, nil
	}
	slots, err := folders(root, dir)
	if err != nil {
		return nil, err
	}
	var programs []*program
	add := func(dir, name string) error {
		p, err := newProgram(root, dir, name)
		if err != nil {
			return err
		}
		p.out = path.Join(scenarios, scenario, "reference"+strings.TrimPrefix(name, scenario)+".wasm.gz")
		programs = append(programs, p)
		return nil
	}
	if len(slots) == 0 {
		return programs, add(dir, scenario)
	}
	for _, slot := range slots {
		if strings.Count(slot, ".") != 1 {
			return nil, fmt.Errorf("%s/%s: name the folder of a slot's reference NODE.PROGRAM", dir, slot)
		}
		if err := add(path.Join(dir, slot), scenario+"."+slot); err != nil {
			return nil, err
		}
	}
	return programs, nil
}

func newProgram(root, dir, name string) (*program, error) {
	l, err := language(filepath.Join(root, dir))
	if err != nil {
		return nil, err
	}
	if l == langNone {
		return nil, fmt.Errorf("%s: no program there: it needs .go files (package main) or .c files", dir)
	}
	return &program{name: name, dir: dir, lang: l}, nil
}

// language tells a folder's language by the names of its files.
func language(dir string) (lang, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return langNone, err
	}
	l := langNone
	for _, e := range entries {
		var got lang
		switch path.Ext(e.Name()) {
		case ".go":
			got = langGo
		case ".c":
			got = langC
		default:
			continue
		}
		if l != langNone && l != got {
			return langNone, fmt.Errorf("%s: Go and C sources in one folder: give each program its own", dir)
		}
		l = got
	}
	return l, nil
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
