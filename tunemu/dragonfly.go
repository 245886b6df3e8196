package tunemu

import (
	"encoding/binary"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

const (
	dfMajor = 52
	dfMLEN  = 220
	dfMHLEN = 176
)

// DragonFlyTun is DragonFly's driver as a module. The zero value is not
// ready: use [DragonFly].
type DragonFlyTun struct{ driver }

// dfSoftc is a unit as its interface sees it.
type dfSoftc struct{ softc }

// DragonFly returns the driver, to be loaded into a kernel of that dialect.
func DragonFly() *DragonFlyTun {
	d := &DragonFlyTun{}
	d.modeReplaces = kern.IFF_BROADCAST | kern.IFF_POINTOPOINT
	d.logsErrors = true
	return d
}

// Name is the module's.
func (d *DragonFlyTun) Name() string { return "if_tun" }

// Link declares the sysctl variable.
func (d *DragonFlyTun) Link(k *kern.Kernel) { k.AddSysctlInt("debug.if_tun_debug", &d.debug) }

// Load is tunattach: every unit has a node from now on, and an interface
// from its first open.
func (d *DragonFlyTun) Load(k *kern.Kernel, _ *kern.Thread) errno.Errno {
	d.k = k
	k.AddDevClass(kern.DevClass{Name: "tun", Cdevsw: d, Major: dfMajor, AnyUnit: true})
	k.Tracer().Fact("cdevsw_add", "tun", 0)
	return errno.OK
}

// Unload is EOPNOTSUPP: the driver is a PSEUDO_SET and cannot go.
func (d *DragonFlyTun) Unload(*kern.Kernel, *kern.Thread) errno.Errno { return errno.EOPNOTSUPP }

// Event is EOPNOTSUPP.
func (d *DragonFlyTun) Event(*kern.Kernel) errno.Errno { return errno.EOPNOTSUPP }

// State is for observers.
func (d *DragonFlyTun) State() kern.ModuleState {
	return kern.ModuleState{Units: unitStates(d.k, func(v any) *softc {
		if tp, ok := v.(*dfSoftc); ok {
			return &tp.softc
		}
		return nil
	})}
}

// create is tuncreate.
func (d *DragonFlyTun) create(dev *kern.Cdev) *dfSoftc {
	dev.UID, dev.GID, dev.Mode = uidUUCP, gidDial, nodeMode
	d.k.MakeDev("make_dev", "tun", dev)
	tp := &dfSoftc{*d.newSoftc(dev)}
	tp.newIf(tp)
	tp.ifp.Attach("if_attach")
	dev.Drv1 = tp
	return tp
}

// Start is tunstart: without ALTQ it does nothing, as tunoutput notifies.
func (tp *dfSoftc) Start(ifp *kern.Ifnet) {
	if ifp.ALTQ && ifp.Snd.Len() > 0 {
		tp.notify()
	}
}

func (tp *dfSoftc) notify() {
	tp.wakeReader()
	tp.signal()
	tp.sel.Wakeup(tp.d.k)
}

// Ioctl is tunifioctl. An address that is none is EFAULT, and leaves the
// interface up and running.
func (tp *dfSoftc) Ioctl(_ *kern.Ifnet, _ *kern.Thread, cmd uint32, r *kern.IfReq) errno.Errno {
	return tp.ifioctl(cmd, r)
}

// Output is tunoutput. It does not ask whether the interface is up, counts a
// full queue as a collision, and with ALTQ notifies a second time, after
// tunstart.
func (tp *dfSoftc) Output(ifp *kern.Ifnet, m *kern.Mbuf, dst kern.Sockaddr) errno.Errno {
	tp.logf("tunoutput\n")
	if !tp.ready() {
		ifp.Drop(kern.DropNoListener, m)
		return errno.EHOSTDOWN
	}
	if dst.Family == kern.AF_UNSPEC {
		// What a bpf listener writes: the family is in front of the packet.
		var af [4]byte
		m.CopyTo(af[:])
		dst.Family = uint8(binary.LittleEndian.Uint32(af[:]))
		m.Adj(len(af))
	}
	ifp.Bpf(kern.Out, int(dst.Family), m)
	switch tp.prefix(m, &dst) {
	case headNoMbuf:
		ifp.Snd.Drops++
		ifp.Cnt.Oerrors++
		return errno.ENOBUFS
	case headFamily:
		return errno.EAFNOSUPPORT
	}
	if err := ifp.Transmit(m); err != errno.OK {
		ifp.Cnt.Collision++
		return err
	}
	ifp.Cnt.Opackets++
	tp.notify()
	return errno.OK
}
