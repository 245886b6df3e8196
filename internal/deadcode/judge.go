package main

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// module is what the path of each of our packages begins with.
const module = "wireloom/"

// A function that deadcode calls dead.
type function struct {
	pkg  string // relative to the module
	name string // "F" or "T.M"
	file string // relative to the module's root
	line int
}

// A list is what exceptions.txt says.
type list struct {
	libraries []entry // for tests: packages that no program imports
	keeps     []entry // functions, or whole packages, that nobody has to reach
}

// An entry is a line of the list.
type entry struct {
	line int
	what string
	used bool
}

// parseList reads a list: on each line "library PACKAGE: REASON", "keep
// PACKAGE.FUNCTION: REASON" or "keep PACKAGE: REASON".
func parseList(text string) (*list, error) {
	l := &list{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		rule, why, _ := strings.Cut(line, ": ")
		kind, what, _ := strings.Cut(rule, " ")
		into := &l.keeps
		switch {
		case kind == "library":
			into = &l.libraries
		case kind != "keep":
			return nil, fmt.Errorf("%s:%d: a line begins with library or keep, not with %q", listName, n, kind)
		}
		switch {
		case what == "" || strings.Contains(what, " ") || strings.TrimSpace(why) == "":
			return nil, fmt.Errorf("%s:%d: want \"%s NAME: REASON\"", listName, n, kind)
		case slices.ContainsFunc(*into, func(e entry) bool { return e.what == what }):
			return nil, fmt.Errorf("%s:%d: %s stands here twice", listName, n, what)
		}
		*into = append(*into, entry{line: n, what: what})
	}
	return l, nil
}

// library returns the entry of a package, nil if it is no library for tests.
func (l *list) library(pkg string) *entry {
	if i := slices.IndexFunc(l.libraries, func(e entry) bool { return e.what == pkg }); i >= 0 {
		return &l.libraries[i]
	}
	return nil
}

// kept returns the entry that lets a function stay, nil if there is none.
func (l *list) kept(f function) *entry {
	if i := slices.IndexFunc(l.keeps, func(e entry) bool { return e.what == f.pkg+"."+f.name || e.what == f.pkg }); i >= 0 {
		return &l.keeps[i]
	}
	return nil
}

// withGuests replaces what programs of this machine don't reach of the packages in some
// folders by what the programs of labs don't: theirs alone are built of them.
func withGuests(programs, theirs []function, folders []string) []function {
	out := slices.Clone(theirs)
	for _, f := range programs {
		if !slices.ContainsFunc(folders, func(dir string) bool { return path.Clean(dir) == f.pkg }) {
			out = append(out, f)
		}
	}
	return out
}

// judge says what is wrong, a sentence each. programs is what no program reaches, tests
// what neither programs nor tests do, of the libraries at least.
func (l *list) judge(programs, tests []function) []string {
	var said []string
	complain := func(f function, who string) {
		if e := l.kept(f); e != nil {
			e.used = true
			return
		}
		said = append(said, fmt.Sprintf("%s:%d: no %s reaches %s.%s: call it, or take it out; %s is for what must stay", f.file, f.line, who, path.Base(f.pkg), f.name, listName))
	}
	for _, f := range programs {
		if lib := l.library(f.pkg); lib != nil {
			lib.used = true
			continue
		}
		complain(f, "program")
	}
	for _, f := range tests {
		if l.library(f.pkg) != nil {
			complain(f, "test")
		}
	}
	slices.Sort(said)
	for _, e := range l.libraries {
		if !e.used {
			said = append(said, fmt.Sprintf("%s:%d: %s is gone, or programs reach all of it: take the line out", listName, e.line, e.what))
		}
	}
	for _, e := range l.keeps {
		if !e.used {
			said = append(said, fmt.Sprintf("%s:%d: %s is gone, or something reaches it: take the line out", listName, e.line, e.what))
		}
	}
	return said
}
