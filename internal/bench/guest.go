package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"wireloom/internal/product"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// settle is the virtual time that a program has to open its device.
const settle = time.Second

// guestFrames is how many frames a turn sends there and back.
const guestFrames = 20_000

// guest measures what it costs a C program to read a frame from its TAP and write
// one back: as a WebAssembly program in a lab, and, the same source, as a native
// program on a TAP of this machine's kernel. On both sides a second process sends
// the frames, so many at once, and takes those that come back.
func guest(ctx context.Context, rounds int) (r *Report, err error) {
	r = &Report{Title: "a frame to the C program echo and back, against the same program on a kernel TAP"}
	source, module, err := echo()
	if err != nil {
		return nil, err
	}
	e, err := product.OpenEngine(ctx, "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	wasmEcho, err := e.Compile(ctx, "echo.wasm", module)
	if err != nil {
		return nil, err
	}
	tap, err := newKernelTap(ctx, source)
	switch {
	case errors.Is(err, errNoTap):
		r.Notes = append(r.Notes, err.Error()+": only ours is measured")
	case err != nil:
		return nil, err
	default:
		defer tap.close()
	}
	for _, x := range []struct{ size, window int }{{64, 1}, {64, 32}, {1500, 32}} {
		rows, err := guestRows(ctx, rounds, x.size, x.window, wasmEcho, tap)
		if err != nil {
			return nil, fmt.Errorf("%d B, %d in flight: %w", x.size, x.window, err)
		}
		r.Rows = append(r.Rows, rows...)
	}
	r.Notes = append(r.Notes, "CPU time is that of both processes; the lab's event log and hash are on: 6 events a frame there and back")
	return r, nil
}

func guestRows(ctx context.Context, rounds, size, window int, prog sys.Program, tap *kernelTap) ([]Row, error) {
	frame := frameOf(size, 2, 1)
	lab := func(prog sys.Program) (contender, *echoLab, error) {
		l, err := newEchoLab(frame, window, prog)
		if err != nil {
			return nil, nil, err
		}
		return func() (cost, error) { return measure(func() (int, error) { return l.pass(guestFrames) }) }, l, nil
	}
	ours, l, err := lab(prog)
	if err != nil {
		return nil, err
	}
	defer l.lab.Close()
	inGo, l2, err := lab(goProgram(echoInGo))
	if err != nil {
		return nil, err
	}
	defer l2.lab.Close()
	contenders := []contender{ours, inGo}
	if tap != nil {
		contenders = append(contenders, func() (cost, error) { return tap.pass(ctx, size, guestFrames, window) })
	}
	columns, err := inTurns(ctx, rounds, contenders...)
	if err != nil {
		return nil, err
	}
	var peer column
	if tap != nil {
		peer = columns[2]
	}
	what := fmt.Sprintf("%d B, %d in flight", size, window)
	return []Row{
		against(what, "ns CPU/frame", columns[0].cpu(), peer.cpu(), number(spread(columns[0].allocs()).Median)+" allocations"),
		against(what, "ns/frame", columns[0].wall(), peer.wall(), ""),
		against(what+", echo in Go in the lab", "ns CPU/frame", columns[1].cpu(), peer.cpu(), ""),
	}, nil
}

// echoInGo is what the C program does.
func echoInGo(p *sys.Proc) errno.Errno {
	fd, e := p.Open("/dev/tap0", kern.O_RDWR)
	b := make([]byte, 2048)
	for e == errno.OK && !p.Dying() {
		var n int
		p.Charge(1)
		if n, e = p.Read(fd, b); e == errno.OK {
			p.Charge(1)
			_, e = p.Write(fd, b[:n])
		}
	}
	return e
}

// An echoLab is two nodes whose taps are connected: a program on b sends back what
// a sends it, window frames at a time.
type echoLab struct {
	lab    *vnet.Lab
	frame  []byte
	window int
	back   int // frames that have come back
	bad    error
}

func newEchoLab(frame []byte, window int, prog sys.Program) (*echoLab, error) {
	node := func(name string) config.Node {
		return config.Node{
			Name: name, Dialect: kern.NetBSD, Devices: []config.Device{{Name: "tap0"}},
			Programs: []config.Program{{Name: "user", Argv: []string{"echo", "/dev/tap0"}, Start: true}},
		}
	}
	lab, err := vnet.New(config.Lab{
		Name: "echo", Seed: 1,
		Nodes: []config.Node{node("b"), node("a")}, // b waits before a sends
		Links: []config.Link{{A: "a:tap0", B: "b:tap0"}},
	}, tapRuntime())
	if err != nil {
		return nil, err
	}
	l := &echoLab{lab: lab, frame: frame, window: window}
	err = lab.Install("b", "user", prog)
	if err == nil {
		err = lab.Install("a", "user", goProgram(l.feed))
	}
	if err != nil {
		lab.Close()
		return nil, err
	}
	lab.Start()
	return l, nil
}

// pass runs the lab until n frames or a few more have come back, and returns how
// many it were.
func (l *echoLab) pass(n int) (int, error) {
	before := l.back
	for l.bad == nil && l.back < before+n {
		// So few steps that what goes beyond n does not matter, so many that the
		// stops don't either.
		if l.lab.Run(vnet.Forever, l.lab.Steps()+100) {
			return 0, fmt.Errorf("nothing happens any more after %d frames: %s", l.back, l.state())
		}
	}
	return l.back - before, l.bad
}

// state says what has become of the processes.
func (l *echoLab) state() (s string) {
	for _, p := range l.lab.Status().Procs {
		s += p.Node + " is " + p.State
		if p.Exit != nil {
			s += fmt.Sprintf(" (%d %s)", p.Exit.Code, p.Exit.Why)
		}
		s += " "
	}
	return s
}

func (l *echoLab) feed(p *sys.Proc) errno.Errno {
	fd, e := p.Open("/dev/tap0", kern.O_RDWR)
	if e == errno.OK {
		// The other side opens its device first: its program may take a while to start.
		e = p.Sleep(settle)
	}
	b := make([]byte, 2048)
	for e == errno.OK && !p.Dying() {
		for i := 0; i < l.window && e == errno.OK; i++ {
			p.Charge(1)
			_, e = p.Write(fd, l.frame)
		}
		for i := 0; i < l.window && e == errno.OK; i++ {
			var n int
			p.Charge(1)
			if n, e = p.Read(fd, b); e == errno.OK {
				l.back++
				if n != len(l.frame) {
					l.bad = fmt.Errorf("a frame of %d bytes came back, want %d", n, len(l.frame))
				}
			}
		}
	}
	return e
}
