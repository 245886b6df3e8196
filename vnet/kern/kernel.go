package kern

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/packet"
)

// A Config says what a kernel is and where it runs. Host is needed; without
// a Tracer nobody is told, and without Procs the processes and groups 1 to
// 999 exist and no signal arrives anywhere.
type Config struct {
	Dialect   Dialect
	Host      Host
	Tracer    Tracer
	Procs     Procs
	MbufLimit int     // bytes of packet memory; 0 means DefaultMbufLimit
	Memory    *Memory // shared with the lab's other kernels; nil for no limit besides
}

// A Kernel is one emulated machine's: its modules, devices, interfaces,
// sleeping threads and packet memory. One goroutine at a time may use it. What are global
// variables of a BSD are its fields.
type Kernel struct {
	Dialect Dialect
	// Harvest is FreeBSD's harvest.point_to_point: packets stir the entropy pool.
	Harvest bool

	host  Host
	tr    Tracer
	procs Procs
	net   netLayer
	fault func(what string) bool

	modules []Module
	linked  []Module
	boot    uint32 // ticks at time 0, once somebody asked
	devs    []*Cdev
	devsw   []*devClass
	orphans []*Cdev // open nodes without devfs whose driver is not loaded
	cloners []*Cloner
	ifs     []*Ifnet
	index   int
	sysctls []*sysctlNode

	sysctlSource SysctlSource
	changed      []func(*Ifnet, IfChange)

	sleepers sleepQueue
	mbufs    mbufPool
	notes    []NoteState
	knotes   int // registered in all kqueues
	memory   *Memory
	dead     string
}

// New makes a kernel with nothing loaded and no interface.
func New(c Config) *Kernel {
	if c.Host == nil {
		panic("kern: New without a Host")
	}
	if c.Tracer == nil {
		c.Tracer = NopTracer{}
	}
	if c.Procs == nil {
		c.Procs = noProcs{}
	}
	if c.MbufLimit == 0 {
		c.MbufLimit = DefaultMbufLimit
	}
	k := &Kernel{Dialect: c.Dialect, host: c.Host, tr: c.Tracer, procs: c.Procs, memory: c.Memory}
	k.net = netLayers[c.Dialect](k)
	k.mbufs.limit = c.MbufLimit
	return k
}

// Memory is what the kernel holds for programs, with the lab's other kernels.
func (k *Kernel) Memory() *Memory { return k.memory }

// Host is the machine that the kernel runs on.
func (k *Kernel) Host() Host { return k.host }

// Tracer is who is told of events; never nil.
func (k *Kernel) Tracer() Tracer { return k.tr }

// SetFault makes allocations and copies fail on purpose: before each, f is
// asked with what is about to happen ("mbuf", "if_alloc", ...) and returns
// true to make it fail. With nil nothing fails.
func (k *Kernel) SetFault(f func(what string) bool) { k.fault = f }

// Fault says whether what is about to happen has to fail: see [Kernel.SetFault].
func (k *Kernel) Fault(what string) bool { return k.fault != nil && k.fault(what) }

// Log writes a line on the kernel's console.
func (k *Kernel) Log(format string, args ...any) { k.tr.Log(fmt.Sprintf(format, args...)) }

// Panic records that the original kernel would have panicked here, for the
// reason why. The kernel is dead from then on: every call into it returns
// EIO, which is what Panic returns too, so that a driver can say
// "return k.Panic(...)".
func (k *Kernel) Panic(format string, args ...any) errno.Errno {
	if k.dead == "" {
		k.dead = fmt.Sprintf(format, args...)
		k.tr.Panic(k.dead)
	}
	return errno.EIO
}

// Dead is why the kernel would have panicked, or "" while it runs.
func (k *Kernel) Dead() string { return k.dead }

// A Module is a driver as the kernel linker sees it. Its package-level
// variables are the fields of the value, and outlive an unload as they do in
// a kernel that has the driver compiled in.
type Module interface {
	// Name is the module's: "if_tun".
	Name() string
	// Link declares the module's sysctl variables. They are there from the
	// first load on, or from Kernel.Link, also while the module is unloaded.
	Link(k *Kernel)
	// Load and Unload handle MOD_LOAD and MOD_UNLOAD. Unload may sleep.
	Load(k *Kernel, t *Thread) errno.Errno
	Unload(k *Kernel, t *Thread) errno.Errno
	// Event handles any other module event.
	Event(k *Kernel) errno.Errno
	// State is the module's counters and units, for observers.
	State() ModuleState
}

// A ModuleState is what an observer may see of a driver.
type ModuleState struct {
	Counters []Counter   // in the driver's order: "refcnt", "tap_count", ...
	Units    []UnitState // in unit order
}

// A Counter is a named number.
type Counter struct {
	Name  string
	Value int64
}

// A UnitState is the private part of one unit of a driver: what its softc
// holds and no interface shows.
type UnitState struct {
	If       *Ifnet
	Flags    []string   // "OPEN", "INUSE", ...
	PID      int        // the process that has the device, 0 for none
	Owner    int        // who gets SIGIO: a pid, or minus a process group
	Remote   packet.MAC // DragonFly tap: the address of the other side
	DevQ     *Ifqueue   // DragonFly tap: packets that wait for a read
	Sel      *SelInfo
	Accessed Time // NetBSD: st_atime, st_mtime, st_birthtime
	Modified Time
	Created  Time
}

// Link makes a module part of the kernel without loading it, as for a driver
// that is compiled in. Load does it where it has not been done.
func (k *Kernel) Link(m Module) {
	if !slices.Contains(k.linked, m) {
		k.linked = append(k.linked, m)
		m.Link(k)
	}
}

// Load loads a module: EEXIST if one of that name is loaded.
func (k *Kernel) Load(t *Thread, m Module) errno.Errno {
	if k.dead != "" {
		return errno.EIO
	}
	if k.Module(m.Name()) != nil {
		return errno.EEXIST
	}
	k.Link(m)
	if err := m.Load(k, t); err != errno.OK {
		return err
	}
	k.modules = append(k.modules, m)
	return errno.OK
}

// Unload unloads a module, which may sleep: ENOENT if it is not loaded.
func (k *Kernel) Unload(t *Thread, name string) errno.Errno {
	if k.dead != "" {
		return errno.EIO
	}
	m := k.Module(name)
	if m == nil {
		return errno.ENOENT
	}
	if err := m.Unload(k, t); err != errno.OK {
		return err
	}
	k.modules = slices.DeleteFunc(k.modules, func(x Module) bool { return x == m })
	return errno.OK
}

// Module is the loaded module of that name, or nil.
func (k *Kernel) Module(name string) Module {
	for _, m := range k.modules {
		if m.Name() == name {
			return m
		}
	}
	return nil
}

// Modules are the loaded ones, in the order of loading.
func (k *Kernel) Modules() []Module { return k.modules }

// A Ticker is a Host that has an idea of its own of the kernel's tick count.
type Ticker interface{ Ticks() uint32 }

// Ticks is the tick counter: a hundred a second, from a random start, so
// that machines that boot together do not count alike.
func (k *Kernel) Ticks() uint32 {
	if t, ok := k.host.(Ticker); ok {
		return t.Ticks()
	}
	if k.boot == 0 {
		var b [4]byte
		k.host.Random(b[:])
		k.boot = binary.LittleEndian.Uint32(b[:]) | 1
	}
	return k.boot + uint32(k.host.Now()/(10*time.Millisecond))
}
