// Package handin finds the programs in a folder that a student handed in. What is wrong
// with one is said to the student: which file was meant, and what to do.
package handin

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"wireloom/internal/diskfile"
)

// Limits of a folder. What lies behind them is as if it were not there.
const (
	maxEntries = 10_000 // files and folders
	maxDepth   = 6      // folders in folders
	maxNamed   = 8      // files that a sentence names
)

// A Part is a program that a hand-in consists of: it runs in one slot, or in several.
type Part struct {
	Word  string   // what the scenario calls it
	Slots []string // each NODE.PROC
}

// file is what its program's file is called.
func (p *Part) file() string { return p.Word + ".wasm" }

// names reports whether a file's name without .wasm is the part's: its word or one of
// its slots. Capitals make no difference: not every disk keeps them apart.
func (p *Part) names(base string) bool {
	return strings.EqualFold(base, p.Word) || slices.ContainsFunc(p.Slots, func(s string) bool { return strings.EqualFold(base, s) })
}

// A Problem is why a hand-in cannot be graded: sentences for who handed it in.
type Problem struct {
	Slot string // the first that has no program because of it
	Say  string
}

// Error is what it says.
func (p *Problem) Error() string { return p.Say }

// An entry is a file of a hand-in, or a folder that is called as a program is.
type entry struct {
	path  string // within the folder, with slashes
	base  string // of a program: its name without .wasm
	wasm  bool   // its name ends in .wasm
	wrong string // why it is no file that can be read; "" if it is
	depth int
}

// Find returns the file of each slot. The error is a *Problem where the hand-in is not
// as it must be, and another where the folder cannot be read. A program of a hand-in
// with one part may have any name; where there are several each is called as its part.
// Links are not followed: they may lead out of what was handed in.
func Find(dir string, parts []Part) (map[string]string, error) {
	all, err := list(dir)
	if err != nil {
		return nil, err
	}
	var programs []entry // those of the first level that has any
	for _, e := range all {
		if e.wasm && e.wrong == "" && (len(programs) == 0 || e.depth == programs[0].depth) {
			programs = append(programs, e)
		}
	}
	found := map[string]string{}
	for i := range parts {
		p := &parts[i]
		var hits []entry
		for _, e := range programs {
			if p.names(e.base) {
				hits = append(hits, e)
			}
		}
		if len(hits) == 0 && len(parts) == 1 {
			hits = programs
		}
		if len(hits) != 1 {
			return nil, &Problem{Slot: p.Slots[0], Say: say(dir, parts, p, hits, programs, all)}
		}
		for _, s := range p.Slots {
			found[s] = filepath.Join(dir, filepath.FromSlash(hits[0].path))
		}
	}
	return found, nil
}

// list is what lies in a folder and those in it, level by level, in the order of names.
// What systems and editors leave there is not in it.
func list(dir string) ([]entry, error) {
	if info, err := os.Stat(dir); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: fmt.Errorf("it is no folder; a single program is given with --program")}
	}
	var out []entry
	level, n := []string{"."}, 0
	for depth := range maxDepth {
		var next []string
		for _, d := range level {
			entries, err := os.ReadDir(filepath.Join(dir, filepath.FromSlash(d)))
			if err != nil {
				if d == "." {
					return nil, err
				}
				continue // what cannot be read is as if it were not there
			}
			for _, e := range entries {
				if name := e.Name(); strings.HasPrefix(name, ".") || name == "__MACOSX" {
					continue
				}
				if n++; n > maxEntries {
					return out, nil
				}
				x := entry{path: path.Join(d, e.Name()), depth: depth}
				if base, ok := cutWasm(e.Name()); ok {
					x.base, x.wasm = base, true
				}
				switch {
				case e.IsDir():
					next = append(next, x.path)
					if x.wrong = "is a folder, not a file"; !x.wasm {
						continue
					}
				case e.Type()&fs.ModeSymlink != 0:
					x.wrong = "is a link, not a file"
				case !e.Type().IsRegular():
					x.wrong = "is no ordinary file"
				}
				out = append(out, x)
			}
		}
		level = next
	}
	return out, nil
}

// cutWasm is the name of a program's file without .wasm, or .WASM.
func cutWasm(name string) (base string, ok bool) {
	ext := path.Ext(name)
	return strings.TrimSuffix(name, ext), strings.EqualFold(ext, ".wasm") && name != ext
}

// isModule reports whether a file begins as a WebAssembly module.
func isModule(name string) bool {
	f, err := diskfile.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	var b [4]byte
	n, _ := f.Read(b[:]) // less is no module
	return string(b[:n]) == "\x00asm"
}
