// Command conform replays recordings of what the original drivers did, and
// shows where the emulated ones differ.
//
//	go run ./internal/conform DRIVER DIR...
//	go run ./internal/conform -quirks
//
// DRIVER is netbsd-tap, dragonfly-tap, dragonfly-tun or freebsd-tun. Every
// file that ends in .jsonl below each DIR is replayed from nothing: its
// operations, one a line, go to the driver on its kernel, and errno, data,
// events, completions of sleeping calls and the whole state have to be what
// the recording has. It exits with 1 if any operation differs, and with 2
// when it cannot do its work. With -quirks it writes a table, in Markdown, of
// the odd things that the drivers do, each with the function of the original
// where it comes from and the recordings that show it. docs/drivers.md, which
// puts the drivers side by side, is written by this package's tests.
package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errout io.Writer) int {
	if len(args) == 1 && args[0] == "-quirks" {
		writeQuirks(out)
		return 0
	}
	if len(args) < 2 {
		fmt.Fprintf(errout, "usage: conform DRIVER DIR...\nDRIVER is one of %s\n", strings.Join(driverNames(), ", "))
		return 2
	}
	d, ok := drivers[args[0]]
	if !ok {
		fmt.Fprintf(errout, "conform: no driver %q: it is one of %s\n", args[0], strings.Join(driverNames(), ", "))
		return 2
	}
	files, err := recordings(args[1:])
	if err != nil {
		fmt.Fprintf(errout, "conform: %v\n", err)
		return 2
	}
	if len(files) == 0 {
		fmt.Fprintf(errout, "conform: no .jsonl file below %s\n", strings.Join(args[1:], ", "))
		return 2
	}
	total := report{skipped: map[string]int{}}
	for _, file := range files {
		r, err := replayFile(d, file, out)
		if err != nil {
			fmt.Fprintf(errout, "conform: %v\n", err)
			return 2
		}
		total.add(r)
	}
	for _, name := range sortedKeys(total.skipped) {
		fmt.Fprintf(out, "skipped %d %s\n", total.skipped[name], name)
	}
	fmt.Fprintf(out, "%d files, %d operations, %d differ\n", len(files), total.ops, total.differ)
	if total.differ > 0 {
		return 1
	}
	return 0
}

// recordings are the files below the folders, by name.
func recordings(dirs []string) ([]string, error) {
	var files []string
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && strings.HasSuffix(path, ".jsonl") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

func replayFile(d driver, path string, out io.Writer) (report, error) {
	f, err := os.Open(path)
	if err != nil {
		return report{}, err
	}
	defer f.Close() // only read
	r, err := replay(d, f, func(line int, op string, diffs []string) {
		fmt.Fprintf(out, "%s:%d: %s\n", path, line, op)
		for _, s := range diffs {
			fmt.Fprintf(out, "\t%s\n", s)
		}
	})
	if err != nil {
		return r, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}
