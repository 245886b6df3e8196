// Package vnet is the pure core of a network lab: the loop that owns it, nodes
// with a kernel and processes, switches and links, and the event log that is the
// only way out. A Lab is a plain value that one caller drives; it starts no
// goroutine, takes no lock and reads no clock, so that a run is a function of its
// configuration, programs, seed and commands.
package vnet

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/loop"
	"wireloom/vnet/machine"
	"wireloom/vnet/memory"
	"wireloom/vnet/sys"
)

// A Runtime is what a lab is built with besides its configuration: the drivers,
// the IP stack and the commands that nodes have. The core knows them by interface.
type Runtime struct {
	// Modules returns the drivers that a node of a dialect has loaded. They are
	// the node's own.
	Modules func(kern.Dialect) []kern.Module
	// NewStack makes a node's IP stack.
	NewStack func(h inet.StackHost, nics []inet.StackNIC) (inet.Stack, error)
	// Commands are the programs that are part of every node, by name.
	Commands map[string]sys.Program
}

// A Lab is one isolated network: nodes, switches, links, programs, one clock, one
// seed, one event log. It may be used by one goroutine at a time.
type Lab struct {
	conf     config.Lab
	topology config.Lab // conf as commands have changed it since
	rt       Runtime
	env      *machine.Env
	loop     loop.Loop
	log      *event.Log
	mem      *memory.Lab
	parts
	started bool
	closed  bool
	halting

	rec     event.Recorder // of log
	outside func(door string, frame []byte)
	frame   uint64 // the identity of the frame that the command under way brings
	pool    fabric.Pool
	flights flights
	flows   flows
}

// The parts of a lab are what there is now.
type parts struct {
	nodes    []*machine.Node
	byName   map[string]*machine.Node
	numbered int // nodes that there were so far
	switched int // switches that there were so far
	switches []*netswitch
	ports    map[string]*port
	hosts    map[string]netip.Addr // the nodes' first addresses, by name

	replugged bool          // a cable was plugged in or taken away since the lab was built
	cables    []config.Link // those that there are, where somebody has asked since
}

// New builds a lab at time zero. Nothing in it runs before Start.
func New(c config.Lab, rt Runtime) (*Lab, error) {
	if err := c.Check().Err(); err != nil {
		return nil, err
	}
	if rt.Modules == nil {
		rt.Modules = func(kern.Dialect) []kern.Module { return nil }
	}
	l := &Lab{conf: c, rt: rt, topology: c, log: event.NewLog(c.Window), parts: parts{ports: map[string]*port{}, byName: map[string]*machine.Node{}}}
	l.rec = event.Recorder{Log: l.log, Loop: &l.loop}
	l.mem = newMemory(l)
	l.env = l.newEnv()
	canonical, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("lab %q: %w", c.Name, err)
	}
	l.emit(event.Event{Kind: event.Lab, Text: c.Name, N: int64(c.Seed), Data: canonical})
	for _, s := range c.Switches {
		l.addSwitch(s)
	}
	for _, nc := range c.Nodes {
		if _, err := l.addNode(nc); err != nil {
			l.Close()
			return nil, err
		}
	}
	for _, lc := range c.Links {
		a, b := l.ports[lc.A], l.ports[lc.B]
		if a == nil || b == nil {
			l.Close()
			return nil, fmt.Errorf("link %s - %s: one of its ends is not an interface of the lab", lc.A, lc.B)
		}
		plug(a, b, lc)
	}
	for i, n := range l.nodes {
		if err := startNet(n, c.Nodes[i]); err != nil {
			l.Close()
			return nil, err
		}
	}
	l.hosts = c.Hosts()
	return l, nil
}

// Start starts the programs that are to run from the beginning and are installed.
func (l *Lab) Start() {
	if l.started {
		return
	}
	l.started = true
	for _, n := range l.nodes {
		n.StartPrograms()
	}
}

// addNode makes a node. One that could not be made whole is returned with the error.
func (l *Lab) addNode(c config.Node) (*machine.Node, error) {
	l.numbered++
	n, err := l.newNode(l.numbered, c)
	l.nodes = append(l.nodes, n)
	l.byName[c.Name] = n
	return n, err
}

// Log is the lab's event log.
func (l *Lab) Log() *event.Log { return l.log }

// Config returns what the lab was built from.
func (l *Lab) Config() config.Lab { return l.conf }

// Now is the virtual time since the lab began.
func (l *Lab) Now() time.Duration { return l.loop.Now() }

// Steps is the number of turns that the loop has taken.
func (l *Lab) Steps() uint64 { return l.loop.Steps() }

// Next returns when something is due next; false if nothing ever is.
func (l *Lab) Next() (time.Duration, bool) {
	if l.halted != "" || l.mem.Refused() {
		return 0, false
	}
	return l.loop.Next()
}

// Run lets the lab run until its clock reaches until or it has taken limit steps in
// all, and reports which: true means that the clock stands at until and nothing
// that is due by then is left. Where it stops does not change what happens. It
// returns true at once for a lab that has Halted, whose clock stands.
func (l *Lab) Run(until time.Duration, limit uint64) bool {
	if l.closed || l.halted != "" || l.mem.Refused() {
		return true
	}
	reached := l.loop.Run(until, limit)
	if l.mem.Refused() {
		return true
	}
	l.halt()
	return reached || l.halted != ""
}

// Forever is a time and NoLimit a number of steps that no lab reaches.
const (
	Forever = time.Duration(1<<62 - 1)
	NoLimit = ^uint64(0)
)

// At runs f in the loop at a virtual time that is not past. f must not call Do, since it
// runs on the stack of whatever process waits. cancel takes it back.
func (l *Lab) At(at time.Duration, f func()) (cancel func()) {
	return l.loop.After(max(at-l.loop.Now(), 0), f)
}

// Node returns the node of that name; nil if there is none.
func (l *Lab) Node(name string) *machine.Node {
	return l.byName[name]
}

// Close ends every process and stack without running them on. The log stays.
func (l *Lab) Close() {
	if l.closed {
		return
	}
	l.closed = true
	for _, n := range l.nodes {
		n.Off()
	}
}

// Note appends an event of the scenario's to the log: a step or a check.
func (l *Lab) Note(e event.Event) { l.emit(e) }

func (l *Lab) emit(e event.Event) { l.rec.Emit(e) }

// event is emit for what happens with every frame: see event.Recorder.
func (l *Lab) event(k event.Kind) *event.Event { return l.rec.New(k) }

// Lookup returns the address that a name stands for.
func (l *Lab) Lookup(name string) (netip.Addr, bool) {
	if name == "localhost" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
	}
	a, ok := l.hosts[name]
	return a, ok
}
