package main

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"wireloom/internal/mutant"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/grade"
)

// What became of a mechanical mutant.
type fate uint8

const (
	broken fate = iota // it does not compile
	same               // its frames are the reference's
	caught             // a check failed
	missed             // its frames differ, and no check failed
)

// A survey is what became of the mechanical mutants of one reference.
type survey struct {
	name    string
	changes []mutant.Change
	fates   []fate // of each change
	ofAll   int    // how many changes there are, of which these were tried
}

func (s *survey) count(f fate) (n int) {
	for _, got := range s.fates {
		if got == f {
			n++
		}
	}
	return n
}

// sample is each n-th change, so that it has some from every part of the program.
func sample(changes []mutant.Change, n int) []mutant.Change {
	var out []mutant.Change
	for i := n / 2; i < len(changes); i += n {
		out = append(out, changes[i])
	}
	return out
}

// mechanical makes every n-th mechanical mutant of a lesson's reference and grades it.
func (l *lesson) mechanical(ctx context.Context, n int) (*survey, error) {
	w, err := l.workshop(ctx, mutantFuel)
	if err != nil {
		return nil, err
	}
	defer w.close()
	right, err := w.build(ctx, "reference", l.program)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.Name, err)
	}
	res, want, err := w.grade(ctx, l.Scenario, right, grade.Options{Audience: scenario.Staff})
	if err != nil {
		return nil, err
	}
	if wrong, skipped := failed(res); !res.Passed {
		return nil, fmt.Errorf("%s: the reference fails %s and so %s: no mutant can be judged", l.Name, words(wrong), words(skipped))
	}
	changes := mutant.Mechanical(l.program)
	s := &survey{name: l.Name, ofAll: len(changes), changes: sample(changes, n)}
	s.fates = make([]fate, len(s.changes))
	err = each(len(s.changes), func(i int) error {
		c := s.changes[i]
		f, err := l.try(ctx, w, right, want, fmt.Sprint(i), c)
		if err != nil {
			return fmt.Errorf("%s: %v: %w", l.Name, c, err)
		}
		s.fates[i] = f
		return nil
	})
	if n := s.count(broken); err == nil && n > 2+len(s.changes)/10 {
		err = fmt.Errorf("%s: %d of %d mutants do not compile, which says nothing of the checks", l.Name, n, len(s.changes))
	}
	return s, err
}

// try finds out what becomes of one change.
func (l *lesson) try(ctx context.Context, w *workshop, right []byte, want trace, name string, c mutant.Change) (fate, error) {
	module, err := w.build(ctx, name, c.Apply(l.program))
	if err != nil {
		return broken, ctx.Err()
	}
	if bytes.Equal(module, right) {
		return same, nil
	}
	res, got, err := w.grade(ctx, l.Scenario, module, grade.Options{Audience: scenario.Staff})
	switch {
	case err != nil:
		return broken, err
	case got.equal(want):
		return same, nil
	case !res.Passed:
		return caught, nil
	}
	return missed, nil
}

// share is how many of the mutants whose frames differ are caught.
func share(surveys ...*survey) float64 {
	found, differ := 0, 0
	for _, s := range surveys {
		found += s.count(caught)
		differ += s.count(caught) + s.count(missed)
	}
	if differ == 0 {
		return 0
	}
	return float64(found) / float64(differ)
}

// write prints a survey, with its survivors.
func (s *survey) write(w io.Writer) {
	fmt.Fprintf(w, "%-12s %4d changes, %4d tried: %3d do not compile, %4d leave the frames as they are, %4d caught, %3d missed: %3.0f%%\n",
		s.name, s.ofAll, len(s.changes), s.count(broken), s.count(same), s.count(caught), s.count(missed), 100*share(s))
	for i, f := range s.fates {
		if f == missed {
			fmt.Fprintf(w, "    missed  main.c:%v\n", s.changes[i])
		}
	}
}
