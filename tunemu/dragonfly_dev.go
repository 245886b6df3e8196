package tunemu

import (
	"slices"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// Open is tunopen: root's, and one at a time.
func (d *DragonFlyTun) Open(dev *kern.Cdev, t *kern.Thread, _ int) (kern.FileOps, errno.Errno) {
	if !t.Cred.Root() {
		return nil, errno.EPERM
	}
	tp, ok := dev.Drv1.(*dfSoftc)
	if !ok {
		tp = d.create(dev)
	}
	if tp.flags&tunOpen != 0 {
		return nil, errno.EBUSY
	}
	tp.pid = t.PID
	tp.flags |= tunOpen
	tp.logf("open\n")
	return nil, errno.OK
}

// Close is tunclose. It deletes the routes of IPv4 addresses and keeps the
// addresses. One that is none ends it: see [dfSoftc.Ioctl].
func (d *DragonFlyTun) Close(dev *kern.Cdev, _ *kern.Thread) errno.Errno {
	tp := dev.Drv1.(*dfSoftc)
	ifp := tp.ifp
	tp.flags &^= tunOpen
	tp.pid = 0
	ifp.Purge()
	if ifp.Flags&kern.IFF_UP != 0 {
		ifp.Down()
	}
	if ifp.Flags&kern.IFF_RUNNING != 0 {
		for _, a := range ifp.Addrs {
			if a.Null {
				return d.k.Panic("page fault in tunclose: %s has an interface address without an address", ifp.Name)
			}
			if a.Family == kern.AF_INET {
				d.k.Tracer().Route(ifp, "delete", a, tp.flags&tunDstAddr != 0)
			}
		}
		ifp.SetFlags(0, kern.IFF_RUNNING)
	}
	tp.owner = 0
	tp.sel.Wakeup(d.k)
	tp.logf("closed\n")
	return errno.OK
}

// Read is tunread.
func (d *DragonFlyTun) Read(dev *kern.Cdev, t *kern.Thread, u *kern.Uio, ioflag int) errno.Errno {
	return dev.Drv1.(*dfSoftc).read(t, u, ioflag)
}

// Write is tunwrite. It works while the interface is down, and counts a
// packet before it looks at the family.
func (d *DragonFlyTun) Write(dev *kern.Cdev, _ *kern.Thread, u *kern.Uio, _ int) errno.Errno {
	tp := dev.Drv1.(*dfSoftc)
	ifp := tp.ifp
	tp.logf("tunwrite\n")
	if done, err := tp.checkLen(u.Resid()); done {
		return err
	}
	m := d.k.GetHdr(u.Resid())
	if m == nil {
		return errno.ENOBUFS
	}
	if err := m.Fill(u, dfMHLEN, dfMLEN); err != errno.OK {
		ifp.Cnt.Ierrors++
		return err
	}
	if !tp.bpfIn(m) {
		return errno.ENOBUFS
	}
	af, ok := tp.family(m, u)
	if !ok {
		return errno.ENOBUFS
	}
	ifp.Cnt.Ibytes += uint64(m.Len())
	ifp.Cnt.Ipackets++
	if !d.known(af) {
		ifp.Drop(kern.DropFamily, m)
		return errno.EAFNOSUPPORT
	}
	ifp.Deliver(int(af), m)
	return errno.OK
}

// bpfIn shows a packet from the process to a listener. With TUNSIFHEAD the
// family that is in front is lent the listener's byte order, for which the
// head is pulled up even if it is in one piece. False: the packet is gone.
func (tp *dfSoftc) bpfIn(m *kern.Mbuf) bool {
	switch {
	case !tp.ifp.BpfActive():
	case tp.flags&tunIfHead == 0:
		tp.ifp.Bpf(kern.In, kern.AF_INET, m)
	case !m.Pullup(4):
		return false
	default:
		head := m.First()[:4]
		slices.Reverse(head)
		tp.ifp.Bpf(kern.In, -1, m)
		slices.Reverse(head)
	}
	return true
}

// Ioctl is tunioctl.
func (d *DragonFlyTun) Ioctl(dev *kern.Cdev, t *kern.Thread, cmd uint32, arg []byte) errno.Errno {
	return dev.Drv1.(*dfSoftc).ioctl(t, cmd, arg)
}

// Poll is tunpoll.
func (d *DragonFlyTun) Poll(dev *kern.Cdev, t *kern.Thread, events int) int {
	return dev.Drv1.(*dfSoftc).poll(t, events)
}

// Kqfilter is ENODEV: the driver has none.
func (d *DragonFlyTun) Kqfilter(*kern.Cdev, *kern.Thread, *kern.Knote) errno.Errno {
	return errno.ENODEV
}
