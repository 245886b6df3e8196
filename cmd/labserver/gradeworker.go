package main

import (
	"context"
	"path/filepath"

	"wireloom/internal/batch"
	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/program"
	"wireloom/internal/report"
	"wireloom/internal/scenario"
)

// gradeWorker is the command that grade-all starts its processes with.
const gradeWorker = "grade-worker"

// runGradeWorker is a process of grade-all: jobs come in as lines, replies go out. It
// takes no notice of an interrupt, which is for who started it.
func runGradeWorker(ctx context.Context, args []string, io stdio) int {
	ctx = context.WithoutCancel(ctx)
	f := newFlags(io, gradeWorker, "[SCENARIO]", "Grades what labserver grade-all sends it, or labserver serve, which says with each job\nwhat it is of.")
	b := newBatchFlags(f)
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) > 1 {
		return wants(io, f, "one SCENARIO", rest)
	}
	if err := b.load(io); err != nil {
		return fail(io, err)
	}
	var read shelf
	if len(rest) == 1 {
		if _, err := read.scenario(rest[0]); err != nil {
			return fail(io, err)
		}
	}
	tuneGrading(int64(*b.memory) << 20)
	// Who started it has tried the cache, and said what is wrong with it.
	engine, err := product.NewEngine(ctx, product.EngineOptions{CacheDir: *b.cache, Trouble: func(error) {}})
	if err != nil {
		return fail(io, err)
	}
	defer closeEngine(io, engine)
	err = batch.Serve(io.in, io.out, uint64(*b.memory)<<20, func(j batch.Job) batch.Reply {
		name, audience := string(j.Scenario), j.Audience
		if len(rest) == 1 {
			name, audience = rest[0], *b.audience
		}
		src, err := read.scenario(name)
		if err != nil {
			return batch.Reply{Error: err.Error()}
		}
		reply, err := b.reply(ctx, src, engine, j, name, audience)
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

// A shelf is the scenario that was read last: jobs come in no order, and most are of one.
type shelf struct {
	name string
	src  *scenario.Scenario
}

func (s *shelf) scenario(name string) (*scenario.Scenario, error) {
	if s.src != nil && s.name == name {
		return s.src, nil
	}
	src, err := open.Scenario(name)
	if err != nil {
		return nil, err
	}
	s.name, s.src = name, src
	return src, nil
}

// reply grades a job for an audience.
func (b *batchFlags) reply(ctx context.Context, src *scenario.Scenario, engine *product.Engine, j batch.Job, name string, audience scenario.Audience) (*batch.Reply, error) {
	g, err := b.grading(src, engine, j.Student)
	if err != nil {
		return nil, err
	}
	g.inputs.Scenario = name
	if err := g.useJob(j); err != nil {
		return nil, err
	}
	res, err := g.run(ctx, audience, nil)
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
	read := map[string]program.File{} // a file may be for several slots
	for _, slot := range g.src.Slots() {
		path := string(j.Programs[slot.String()])
		f, ok := read[path]
		if !ok {
			b, err := batch.ReadProgram(string(j.Dir), path)
			if err != nil {
				return err
			}
			f = program.File{Name: report.FileName(path), Module: b}
			read[path] = f
		}
		g.programs[slot] = f
		g.inputs.Programs[slot.String()] = filepath.Join(string(j.Dir), path)
	}
	return nil
}
