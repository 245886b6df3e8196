package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"wireloom/scenarios"
)

// A row is how one program of a lesson fared.
type row struct {
	program    string
	score, max int
	want       []string // the checks that must fail: of a mutant
	wrong      []string // those that failed
	skipped    []string // those that were not tried because of these
	complaint  string   // why this is not as it should be; empty if it is
}

// table grades the lesson's programs: the references, which must have full marks,
// the starters, which must not, and the mutants, of which each must fail the checks
// that its file names and no others, but for those that need one of them.
func (l *lesson) table(ctx context.Context, g *grader) ([]row, error) {
	rows, err := l.given(ctx, g)
	if err != nil {
		return nil, err
	}
	wrong, err := l.wrong(ctx)
	return append(rows, wrong...), err
}

// given grades what make guests has built.
func (l *lesson) given(ctx context.Context, g *grader) ([]row, error) {
	module, err := l.reference()
	if err != nil {
		return nil, err
	}
	first, err := g.row(ctx, l, "reference in C", module)
	if err != nil {
		return nil, err
	}
	rows := []row{first}
	for _, p := range []struct{ name, file string }{{"reference in Go", "reference-go"}, {"starter in C", "starter-c"}, {"starter in Go", "starter-go"}} {
		module, err := l.guest(p.file)
		if err != nil {
			return nil, err
		}
		r, err := g.row(ctx, l, p.name, module)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	for i := range rows {
		switch r := &rows[i]; {
		case strings.HasPrefix(r.program, "reference") && (len(r.wrong)+len(r.skipped) > 0 || r.score != r.max):
			r.complaint = "a reference must have full marks"
		case strings.HasPrefix(r.program, "starter") && r.score == r.max:
			r.complaint = "who begins must have something left to do"
		}
	}
	return rows, nil
}

// wrong grades the mutants.
func (l *lesson) wrong(ctx context.Context) ([]row, error) {
	w, err := l.workshop(ctx)
	if err != nil {
		return nil, err
	}
	defer w.close()
	rows := make([]row, len(l.mutants))
	err = each(len(rows), func(i int) error {
		m := l.mutants[i]
		source, err := m.Apply(l.program)
		if err != nil {
			return err
		}
		module, err := w.build(ctx, m.Name, source)
		if err != nil {
			return err
		}
		r, err := w.row(ctx, l, m.Name, module)
		if err != nil {
			return err
		}
		r.want = slices.Sorted(slices.Values(m.Fails))
		if got := slices.Sorted(slices.Values(r.wrong)); !slices.Equal(got, r.want) {
			r.complaint = "must fail " + words(r.want)
		}
		rows[i] = r
		return nil
	})
	return rows, err
}

func (g *grader) row(ctx context.Context, l *lesson, name string, module []byte) (row, error) {
	res, _, err := g.grade(ctx, l.Source, module, scenarios.Options{Audience: scenarios.Staff})
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
