package tunemu

import (
	"fmt"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// ioctl is tunioctl.
func (tp *softc) ioctl(t *kern.Thread, cmd uint32, arg []byte) errno.Errno {
	if handled, err := tp.d.k.OwnerIoctl(&tp.owner, cmd, arg); handled {
		return err
	}
	switch cmd {
	case kern.TUNSIFINFO:
		return tp.setInfo(t, kern.ParseIfInfo(arg))
	case kern.TUNGIFINFO:
		kern.InfoOf(tp.ifp).Put(arg)
	case kern.TUNSDEBUG:
		tp.d.debug = int(kern.Int(arg))
	case kern.TUNGDEBUG:
		kern.PutInt(arg, int32(tp.d.debug))
	case kern.TUNSLMODE:
		tp.setMode(kern.Int(arg) != 0, tunLMode, tunIfHead)
	case kern.TUNSIFHEAD:
		tp.setMode(kern.Int(arg) != 0, tunIfHead, tunLMode)
	case kern.TUNGIFHEAD:
		kern.PutInt(arg, int32(tp.flags/tunIfHead&1))
	case kern.TUNSIFMODE:
		return tp.setIfMode(kern.IfFlags(kern.Int(arg)))
	case kern.TUNSIFPID:
		tp.pid = t.PID
	case kern.FIONBIO:
	case kern.FIOASYNC:
		tp.setMode(kern.Int(arg) != 0, tunAsync, 0)
	case kern.FIONREAD:
		n := 0
		if m := tp.ifp.Snd.Peek(); m != nil {
			n = m.Len()
		}
		kern.PutInt(arg, int32(n))
	default:
		return errno.ENOTTY
	}
	return errno.OK
}

// setMode sets or clears a flag; what it excludes goes only when it is set.
func (tp *softc) setMode(on bool, flag, excludes int) {
	if on {
		tp.flags = (tp.flags | flag) &^ excludes
	} else {
		tp.flags &^= flag
	}
}

// setInfo is TUNSIFINFO. The MTU is a short: 40000 is below the minimum.
func (tp *softc) setInfo(t *kern.Thread, v kern.IfInfo) errno.Errno {
	if v.MTU < kern.IF_MINMTU {
		return errno.EINVAL
	}
	if tp.d.mtuNeedsRoot && tp.ifp.MTU != uint64(v.MTU) && !t.Cred.Root() {
		return errno.EPERM
	}
	v.Set(tp.ifp)
	return errno.OK
}

// setIfMode is TUNSIFMODE.
func (tp *softc) setIfMode(f kern.IfFlags) errno.Errno {
	if tp.ifp.Flags&kern.IFF_UP != 0 {
		return errno.EBUSY
	}
	if mode := f &^ kern.IFF_MULTICAST; mode != kern.IFF_POINTOPOINT && mode != kern.IFF_BROADCAST {
		return errno.EINVAL
	}
	tp.ifp.SetFlags(f, tp.d.modeReplaces&^f)
	return errno.OK
}

// ifioctl is tunifioctl.
func (tp *softc) ifioctl(cmd uint32, r *kern.IfReq) errno.Errno {
	switch cmd {
	case kern.SIOCGIFSTATUS:
		if tp.pid != 0 {
			r.Status += fmt.Sprintf("\tOpened by PID %d\n", tp.pid)
		}
	case kern.SIOCSIFADDR:
		return tp.addressSet("address set")
	case kern.SIOCSIFDSTADDR:
		return tp.addressSet("destination address set")
	case kern.SIOCSIFMTU:
		tp.ifp.SetMTU(uint64(r.MTU))
		tp.logf("mtu set\n")
	case kern.SIOCSIFFLAGS, kern.SIOCADDMULTI, kern.SIOCDELMULTI:
	default:
		return errno.EINVAL
	}
	return errno.OK
}

func (tp *softc) addressSet(message string) errno.Errno {
	err := tp.init()
	if tp.d.logsErrors {
		tp.logf("%s, error=%d\n", message, int(err))
	} else {
		tp.logf("%s\n", message)
	}
	return err
}
