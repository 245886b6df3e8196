// Command guestbuild builds the programs that run inside the lab: the sample
// programs, and of every scenario the reference solution, what a student begins
// with, and the mutants, which are wrong on purpose.
//
//	go run ./internal/guestbuild [-p N] [-v] [-mutants]
//
// It runs in the module's root. What it builds depends on the bytes of the
// sources and on the pinned compilers alone, so that two machines get the same
// module and so the same run. A program whose inputs did not change is taken
// from a cache that is keyed by their hash.
//
//	wasm/guest/programs/NAME/                -> bin/guests/NAME.wasm
//	internal/bench/guests/NAME/              -> bin/bench/NAME.wasm
//	scenarios/SCENARIO/reference/            -> scenarios/SCENARIO/reference.wasm.gz
//	scenarios/SCENARIO/reference/NODE.PROG/  -> scenarios/SCENARIO/reference.NODE.PROG.wasm.gz
//
// Where a reference is there in C and in Go, the one in C is embedded. The other and
// the starters are for the tests, and the mutants, which the tests compile themselves,
// for people; they go to bin/lessons:
//
//	SCENARIO[.NODE.PROG].reference-go.wasm, .starter-c.wasm, .starter-go.wasm
//	SCENARIO.mutant-NAME.wasm    scenarios/SCENARIO/reference/main.c with mutants/NAME.patch
//
// A folder with .go files is a Go program (package main, built for wasip1); one
// with .c files is a C program, compiled by npm's pinned @yowasp/clang.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "guestbuild:", err)
		os.Exit(1)
	}
}

// run builds what is out of date below the current folder and removes what no
// source makes any more.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	fs := flag.NewFlagSet("guestbuild", flag.ContinueOnError)
	parallel := fs.Int("p", 2, "programs built at the same time")
	verbose := fs.Bool("v", false, "also name the programs that are up to date")
	wrong := fs.Bool("mutants", false, "also build the mutants")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *parallel < 1 {
		return fmt.Errorf("-p %d: at least one program is built at a time", *parallel)
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		return fmt.Errorf("%s has no go.mod: run guestbuild in the root of the module", root)
	}
	b := &builder{root: root, out: stdout, verbose: *verbose, mutants: *wrong}
	return b.all(ctx, *parallel)
}

// builder is one run of guestbuild.
type builder struct {
	root    string
	verbose bool
	mutants bool

	mu  sync.Mutex // serializes lines of out
	out io.Writer
}

// all discovers the programs, builds those whose inputs changed, and installs
// every result.
func (b *builder) all(ctx context.Context, parallel int) error {
	programs, err := discover(b.root)
	if err != nil {
		return err
	}
	known := programs
	if !b.mutants {
		programs = slices.DeleteFunc(slices.Clone(programs), func(p *program) bool { return p.diff != "" })
	}
	if err := b.hash(ctx, programs); err != nil {
		return err
	}
	store := cache{dir: filepath.Join(b.root, ".cache", "guests")}
	if err := b.build(ctx, &store, programs, parallel); err != nil {
		return err
	}
	for _, p := range programs {
		if err := b.install(&store, p); err != nil {
			return err
		}
	}
	if err := removeStale(b.root, known); err != nil {
		return err
	}
	return store.prune(programs)
}

// hash fills in the key of every program.
func (b *builder) hash(ctx context.Context, programs []*program) error {
	if err := hashGo(ctx, b.root, only(programs, langGo)); err != nil {
		return err
	}
	return hashC(b.root, only(programs, langC))
}

// build fills the cache. C programs are one job: the compiler takes longer to
// start than to compile.
func (b *builder) build(ctx context.Context, store *cache, programs []*program, parallel int) error {
	var jobs []func() error
	var missing []*program
	for _, p := range programs {
		switch {
		case store.has(p):
		case p.lang == langC:
			missing = append(missing, p)
		default:
			jobs = append(jobs, func() error {
				return b.timed(store, []*program{p}, func(dir string) error { return buildGo(ctx, b.root, dir, p) })
			})
		}
	}
	if len(missing) > 0 {
		jobs = append(jobs, func() error {
			return b.timed(store, missing, func(dir string) error { return buildC(ctx, b.root, dir, missing) })
		})
	}
	return each(jobs, parallel)
}

// timed runs compile, which leaves each program's module in a folder of its
// own, and puts the modules into the cache.
func (b *builder) timed(store *cache, programs []*program, compile func(dir string) error) error {
	began := time.Now()
	dir, err := store.temp()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := compile(dir); err != nil {
		return err
	}
	for _, p := range programs {
		n, err := store.put(p, filepath.Join(dir, p.name+".wasm"))
		if err != nil {
			return err
		}
		b.say("guest %s: built, %d bytes, %.1fs", p.where(), n, time.Since(began).Seconds())
	}
	return nil
}

// install copies a program's cached result to where it is embedded or run from.
func (b *builder) install(store *cache, p *program) error {
	changed, err := store.install(p, filepath.Join(b.root, filepath.FromSlash(p.out)))
	if err != nil {
		return err
	}
	switch {
	case changed:
		b.say("guest %s: %s", p.where(), p.out)
	case b.verbose:
		b.say("guest %s: %s is up to date", p.where(), p.out)
	}
	return nil
}

func (b *builder) say(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fmt.Fprintf(b.out, format+"\n", args...)
}

// each runs the jobs, at most n at a time, and returns all their errors.
func each(jobs []func() error, n int) error {
	errs := make([]error, len(jobs))
	slots := make(chan struct{}, n)
	var wg sync.WaitGroup
	for i, job := range jobs {
		wg.Go(func() {
			slots <- struct{}{}
			errs[i] = job()
			<-slots
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
