package tapemu

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// read is tap_dev_read. It does not look at O_NONBLOCK but at NBIO of the
// unit, and it waits once: of two readers that one packet woke, the second
// returns 0 bytes.
func (d *NetBSDTap) read(unit int, t *kern.Thread, u *kern.Uio) errno.Errno {
	sc := d.units[unit]
	if sc == nil {
		return errno.ENXIO
	}
	ifp := sc.ifp
	sc.accessed = d.k.Host().Now()
	if ifp.Flags&kern.IFF_UP == 0 {
		return errno.EHOSTDOWN
	}
	nbio := sc.flags&nbNBIO != 0
	if nbio && d.k.Fault("mutex_busy") {
		return errno.EWOULDBLOCK
	}
	if ifp.Snd.Len() == 0 {
		ifp.SetFlags(0, kern.IFF_OACTIVE)
		if nbio {
			return errno.EWOULDBLOCK
		}
		if err := d.k.Sleep(t, sc, "tapread", true); err != errno.OK {
			return err
		}
		if ifp.Flags&kern.IFF_UP == 0 {
			return errno.EHOSTDOWN
		}
	}
	m := ifp.Snd.Get()
	ifp.SetFlags(0, kern.IFF_OACTIVE)
	if m == nil {
		return errno.OK
	}
	sc.countOut(m)
	if gone, err := ifp.Pfil(m); gone {
		return err
	}
	u.Link = packet.LinkEthernet
	_, err := m.CopyOut(u, kern.MoveEmpty)
	m.Free()
	return err
}

// write is tap_dev_write. It asks neither whether the unit is open nor
// whether the interface is up, and takes an empty frame.
func (d *NetBSDTap) write(unit int, u *kern.Uio) errno.Errno {
	sc := d.units[unit]
	if sc == nil {
		return errno.ENXIO
	}
	ifp := sc.ifp
	sc.modified = d.k.Host().Now()
	var m *kern.Mbuf
	if u.Resid() <= nbMaxWrite {
		m = d.k.GetHdr(u.Resid())
	}
	if m == nil {
		ifp.Cnt.Ierrors++
		return errno.ENOBUFS
	}
	u.Link = packet.LinkEthernet
	if err := m.Fill(u, nbMHLEN, nbMHLEN); err != errno.OK {
		ifp.Cnt.Ierrors++
		return err
	}
	ifp.Cnt.Ipackets++
	ifp.Cnt.Ibytes += uint64(m.Len())
	ifp.Bpf(kern.In, -1, m)
	if gone, err := ifp.Pfil(m); gone {
		return err
	}
	ifp.Deliver(0, m)
	return errno.OK
}

// ioctl is tap_dev_ioctl.
func (d *NetBSDTap) ioctl(unit int, cmd uint32, arg []byte) errno.Errno {
	sc := d.units[unit]
	if sc == nil {
		return errno.ENXIO
	}
	if handled, err := d.k.OwnerIoctl(&sc.owner, cmd, arg); handled {
		return err
	}
	switch cmd {
	case kern.FIONREAD:
		kern.PutInt(arg, int32(sc.firstLen()))
	case kern.FIOASYNC:
		return sc.async(kern.Int(arg) != 0)
	case kern.FIONBIO:
		if kern.Int(arg) != 0 {
			sc.flags |= nbNBIO
		} else {
			sc.flags &^= nbNBIO
		}
	case kern.TAPGIFNAME:
		const ifnamsiz = 16
		name := make([]byte, ifnamsiz)
		copy(name[:ifnamsiz-1], sc.ifp.Name)
		copy(arg, name)
	default:
		return errno.ENOTTY
	}
	return errno.OK
}

// async is FIOASYNC: the softint exists while it is on.
func (sc *nbSoftc) async(on bool) errno.Errno {
	if !on {
		sc.flags &^= nbAsyncIO
		sc.disestablish()
		return errno.OK
	}
	if sc.sih == nil {
		if sc.sih = sc.d.k.NewSoftint(sc.softintr); sc.sih == nil {
			return errno.EBUSY
		}
	}
	sc.flags |= nbAsyncIO
	return errno.OK
}

// firstLen is the length of the packet that the next read returns, 0 without
// one.
func (sc *nbSoftc) firstLen() int {
	if m := sc.ifp.Snd.Peek(); m != nil {
		return m.Len()
	}
	return 0
}

// poll is tap_dev_poll.
func (d *NetBSDTap) poll(unit int, t *kern.Thread, events int) int {
	sc := d.units[unit]
	if sc == nil {
		return kern.POLLERR
	}
	return sc.sel.PollQueue(d.k, t, &sc.ifp.Snd, events)
}

// kqfilter is tap_dev_kqfilter.
func (d *NetBSDTap) kqfilter(unit int, kn *kern.Knote) errno.Errno {
	sc := d.units[unit]
	if sc == nil {
		return errno.ENXIO
	}
	switch kn.Filter {
	case kern.EVFILT_READ:
		sc.sel.Attach(kn, (*nbReadFilter)(sc))
	case kern.EVFILT_WRITE:
		sc.sel.Attach(kn, (*nbTrueFilter)(sc))
	default:
		return errno.EINVAL
	}
	return errno.OK
}

// nbReadFilter is tap_read_filterops: unlike poll it does not see a packet
// without bytes (tap_kqread).
type nbReadFilter nbSoftc

func (f *nbReadFilter) Event(kn *kern.Knote) bool {
	kn.Data = int64((*nbSoftc)(f).firstLen())
	return kn.Data != 0
}

func (f *nbReadFilter) Detach(kn *kern.Knote) { f.sel.Remove(kn) }

// nbTrueFilter is tap_seltrue_filterops: one can always write.
type nbTrueFilter nbSoftc

func (f *nbTrueFilter) Event(kn *kern.Knote) bool {
	kn.Data = 0
	return true
}

func (f *nbTrueFilter) Detach(kn *kern.Knote) { f.sel.Remove(kn) }
