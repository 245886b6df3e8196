package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/scenario"
	"wireloom/vnet"
)

// Goals of hosts, as ratios: of the time from nothing to the first answered ping at 250 of
// them, to network namespaces and to Mininet; and to a namespace of the memory of one that
// does nothing. And of labserver grade, with a program that was graded before.
const (
	startGoal = 0.03
	mnGoal    = 0.006
	idleGoal  = 0.2
	warmGoal  = 50e6 // ns of CPU

	manyHosts = 250
	warmRuns  = 10
)

// fromNothing measures how long it takes until hosts on a switch are there and the first one's
// ping to the last is answered, beside as many network namespaces of this machine on a
// bridge, and what an idle one takes of memory; then what labserver grade takes from its
// start to its end.
func fromNothing(ctx context.Context, rounds int) (*Report, error) {
	r := &Report{
		Title: "hosts from nothing to the first answered ping, beside network namespaces, and a grading from start to end",
		Notes: []string{"namespaces are made by one ip -batch, each with one end of a veth pair, the other on a bridge; the first pings the last"},
	}
	peer := true
	for _, n := range []int{2, 10, 50, 100, manyHosts, 1000} {
		turns := []contender{func() (cost, error) {
			return measure(func() (int, error) { return 1, firstPing(ctx, n) })
		}}
		if peer && n <= manyHosts {
			turns = append(turns, func() (cost, error) { return namespaces(ctx, n) })
		}
		columns, err := inTurns(ctx, rounds, turns...)
		if errors.Is(err, errNoNamespaces) {
			r.Notes = append(r.Notes, "not beside namespaces: "+err.Error())
			peer = false
			columns, err = inTurns(ctx, rounds, turns[0])
		}
		if err != nil {
			return nil, fmt.Errorf("%d hosts: %w", n, err)
		}
		var theirs []float64
		if len(columns) > 1 {
			theirs = columns[1].wall()
		}
		row := against(fmt.Sprintf("%d hosts", n), "ns", columns[0].wall(), theirs, fmt.Sprintf("%.0f us a host", columns[0].wall()[0]/1e3/float64(n)))
		if n == manyHosts {
			row = row.goal(startGoal)
		}
		r.Rows = append(r.Rows, row)
	}
	columns, theirs, err := beside(ctx, rounds, r, "Mininet", func() (cost, error) {
		return measure(func() (int, error) { return 1, firstPing(ctx, manyHosts) })
	}, "firstping.py", strconv.Itoa(manyHosts))
	if err != nil {
		return nil, err
	}
	r.Rows = append(r.Rows, against(fmt.Sprintf("%d hosts, Mininet's", manyHosts), "ns", columns[0].wall(), theirs, "").goal(mnGoal))
	idle, err := idleHost(ctx)
	if err != nil {
		return nil, err
	}
	if bytes, err := idleNamespace(ctx); err != nil {
		r.Notes = append(r.Notes, "no memory of a namespace: "+err.Error())
		r.Rows = append(r.Rows, figure("an idle host", "B", one(idle), ""))
	} else {
		r.Rows = append(r.Rows, against("an idle host", "B", []float64{idle}, []float64{bytes}, "of a node with its stack, in a lab of a thousand").goal(idleGoal))
	}
	return r, warmGrade(ctx, r)
}

// firstPing builds a lab of n hosts and runs it until the first host's ping to the last is
// answered.
func firstPing(ctx context.Context, n int) error {
	sc, err := manyOnASwitch(n, firstToLast(n))
	if err != nil {
		return err
	}
	return passes(ctx, sc)
}

// firstToLast is the step in which the first of n hosts pings the last.
func firstToLast(n int) string { return "ping: {node: h1, count: 1, to: " + hostAddress(n-1) + "}" }

// manyOnASwitch is a scenario of n hosts with one step.
func manyOnASwitch(n int, step string) (*scenario.Scenario, error) {
	var y strings.Builder
	y.WriteString("scenario: bench\ntitle: Hosts on a switch\nnodes:\n")
	for i := range n {
		fmt.Fprintf(&y, "  h%d: {nics: {em0: {port: s1.%d, address: %s/16}}}\n", i+1, i+1, hostAddress(i))
	}
	fmt.Fprintf(&y, "switches: {s1: {ports: %d}}\nsteps:\n  - {id: done, %s, points: 1}\n", n, step)
	return scenario.Parse(scenarioFile, []byte(y.String()))
}

func hostAddress(i int) string { return fmt.Sprintf("10.0.%d.%d", (i+1)/250, (i+1)%250+1) }

// runs counts what was made of namespaces.
var runs atomic.Int64

// errNoNamespaces is why there are none to compare with.
var errNoNamespaces = errors.New("this needs Linux, root and iproute2")

// namespaces makes n network namespaces on a bridge, has the first ping the last, and takes
// them away, which is not measured.
func namespaces(ctx context.Context, n int) (c cost, err error) {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		return c, errNoNamespaces
	}
	var make, undo bytes.Buffer
	run := runs.Add(1) // a name may be in use for a while after it was taken away
	fmt.Fprintf(&make, "link add wlb%[1]d type bridge\nlink set wlb%[1]d up\n", run)
	fmt.Fprintf(&undo, "link del wlb%d\n", run)
	for i := range n {
		fmt.Fprintf(&make, "netns add wlb%[1]d-%[2]d\nlink add wlb%[1]dv%[2]d type veth peer name em0 netns wlb%[1]d-%[2]d\nlink set wlb%[1]dv%[2]d master wlb%[1]d up\n", run, i)
		fmt.Fprintf(&undo, "netns del wlb%d-%d\n", run, i)
	}
	defer func() {
		if out, uerr := ip(ctx, undo.String(), "-force"); uerr != nil && err == nil {
			err = fmt.Errorf("%w\n%s", uerr, out)
		}
	}()
	began := time.Now()
	if out, err := ip(ctx, make.String()); err != nil {
		return c, fmt.Errorf("%w: %w: %s", errNoNamespaces, err, out)
	}
	for _, i := range []int{0, n - 1} {
		in := fmt.Sprintf("wlb%d-%d", run, i)
		if _, err := ip(ctx, fmt.Sprintf("addr add %s/16 dev em0\nlink set em0 up\n", hostAddress(i)), "-n", in); err != nil {
			return c, err
		}
	}
	if out, err := exec.CommandContext(ctx, "ip", "netns", "exec", fmt.Sprintf("wlb%d-0", run), "ping", "-c", "1", "-W", "5", hostAddress(n-1)).CombinedOutput(); err != nil {
		return c, fmt.Errorf("ping: %w\n%s", err, out)
	}
	c.wall = float64(time.Since(began).Nanoseconds())
	return c, nil
}

// ip runs the lines of a batch.
func ip(ctx context.Context, lines string, flags ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "ip", append(flags, "-batch", "-")...)
	cmd.Stdin = strings.NewReader(lines)
	return cmd.CombinedOutput()
}

// idleHost is how many bytes of heap a host takes that does nothing.
func idleHost(ctx context.Context) (float64, error) {
	const n = 1000
	sc, err := manyOnASwitch(n, firstToLast(n))
	if err != nil {
		return 0, err
	}
	before := level(-1)
	lab, _, err := product.Build(ctx, sc, nil, product.Options{Window: -1})
	if err != nil {
		return 0, err
	}
	lab.Run(time.Second, vnet.NoLimit)
	after := level(-1)
	runtime.KeepAlive(sc)
	lab.Close()
	return (after.heap - before.heap) / n, nil
}

// idleNamespace is how many bytes of the machine's memory a namespace takes.
func idleNamespace(ctx context.Context) (float64, error) {
	const n = 100
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		return 0, errNoNamespaces
	}
	free := func() (float64, error) {
		b, err := os.ReadFile("/proc/meminfo")
		if err != nil {
			return 0, err
		}
		_, rest, _ := strings.Cut(string(b), "MemAvailable:")
		var kb float64
		_, err = fmt.Sscan(rest, &kb)
		return kb * 1024, err
	}
	var make, undo strings.Builder
	run := runs.Add(1)
	for i := range n {
		fmt.Fprintf(&make, "netns add wlb%[1]d-%[2]d\nlink add wlb%[1]dv%[2]d type veth peer name em0 netns wlb%[1]d-%[2]d\n", run, i)
		fmt.Fprintf(&undo, "netns del wlb%d-%d\n", run, i)
	}
	before, err := free()
	if err != nil {
		return 0, err
	}
	_, err = ip(ctx, make.String())
	after, ferr := free()
	_, uerr := ip(ctx, undo.String(), "-force")
	return (before - after) / n, errors.Join(err, ferr, uerr)
}

// warmGrade measures labserver grade as a student waits for it: the program was graded
// often enough before that its code is in the cache.
func warmGrade(ctx context.Context, r *Report) error {
	dir, err := os.MkdirTemp("", "wireloom-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // what stays is in the system's temporary folder
	for _, x := range []struct{ what, module string }{{"labserver grade ping, a C program", ""}, {"labserver grade ping, a Go program", "bin/lessons/ping.reference-go.wasm"}} {
		top, err := root()
		if err != nil {
			return err
		}
		program := filepath.Join(top, filepath.FromSlash(x.module))
		if x.module == "" {
			sc, err := open.BuiltinScenario("ping")
			if err != nil {
				return err
			}
			module, err := sc.Reference(sc.Slots()[0])
			if err != nil {
				return err
			}
			program = filepath.Join(dir, "ping.wasm")
			if err := os.WriteFile(program, module, 0o666); err != nil {
				return err
			}
		}
		var spent []float64
		for i := range 2 * warmRuns {
			used, err := gradeOnce(ctx, filepath.Join(top, "bin", "labserver"), filepath.Join(dir, "cache"), program)
			if err != nil {
				return err
			}
			if i >= warmRuns {
				spent = append(spent, used)
			}
		}
		r.Rows = append(r.Rows, figure(x.what, "ns CPU", spread(spent), "").atMost(warmGoal))
	}
	return nil
}

// gradeOnce is the CPU time of one labserver grade, in nanoseconds.
func gradeOnce(ctx context.Context, bin, cache, program string) (float64, error) {
	cmd := exec.CommandContext(ctx, bin, "grade", "ping", "--program", "bob="+program)
	cmd.Env = append(os.Environ(), "WIRELOOM_CACHE="+cache)
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("labserver grade: %w\n%s", err, out)
	}
	return float64(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()), nil
}
