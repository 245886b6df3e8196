package scenarios

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// The files of every folder, .md, .gz and .yaml, and those of the folders in it. A
// folder that is empty is no mistake then.
//
//go:embed */*.[mgy]* */*/*
var builtin embed.FS

// Limits of a scenario's folder.
const (
	MaxBrief     = 64 << 10 // bytes of brief.md
	MaxReference = 32 << 20 // bytes of a reference program
	MaxZip       = 64 << 20 // bytes of a scenario's zip
)

// Builtin returns the names of the scenarios that are part of the program, in order.
func Builtin() []string {
	var names []string
	entries, err := builtin.ReadDir(".")
	if err != nil {
		panic("scenarios: the embedded scenarios cannot be read: " + err.Error())
	}
	for _, e := range entries {
		if _, err := fs.Stat(builtin, e.Name()+"/scenario.yaml"); err == nil {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names
}

// IsBuiltin reports whether a scenario of that name is part of the program.
func IsBuiltin(name string) bool { return slices.Contains(Builtin(), name) }

// OpenBuiltin reads a scenario that is part of the program.
func OpenBuiltin(name string) (*Scenario, error) {
	if !IsBuiltin(name) {
		return nil, fmt.Errorf("there is no built-in scenario %q; there are %s", name, strings.Join(Builtin(), ", "))
	}
	sub, err := fs.Sub(builtin, name)
	if err != nil {
		return nil, fmt.Errorf("scenario %s: %w", name, err)
	}
	return Open(sub, name)
}

// Open reads a scenario's folder. name is what messages call it.
func Open(dir fs.FS, name string) (*Scenario, error) {
	src, err := readLimited(dir, "scenario.yaml", MaxFile+1)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("scenario %s: there is no scenario.yaml in it", name)
	}
	if err != nil {
		return nil, fmt.Errorf("scenario %s: %w", name, err)
	}
	sc, err := parse(path.Join(name, "scenario.yaml"), src, dir)
	if err != nil {
		return nil, err
	}
	brief, err := readLimited(dir, "brief.md", MaxBrief)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("scenario %s: %w", name, err)
	}
	sc.Brief = string(brief)
	return sc, sc.loadReferences(dir)
}

// OpenZip reads a scenario that travels as a zip: its files at the top, or in one
// folder.
func OpenZip(b []byte, name string) (*Scenario, error) {
	if len(b) > MaxZip {
		return nil, fmt.Errorf("scenario %s: the zip has %d bytes, at most %d are allowed", name, len(b), MaxZip)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("scenario %s: not a zip that can be read: %w", name, err)
	}
	var dir fs.FS = z
	if _, err := fs.Stat(z, "scenario.yaml"); err != nil {
		entries, err := fs.ReadDir(z, ".")
		if err != nil || len(entries) != 1 || !entries[0].IsDir() {
			return nil, fmt.Errorf("scenario %s: the zip has no scenario.yaml at its top or in its one folder", name)
		}
		if dir, err = fs.Sub(z, entries[0].Name()); err != nil {
			return nil, fmt.Errorf("scenario %s: %w", name, err)
		}
	}
	return Open(dir, name)
}

// readLimited reads an ordinary file: opening a pipe would wait for who writes to it.
func readLimited(dir fs.FS, name string, most int64) ([]byte, error) {
	if info, err := fs.Stat(dir, name); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no ordinary file", name)
	}
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > most {
		return nil, fmt.Errorf("%s has more than %d bytes", name, most)
	}
	return b, nil
}

// loadReferences finds the reference solution of each slot: reference.wasm.gz where
// all slots take the same program, else reference.WORD.wasm.gz or
// reference.NODE.PROC.wasm.gz. For the built-in scenarios make build puts them there.
func (s *Scenario) loadReferences(dir fs.FS) error {
	s.references = map[Slot][]byte{}
	read := map[string][]byte{}
	for _, sl := range s.Slots() {
		names := []string{"reference.wasm.gz"}
		if len(s.Words()) > 1 {
			names = []string{"reference." + s.Word(sl) + ".wasm.gz", "reference." + sl.String() + ".wasm.gz"}
		}
		for _, name := range names {
			b := read[name]
			if b == nil {
				packed, err := readLimited(dir, name, MaxReference)
				if errors.Is(err, fs.ErrNotExist) {
					continue
				}
				if err != nil {
					return fmt.Errorf("scenario %s: %w", s.Name, err)
				}
				if b, err = unpack(packed); err != nil {
					return fmt.Errorf("scenario %s: the reference solution for %s: %w", s.Name, sl, err)
				}
				read[name] = b
			}
			s.references[sl] = b
			break
		}
		s.unbuilt = s.unbuilt || s.references[sl] == nil && IsBuiltin(s.Name)
	}
	return nil
}

// Reference returns the reference solution of a slot, a WebAssembly module. All
// that ask get the same bytes and must not change them.
func (s *Scenario) Reference(sl Slot) ([]byte, error) {
	switch b := s.references[sl]; {
	case b != nil:
		return b, nil
	case s.unbuilt:
		return nil, fmt.Errorf("scenario %s: its reference solution has not been built into this program: run make build", s.Name)
	}
	return nil, fmt.Errorf("scenario %s has no reference solution for %s", s.Name, sl)
}

func unpack(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(z, MaxReference+1))
	if err != nil {
		return nil, err
	}
	if len(b) > MaxReference {
		return nil, fmt.Errorf("it has more than %d bytes", MaxReference)
	}
	return b, nil
}

func unhex(s string) ([]byte, error) { return hex.DecodeString(strings.Map(dropSpace, s)) }
