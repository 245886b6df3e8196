package main

import (
	"bufio"
	"strings"
	"testing"
)

// event is a line of test2json.
func event(action, test, output string) string {
	return `{"Action":"` + action + `","Package":"p","Test":"` + test + `","Output":"` + output + `"}` + "\n"
}

func TestParseGo(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     tally
		shown    string // part of what is printed
	}{
		{"a test passes", event("run", "TestA", "") + event("pass", "TestA", "") + event("pass", "", ""), tally{passed: 1}, "ok   p"},
		{
			"subtests count in place of their parent",
			event("run", "TestA", "") + event("run", "TestA/x", "") + event("run", "TestA/y", "") +
				event("pass", "TestA/x", "") + event("pass", "TestA/y", "") + event("pass", "TestA", "") + event("pass", "", ""),
			tally{passed: 2},
			"",
		},
		{
			"a failed subtest counts once and its output is shown",
			event("run", "TestA", "") + event("run", "TestA/x", "") + event("output", "TestA/x", "got 1, want 2\\n") +
				event("fail", "TestA/x", "") + event("fail", "TestA", "") + event("fail", "", ""),
			tally{failed: 1},
			"FAIL p TestA/x\ngot 1, want 2\n",
		},
		{
			"a parent that fails by itself counts",
			event("run", "TestA", "") + event("run", "TestA/x", "") + event("pass", "TestA/x", "") + event("fail", "TestA", "") + event("fail", "", ""),
			tally{passed: 1, failed: 1},
			"FAIL p TestA\n",
		},
		{
			"a panic fails the test that was running",
			event("run", "TestA", "") + event("output", "TestA", "panic: no\\n") + event("fail", "", ""),
			tally{failed: 1},
			"panic: no",
		},
		{
			"a package that does not build is a failure",
			`{"ImportPath":"p","Action":"build-output","Output":"p.go:1: undefined: x\n"}` + "\n" + event("fail", "", ""),
			tally{failed: 1},
			"undefined: x",
		},
		{"a skipped test is neither and is named", event("run", "TestA", "") + event("skip", "TestA", "") + event("pass", "", ""), tally{skipped: 1}, "SKIP p TestA"},
		{"what is not an event is passed on", "go: cannot find main module\n", tally{}, "cannot find main module"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			got, err := parseGo(bufio.NewReader(strings.NewReader(c.in)), &out)
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
			if !strings.Contains(out.String(), c.shown) {
				t.Errorf("printed %q, want %q in it", out.String(), c.shown)
			}
		})
	}
}

func TestParseSummary(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     tally
	}{
		{"vitest", " Test Files  3 passed (3)\n      Tests  12 passed (12)\n", tally{passed: 12}},
		{"vitest with failures", "      Tests  1 failed | 11 passed | 2 skipped (14)\n", tally{passed: 11, failed: 1, skipped: 2}},
		{"vitest in colour", "\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[32m4 passed\x1b[39m\x1b[22m (4)\n", tally{passed: 4}},
		{"node's runner", "# tests 6\n# pass 5\n# fail 1\n# skipped 0\n", tally{passed: 5, failed: 1}},
		{"a plain line", "alice pings bob\n7 passed, 0 failed\n", tally{passed: 7}},
		{"the last summary counts", "1 passed, 0 failed\n3 passed, 1 failed\n", tally{passed: 3, failed: 1}},
		{"no newline at the end", "2 passed, 0 failed", tally{passed: 2}},
		{"no summary", "12 passed by\n", tally{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			got, err := parseSummary(bufio.NewReader(strings.NewReader(c.in)), &out)
			if err != nil || got != c.want {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
			if out.String() != c.in {
				t.Errorf("passed on %q, want %q", out.String(), c.in)
			}
		})
	}
}

func TestRunAll(t *testing.T) {
	for _, c := range []struct {
		name   string
		suites []suite
		wantOK bool
		want   string
	}{
		{"counts are added", []suite{{"a", "echo 2 passed, 0 failed"}, {"b", "echo 3 passed, 0 failed"}}, true, "5 passed, 0 failed\n"},
		{"a failed test fails", []suite{{"a", "echo 2 passed, 1 failed; exit 1"}}, false, "2 passed, 1 failed\n"},
		{"a failed test fails though the command does not", []suite{{"a", "echo 2 passed, 1 failed"}}, false, "2 passed, 1 failed\n"},
		{"a command that fails is a failure", []suite{{"a", "echo 2 passed, 0 failed; exit 3"}}, false, "2 passed, 1 failed\n"},
		{"a suite without tests is a failure", []suite{{"a", "true"}}, false, "0 passed, 1 failed\n"},
		{
			"two suites of Go are counted",
			[]suite{{"go", `echo '{"Action":"pass","Package":"p","Test":"A"}'`}, {"go-runs", `echo '{"Action":"pass","Package":"q","Test":"B"}'`}},
			true, "2 passed, 0 failed\n",
		},
		{"the suites after a failed one run", []suite{{"a", "exit 1"}, {"b", "echo 4 passed, 0 failed"}}, false, "4 passed, 1 failed\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			if ok := runAll(c.suites, &out); ok != c.wantOK {
				t.Errorf("got %v, want %v", ok, c.wantOK)
			}
			if !strings.HasSuffix(out.String(), "\n"+c.want) {
				t.Errorf("printed %q, want the last line %q", out.String(), c.want)
			}
		})
	}
}

func TestParseSuites(t *testing.T) {
	for _, args := range [][]string{{}, {"go"}, {"=true"}, {"go="}} {
		if got, err := parseSuites(args); err == nil {
			t.Errorf("parseSuites(%q) = %v, want an error", args, got)
		}
	}
	got, err := parseSuites([]string{"go=A=1 go test"})
	if err != nil || len(got) != 1 || got[0] != (suite{"go", "A=1 go test"}) {
		t.Errorf("got %v, %v", got, err)
	}
}
