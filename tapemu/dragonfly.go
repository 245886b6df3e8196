package tapemu

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// Flags of a unit: tap_flags.
const (
	dfOpen = 1 << iota
	dfInited
	dfRWait // a reader sleeps
	dfAsync
	dfVMnet
	dfCloseDown // the open brought the interface up, the close takes it down
	dfClone     // made, or adopted, by ifconfig create

	dfReady = dfOpen | dfInited
)

var dfFlagNames = [...]string{"OPEN", "INITED", "RWAIT", "ASYNC", "VMNET", "CLOSEDOWN", "CLONE"}

const (
	dfPreallocated = 4 // units whose nodes exist from load to unload
	dfMajor        = 149
	dfMRU          = 16384
	dfMLEN         = 456
	dfMHLEN        = 392
)

// DragonFlyTap is DragonFly's driver as a module. The zero value is not
// ready: use [DragonFly].
type DragonFlyTap struct {
	k        *kern.Kernel
	units    []*dfSoftc // tap_listhead, the newest last
	bits     map[int]bool
	cloner   kern.Cloner
	refs     int // taprefcnt
	lastUnit int // taplastunit: only ever counted down on destroy, so that it drifts
	debug    int
	userOpen int
	upOnOpen int
}

// dfSoftc is struct tap_softc.
type dfSoftc struct {
	d      *DragonFlyTap
	unit   int
	dev    *kern.Cdev
	ifp    *kern.Ifnet
	flags  int
	devq   kern.Ifqueue // from the interface's queue to the process
	sel    kern.SelInfo
	owner  kern.Owner // tap_sigio
	opener kern.Owner // tap_sigtd
	orphan bool       // tap_sigtd without a process
	remote packet.MAC // ether_addr: what the VMware ioctls get and set
}

// DragonFly returns the driver, to be loaded into a kernel of that dialect.
func DragonFly() *DragonFlyTap {
	d := &DragonFlyTap{lastUnit: -1, bits: map[int]bool{}}
	d.cloner = kern.Cloner{Name: "tap", MaxUnit: kern.IF_MAXUNIT, Create: d.cloneCreate, Destroy: d.cloneDestroy}
	return d
}

// Name is the module's.
func (d *DragonFlyTap) Name() string { return "if_tap" }

// Link declares the sysctl variables; debug has two names.
func (d *DragonFlyTap) Link(k *kern.Kernel) {
	k.AddSysctlInt("debug.if_tap_debug", &d.debug)
	k.AddSysctlInt("net.link.tap.user_open", &d.userOpen)
	k.AddSysctlInt("net.link.tap.up_on_open", &d.upOnOpen)
	k.AddSysctlInt("net.link.tap.debug", &d.debug)
}

// Load is tapmodevent, MOD_LOAD.
func (d *DragonFlyTap) Load(k *kern.Kernel, _ *kern.Thread) errno.Errno {
	d.k = k
	k.AddDevClass(kern.DevClass{Name: "tap", Cdevsw: d, Major: dfMajor, EveryClose: true, Clone: d.autoclone})
	k.Tracer().Device("make_autoclone_dev", &kern.Cdev{Name: "tap", Unit: -1, Mode: 0o600})
	k.CloneAttach(&d.cloner)
	for unit := range dfPreallocated {
		d.makeDev("make_dev", unit)
		d.bits[unit] = true
	}
	return errno.OK
}

func (d *DragonFlyTap) makeDev(op string, unit int) *kern.Cdev {
	return d.k.MakeDev(op, "tap", &kern.Cdev{Name: "tap" + strconv.Itoa(unit), Unit: unit, Mode: 0o600})
}

// Unload is tapmodevent, MOD_UNLOAD: EBUSY while the reference count says
// that a unit is open, which it may say for ever.
func (d *DragonFlyTap) Unload(k *kern.Kernel, t *kern.Thread) errno.Errno {
	if d.refs > 0 {
		return errno.EBUSY
	}
	k.CloneDetach(t, &d.cloner)
	for len(d.units) > 0 {
		d.units[len(d.units)-1].destroy()
	}
	k.Tracer().Fact("devfs_clone_handler_del", "tap", 0)
	k.Tracer().Fact("dev_ops_remove_all", "tap", k.RemoveDevClass("tap"))
	clear(d.bits)
	return errno.OK
}

// Event answers any other module event: EOPNOTSUPP.
func (d *DragonFlyTap) Event(*kern.Kernel) errno.Errno { return errno.EOPNOTSUPP }

// State is for observers.
func (d *DragonFlyTap) State() kern.ModuleState {
	s := kern.ModuleState{Counters: []kern.Counter{
		{Name: "refcnt", Value: int64(d.refs)},
		{Name: "lastunit", Value: int64(d.lastUnit)},
	}}
	units := slices.SortedFunc(slices.Values(d.units), func(a, b *dfSoftc) int { return cmp.Compare(a.unit, b.unit) })
	for _, tp := range units {
		s.Units = append(s.Units, kern.UnitState{
			If: tp.ifp, Flags: flagNames(tp.flags, dfFlagNames[:]), PID: int(tp.opener), Owner: int(tp.owner),
			Remote: tp.remote, DevQ: &tp.devq, Sel: &tp.sel,
		})
	}
	return s
}

// create is tapcreate.
func (d *DragonFlyTap) create(unit int, dev *kern.Cdev) *dfSoftc {
	tp := &dfSoftc{d: d, unit: unit, dev: dev}
	dev.Drv1 = tp
	var ticks [4]byte
	binary.LittleEndian.PutUint32(ticks[:], d.k.Ticks())
	mac := packet.MAC{0x00, 0xbd, ticks[0], ticks[1], ticks[2], byte(unit)}
	tp.ifp = d.k.NewEther("tap"+strconv.Itoa(unit), unit, mac, tp)
	tp.ifp.Softc = tp
	d.lastUnit = max(d.lastUnit, unit)
	tp.ifp.Attach("if_attach")
	tp.ifp.Logf("MAC address: %s\n", mac)
	tp.flags |= dfInited
	tp.devq.Max = tp.ifp.Snd.Max
	d.units = append(d.units, tp)
	if d.debug != 0 {
		tp.ifp.Logf("created. minor = %s\n", tp.minor())
	}
	return tp
}

// destroy is tapdestroy. It does not ask whether a process has the unit
// open.
func (tp *dfSoftc) destroy() {
	d := tp.d
	if d.debug != 0 {
		tp.ifp.Logf("destroyed. minor = %s, refcnt = %d, taplastunit = %d\n", tp.minor(), d.refs, d.lastUnit)
	}
	tp.stop(true)
	tp.ifp.Detach()
	tp.sel.Destroy(d.k)
	d.units = slices.DeleteFunc(d.units, func(x *dfSoftc) bool { return x == tp })
	tp.dev.Drv1 = nil
	if tp.unit >= dfPreallocated {
		d.k.DestroyDev(tp.dev)
		delete(d.bits, tp.unit)
	}
	d.lastUnit--
}

// minor is C's "%#x" of the minor number, which writes a zero as "0".
func (tp *dfSoftc) minor() string {
	if tp.unit == 0 {
		return "0"
	}
	return "0x" + strconv.FormatInt(int64(tp.unit), 16)
}

// cloneCreate is tap_clone_create. It adopts an interface that an open made.
func (d *DragonFlyTap) cloneCreate(_ *kern.Thread, unit int) (*kern.Ifnet, errno.Errno) {
	i := slices.IndexFunc(d.units, func(tp *dfSoftc) bool { return tp.unit == unit })
	var tp *dfSoftc
	if i >= 0 {
		tp = d.units[i]
	} else {
		dev := d.k.Dev("tap" + strconv.Itoa(unit))
		if !d.bits[unit] {
			d.bits[unit] = true
			dev = d.makeDev("make_dev", unit)
		}
		tp = d.create(unit, dev)
	}
	tp.flags |= dfClone
	if d.debug != 0 {
		tp.ifp.Logf("clone created. minor = %s tap_flags = 0x%x\n", tp.minor(), tp.flags)
	}
	return tp.ifp, errno.OK
}

// cloneDestroy is tap_clone_destroy: what ifconfig did not make stays.
func (d *DragonFlyTap) cloneDestroy(_ *kern.Thread, ifp *kern.Ifnet) errno.Errno {
	tp := ifp.Softc.(*dfSoftc)
	if d.debug != 0 {
		ifp.Logf("clone destroyed. minor = %s tap_flags = 0x%x\n", tp.minor(), tp.flags)
	}
	if tp.flags&dfClone != 0 {
		tp.destroy()
	}
	return errno.OK
}

// autoclone is tapclone, behind /dev/tap: the lowest unit that has no node.
// The interface is made before anybody asks whether the open is allowed.
func (d *DragonFlyTap) autoclone(*kern.Thread, string) *kern.Cdev {
	unit := 0
	for d.bits[unit] {
		unit++
	}
	if unit > kern.IF_MAXUNIT {
		return nil
	}
	d.bits[unit] = true
	dev := d.makeDev("make_only_dev", unit)
	d.create(unit, dev)
	return dev
}

// A Force sets state of a unit that no ioctl of the driver reaches, but that
// it has code for. Fields that are nil change nothing.
type Force struct {
	VMnet  *bool // TAP_VMNET
	Orphan bool  // tap_sigtd has lost its process
	Refs   *int  // taprefcnt
}

// Force sets such state of a unit: for tests of that code.
func (d *DragonFlyTap) Force(unit int, f Force) {
	if f.Refs != nil {
		d.refs = *f.Refs
	}
	for _, tp := range d.units {
		if tp.unit != unit {
			continue
		}
		if f.VMnet != nil {
			tp.flags &^= dfVMnet
			if *f.VMnet {
				tp.flags |= dfVMnet
			}
		}
		tp.orphan = tp.orphan || f.Orphan
	}
}
