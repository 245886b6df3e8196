package tapemu

import (
	"fmt"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// Init is tapifinit. It drains the packets that wait for the process: those
// queued before the first ifconfig up are lost.
func (tp *dfSoftc) Init(ifp *kern.Ifnet) {
	if tp.d.debug != 0 {
		ifp.Logf("initializing, minor = %s tap_flags = 0x%x\n", tp.minor(), tp.flags)
	}
	tp.stop(true)
	ifp.SetFlags(kern.IFF_RUNNING, kern.IFF_OACTIVE)
	tp.Start(ifp)
}

// Stop is tapifstop as an Ethernet driver has it.
func (tp *dfSoftc) Stop(*kern.Ifnet) { tp.stop(true) }

// stop is tapifstop.
func (tp *dfSoftc) stop(clearFlags bool) {
	tp.ifp.Drain(&tp.devq)
	tp.flags &^= dfCloseDown
	if clearFlags {
		tp.ifp.SetFlags(0, kern.IFF_RUNNING|kern.IFF_OACTIVE)
	}
}

// upDown is tapifflags.
func (tp *dfSoftc) upDown() {
	switch {
	case tp.flags&dfVMnet != 0:
	case tp.ifp.Flags&kern.IFF_UP == 0:
		tp.stop(true)
	case tp.ifp.Flags&kern.IFF_RUNNING == 0:
		tp.Init(tp.ifp)
	}
}

// Ioctl is tapifioctl.
func (tp *dfSoftc) Ioctl(ifp *kern.Ifnet, t *kern.Thread, cmd uint32, r *kern.IfReq) errno.Errno {
	switch cmd {
	case kern.SIOCSIFADDR, kern.SIOCGIFADDR, kern.SIOCSIFMTU:
		return ifp.EtherIoctl(t, cmd, r)
	case kern.SIOCSIFFLAGS:
		tp.upDown()
	case kern.SIOCADDMULTI, kern.SIOCDELMULTI:
	case kern.SIOCGIFSTATUS:
		switch {
		case tp.flags&dfOpen == 0:
		case tp.opener != 0 && !tp.orphan:
			r.Status += fmt.Sprintf("\tOpened by pid %d\n", int(tp.opener))
		default:
			r.Status += "\tOpened by <unknown>\n"
		}
	default:
		return errno.EINVAL
	}
	return errno.OK
}

// Start is tapifstart: packets move on to the device's queue. What does not
// fit there is an output error; what comes while nobody has the unit open is
// purged.
func (tp *dfSoftc) Start(ifp *kern.Ifnet) {
	d := tp.d
	if d.debug != 0 {
		ifp.Logf("starting, minor = %s\n", tp.minor())
	}
	if tp.flags&dfVMnet == 0 && tp.flags&dfReady != dfReady {
		if d.debug != 0 {
			tp.logNotReady()
		}
		ifp.Purge()
		return
	}
	ifp.SetFlags(kern.IFF_OACTIVE, 0)
	moved := false
	for m := ifp.Snd.Get(); m != nil; m = ifp.Snd.Get() {
		if tp.devq.Put(m) {
			ifp.Cnt.Opackets++
			moved = true
			continue
		}
		tp.devq.Drops++
		ifp.Cnt.Oerrors++
		ifp.Drop(kern.DropQueueFull, m)
	}
	if moved {
		tp.wake()
	}
	ifp.SetFlags(0, kern.IFF_OACTIVE)
}

func (tp *dfSoftc) logNotReady() {
	tp.ifp.Logf("not ready. minor = %s, tap_flags = 0x%x\n", tp.minor(), tp.flags)
}

func (tp *dfSoftc) wake() {
	k := tp.d.k
	if tp.flags&dfRWait != 0 {
		tp.flags &^= dfRWait
		k.Wakeup(tp)
	}
	tp.sel.Knote(k)
	if tp.flags&dfAsync != 0 {
		k.PGSigio(tp.owner)
	}
	tp.sel.Wakeup(k)
}
