package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"wireloom/internal/budget"
)

// The goals of the page, whatever a program does.
const (
	pageFrames  = 30  // frames that the browser draws a second
	pageLatency = 300 // ms from a click to what is seen of it
	pageHeap    = 100 // MB of the page's own memory
	pageMemory  = 512 // MB resident of the server
)

const (
	pageFor    = 20 * time.Second // with each program
	pageSample = 100 * time.Millisecond
)

// pagePrograms are what the page is used with; nil is the reference, which pings.
var pagePrograms = []struct {
	name   string
	module func() []byte
}{
	{"pings", nil},
	{"prints", printer},
	{"floods", flooder},
	{"spins", spinner},
	{"eats memory", eater},
}

// page drives the page in headless Chromium, against a server of its own, while a
// program does what it should not: it clicks pause, step, run, kill and start, and
// looks how long it is until each is seen. It is one long measurement, whatever the
// number of rounds.
func page(ctx context.Context, _ int) (r *Report, err error) {
	dir, err := root()
	if err != nil {
		return nil, err
	}
	tmp, err := os.MkdirTemp("", "wireloom-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	s, err := startServer(ctx, filepath.Join(dir, "bin", "labserver"), tmp)
	if err != nil {
		return nil, fmt.Errorf("run make build: %w", err)
	}
	defer s.stop()
	r = &Report{
		Title: "a person at the page, in headless Chromium, while a program does what it should not",
		Notes: []string{
			"latency: from the click, as the browser's own process got it, to the frame that shows what came of it",
			"a second's frames are those that the page drew; browser, server and program share this machine's cores",
			"memory of the server is the largest while it was measured, of all its labs so far",
		},
	}
	for _, p := range pagePrograms {
		file := ""
		if p.module != nil {
			file = filepath.Join(tmp, strings.ReplaceAll(p.name, " ", "-")+".wasm")
			if err := os.WriteFile(file, p.module(), 0o666); err != nil {
				return nil, err
			}
		}
		found, err := browse(ctx, dir, s, file)
		if err != nil {
			return nil, fmt.Errorf("a program that %s: %w", p.name, err)
		}
		r.Rows = append(r.Rows, found.rows(p.name, p.module != nil)...)
	}
	return r, nil
}

// A visitFound is what a visit to the page came to, as web/e2e/hostile.mjs prints it.
type visitFound struct {
	Frames    []float64            `json:"frames"`    // drawn in each second
	Latencies map[string][]float64 `json:"latencies"` // ms, by control
	Heap      float64              `json:"heap"`      // bytes
	Rows      float64              `json:"rows"`      // elements in the document
	Left      string               `json:"left"`      // what the page says of its rows

	memory float64 // bytes of the server
}

// rows are the figures of a visit; those with a program that does harm have goals.
func (v *visitFound) rows(when string, harm bool) []Row {
	atLeast, atMost := noGoal, noGoal
	if harm {
		atLeast, atMost = above, below
	}
	frames := spread(v.Frames)
	var all []float64
	var parts []string
	for _, name := range []string{"pause", "step", "run", "kill", "start"} {
		all = append(all, v.Latencies[name]...)
		parts = append(parts, fmt.Sprintf("%s %s", name, number(spread(v.Latencies[name]).Median)))
	}
	latency := spread(all)
	row := atMost(when+": click to effect, median", "ms", latency.Median, pageLatency)
	row.Note = strings.Join(parts, ", ")
	worst := atMost(when+": click to effect, most", "ms", latency.Max, pageLatency)
	worst.Note = fmt.Sprintf("of %d clicks", len(all))
	heap := atMost(when+": page's heap", "MB", v.Heap/1e6, pageHeap)
	heap.Note = fmt.Sprintf("%s elements; %s", number(v.Rows), v.Left)
	rows := []Row{
		atLeast(when+": frames a second, median", "1/s", frames.Median, pageFrames),
		atLeast(when+": frames, worst second", "1/s", frames.Min, pageFrames),
		row, worst, heap,
	}
	if v.memory > 0 {
		rows = append(rows, atMost(when+": server's memory", "MB resident", v.memory/1e6, pageMemory))
	}
	return rows
}

// A servedPage is a labserver in a process of its own.
type servedPage struct {
	url string
	cmd *exec.Cmd
}

var servedAt = regexp.MustCompile(`https?://\S+`)

func startServer(ctx context.Context, program, tmp string) (*servedPage, error) {
	cmd := exec.CommandContext(ctx, program, "serve", "--addr", "127.0.0.1:0", "--cache", filepath.Join(tmp, "cache"))
	cmd.Stderr = io.Discard // its log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &servedPage{cmd: cmd}
	lines := bufio.NewScanner(out)
	for s.url == "" && lines.Scan() {
		s.url = servedAt.FindString(lines.Text())
	}
	if s.url == "" {
		s.stop()
		return nil, errors.New("labserver does not say where it is")
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // nothing that it says after that is wanted
	return s, nil
}

func (s *servedPage) stop() {
	_ = s.cmd.Process.Signal(os.Interrupt) // it may have ended already,
	_ = s.cmd.Wait()                       // and how is not what is measured
}

// browse has a browser use the page with a program, "" for the one that is there.
func browse(ctx context.Context, dir string, s *servedPage, program string) (*visitFound, error) {
	cmd := exec.CommandContext(ctx, "node", filepath.Join(dir, "web", "e2e", "hostile.mjs"))
	cmd.Env = append(
		os.Environ(), "WIRELOOM_URL="+s.url, "WIRELOOM_PROGRAM="+program,
		"WIRELOOM_SECONDS="+strconv.Itoa(int(pageFor/time.Second)),
	)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	var memory []float64
	for {
		select {
		case err := <-done:
			if err != nil {
				return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
			}
			found := &visitFound{}
			if err := json.Unmarshal(out.Bytes(), found); err != nil {
				return nil, fmt.Errorf("what the browser's driver printed: %w", err)
			}
			if len(memory) > 0 {
				found.memory = slices.Max(memory)
			}
			return found, nil
		case <-time.After(pageSample):
			memory = append(memory, float64(budget.Resident(s.cmd.Process.Pid)))
		}
	}
}
