package tapemu

import (
	"cmp"
	"maps"
	"slices"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// Flags of a unit: sc_flags.
const (
	nbInUse = 1 << iota
	nbAsyncIO
	nbNBIO
	nbGoing
)

var nbFlagNames = [...]string{"INUSE", "ASYNCIO", "NBIO", "GOING"}

const (
	nbMajor  = 169
	nbCloner = 0xfffff // TAP_CLONER, the minor of /dev/tap
	nbMHLEN  = 392
	// nbMaxWrite is the longest frame that a write takes. The original has no
	// limit but the machine's memory for packets.
	nbMaxWrite = 1 << 20
	// nbMaxUnits is how many units there may be. Anybody can make one, by
	// opening the cloner; the original stops at what a minor number holds.
	nbMaxUnits = 1 << 15
)

// NetBSDTap is NetBSD's driver as a module. The zero value is not ready: use
// [NetBSD].
type NetBSDTap struct {
	k      *kern.Kernel
	units  map[int]*nbSoftc
	cloner kern.Cloner
	count  uint32 // tap_count, which a destroy of what a cloner open made takes below zero
}

// nbSoftc is struct tap_softc.
type nbSoftc struct {
	d        *NetBSDTap
	unit     int
	ifp      *kern.Ifnet
	flags    int
	sel      kern.SelInfo
	owner    kern.Owner // sc_pgid
	sih      *kern.Softint
	accessed kern.Time
	modified kern.Time
	created  kern.Time
	sysctl   string
}

// NetBSD returns the driver, to be loaded into a kernel of that dialect.
func NetBSD() *NetBSDTap {
	d := &NetBSDTap{units: map[int]*nbSoftc{}}
	d.cloner = kern.Cloner{Name: "tap", MaxUnit: nbCloner - 1, Create: d.cloneCreate, Destroy: d.cloneDestroy}
	return d
}

// Name is the module's.
func (d *NetBSDTap) Name() string { return "if_tap" }

// Link declares nothing: the sysctl nodes come with the interfaces.
func (d *NetBSDTap) Link(*kern.Kernel) {}

// Load is tapinit, which hides its failures from who loads the module.
func (d *NetBSDTap) Load(k *kern.Kernel, _ *kern.Thread) errno.Errno {
	d.k = k
	if k.Fault("cfattach_attach") {
		k.Log("tap: unable to register cfattach\n")
		return errno.OK
	}
	k.CloneAttach(&d.cloner)
	d.sysctlSetup()
	d.devswAttach()
	return errno.OK
}

func (d *NetBSDTap) devswAttach() {
	d.k.AddDevClass(kern.DevClass{Name: "tap", Cdevsw: d, Major: nbMajor, EveryClose: true, Cloner: nbCloner})
}

// Unload is tapdetach: it takes the driver apart in order to find out that it
// must not, and then puts it together again.
func (d *NetBSDTap) Unload(k *kern.Kernel, t *kern.Thread) errno.Errno {
	k.CloneDetach(t, &d.cloner)
	if k.Fault("devsw_detach") {
		k.CloneAttach(&d.cloner)
		return errno.EBUSY
	}
	k.RemoveDevClass("tap")
	// config_cfattach_detach refuses while there is a unit: one of a cloner
	// open, which tap_count does not count.
	if d.count != 0 || len(d.units) > 0 {
		d.devswAttach()
		k.CloneAttach(&d.cloner)
		return errno.EBUSY
	}
	k.Tracer().Fact("sysctl_teardown", "tap", 0)
	return errno.OK
}

// Event answers any other module command: ENOTTY.
func (d *NetBSDTap) Event(*kern.Kernel) errno.Errno { return errno.ENOTTY }

// State is for observers.
func (d *NetBSDTap) State() kern.ModuleState {
	s := kern.ModuleState{Counters: []kern.Counter{{Name: "tap_count", Value: int64(d.count)}}}
	for _, sc := range slices.SortedFunc(maps.Values(d.units), func(a, b *nbSoftc) int { return cmp.Compare(a.unit, b.unit) }) {
		s.Units = append(s.Units, kern.UnitState{
			If: sc.ifp, Flags: flagNames(sc.flags, nbFlagNames[:]), Owner: int(sc.owner), Sel: &sc.sel,
			Accessed: sc.accessed, Modified: sc.modified, Created: sc.created,
		})
	}
	return s
}

// flagNames are the names of the bits that are set, in bit order.
func flagNames(flags int, names []string) []string {
	out := []string{}
	for i, n := range names {
		if flags>>i&1 != 0 {
			out = append(out, n)
		}
	}
	return out
}

// cloneCreate is tap_clone_create: ifconfig create.
func (d *NetBSDTap) cloneCreate(_ *kern.Thread, unit int) (*kern.Ifnet, errno.Errno) {
	sc := d.create(unit)
	if sc == nil {
		d.k.Log("tap%d: unable to attach an instance\n", unit)
		return nil, errno.ENXIO
	}
	d.count++
	return sc.ifp, errno.OK
}

// cloneDestroy is tap_clone_destroy: ifconfig destroy. It takes one off
// tap_count also for a unit that a cloner open made, which put none on.
func (d *NetBSDTap) cloneDestroy(_ *kern.Thread, ifp *kern.Ifnet) errno.Errno {
	err := d.destroy(ifp.Softc.(*nbSoftc))
	if err == errno.OK {
		d.count--
	}
	return err
}

// create is tap_clone_creator with config_attach_pseudo; unit -1 is the first
// free one. It returns nil on failure.
func (d *NetBSDTap) create(unit int) *nbSoftc {
	if d.k.Fault("config_attach") {
		return nil
	}
	if unit < 0 {
		for unit = 0; d.units[unit] != nil; unit++ {
		}
	}
	if len(d.units) >= nbMaxUnits {
		return nil
	}
	return d.attach(unit)
}

// destroy is tap_clone_destroyer.
func (d *NetBSDTap) destroy(sc *nbSoftc) errno.Errno {
	if d.k.Fault("config_detach") {
		sc.ifp.Logf("unable to detach instance\n")
		return errno.EBUSY
	}
	sc.detach()
	return errno.OK
}
