package tunemu

import (
	"slices"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// FreeBSDTun is FreeBSD's driver as a module. The zero value is not ready:
// use [FreeBSD].
type FreeBSDTun struct {
	driver
	cloner  kern.Cloner
	cloning int        // net.link.tun.devfs_cloning
	handler bool       // the dev_clone event handler is registered
	head    []*fbSoftc // tunhead, the oldest first
}

// fbSoftc is a unit as its interface sees it.
type fbSoftc struct{ softc }

// FreeBSD returns the driver, to be loaded into a kernel of that dialect.
func FreeBSD() *FreeBSDTun {
	d := &FreeBSDTun{cloning: 1}
	d.mtuNeedsRoot = true
	d.modeReplaces = kern.IFF_BROADCAST | kern.IFF_POINTOPOINT | kern.IFF_MULTICAST
	d.cloner = kern.Cloner{Name: "tun", MaxUnit: kern.IF_MAXUNIT, Create: d.cloneCreate, Destroy: d.cloneDestroy}
	return d
}

// Name is the module's.
func (d *FreeBSDTun) Name() string { return "if_tun" }

// Link declares the sysctl variables.
func (d *FreeBSDTun) Link(k *kern.Kernel) {
	k.AddSysctlInt("debug.if_tun_debug", &d.debug)
	k.AddSysctlInt("net.link.tun.devfs_cloning", &d.cloning)
}

// Load is tunmodevent, MOD_LOAD.
func (d *FreeBSDTun) Load(k *kern.Kernel, _ *kern.Thread) errno.Errno {
	d.k = k
	if k.Fault("eventhandler") {
		return errno.ENOMEM
	}
	d.handler = true
	k.AddDevClass(kern.DevClass{Name: "tun", Cdevsw: d, Clone: d.clone})
	k.CloneAttach(&d.cloner)
	return errno.OK
}

// Unload is tunmodevent, MOD_UNLOAD. It waits, and no signal ends that, for
// the last close of each unit, one after the other.
func (d *FreeBSDTun) Unload(k *kern.Kernel, t *kern.Thread) errno.Errno {
	k.CloneDetach(t, &d.cloner)
	d.handler = false
	k.Tracer().Fact("drain_dev_clone_events", "tun", 0)
	for len(d.head) > 0 {
		tp := d.head[0]
		d.head = d.head[1:]
		tp.destroy(t)
	}
	k.Tracer().Fact("clone_cleanup", "tun", k.RemoveDevClass("tun"))
	return errno.OK
}

// Event answers any other module event: EOPNOTSUPP.
func (d *FreeBSDTun) Event(*kern.Kernel) errno.Errno { return errno.EOPNOTSUPP }

// State is for observers.
func (d *FreeBSDTun) State() kern.ModuleState {
	return kern.ModuleState{Units: unitStates(d.k, func(v any) *softc {
		if tp, ok := v.(*fbSoftc); ok {
			return &tp.softc
		}
		return nil
	})}
}

// clone is tunclone, the dev_clone handler: root who opens /dev/tun, or a
// /dev/tunN that does not exist, gets the node and the interface.
func (d *FreeBSDTun) clone(t *kern.Thread, name string) *kern.Cdev {
	if !d.handler || d.cloning == 0 || !t.Cred.Root() {
		return nil
	}
	unit, ok := kern.UnitOf(name, "tun")
	if !ok || unit > kern.IF_MAXUNIT {
		return nil
	}
	dev, made := d.findDev(unit)
	if dev == nil {
		return nil
	}
	if made {
		name = dev.Name
	}
	// If this fails, for instance because an unload has taken the cloner
	// away, the open makes an interface that nobody can destroy.
	_ = d.k.CloneCreate(t, name)
	return dev
}

// findDev is clone_create and make_dev: the node of a unit, or with -1 one of
// the lowest unit that has none.
func (d *FreeBSDTun) findDev(unit int) (dev *kern.Cdev, made bool) {
	used := map[int]*kern.Cdev{}
	for _, x := range d.k.Devs() {
		if _, ok := kern.UnitOf(x.Name, "tun"); ok {
			used[x.Unit] = x
		}
	}
	if unit < 0 {
		for unit = 0; used[unit] != nil; unit++ {
		}
	}
	if unit > kern.IF_MAXUNIT {
		return nil, false
	}
	if dev := used[unit]; dev != nil {
		return dev, false
	}
	return d.k.MakeDev("make_dev", "tun", node(unit)), true
}

// cloneCreate is tun_clone_create.
func (d *FreeBSDTun) cloneCreate(_ *kern.Thread, unit int) (*kern.Ifnet, errno.Errno) {
	dev, _ := d.findDev(unit)
	tp := d.create(dev)
	if tp == nil {
		return nil, errno.EIO
	}
	return tp.ifp, errno.OK
}

// cloneDestroy is tun_clone_destroy.
func (d *FreeBSDTun) cloneDestroy(t *kern.Thread, ifp *kern.Ifnet) errno.Errno {
	tp := ifp.Softc.(*fbSoftc)
	d.head = slices.DeleteFunc(d.head, func(x *fbSoftc) bool { return x == tp })
	tp.destroy(t)
	return errno.OK
}

// create is tuncreate; nil after a panic.
func (d *FreeBSDTun) create(dev *kern.Cdev) *fbSoftc {
	tp := &fbSoftc{*d.newSoftc(dev)}
	if d.k.Fault("if_alloc") {
		d.k.Panic("%s: failed to if_alloc() interface", dev.Name)
		return nil
	}
	d.head = append(d.head, tp)
	tp.newIf(tp)
	tp.ifp.Attach("if_attach")
	dev.Drv1 = tp
	tp.logf("interface %s is created, minor = %s\n", tp.ifp.Name, tp.minor())
	return tp
}

// destroy is tun_destroy: it waits for the last close first.
func (tp *fbSoftc) destroy(t *kern.Thread) {
	k := tp.d.k
	if tp.flags&tunOpen != 0 {
		// Uninterruptible: it ends with the close's cv_broadcast.
		_ = k.Sleep(t, &tp.gone, "tun_condvar", false)
	}
	k.Tracer().Interface(tp.ifp, "bpfdetach", 0)
	tp.ifp.Detach()
	k.Tracer().Interface(tp.ifp, "if_free", 0)
	k.DestroyDev(tp.dev)
	tp.sel.Destroy(k)
}

// Start is tunstart. Without ALTQ it wakes select, kqueue and the owner of
// the signals also when there is nothing to read.
func (tp *fbSoftc) Start(ifp *kern.Ifnet) {
	if tp.d.debug != 0 {
		tp.logf("%s starting\n", ifp.Name)
	}
	if ifp.ALTQ && ifp.Snd.Len() == 0 {
		return
	}
	tp.wakeReader()
	tp.sel.Wakeup(tp.d.k)
	tp.sel.Knote(tp.d.k)
	tp.signal()
}

// Ioctl is tunifioctl. Its tuninit looks at every address without asking whether
// it is one.
func (tp *fbSoftc) Ioctl(ifp *kern.Ifnet, _ *kern.Thread, cmd uint32, r *kern.IfReq) errno.Errno {
	err := tp.ifioctl(cmd, r)
	if err == errno.EFAULT {
		return tp.d.k.Panic("page fault in tuninit: %s has an interface address without an address", ifp.Name)
	}
	return err
}

// Output is tunoutput. A bpf listener sees packets that are then refused.
func (tp *fbSoftc) Output(ifp *kern.Ifnet, m *kern.Mbuf, dst kern.Sockaddr) errno.Errno {
	tp.logf("tunoutput\n")
	if !tp.ready() {
		ifp.Drop(kern.DropNoListener, m)
		return errno.EHOSTDOWN
	}
	if ifp.Flags&kern.IFF_UP == 0 {
		ifp.Drop(kern.DropDown, m)
		return errno.EHOSTDOWN
	}
	if dst.Family == kern.AF_UNSPEC {
		// What a bpf listener writes: the family is in the address.
		dst.Family = dst.Data[0]
	}
	ifp.Bpf(kern.Out, int(dst.Family), m)
	switch tp.prefix(m, &dst) {
	case headNoMbuf:
		ifp.Cnt.Iqdrops++
		ifp.Cnt.Oerrors++
		return errno.ENOBUFS
	case headFamily:
		return errno.EAFNOSUPPORT
	}
	if err := ifp.Transmit(m); err != errno.OK {
		return errno.ENOBUFS
	}
	ifp.Cnt.Opackets++
	return errno.OK
}
