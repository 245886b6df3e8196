// Command course tests the scenarios of the course as a teacher would: it grades the
// reference solutions, what students begin with, the mutants, and, with -mechanical,
// a mutant for every operator, number and call of the references in C.
//
//	go run ./internal/course [-mechanical] [-every N] [SCENARIO...]
//
// It runs in the module's root, after make guests, and needs clang with wasi-libc. All
// mechanical mutants take some minutes. The exit code is 1 where a program does not
// fare as it should.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, ".", os.Args[1:], os.Stdout)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "course:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string, args []string, w io.Writer) error {
	f := flag.NewFlagSet("course", flag.ContinueOnError)
	mech := f.Bool("mechanical", false, "grade the mechanical mutants, too")
	every := f.Int("every", 1, "only each `N`-th of them")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *every < 1 {
		return fmt.Errorf("-every %d: want 1 or more", *every)
	}
	which := f.Args()
	if len(which) == 0 {
		var err error
		if which, err = names(root); err != nil {
			return err
		}
	}
	bad := 0
	var surveys []*survey
	for _, name := range which {
		l, err := openLesson(root, name)
		if err != nil {
			return err
		}
		rows, err := l.table(ctx)
		if err != nil {
			return err
		}
		bad += writeTable(w, l, rows)
		if *mech {
			s, err := l.mechanical(ctx, *every)
			if err != nil {
				return err
			}
			s.write(w)
			surveys = append(surveys, s)
		}
	}
	if *mech {
		fmt.Fprintf(w, "\nof all mechanical mutants whose frames differ, %.1f%% are caught\n", 100*share(surveys...))
	}
	if bad > 0 {
		return fmt.Errorf("%d programs do not fare as they should", bad)
	}
	return nil
}
