package main

import (
	"bufio"
	"errors"
	"io"
	"regexp"
	"strconv"
)

var (
	colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

	// "Tests  1 failed | 11 passed | 2 skipped (14)", vitest's.
	vitestLine = regexp.MustCompile(`^\s*Tests\s+\d+ `)
	vitestPart = regexp.MustCompile(`(\d+) (passed|failed|skipped)`)
	// "# pass 5" and "ℹ pass 5", of node --test.
	nodeLine = regexp.MustCompile(`^(?:#|ℹ) (pass|fail|skipped) (\d+)\s*$`)
	// "12 passed, 0 failed", what a script of ours prints.
	plainLine = regexp.MustCompile(`^(\d+) passed, (\d+) failed\s*$`)
)

// parseSummary passes a suite's output on and reads the counts from its summary.
// Where several lines look like one, the last counts.
func parseSummary(in *bufio.Reader, out io.Writer) (tally, error) {
	var t tally
	for {
		line, err := in.ReadString('\n')
		if _, werr := io.WriteString(out, line); werr != nil {
			return t, werr
		}
		t.summary(colour.ReplaceAllString(line, ""))
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return t, err
		}
	}
}

// summary takes the counts of a line, when it is a summary.
func (t *tally) summary(line string) {
	if m := plainLine.FindStringSubmatch(line); m != nil {
		*t = tally{passed: count(m[1]), failed: count(m[2])}
	}
	if m := nodeLine.FindStringSubmatch(line); m != nil {
		t.set(m[1], count(m[2]))
	}
	if vitestLine.MatchString(line) {
		*t = tally{}
		for _, m := range vitestPart.FindAllStringSubmatch(line, -1) {
			t.set(m[2], count(m[1]))
		}
	}
}

func (t *tally) set(what string, n int) {
	switch what {
	case "pass", "passed":
		t.passed = n
	case "fail", "failed":
		t.failed = n
	case "skipped":
		t.skipped = n
	}
}

// count reads digits that a pattern matched; a number too large counts as none.
func count(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}
