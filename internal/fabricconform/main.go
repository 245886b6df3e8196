// Fabricconform replays recordings of a real kernel's bridge, spanning tree and netem on
// ours and prints what differs.
//
//	go run ./internal/fabricconform DIR...
//
// Each folder is searched for .jsonl files. It ends with "N files, M operations, K
// differ", and with status 1 where K is not 0.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxLine is the longest line of a recording, in bytes.
const maxLine = 1 << 24

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(dirs []string, stdout, stderr io.Writer) int {
	if len(dirs) == 0 {
		fmt.Fprintln(stderr, "usage: fabricconform DIR...")
		return 2
	}
	files, err := recordings(dirs)
	if err != nil {
		fmt.Fprintln(stderr, "fabricconform:", err)
		return 2
	}
	var sum tally
	for _, name := range files {
		if err := sum.file(name, stdout); err != nil {
			fmt.Fprintf(stderr, "fabricconform: %s: %v\n", name, err)
			return 2
		}
	}
	fmt.Fprintf(stdout, "%d files, %d operations, %d differ\n", len(files), sum.operations, sum.differ)
	if sum.differ > 0 {
		return 1
	}
	return 0
}

// recordings are the .jsonl files below folders, sorted.
func recordings(dirs []string) ([]string, error) {
	var out []string
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(name, ".jsonl") {
				out = append(out, name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no .jsonl file below " + strings.Join(dirs, ", "))
	}
	slices.Sort(out)
	return out, nil
}

// A tally counts what was replayed.
type tally struct {
	operations, differ int
}

// file replays a file, line by line; the line says what kind of recording it is.
func (s *tally) file(name string, out io.Writer) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		if err := s.line(lines.Bytes(), fmt.Sprintf("%s:%d", filepath.Base(name), n), out); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return lines.Err()
}

func (s *tally) line(text []byte, where string, out io.Writer) error {
	var kind struct {
		Conf    json.RawMessage
		Bridges json.RawMessage
		Args    json.RawMessage
		Words   json.RawMessage
		ID      string
	}
	if err := json.Unmarshal(text, &kind); err != nil {
		return err
	}
	switch {
	case kind.Conf != nil:
		var v vector
		if err := json.Unmarshal(text, &v); err != nil {
			return err
		}
		return s.vector(&v, where, out)
	case kind.Bridges != nil:
		var r scenario
		if err := json.Unmarshal(text, &r); err != nil {
			return err
		}
		return s.scenario(&r, where, out)
	case kind.Words != nil:
		var w struct{ Words []words }
		if err := json.Unmarshal(text, &w); err != nil {
			return err
		}
		s.words(w.Words, where, out)
	case question(kind.ID) != nil:
		var q asked
		if err := json.Unmarshal(text, &q); err != nil {
			return err
		}
		s.asked(&q, where, out)
	case kind.Args != nil:
		var r impairment
		if err := json.Unmarshal(text, &r); err != nil {
			return err
		}
		s.impairment(&r, where, out)
	}
	return nil // a TAP's, and what only a kernel's sockets do
}
