// Package recording is the form of recordings of live labs, and their replay. A
// recording says how to have a run again, and holds no more than who downloads it
// may see: the lab's configuration, what was done to the lab, and the programs that
// were uploaded to it. The scenario's file with its steps is not in it, and of
// programs that its visitors did not upload there is only the hash.
package recording

import (
	"fmt"
	"regexp"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
)

// Format is the version of the form of recordings. Those of format 1 held the
// scenario's file, with what is hidden in it, and every program.
const Format = 2

// Limits of a recording. Who makes one keeps to them; one that goes beyond them is
// refused when it is read.
const (
	MaxPrograms     = 256                 // programs that it holds
	MaxProgram      = 32 << 20            // bytes of a program: what may be uploaded
	MaxConfig       = 16 << 20            // bytes of config.json; what a scenario may be and hold is less
	MaxCommands     = 20_000              // commands
	MaxCommandBytes = 8 << 20             // bytes that people typed, and names, in all commands
	MaxTime         = 90 * 24 * time.Hour // virtual time
	maxText         = 64 << 20            // bytes of recording.json: MaxCommandBytes with all of it as escapes, and some
	maxBrief        = 64 << 10            // bytes of brief.md: scenarios.MaxBrief
	maxTotal        = 512 << 20           // bytes of all files, unpacked
	maxName         = 256                 // bytes of a program's file name
)

// Names in a recording's zip.
const (
	textFile      = "recording.json"
	configFile    = "config.json"
	briefFile     = "brief.md"
	doorsFile     = "doors.bin"
	programFolder = "programs/"
	programSuffix = ".wasm"
)

// A Recording says how to have a run again. Most of it is the file recording.json of
// a zip. Config and Brief are the files config.json and brief.md there, and programs
// lie in programs/ under their hash.
type Recording struct {
	Format   int        `json:"format"`
	Version  string     `json:"version"`         // of the program that recorded
	Scenario string     `json:"scenario"`        // name
	Title    string     `json:"title,omitempty"` // of the scenario, for people
	Programs []Program  `json:"programs"`        // in their slots before the start
	Commands []Recorded `json:"commands"`
	Entered  int        `json:"entered,omitempty"` // frames that came in by doors, which are the file doors.bin
	End      End        `json:"end"`

	Config config.Lab `json:"-"` // of the lab
	Brief  string     `json:"-"` // for people, in Markdown
}

// A Program is what stood in a slot before the lab started.
type Program struct {
	Node string `json:"node"`
	Proc string `json:"proc"`
	Name string `json:"name"` // file name
	Hash string `json:"hash"` // SHA-256 of its bytes, in hexadecimal
	Size int64  `json:"size"` // bytes
}

// An End is where a recording ends and what the run was like up to there.
type End struct {
	At     int64  `json:"at"`     // virtual nanoseconds
	Step   uint64 `json:"step"`   // steps that the loop had taken
	Events uint64 `json:"events"` // in the log
	Hash   string `json:"hash"`   // of the run
}

var hashForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// check says what cannot be in a recording, as far as that can be told without
// building its lab.
func (r *Recording) check() error {
	slots := map[[2]string]bool{}
	for i := range r.Config.Nodes {
		for _, p := range r.Config.Nodes[i].Programs {
			if p.Slot {
				slots[[2]string{r.Config.Nodes[i].Name, p.Name}] = true
			}
		}
	}
	for _, p := range r.Programs {
		at := [2]string{p.Node, p.Proc}
		switch {
		case !hashForm.MatchString(p.Hash):
			return fmt.Errorf("recording: the program of %s has no SHA-256 of 64 hexadecimal digits", where(p.Node, p.Proc))
		case len(p.Name) > maxName:
			return fmt.Errorf("recording: the file name of the program of %s has more than %d bytes", where(p.Node, p.Proc), maxName)
		case !slots[at]:
			return fmt.Errorf("recording: it has a program for %s, which is no slot of its lab, or has one already", where(p.Node, p.Proc))
		}
		slots[at] = false
	}
	if len(r.Commands) > MaxCommands {
		return fmt.Errorf("recording: it has %d commands, at most %d are allowed", len(r.Commands), MaxCommands)
	}
	at, step := int64(0), uint64(0)
	after := func(what string, a int64, s uint64) error {
		if a < at || s < step || time.Duration(a) > MaxTime {
			return fmt.Errorf("recording: %s is at %d ns, step %d, which cannot follow %d ns, step %d", what, a, s, at, step)
		}
		at, step = a, s
		return nil
	}
	for i := range r.Commands {
		c := &r.Commands[i]
		if err := after(fmt.Sprintf("command %d", i+1), c.At, c.Step); err != nil {
			return err
		}
		if x, ok := c.Command.(vnet.Install); ok && !hashForm.MatchString(x.Hash) {
			return fmt.Errorf("recording: command %d installs a program without a SHA-256 of 64 hexadecimal digits", i+1)
		}
		if len(c.Name) > maxName {
			return fmt.Errorf("recording: the file name in command %d has more than %d bytes", i+1, maxName)
		}
	}
	if (r.Format == FormatDoors) != (r.Entered > 0) || r.Entered < 0 || r.Entered > MaxEntered {
		return fmt.Errorf("recording: it says that %d frames came in by doors, at most %d do, and then it is of format %d", r.Entered, MaxEntered, FormatDoors)
	}
	if !hashForm.MatchString(r.End.Hash) {
		return fmt.Errorf("recording: its end has no hash of 64 hexadecimal digits")
	}
	return after("the end", r.End.At, r.End.Step)
}
