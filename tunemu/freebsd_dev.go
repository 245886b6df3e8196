package tunemu

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// Open is tunopen. The device belongs to a process, which may open it again.
func (d *FreeBSDTun) Open(dev *kern.Cdev, t *kern.Thread, _ int) (kern.FileOps, errno.Errno) {
	tp, ok := dev.Drv1.(*fbSoftc)
	if !ok {
		if tp = d.create(dev); tp == nil {
			return nil, errno.EIO
		}
	}
	if tp.pid != 0 && tp.pid != t.PID {
		return nil, errno.EBUSY
	}
	tp.pid = t.PID
	tp.flags |= tunOpen
	tp.ifp.SetLink(kern.LinkUp)
	tp.logf("open\n")
	return nil, errno.OK
}

// Close is tunclose. The modes survive, and so do the notes about addresses
// that there once were, so that routes are deleted as host routes for ever
// after a destination has been set. The link-level address takes part.
func (d *FreeBSDTun) Close(dev *kern.Cdev, _ *kern.Thread) errno.Errno {
	tp := dev.Drv1.(*fbSoftc)
	ifp := tp.ifp
	tp.flags &^= tunOpen
	tp.pid = 0
	ifp.Purge()
	if ifp.Flags&kern.IFF_UP != 0 {
		ifp.Down()
	}
	if ifp.Flags&kern.IFF_RUNNING != 0 {
		ifp.SetFlags(0, kern.IFF_RUNNING)
		tr := d.k.Tracer()
		tr.Route(ifp, "delete", &kern.Addr{Family: kern.AF_LINK}, false)
		for _, a := range ifp.Addrs {
			tr.Route(ifp, "delete", a, a.Family == kern.AF_INET && tp.flags&tunDstAddr != 0)
		}
		ifp.PurgeAddrs()
	}
	ifp.SetLink(kern.LinkDown)
	tp.owner = 0
	tp.sel.Wakeup(d.k)
	tp.sel.Knote(d.k)
	tp.logf("closed\n")
	d.k.Broadcast(&tp.gone)
	return errno.OK
}

// Read is tunread.
func (d *FreeBSDTun) Read(dev *kern.Cdev, t *kern.Thread, u *kern.Uio, ioflag int) errno.Errno {
	return dev.Drv1.(*fbSoftc).read(t, u, ioflag)
}

// Write is tunwrite. While the interface is down it consumes nothing and
// says it went well. A copy that fails is ENOBUFS.
func (d *FreeBSDTun) Write(dev *kern.Cdev, _ *kern.Thread, u *kern.Uio, _ int) errno.Errno {
	tp := dev.Drv1.(*fbSoftc)
	ifp := tp.ifp
	tp.logf("tunwrite\n")
	if ifp.Flags&kern.IFF_UP == 0 {
		return errno.OK
	}
	if done, err := tp.checkLen(u.Resid()); done {
		return err
	}
	m := d.k.UioToMbuf(u)
	if m == nil {
		ifp.Cnt.Ierrors++
		return errno.ENOBUFS
	}
	af, ok := tp.family(m, u)
	if !ok {
		return errno.ENOBUFS
	}
	ifp.Bpf(kern.In, int(af), m)
	if !d.known(af) {
		ifp.Drop(kern.DropFamily, m)
		return errno.EAFNOSUPPORT
	}
	if d.k.Harvest {
		d.k.Tracer().Fact("random_harvest", ifp.Name, 0)
	}
	ifp.Cnt.Ibytes += uint64(m.Len())
	ifp.Cnt.Ipackets++
	ifp.Deliver(int(af), m)
	return errno.OK
}

// Ioctl is tunioctl.
func (d *FreeBSDTun) Ioctl(dev *kern.Cdev, t *kern.Thread, cmd uint32, arg []byte) errno.Errno {
	return dev.Drv1.(*fbSoftc).ioctl(t, cmd, arg)
}

// Poll is tunpoll.
func (d *FreeBSDTun) Poll(dev *kern.Cdev, t *kern.Thread, events int) int {
	return dev.Drv1.(*fbSoftc).poll(t, events)
}

// Kqfilter is tunkqfilter.
func (d *FreeBSDTun) Kqfilter(dev *kern.Cdev, _ *kern.Thread, kn *kern.Knote) errno.Errno {
	tp := dev.Drv1.(*fbSoftc)
	switch kn.Filter {
	case kern.EVFILT_READ:
		tp.logf("%s kqfilter: EVFILT_READ, minor = %s\n", tp.ifp.Name, tp.minor())
		tp.sel.Attach(kn, (*readFilter)(tp))
	case kern.EVFILT_WRITE:
		tp.logf("%s kqfilter: EVFILT_WRITE, minor = %s\n", tp.ifp.Name, tp.minor())
		tp.sel.Attach(kn, (*writeFilter)(tp))
	default:
		tp.logf("%s kqfilter: invalid filter, minor = %s\n", tp.ifp.Name, tp.minor())
		return errno.EINVAL
	}
	return errno.OK
}

// readFilter is tun_read_filterops; its data counts packets, where FIONREAD
// counts bytes.
type readFilter fbSoftc

func (f *readFilter) Event(kn *kern.Knote) bool {
	n := f.ifp.Snd.Len()
	kn.Data = int64(n)
	tp := (*fbSoftc)(f)
	switch {
	case f.d.debug == 0:
	case n > 0:
		tp.logf("%s have data in the queue.  Len = %d, minor = %s\n", f.ifp.Name, n, tp.minor())
	default:
		tp.logf("%s waiting for data, minor = %s\n", f.ifp.Name, tp.minor())
	}
	return n > 0
}

func (f *readFilter) Detach(kn *kern.Knote) { f.sel.Remove(kn) }

// writeFilter is tun_write_filterops: one can always write an MTU.
type writeFilter fbSoftc

func (f *writeFilter) Event(kn *kern.Knote) bool {
	kn.Data = int64(f.ifp.MTU)
	return true
}

func (f *writeFilter) Detach(kn *kern.Knote) { f.sel.Remove(kn) }
