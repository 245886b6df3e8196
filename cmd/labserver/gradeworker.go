package main

import (
	"context"
	"path/filepath"

	"wireloom/internal/batch"
	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/report"
	"wireloom/internal/scenario"
)

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
		return wants(io, f, "one SCENARIO", rest)
	}
	if err := b.load(io); err != nil {
		return fail(io, err)
	}
	src, err := open.Scenario(rest[0])
	if err != nil {
		return fail(io, err)
	}
	// Who started it has tried the cache, and said what is wrong with it.
	engine, err := product.NewEngine(ctx, product.EngineOptions{CacheDir: *b.cache, Trouble: func(error) {}})
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
func (b *batchFlags) reply(ctx context.Context, src *scenario.Scenario, engine *product.Engine, j batch.Job, scenario string) (*batch.Reply, error) {
	g, err := b.grading(src, engine, j.Student)
	if err != nil {
		return nil, err
	}
	g.inputs.Scenario = scenario
	if err := g.useJob(j); err != nil {
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
	r.SignedBy = b.signedBy()
	reply := &batch.Reply{Report: r.Document(), Files: map[string][]byte{}}
	for _, format := range b.formats {
		text, err := render(r, format, report.Terminal{})
		if err != nil {
			return nil, err
		}
		if b.key != nil {
			var beside []byte
			if text, beside = report.Sign(format, text, b.key); beside != nil {
				reply.Files[format.Suffix()+report.SignatureSuffix] = beside
			}
		}
		reply.Files[format.Suffix()] = text
	}
	return reply, nil
}

// useJob reads the programs of a job.
func (g *grading) useJob(j batch.Job) error {
	read := map[string]open.File{} // a file may be for several slots
	for _, slot := range g.src.Slots() {
		path := string(j.Programs[slot.String()])
		f, ok := read[path]
		if !ok {
			b, err := batch.ReadProgram(string(j.Dir), path)
			if err != nil {
				return err
			}
			f = open.File{Name: report.FileName(path), Module: b}
			read[path] = f
		}
		g.programs[slot] = f
		g.inputs.Programs[slot.String()] = filepath.Join(string(j.Dir), path)
	}
	return nil
}
