// Command bench measures the whole of the lab against its neighbours: what they
// do is measured in the same run, in turns, and what counts is the ratio, since
// that of two programs holds on any machine and their figures don't.
//
//	go run ./internal/bench [-rounds 7] [-json] [-base COMMIT] [ITEM...]
//
// Without an ITEM it runs them all. With -base the peer is a build of that commit,
// whose benchmarks run in turns with these. It opens no socket but on 127.0.0.1, and what
// it does with real network interfaces happens in a network namespace of its own.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"

	"wireloom/internal/compilechild"
)

// An item is one thing to measure.
type item struct {
	name  string
	about string
	limit time.Duration
	run   func(ctx context.Context, rounds int) (*Report, error)
}

var items = []item{
	{"fabric", "a frame from tap to switch to tap, against a ring and a map", 2 * time.Minute, fabric},
	{"sizes", "a frame in labs of many nodes, and of much that happened", 5 * time.Minute, sizes},
	{"switches", "a frame through switches, many addresses and impaired links, against another switch in Go", 5 * time.Minute, switches},
	{"guest", "a WebAssembly program that echoes frames, against the same on a kernel TAP", 5 * time.Minute, guest},
	{"pair", "two programs that exchange frames, against native ones on kernel TAPs and a bridge", 5 * time.Minute, pair},
	{"spawn", "one more instance of a program, against fork and exec", 5 * time.Minute, spawn},
	{"fuel", "CPU-bound programs, against the same without fuel", 5 * time.Minute, meter},
	{"grading", "scenario scripts against scapy and Mininet, and many submissions", 15 * time.Minute, grading},
	{"hosts", "hosts from nothing to the first answered ping, against network namespaces and Mininet; a grading from start to end", 15 * time.Minute, fromNothing},
	{"stream", "events to viewers, against a bare WebSocket sender", 5 * time.Minute, streaming},
	{"labs", "200 live labs at once, against the goals", 3 * time.Minute, labs},
	{"many", "2,000 live labs at once of which a tenth are watched, and idle labs, against the goals", 5 * time.Minute, many},
	{"revive", "labs that come back from their journals, against the goals", 5 * time.Minute, revive},
	{"neighbours", "a lab beside four that mean harm, and beside eleven that take all memory, against the goals", 3 * time.Minute, neighbours},
	{"address", "one address that takes all it gets, and a second client, against the goal", 3 * time.Minute, oneAddress},
	{"class", "200 people of a class sign in, work, are watched, hand in, and come back after a kill, against the goals", 5 * time.Minute, class},
	{"soak", "200 people at work for an hour (SOAK=20m: for so long), against the goal; only where it is named", 12 * time.Hour, soak},
	{"tab", "a lab in a browser's tab, without a server: download, start, grading, beside the native program, against the goals", 10 * time.Minute, inTab},
	{"page", "the page while a program prints, floods, spins or eats memory, against the goals", 10 * time.Minute, page},
}

// only is the argument that makes the command run one item in this process and
// print its report as JSON: each item has a process of its own, so that none
// inherits the memory, goroutines and garbage of another.
const only = "only"

func main() {
	compilechild.Init() // doesn't return where this is a process that compiles a module
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 3 && args[0] == only {
		return here(ctx, args[1], args[2], stdout)
	}
	if len(args) == 4 && args[0] == drain {
		return drainAll(args[1], args[2], args[3], stdout)
	}
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	set.SetOutput(stderr)
	rounds := set.Int("rounds", 7, "how often each item is measured, 1 to 100")
	asJSON := set.Bool("json", false, "print data")
	commit := set.String("base", "", "hold each item against a build of this `commit` instead of its peers")
	set.Usage = func() {
		fmt.Fprintln(stderr, "usage: bench [-rounds N] [-json] [-base COMMIT] [ITEM...]")
		for _, x := range items {
			fmt.Fprintf(stderr, "  %-10s %s\n", x.name, x.about)
		}
		set.PrintDefaults()
	}
	if err := set.Parse(args); err != nil {
		return err
	}
	if *rounds < 1 || *rounds > 100 {
		return fmt.Errorf("-rounds %d: 1 to 100 are possible", *rounds)
	}
	chosen, err := choose(set.Args())
	if err != nil {
		return err
	}
	one := apart
	if *commit != "" {
		base, err := baseTree(ctx, *commit, stderr)
		if err != nil {
			return err
		}
		one = func(ctx context.Context, x item, rounds int, stderr io.Writer) (*Report, error) {
			return versus(ctx, x, base, rounds, stderr)
		}
	}
	doc := document{Machine: machine(), Rounds: *rounds}
	if !*asJSON {
		fmt.Fprintf(stdout, "%s; %d rounds; median [min..max]\n", doc.Machine, *rounds)
	}
	var failed []string
	for _, x := range chosen {
		r, err := one(ctx, x, *rounds, stderr)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			failed = append(failed, x.name)
			r = &Report{Item: x.name, Title: x.about, Error: err.Error()}
		}
		doc.Items = append(doc.Items, r)
		if !*asJSON {
			r.write(stdout)
		}
	}
	if *asJSON {
		if err := doc.write(stdout); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("could not measure %s", strings.Join(failed, ", "))
	}
	return nil
}

// choose returns the items of these names, all if there are none.
func choose(names []string) ([]item, error) {
	if len(names) == 0 {
		return slices.DeleteFunc(slices.Clone(items), func(x item) bool { return x.name == "soak" }), nil
	}
	var chosen []item
	for _, name := range names {
		i := find(name)
		if i < 0 {
			var known []string
			for _, x := range items {
				known = append(known, x.name)
			}
			return nil, fmt.Errorf("there is no item %q: there is %s", name, strings.Join(known, ", "))
		}
		chosen = append(chosen, items[i])
	}
	return chosen, nil
}

func find(name string) int {
	return slices.IndexFunc(items, func(x item) bool { return x.name == name })
}

// apart runs an item in a process of its own.
func apart(ctx context.Context, x item, rounds int, stderr io.Writer) (*Report, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return measureIn(ctx, tree{bench: self}, x, rounds, stderr)
}

// measureIn runs an item of a tree's benchmarks, in that tree: "" is where we are.
func measureIn(ctx context.Context, t tree, x item, rounds int, stderr io.Writer) (*Report, error) {
	ctx, cancel := context.WithTimeout(ctx, x.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, t.bench, only, x.name, strconv.Itoa(rounds))
	cmd.Dir = t.dir
	cmd.Stderr = stderr
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("it was not done after %s", x.limit)
	}
	if err != nil {
		return nil, fmt.Errorf("its process: %w", err)
	}
	r := &Report{}
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(r); err != nil {
		return nil, fmt.Errorf("what its process printed: %w", err)
	}
	if r.Error != "" {
		return nil, errors.New(r.Error)
	}
	return r, nil
}

// here runs an item in this process.
func here(ctx context.Context, name, rounds string, stdout io.Writer) error {
	i := find(name)
	n, err := strconv.Atoi(rounds)
	if i < 0 || err != nil {
		return fmt.Errorf("%s %s %s: that is for the command itself", only, name, rounds)
	}
	load := loadAverage()
	r, err := items[i].run(ctx, n)
	if err != nil {
		r = &Report{Title: items[i].about, Error: err.Error()}
	}
	r.Item = name
	if load != "" {
		r.Notes = append(r.Notes, "load average of the machine when this began: "+load)
	}
	return json.NewEncoder(stdout).Encode(r)
}
