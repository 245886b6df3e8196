package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"wireloom/internal/mutant"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
)

// A row is how one program of a lesson fared.
type row struct {
	program    string
	score, max int
	wrong      []string // the checks that failed
	skipped    []string // those that were not tried because of these
	complaint  string   // why this is not as it should be; empty if it is
}

// table grades the lesson's programs: the references, which must have full marks,
// the starters, which must not, and the mutants, of which each must fail the checks
// that its file names and no others, but for those that need one of them.
func (l *lesson) table(ctx context.Context) ([]row, error) {
	w, err := l.workshop(ctx, enough)
	if err != nil {
		return nil, err
	}
	defer w.close()
	rows := make([]row, 4+len(l.mutants))
	return rows, each(len(rows), func(i int) (err error) {
		switch i {
		case 0:
			rows[i], err = l.right(ctx, w, "reference in C", l.reference)
		case 1:
			rows[i], err = l.right(ctx, w, "reference in Go", func() ([]byte, error) { return l.guest("reference-go") })
		case 2:
			rows[i], err = l.begun(ctx, w, "starter in C", "starter-c")
		case 3:
			rows[i], err = l.begun(ctx, w, "starter in Go", "starter-go")
		default:
			rows[i], err = l.wrong(ctx, w, l.mutants[i-4])
		}
		return err
	})
}

// right grades a reference.
func (l *lesson) right(ctx context.Context, w *workshop, name string, read func() ([]byte, error)) (row, error) {
	module, err := read()
	if err != nil {
		return row{}, err
	}
	r, err := w.row(ctx, l, name, module)
	if len(r.wrong)+len(r.skipped) > 0 || r.score != r.max {
		r.complaint = "a reference must have full marks"
	}
	return r, err
}

// begun grades a starter.
func (l *lesson) begun(ctx context.Context, w *workshop, name, file string) (row, error) {
	module, err := l.guest(file)
	if err != nil {
		return row{}, err
	}
	r, err := w.row(ctx, l, name, module)
	if r.score == r.max {
		r.complaint = "who begins must have something left to do"
	}
	return r, err
}

// wrong grades a mutant.
func (l *lesson) wrong(ctx context.Context, w *workshop, m *mutant.Patch) (row, error) {
	source, err := m.Apply(l.program)
	if err != nil {
		return row{}, err
	}
	module, err := w.build(ctx, m.Name, source)
	if err != nil {
		return row{}, err
	}
	r, err := w.row(ctx, l, m.Name, module)
	if want := slices.Sorted(slices.Values(m.Fails)); !slices.Equal(slices.Sorted(slices.Values(r.wrong)), want) {
		r.complaint = "must fail " + words(want)
	}
	return r, err
}

func (g *grader) row(ctx context.Context, l *lesson, name string, module []byte) (row, error) {
	res, _, err := g.grade(ctx, l.Scenario, module, grade.Options{Audience: scenario.Staff})
	if err != nil {
		return row{}, fmt.Errorf("%s, %s: %w", l.Name, name, err)
	}
	r := row{program: name, score: res.Score, max: res.MaxScore}
	r.wrong, r.skipped = failed(res)
	return r, nil
}

// writeTable prints the rows and returns how many are not as they should be.
func writeTable(w io.Writer, l *lesson, rows []row) (bad int) {
	fmt.Fprintf(w, "\n%d %s: %s\n", l.Course, l.Name, l.Title)
	for _, r := range rows {
		mark := "ok  "
		if r.complaint != "" {
			mark = "BAD "
			bad++
		}
		fmt.Fprintf(w, "  %s %3d/%-3d %-20s fails %s", mark, r.score, r.max, r.program, words(r.wrong))
		if len(r.skipped) > 0 {
			fmt.Fprintf(w, "; not tried: %s", words(r.skipped))
		}
		if r.complaint != "" {
			fmt.Fprintf(w, "; %s", r.complaint)
		}
		fmt.Fprintln(w)
	}
	return bad
}
