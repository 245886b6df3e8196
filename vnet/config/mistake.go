package config

import (
	"fmt"
	"strings"
)

// A Mistake is one thing that is wrong with a configuration: where, and what.
type Mistake struct {
	Path []string // of the innermost thing that has a name: "nodes", "alice", "devices", "tun0"
	Say  string   // a sentence
}

// Mistakes are all that is wrong with a configuration.
type Mistakes []Mistake

// Err is the mistakes as an error, a line each; nil if there are none.
func (m Mistakes) Err() error {
	if len(m) == 0 {
		return nil
	}
	return m
}

// Error is the sentences, a line each.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, x := range m {
		lines[i] = x.Say
	}
	return strings.Join(lines, "\n")
}

// A mistaken collects mistakes, and a mistakeAt those at one place.
type (
	mistaken  struct{ all Mistakes }
	mistakeAt struct {
		m    *mistaken
		path []string
	}
)

func (m *mistaken) at(path ...string) mistakeAt { return mistakeAt{m, path} }

// at is a place below.
func (a mistakeAt) at(path ...string) mistakeAt {
	return mistakeAt{a.m, append(append([]string(nil), a.path...), path...)}
}

func (a mistakeAt) say(format string, args ...any) {
	a.m.all = append(a.m.all, Mistake{Path: a.path, Say: fmt.Sprintf(format, args...)})
}

// of is say of what a node has.
func (a mistakeAt) of(n *Node, format string, args ...any) {
	a.say("node %q: %s", n.Name, fmt.Sprintf(format, args...))
}
