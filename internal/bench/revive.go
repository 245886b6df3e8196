package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"wireloom/internal/journal"
	"wireloom/internal/keeper"
	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/recording"
	"wireloom/internal/session"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
	"wireloom/vnet"
)

const (
	reviveAge   = time.Hour       // of a busy lab
	reviveGoal  = 2 * time.Second // until it is back
	reviveMany  = 200             // labs that a server had when it was killed,
	reviveYoung = 2 * time.Minute // so old,
	reviveAll   = 15.0            // and seconds until all are back
)

// revive measures how long it takes until labs are back whose server was killed. Their
// journals are those of labs that lived in real time: a mark a second, somebody who types.
func revive(ctx context.Context, rounds int) (r *Report, err error) {
	r = &Report{
		Title: "labs that come back from their journals",
		Notes: []string{
			fmt.Sprintf("each had ping -i %s for an hour, 50 frames a second over two links each, a key typed each second, a line every ten, and a mark a second; the capture is made again, too", pingEvery),
			fmt.Sprintf("%d labs: ping, each %v old", reviveMany, reviveYoung),
		},
	}
	dir, err := os.MkdirTemp("", "wireloom-revive-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	e, err := product.OpenEngine(ctx, "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	h := &reviver{engine: e, dir: dir}
	for _, c := range []struct{ scenario, guest, peer string }{{"ping", "C", "10.0.0.2"}, {"switch", "Go", "10.4.0.2"}} {
		var took, used []float64
		var size int64
		for range rounds {
			id, n, err := h.write(ctx, c.scenario, c.peer, reviveAge)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.scenario, err)
			}
			size = n
			real, work, err := h.back(ctx, id)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.scenario, err)
			}
			took, used = append(took, real.Seconds()), append(used, work.Seconds())
		}
		row := figure(fmt.Sprintf("%s, a guest in %s, an hour old", c.scenario, c.guest), "s", spread(took), "")
		met := row.Ours.Max <= reviveGoal.Seconds()
		row.Goal, row.Met, row.Note = "<= "+number(reviveGoal.Seconds()), &met, fmt.Sprintf("a journal of %s MB", number(float64(size)/1e6))
		r.Rows = append(r.Rows, row, figure("  of it CPU time", "s", spread(used), ""))
	}
	var ids []string
	for range reviveMany {
		id, _, err := h.write(ctx, "ping", "10.0.0.2", reviveYoung)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	took, used, err := h.back(ctx, ids...)
	if err != nil {
		return nil, err
	}
	r.Rows = append(r.Rows, below(fmt.Sprintf("%d labs, until all are back", reviveMany), "s", took.Seconds(), reviveAll), figure("  of it CPU time", "s", one(used.Seconds()), ""))
	return r, nil
}

// A reviver writes journals, and has labs back from them.
type reviver struct {
	engine *product.Engine
	dir    string
	made   int
}

// write writes the journal of a lab that has lived for so long, and returns its id and size.
func (h *reviver) write(ctx context.Context, scenario, peer string, age time.Duration) (id string, size int64, err error) {
	src, err := open.BuiltinScenario(scenario)
	if err != nil {
		return "", 0, err
	}
	var modules [][]byte
	lab, setup, err := product.Build(ctx, src, h.engine.CompileOwn, product.Options{Module: func(b []byte) { modules = append(modules, b) }})
	if err != nil {
		return "", 0, err
	}
	defer lab.Close()
	journals, err := journal.OpenDir(filepath.Join(h.dir, "labs"))
	if err != nil {
		return "", 0, err
	}
	h.made++
	id = fmt.Sprintf("%026d", h.made)
	j, err := journals.Create(journal.About{ID: id, Version: "bench", Kind: store.LabVisitor, Created: time.Now().UTC()}, setup, lab.Config(), modules)
	if err != nil {
		return "", 0, err
	}
	do := func(c vnet.Command) error {
		if err := j.Command(recording.Recorded{At: int64(lab.Now()), Step: lab.Steps(), Command: c}); err != nil {
			return err
		}
		_, err := lab.Do(c)
		return err
	}
	lab.Start()
	err = do(vnet.Exec{Node: "alice", Line: "ping -i " + pingEvery + " " + peer})
	for at := time.Second; at <= age && err == nil; at += time.Second {
		lab.Run(at, vnet.NoLimit)
		err = do(vnet.Stdin{Node: "alice", Proc: "ping.1", Text: "x"})
		if err == nil && at%(10*time.Second) == 0 {
			err = do(vnet.Exec{Node: "alice", Line: "ping -c 1 " + peer})
		}
		_, events := lab.Log().Bounds()
		m := session.Mark{End: recording.End{At: int64(lab.Now()), Step: lab.Steps(), Events: events, Hash: lab.Log().Hash()}, Rate: session.RealTime}
		err = errors.Join(err, j.Mark(m))
	}
	return id, j.Size(), errors.Join(err, j.Close())
}

// back has labs back, all asked for at once, and returns how long that took until the last
// was there, and how much CPU time.
func (h *reviver) back(ctx context.Context, ids ...string) (took, used time.Duration, err error) {
	data, err := os.MkdirTemp(h.dir, "data-")
	if err != nil {
		return 0, 0, err
	}
	db, err := store.Open(ctx, store.Options{Dir: data})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	journals, err := journal.OpenDir(filepath.Join(h.dir, "labs"))
	if err != nil {
		return 0, 0, err
	}
	k, err := keeper.New(ctx, keeper.Config{
		Journals: journals, DB: db, Again: product.Relive, Compile: h.engine.CompileOwn, Session: session.Options{Dir: h.dir},
	})
	if err != nil {
		return 0, 0, err
	}
	began, before := time.Now(), cpu()
	errs := make([]error, len(ids))
	var all sync.WaitGroup
	for i, id := range ids {
		all.Go(func() {
			l, err := k.Get(ctx, id, visitor.Client{Address: fmt.Sprint(i)})
			if err == nil {
				err = l.Wait(ctx)
			}
			if err == nil && l.Reason() != "" {
				err = errors.New(l.Reason())
			}
			errs[i] = err
		})
	}
	all.Wait()
	took, used = time.Since(began), cpu()-before
	err = errors.Join(errors.Join(errs...), k.Close(ctx, "it is measured"))
	for _, id := range ids {
		err = errors.Join(err, journals.Remove(id))
	}
	return took, used, err
}
