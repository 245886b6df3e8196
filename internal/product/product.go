// Package product joins the rings: it compiles the programs of a scenario, and builds the
// lab of them with the drivers, the IP stack and the commands that every node has.
package product

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"wireloom/internal/program"
	"wireloom/internal/recording"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/internal/session"
	"wireloom/tapemu"
	"wireloom/tunemu"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/inet/host"
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
			case kern.Linux: // a plain host
			}
			return nil
		},
		NewStack: host.New,
		Commands: userland.Commands(),
	}
}

// Options say how a lab is to be built.
type Options struct {
	Seed     *uint64                      // the scenario's own if nil
	Programs map[format.Slot]program.File // for the slots; the reference solution where there is none
	Empty    bool                         // leave a slot empty that has no program and no reference
	Bare     bool                         // leave every slot empty
	Window   int                          // of the event log
	Missing  func(format.Slot, error)     // is told of a slot that is left empty
	Module   func(module []byte)          // is told of each program that was put in
}

// Build builds a lab that is not started: a scenario's configuration with its
// programs compiled and installed. The setup says what it was built from.
func Build(ctx context.Context, s *scenario.Scenario, compile Compile, o Options) (*vnet.Lab, session.Setup, error) {
	conf := s.Config(o.Seed)
	conf.Window = o.Window
	setup := session.Setup{Scenario: s.Name, Title: s.Title, Goal: s.Goal, Brief: s.Brief, Seed: conf.Seed, Captures: s.Captures}
	for _, t := range s.Tries {
		setup.Tries = append(setup.Tries, session.Try{Label: t.Label, Look: t.Look, Auto: t.Auto, Say: t.Say, Commands: t.Commands})
	}
	if err := Missing(s); err != nil {
		return nil, setup, err
	}
	progs := map[format.Slot]sys.Program{}
	for _, slot := range s.Slots() {
		if o.Bare {
			continue
		}
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
			file = program.File{Name: slot.Proc + ".wasm", Module: ref}
		}
		prog, err := compile(ctx, file.Name, file.Module)
		if err != nil {
			return nil, setup, err
		}
		progs[slot] = prog
		if o.Module != nil {
			o.Module(file.Module)
		}
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

// Relive builds a lab of a configuration, as Build does.
func Relive(c config.Lab) (*vnet.Lab, error) { return vnet.New(c, Runtime()) }

// Again returns what replays a recording: its lab is built of the configuration that
// is in it, with the programs that are in it or that find knows.
func Again(compile Compile, find func(hash string) ([]byte, error)) recording.Builder {
	return recording.Builder{
		Compile: compile, Program: find,
		Lab: func(c config.Lab) (*vnet.Lab, error) {
			c.Window = -1
			return vnet.New(c, Runtime())
		},
	}
}
