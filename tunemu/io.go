package tunemu

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// read is tunread. One read is one packet, and a read of no bytes throws one
// away. Whether the interface is up is not asked.
func (tp *softc) read(t *kern.Thread, u *kern.Uio, ioflag int) errno.Errno {
	tp.logf("read\n")
	if !tp.ready() {
		return errno.EHOSTDOWN
	}
	tp.flags &^= tunRWait
	m := tp.ifp.Snd.Get()
	for ; m == nil; m = tp.ifp.Snd.Get() {
		if ioflag&kern.IO_NDELAY != 0 {
			return errno.EWOULDBLOCK
		}
		tp.flags |= tunRWait
		if err := tp.d.k.Sleep(t, tp, "tunread", true); err != errno.OK {
			return err
		}
	}
	u.Link = packet.LinkRaw
	left, err := m.CopyOut(u, kern.SkipEmpty)
	if left {
		tp.logf("Dropping mbuf\n")
	}
	m.Free()
	return err
}

// checkLen is what tunwrite says of the length of a packet; done means that
// there is nothing more to do.
func (tp *softc) checkLen(n int) (done bool, err errno.Errno) {
	if n == 0 {
		return true, errno.OK
	}
	if n < 0 || n > tunMRU {
		tp.logf("len=%d!\n", n)
		return true, errno.EIO
	}
	return false, errno.OK
}

// poll is tunpoll.
func (tp *softc) poll(t *kern.Thread, events int) int {
	tp.logf("tunpoll\n")
	if tp.d.debug != 0 && events&(kern.POLLIN|kern.POLLRDNORM) != 0 {
		if n := tp.ifp.Snd.Len(); n > 0 {
			tp.logf("tunpoll q=%d\n", n)
		} else {
			tp.logf("tunpoll waiting\n")
		}
	}
	return tp.sel.PollQueue(tp.d.k, t, &tp.ifp.Snd, events)
}
