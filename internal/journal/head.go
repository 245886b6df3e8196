package journal

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"time"

	"wireloom/internal/recording"
	"wireloom/internal/session"
	"wireloom/internal/strictjson"
	"wireloom/vnet"
)

// Limits of a journal besides those of a recording.
const (
	MaxHead   = 8 << 20 // bytes of what the lab was built from, its configuration apart
	MaxMarks  = 1 << 20
	maxRecord = recording.MaxConfig + 64 // bytes of a body
	maxFiles  = 64                       // captures that a lab has
)

// An About says whose lab a journal is of, and how it was made.
type About struct {
	ID      string    `json:"id"`
	Version string    `json:"version"` // of the program that began it
	Kind    string    `json:"kind"`
	Person  string    `json:"person,omitempty"`
	Class   string    `json:"class,omitempty"`
	Lesson  string    `json:"lesson,omitempty"`
	Source  string    `json:"source,omitempty"` // the hash of a class's scenario
	Empty   bool      `json:"empty,omitempty"`  // its slots began without a program
	Created time.Time `json:"created"`
}

// A head is About with a session's setup. Captures are by name the hash of a file that lies
// beside the journal.
type head struct {
	About
	Name     string              `json:"scenario"`
	Title    string              `json:"title"`
	Goal     string              `json:"goal"`
	Brief    string              `json:"brief"`
	Seed     uint64              `json:"seed"`
	Tries    []try               `json:"tries,omitempty"`
	Programs []recording.Program `json:"programs"`
	Captures map[string]string   `json:"captures,omitempty"`
}

type try struct {
	Label    string            `json:"label"`
	Look     string            `json:"look"`
	Auto     bool              `json:"auto"`
	Say      string            `json:"say"`
	Commands []json.RawMessage `json:"commands"`
}

// encode is the head of a lab of this setup, whose captures have been kept.
func (a About) encode(s session.Setup, captures map[string]string) ([]byte, error) {
	h := head{a, s.Scenario, s.Title, s.Goal, s.Brief, s.Seed, nil, s.Programs, captures}
	for _, t := range s.Tries {
		x := try{t.Label, t.Look, t.Auto, t.Say, nil}
		for _, c := range t.Commands {
			b, err := vnet.EncodeCommand(c)
			if err != nil {
				return nil, err
			}
			x.Commands = append(x.Commands, b)
		}
		h.Tries = append(h.Tries, x)
	}
	b, err := json.Marshal(h)
	if err == nil && len(b) > MaxHead {
		err = fmt.Errorf("what the lab was built from has %d bytes, at most %d are kept", len(b), MaxHead)
	}
	return b, err
}

var hashForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// decodeHead reads a head. The setup has no captures: they are files.
func decodeHead(b []byte) (a About, s session.Setup, captures map[string]string, err error) {
	var h head
	if len(b) > MaxHead {
		return a, s, nil, fmt.Errorf("what the lab was built from has %d bytes, at most %d are taken", len(b), MaxHead)
	}
	if err := strictjson.Decode(b, &h); err != nil {
		return a, s, nil, fmt.Errorf("what the lab was built from cannot be read: %w", err)
	}
	s = session.Setup{Scenario: h.Name, Title: h.Title, Goal: h.Goal, Brief: h.Brief, Seed: h.Seed, Programs: h.Programs}
	for _, x := range h.Tries {
		t := session.Try{Label: x.Label, Look: x.Look, Auto: x.Auto, Say: x.Say}
		for _, raw := range x.Commands {
			c, err := vnet.DecodeCommand(raw, strictjson.Decode)
			if err != nil {
				return a, s, nil, fmt.Errorf("a try of the lab cannot be read: %w", err)
			}
			t.Commands = append(t.Commands, c)
		}
		s.Tries = append(s.Tries, t)
	}
	if len(h.Programs) > recording.MaxPrograms || len(h.Captures) > maxFiles {
		return a, s, nil, fmt.Errorf("the lab began with %d programs and %d captures, which are too many", len(h.Programs), len(h.Captures))
	}
	for _, p := range h.Programs {
		if !hashForm.MatchString(p.Hash) {
			return a, s, nil, fmt.Errorf("a program that the lab began with has no SHA-256 of 64 hexadecimal digits")
		}
	}
	for hash := range maps.Values(h.Captures) {
		if !hashForm.MatchString(hash) {
			return a, s, nil, fmt.Errorf("a capture of the lab has no SHA-256 of 64 hexadecimal digits")
		}
	}
	return h.About, s, h.Captures, nil
}
