package tapemu

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// Open is tap_cdev_open. A unit has one user at a time. The cloner makes a
// unit and a file of its own for it (tap_dev_cloner), and leaves the link
// down.
func (d *NetBSDTap) Open(dev *kern.Cdev, t *kern.Thread, _ int) (kern.FileOps, errno.Errno) {
	if dev.Unit == nbCloner {
		if d.k.Fault("falloc") {
			return nil, errno.EMFILE
		}
		sc := d.create(-1)
		if sc == nil {
			d.k.Tracer().Fact("fd_abort", "tap", 0)
			return nil, errno.ENXIO
		}
		sc.flags |= nbInUse
		return &NetBSDFile{d: d, unit: sc.unit, cred: t.Cred}, errno.OK
	}
	sc := d.units[dev.Unit]
	if sc == nil {
		return nil, errno.ENXIO
	}
	if sc.flags&nbInUse != 0 {
		return nil, errno.EBUSY
	}
	sc.flags |= nbInUse
	sc.ifp.SetLink(kern.LinkUp)
	return nil, errno.OK
}

// Close is tap_cdev_close.
func (d *NetBSDTap) Close(dev *kern.Cdev, _ *kern.Thread) errno.Errno {
	sc := d.units[dev.Unit]
	if sc == nil {
		return errno.ENXIO
	}
	sc.close()
	return errno.OK
}

// close is tap_dev_close. NBIO and the owner of the signals stay.
func (sc *nbSoftc) close() {
	sc.ifp.SetFlags(0, kern.IFF_OACTIVE)
	sc.discard(kern.DropPurged)
	sc.disestablish()
	sc.flags &^= nbInUse | nbAsyncIO
	sc.ifp.SetLink(kern.LinkDown)
}

// The other operations are the same for a node and for a cloner's file: both
// know no more than the unit.

// Read, Write, Ioctl, Poll and Kqfilter are tap_cdev_read and so on.
func (d *NetBSDTap) Read(dev *kern.Cdev, t *kern.Thread, u *kern.Uio, _ int) errno.Errno {
	return d.read(dev.Unit, t, u)
}

// Write is tap_cdev_write.
func (d *NetBSDTap) Write(dev *kern.Cdev, _ *kern.Thread, u *kern.Uio, _ int) errno.Errno {
	return d.write(dev.Unit, u)
}

// Ioctl is tap_cdev_ioctl.
func (d *NetBSDTap) Ioctl(dev *kern.Cdev, _ *kern.Thread, cmd uint32, arg []byte) errno.Errno {
	return d.ioctl(dev.Unit, cmd, arg)
}

// Poll is tap_cdev_poll.
func (d *NetBSDTap) Poll(dev *kern.Cdev, t *kern.Thread, events int) int {
	return d.poll(dev.Unit, t, events)
}

// Kqfilter is tap_cdev_kqfilter.
func (d *NetBSDTap) Kqfilter(dev *kern.Cdev, _ *kern.Thread, kn *kern.Knote) errno.Errno {
	return d.kqfilter(dev.Unit, kn)
}

// A NetBSDFile is the file that an open of the cloner returns. It names its
// unit by number: after a destroy it acts on whatever takes the number next.
type NetBSDFile struct {
	d    *NetBSDTap
	unit int
	cred kern.Cred
}

// Unit is the unit's number.
func (f *NetBSDFile) Unit() int { return f.unit }

// Read is tap_fops_read.
func (f *NetBSDFile) Read(t *kern.Thread, u *kern.Uio, _ int) errno.Errno {
	return f.d.read(f.unit, t, u)
}

// Write is tap_fops_write.
func (f *NetBSDFile) Write(_ *kern.Thread, u *kern.Uio, _ int) errno.Errno {
	return f.d.write(f.unit, u)
}

// Ioctl is tap_fops_ioctl.
func (f *NetBSDFile) Ioctl(_ *kern.Thread, cmd uint32, arg []byte) errno.Errno {
	return f.d.ioctl(f.unit, cmd, arg)
}

// Poll is tap_fops_poll.
func (f *NetBSDFile) Poll(t *kern.Thread, events int) int { return f.d.poll(f.unit, t, events) }

// Kqfilter is tap_fops_kqfilter.
func (f *NetBSDFile) Kqfilter(_ *kern.Thread, kn *kern.Knote) errno.Errno {
	return f.d.kqfilter(f.unit, kn)
}

// Stat is tap_fops_stat: the times are the unit's, the ids the opener's.
func (f *NetBSDFile) Stat(*kern.Thread) (kern.Stat, errno.Errno) {
	sc := f.d.units[f.unit]
	if sc == nil {
		return kern.Stat{}, errno.ENXIO
	}
	return kern.Stat{
		Major: nbMajor, Minor: f.unit, UID: f.cred.UID, GID: f.cred.GID,
		Accessed: sc.accessed, Modified: sc.modified, Changed: sc.created, Created: sc.created,
	}, errno.OK
}

// Close is tap_fops_close: the interface goes with its file. (TAP_GOING is
// never seen here: nothing sleeps in a detach.)
func (f *NetBSDFile) Close(*kern.Thread) errno.Errno {
	sc := f.d.units[f.unit]
	if sc == nil {
		return errno.ENXIO
	}
	sc.close()
	return f.d.destroy(sc)
}
