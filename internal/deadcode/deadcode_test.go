package main

import (
	"slices"
	"strings"
	"testing"
)

const testList = `
# a comment
library a/atest: tests build things by it

keep b.Key.Format: fmt looks for it
keep c: labs get it next
`

func TestJudge(t *testing.T) {
	lib := function{"a/atest", "Build", "a/atest/build.go", 7}
	format := function{"b", "Key.Format", "b/key.go", 9}
	next := function{"c", "Tree", "c/tree.go", 1}
	for _, tc := range []struct {
		name            string
		programs, tests []function
		want            []string // each in a line of its own
	}{
		{"all is as the list says", []function{lib, format, next}, []function{next}, nil},
		{
			"a function that only tests reach",
			[]function{lib, format, next, {"b", "Kinds", "b/kind.go", 3}},
			nil,
			[]string{"b/kind.go:3: no program reaches b.Kinds: call it, or take it out"},
		},
		{
			"a function of a library that no test reaches",
			[]function{lib, format, next},
			[]function{lib},
			[]string{"a/atest/build.go:7: no test reaches atest.Build"},
		},
		{
			"a method of the same name is another function",
			[]function{lib, format, next, {"b", "Format", "b/key.go", 20}},
			nil,
			[]string{"b/key.go:20: no program reaches b.Format"},
		},
		{
			"a package below a kept one is another package",
			[]function{lib, format, next, {"c/d", "F", "c/d/f.go", 2}},
			nil,
			[]string{"c/d/f.go:2: no program reaches d.F"},
		},
		{
			"what is kept is reached now",
			[]function{lib, next},
			nil,
			[]string{"exceptions.txt:5: b.Key.Format is gone, or something reaches it: take the line out"},
		},
		{
			"a tool that finds nothing at all", nil, nil,
			[]string{"exceptions.txt:3: a/atest is gone", "exceptions.txt:5: b.Key.Format is gone", "exceptions.txt:6: c is gone"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, err := parseList(testList)
			if err != nil {
				t.Fatal(err)
			}
			got := l.judge(tc.programs, tc.tests)
			if len(got) != len(tc.want) {
				t.Fatalf("got %q, want %q", got, tc.want)
			}
			for i := range got {
				if !strings.Contains(got[i], tc.want[i]) {
					t.Errorf("got %q, want %q in it", got[i], tc.want[i])
				}
			}
		})
	}
}

func TestParseListRefuses(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"another word", "drop b.F: why", `:1: a line begins with library or keep, not with "drop"`},
		{"no reason", "# first\nkeep b.F", `:2: want "keep NAME: REASON"`},
		{"no name", "library : why", `:1: want "library NAME: REASON"`},
		{"two names", "keep b.F b.G: why", `:1: want "keep NAME: REASON"`},
		{"a line twice", "keep b.F: why\nkeep b.F: because", ":2: b.F stands here twice"},
	} {
		if _, err := parseList(tc.text); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q in it", tc.name, err, tc.want)
		}
	}
}

// A program of a lab reaches what programs of this machine don't, and the other way
// round nothing counts.
func TestWithGuests(t *testing.T) {
	got := withGuests(
		[]function{{pkg: "sdk", name: "Explain"}, {pkg: "b", name: "F"}, {pkg: "sdk/more", name: "G"}},
		[]function{{pkg: "sdk", name: "Dup"}},
		[]string{"./sdk", "./program"},
	)
	want := []function{{pkg: "sdk", name: "Dup"}, {pkg: "b", name: "F"}, {pkg: "sdk/more", name: "G"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestParseDead(t *testing.T) {
	got, err := parseDead([]byte(`[
		{"Name": "sign", "Path": "wireloom/internal/sign", "Funcs": [{"Name": "Key.Format", "Position": {"File": "internal/sign/sign.go", "Line": 102, "Col": 15}, "Generated": false, "Marker": false}]},
		{"Name": "synctest", "Path": "internal/synctest", "Funcs": [{"Name": "Run", "Position": {"File": "synctest.go", "Line": 16, "Col": 6}}]}
	]`))
	want := []function{{"internal/sign", "Key.Format", "internal/sign/sign.go", 102}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err := parseDead([]byte("sign.go:102: unreachable")); err == nil {
		t.Error("text was taken for JSON")
	}
}

// The list that make check reads is one.
func TestTheListIsRead(t *testing.T) {
	l, err := parseList(listText)
	if err != nil || len(l.libraries) == 0 {
		t.Errorf("got %+v, %v", l, err)
	}
}
