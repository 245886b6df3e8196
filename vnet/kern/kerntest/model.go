package kerntest

import (
	"fmt"
	"slices"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// A model is what the fuzzer knows about answers without asking the kernel that it
// tests: which groups an interface has joined, and what is registered in a kqueue.
// Where it does not know, it says so.
type model struct {
	k          *kern.Kernel
	groups     map[*kern.Ifnet][]packet.MAC
	kq         *kern.Kqueue
	registered map[registration]bool
	files      int   // opened so far
	wrong      error // the first answer that was not the model's
}

// registration is what a kqueue keeps one note for.
type registration struct{ ident, filter int }

// modelGroups is how many groups an interface joins: ours, the originals have no limit.
const modelGroups = 8

func newModel(k *kern.Kernel) *model {
	return &model{k: k, groups: map[*kern.Ifnet][]packet.MAC{}, kq: k.NewKqueue(), registered: map[registration]bool{}}
}

func (m *model) fail(format string, args ...any) {
	if m.wrong == nil {
		m.wrong = fmt.Errorf(format, args...)
	}
}

// membership is what SIOCADDMULTI and SIOCDELMULTI of root answer. FreeBSD's and
// DragonFly's drivers say yes to all (tunifioctl, tapifioctl). NetBSD's ask
// ether_addmulti, which takes groups only, and ether_delmulti, which knows what was
// joined and asks for nothing else.
func (m *model) membership(i *kern.Ifnet, t *kern.Thread, cmd uint32, mac packet.MAC) (want errno.Errno, known bool) {
	switch {
	case cmd != kern.SIOCADDMULTI && cmd != kern.SIOCDELMULTI || t.Cred.UID != 0:
		return errno.OK, false
	case i == nil:
		return errno.ENXIO, true
	case m.k.Dialect != kern.NetBSD:
		return errno.OK, true
	}
	joined := m.groups[i]
	at := slices.Index(joined, mac)
	switch {
	case cmd == kern.SIOCDELMULTI && at < 0:
		return errno.ENXIO, true
	case cmd == kern.SIOCDELMULTI:
		m.groups[i] = slices.Delete(joined, at, at+1)
	case mac[0]&1 == 0:
		return errno.EINVAL, true
	case at >= 0:
	case len(joined) >= modelGroups:
		return errno.ENOBUFS, true
	default:
		m.groups[i] = append(joined, mac)
	}
	return errno.OK, true
}

// registration is what EV_DELETE answers: ENOENT exactly where nothing is
// registered. What EV_ADD answers is the driver's; got says what became of it.
func (m *model) registration(ev kern.Kevent, got errno.Errno) (want errno.Errno, known bool) {
	r := registration{ev.Ident, ev.Filter}
	if ev.Flags&kern.EV_DELETE == 0 {
		if got == errno.OK {
			m.registered[r] = true
		}
		return errno.OK, m.registered[r]
	}
	if !m.registered[r] {
		return errno.ENOENT, true
	}
	delete(m.registered, r)
	return errno.OK, true
}

// forget is what closing a descriptor does to the kqueue: knote_fdclose.
func (m *model) forget(ident int) {
	m.kq.Forget(ident)
	for r := range m.registered {
		if r.ident == ident {
			delete(m.registered, r)
		}
	}
}
