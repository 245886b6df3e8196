package kern

import (
	"fmt"
	"net/netip"
	"slices"

	"wireloom/vnet/errno"
	"wireloom/vnet/packet"
)

// IfFlags are an interface's flags. FreeBSD keeps RUNNING and OACTIVE in a
// word of their own; their bits are the same, and here they are together.
type IfFlags uint32

// The flags of <net/if.h>.
const (
	IFF_UP          IfFlags = 0x1
	IFF_BROADCAST   IfFlags = 0x2
	IFF_DEBUG       IfFlags = 0x4
	IFF_LOOPBACK    IfFlags = 0x8
	IFF_POINTOPOINT IfFlags = 0x10
	IFF_SMART       IfFlags = 0x20
	IFF_RUNNING     IfFlags = 0x40
	IFF_NOARP       IfFlags = 0x80
	IFF_PROMISC     IfFlags = 0x100
	IFF_ALLMULTI    IfFlags = 0x200
	IFF_OACTIVE     IfFlags = 0x400
	IFF_SIMPLEX     IfFlags = 0x800
	IFF_LINK0       IfFlags = 0x1000
	IFF_LINK1       IfFlags = 0x2000
	IFF_LINK2       IfFlags = 0x4000
	IFF_MULTICAST   IfFlags = 0x8000
	IFF_POLLING     IfFlags = 0x10000 // DragonFly
)

var flagNames = [...]string{
	"UP", "BROADCAST", "DEBUG", "LOOPBACK", "POINTOPOINT", "SMART", "RUNNING", "NOARP", "PROMISC", "ALLMULTI",
	"OACTIVE", "SIMPLEX", "LINK0", "LINK1", "LINK2", "MULTICAST", "POLLING",
}

// Names are the flags' names in bit order.
func (f IfFlags) Names() []string {
	out := []string{}
	for i, n := range flagNames {
		if f>>i&1 != 0 {
			out = append(out, n)
		}
	}
	return out
}

// ParseIfFlag is the flag of that name.
func ParseIfFlag(name string) (IfFlags, bool) {
	for i, n := range flagNames {
		if n == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// CantChange is IFF_CANTCHANGE: the flags that SIOCSIFFLAGS leaves alone.
func (d Dialect) CantChange() IfFlags {
	f := IFF_BROADCAST | IFF_POINTOPOINT | IFF_RUNNING | IFF_OACTIVE | IFF_SIMPLEX | IFF_MULTICAST | IFF_ALLMULTI | IFF_PROMISC
	switch d {
	case FreeBSD, Linux:
		f |= IFF_SMART
	case DragonFly:
		f |= IFF_SMART | IFF_POLLING
	case NetBSD:
	}
	return f
}

// A LinkState is LINK_STATE_UNKNOWN, DOWN or UP.
type LinkState uint8

// The link states.
const (
	LinkUnknown LinkState = iota
	LinkDown
	LinkUp
)

// String is "unknown", "down" or "up".
func (l LinkState) String() string { return [...]string{"unknown", "down", "up"}[l] }

// Interface types of <net/if_types.h>.
const (
	IFT_ETHER = 6
	IFT_PPP   = 23
)

// Limits of <net/if.h>.
const (
	IF_MINMTU  = 72
	IF_MAXMTU  = 65535
	IF_MAXUNIT = 0x7fff
)

// ifqMaxLen is ifqmaxlen, the length of a send queue.
func (d Dialect) ifqMaxLen() int {
	if d == NetBSD {
		return 256
	}
	return 50
}

// Counters are the numbers of netstat -i and more.
type Counters struct {
	Ipackets, Ierrors, Ibytes, Imcasts, Iqdrops   uint64
	Opackets, Oerrors, Obytes, Omcasts, Collision uint64
}

// An Addr is an address of an interface: ifaddr. An invalid Addr or Dst is
// one that was not given.
type Addr struct {
	Family int // AF_INET, ...
	Addr   netip.Addr
	Dst    netip.Addr
	Bits   int  // of the netmask; 0: none was given
	Null   bool // ifa_addr is a null pointer
	Late   bool // the interface was up before it had the address
}

// An IfDriver is what a driver hangs on an interface.
type IfDriver interface {
	// Start is if_start: there may be packets on Snd.
	Start(ifp *Ifnet)
	// Ioctl is if_ioctl. t is nil when the kernel itself asks.
	Ioctl(ifp *Ifnet, t *Thread, cmd uint32, r *IfReq) errno.Errno
}

// An EtherDriver is the driver of an Ethernet interface.
type EtherDriver interface {
	IfDriver
	// Init is if_init: the interface has come up.
	Init(ifp *Ifnet)
	// Stop is if_stop.
	Stop(ifp *Ifnet)
}

// An OutputDriver has an if_output of its own.
type OutputDriver interface {
	IfDriver
	// Output is if_output; it takes over m.
	Output(ifp *Ifnet, m *Mbuf, dst Sockaddr) errno.Errno
}

// A BpfListener is shown packets at the points where the driver has its bpf
// taps. It must not keep m.
type BpfListener interface {
	// Bpf: af is the family put before a packet of link type DLT_NULL; -1 says
	// that m is all there is: an Ethernet frame (DLT_EN10MB), or a packet of
	// DLT_NULL that has its family, four bytes in little-endian order, in front
	// already (DragonFly's tun with TUNSIFHEAD).
	Bpf(ifp *Ifnet, dir Direction, af int, m *Mbuf)
}

// A BpfDetacher is a BpfListener that is told when its interface goes away: bpfdetach(9).
type BpfDetacher interface{ BpfDetached() }

// An Ifnet is a network interface: struct ifnet. The kernel keeps it in its
// list from attach to detach. The drivers that it is for use this many of its fields.
type Ifnet struct {
	Name   string
	Unit   int
	Index  int // if_index, from 1
	Flags  IfFlags
	MTU    uint64
	Baud   uint64 // bits per second
	Type   uint8  // IFT_ETHER or IFT_PPP
	Link   LinkState
	MAC    packet.MAC // of an Ethernet interface
	Cnt    Counters
	Snd    Ifqueue
	Addrs  []*Addr      // in order of addition, AF_LINK not among them
	Multi  []packet.MAC // groups, in order of addition
	Change Time         // if_lastchange
	ALTQ   bool         // ALTQ is enabled on Snd

	// Softc is the driver's.
	Softc any
	// Input is where packets go that the interface receives; af is their
	// address family, 0 for Ethernet frames. It takes over m and only
	// queues. Without it they are freed.
	Input func(ifp *Ifnet, af int, m *Mbuf)

	k        *Kernel
	drv      IfDriver
	ether    EtherDriver
	output   OutputDriver
	bpf      []BpfListener
	attached bool
}

// Kernel is the kernel that the interface belongs to.
func (i *Ifnet) Kernel() *Kernel { return i.k }

// NewIfnet makes an interface that is not attached yet, with an empty send
// queue of the dialect's length.
func (k *Kernel) NewIfnet(name string, unit int, drv IfDriver) *Ifnet {
	i := &Ifnet{Name: name, Unit: unit, k: k, drv: drv}
	i.ether, _ = drv.(EtherDriver)
	i.output, _ = drv.(OutputDriver)
	i.Snd.Max = k.Dialect.ifqMaxLen()
	return i
}

// Attach puts the interface into the kernel's list. op is the kernel function
// that does it: "if_attach" or "if_register".
func (i *Ifnet) Attach(op string) {
	k := i.k
	k.index++
	i.Index = k.index
	i.attached = true
	k.ifs = append(k.ifs, i)
	k.tr.Interface(i, op, 0)
	k.notify(i, IfChange{IfAttached, "attached"})
}

// Attached says whether the interface is in the kernel's list.
func (i *Ifnet) Attached() bool { return i.attached }

// remove takes the interface out of the list and frees what it queued.
func (i *Ifnet) remove() {
	k := i.k
	for j, x := range k.ifs {
		if x == i {
			k.ifs = append(k.ifs[:j], k.ifs[j+1:]...)
			break
		}
	}
	i.Snd.drain(i)
	i.attached = false
	for _, l := range slices.Clone(i.bpf) {
		if d, ok := l.(BpfDetacher); ok {
			d.BpfDetached()
		}
	}
	k.notify(i, IfChange{IfDetached, "detached"})
}

// Detach takes the interface down and away: if_detach(9).
func (i *Ifnet) Detach() { i.k.net.detach(i) }

// Ifnets are the interfaces, in the order of attaching. The slice is the
// kernel's: do not change it.
func (k *Kernel) Ifnets() []*Ifnet { return k.ifs }

// Ifnet is the interface of that name, or nil: ifunit(9).
func (k *Kernel) Ifnet(name string) *Ifnet {
	for _, i := range k.ifs {
		if i.Name == name {
			return i
		}
	}
	return nil
}

// An IfOp is what changed about an interface.
type IfOp string

// What may change.
const (
	IfAttached     IfOp = "attached"
	IfDetached     IfOp = "detached"
	IfFlagsChanged IfOp = "flags"
	IfLink         IfOp = "link"
	IfMTU          IfOp = "mtu"
	IfAddress      IfOp = "address" // that of Ethernet, or one of a family that is not IP
	IfInet         IfOp = "inet"
	IfInet6        IfOp = "inet6"
)

// An IfChange is a change of an interface, and a sentence about it.
type IfChange struct {
	Op   IfOp
	Text string
}

// IP says whether it is an IP address of the interface that changed.
func (c IfChange) IP() bool { return c.Op == IfInet || c.Op == IfInet6 }

// OnIfChange asks to be told when an interface's flags, addresses, MTU or
// link state change or it comes or goes. OACTIVE, which changes with every
// packet, is not told of.
func (k *Kernel) OnIfChange(f func(ifp *Ifnet, c IfChange)) { k.changed = append(k.changed, f) }

func (k *Kernel) notify(i *Ifnet, what IfChange) {
	for _, f := range k.changed {
		f(i, what)
	}
}

// SetFlags sets and then clears flags.
func (i *Ifnet) SetFlags(set, clear IfFlags) {
	if f := (i.Flags | set) &^ clear; f != i.Flags {
		i.replaceFlags(f)
	}
}

func (i *Ifnet) replaceFlags(f IfFlags) {
	old := i.Flags
	i.Flags = f
	if (old^i.Flags)&^IFF_OACTIVE != 0 && len(i.k.changed) > 0 {
		i.k.notify(i, IfChange{IfFlagsChanged, fmt.Sprintf("flags %v", i.Flags.Names())})
	}
}

// SetLink changes the link state: if_link_state_change(9).
func (i *Ifnet) SetLink(l LinkState) {
	if i.Link == l {
		return
	}
	i.Link = l
	i.k.tr.LinkState(i)
	i.k.notify(i, IfChange{IfLink, "link state " + l.String()})
}

// SetMTU changes the MTU.
func (i *Ifnet) SetMTU(mtu uint64) {
	if i.MTU == mtu {
		return
	}
	i.MTU = mtu
	i.k.notify(i, IfChange{IfMTU, fmt.Sprintf("mtu %d", mtu)})
}

// SetMAC changes the Ethernet address: NetBSD's if_set_sadl.
func (i *Ifnet) SetMAC(m packet.MAC) {
	i.MAC = m
	i.k.tr.Interface(i, "set_sadl", 0)
	i.k.notify(i, IfChange{IfAddress, "address " + m.String()})
}

// LinkType is what the interface's packets start with.
func (i *Ifnet) LinkType() packet.Link {
	if i.Type == IFT_ETHER {
		return packet.LinkEthernet
	}
	return packet.LinkRaw
}

// Up and Down are if_up(9) and if_down(9).
func (i *Ifnet) Up()   { i.k.net.up(i) }
func (i *Ifnet) Down() { i.k.net.down(i) }

// Purge frees what waits on the send queue: IFQ_PURGE.
func (i *Ifnet) Purge() { i.k.tr.Interface(i, "ifq_purge", i.Snd.drain(i)) }

// Drain frees what waits on a queue of the driver's own: IF_DRAIN.
func (i *Ifnet) Drain(q *Ifqueue) { i.k.tr.Interface(i, "devq_drain", q.drain(i)) }

// PurgeAddrs removes every address but the link-level one: if_purgeaddrs(9).
func (i *Ifnet) PurgeAddrs() {
	i.k.tr.Interface(i, "if_purgeaddrs", len(i.Addrs))
	for len(i.Addrs) > 0 {
		i.removeAddr(0)
	}
}

// Start calls if_start.
func (i *Ifnet) Start() { i.drv.Start(i) }

// Transmit sends a packet out of the interface, as the bridge and the
// protocol stack do below if_output: it is queued and the driver started. It
// takes over m. ENOBUFS when the queue is full.
func (i *Ifnet) Transmit(m *Mbuf) errno.Errno {
	if i.k.dead != "" {
		m.Free()
		return errno.EIO
	}
	return i.k.net.transmit(i, m)
}

// Output sends a packet of the protocol stack: if_output. On an interface
// without one of its own dst is ignored and m is an Ethernet frame, which
// must be UP and RUNNING (ENETDOWN). It takes over m.
func (i *Ifnet) Output(m *Mbuf, dst Sockaddr) errno.Errno {
	if i.k.dead != "" {
		m.Free()
		return errno.EIO
	}
	if i.output != nil {
		return i.output.Output(i, m, dst)
	}
	if i.Flags&(IFF_UP|IFF_RUNNING) != IFF_UP|IFF_RUNNING {
		i.Drop(DropDown, m)
		return errno.ENETDOWN
	}
	return i.k.net.transmit(i, m)
}

// Drop ends a packet's life and says why.
func (i *Ifnet) Drop(why DropReason, m *Mbuf) {
	i.k.tr.Drop(i, why, m)
	m.Free()
}

// Deliver hands a received packet up; it takes over m.
func (i *Ifnet) Deliver(af int, m *Mbuf) {
	m.Rcvif = i
	i.k.tr.Input(i, af, m)
	if i.Input == nil {
		m.Free()
		return
	}
	i.Input(i, af, m)
}

// Listen and Unlisten add and remove a bpf listener.
func (i *Ifnet) Listen(l BpfListener) { i.bpf = append(i.bpf, l) }

// Unlisten removes a listener that Listen added.
func (i *Ifnet) Unlisten(l BpfListener) {
	for j, x := range i.bpf {
		if x == l {
			i.bpf = append(i.bpf[:j], i.bpf[j+1:]...)
			return
		}
	}
}

// BpfActive says whether anybody listens: bpf_peers_present(9).
func (i *Ifnet) BpfActive() bool { return len(i.bpf) > 0 }

// Bpf shows a packet to the listeners: bpf_mtap(9), or with a family not
// below 0 bpf_mtap2(9).
func (i *Ifnet) Bpf(dir Direction, af int, m *Mbuf) {
	if len(i.bpf) == 0 {
		return
	}
	i.k.tr.Bpf(i, dir, af, m)
	for _, l := range i.bpf {
		l.Bpf(i, dir, af, m)
	}
}

// Pfil runs the packet filter's hooks on a packet: pfil_run_hooks(9). No
// filter is part of a lab, so that only a fault makes it refuse (EACCES) or
// swallow the packet; gone says that m is no more.
func (i *Ifnet) Pfil(m *Mbuf) (gone bool, err errno.Errno) {
	if i.k.fault == nil {
		return false, errno.OK
	}
	if i.k.Fault("pfil_error") {
		i.Drop(DropFilter, m)
		return true, errno.EACCES
	}
	if i.k.Fault("pfil_consume") {
		i.Drop(DropFilter, m)
		return true, errno.OK
	}
	return false, errno.OK
}

// Logf writes a line that begins with the interface's name: if_printf(9).
func (i *Ifnet) Logf(format string, args ...any) { i.k.Log(i.Name+": "+format, args...) }
