package vnet

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"wireloom/vnet/event"
)

// A Command is something done to a lab from outside while it runs: a click, an
// upload, a line typed at a node. Do records it with the virtual time and the step
// at which it took effect, so that a run can be repeated.
type Command struct {
	Op   string   `json:"op"` // "start", "stop", "kill", "install", "exec", "stdin"
	Node string   `json:"node"`
	Proc string   `json:"proc,omitempty"`
	Hash string   `json:"hash,omitempty"` // install: the program's SHA-256
	Argv []string `json:"argv,omitempty"` // exec: a command and its arguments; start: instead of the slot's; or
	Line string   `json:"line,omitempty"` // exec: a line, as typed at the node's prompt
	Text string   `json:"text,omitempty"` // stdin: what is typed
	EOF  bool     `json:"eof,omitempty"`  // stdin: nothing follows
}

// A Recorded is a command with where in the run it took effect.
type Recorded struct {
	At   int64  `json:"at"`   // virtual nanoseconds
	Step uint64 `json:"step"` // steps that the loop had taken
	Command
}

// Do carries out a command now and returns the name of the process that it made,
// if any. prog is the program of an install, nil otherwise. A command that fails
// is recorded too: the run is the same with it and without it.
func (l *Lab) Do(c Command, prog Program) (string, error) {
	if l.closed {
		return "", errors.New("the lab is closed")
	}
	text, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("command %q: %w", c.Op, err)
	}
	l.emit(event.Event{Kind: event.Command, Op: c.Op, Node: c.Node, Proc: c.Proc, Text: string(text), N: int64(l.loop.Steps())})
	n := l.Node(c.Node)
	if n == nil {
		return "", fmt.Errorf("there is no node %q in this lab", c.Node)
	}
	switch c.Op {
	case "exec":
		stages := []stage{{argv: c.Argv}}
		switch {
		case c.Line != "":
			if stages, err = parseLine(c.Line); err != nil {
				return "", err
			}
		case len(c.Argv) == 0:
			return "", errors.New("an empty command line")
		}
		return n.exec(stages)
	case "stdin":
		return "", n.typed(c)
	}
	s := n.slot(c.Proc)
	if s == nil {
		if p := n.named(c.Proc); p != nil && (c.Op == "stop" || c.Op == "kill") {
			for _, q := range n.group(p) { // all of a line
				q.end(c.Op)
			}
			return "", nil
		}
		return "", fmt.Errorf("node %s has no program %q", n.name, c.Proc)
	}
	switch c.Op {
	case "install":
		if prog == nil || prog.ID() != c.Hash {
			return "", fmt.Errorf("program %s:%s: the bytes with hash %s are not here", n.name, c.Proc, c.Hash)
		}
		if !s.conf.Slot {
			return "", fmt.Errorf("program %s:%s is part of the scenario and cannot be replaced", n.name, c.Proc)
		}
		s.prog = prog
		return "", nil
	case "start":
		p, err := n.startSlot(s, c.Argv...)
		if err != nil {
			return "", err
		}
		return p.name, nil
	case "stop", "kill":
		if s.proc == nil {
			return "", fmt.Errorf("%s:%s is not running", n.name, c.Proc)
		}
		s.proc.end(c.Op)
		return "", nil
	}
	return "", fmt.Errorf("there is no command %q", c.Op)
}

// Install puts a program into a slot before the lab starts: part of how the run is
// set up, not a command.
func (l *Lab) Install(node, proc string, prog Program) error {
	n := l.Node(node)
	if n == nil {
		return fmt.Errorf("there is no node %q in this lab", node)
	}
	s := n.slot(proc)
	if s == nil {
		return fmt.Errorf("node %s has no program %q", node, proc)
	}
	s.prog = prog
	return nil
}

// end is what stop and kill do to a process: SIGTERM or SIGKILL. A command of the
// node's is stopped with SIGINT, as Ctrl-C at its prompt would: ping then prints
// what it counted.
func (p *Proc) end(op string) {
	switch {
	case op == "kill":
		p.Signal(SIGKILL)
	case p.native:
		p.Signal(SIGINT)
	default:
		p.Signal(SIGTERM)
	}
}

// group returns the processes of p's group.
func (n *Node) group(p *Proc) []*Proc {
	var qs []*Proc
	for _, q := range n.procs {
		if q.thread.PGID == p.thread.PGID {
			qs = append(qs, q)
		}
	}
	return qs
}

func (n *Node) named(name string) *Proc {
	i := slices.IndexFunc(n.procs, func(p *Proc) bool { return p.name == name })
	if i < 0 {
		return nil
	}
	return n.procs[i]
}

// startSlot starts a slot's program, with other arguments than the slot's where some
// are given.
func (n *Node) startSlot(s *slot, argv ...string) (*Proc, error) {
	switch {
	case s.proc != nil:
		return nil, fmt.Errorf("%s:%s runs already, as process %d; stop it first", n.name, s.conf.Name, s.proc.pid)
	case s.prog == nil:
		return nil, fmt.Errorf("%s:%s has no program yet: upload one", n.name, s.conf.Name)
	}
	if err := checkArgs(argv, s.conf.Env); err != nil {
		return nil, fmt.Errorf("%s:%s: %w", n.name, s.conf.Name, err)
	}
	if len(argv) == 0 {
		argv = s.conf.Argv
	}
	if len(argv) == 0 {
		argv = []string{s.conf.Name}
	}
	p, err := n.spawn(s, s.conf.Name, s.prog, s.conf.Command != "", argv, s.conf.Env)
	if err != nil {
		return nil, err
	}
	p.limit(s.conf)
	s.proc = p
	p.start()
	return p, nil
}

// spawn makes a process, which the caller starts.
func (n *Node) spawn(s *slot, name string, prog Program, native bool, argv, env []string) (*Proc, error) {
	if len(n.procs) >= MaxProcs {
		return nil, n.full(name)
	}
	p := n.lab.newProc(n, s, prog, native, argv, env)
	p.name = name
	n.procs = append(n.procs, p)
	return p, nil
}

// full tells that the node starts no more processes.
func (n *Node) full(name string) error {
	n.lab.emit(event.Event{
		Kind: event.Limit, Node: n.name, Proc: name, Op: "processes", N: MaxProcs,
		Text: fmt.Sprintf("the node runs %d processes and starts no more", len(n.procs)),
	})
	return fmt.Errorf("node %s runs %d processes already: stop one first", n.name, len(n.procs))
}

// typed puts text on the standard input of a process.
func (n *Node) typed(c Command) error {
	p := n.named(c.Proc)
	if p == nil {
		return fmt.Errorf("%s:%s is not running", n.name, c.Proc)
	}
	if !p.typed(c.Text, c.EOF) {
		n := len(p.stdin.data)
		p.LimitReached("stdin", fmt.Sprintf("%d bytes wait on its standard input and no more fit", n), MaxStdin)
		return fmt.Errorf("%s:%s has not read the %d bytes that were typed before", p.node.name, c.Proc, n)
	}
	return nil
}
