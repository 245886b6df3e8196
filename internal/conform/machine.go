package main

import (
	"iter"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// result is an object of a recording: what an operation answers, an event, a
// state.
type result = map[string]any

// A machine is a kernel with one driver, and the processes that are asleep
// in it. It is the kernel's [kern.Host] and [kern.Procs].
type machine struct {
	d     driver
	k     *kern.Kernel
	mod   kern.Module
	line  int
	pid   int
	root  bool
	files []*openFile        // open files of the cloner (NetBSD)
	chars map[int]*kern.Cdev // nodes that have been open (NetBSD)
	fds   int
	notes map[int]*kern.Knote
	kns   int
	poll  map[int]*kern.Thread

	random byte
	ticks  uint32
	soon   []func()
	ready  []*task
	tasks  []*task // asleep, in the order of their lines
	events *[]result
	inject map[string]int
	seen   map[string]int
}

// openFile is a file of a NetBSD cloner.
type openFile struct {
	fd   int
	file *kern.File
	unit int
}

// A task is an operation on its own coroutine.
type task struct {
	line   int
	unit   int
	op     string
	t      *kern.Thread
	res    result
	resume func() (struct{}, bool)
	stop   func()
}

func newMachine(d driver) *machine {
	m := &machine{
		d: d, pid: 100, root: true, chars: map[int]*kern.Cdev{}, notes: map[int]*kern.Knote{}, poll: map[int]*kern.Thread{},
		random: 1, ticks: 0x332211,
	}
	m.events = new([]result)
	m.k = kern.New(kern.Config{Dialect: d.dialect, Host: m, Tracer: &tracer{m: m}, Procs: m})
	m.mod = d.module()
	m.k.Link(m.mod)
	m.k.SetFault(m.fault)
	return m
}

// close ends the coroutines of what still sleeps.
func (m *machine) close() {
	for _, t := range m.tasks {
		t.stop()
	}
}

// Now is the line number, in seconds.
func (m *machine) Now() time.Duration { return time.Duration(m.line) * time.Second }

// Random counts up.
func (m *machine) Random(p []byte) {
	for i := range p {
		p[i] = m.random
		m.random++
	}
}

// Ticks is what the recording says.
func (m *machine) Ticks() uint32 { return m.ticks }

// Soon queues a software interrupt: it runs when the operation is over.
func (m *machine) Soon(f func()) { m.soon = append(m.soon, f) }

// After is never reached by a driver.
func (m *machine) After(time.Duration, func()) func() { return func() {} }

// Exists: processes and groups 1 to 999.
func (m *machine) Exists(id int) bool { return id != 0 && -1000 < id && id < 1000 }

// Signal does nothing: the tracer has seen it.
func (m *machine) Signal(int, int) {}

func (m *machine) fault(what string) bool {
	n, ok := m.inject[what]
	if !ok {
		return false
	}
	seen := m.seen[what]
	m.seen[what]++
	return seen == n
}

// abandoned unwinds the coroutine of a call that sleeps when its file ends.
type abandoned struct{}

// step runs one operation with all that follows from it, and returns its
// whole result.
func (m *machine) step(line int, o *op) result {
	m.line = line
	events := []result{}
	m.events = &events
	m.inject, m.seen = o.Inject, map[string]int{}
	t := m.start(line, o)
	res := m.outcome(t)
	m.inject = nil
	m.softints()
	var completed []result
	for len(m.ready) > 0 {
		w := m.ready[0]
		m.ready = m.ready[1:]
		woken := []result{}
		m.events = &woken
		m.run(w)
		c := m.outcome(w)
		m.softints()
		c["line"], c["events"] = w.line, woken
		completed = append(completed, c)
	}
	if len(completed) > 0 {
		res["completed"] = completed
	}
	res["events"] = events
	res["state"] = m.state()
	return res
}

func (m *machine) softints() {
	for len(m.soon) > 0 {
		f := m.soon[0]
		m.soon = m.soon[1:]
		f()
	}
}

// start begins an operation on a coroutine of its own.
func (m *machine) start(line int, o *op) *task {
	w := &task{line: line, unit: m.unitOf(o), op: o.Op}
	w.t = m.thread(o)
	seq := func(yield func(struct{}) bool) {
		defer func() {
			if r := recover(); r != nil {
				if _, ok := r.(abandoned); !ok {
					panic(r)
				}
			}
		}()
		w.t.Park = func() {
			if !yield(struct{}{}) {
				panic(abandoned{})
			}
		}
		w.res = m.do(w.t, o)
	}
	w.t.Unpark = func() { m.ready = append(m.ready, w) }
	w.resume, w.stop = iter.Pull(iter.Seq[struct{}](seq))
	m.tasks = append(m.tasks, w)
	m.run(w)
	return w
}

func (m *machine) run(w *task) {
	if _, asleep := w.resume(); !asleep {
		for i, x := range m.tasks {
			if x == w {
				m.tasks = append(m.tasks[:i], m.tasks[i+1:]...)
				break
			}
		}
	}
}

// outcome is the result of a task, or that it sleeps.
func (m *machine) outcome(w *task) result {
	if w.res == nil {
		return result{"sleep": w.t.Wmesg()}
	}
	return w.res
}

func (m *machine) thread(o *op) *kern.Thread {
	pid, root := m.pid, m.root
	if o.PID != nil {
		pid = *o.PID
	}
	if o.Root != nil {
		root = *o.Root
	}
	cred := kern.Cred{}
	if !root {
		cred = kern.Cred{UID: 1001, GID: 100}
	}
	return &kern.Thread{PID: pid, PGID: pid, Cred: cred}
}

// status is the errno part of a result.
func status(err errno.Errno) result { return result{"errno": err.String(), "errnum": int(err)} }
