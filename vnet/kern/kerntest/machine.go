// Package kerntest runs kernels of package kern in tests: a machine with a
// clock that the test moves, processes that are Go functions on coroutines,
// and a fuzzer for drivers.
package kerntest

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// A Machine is a kernel and what it runs on. It is the kernel's Host and
// Procs.
type Machine struct {
	K   *kern.Kernel
	Log []string // what the kernel told, where Trace is on
	// Trace collects events in Log.
	Trace bool
	// Signals are those that a driver sent, as "pid signal".
	Signals []string
	// Root is a thread that cannot sleep, for setting up.
	Root *kern.Thread

	now    time.Duration
	random byte
	soon   []func()
	timers []*timer
	procs  []*Proc
}

type timer struct {
	at  time.Duration
	f   func()
	off bool
}

// New makes a machine of a dialect with modules loaded. It panics if one
// does not load.
func New(d kern.Dialect, mods ...kern.Module) *Machine {
	m := &Machine{}
	return m.boot(kern.Config{Dialect: d, Host: m, Tracer: tracer{m: m}, Procs: m}, mods)
}

// Quiet is New without a tracer: for measurements.
func Quiet(d kern.Dialect, mods ...kern.Module) *Machine {
	m := &Machine{}
	return m.boot(kern.Config{Dialect: d, Host: m, Procs: m}, mods)
}

func (m *Machine) boot(c kern.Config, mods []kern.Module) *Machine {
	m.Root = &kern.Thread{PID: 1, PGID: 1}
	m.K = kern.New(c)
	for _, mod := range mods {
		if err := m.K.Load(m.Root, mod); err != errno.OK {
			panic(fmt.Sprintf("kerntest: loading %s: %v", mod.Name(), err))
		}
	}
	return m
}

// Now is the machine's clock.
func (m *Machine) Now() time.Duration { return m.now }

// Random counts up.
func (m *Machine) Random(p []byte) {
	for i := range p {
		m.random++
		p[i] = m.random
	}
}

// Soon queues f for [Machine.Run].
func (m *Machine) Soon(f func()) { m.soon = append(m.soon, f) }

// After queues f for [Machine.Advance].
func (m *Machine) After(d time.Duration, f func()) func() {
	t := &timer{at: m.now + d, f: f}
	m.timers = append(m.timers, t)
	return func() { t.off = true }
}

// Advance moves the clock and runs what becomes due, in order of time.
func (m *Machine) Advance(d time.Duration) {
	end := m.now + d
	for {
		slices.SortStableFunc(m.timers, func(a, b *timer) int { return cmp.Compare(a.at, b.at) })
		if len(m.timers) == 0 || m.timers[0].at > end {
			break
		}
		t := m.timers[0]
		m.timers = m.timers[1:]
		if !t.off {
			m.now = max(m.now, t.at)
			t.f()
			m.Run()
		}
	}
	m.now = end
}

// Exists: processes and groups 1 to 999.
func (m *Machine) Exists(id int) bool { return id != 0 && -1000 < id && id < 1000 }

// Signal notes a signal.
func (m *Machine) Signal(id, sig int) { m.Signals = append(m.Signals, fmt.Sprintf("%d %d", id, sig)) }

// Run runs what is queued, until nothing is.
func (m *Machine) Run() {
	for len(m.soon) > 0 {
		f := m.soon[0]
		m.soon = m.soon[1:]
		f()
	}
}

// A Proc is a process.
type Proc struct {
	*kern.Thread
	Done bool

	m      *Machine
	resume func() (struct{}, bool)
	stop   func()
}

// killed unwinds the coroutine of a process that sleeps.
type killed struct{}

// Go starts a process as root and runs it, and what follows, until it sleeps
// or ends.
func (m *Machine) Go(pid int, f func(t *kern.Thread)) *Proc {
	return m.GoAs(pid, kern.Cred{}, f)
}

// GoAs is Go with credentials.
func (m *Machine) GoAs(pid int, cred kern.Cred, f func(t *kern.Thread)) *Proc {
	p := &Proc{m: m, Thread: &kern.Thread{PID: pid, PGID: pid, Cred: cred}}
	seq := func(yield func(struct{}) bool) {
		defer func() {
			if r := recover(); r != nil && r != any(killed{}) {
				panic(r)
			}
		}()
		p.Park = func() {
			if !yield(struct{}{}) {
				panic(killed{})
			}
		}
		f(p.Thread)
	}
	p.resume, p.stop = iter.Pull(iter.Seq[struct{}](seq))
	p.Unpark = func() { m.Soon(p.run) }
	m.procs = append(m.procs, p)
	p.run()
	m.Run()
	return p
}

func (p *Proc) run() {
	if _, asleep := p.resume(); !asleep {
		p.Done = true
	}
}

// Interrupt sends the process a signal and runs what follows; it returns
// whether that ended a sleep.
func (p *Proc) Interrupt() bool {
	ok := p.m.K.Interrupt(p.Thread)
	p.m.Run()
	return ok
}

// Must panics when a call of a test's setting up fails.
func Must(err errno.Errno) {
	if err != errno.OK {
		panic("kerntest: " + err.String())
	}
}

// Open opens a device as root and brings its interface up.
func (m *Machine) Open(path string) (*kern.File, *kern.Ifnet) {
	f, err := m.K.Open(m.Root, path, kern.O_RDWR)
	Must(err)
	name := f.Path()[len("/dev/"):]
	Must(m.K.IfUp(m.Root, name))
	return f, m.K.Ifnet(name)
}

// Close ends the coroutines of processes that sleep.
func (m *Machine) Close() {
	for _, p := range m.procs {
		if !p.Done {
			m.K.Forget(p.Thread)
			p.stop()
		}
	}
}

// tracer writes events down, and looks out for those of interfaces that are
// no more.
type tracer struct {
	kern.NopTracer
	m *Machine
}

func (t tracer) add(format string, args ...any) {
	if t.m.Trace {
		t.m.Log = append(t.m.Log, fmt.Sprintf(format, args...))
	}
}

func (t tracer) alive(i *kern.Ifnet, what string) {
	if !i.Attached() {
		panic("kerntest: " + what + " of " + i.Name + ", which is detached")
	}
}

func (t tracer) Wakeup(op string, woken int) { t.add("%s %d", op, woken) }
func (t tracer) SelRecord(pid int)           { t.add("selrecord %d", pid) }
func (t tracer) SelWakeup(woken int)         { t.add("selwakeup %d", woken) }

func (t tracer) SelNotify(woken int, notes []kern.NoteState) { t.add("selnotify %d %v", woken, notes) }
func (t tracer) Knotes(notes []kern.NoteState)               { t.add("knote %v", notes) }
func (t tracer) Signal(s kern.Signal)                        { t.add("signal %d %d %s", s.ID, s.Sig, s.Code) }

func (t tracer) LinkState(i *kern.Ifnet) {
	t.alive(i, "a link state")
	t.add("%s link %s", i.Name, i.Link)
}
func (t tracer) Interface(i *kern.Ifnet, op string, n int) { t.add("%s %s %d", i.Name, op, n) }

func (t tracer) Route(i *kern.Ifnet, cmd string, a *kern.Addr, host bool) {
	t.alive(i, "a route")
	t.add("%s route %s %s %t", i.Name, cmd, a.Addr, host)
}

func (t tracer) Bpf(i *kern.Ifnet, dir kern.Direction, af int, m *kern.Mbuf) {
	t.alive(i, "a packet past bpf")
	t.add("%s bpf %s %d %x", i.Name, dir, af, m.Bytes())
}

func (t tracer) Input(i *kern.Ifnet, af int, m *kern.Mbuf) {
	t.alive(i, "an input")
	t.add("%s input %d %d", i.Name, af, m.Len())
}

func (t tracer) Drop(i *kern.Ifnet, why kern.DropReason, m *kern.Mbuf) {
	t.add("%s drop %s %d", i.Name, why, m.Len())
}
func (t tracer) Device(op string, d *kern.Cdev) { t.add("%s %s", op, d.Name) }
func (t tracer) Fact(op, name string, n int)    { t.add("%s %s %d", op, name, n) }
func (t tracer) Log(text string)                { t.add("log %s", text) }
func (t tracer) Panic(why string)               { t.add("panic %s", why) }
