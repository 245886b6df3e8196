package submission

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"wireloom/internal/product"
	"wireloom/internal/program"
	"wireloom/internal/report/document"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/grade"
	"wireloom/internal/session"
	"wireloom/vnet"
)

// A Check grades what the slots of a live lab have, as labserver grade does for a student.
type Check struct {
	Scenario *scenario.Scenario
	Held     []session.Held
	Began    map[format.Slot]program.File // what the lab began with
	Compile  product.Compile
	Options  session.Options // of the share that it has of the machine, as for session.NewShare
	Version  string          // of the program
}

// A Checked is the report of a check, with what the page needs besides.
type Checked struct {
	*document.Document
	Solution bool `json:"solution,omitempty"` // the lab began with one of the programs: it is not its visitor's work
}

// Run grades. Its error is a sentence for who asked.
func (c *Check) Run(ctx context.Context) (*Checked, error) {
	own, err := c.Scenario.For(c.Scenario.Student, nil) // whose values the lab has, too
	if err != nil {
		return nil, err
	}
	w := Work{Scenario: own, Programs: map[format.Slot]program.File{}}
	for _, h := range c.Held {
		slot, file := format.Slot{Node: h.Node, Proc: h.Proc}, program.File{Name: h.Name, Module: h.Module}
		if h.Module == nil {
			file.Module = c.Began[slot].Module
		}
		if hashOf(file.Module) != h.Hash {
			return nil, fmt.Errorf("the program of %s is not here any more: upload it again", slot)
		}
		w.Programs[slot] = file
	}
	if err := w.Complete(); err != nil {
		return nil, err
	}
	files, refs, err := w.Files()
	if err != nil {
		return nil, err
	}
	o := grade.Options{Student: own.Student, Audience: scenario.Student}
	res, err := w.Run(ctx, c.Compile, files, o, func(lab *vnet.Lab, sc *scenario.Scenario, o grade.Options) (*grade.Result, error) {
		turns, err := session.NewShare(ctx, lab, c.Options)
		if err != nil {
			return nil, err
		}
		defer turns.Done()
		o.Stop = turns.Rest
		res, err := grade.Grade(lab, sc, o)
		if rest := turns.Rest(); err == nil && rest != nil {
			return nil, rest // what the lab did last means nothing
		}
		return res, err
	})
	if err != nil && !errors.Is(err, grade.ErrTooLong) { // that is a result, of which a check says so
		return nil, err
	}
	res.Version, res.Programs = c.Version, refs
	began := slices.ContainsFunc(c.Held, func(h session.Held) bool { return h.Module == nil })
	return &Checked{document.Of(res, document.Inputs{Scenario: own.Name}), began}, nil
}
