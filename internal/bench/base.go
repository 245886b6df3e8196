package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// slower is by how much a build may be slower than an earlier one: what a median of
// seven rounds in turns tells apart on two cores.
const slower = 1.05

// ahead are the figures that are to be better by more than what can be told apart: goals that were
// set for what follows commit 154238e, as shares of its figures.
var ahead = map[figureOf]float64{
	{"100 Go submissions, not seen before", "gradings/s"}: 1.0 / 6,
	{"100 Go submissions, compiled before", "gradings/s"}: 1,
	{"1 viewer", "ns CPU/event"}:                          0.2,
	{"nobody watches: CPU", coresUnit()}:                  0.4,
	{"start and end, Go", "ns CPU"}:                       0.5,
}

type figureOf struct{ what, unit string }

// A tree is a checkout with the benchmarks that were built in it.
type tree struct {
	dir   string
	bench string // the command
}

// baseTree builds an earlier commit in a folder of its own below .cache, unless that
// was done before: its programs, its server and its benchmarks, as its Makefile has
// them. The checkout itself isn't touched.
func baseTree(ctx context.Context, commit string, stderr io.Writer) (tree, error) {
	here, err := root()
	if err != nil {
		return tree{}, err
	}
	out, err := exec.CommandContext(ctx, "git", "-C", here, "rev-parse", "--verify", "--quiet", "--end-of-options", commit+"^{commit}").Output()
	if err != nil {
		return tree{}, fmt.Errorf("-base %s: git knows no such commit here", commit)
	}
	hash := strings.TrimSpace(string(out))
	t := tree{dir: filepath.Join(here, ".cache", "base", hash)}
	t.bench = filepath.Join(t.dir, "bin", "base")
	if _, err := os.Stat(t.bench); err == nil {
		return t, nil
	}
	fmt.Fprintf(stderr, "building %s in %s\n", hash[:12], t.dir)
	if err := os.RemoveAll(t.dir); err != nil {
		return tree{}, err
	}
	if err := os.MkdirAll(t.dir, 0o755); err != nil {
		return tree{}, err
	}
	for _, step := range [][]string{
		{"git", "clone", "--quiet", "--shared", "--no-checkout", here, t.dir},
		{"git", "-C", t.dir, "checkout", "--quiet", "--detach", hash},
		{"make", "-C", t.dir, "--no-print-directory", "build"},
		{"go", "build", "-C", t.dir, "-trimpath", "-o", t.bench, "./internal/bench"},
	} {
		cmd := exec.CommandContext(ctx, step[0], step[1:]...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return tree{}, fmt.Errorf("-base %s: %s: %w\n%s", commit, strings.Join(step, " "), err, tail(out))
		}
	}
	return t, nil
}

// tail is the last lines of what a command printed.
func tail(out []byte) string {
	lines := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// versus runs an item of this build and of the base in turns, a round of each at a
// time and each first in every second round, and holds the figures of one against
// those of the other. Figures that only one of the two has are left out, with a note.
func versus(ctx context.Context, x item, base tree, rounds int, stderr io.Writer) (*Report, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	here, err := root()
	if err != nil {
		return nil, err
	}
	sides := []tree{{here, self}, base}
	found := [2][]*Report{}
	for round := range rounds {
		for turn := range sides {
			i := (round + turn) % len(sides)
			r, err := measureIn(ctx, sides[i], x, 1, stderr)
			if err != nil {
				if i == 1 {
					err = fmt.Errorf("the base: %w", err)
				}
				return nil, err
			}
			found[i] = append(found[i], r)
		}
	}
	return compare(x, found[0], found[1])
}

// compare makes a report of those of two builds, round by round.
func compare(x item, ours, theirs []*Report) (*Report, error) {
	r := &Report{Item: x.name, Title: x.about + ": this build against the base"}
	var alone []string
	for _, row := range ours[0].Rows {
		a, b := figures(ours, row), figures(theirs, row)
		if len(a) != len(ours) || len(b) != len(theirs) {
			alone = append(alone, row.What)
			continue
		}
		if slices.Max(b) == 0 {
			continue // such as goroutines that are left over: no ratio says anything
		}
		c := against(row.What, row.Unit, a, b, "")
		if strings.HasSuffix(row.Unit, "/s") || strings.HasSuffix(row.Unit, "/s delivered") { // more is better
			q := spread(ratios(b, a))
			c.Ratio = &q
		}
		limit, more := ahead[figureOf{row.What, row.Unit}]
		if !more {
			limit = slower
		}
		r.Rows = append(r.Rows, c.goal(limit))
	}
	if len(r.Rows) == 0 {
		return nil, errors.New("the base has none of its figures")
	}
	if len(alone) > 0 {
		r.Notes = append(r.Notes, "the base has no such figure: "+strings.Join(alone, "; "))
	}
	return r, nil
}

// figures are what reports say of one row, those of them that have it.
func figures(reports []*Report, row Row) []float64 {
	var xs []float64
	for _, r := range reports {
		i := slices.IndexFunc(r.Rows, func(o Row) bool { return o.What == row.What && o.Unit == row.Unit })
		if i >= 0 {
			xs = append(xs, r.Rows[i].Ours.Median)
		}
	}
	return xs
}
