package tapemu

import (
	"encoding/binary"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// Ioctl is tapioctl. FIONBIO is not among what it knows.
func (d *DragonFlyTap) Ioctl(dev *kern.Cdev, _ *kern.Thread, cmd uint32, arg []byte) errno.Errno {
	tp, err := d.softc(dev, "tapioctl")
	if err != errno.OK {
		return err
	}
	if handled, err := d.k.OwnerIoctl(&tp.owner, cmd, arg); handled {
		return err
	}
	if tp.vmwareIoctl(cmd, arg) {
		return errno.OK
	}
	ifp := tp.ifp
	switch cmd {
	case kern.TAPSIFINFO:
		// Nothing is checked: the MTU may be 0, and one below is a huge unsigned number.
		kern.ParseIfInfo(arg).Set(ifp)
	case kern.TAPGIFINFO:
		kern.InfoOf(ifp).Put(arg)
	case kern.TAPSDEBUG:
		d.debug = int(kern.Int(arg))
	case kern.TAPGDEBUG:
		kern.PutInt(arg, int32(d.debug))
	case kern.FIOASYNC:
		tp.flags &^= dfAsync
		if kern.Int(arg) != 0 {
			tp.flags |= dfAsync
		}
	case kern.FIONREAD:
		m := tp.devq.Peek()
		if m == nil {
			m = ifp.Snd.Peek()
		}
		n := 0
		if m != nil {
			n = m.Len()
		}
		kern.PutInt(arg, int32(n))
	default:
		return errno.ENOTTY
	}
	return errno.OK
}

// vmwareIoctl does the ioctls that were made for VMware's vmnet. They move
// the flags and the address of the other side at the start of the ifreq,
// where others have the interface's name.
func (tp *dfSoftc) vmwareIoctl(cmd uint32, arg []byte) bool {
	ifp := tp.ifp
	switch cmd {
	case kern.SIOCGIFFLAGS:
		var b [2]byte
		binary.LittleEndian.PutUint16(b[:], uint16(ifp.Flags))
		copy(arg, b[:])
	case kern.VMIO_SIOCSIFFLAGS:
		// The argument is the value itself. UP is always set, and nothing is initialized.
		keep := kern.DragonFly.CantChange()
		f := kern.IfFlags(kern.Int(arg))&0x0fff&^keep | kern.IFF_UP
		ifp.SetFlags(f, ^(f | keep))
	case kern.OSIOCGIFADDR, kern.SIOCGIFADDR:
		copy(arg, tp.remote[:])
	case kern.SIOCSIFADDR:
		copy(tp.remote[:], arg)
	default:
		return false
	}
	return true
}
