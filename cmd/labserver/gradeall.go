package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"wireloom/internal/batch"
	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/report"
	"wireloom/internal/scenario"
	"wireloom/internal/settings"
	"wireloom/internal/sign"
	"wireloom/internal/terminal"
)

// batchFlags are those that the command and its processes share: a process gets them
// as they were given.
type batchFlags struct {
	f        *flag.FlagSet
	seed     *uint64
	stage    *string
	audience *scenario.Audience
	formats  []report.Format
	cache    *string
	memory   *int
	signer   *signer
	key      *sign.Key // of the signer, once loaded
}

func newBatchFlags(f *flag.FlagSet) *batchFlags {
	b := &batchFlags{
		f: f, seed: f.Uint64("seed", 0, "use this `number` instead of the scenario's seed"),
		stage: f.String("stage", "", "grade this `stage` alone"), audience: audienceFlag(f), cache: cacheFlag(f),
		memory: f.Int("memory", 2048, "how many `MiB` of this machine's memory a submission may take, compiling aside"),
		signer: signFlag(f),
	}
	settings.ChoiceFlag(f, "format", "", report.Formats(), "write a report of each submission in this `form`: text, json, junit, gradescope or html; several with commas", func(s string) error {
		for name := range strings.SplitSeq(s, ",") {
			format, err := report.ParseFormat(name)
			if err != nil {
				return err
			}
			if !slices.Contains(b.formats, format) {
				b.formats = append(b.formats, format)
			}
		}
		return nil
	})
	return b
}

// load reads the key that reports are signed with, if one is given.
func (b *batchFlags) load(io stdio) (err error) {
	var outputs []output
	for _, f := range b.formats {
		outputs = append(outputs, output{f, "reports/NAME" + f.Suffix()})
	}
	if *b.signer.file != "" && len(outputs) == 0 {
		return errors.New("--sign: no report is written: say which with --format")
	}
	b.key, err = b.signer.load(io, outputs)
	return err
}

// signedBy is the public half of the key; "" if there is none.
func (b *batchFlags) signedBy() string {
	if b.key == nil {
		return ""
	}
	return b.key.Public().String()
}

// what are the flags on which results depend, as a command line.
func (b *batchFlags) what() []string {
	args := []string{"--audience=" + b.audience.String(), "--stage=" + *b.stage}
	if set(b.f, "seed") {
		args = append(args, fmt.Sprintf("--seed=%d", *b.seed))
	}
	for _, f := range b.formats {
		args = append(args, "--format="+string(f))
	}
	return args
}

func (b *batchFlags) check() error {
	if *b.memory < 64 || *b.memory > 1<<20 {
		return fmt.Errorf("--memory %d: want 64 to %d MiB", *b.memory, 1<<20)
	}
	return nil
}

// grading is that of a submission of a student.
func (b *batchFlags) grading(src *scenario.Scenario, engine *product.Engine, student string) (*grading, error) {
	var seed *uint64
	if set(b.f, "seed") {
		seed = b.seed
	}
	return newGrading(src, engine, student, *b.stage, seed)
}

func runGradeAll(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "grade-all", "SCENARIO DIR", `Grades the submissions in a folder: each .wasm file, or each folder where a submission
is several programs (NODE.PROGRAM.wasm, or the slot's word). Each gets a result and a line
in a table, also the one that hangs or crashes. Interrupted, the same command goes on where
it was. Exit code 0: all were graded; 1: some could not be; 2: it could not be run, or was
interrupted.`)
	b := newBatchFlags(f)
	out := f.String("out", "", "the `folder` for the results (default DIR-results)")
	jobs := f.Int("jobs", runtime.NumCPU(), "how many `processes` grade at once")
	timeout := f.Duration("timeout", 2*time.Minute, "how much real `time` a submission may take")
	from := batch.FromNone
	settings.ChoiceFlag(f, "student-from", "", batch.Froms(), "where a submission's student is found: in the `name` of its file or folder, in names as moodle, canvas or gradescope export them, in whichever of these fits all (auto), or none (default)", func(s string) (err error) {
		from, err = batch.ParseFrom(s)
		return err
	})
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) != 2 {
		return wants(io, f, "a SCENARIO and the DIR of submissions", rest)
	}
	switch err := b.check(); {
	case err != nil:
		return fail(io, err)
	case *jobs < 1 || *jobs > 1024:
		return fail(io, fmt.Errorf("--jobs %d: want 1 to 1024", *jobs))
	case *timeout <= 0:
		return fail(io, fmt.Errorf("--timeout %v: want some time", *timeout))
	}
	if *out == "" {
		*out = strings.TrimRight(filepath.Clean(rest[1]), string(os.PathSeparator)) + "-results"
	}
	if err := b.load(io); err != nil {
		return fail(io, err)
	}
	src, err := open.Scenario(rest[0])
	if err != nil {
		return fail(io, err)
	}
	if _, err := b.grading(src, nil, ""); err != nil {
		return fail(io, err)
	}
	found, err := batch.Find(rest[1], parts(src), from, *out)
	if err != nil {
		return fail(io, err)
	}
	if err := batch.Prepare(*out); err != nil {
		return fail(io, err)
	}
	if from != found.From {
		fmt.Fprintf(io.err, "students are found in names as for --student-from %s\n", found.From)
	}
	if n := len(found.Others); n > 0 {
		fmt.Fprintf(io.err, "not submissions: %s\n", others(found.Others))
	}
	if len(src.Params) > 0 && from == batch.FromNone {
		fmt.Fprintln(io.err, "the scenario has params, and all submissions get the same values: --student-from name gives each its own")
	}
	self, err := os.Executable()
	if err != nil {
		return fail(io, err)
	}
	cache, remove, err := sharedCache(io, *b.cache)
	if err != nil {
		return fail(io, err)
	}
	defer remove()
	child := slices.Concat([]string{gradeWorker, fmt.Sprintf("--memory=%d", *b.memory), "--cache=" + cache, "--sign=" + *b.signer.file}, b.what(), []string{"--", rest[0]})
	p := newProgress(io.err, len(found.Submissions))
	rows, err := batch.Run(ctx, found, batch.Setting{
		Version: version(), Source: src.Digest(scenario.Staff), Options: strings.TrimSpace(strings.Join(b.what(), " ") + " " + b.signedBy()),
	}, batch.Options{
		Out: *out, Jobs: *jobs, Timeout: *timeout, Done: p.done,
		Command: func() *exec.Cmd { return exec.Command(self, child...) },
	})
	p.end()
	table := batch.NewTable(rows)
	table.Others, table.Known = found.Others, src.Known()
	text := table.Text()
	werr := writeTable(*out, table, src, b.formats)
	switch {
	case err != nil && ctx.Err() != nil:
		return fail(io, fmt.Errorf("interrupted: %d of %d submissions are graded; the same command goes on", len(table.Rows), len(found.Submissions)))
	case err != nil:
		return fail(io, err)
	case werr != nil:
		return fail(io, werr)
	}
	if _, err := fmt.Fprintf(io.out, "%s\nresults in %s\n", text, terminal.Line(*out)); err != nil {
		return fail(io, err)
	}
	if slices.ContainsFunc(table.Rows, func(r *batch.Row) bool { return r.Status != batch.Graded }) {
		return exitFailed
	}
	return exitOK
}

// sharedCache is the folder in which the processes keep what they compile: that of the
// flag, or, where that can't be used, one that is removed in the end.
func sharedCache(io stdio, flag string) (dir string, remove func(), err error) {
	trouble := product.CheckCache(flag)
	if trouble == nil {
		return flag, func() {}, nil
	}
	sayTrouble(io, trouble)
	if dir, err = os.MkdirTemp("", "wireloom-cache-*"); err != nil {
		return "", nil, err
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil // it is for temporary files
}

// writeTable writes the table in each of its forms.
func writeTable(out string, t *batch.Table, sc *scenario.Scenario, formats []report.Format) error {
	page, err := t.Page(cmp.Or(sc.Title, sc.Name), sc.Name, formats)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range []struct {
		name string
		b    []byte
	}{{"table.txt", []byte(t.Text())}, {"table.html", page}, {"results.csv", t.CSV()}, {"results.json", t.JSON(formats)}} {
		errs = append(errs, batch.WriteFile(filepath.Join(out, f.name), f.b))
	}
	return errors.Join(errs...)
}

// others are the names of what is no submission, for a sentence.
func others(list []batch.Other) string {
	const limit = 8 // named
	var names []string
	for _, o := range list[:min(len(list), limit)] {
		names = append(names, o.Name)
	}
	s := strings.Join(names, ", ")
	if n := len(list) - limit; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	return s
}

// parts are the programs that a submission consists of.
func parts(sc *scenario.Scenario) []batch.Part {
	words, slots := sc.Words(), sc.Slots()
	var out []batch.Part
	for _, w := range words {
		p := batch.Part{Names: []string{w}}
		for _, s := range slots {
			if sc.Word(s) == w {
				p.Slots = append(p.Slots, s.String())
				p.Names = append(p.Names, s.String())
			}
		}
		out = append(out, p)
	}
	return out
}
