package vnet

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
	"wireloom/vnet/sys"
)

// A Node is an emulated machine: a kernel of its dialect, interfaces, one CPU and
// processes.
type Node struct {
	*sys.System
	lab  *Lab
	num  int // from 1
	conf NodeConfig
	rand *rand.ChaCha8

	gone bool // it is off: see Node.off

	ifaces  []*iface
	byIface map[string]*iface
	slots   []*slot
	root    kern.Thread // who sets the node up
}

// An iface is a network interface of a node with what is on its far side: the
// fabric, the node's own stack, or both for a NIC.
type iface struct {
	inet.Iface
	node *Node
	port *port // the plug into the fabric, which hangs loose when the interface is gone
}

// A slot is a place for a program on a node, and the process that runs it.
type slot struct {
	conf ProgramConfig
	prog sys.Program
	proc *sys.Proc
	last *sys.Proc // the one that ended last
}

// Now, Random, Soon, After, Emit and NewFrame make the node the host of its kernel and
// its network.

// Now is the lab's virtual time.
func (n *Node) Now() time.Duration { return n.lab.loop.Now() }

// Random fills p from the lab's seed; each node has a stream of its own.
func (n *Node) Random(p []byte) { _, _ = n.rand.Read(p) } // ChaCha8 never fails

// Soon runs f at this instant, after what is due now.
func (n *Node) Soon(f func()) { n.lab.loop.AfterUnless(&n.gone, 0, f) }

// After runs f when d has passed.
func (n *Node) After(d time.Duration, f func()) (cancel func()) {
	return n.lab.loop.AfterUnless(&n.gone, d, f)
}

// Emit records a fact of the node's network.
func (n *Node) Emit(e event.Event) { n.lab.emit(e) }

// NewFrame is the identity of a packet that the node makes.
func (n *Node) NewFrame() uint64 { return n.lab.pool.NewID() }

// Lookup is the address that a name stands for in the lab.
func (n *Node) Lookup(name string) (netip.Addr, bool) { return n.lab.Lookup(name) }

// seedFor derives the seed of a stream of chance from the lab's seed and a name.
func seedFor(seed uint64, what string) [32]byte {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], seed)
	return sha256.Sum256(append(b[:], what...))
}

func newNode(l *Lab, num int, c NodeConfig, rt *Runtime) (*Node, error) {
	n := &Node{lab: l, num: num, conf: c, byIface: map[string]*iface{}, rand: rand.NewChaCha8(seedFor(l.conf.Seed, "node "+c.Name))}
	n.root = kern.Thread{PID: 1, PGID: 1}
	k := kern.New(kern.Config{Dialect: c.Dialect, Host: n, Tracer: &tracer{n: n}, Procs: procTable{n}, Memory: l.mem.Kernels().Part()})
	n.System = sys.New(sys.Config{
		Name: c.Name, Host: n, Kernel: k, Net: inet.New(c.Name, n, k, rt.NewStack), Files: c.Files,
		Loop: &l.loop, Log: &l.rec, Memory: l.mem.Part(),
	})
	n.Kernel().OnIfChange(n.ifChanged)
	for _, m := range rt.Modules(c.Dialect) {
		if e := n.Kernel().Load(&n.root, m); e != errno.OK {
			return n, fmt.Errorf("node %q: loading %s: %s", c.Name, m.Name(), e)
		}
	}
	for i, f := range c.NICs {
		mac := f.MAC
		if mac.IsZero() {
			mac = packet.MAC{0x02, 0, 0, byte(num >> 8), byte(num), byte(i + 1)}
		}
		x := &iface{node: n}
		x.If = n.Kernel().AttachEther(f.Name, mac, 1500, x.output)
		n.addIface(x)
		if e := n.Kernel().IfUp(&n.root, f.Name); e != errno.OK {
			return n, fmt.Errorf("node %q: ifconfig %s up: %s", c.Name, f.Name, e)
		}
		if err := n.configure(f.Name, f.Addresses, netip.Addr{}); err != nil {
			return n, fmt.Errorf("node %q: %w", c.Name, err)
		}
	}
	for _, d := range c.Devices {
		if err := n.addDevice(d); err != nil {
			return n, fmt.Errorf("node %q: %w", c.Name, err)
		}
	}
	for _, p := range c.Programs {
		s := &slot{conf: p}
		if p.Command != "" {
			if s.prog = rt.Commands[p.Command]; s.prog == nil {
				return n, fmt.Errorf("node %q: program %q: there is no command %q", c.Name, p.Name, p.Command)
			}
		}
		n.slots = append(n.slots, s)
	}
	return n, nil
}

func (n *Node) addIface(x *iface) {
	x.port = &port{name: n.Name() + ":" + x.If.Name, end: x, lab: n.lab, carries: x.If.LinkType()}
	x.If.Input = x.input
	n.ifaces = append(n.ifaces, x)
	n.byIface[x.If.Name] = x
	n.Add(&x.Iface)
	n.lab.ports[x.port.name] = x.port
}

// addDevice creates a tun or tap unit as ifconfig does, and brings it up.
func (n *Node) addDevice(d DeviceConfig) error {
	if n.Kernel().Ifnet(d.Name) == nil {
		if e := n.createDevice(d.Name); e != errno.OK {
			return fmt.Errorf("ifconfig %s create: %s; %s has no such device", d.Name, e, n.conf.Dialect)
		}
	}
	ifp := n.Kernel().Ifnet(d.Name)
	if !d.MAC.IsZero() {
		ifp.SetMAC(d.MAC)
	}
	if !d.Down {
		if e := n.Kernel().IfUp(&n.root, d.Name); e != errno.OK {
			return fmt.Errorf("ifconfig %s up: %s", d.Name, e)
		}
	}
	return n.configure(d.Name, d.Addresses, d.Peer)
}

func (n *Node) iface(name string) *iface { return n.byIface[name] }

// output is the wire side of a NIC: m leaves the node.
func (x *iface) output(m *kern.Mbuf) {
	l := x.node.lab
	if m.Tag == 0 {
		m.Tag = l.pool.NewID()
	}
	f := l.pool.New(m.Bytes(), m.Tag)
	m.Free()
	x.port.send(f)
}

// input takes a frame that the interface's driver received: from the process for
// a tap, from the wire for a NIC.
func (x *iface) input(ifp *kern.Ifnet, _ int, m *kern.Mbuf) {
	l := x.node.lab
	if x.Kind == inet.Card {
		if x.NIC >= 0 && !x.node.Deliver(&x.Iface, m.Bytes()) {
			l.drop(x.port, "no-buffers", "the lab has no memory for what the node's sockets would have to keep", l.pool.New(m.Bytes(), m.Tag))
		}
		m.Free()
		return
	}
	if m.Tag == 0 {
		m.Tag = l.pool.NewID()
	}
	if x.NIC >= 0 && (x.Kind == inet.Tun || ifp.Flags&kern.IFF_UP != 0) {
		x.toStack(m)
		return
	}
	f := l.pool.New(m.Bytes(), m.Tag)
	m.Free()
	if ifp.Flags&kern.IFF_UP == 0 {
		// ether_input drops what comes in on an interface that is not up.
		l.drop(x.port, "if-down", ifp.Name+" is not up: what is written to it goes no further", f)
		return
	}
	x.port.send(f)
}

// mbuf copies a frame for the interface's driver. It is nil where that can't be, and
// the frame is lost then.
func (x *iface) mbuf(f *fabric.Frame) *kern.Mbuf {
	l := x.node.lab
	if x.Gone {
		l.drop(x.port, "no-interface", x.If.Name+" was destroyed", f)
		return nil
	}
	m := x.node.Kernel().NewFrame(f.Data)
	if m == nil {
		l.drop(x.port, "no-buffers", "the node is out of packet memory", f)
		return nil
	}
	m.Tag = f.ID
	return m
}

// deliver is the far end of the interface's link: a frame arrives at the node. A
// NIC receives it; a tap that is a member of a switch sends it to its process, as
// bridge_enqueue(9) does, and like a bridge only while it is running.
func (x *iface) deliver(f *fabric.Frame) {
	l := x.node.lab
	m := x.mbuf(f)
	if m == nil {
		return
	}
	if x.Kind == inet.Card {
		l.pool.Release(f)
		x.If.Receive(m)
		return
	}
	if x.If.Flags&kern.IFF_RUNNING == 0 {
		m.Free()
		l.drop(x.port, "if-down", x.If.Name+" is not running: a switch does not send to it", f)
		return
	}
	l.pool.Release(f)
	x.If.Transmit(m) // a full queue is told by the tracer
}

// plugged is told of the interface's link: an interface that belongs to a switch is not
// the stack's.
func (x *iface) plugged(in bool) {
	x.Plugged = in
	if x.node.Built() {
		x.node.Changed()
	}
}

// toStack gives what a tun's or tap's program wrote to the node's stack, once the
// driver is done with it: netisr.
func (x *iface) toStack(m *kern.Mbuf) {
	n, l := x.node, x.node.lab
	f := l.pool.New(m.Bytes(), m.Tag)
	m.Free()
	mem := n.Kernel().Memory() // another, if the node is off meanwhile
	if !mem.Take(f.Weight()) {
		l.drop(x.port, "no-buffers", "the lab has no memory for more packets on their way to the node's stack", f)
		return
	}
	n.Soon(func() {
		mem.Give(f.Weight())
		if !n.Deliver(&x.Iface, f.Data) {
			l.drop(x.port, "no-buffers", "the lab has no memory for what the node's sockets would have to keep", f)
			return
		}
		l.pool.Release(f)
	})
}

// kindOf is what a device's interface is.
func kindOf(ifp *kern.Ifnet) inet.Kind {
	if ifp.LinkType() == packet.LinkRaw {
		return inet.Tun
	}
	return inet.Tap
}

// ifChanged is told by the kernel when an interface changes. A tun or tap that comes
// gets a plug, one that had been there before the plug that it had: what ifconfig
// destroys and creates again stays connected.
func (n *Node) ifChanged(ifp *kern.Ifnet, c kern.IfChange) {
	if !ifp.Card() {
		x := n.iface(ifp.Name)
		switch {
		case c.Op == kern.IfAttached && x != nil:
			x.Again(ifp)
			ifp.Input = x.input
		case c.Op == kern.IfAttached:
			n.addIface(&iface{node: n, Iface: inet.Iface{If: ifp, Kind: kindOf(ifp)}})
		case c.Op == kern.IfDetached && x != nil && x.If == ifp:
			x.Gone = true
		}
	}
	if x := n.iface(ifp.Name); x != nil && n.Touches(&x.Iface, c.IP()) {
		n.Changed()
	}
	if c.IP() && !n.Built() {
		return // as its configuration says
	}
	n.lab.emit(event.Event{Kind: event.Iface, Node: n.Name(), Port: n.Name() + ":" + ifp.Name, Op: string(c.Op), Text: c.Text})
}

// Ended takes a process that has ended out of its slot.
func (n *Node) Ended(p *sys.Proc) {
	for _, s := range n.slots {
		if s.proc == p {
			s.proc, s.last = nil, p
		}
	}
}

// executable is the slot's program.
func (s *slot) executable() sys.Executable {
	c := s.conf
	return sys.Executable{Name: c.Name, Program: s.prog, Native: c.Command != "", Env: c.Env, Memory: c.Memory, Fuel: c.Fuel}
}

// Executable finds a program by its slot's name or a command; a folder before it
// does not matter.
func (n *Node) Executable(name string) (sys.Executable, bool) {
	name = path.Base(name)
	if s := n.slot(name); s != nil && s.prog != nil {
		return s.executable(), true
	}
	if c := n.lab.rt.Commands[name]; c != nil {
		return sys.Executable{Name: name, Program: c, Native: true}, true
	}
	return sys.Executable{}, false
}

// Executables are what a line at the node's prompt may begin with.
func (n *Node) Executables() []string {
	names := slices.Collect(maps.Keys(n.lab.rt.Commands))
	for _, s := range n.slots {
		if s.prog != nil {
			names = append(names, s.conf.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (n *Node) slot(name string) *slot {
	i := slices.IndexFunc(n.slots, func(s *slot) bool { return s.conf.Name == name })
	if i < 0 {
		return nil
	}
	return n.slots[i]
}

// procTable is the node's processes as its kernel sees them.
type procTable struct{ n *Node }

func (t procTable) Exists(id int) bool { return t.n.Exists(id) }
func (t procTable) Signal(id, sig int) { t.n.Post(id, sig) }

// tracer turns the facts of a node's kernel that belong in the log into events.
type tracer struct {
	kern.NopTracer
	n *Node
}

func (t *tracer) Log(text string) {
	t.n.lab.emit(event.Event{Kind: event.Message, Node: t.n.conf.Name, Text: strings.TrimRight(text, "\n")})
}

// Panic records that the kernel would have panicked, which takes the node's
// processes with it.
func (t *tracer) Panic(why string) {
	n := t.n
	n.lab.emit(event.Event{Kind: event.Panic, Node: n.Name(), Text: "this kernel would have panicked: " + why})
	n.Soon(n.KillAll)
}

func (t *tracer) Drop(ifp *kern.Ifnet, why kern.DropReason, m *kern.Mbuf) {
	t.n.lab.emit(event.Event{Kind: event.Drop, Port: t.n.conf.Name + ":" + ifp.Name, Op: why.String(), Frame: m.Tag, Link: ifp.LinkType(), Head: uint8(m.Head()), Data: m.Bytes()})
}
