package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"maps"
	"slices"
	"strings"

	"wireloom/internal/product"
	"wireloom/internal/program"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/grade"
	"wireloom/vnet/event"
	"wireloom/vnet/sys"
	"wireloom/wasm"
)

// A trace is what a run put onto its links and devices: for each of them a hash of
// its frames in their order. Times are not in it.
type trace map[string][sha256.Size]byte

func (t trace) equal(u trace) bool { return maps.Equal(t, u) }

// A tracer makes a trace of a lab's events.
type tracer map[string]hash.Hash

func (t tracer) see(e *event.Event) {
	var where string
	switch {
	case e.Kind == event.Frame && e.Op == "":
		where = e.Port
	case e.Kind == event.Call && e.Op == "write" && strings.HasPrefix(e.Path, "/dev/t"):
		where = e.Node + e.Path
	default:
		return
	}
	h := t[where]
	if h == nil {
		h = sha256.New()
		t[where] = h
	}
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(e.Data)))
	h.Write(size[:])
	h.Write(timeless(e.Data))
}

// timeless is a frame or packet without the time that ping(8) puts into its data, nor
// the checksum over it: a program that is a little slower is no other program.
func timeless(data []byte) []byte {
	const icmpLen, stamp, large = 8, 8, 56 // what ping writes the time into, in the data that it sends
	ip := 0
	switch {
	case len(data) >= 14 && data[12] == 0x08 && data[13] == 0x00:
		ip = 14
	case len(data) >= 5 && data[0] == 0 && data[4]>>4 == 4: // a tun's, behind its address family
		ip = 4
	}
	if len(data) < ip+20 || data[ip]>>4 != 4 || data[ip+9] != 1 {
		return data
	}
	icmp := ip + int(data[ip]&15)*4
	if len(data) < icmp+icmpLen+large || data[icmp] != 0 && data[icmp] != 8 {
		return data
	}
	out := bytes.Clone(data)
	clear(out[icmp+2 : icmp+4])
	clear(out[icmp+icmpLen : icmp+icmpLen+stamp])
	return out
}

func (t tracer) trace() trace {
	out := trace{}
	for where, h := range t {
		out[where] = [sha256.Size]byte(h.Sum(nil))
	}
	return out
}

// A grader runs programs in a scenario.
type grader struct {
	compile product.Compile
	fuel    int64 // that a program may use
}

// Fuel of the programs. A mutant that spins keeps us waiting for as long as it has some.
const (
	enough     = 100_000_000 // for any program of the course, in C or in Go
	mutantFuel = 5_000_000   // many times what a reference in C uses
)

// interpreter is a grader that interprets programs: what runs for a few
// milliseconds is not worth compiling. It gives the same results.
func interpreter(ctx context.Context, fuel int64) (*grader, func() error, error) {
	e, err := wasm.NewEngine(ctx, wasm.Options{Interpreter: true})
	if err != nil {
		return nil, nil, err
	}
	compile := func(ctx context.Context, name string, module []byte) (sys.Program, error) {
		p, err := e.Compile(ctx, name, module)
		if err != nil {
			return nil, err
		}
		return p, nil
	}
	return &grader{compile, fuel}, e.Close, nil
}

// grade grades a module in all the slots of a lesson.
func (g *grader) grade(ctx context.Context, src *scenario.Scenario, module []byte, o grade.Options) (*grade.Result, trace, error) {
	programs := map[format.Slot]program.File{}
	for _, slot := range src.Slots() {
		programs[slot] = program.File{Name: slot.Proc + ".wasm", Module: module}
	}
	lab, _, err := product.Build(ctx, limited(src, g.fuel), g.compile, product.Options{Programs: programs, Window: -1})
	if err != nil {
		return nil, nil, err
	}
	defer lab.Close()
	t := tracer{}
	lab.Log().Subscribe(t.see)
	res, err := grade.Grade(lab, src, o)
	if errors.Is(err, grade.ErrTooLong) {
		err = nil // a check of the result says so
	}
	if err != nil {
		return nil, nil, err
	}
	return res, t.trace(), nil
}

// limited is a scenario whose slots have so much fuel.
func limited(src *scenario.Scenario, fuel int64) *scenario.Scenario {
	sc := *src
	sc.Lab.Nodes = slices.Clone(sc.Lab.Nodes)
	for i := range sc.Lab.Nodes {
		n := &sc.Lab.Nodes[i]
		n.Programs = slices.Clone(n.Programs)
		for j := range n.Programs {
			if n.Programs[j].Slot {
				n.Programs[j].Fuel = fuel
			}
		}
	}
	return &sc
}
