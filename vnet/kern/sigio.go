package kern

import "wireloom/vnet/errno"

// An Owner is who gets the SIGIO of a device: a pid, minus a process group,
// or 0 for nobody. It is FreeBSD's and DragonFly's struct sigio; NetBSD
// keeps the bare number.
type Owner int

// FSetOwn makes id the owner: fsetown(9). ESRCH if there is no such process
// or group.
func (k *Kernel) FSetOwn(o *Owner, id int) errno.Errno {
	if id != 0 && !k.procs.Exists(id) {
		return errno.ESRCH
	}
	*o = Owner(id)
	return errno.OK
}

// FGetOwn is the owner: fgetown(9). One that is no more is 0, but on NetBSD,
// which only keeps the number.
func (k *Kernel) FGetOwn(o Owner) int {
	if o != 0 && k.Dialect != NetBSD && !k.procs.Exists(int(o)) {
		return 0
	}
	return int(o)
}

// OwnerIoctl does the ioctls that set and get the owner; handled is false for
// any other command. TIOCSPGRP and TIOCGPGRP are the older pair: they speak of
// process groups as positive numbers.
func (k *Kernel) OwnerIoctl(o *Owner, cmd uint32, arg []byte) (handled bool, err errno.Errno) {
	switch cmd {
	case FIOSETOWN:
		err = k.FSetOwn(o, int(Int(arg)))
	case TIOCSPGRP:
		if k.Dialect == NetBSD && Int(arg) < 0 {
			return true, errno.EINVAL
		}
		err = k.FSetOwn(o, -int(Int(arg)))
	case FIOGETOWN:
		PutInt(arg, int32(k.FGetOwn(*o)))
	case TIOCGPGRP:
		PutInt(arg, int32(-k.FGetOwn(*o)))
	default:
		return false, errno.OK
	}
	return true, err
}

// PGSigio signals the owner, if there is one: pgsigio(9).
func (k *Kernel) PGSigio(o Owner) {
	if o != 0 {
		k.signal(Signal{ID: int(o), Sig: SIGIO})
	}
}

// FownSignal is NetBSD's fownsignal(9). An owner of 0 is signalled too, as
// process group 0, which nobody is in.
func (k *Kernel) FownSignal(o Owner, code string, band int) {
	k.signal(Signal{ID: int(o), Sig: SIGIO, Code: code, Band: band})
}

func (k *Kernel) signal(s Signal) {
	k.tr.Signal(s)
	if s.ID != 0 {
		k.procs.Signal(s.ID, s.Sig)
	}
}
