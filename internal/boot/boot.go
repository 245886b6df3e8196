// Package boot joins the rings: it finds a scenario, compiles its programs, and
// builds the lab of them with the drivers, the IP stack and the commands that every
// node has.
package boot

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"wireloom/internal/diskfile"
	"wireloom/internal/hoststack"
	"wireloom/internal/recording"
	"wireloom/internal/session"
	"wireloom/internal/terminal"
	"wireloom/scenarios"
	"wireloom/tapemu"
	"wireloom/tunemu"
	"wireloom/vnet"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland"
)

// Compile makes a program of a WebAssembly module's bytes.
type Compile func(ctx context.Context, name string, module []byte) (sys.Program, error)

// Runtime is what every lab of this program is built with.
func Runtime() vnet.Runtime {
	return vnet.Runtime{
		Modules: func(d kern.Dialect) []kern.Module {
			switch d {
			case kern.FreeBSD:
				return []kern.Module{tunemu.FreeBSD()}
			case kern.DragonFly:
				return []kern.Module{tunemu.DragonFly(), tapemu.DragonFly()}
			case kern.NetBSD:
				return []kern.Module{tapemu.NetBSD()}
			}
			return nil
		},
		NewStack: hoststack.New,
		Commands: userland.Commands(),
	}
}

// A Source is a scenario of which labs are built.
type Source struct {
	*scenarios.Scenario
}

func source(sc *scenarios.Scenario, err error) (*Source, error) {
	if err != nil {
		return nil, err
	}
	return &Source{sc}, nil
}

// Find reads a scenario by what a person calls it: a folder, its zip, or the name
// of a built-in one.
func Find(arg string) (*Source, error) {
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		return source(scenarios.Open(os.DirFS(arg), terminal.Line(filepath.Clean(arg))))
	case err == nil && filepath.Base(arg) == "scenario.yaml":
		return Find(filepath.Dir(arg))
	case err == nil:
		return openZip(arg)
	case scenarios.IsBuiltin(arg):
		return source(scenarios.OpenBuiltin(arg))
	case errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(arg, `/\.`):
		return nil, fmt.Errorf("there is no scenario %q: give a folder, its zip, or one of the built-in ones: %s", arg, strings.Join(scenarios.Builtin(), ", "))
	}
	return nil, fmt.Errorf("scenario: %w", err)
}

// FileOf is what Find calls the file scenario.yaml of what a person calls arg.
func FileOf(arg string) string {
	if filepath.Base(arg) == "scenario.yaml" {
		arg = filepath.Dir(arg)
	}
	return path.Join(terminal.Line(filepath.Clean(arg)), "scenario.yaml")
}

func openZip(file string) (*Source, error) {
	name := terminal.Line(file)
	b, err := diskfile.Read(file, scenarios.MaxZip)
	if err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	if _, err := zip.NewReader(bytes.NewReader(b), int64(len(b))); err != nil {
		return nil, fmt.Errorf("scenario %s: it is neither a folder nor a zip (%w); programs are given with --program", name, err)
	}
	return source(scenarios.OpenZip(b, name))
}

// A File is a program as a person supplies it.
type File struct {
	Name   string
	Module []byte
}

// ReadProgram reads a program's file.
func ReadProgram(path string) (File, error) {
	b, err := diskfile.Read(path, scenarios.MaxReference)
	if err != nil {
		return File{}, fmt.Errorf("program: %w", err)
	}
	return File{filepath.Base(path), b}, nil
}

// Options say how a lab is to be built.
type Options struct {
	Seed     *uint64                     // the scenario's own if nil
	Programs map[scenarios.Slot]File     // for the slots; the reference solution where there is none
	Empty    bool                        // leave a slot empty that has no program and no reference
	Window   int                         // of the event log
	Missing  func(scenarios.Slot, error) // is told of a slot that is left empty
}

// Build builds a lab that is not started: the scenario's configuration with its
// programs compiled and installed. The setup says what it was built from.
func (s *Source) Build(ctx context.Context, compile Compile, o Options) (*vnet.Lab, session.Setup, error) {
	conf := s.Config(o.Seed)
	conf.Window = o.Window
	setup := session.Setup{Scenario: s.Name, Title: s.Title, Brief: s.Brief, Seed: conf.Seed}
	progs := map[scenarios.Slot]sys.Program{}
	for _, slot := range s.Slots() {
		file, given := o.Programs[slot]
		if !given {
			ref, err := s.Reference(slot)
			if err != nil && !o.Empty {
				return nil, setup, err
			}
			if err != nil {
				if o.Missing != nil {
					o.Missing(slot, err)
				}
				continue
			}
			file = File{slot.Proc + ".wasm", ref}
		}
		prog, err := compile(ctx, file.Name, file.Module)
		if err != nil {
			return nil, setup, err
		}
		progs[slot] = prog
		sum := sha256.Sum256(file.Module)
		setup.Programs = append(setup.Programs, recording.Program{
			Node: slot.Node, Proc: slot.Proc, Name: file.Name, Hash: hex.EncodeToString(sum[:]), Size: int64(len(file.Module)),
		})
	}
	lab, err := vnet.New(conf, Runtime())
	if err != nil {
		return nil, setup, err
	}
	for slot, prog := range progs {
		if err := lab.Install(slot.Node, slot.Proc, prog); err != nil {
			lab.Close()
			return nil, setup, err
		}
	}
	return lab, setup, nil
}
