// Package config is what a lab is made of: its machines, switches and links, as a value, and
// what is wrong with one. Its JSON is what recordings hold, and the first event of a log.
package config

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"wireloom/vnet/fabric"
	"wireloom/vnet/fabric/netem"
	"wireloom/vnet/fs"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/memory"
	"wireloom/vnet/packet"
	"wireloom/vnet/sys"
)

// Limits of a lab. What goes beyond one is refused by New, or dropped, counted
// and shown as a limit or drop event when it happens while the lab runs.
const (
	MaxNodes      = 1024               // nodes in a lab
	MaxSwitches   = 64                 // switches in a lab
	MaxPorts      = 1024               // ports of a switch
	MaxInterfaces = inet.MaxInterfaces // NICs and devices of a node
	MaxPrograms   = 32                 // program slots of a node
	MaxFrame      = fabric.MaxFrame    // bytes of a frame on a link
	MaxDelay      = fabric.MaxDelay    // delay of a link
)

// Lab describes a lab: what is connected to what, and what runs where. Its
// zero value is a lab with nothing in it. New checks it. Its JSON, which the log's
// first event carries and recordings hold, is read back to the same configuration.
type Lab struct {
	Name     string // the scenario's name
	Seed     uint64 // of everything that is random in the lab
	Nodes    []Node
	Switches []Switch
	Links    []Link
	Memory   int64 `json:",omitempty"` // bytes that all programs may use together; memory.DefaultLab if 0
	Window   int   `json:"-"`          // bytes of the event log that viewers can see; see event.NewLog
}

// Node describes an emulated machine.
type Node struct {
	Name     string
	Dialect  kern.Dialect
	NICs     []NIC
	Devices  []Device
	Programs []Program
	Routes   []Route `json:",omitempty"` // static ones
	Forward  bool    `json:",omitempty"` // pass on packets for others: net.inet.ip.forwarding, and IPv6's

	// Files are the read-only files of the node by absolute path. A path that ends in
	// a slash is an empty directory; other directories come with what is in them.
	Files map[string][]byte `json:",omitempty"`
}

// NIC describes an ordinary Ethernet interface of a node, plugged into the
// fabric and held by the node's IP stack.
type NIC struct {
	Name      string     // em0
	MAC       packet.MAC // zero: one is derived from the node's and the interface's number
	Addresses []netip.Prefix
}

// Device describes a tun or tap unit that exists, and is up unless Down,
// when the lab starts. A tap that a link names is a member port of what it is
// linked to; a tap with addresses is an Ethernet interface of the node's IP stack.
// A tun is a point-to-point interface of the stack: ifconfig tun0 ADDRESS PEER.
type Device struct {
	Name      string     // tap0
	MAC       packet.MAC // zero: as the driver chooses it
	Addresses []netip.Prefix
	Peer      netip.Addr `json:",omitzero"` // of a tun: the other side's address
	Down      bool
}

// Program describes a slot for a program on a node.
type Program struct {
	Name    string
	Argv    []string // first the program's name, as always; Name if empty
	Env     []string // KEY=value
	Command string   // a built-in command of the node (ping); else the program is installed with Lab.Install
	Memory  int64    // bytes; sys.DefaultMemory if 0
	Fuel    int64    // units of fuel that it may use in all; 0 for no limit
	Start   bool     // start it when the lab starts, if it has a program by then
	Slot    bool     // the program is the user's to replace
}

// Link describes a full-duplex cable with a fixed delay. An end is a switch
// port ("s1.1") or a node's interface ("alice:em0"); each end takes one link. What is
// done to frames besides is said by direction, in the words of tc netem.
type Link struct {
	A, B  string
	Delay time.Duration
	AtoB  netem.Words `json:",omitempty"`
	BtoA  netem.Words `json:",omitempty"`
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

var ifaceForm = regexp.MustCompile(`^[a-z]{1,12}(0|[1-9][0-9]{0,4})$`)

// Check returns everything that is wrong with the configuration.
func (c *Lab) Check() Mistakes {
	var m mistaken
	limited := func(what string, n, limit int) {
		if n > limit {
			m.at(what).say("%s: there are %d, at most %d are allowed", what, n, limit)
		}
	}
	limited("nodes", len(c.Nodes), MaxNodes)
	limited("switches", len(c.Switches), MaxSwitches)
	if c.Memory != 0 && (c.Memory < memory.MinLab || c.Memory > memory.MaxLab) {
		m.at("memory").say("memory: %d bytes for all programs; %d to %d are allowed", c.Memory, int64(memory.MinLab), int64(memory.MaxLab))
	}
	names, ends := map[string]bool{}, map[string]bool{}
	name := func(list, what, n string) {
		if !nameForm.MatchString(n) {
			m.at(list, n).say("%s %q: a name is a lower-case letter and then up to 31 letters, digits, - or _", what, n)
		}
		if names[n] {
			m.at(list, n).say("%s %q: another node or switch has this name", what, n)
		}
		names[n] = true
	}
	for i := range c.Nodes {
		n := &c.Nodes[i]
		name("nodes", "node", n.Name)
		n.check(m.at("nodes", n.Name))
		for _, p := range n.Programs {
			if all := cmp.Or(c.Memory, memory.DefaultLab); p.Memory > all {
				m.at("nodes", n.Name, "programs", p.Name).say("node %q: program %q: %d bytes of memory, and all programs of the lab may have %d together", n.Name, p.Name, p.Memory, all)
			}
		}
		for _, f := range n.NICs {
			ends[n.Name+":"+f.Name] = true
		}
		for _, f := range n.Devices {
			ends[n.Name+":"+f.Name] = true
		}
	}
	for _, s := range c.Switches {
		name("switches", "switch", s.Name)
		if s.Ports < 1 || s.Ports > MaxPorts {
			m.at("switches", s.Name).say("switch %q: it has %d ports, 1 to %d are allowed", s.Name, s.Ports, MaxPorts)
			continue
		}
		s.check(m.at("switches", s.Name))
		for p := range s.Ports {
			ends[fmt.Sprintf("%s.%d", s.Name, p+1)] = true
		}
	}
	doors := map[string]bool{}
	for _, d := range c.Doors() {
		doors[d.Port] = true
	}
	limited("doors", len(doors), MaxDoors)
	used := map[string]bool{}
	for _, l := range c.Links {
		for _, e := range []string{l.A, l.B} {
			if !ends[e] {
				m.at("links", e).say("link %s - %s: there is no %q; an end is SWITCH.PORT or NODE:INTERFACE", l.A, l.B, e)
			}
			if doors[e] {
				m.at("links", e).say("link %s - %s: %q is a door: only a peer outside of the lab is plugged in there", l.A, l.B, e)
			}
			if used[e] {
				m.at("links", e).say("link %s - %s: %q has a link already", l.A, l.B, e)
			}
			used[e] = true
		}
		if l.Delay < 0 || l.Delay > MaxDelay {
			m.at("links", l.A).say("link %s - %s: the delay %v is not between 0 and %v", l.A, l.B, l.Delay, MaxDelay)
		}
		for _, words := range []netem.Words{l.AtoB, l.BtoA} {
			if _, err := words.Parse(); err != nil {
				m.at("links", l.A).say("link %s - %s: %v", l.A, l.B, err)
			}
		}
	}
	for i := range c.Nodes {
		n := &c.Nodes[i]
		n.checkNet(m.at("nodes", n.Name), func(iface string) bool { return used[n.Name+":"+iface] })
	}
	return m.all
}

// Hosts are the first addresses of the nodes that have one, by name.
func (c *Lab) Hosts() map[string]netip.Addr {
	m := map[string]netip.Addr{}
	for i := range c.Nodes {
		if a, ok := c.Nodes[i].FirstAddress(); ok {
			m[c.Nodes[i].Name] = a
		}
	}
	return m
}

// FirstAddress is the address that the node's name stands for.
func (n *Node) FirstAddress() (netip.Addr, bool) {
	for _, f := range n.NICs {
		for _, p := range f.Addresses {
			return p.Addr(), true
		}
	}
	for _, d := range n.Devices {
		for _, p := range d.Addresses {
			return p.Addr(), true
		}
	}
	return netip.Addr{}, false
}

func (n *Node) check(m mistakeAt) {
	bad := func(format string, args ...any) { m.of(n, format, args...) }
	if n.Dialect > kern.Linux {
		bad("there is no dialect %d", n.Dialect)
	}
	if len(n.NICs)+len(n.Devices) > MaxInterfaces {
		bad("it has %d interfaces, at most %d are allowed", len(n.NICs)+len(n.Devices), MaxInterfaces)
	}
	for _, wrong := range fs.Check(n.Files) {
		m.at("files").of(n, "%s", wrong)
	}
	if len(n.Programs) > MaxPrograms {
		bad("it has %d programs, at most %d are allowed", len(n.Programs), MaxPrograms)
	}
	seen := map[string]bool{}
	iface := func(list, f string) {
		if !ifaceForm.MatchString(f) {
			m.at(list, f).of(n, "interface %q: a name is letters and then a unit number, like em0 or tap0", f)
		}
		if seen[f] {
			m.at(list, f).of(n, "interface %q: it is there twice", f)
		}
		seen[f] = true
	}
	for _, f := range n.NICs {
		iface("nics", f.Name)
		if strings.HasPrefix(f.Name, "tun") || strings.HasPrefix(f.Name, "tap") {
			m.at("nics", f.Name).of(n, "interface %q: tun and tap are devices, not NICs", f.Name)
		}
		if f.MAC.IsMulticast() {
			m.at("nics", f.Name).of(n, "interface %q: %s is a group address", f.Name, f.MAC)
		}
	}
	for _, f := range n.Devices {
		iface("devices", f.Name)
		if f.MAC.IsMulticast() {
			m.at("devices", f.Name).of(n, "device %q: %s is a group address", f.Name, f.MAC)
		}
	}
	progs := map[string]bool{}
	for _, p := range n.Programs {
		if !nameForm.MatchString(p.Name) || progs[p.Name] {
			m.at("programs", p.Name).of(n, "program %q: a name is a lower-case letter and then up to 31 letters, digits, - or _, and no two are the same", p.Name)
		}
		progs[p.Name] = true
		if p.Memory < 0 || p.Memory > sys.MaxMemory {
			m.at("programs", p.Name).of(n, "program %q: %d bytes of memory, at most %d are allowed", p.Name, p.Memory, int64(sys.MaxMemory))
		}
		if p.Fuel < 0 {
			m.at("programs", p.Name).of(n, "program %q: %d units of fuel are no limit", p.Name, p.Fuel)
		}
		if err := sys.CheckArgs(p.Argv, p.Env); err != nil {
			m.at("programs", p.Name).of(n, "program %q: %v", p.Name, err)
		}
		if slices.ContainsFunc(slices.Concat(p.Argv, p.Env), func(s string) bool { return !utf8.ValidString(s) }) {
			m.at("programs", p.Name).of(n, "program %q: an argument is not UTF-8 text", p.Name)
		}
	}
}

// Rings returns the rings that the lab's links make of its switches: see fabric.Rings.
func (c *Lab) Rings() []fabric.Ring {
	var cables []fabric.Cable
	for _, l := range c.Links {
		if fabric.IsSwitchPort(l.A) && fabric.IsSwitchPort(l.B) && l.A != l.B {
			cables = append(cables, fabric.Cable{Out: l.A, In: l.B})
		}
	}
	return fabric.Rings(cables)
}
