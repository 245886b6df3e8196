package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"wireloom/internal/product"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// restGoal is how many KiB a program in Go may take that waits.
const restGoal = 1536

// spawn measures the second and further instances of a program: from start to end in
// the lab, against fork and exec of the same program native, and the memory of one
// that waits on its device.
func spawn(ctx context.Context, rounds int) (r *Report, err error) {
	r = &Report{Title: "one more instance of a program, against fork and exec of the same one native"}
	e, err := product.OpenEngine(ctx, "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	dir, err := root()
	if err != nil {
		return nil, err
	}
	guests := filepath.Join(dir, "internal", "bench", "guests")
	peer, err := buildNative(ctx, "spawn")
	switch {
	case errors.Is(err, errNoTap):
		r.Notes = append(r.Notes, err.Error()+": only ours is measured")
		peer = nil
	case err != nil:
		return nil, err
	default:
		defer peer.close()
	}
	for _, c := range []struct {
		name  string
		lang  string
		count int
		goal  float64
		build []string // how the native one is built, its output and source to follow
	}{
		{"hi", "C", 200, 0.15, []string{"cc", "-O2", "-o"}},
		{"hello", "Go", 20, 5, []string{"go", "build", "-trimpath", "-tags=native", "-o"}},
	} {
		code, err := benchGuest(c.name)
		if err != nil {
			return nil, err
		}
		prog, err := e.Compile(ctx, c.name+".wasm", code)
		if err != nil {
			return nil, err
		}
		sides := []contender{func() (cost, error) { return instances(prog, c.count) }}
		if peer != nil {
			bin := filepath.Join(peer.dir, c.name)
			source := filepath.Join(guests, c.name, c.name+".c")
			if c.lang == "Go" {
				source = "./" + filepath.ToSlash(filepath.Join("internal", "bench", "guests", c.name))
			}
			build := exec.CommandContext(ctx, c.build[0], append(c.build[1:], bin, source)...)
			build.Dir = dir
			if out, err := build.CombinedOutput(); err != nil {
				return nil, fmt.Errorf("%v: %w\n%s", build.Args, err, out)
			}
			sides = append(sides, func() (cost, error) { return peer.run(ctx, strconv.Itoa(c.count), bin) })
		}
		columns, err := inTurns(ctx, rounds, sides...)
		if err != nil {
			return nil, err
		}
		var theirs []float64
		if peer != nil {
			theirs = columns[1].cpu()
		}
		r.Rows = append(r.Rows, against("start and end, "+c.lang, "ns CPU", columns[0].cpu(), theirs, "").goal(c.goal))
	}
	for _, c := range []struct {
		name, lang string
		argv       []string
		count      int
	}{
		{"sink", "C", []string{"sink", "/dev/tap0", "1"}, 1000},
		{"relay", "Go", []string{"relay", "/dev/tap0"}, 100},
	} {
		code, err := benchGuest(c.name)
		if err != nil {
			return nil, err
		}
		prog, err := e.Compile(ctx, c.name+".wasm", code)
		if err != nil {
			return nil, err
		}
		kib, err := idle(prog, c.argv, c.count)
		if err != nil {
			return nil, err
		}
		row := figure("memory of an idle instance, "+c.lang, "KiB", one(kib), "")
		if c.lang == "Go" {
			row = row.atMost(restGoal)
		}
		r.Rows = append(r.Rows, row)
	}
	r.Notes = append(r.Notes, "an idle instance has opened a tap of its own node and waits in read; its node is counted")
	return r, nil
}

// instances runs a program so many times, one after the other, in a lab.
func instances(prog sys.Program, count int) (cost, error) {
	lab, err := vnet.New(config.Lab{
		Name: "spawn", Seed: 1,
		Nodes: []config.Node{{Name: "a", Dialect: kern.NetBSD, Programs: []config.Program{{Name: "user"}}}},
	}, tapRuntime())
	if err != nil {
		return cost{}, err
	}
	defer lab.Close()
	if err := lab.Install("a", "user", prog); err != nil {
		return cost{}, err
	}
	lab.Start()
	return measure(func() (int, error) {
		for range count {
			if _, err := lab.Do(vnet.Start{Node: "a", Proc: "user"}); err != nil {
				return 0, err
			}
			lab.Run(lab.Now()+time.Second, vnet.NoLimit)
			if p := lab.Status().Procs[0]; p.Exit == nil || p.Exit.Code != 0 {
				return 0, fmt.Errorf("the program has not ended well: %+v", p)
			}
		}
		return count, nil
	})
}

// idle is how many KiB of the process' memory each of so many instances keeps.
func idle(prog sys.Program, argv []string, count int) (kib float64, err error) {
	level(-1)
	before := shares()
	var labs []*vnet.Lab
	defer func() {
		for _, l := range labs {
			l.Close()
		}
	}()
	const nodes = 50
	for made := 0; made < count; made += nodes {
		conf := config.Lab{Name: "idle", Seed: 1, Memory: 1 << 30} // fifty programs in Go have more than a lab usually may
		for i := range nodes {
			conf.Nodes = append(conf.Nodes, config.Node{
				Name: fmt.Sprintf("n%d", i), Dialect: kern.NetBSD, Devices: []config.Device{{Name: "tap0"}},
				Programs: []config.Program{{Name: "user", Argv: argv, Start: true}},
			})
		}
		lab, err := vnet.New(conf, tapRuntime())
		if err != nil {
			return 0, err
		}
		labs = append(labs, lab)
		for i := range nodes {
			if err := lab.Install(fmt.Sprintf("n%d", i), "user", prog); err != nil {
				return 0, err
			}
		}
		lab.Start()
		lab.Run(settle, vnet.NoLimit)
		for _, p := range lab.Status().Procs {
			if p.State != "sleeping" {
				return 0, fmt.Errorf("an instance is not idle: %+v", p)
			}
		}
	}
	level(-1)
	return (shares() - before) / 1024 / float64(count), nil
}
