// Package machine is an emulated machine: a kernel of its dialect with its drivers, the
// interfaces between drivers, IP stack and wires, the slots for programs, and what runs.
// It knows of the lab what Env says, and nothing of a configuration: the lab builds it.
package machine

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/loop"
	"wireloom/vnet/memory"
	"wireloom/vnet/sys"
)

// An Env is the lab that machines are in.
type Env struct {
	Loop     *loop.Loop
	Log      *event.Recorder
	Pool     *fabric.Pool
	Memory   *memory.Lab
	NewStack func(h inet.StackHost, nics []inet.StackNIC) (inet.Stack, error) // nil where there are none
	Commands map[string]sys.Program                                           // that every machine has, by name
	Lookup   func(name string) (netip.Addr, bool)                             // the address that a name stands for
	Plug     func(x *Interface) Plug                                          // is called for each interface that comes
}

// A Plug is where an interface is plugged into the fabric.
type Plug interface {
	// Send puts f on the link and takes it over.
	Send(f *fabric.Frame)
	// Drop records that f is lost at the interface, and gives it up.
	Drop(reason, text string, f *fabric.Frame)
}

// A Node is an emulated machine.
type Node struct {
	*sys.System
	env  *Env
	rand *rand.ChaCha8
	gone bool // it is off: see Off

	ifaces  []*Interface
	byIface map[string]*Interface
	slots   []*Slot
	root    kern.Thread // who sets the node up
}

// New returns a machine without drivers, interfaces and slots, whose chance begins with
// seed. Its files are those that fs.New takes.
func New(name string, d kern.Dialect, seed [32]byte, files map[string][]byte, env *Env) *Node {
	n := &Node{env: env, byIface: map[string]*Interface{}, rand: rand.NewChaCha8(seed), root: kern.Thread{PID: 1, PGID: 1}}
	k := kern.New(kern.Config{Dialect: d, Host: n, Tracer: &tracer{n: n, name: name}, Procs: procTable{n}, Memory: env.Memory.Kernels().Part()})
	n.System = sys.New(sys.Config{
		Name: name, Host: n, Kernel: k, Net: inet.New(name, n, k, env.NewStack), Files: files,
		Loop: env.Loop, Log: env.Log, Memory: env.Memory.Part(),
	})
	k.OnIfChange(n.ifChanged)
	return n
}

// Load loads a driver.
func (n *Node) Load(m kern.Module) errno.Errno { return n.Kernel().Load(&n.root, m) }

// Off ends the node's processes and its stack without running them on, and takes back
// what they had planned.
func (n *Node) Off() {
	n.gone = true
	n.System.Off()
	n.Net.Off()
	n.Kernel().Memory().Drop()
}

// Now, Random, Soon, After, Emit, NewFrame and Lookup make the node the host of its
// kernel, its network and its processes.

// Now is the lab's virtual time.
func (n *Node) Now() time.Duration { return n.env.Loop.Now() }

// Random fills p from the lab's seed; each node has a stream of its own.
func (n *Node) Random(p []byte) { _, _ = n.rand.Read(p) } // ChaCha8 never fails

// Soon runs f at this instant, after what is due now.
func (n *Node) Soon(f func()) { n.env.Loop.AfterUnless(&n.gone, 0, f) }

// After runs f when d has passed.
func (n *Node) After(d time.Duration, f func()) (cancel func()) {
	return n.env.Loop.AfterUnless(&n.gone, d, f)
}

// Emit records a fact of the node's network.
func (n *Node) Emit(e event.Event) { n.env.Log.Emit(e) }

// NewFrame is the identity of a packet that the node makes.
func (n *Node) NewFrame() uint64 { return n.env.Pool.NewID() }

// Lookup is the address that a name stands for in the lab.
func (n *Node) Lookup(name string) (netip.Addr, bool) { return n.env.Lookup(name) }

// procTable is the node's processes as its kernel sees them.
type procTable struct{ n *Node }

func (t procTable) Exists(id int) bool { return t.n.Exists(id) }
func (t procTable) Signal(id, sig int) { t.n.Post(id, sig) }

// tracer turns the facts of a node's kernel that belong in the log into events.
type tracer struct {
	kern.NopTracer
	n    *Node
	name string
}

func (t *tracer) Log(text string) {
	t.n.Emit(event.Event{Kind: event.Message, Node: t.name, Text: strings.TrimRight(text, "\n")})
}

// Panic records that the kernel would have panicked, which takes the node's
// processes with it.
func (t *tracer) Panic(why string) {
	t.n.Emit(event.Event{Kind: event.Panic, Node: t.name, Text: "this kernel would have panicked: " + why})
	t.n.Soon(t.n.KillAll)
}

func (t *tracer) Drop(ifp *kern.Ifnet, why kern.DropReason, m *kern.Mbuf) {
	t.n.Emit(event.Event{
		Kind: event.Drop, Port: t.name + ":" + ifp.Name, Op: why.String(), Frame: m.Tag, Link: ifp.LinkType(), Head: uint8(m.Head()), Data: m.Bytes(),
	})
}
