package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"wireloom/internal/diskfile"
	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/report"
	"wireloom/internal/scenario/grade"
)

// grading is the grading that a report is of. What the command line says goes before
// what the report says.
func (v *verifyFlags) grading(engine *product.Engine, file *report.File) (*grading, error) {
	h := &file.Head
	from := *v.scenario
	if from == "" {
		from = h.Inputs.Scenario
	}
	if from == "" {
		return nil, errors.New("a report in text does not say what it is of: give --scenario, --program, and --student, --stage, --seed and --audience as grade was given them")
	}
	if !open.IsBuiltin(from) {
		if err := named(from, diskfile.Usable(from)); err != nil {
			return nil, hinted(err, "the scenario", "--scenario SCENARIO")
		}
	}
	src, err := open.Scenario(from)
	if err != nil {
		return nil, err
	}
	g, err := newGrading(src, engine, h.Student, h.Stage, &h.Seed)
	if err != nil {
		return nil, err
	}
	g.inputs.Scenario, g.attempt, g.hints = from, h.Attempt, h.Hints
	if file.Format == report.Text {
		h.Scenario = g.src.Name
	}
	folder := *v.submission
	if folder == "" && len(v.programs) == 0 {
		folder = h.Inputs.Submission
	}
	if folder != "" {
		if err := named(folder, diskfile.Usable(folder)); err != nil {
			return nil, hinted(err, "what was handed in", "--submission FOLDER")
		}
		return g, g.take(folder)
	}
	paths, err := v.programs.paths(g.src)
	if err != nil {
		return nil, err
	}
	for _, slot := range g.src.Slots() {
		path, recorded := h.Inputs.Programs[slot.String()]
		if _, given := paths[slot]; given || !recorded {
			continue
		}
		if err := named(path, diskfile.Usable(path)); err != nil {
			return nil, hinted(err, "the program of "+slot.String(), "--program "+slot.String()+"=FILE")
		}
		paths[slot] = path
	}
	return g, g.use(paths)
}

// hinted says which option helps where a file is not where the report says.
func hinted(err error, what, option string) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is not where the report says (%w): give it with %s", what, err, option)
	}
	return err
}

// inputsMatch says of scenario, programs and version whether they are those of the
// report. Another version is no reason not to try.
func inputsMatch(io stdio, g *grading, file *report.File) (bool, error) {
	h := &file.Head
	same := true
	tell := func(what string, ok bool, then, now string) {
		if ok {
			fmt.Fprintf(io.out, "%-24s as in the report\n", what)
			return
		}
		fmt.Fprintf(io.out, "%-24s DIFFERS: the report says %s, here is %s\n", what, report.Line(then), report.Line(now))
	}
	tell("version", h.Version == version(), h.Version, version())
	if file.Format == report.Text {
		return true, nil // of the rest it says too little: its bytes are compared
	}
	if h.Scenario != g.src.Name {
		same = false
		tell("scenario", false, h.Scenario, g.src.Name)
	}
	digest := g.src.Digest(h.Audience)
	same = same && digest == h.Source
	tell("scenario "+g.src.Name, digest == h.Source, h.Source, digest)
	var refs []grade.ProgramRef
	if g.problem == nil {
		var err error
		if _, refs, err = g.files(); err != nil {
			return false, err
		}
	}
	then := map[string]string{}
	for _, p := range h.Programs {
		then[p.Slot] = p.Hash
	}
	for _, p := range refs {
		slot := p.Node + "." + p.Proc
		ok := then[slot] == p.Hash
		same = same && ok
		was := then[slot]
		if was == "" {
			was = "nothing"
		}
		tell("program "+slot, ok, was, strings.TrimSpace(p.Hash+" "+p.Name))
		if name := report.FileName(h.Inputs.Programs[slot]); ok && name != "" && name != p.Name {
			fmt.Fprintf(io.out, "%-24s is called %s there, and %s here\n", "", report.Line(name), report.Line(p.Name))
		}
		delete(then, slot)
	}
	for _, p := range h.Programs {
		if hash, left := then[p.Slot]; left {
			same = false
			tell("program "+report.Line(p.Slot), false, hash, "no such slot")
			delete(then, p.Slot)
		}
	}
	return same, nil
}

// rewritten grades for the audience of a report and writes that again. What files are
// called is the report's: their bytes have been compared.
func (g *grading) rewritten(ctx context.Context, io stdio, file *report.File) (*grade.Result, []byte, error) {
	h := &file.Head
	if file.Format != report.Text {
		for slot, f := range g.programs {
			f.Name = slot.Proc + ".wasm"
			if name, given := h.Inputs.Programs[slot.String()]; given {
				f.Name = report.FileName(name)
			}
			g.programs[slot] = f
		}
	}
	res, err := g.run(ctx, h.Audience, nil)
	if err != nil {
		return nil, nil, err
	}
	r, err := g.report(ctx, res, file.Format)
	if err != nil {
		return nil, nil, err
	}
	if h.Hidden && !res.Hidden {
		fmt.Fprintln(io.out, "something is withheld in the report, and nothing in the scenario here: it is the visible part")
	}
	if file.Signature != nil {
		r.SignedBy = file.Signature.Key.String()
	}
	for _, x := range []*grade.Result{r.Result, r.Visible, r.Full} {
		if x == nil {
			continue
		}
		x.Version = h.Version // that has been told
		if h.Hidden && x.Audience == h.Audience {
			x.Hidden = true // and so its totals and params
		}
		if file.Format != report.Text {
			for i := range x.Checks {
				x.Checks[i].File = open.FileOf(h.Inputs.Scenario)
			}
		}
	}
	if file.Format != report.Text {
		r.Inputs = h.Inputs
	}
	b, err := render(r, file.Format, report.Terminal{})
	if file.Format == report.Gradescope {
		res = r.Full // whose points are in it
	}
	return res, b, err
}
