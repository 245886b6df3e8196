package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"wireloom/internal/product"
	"wireloom/internal/terminal"
	"wireloom/vnet"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
)

// runChunk is how many steps a lab takes between two looks at whether the command
// is to end: below a second of real time, whatever its programs compute.
const runChunk = 2_000

func runRun(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "run", "SCENARIO [--for 10s]", `Runs the scenario's lab without its steps, as fast as the machine can, and shows what
its programs print. Exit code 0: it ran to its end; 1: it was ended before, or an output
has not got all; 2: it could not be run.`)
	lf := newLabFlags(f)
	length := f.Duration("for", 10*time.Second, "how much virtual `time` to run")
	maxTime := f.Duration("max-time", 0, "how much real `time` to run, 0 for any")
	capture := newCaptureFlags(f)
	eventFile := f.String("events", "", "write every event to this `file`, as a line of JSON each")
	strace := f.Bool("strace", false, "show the system calls of the programs, and the fuel used between two of them")
	limit := capture.limit
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	switch {
	case len(rest) != 1:
		return wants(io, f, "one SCENARIO (a program is given with --program)", rest)
	case *length < 0:
		return fail(io, fmt.Errorf("--for %v: want some time", *length))
	case *maxTime < 0:
		return fail(io, fmt.Errorf("--max-time %v: want some time, or 0 for any", *maxTime))
	case capture.check() != nil:
		return fail(io, capture.check())
	}
	src, engine, o, err := lf.open(ctx, io, rest[0])
	if err != nil {
		return fail(io, err)
	}
	defer closeEngine(io, engine)
	lab, setup, err := product.Build(ctx, src, engine.Compile, o)
	if err != nil {
		return fail(io, err)
	}
	defer lab.Close()

	screen := terminal.NewWriter(io.out)
	shown := newOutlet("what is shown", "lines", painted{screen}, int64(*limit))
	tracer := newTracer(&shown.part, screen, *strace)
	shown.put = func(e *event.Event) error {
		tracer.show(e)
		return nil
	}
	shown.end = tracer.finish
	lab.Log().Subscribe(shown.see)
	loops := "" // what goes round, of the newest
	lab.Log().Subscribe(func(e *event.Event) {
		if e.Kind == event.Limit && e.Op == "loop" {
			loops = limitText(e)
		}
	})
	outlets := []*outlet{shown}
	for _, w := range []struct {
		name, what string
		make       func(*outlet) error
	}{{capture.file, "frames", func(o *outlet) error { return capture.begin(lab, o) }}, {*eventFile, "events", eventsTo}} {
		if w.name == "" {
			continue
		}
		out, err := openOutlet(w.name, w.what, int64(*limit), w.make)
		if err != nil {
			return fail(io, err)
		}
		built, _, _ := lab.Log().From(0, math.MaxInt) // what was logged while the lab was built
		for i := range built {
			out.see(&built[i])
		}
		lab.Log().Subscribe(out.see)
		outlets = append(outlets, out)
	}
	lab.Start()
	for _, t := range setup.Tries {
		for _, c := range t.Commands {
			if !t.Auto {
				break
			}
			if _, err := lab.Do(c); err != nil {
				return fail(io, fmt.Errorf("what begins by itself, %q: %w", t.Label, err))
			}
		}
	}
	if *maxTime > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, *maxTime, fmt.Errorf("ended after %v of real time, as --max-time says", *maxTime))
		defer cancel()
	}
	var short []error // why it has less than was asked for
	for !lab.Run(*length, lab.Steps()+runChunk) && len(short) == 0 {
		if ctx.Err() != nil {
			short = append(short, interrupted(ctx))
		}
	}
	switch {
	case lab.Halted() != "":
		short = append(short, fmt.Errorf("virtual time cannot go on: more than %d steps at one instant, %v%s", vnet.MaxInstant, lab.Now(), then(loops)))
	case len(short) > 0 && loops != "":
		short[0] = fmt.Errorf("%w%s", short[0], then(loops))
	}
	_, events := lab.Log().Bounds()
	shown.last = fmt.Sprintf("run %s  seed %d  %d events in %v of virtual time\n", lab.Log().Hash(), lab.Config().Seed, events, lab.Now())
	failed := false
	for _, out := range outlets {
		if err := out.close(); err != nil {
			fail(io, err)
			failed = true
		}
		if err := out.lacks(); err != nil {
			short = append(short, err)
		}
	}
	for _, err := range short {
		fail(io, err)
	}
	switch {
	case failed:
		return exitError
	case len(short) > 0:
		return exitFailed
	}
	return exitOK
}

// painted writes lines that labserver itself coloured.
type painted struct{ screen *terminal.Writer }

func (p painted) Write(b []byte) (int, error) {
	if err := p.screen.Painted(string(b)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// then is a sentence that follows another, nothing where it is empty.
func then(sentence string) string {
	if sentence == "" {
		return ""
	}
	return ". " + sentence
}

// interrupted is why ctx has ended.
func interrupted(ctx context.Context) error {
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return errors.New("interrupted")
}

func eventsTo(o *outlet) error {
	enc := json.NewEncoder(&o.part)
	enc.SetEscapeHTML(false)
	o.put = func(e *event.Event) error {
		line := map[string]any{"seq": e.Seq, "t": int64(e.At), "k": e.Kind.String(), "n": e.N}
		for k, s := range map[string]string{
			"node": e.Node, "proc": e.Proc, "port": e.Port, "peer": e.Peer, "path": e.Path, "op": e.Op, "text": e.Text, "data": hex.EncodeToString(e.Data),
		} {
			if s != "" {
				line[k] = s
			}
		}
		for k, n := range map[string]int64{"pid": int64(e.PID), "fd": int64(e.FD), "len": int64(e.Len), "began": int64(e.Began), "fuel": e.Fuel, "frame": int64(e.Frame)} {
			if n != 0 {
				line[k] = n
			}
		}
		if e.Errno != 0 {
			line["errno"] = errno.Errno(e.Errno).String()
		}
		return enc.Encode(line)
	}
	return nil
}
