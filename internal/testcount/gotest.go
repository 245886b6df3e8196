package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// goEvent is one line of test2json (`go doc test2json`).
type goEvent struct {
	Action, Package, Test, Output string
	ImportPath                    string // of build-output, in place of Package
	Elapsed                       float64
}

// maxOutput bounds what is kept of one test's output, in bytes. Its end is kept:
// that is where the failure is.
const maxOutput = 64 << 10

// goTest is a test, or a package where its name is empty.
type goTest struct{ pkg, name string }

// goReport follows the tests of `go test -json` until each has ended.
type goReport struct {
	out    io.Writer
	output map[goTest]string
	open   map[goTest]bool // run but not ended
	parent map[goTest]bool // has subtests: they are counted in its place
	failed map[goTest]bool // it, or something below it, was counted as failed
	build  map[string]string
	t      tally
}

// parseGo counts the tests of `go test -json`. A test with subtests is not
// counted itself, unless it failed and none of them did. A package that does not
// build, or ends before its tests do, is one failure at least.
func parseGo(in *bufio.Reader, out io.Writer) (tally, error) {
	r := &goReport{
		out: out, output: map[goTest]string{}, open: map[goTest]bool{},
		parent: map[goTest]bool{}, failed: map[goTest]bool{}, build: map[string]string{},
	}
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			r.line(line)
		}
		if errors.Is(err, io.EOF) {
			return r.t, nil
		}
		if err != nil {
			return r.t, err
		}
	}
}

func (r *goReport) line(line string) {
	var e goEvent
	if err := json.Unmarshal([]byte(line), &e); err != nil {
		fmt.Fprint(r.out, line) // not a test's: the go command itself complains
		return
	}
	if e.Action == "build-output" {
		r.build[e.ImportPath] += e.Output
		return
	}
	test := goTest{e.Package, e.Test}
	switch e.Action {
	case "run":
		r.open[test] = true
		if i := strings.LastIndexByte(e.Test, '/'); i > 0 {
			r.parent[goTest{e.Package, e.Test[:i]}] = true
		}
	case "output":
		s := r.output[test] + e.Output
		r.output[test] = s[max(0, len(s)-maxOutput):]
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
		} else {
			r.endTest(test, e.Action)
		}
		delete(r.output, test)
	}
}

func (r *goReport) endTest(test goTest, action string) {
	delete(r.open, test)
	switch {
	case action == "fail":
		r.fail(test)
	case r.parent[test]:
	case action == "skip":
		r.t.skipped++
		fmt.Fprintf(r.out, "SKIP %s %s\n%s", test.pkg, test.name, r.output[test])
	default:
		r.t.passed++
	}
}

// fail shows a failure. Only the innermost test is counted.
func (r *goReport) fail(test goTest) {
	if !r.failed[test] {
		r.t.failed++
	}
	for name := test.name; ; {
		r.failed[goTest{test.pkg, name}] = true
		i := strings.LastIndexByte(name, '/')
		if i < 0 {
			break
		}
		name = name[:i]
	}
	r.failed[goTest{pkg: test.pkg}] = true
	fmt.Fprintf(r.out, "FAIL %s %s\n%s", test.pkg, test.name, r.output[test])
}

// endPackage accounts for what failed outside of a test, then prints the
// package's line.
func (r *goReport) endPackage(e goEvent) {
	pkg := goTest{pkg: e.Package}
	if e.Action == "fail" {
		r.endUnfinished(e.Package)
		if !r.failed[pkg] {
			r.t.failed++
			for _, path := range slices.Sorted(maps.Keys(r.build)) {
				fmt.Fprint(r.out, r.build[path])
			}
			clear(r.build)
			fmt.Fprint(r.out, r.output[pkg])
		}
		fmt.Fprintf(r.out, "FAIL %s %.1fs\n", e.Package, e.Elapsed)
		return
	}
	if e.Action == "pass" {
		fmt.Fprintf(r.out, "ok   %s %.1fs\n", e.Package, e.Elapsed)
	}
}

// endUnfinished fails the tests that were running when their package ended: a
// panic, a deadline, an exit. Innermost first, so that a parent is not counted.
func (r *goReport) endUnfinished(pkg string) {
	var tests []goTest
	for test := range r.open {
		if test.pkg == pkg {
			tests = append(tests, test)
		}
	}
	slices.SortFunc(tests, func(a, b goTest) int { return strings.Compare(b.name, a.name) })
	for _, test := range tests {
		delete(r.open, test)
		r.fail(test)
	}
}
