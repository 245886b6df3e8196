// Package scenarios reads scenario files, sets labs up by them, runs their steps
// in virtual time and grades what happens. A grade is a pure function of the
// scenario, the programs and the seed.
package scenarios

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"wireloom/internal/decode"
	"wireloom/vnet"
)

// A Scenario is a topology, the programs that run on it, steps, expectations and
// points: the contents of one folder.
type Scenario struct {
	Name   string
	Title  string
	Brief  string // brief.md
	Seed   uint64
	Source []byte // scenario.yaml
	File   string // its name, for messages
	Lab    vnet.Config
	Steps  []Step

	references map[Slot][]byte
	unbuilt    bool // built in, and its references have not been built
}

// A Slot is a program that the student supplies.
type Slot struct {
	Node, Proc string
}

// String is NODE.PROC.
func (s Slot) String() string { return s.Node + "." + s.Proc }

// A Step is one thing done and checked.
type Step struct {
	ID, Title, Why, Hint string
	Points               int
	Needs                []string
	Line                 int // in the file

	Start, Stop, Kill string // NODE.PROC
	Wait              time.Duration
	Send              *Send
	Expect            *Expect
	Ping              *Ping
}

// Send puts a frame onto a wire.
type Send struct {
	Port  string
	Frame []byte
}

// Expect looks for frames at a port.
type Expect struct {
	Port      string
	Direction string // "in", "out" or "both"
	Within    time.Duration
	Count     int // -1: at least one
	Packet    []decode.KV
}

// Ping runs the node's ping command.
type Ping struct {
	Node    string
	To      netip.Addr
	Count   int
	Replies int
	Size    int
}

// Slots returns the programs that a submission consists of, in the order of the
// file.
func (s *Scenario) Slots() []Slot {
	var out []Slot
	for _, n := range s.Lab.Nodes {
		for _, p := range n.Programs {
			if p.Slot {
				out = append(out, Slot{n.Name, p.Name})
			}
		}
	}
	return out
}

// Config returns the lab's configuration with a seed: the scenario's own if nil.
func (s *Scenario) Config(seed *uint64) vnet.Config {
	c := s.Lab
	if seed != nil {
		c.Seed = *seed
	}
	return c
}

// Parse reads a scenario file. file is its name, for messages. The error is an
// *Error with every mistake in it.
func Parse(file string, src []byte) (*Scenario, error) {
	p := &problems{file: file, lines: strings.Split(string(src), "\n")}
	root := parseTree(src, p)
	if root == nil || len(p.list) > 0 {
		return nil, p.err()
	}
	format.conform(root, "the scenario", p)
	if len(p.list) > 0 {
		return nil, p.err()
	}
	b := builder{p: p, sc: &Scenario{File: file, Source: src, Seed: 1}}
	b.build(root)
	if err := p.err(); err != nil {
		return nil, err
	}
	return b.sc, nil
}

// describe is a step in words, for the log.
func (s *Step) describe() string {
	var out []string
	for _, a := range []struct{ verb, what string }{{"start", s.Start}, {"stop", s.Stop}, {"kill", s.Kill}} {
		if a.what != "" {
			out = append(out, a.verb+" "+a.what)
		}
	}
	if s.Wait > 0 {
		out = append(out, "wait "+s.Wait.String())
	}
	if s.Send != nil {
		out = append(out, fmt.Sprintf("send %d bytes at %s", len(s.Send.Frame), s.Send.Port))
	}
	if s.Expect != nil {
		out = append(out, "expect "+s.Expect.String())
	}
	if s.Ping != nil {
		out = append(out, fmt.Sprintf("ping %v from %s", s.Ping.To, s.Ping.Node))
	}
	return strings.Join(out, ", ")
}

// String is the expectation in words.
func (x *Expect) String() string {
	var f []string
	for _, kv := range x.Packet {
		f = append(f, kv.Name+" "+kv.Value)
	}
	count := "a frame"
	switch {
	case x.Count == 0:
		count = "no frame"
	case x.Count == 1:
		count = "exactly one frame"
	case x.Count > 1:
		count = fmt.Sprintf("exactly %d frames", x.Count)
	}
	dir := ""
	if x.Direction != "both" {
		dir = " going " + x.Direction
	}
	return fmt.Sprintf("%s with %s at %s%s within %v", count, strings.Join(f, ", "), x.Port, dir, x.Within)
}
