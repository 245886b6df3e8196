package scenario

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"wireloom/internal/scenario/format"
)

// Limits of a scenario's folder.
const (
	MaxBrief     = 64 << 10 // bytes of brief.md
	MaxReference = 32 << 20 // bytes of a reference program
	MaxStarter   = 1 << 20  // bytes of all that a student begins with
	MaxStarters  = 64       // files of it
)

// Open reads a scenario's folder. name is what messages call it.
func Open(dir fs.FS, name string) (*Scenario, error) { return open(dir, name, false) }

// OpenOwn reads the folder of a scenario that is part of the program, whose reference
// solutions the build puts there.
func OpenOwn(dir fs.FS, name string) (*Scenario, error) { return open(dir, name, true) }

func open(dir fs.FS, name string, own bool) (*Scenario, error) {
	src, err := readLimited(dir, "scenario.yaml", format.MaxFile+1)
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
	sc.Brief, sc.unbuilt = string(brief), own
	return sc, sc.loadReferences(dir)
}

// readLimited reads an ordinary file: opening a pipe would wait for who writes to it.
func readLimited(dir fs.FS, name string, limit int64) ([]byte, error) {
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
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes", name, limit)
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

// Starter returns the files of the folder starter, which students begin with, by their
// names in it; nil where there is none.
func (s *Scenario) Starter() (map[string][]byte, error) {
	if s.dir == nil {
		return nil, nil
	}
	dir, err := fs.Sub(s.dir, "starter")
	if err != nil {
		return nil, err
	}
	var files map[string][]byte
	size := 0
	err = fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == "." {
			return fs.SkipAll
		}
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		b, err := readLimited(dir, name, int64(MaxStarter))
		if size += len(b); err == nil && (size > MaxStarter || len(files) >= MaxStarters) {
			err = fmt.Errorf("there are more than %d files, or %d bytes", MaxStarters, MaxStarter)
		}
		if files == nil {
			files = map[string][]byte{}
		}
		files[name] = b
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("scenario %s: its starter: %w", s.Name, err)
	}
	return files, nil
}
