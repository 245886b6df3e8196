package main

import (
	"fmt"
	"strings"

	"wireloom/tapemu"
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// do is one operation, on its coroutine.
func (m *machine) do(t *kern.Thread, o *op) result {
	switch o.Op {
	case "load":
		return status(m.k.Load(t, m.mod))
	case "unload":
		return status(m.k.Unload(t, m.mod.Name()))
	case "modevent", "modcmd":
		return status(m.mod.Event(m.k))
	case "create":
		return m.create(t, o)
	case "destroy":
		return status(m.k.IfDestroy(t, o.Name))
	case "open":
		return m.open(t, o)
	case "close":
		return status(m.closeFile(t, o))
	case "read", "write", "ioctl", "poll", "kqfilter":
		ops, err := m.target(t, o)
		return m.device(t, o, ops, err)
	case "kqevent", "kqdetach":
		return m.knote(o)
	case "stat":
		return m.stat(t, o)
	case "output", "enqueue", "ifstart", "ifup", "ifdown", "ifioctl", "bpf", "altq":
		i := m.k.Ifnet(m.ifName(o))
		if i == nil {
			return status(errno.ENXIO)
		}
		return m.network(t, o, i)
	case "sysctl":
		return m.sysctl(t, o)
	case "signal":
		for _, w := range m.tasks {
			if w.line == o.Line && m.k.Interrupt(w.t) {
				return status(errno.OK)
			}
		}
		return status(errno.ESRCH)
	default:
		return m.setting(o)
	}
}

// setting is an operation that sets up the machine rather than uses it.
func (m *machine) setting(o *op) result {
	switch o.Op {
	case "proc":
		if o.PID != nil {
			m.pid = *o.PID
		}
		if o.Root != nil {
			m.root = *o.Root
		}
	case "harvest":
		m.k.Harvest = o.on()
	case "pseudo_attach":
	case "random":
		m.random = byte(o.Next)
	case "ticks":
		m.ticks = o.Value
	case "force":
		f := tapemu.Force{Orphan: truth(o.Noproc), Refs: o.Refcnt}
		if o.VMnet != nil {
			on := truth(o.VMnet)
			f.VMnet = &on
		}
		if d, ok := m.mod.(*tapemu.DragonFlyTap); ok {
			d.Force(o.Unit, f)
		}
	default:
		return result{"unknown operation": o.Op}
	}
	return status(errno.OK)
}

func (m *machine) create(t *kern.Thread, o *op) result {
	name := o.Name
	if name == "" {
		name = m.d.base
	}
	made, err := m.k.IfCreate(t, name)
	res := status(err)
	if err == errno.OK && m.d.dialect != kern.NetBSD {
		res["name"] = made
	}
	return res
}

// open is open(2). Where devfs has the nodes, the unit is told also when the
// driver refuses, and the node that was made on the way.
func (m *machine) open(t *kern.Thread, o *op) result {
	before := map[*kern.Cdev]bool{}
	for _, d := range m.k.Devs() {
		before[d] = true
	}
	f, err := m.k.Open(t, o.Path, kern.O_RDWR)
	res := status(err)
	if m.d.dialect == kern.NetBSD {
		if err == errno.OK {
			res["unit"] = m.opened(f, res)
		}
		return res
	}
	node := m.k.Dev(o.Path)
	if m.d.devfs {
		for _, d := range m.k.Devs() {
			if !before[d] {
				res["cloned"], node = d.Name, d
			}
		}
	} else if err != errno.OK {
		node = nil
	}
	if node != nil {
		res["unit"] = node.Unit
	}
	return res
}

// opened remembers a file of NetBSD's and returns its unit.
func (m *machine) opened(f *kern.File, res result) int {
	switch ops := f.Ops().(type) {
	case *tapemu.NetBSDFile:
		m.fds++
		m.files = append(m.files, &openFile{fd: m.fds, file: f, unit: ops.Unit()})
		res["fd"] = m.fds
		return ops.Unit()
	case *kern.Cdev:
		m.chars[ops.Unit] = ops
		return ops.Unit
	}
	panic(fmt.Sprintf("conform: a file with operations of type %T", f.Ops()))
}

// file is the cloner's file that an operation goes through, or nil.
func (m *machine) file(o *op) *openFile {
	for _, f := range m.files {
		if o.FD != 0 && f.fd == o.FD {
			return f
		}
	}
	for j := len(m.files) - 1; j >= 0; j-- {
		if m.files[j].unit == o.Unit {
			return m.files[j]
		}
	}
	return nil
}

// unitOf is the unit that an operation is about.
func (m *machine) unitOf(o *op) int {
	if f := m.file(o); f != nil {
		return f.unit
	}
	return o.Unit
}

func (m *machine) ifName(o *op) string { return fmt.Sprintf("%s%d", m.d.base, o.Unit) }

// target is what a device operation goes to: ENXIO if there is no such
// device, or it has no softc and nobody has it open.
func (m *machine) target(t *kern.Thread, o *op) (kern.FileOps, errno.Errno) {
	if m.d.dialect == kern.NetBSD {
		if f := m.file(o); f != nil {
			return f.file.Ops(), errno.OK
		}
		return m.k.Node(t, m.ifName(o))
	}
	d := m.k.Dev(m.ifName(o))
	if d == nil || d.Drv1 == nil && d.Opens == 0 {
		return nil, errno.ENXIO
	}
	return d, errno.OK
}

func (m *machine) closeFile(t *kern.Thread, o *op) errno.Errno {
	unit := m.unitOf(o)
	f := m.file(o)
	var d *kern.Cdev
	if f == nil {
		ops, err := m.target(t, o)
		if err != errno.OK {
			return err
		}
		if d = ops.(*kern.Cdev); d.Opens == 0 {
			return errno.ENXIO
		}
	}
	// The kernel of the recordings refuses a close that the driver would see while a
	// read sleeps there. One that only counts an open down is none of its business.
	seen := d == nil || d.DriverSeesClose()
	for _, w := range m.tasks {
		if seen && w.op == "read" && w.unit == unit && w.t.Wmesg() != "" {
			return errno.EBUSY
		}
	}
	if f == nil {
		return d.Close(t)
	}
	for j, x := range m.files {
		if x == f {
			m.files = append(m.files[:j], m.files[j+1:]...)
			break
		}
	}
	return f.file.Close(t)
}

func (m *machine) device(t *kern.Thread, o *op, ops kern.FileOps, err errno.Errno) result {
	switch o.Op {
	case "read":
		return m.read(t, o, ops, err)
	case "write":
		return m.write(t, o, ops, err)
	case "ioctl":
		return m.ioctl(t, o, ops, err)
	}
	if err != errno.OK {
		return status(err)
	}
	if o.Op == "kqfilter" {
		return m.kqfilter(t, o, ops)
	}
	if m.poll[t.PID] == nil {
		m.poll[t.PID] = t
	}
	revents := ops.Poll(m.poll[t.PID], pollBits(o.Events))
	res := status(errno.OK)
	res["revents"] = pollNames(revents)
	return res
}

func (m *machine) read(t *kern.Thread, o *op, ops kern.FileOps, err errno.Errno) result {
	u := kern.Uio{Buf: make([]byte, o.length()), Fault: func() bool { return m.fault("uiomove") }}
	if err == errno.OK {
		ioflag := 0
		if o.Nonblock {
			ioflag = kern.IO_NDELAY
		}
		err = ops.Read(t, &u, ioflag)
	}
	res := status(err)
	if err == errno.OK {
		res["data"] = packet(u.Buf[:u.Off])
	}
	return res
}

func (m *machine) write(t *kern.Thread, o *op, ops kern.FileOps, err errno.Errno) result {
	u := kern.Uio{Buf: o.payload(), Write: true, Fault: func() bool { return m.fault("uiomove") }}
	if o.Resid != nil {
		if more := *o.Resid - len(u.Buf); more > 0 {
			u.Buf = append(u.Buf, make([]byte, more)...)
		} else {
			u.Short = more
		}
	}
	if err == errno.OK {
		err = ops.Write(t, &u, 0)
	}
	res := status(err)
	res["resid"] = u.Resid()
	return res
}

func (m *machine) kqfilter(t *kern.Thread, o *op, ops kern.FileOps) result {
	filter := map[string]int{"read": kern.EVFILT_READ, "write": kern.EVFILT_WRITE, "vnode": kern.EVFILT_VNODE}
	kn := &kern.Knote{Filter: filter[o.Filter], Tag: m.kns + 1}
	err := ops.Kqfilter(t, kn)
	res := status(err)
	if m.d.dialect == kern.DragonFly && err == errno.EPERM {
		// The driver's own answer is 0, with a 1 in a_result.
		res = status(errno.OK)
		res["result"] = 1
		return res
	}
	if err == errno.OK {
		m.kns++
		m.notes[m.kns] = kn
		res["kn"] = m.kns
		if m.d.dialect == kern.DragonFly {
			res["result"] = 0
		}
	}
	return res
}

func (m *machine) knote(o *op) result {
	kn := m.notes[o.Kn]
	res := status(errno.OK)
	switch {
	case kn == nil:
		return status(errno.ENOENT)
	case o.Op == "kqdetach" && (kn.Attached() || m.d.dialect == kern.DragonFly):
		// DragonFly's filter is taken off although its interface is gone: the kernel of
		// the recordings does not look at that there, and the original then writes to freed
		// memory, where our note has been cut off.
		kn.Detach()
		delete(m.notes, o.Kn)
		return res
	case !kn.Attached():
		return status(errno.ENOENT)
	}
	res["active"] = kn.Event()
	res["data"] = kn.Data
	return res
}

func (m *machine) stat(t *kern.Thread, o *op) result {
	f := m.file(o)
	if f == nil {
		return status(errno.EINVAL)
	}
	st, err := f.file.Stat(t)
	res := status(err)
	if err == errno.OK {
		res["stat"] = result{
			"major": st.Major, "minor": st.Minor, "uid": st.UID, "gid": st.GID,
			"atime": seconds(st.Accessed), "mtime": seconds(st.Modified),
			"ctime": seconds(st.Changed), "birthtime": seconds(st.Created),
		}
	}
	return res
}

func (m *machine) sysctl(t *kern.Thread, o *op) result {
	var set *string
	if o.Set != nil {
		s := strings.TrimSpace(fmt.Sprint(o.Set))
		set = &s
	}
	old, err := m.k.Sysctl(t, o.Name, set)
	res := status(err)
	switch {
	case m.d.dialect != kern.NetBSD && err == errno.OK:
		res["old"] = number(old)
	case m.d.dialect == kern.NetBSD && (err == errno.OK || err == errno.EINVAL):
		res["old"] = old
	}
	return res
}
