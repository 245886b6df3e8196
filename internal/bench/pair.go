package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"wireloom/internal/product"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// pairFrames is how many frames a turn sends.
const pairFrames = 20_000

// A pairCase is two programs that exchange frames, in the lab and natively.
type pairCase struct {
	what   string
	size   int
	window int     // frames that the sender has under way
	back   int     // frames that it waits for then
	ours   string  // the program that answers, in the lab
	theirs string  // and natively, where that is another
	goal   float64 // ratio of CPU time
}

var pairCases = []pairCase{
	{"write, switch, read: 64 B", 64, 32, 1, "sink", "sink", 0.12},
	{"write, switch, read: 1500 B", 1500, 32, 1, "sink", "sink", 0.2},
	{"round trip: 64 B", 64, 1, 1, "sink", "sink", 0.2},
	{"round trip: 1500 B", 1500, 1, 1, "sink", "sink", 0.25},
	{"round trip, Go and os.File answer: 64 B", 64, 1, 1, "relay", "sink", 0.35},
}

// pair measures two WebAssembly programs, each on a node of its own, that exchange
// frames over taps and a switch, against the same sources as native processes on
// kernel TAPs and a kernel bridge, both on one CPU.
func pair(ctx context.Context, rounds int) (r *Report, err error) {
	r = &Report{Title: "two WebAssembly programs on taps and a switch, against native processes on kernel TAPs and a bridge"}
	e, err := product.OpenEngine(ctx, "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	dir, err := root()
	if err != nil {
		return nil, err
	}
	source := func(name string) string {
		return filepath.Join(dir, "internal", "bench", "guests", name, name+".c")
	}
	kernel, err := buildNative(ctx, "bridge", part{"a", source("pump")}, part{"b", source("sink")})
	if err == nil {
		defer kernel.close()
		_, err = kernel.run(ctx, "10", "pump", "tap", "64", "10", "1", "1", "--", "sink", "tap", "1")
	}
	switch {
	case errors.Is(err, errNoTap):
		r.Notes = append(r.Notes, err.Error()+": only ours is measured")
		kernel = nil
	case err != nil:
		return nil, err
	}
	for _, c := range pairCases {
		row, err := c.row(ctx, rounds, e, kernel)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.what, err)
		}
		r.Rows = append(r.Rows, row)
	}
	r.Notes = append(r.Notes, "CPU time is that of both processes, per frame sent; the lab's event log and hash are on")
	return r, nil
}

func (c pairCase) row(ctx context.Context, rounds int, e *product.Engine, kernel *native) (Row, error) {
	programs := map[string]sys.Program{}
	for _, name := range []string{"pump", c.ours} {
		code, err := benchGuest(name)
		if err != nil {
			return Row{}, err
		}
		if programs[name], err = e.Compile(ctx, name+".wasm", code); err != nil {
			return Row{}, err
		}
	}
	args := []string{
		"pump", "/dev/tap0", strconv.Itoa(c.size), strconv.Itoa(pairFrames), strconv.Itoa(c.window), strconv.Itoa(c.back),
		"--", c.theirs, "/dev/tap0", strconv.Itoa(c.window),
	}
	sides := []contender{func() (cost, error) { return c.inLab(programs, args[:6]) }}
	if kernel != nil {
		sides = append(sides, func() (cost, error) { return kernel.run(ctx, append([]string{strconv.Itoa(pairFrames)}, args...)...) })
	}
	columns, err := inTurns(ctx, rounds, sides...)
	if err != nil {
		return Row{}, err
	}
	var peer []float64
	if kernel != nil {
		peer = columns[1].cpu()
	}
	return against(c.what, "ns CPU/frame", columns[0].cpu(), peer, "").goal(c.goal), nil
}

// inLab lets pump send its frames in a new lab.
func (c pairCase) inLab(programs map[string]sys.Program, pump []string) (cost, error) {
	answer := []string{c.ours, "/dev/tap0"}
	if c.ours == "sink" {
		answer = append(answer, strconv.Itoa(c.window))
	}
	node := func(name string, argv []string, start bool) config.Node {
		return config.Node{
			Name: name, Dialect: kern.NetBSD, Devices: []config.Device{{Name: "tap0"}},
			Programs: []config.Program{{Name: argv[0], Argv: argv, Start: start}},
		}
	}
	lab, err := vnet.New(config.Lab{
		Name: "pair", Seed: 1,
		Nodes:    []config.Node{node("a", pump, false), node("b", answer, true)},
		Switches: []config.Switch{{Name: "s1", Ports: 2}},
		Links:    []config.Link{{A: "a:tap0", B: "s1.1"}, {A: "b:tap0", B: "s1.2"}},
	}, tapRuntime())
	if err != nil {
		return cost{}, err
	}
	defer lab.Close()
	if err := errors.Join(lab.Install("a", "pump", programs["pump"]), lab.Install("b", c.ours, programs[c.ours])); err != nil {
		return cost{}, err
	}
	lab.Start()
	lab.Run(settle, vnet.NoLimit)
	if _, err := lab.Do(vnet.Start{Node: "a", Proc: "pump"}); err != nil {
		return cost{}, err
	}
	return measure(func() (int, error) {
		lab.Run(lab.Now()+time.Minute, vnet.NoLimit)
		for _, p := range lab.Status().Procs {
			if p.Node == "a" && p.Exit != nil && p.Exit.Code == 0 {
				return pairFrames, nil
			}
		}
		i := slices.IndexFunc(lab.Status().Procs, func(p sys.Status) bool { return p.Node == "a" })
		return 0, fmt.Errorf("pump has not ended well: %+v", lab.Status().Procs[i])
	})
}
