package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	goio "io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"wireloom/internal/batch"
	"wireloom/internal/boot"
	"wireloom/internal/report"
	"wireloom/internal/terminal"
	"wireloom/scenarios"
)

// batchFlags are those that the command and its processes share: a process gets them
// as they were given.
type batchFlags struct {
	f        *flag.FlagSet
	seed     *uint64
	stage    *string
	audience *scenarios.Audience
	formats  []report.Format
	cache    *string
	memory   *int
}

func newBatchFlags(f *flag.FlagSet) *batchFlags {
	b := &batchFlags{
		f: f, seed: f.Uint64("seed", 0, "use this `number` instead of the scenario's seed"),
		stage: f.String("stage", "", "grade this stage alone, by `name`"), audience: audienceFlag(f), cache: cacheFlag(f),
		memory: f.Int("memory", 2048, "how many `MiB` of this machine's memory a submission may take, compiling aside"),
	}
	f.Func("format", "write a report of each submission in this `form`: text, json, junit, gradescope or html; several with commas", func(s string) error {
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
func (b *batchFlags) grading(src *boot.Source, engine *boot.Engine, student string) (*grading, error) {
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
	from := f.String("student-from", "none", "what a submission's student is: `name`, that of its file or folder, or none")
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
	case *from != "name" && *from != "none":
		return fail(io, fmt.Errorf("--student-from %s: want name or none", report.Line(*from)))
	}
	if *out == "" {
		*out = strings.TrimRight(filepath.Clean(rest[1]), string(os.PathSeparator)) + "-results"
	}
	src, err := boot.Find(rest[0])
	if err != nil {
		return fail(io, err)
	}
	if _, err := b.grading(src, nil, ""); err != nil {
		return fail(io, err)
	}
	subs, others, err := batch.Find(rest[1], parts(src.Scenario))
	if err != nil {
		return fail(io, err)
	}
	if err := batch.Prepare(*out); err != nil {
		return fail(io, err)
	}
	if len(others) > 0 {
		fmt.Fprintf(io.err, "not submissions: %s\n", report.Line(strings.Join(others, ", ")))
	}
	if len(src.Params) > 0 && *from == "none" {
		fmt.Fprintln(io.err, "the scenario has params, and all submissions get the same values: --student-from name gives each its own")
	}
	self, err := os.Executable()
	if err != nil {
		return fail(io, err)
	}
	student := func(name string) string {
		if *from == "name" {
			return name
		}
		return ""
	}
	child := slices.Concat([]string{gradeWorker, fmt.Sprintf("--memory=%d", *b.memory), "--cache=" + *b.cache}, b.what(), []string{"--", rest[0]})
	p := newProgress(io.err, len(subs))
	rows, err := batch.Run(ctx, subs, batch.Setting{
		Version: version(), Source: src.Digest(scenarios.Staff), Options: strings.Join(b.what(), " "), Student: student,
	}, batch.Options{
		Out: *out, Jobs: *jobs, Timeout: *timeout, Done: p.done,
		Command: func() *exec.Cmd { return exec.Command(self, child...) },
	})
	p.end()
	table := batch.NewTable(rows)
	text := table.Text()
	werr := errors.Join(batch.WriteFile(filepath.Join(*out, "table.txt"), []byte(text)), batch.WriteFile(filepath.Join(*out, "results.csv"), table.CSV()))
	switch {
	case err != nil && ctx.Err() != nil:
		return fail(io, fmt.Errorf("interrupted: %d of %d submissions are graded; the same command goes on", len(table.Rows), len(subs)))
	case err != nil:
		return fail(io, err)
	case werr != nil:
		return fail(io, werr)
	}
	if _, err := fmt.Fprintf(io.out, "%s\nresults in %s\n", text, *out); err != nil {
		return fail(io, err)
	}
	if slices.ContainsFunc(table.Rows, func(r *batch.Row) bool { return r.Status != batch.Graded }) {
		return exitFailed
	}
	return exitOK
}

// parts are the programs that a submission consists of.
func parts(sc *scenarios.Scenario) []batch.Part {
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

// gradeWorker is the command that grade-all starts its processes with.
const gradeWorker = "grade-worker"

// runGradeWorker is a process of grade-all: jobs come in as lines, replies go out. It
// takes no notice of an interrupt, which is for who started it.
func runGradeWorker(ctx context.Context, args []string, io stdio) int {
	ctx = context.WithoutCancel(ctx)
	f := newFlags(io, gradeWorker, "SCENARIO", "Grades what labserver grade-all sends it.")
	b := newBatchFlags(f)
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) != 1 {
		f.Usage()
		return exitError
	}
	src, err := boot.Find(rest[0])
	if err != nil {
		return fail(io, err)
	}
	engine, err := boot.OpenEngine(ctx, *b.cache)
	if err != nil {
		return fail(io, err)
	}
	defer closeEngine(io, engine)
	err = batch.Serve(io.in, io.out, uint64(*b.memory)<<20, func(j batch.Job) batch.Reply {
		reply, err := b.reply(ctx, src, engine, j, rest[0])
		if err != nil {
			return batch.Reply{Error: err.Error()}
		}
		return *reply
	})
	if err != nil {
		return fail(io, err)
	}
	return exitOK
}

// reply grades a job.
func (b *batchFlags) reply(ctx context.Context, src *boot.Source, engine *boot.Engine, j batch.Job, scenario string) (*batch.Reply, error) {
	g, err := b.grading(src, engine, j.Student)
	if err != nil {
		return nil, err
	}
	g.inputs.Scenario = scenario
	paths := map[scenarios.Slot]string{}
	for _, slot := range g.src.Slots() {
		paths[slot] = j.Programs[slot.String()]
	}
	if err := g.use(paths); err != nil {
		return nil, err
	}
	res, err := g.run(ctx, *b.audience, nil)
	if err != nil {
		return nil, err
	}
	r, err := g.report(ctx, res, b.formats...)
	if err != nil {
		return nil, err
	}
	reply := &batch.Reply{Report: r.Document(), Files: map[string][]byte{}}
	for _, format := range b.formats {
		if reply.Files[format.Suffix()], err = render(r, format, report.Terminal{}); err != nil {
			return nil, err
		}
	}
	return reply, nil
}

// progress shows how far a batch is: a bar on a terminal, else a line for each
// submission.
type progress struct {
	w     *terminal.Writer
	bar   bool
	total int
	n     int
	kept  int
	bad   int
}

func newProgress(w goio.Writer, total int) *progress {
	return &progress{w: terminal.NewWriter(w), bar: terminal.Is(w), total: total}
}

// progressWide is the width of the bar in letters.
const progressWide = 32

func (p *progress) done(row *batch.Row, kept bool) {
	p.n++
	if kept {
		p.kept++
	}
	if row.Status != batch.Graded {
		p.bad++
	}
	if !p.bar {
		note := row.Status
		switch {
		case kept:
			note = "graded before"
		case row.Error != "":
			note += ": " + report.Line(row.Error)
		}
		fmt.Fprintf(p.w, "%*d/%d  %s  %s\n", len(fmt.Sprint(p.total)), p.n, p.total, report.Line(row.Name), note)
		return
	}
	full := p.n * progressWide / p.total
	text := fmt.Sprintf("[%s%s] %d of %d", strings.Repeat("#", full), strings.Repeat("-", progressWide-full), p.n, p.total)
	if p.kept > 0 {
		text += fmt.Sprintf(", %d graded before", p.kept)
	}
	if p.bad > 0 {
		text += fmt.Sprintf(", %d could not be", p.bad)
	}
	p.w.Redraw(text)
}

func (p *progress) end() {
	if p.bar && p.n > 0 {
		fmt.Fprintln(p.w)
	}
}
