// Command testcount runs test suites one after another, shows their failures,
// and ends with one line for all of them:
//
//	418 passed, 0 failed
//
// Each argument is a suite: NAME=COMMAND, run by sh in the current folder. The
// suite named "go", or "go" and a dash and more, prints test2json (`go test -json`); any other prints a summary
// line that parseSummary knows: vitest's, node's test runner's, or this one's own.
// The exit code is 1 when a test failed, when a suite's command failed, and when
// a suite ran no test: a suite that finds nothing has passed nothing.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	suites, err := parseSuites(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "testcount:", err)
		os.Exit(2)
	}
	if !runAll(suites, os.Stdout) {
		os.Exit(1)
	}
}

// suite is a command that runs tests and prints what became of them.
type suite struct{ name, command string }

// tally is how many tests a suite, or all of them, ran.
type tally struct{ passed, failed, skipped int }

func (t tally) String() string {
	s := fmt.Sprintf("%d passed, %d failed", t.passed, t.failed)
	if t.skipped > 0 {
		s += fmt.Sprintf(", %d skipped", t.skipped)
	}
	return s
}

func parseSuites(args []string) ([]suite, error) {
	if len(args) == 0 {
		return nil, errors.New("no suite given: want NAME=COMMAND for each")
	}
	var suites []suite
	for _, arg := range args {
		name, command, ok := strings.Cut(arg, "=")
		if !ok || name == "" || command == "" {
			return nil, fmt.Errorf("%q: want NAME=COMMAND", arg)
		}
		suites = append(suites, suite{name, command})
	}
	return suites, nil
}

// runAll runs every suite, also after one failed, and prints the totals last.
func runAll(suites []suite, out io.Writer) bool {
	var total tally
	var lines []string
	ok := true
	for _, s := range suites {
		fmt.Fprintf(out, "== %s: %s\n", s.name, s.command)
		began := time.Now()
		t, err := s.run(out)
		line := fmt.Sprintf("%-6s %v (%.0fs)", s.name, t, time.Since(began).Seconds())
		if err == nil && t.passed+t.failed == 0 {
			err = errors.New("no test ran")
		}
		if err != nil {
			line += ": " + err.Error()
			if t.failed == 0 {
				t.failed = 1 // the suite itself: the last line must not look like success
			}
		}
		ok = ok && t.failed == 0
		lines = append(lines, line)
		total.passed, total.failed, total.skipped = total.passed+t.passed, total.failed+t.failed, total.skipped+t.skipped
	}
	fmt.Fprintf(out, "\n%s\n%d passed, %d failed\n", strings.Join(lines, "\n"), total.passed, total.failed)
	return ok
}

// run runs the suite's command to its end. The error is the command's own; that
// tests failed is in the tally.
func (s suite) run(out io.Writer) (tally, error) {
	cmd := exec.Command("sh", "-c", s.command)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return tally{}, err
	}
	if err := cmd.Start(); err != nil {
		return tally{}, err
	}
	parse := parseSummary
	if name, _, _ := strings.Cut(s.name, "-"); name == "go" {
		parse = parseGo
	}
	t, err := parse(bufio.NewReader(stdout), out)
	if err != nil {
		_ = cmd.Process.Kill() // it would wait for ever for somebody to read the rest
		_ = cmd.Wait()
		return t, err
	}
	return t, cmd.Wait()
}
