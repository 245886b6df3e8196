// Package submission is the programs that somebody hands in for a scenario's slots, and how they are
// graded: each run in a lab of its own. A server, the command line and a page without a server grade
// by the same code.
package submission

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"wireloom/internal/product"
	"wireloom/internal/program"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/grade"
	"wireloom/vnet"
)

// A Work is a scenario with the values of its student, and the programs for its slots.
type Work struct {
	Scenario *scenario.Scenario
	Programs map[format.Slot]program.File // the reference solution where there is none
	Stage    string                       // that alone is graded
}

// Complete gives slots without a program that of another which takes the same. It fails
// where there is none.
func (w *Work) Complete() error {
	slots := w.Scenario.Slots()
	for _, slot := range slots {
		if _, ok := w.Programs[slot]; ok {
			continue
		}
		i := slices.IndexFunc(slots, func(s format.Slot) bool {
			_, ok := w.Programs[s]
			return ok && w.Scenario.Word(s) == w.Scenario.Word(slot)
		})
		if i < 0 {
			return fmt.Errorf("%s has no program yet: upload one first", slot)
		}
		w.Programs[slot] = w.Programs[slots[i]]
	}
	if len(slots) == 0 {
		return errors.New("this lab takes no program")
	}
	return nil
}

// Files returns the program of each slot, with what a result says of it. In the lab a
// file has its slot's name, so that what it was called changes no result.
func (w *Work) Files() (map[format.Slot]program.File, []grade.ProgramRef, error) {
	files, refs := map[format.Slot]program.File{}, []grade.ProgramRef(nil)
	reference := map[format.Slot]bool{}
	if w.Stage != "" {
		for _, slot := range w.Scenario.Stage(w.Stage).Reference {
			reference[slot] = true
		}
	}
	for _, slot := range w.Scenario.Slots() {
		file, given := w.Programs[slot]
		if !given || reference[slot] {
			b, err := w.Scenario.Reference(slot)
			if err != nil {
				return nil, nil, err
			}
			file = program.File{Name: slot.Proc + ".wasm", Module: b}
		}
		files[slot] = program.File{Name: slot.Proc + ".wasm", Module: file.Module}
		refs = append(refs, grade.ProgramRef{Node: slot.Node, Proc: slot.Proc, Name: file.Name, Hash: hashOf(file.Module), Size: len(file.Module)})
	}
	return files, refs, nil
}

func hashOf(module []byte) string {
	sum := sha256.Sum256(module)
	return hex.EncodeToString(sum[:])
}

// Run grades files of Files once. A program that can't run is a result, too: a check that failed.
// run grades the lab that is built; it is grade.Grade where nothing is to be seen of it.
func (w *Work) Run(ctx context.Context, compile product.Compile, files map[format.Slot]program.File, o grade.Options, run func(*vnet.Lab, *scenario.Scenario, grade.Options) (*grade.Result, error)) (*grade.Result, error) {
	for _, slot := range w.Scenario.Slots() {
		err := program.Check(files[slot].Module)
		if err == nil {
			_, err = compile(ctx, files[slot].Name, files[slot].Module)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			return grade.Refused(w.Scenario, slot, err, o) // a check that failed, for its author
		}
	}
	lab, _, err := product.Build(ctx, w.Scenario, compile, product.Options{Programs: files, Window: -1, Seed: &w.Scenario.Seed})
	if err != nil {
		return nil, err
	}
	defer lab.Close()
	return run(lab, w.Scenario, o)
}
