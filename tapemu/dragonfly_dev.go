package tapemu

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// softc is dev->si_drv1. Without one the original reads through a null
// pointer: the interface was destroyed while the device was open.
func (d *DragonFlyTap) softc(dev *kern.Cdev, function string) (*dfSoftc, errno.Errno) {
	tp, ok := dev.Drv1.(*dfSoftc)
	if !ok {
		return nil, d.k.Panic("page fault in %s: the interface of /dev/%s was destroyed while the device was open", function, dev.Name)
	}
	return tp, errno.OK
}

// Open is tapopen.
func (d *DragonFlyTap) Open(dev *kern.Cdev, t *kern.Thread, _ int) (kern.FileOps, errno.Errno) {
	if d.userOpen == 0 && !t.Cred.Root() {
		return nil, errno.EPERM
	}
	tp, ok := dev.Drv1.(*dfSoftc)
	if !ok {
		tp = d.create(dev.Unit, dev)
	}
	if tp.flags&dfOpen != 0 {
		return nil, errno.EBUSY
	}
	ifp, tr := tp.ifp, d.k.Tracer()
	if tp.flags&dfClone == 0 {
		tr.Interface(ifp, "ifnet_attach_event", 0)
		tr.Interface(ifp, "arrival", 0)
	}
	tp.remote = ifp.MAC
	// A pid that cannot own the signals leaves nobody as the opener.
	_ = d.k.FSetOwn(&tp.opener, t.PID)
	tp.orphan = false
	tp.flags |= dfOpen
	d.refs++
	if d.upOnOpen != 0 && ifp.Flags&kern.IFF_UP == 0 {
		ifp.Up()
		tp.upDown()
		tp.flags |= dfCloseDown
	}
	if d.debug != 0 {
		ifp.Logf("opened. minor = %s, refcnt = %d, taplastunit = %d\n", tp.minor(), d.refs, d.lastUnit)
	}
	return nil, errno.OK
}

// Close is tapclose. An interface that ifconfig made stays up, unless the
// open brought it up; a unit that has no preallocated node is destroyed,
// also one that ifconfig made. A sleeping reader is not woken, and knotes are
// not notified.
func (d *DragonFlyTap) Close(dev *kern.Cdev, _ *kern.Thread) errno.Errno {
	tp, err := d.softc(dev, "tapclose")
	if err != errno.OK {
		return err
	}
	ifp, tr := tp.ifp, d.k.Tracer()
	ifp.Purge()
	takeDown := tp.flags&dfVMnet == 0 && (tp.flags&dfClone == 0 || tp.flags&dfCloseDown != 0)
	if takeDown && ifp.Flags&kern.IFF_UP != 0 {
		ifp.Down()
	}
	tp.stop(takeDown)
	if tp.flags&dfClone == 0 {
		ifp.PurgeAddrs()
		tr.Interface(ifp, "ifnet_detach_event", 0)
		tr.Interface(ifp, "departure", 0)
	}
	tp.owner = 0
	tp.sel.Wakeup(d.k)
	tp.flags &^= dfOpen
	tp.opener = 0
	d.refs--
	if d.refs < 0 {
		d.refs = 0
		ifp.Logf("minor = %s, refcnt = %d is out of sync. set refcnt to 0\n", tp.minor(), d.refs)
	}
	if d.debug != 0 {
		ifp.Logf("closed. minor = %s, refcnt = %d, taplastunit = %d\n", tp.minor(), d.refs, d.lastUnit)
	}
	if tp.unit >= dfPreallocated {
		tp.destroy()
	}
	return errno.OK
}

// Read is tapread. It does not ask whether the interface is up.
func (d *DragonFlyTap) Read(dev *kern.Cdev, t *kern.Thread, u *kern.Uio, ioflag int) errno.Errno {
	tp, err := d.softc(dev, "tapread")
	if err != errno.OK {
		return err
	}
	if d.debug != 0 {
		tp.ifp.Logf("reading, minor = %s\n", tp.minor())
	}
	if tp.flags&dfReady != dfReady {
		if d.debug != 0 {
			tp.logNotReady()
		}
		return errno.EHOSTDOWN
	}
	tp.flags &^= dfRWait
	m := tp.devq.Get()
	for ; m == nil; m = tp.devq.Get() {
		if ioflag&kern.IO_NDELAY != 0 {
			return errno.EWOULDBLOCK
		}
		tp.flags |= dfRWait
		if err := d.k.Sleep(t, tp, "taprd", true); err != errno.OK {
			return err
		}
	}
	tp.ifp.Bpf(kern.Out, -1, m)
	u.Link = packet.LinkEthernet
	left, err := m.CopyOut(u, kern.StopAtEmpty)
	if left && d.debug != 0 {
		tp.ifp.Logf("dropping mbuf, minor = %s\n", tp.minor())
	}
	m.Free()
	return err
}

// Write is tapwrite. A frame that ether_input drops, because the interface
// is down or it is too short, is a success and counts as received.
func (d *DragonFlyTap) Write(dev *kern.Cdev, _ *kern.Thread, u *kern.Uio, _ int) errno.Errno {
	tp, err := d.softc(dev, "tapwrite")
	if err != errno.OK {
		return err
	}
	ifp := tp.ifp
	if d.debug != 0 {
		ifp.Logf("writing, minor = %s\n", tp.minor())
	}
	if tp.flags&dfReady != dfReady {
		if d.debug != 0 {
			tp.logNotReady()
		}
		return errno.EHOSTDOWN
	}
	n := u.Resid()
	if n == 0 {
		return errno.OK
	}
	// uio_resid is unsigned: what is below zero is very long.
	if uint(n) > dfMRU {
		if d.debug != 0 {
			ifp.Logf("invalid packet len = %d, minor = %s\n", uint(n), tp.minor())
		}
		return errno.EIO
	}
	m := d.k.GetHdr(n)
	if m == nil {
		return errno.ENOBUFS
	}
	u.Link = packet.LinkEthernet
	if err := m.Fill(u, dfMHLEN, dfMLEN); err != errno.OK {
		ifp.Cnt.Ierrors++
		return err
	}
	ifp.EtherInput(m)
	ifp.Cnt.Ipackets++
	return errno.OK
}

// Poll is tappoll.
func (d *DragonFlyTap) Poll(dev *kern.Cdev, t *kern.Thread, events int) int {
	tp, err := d.softc(dev, "tappoll")
	if err != errno.OK {
		return kern.POLLERR
	}
	if d.debug != 0 {
		tp.ifp.Logf("polling, minor = %s\n", tp.minor())
		if events&(kern.POLLIN|kern.POLLRDNORM) != 0 {
			if tp.devq.Len() > 0 {
				tp.ifp.Logf("has data in queue. minor = %s\n", tp.minor())
			} else {
				tp.ifp.Logf("waiting for data, minor = %s\n", tp.minor())
			}
		}
	}
	return tp.sel.PollQueue(d.k, t, &tp.devq, events)
}

// Kqfilter is tapkqfilter. There is only a read filter; for others the
// driver returns 1 in a_result, which is EPERM to the process.
func (d *DragonFlyTap) Kqfilter(dev *kern.Cdev, _ *kern.Thread, kn *kern.Knote) errno.Errno {
	tp, err := d.softc(dev, "tapkqfilter")
	if err != errno.OK {
		return err
	}
	if kn.Filter != kern.EVFILT_READ {
		return errno.EPERM
	}
	tp.sel.Attach(kn, (*dfReadFilter)(tp))
	return errno.OK
}

// dfReadFilter is tapread_filtops; it never sets kn_data.
type dfReadFilter dfSoftc

func (f *dfReadFilter) Event(*kern.Knote) bool { return f.devq.Len() > 0 }

func (f *dfReadFilter) Detach(kn *kern.Knote) { f.sel.Remove(kn) }
