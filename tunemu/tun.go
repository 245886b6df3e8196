package tunemu

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// Flags of a unit: tun_flags.
const (
	tunOpen = 1 << iota
	tunInited
	tunRColl
	tunIASet
	tunDstAddr
	tunLMode // the destination's sockaddr goes before the packet
	tunRWait // a reader sleeps
	tunAsync
	tunIfHead // the address family goes before the packet

	tunReady = tunOpen | tunInited
)

var flagNames = [...]string{"OPEN", "INITED", "RCOLL", "IASET", "DSTADDR", "LMODE", "RWAIT", "ASYNC", "IFHEAD"}

const (
	tunMTU   = 1500
	tunMRU   = 16384
	uidUUCP  = 66
	gidDial  = 68
	nodeMode = 0o600
)

// driver is what the two drivers have in common: their variables, and the
// few things that one line of the shared code does differently.
type driver struct {
	k     *kern.Kernel
	debug int // tundebug

	mtuNeedsRoot bool         // TUNSIFINFO asks for a privilege when the MTU changes
	modeReplaces kern.IfFlags // what TUNSIFMODE clears before it sets
	logsErrors   bool         // the debug messages about addresses say the error
}

// softc is struct tun_softc. The functions that both drivers share are its
// methods.
type softc struct {
	d     *driver
	ifp   *kern.Ifnet
	dev   *kern.Cdev
	flags int
	pid   int // the process that has the device: TUNSIFPID changes it
	owner kern.Owner
	sel   kern.SelInfo
	gone  byte // its address is tun_cv, where a destroy waits for the last close
}

// newSoftc makes a unit; drv is what its interface calls.
func (d *driver) newSoftc(dev *kern.Cdev) *softc {
	return &softc{d: d, dev: dev, flags: tunInited}
}

// newIf makes the interface of a unit, not attached yet.
func (tp *softc) newIf(drv kern.OutputDriver) {
	unit := tp.dev.Unit
	i := tp.d.k.NewIfnet("tun"+strconv.Itoa(unit), unit, drv)
	i.MTU, i.Type, i.Flags, i.Softc = tunMTU, kern.IFT_PPP, kern.IFF_POINTOPOINT|kern.IFF_MULTICAST, drv
	tp.ifp = i
}

// node is a device node of a unit.
func node(unit int) *kern.Cdev {
	return &kern.Cdev{Name: "tun" + strconv.Itoa(unit), Unit: unit, UID: uidUUCP, GID: gidDial, Mode: nodeMode}
}

// logf is TUNDEBUG.
func (tp *softc) logf(format string, args ...any) {
	if tp.d.debug != 0 {
		tp.ifp.Logf(format, args...)
	}
}

// minor is C's "%#x" of the minor number, which writes a zero as "0".
func (tp *softc) minor() string {
	if tp.dev.Unit == 0 {
		return "0"
	}
	return fmt.Sprintf("%#x", tp.dev.Unit)
}

// unitStates are the units for observers, in unit order.
func unitStates(k *kern.Kernel, of func(any) *softc) []kern.UnitState {
	var out []kern.UnitState
	if k == nil {
		return out
	}
	for _, i := range k.Ifnets() {
		tp := of(i.Softc)
		if tp == nil {
			continue
		}
		flags := []string{}
		for bit, n := range flagNames {
			if tp.flags>>bit&1 != 0 {
				flags = append(flags, n)
			}
		}
		out = append(out, kern.UnitState{If: i, Flags: flags, PID: tp.pid, Owner: int(tp.owner), Sel: &tp.sel})
	}
	slices.SortStableFunc(out, func(a, b kern.UnitState) int { return cmp.Compare(a.If.Unit, b.If.Unit) })
	return out
}

// init is tuninit: the interface is up and running from its first address
// on. What is remembered of the addresses is never forgotten.
func (tp *softc) init() errno.Errno {
	tp.logf("tuninit\n")
	tp.ifp.SetFlags(kern.IFF_UP|kern.IFF_RUNNING, 0)
	tp.ifp.Change = tp.d.k.Host().Now()
	err := errno.OK
	for _, a := range tp.ifp.Addrs {
		switch {
		case a.Null:
			err = errno.EFAULT
		case a.Family != kern.AF_INET:
		default:
			if a.Addr.IsValid() && !a.Addr.IsUnspecified() {
				tp.flags |= tunIASet
			}
			if a.Dst.IsValid() && !a.Dst.IsUnspecified() {
				tp.flags |= tunDstAddr
			}
		}
	}
	return err
}

// ready is the check that output and read begin with.
func (tp *softc) ready() bool {
	if tp.flags&tunReady == tunReady {
		return true
	}
	tp.logf("not ready 0%o\n", tp.flags)
	return false
}

// Why a packet was not given what goes before it.
const (
	headOK = iota
	headNoMbuf
	headFamily
)

// prefix puts before an outgoing packet what the process has asked for: in
// link-layer mode the sockaddr of the destination, with TUNSIFHEAD the
// family. Without that only IPv4 can be sent. The packet is gone unless the
// answer is headOK.
func (tp *softc) prefix(m *kern.Mbuf, dst *kern.Sockaddr) int {
	if tp.flags&tunLMode != 0 {
		p := m.Prepend(int(dst.Len))
		if p == nil {
			return headNoMbuf
		}
		dst.Put(p)
	}
	if tp.flags&tunIfHead != 0 {
		p := m.Prepend(4)
		if p == nil {
			return headNoMbuf
		}
		binary.BigEndian.PutUint32(p, uint32(dst.Family))
	} else if dst.Family != kern.AF_INET {
		tp.ifp.Drop(kern.DropFamily, m)
		return headFamily
	}
	return headOK
}

// family takes the address family off a packet from the process, if it has
// one there, and says in u what the process has written. False means that the
// packet was shorter than that, and is gone.
func (tp *softc) family(m *kern.Mbuf, u *kern.Uio) (af uint32, ok bool) {
	u.Link, u.Head = packet.LinkRaw, 0
	if tp.flags&tunIfHead == 0 {
		return kern.AF_INET, true
	}
	u.Head = 4
	if len(m.First()) < 4 && !m.Pullup(4) {
		return 0, false
	}
	af = binary.BigEndian.Uint32(m.First())
	m.Adj(4)
	return af, true
}

// known says whether packets of a family can be received.
func (d *driver) known(af uint32) bool {
	switch int64(af) {
	case kern.AF_INET, kern.AF_IPX, kern.AF_APPLETALK, int64(d.k.Dialect.Inet6()):
		return true
	}
	return false
}

// wakeReader wakes who sleeps in read.
func (tp *softc) wakeReader() {
	if tp.flags&tunRWait != 0 {
		tp.flags &^= tunRWait
		tp.d.k.Wakeup(tp)
	}
}

// signal sends SIGIO to the owner of the device, if that is wanted.
func (tp *softc) signal() {
	if tp.flags&tunAsync != 0 {
		tp.d.k.PGSigio(tp.owner)
	}
}
