package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	goio "io"
	"math"
	"os"
	"time"

	"wireloom/internal/boot"
	"wireloom/internal/pcap"
	"wireloom/internal/session"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
)

// runChunk is how many steps a lab takes between two looks at whether the command
// was interrupted.
const runChunk = 100_000

func runRun(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "run", "SCENARIO [--for 10s]", `Runs the scenario's lab without its steps, as fast as the machine can, and shows what
its programs print.`)
	lf := newLabFlags(f)
	length := f.Duration("for", 10*time.Second, "how much virtual `time` to run")
	pcapFile := f.String("pcap", "", "write every frame to this `file`, as pcapng")
	eventFile := f.String("events", "", "write every event to this `file`, as a line of JSON each")
	strace := f.Bool("strace", false, "show the system calls of the programs, and the fuel used between two of them")
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) != 1 {
		return wants(io, f, "one SCENARIO (a program is given with --program)", rest)
	}
	if *length < 0 {
		return fail(io, fmt.Errorf("--for %v: want some time", *length))
	}
	src, engine, o, err := lf.open(ctx, rest[0])
	if err != nil {
		return fail(io, err)
	}
	defer closeEngine(io, engine)
	lab, _, err := src.Build(ctx, engine.Compile, o)
	if err != nil {
		return fail(io, err)
	}
	defer lab.Close()

	out := bufio.NewWriter(io.out)
	lab.Log().Subscribe(newTracer(out, *strace).show)
	var files []*watchFile
	for _, w := range []struct {
		name string
		make func(goio.Writer) (func(*event.Event) error, func() error, error)
	}{{*pcapFile, captureTo}, {*eventFile, eventsTo}} {
		if w.name == "" {
			continue
		}
		wf, err := openWatch(w.name, w.make)
		if err != nil {
			return fail(io, err)
		}
		built, _, _ := lab.Log().From(0, math.MaxInt) // what was logged while the lab was built
		for i := range built {
			wf.see(&built[i])
		}
		lab.Log().Subscribe(wf.see)
		files = append(files, wf)
	}
	lab.Start()
	for !lab.Run(*length, lab.Steps()+runChunk) {
		if ctx.Err() != nil {
			fmt.Fprintln(io.err, "labserver: interrupted")
			break
		}
	}
	for _, wf := range files {
		if err := wf.close(); err != nil {
			return fail(io, err)
		}
	}
	_, events := lab.Log().Bounds()
	fmt.Fprintf(out, "run %s  seed %d  %d events in %v of virtual time\n", lab.Log().Hash(), lab.Config().Seed, events, lab.Now())
	if err := out.Flush(); err != nil {
		return fail(io, err)
	}
	return exitOK
}

// A watchFile writes what it sees of a lab to a file; its first error is kept.
type watchFile struct {
	file   *os.File
	buf    *bufio.Writer
	write  func(*event.Event) error
	finish func() error
	err    error
}

func openWatch(name string, make func(goio.Writer) (func(*event.Event) error, func() error, error)) (*watchFile, error) {
	file, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	w := &watchFile{file: file, buf: bufio.NewWriterSize(file, 1<<16)}
	w.write, w.finish, err = make(w.buf)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return w, nil
}

func (w *watchFile) see(e *event.Event) {
	if w.err == nil {
		w.err = w.write(e)
	}
}

func (w *watchFile) close() error {
	return errors.Join(w.err, w.finish(), w.buf.Flush(), w.file.Close())
}

func captureTo(w goio.Writer) (func(*event.Event) error, func() error, error) {
	c, err := pcap.New(w)
	if err != nil {
		return nil, nil, err
	}
	return func(e *event.Event) error { return c.Event(e, "") }, c.Flush, nil
}

func eventsTo(w goio.Writer) (func(*event.Event) error, func() error, error) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	see := func(e *event.Event) error {
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
	return see, func() error { return nil }, nil
}

func runReplay(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "replay", "RECORDING", `Runs a recording of a live lab again and compares the hash. Exit code 0: the same; 1: not;
2: it could not be run.`)
	cache := cacheFlag(f)
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) != 1 {
		return wants(io, f, "one RECORDING", rest)
	}
	file, err := os.Open(rest[0])
	if err != nil {
		return fail(io, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fail(io, err)
	}
	engine, err := boot.OpenEngine(ctx, *cache)
	if err != nil {
		return fail(io, err)
	}
	defer closeEngine(io, engine)
	r, err := session.Replay(ctx, file, info.Size(), boot.Again(engine.Compile))
	if err != nil {
		return fail(io, err)
	}
	if !r.Same {
		fmt.Fprintf(io.out, "not the same\n  recorded  %s by %s\n  now       %s by %s\n  %s\n", r.WantHash, r.Version, r.Hash, version(), r.Why)
		return exitFailed
	}
	fmt.Fprintf(io.out, "the same\n  run %s  %d events in %v of virtual time\n", r.Hash, r.Events, r.At)
	return exitOK
}
