package ip6

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

// AddressState is how far an address is to be used.
type AddressState uint8

// The states: Tentative is asked for still, Deprecated only for what is under way, Duplicated
// another host's.
const (
	Tentative AddressState = iota
	Preferred
	Deprecated
	Duplicated
)

// String is the word of ifconfig(8): "tentative", "deprecated", "duplicated"; "" of one that is
// as it should be.
func (s AddressState) String() string {
	return [...]string{"tentative", "", "deprecated", "duplicated"}[s]
}

// An Address is an address of the host.
type Address struct {
	NIC    int
	Prefix netip.Prefix
	State  AddressState
	Auto   bool // the host has given it to itself
	// When it is no longer valid, and no longer preferred: 0 is never.
	Valid, Preferred time.Duration
}

type address struct {
	nic   *nic
	ip    netip.Addr
	bits  int
	state AddressState
	auto  bool

	valid, preferred time.Duration

	started bool // it was asked for
	joined  bool // its groups are
	asked   int  // solicitations sent
	heard   int  // solicitations of others for it
	due     time.Duration
	nonce   [6]byte
}

func (d *address) usable() bool { return d.state == Preferred || d.state == Deprecated }

func (d *address) prefix() netip.Prefix { return netip.PrefixFrom(d.ip, d.bits) }

// own is the address of the host that ip is, on the interface if that is not nil.
func (l *Layer) own(ip netip.Addr, n *nic) *address {
	for _, d := range l.addrs {
		if d.ip == ip && (n == nil || d.nic == n) {
			return d
		}
	}
	return nil
}

// linkLocal is an interface's usable link-local address.
func (l *Layer) linkLocal(n *nic) (netip.Addr, bool) {
	for _, d := range l.addrs {
		if d.nic == n && d.ip.IsLinkLocalUnicast() && d.usable() {
			return d.ip, true
		}
	}
	return wire.Unspecified, false
}

// Local reports whether packets to ip are for this host; of a link-local address, on that
// interface.
func (l *Layer) Local(ip netip.Addr, number int) bool {
	if ip == wire.Loopback {
		return true
	}
	for _, d := range l.addrs {
		if d.ip == ip && d.usable() && (number < 0 || d.nic.n == number || !ip.IsLinkLocalUnicast()) {
			return true
		}
	}
	return false
}

// Addresses returns the host's addresses, in the order of their making.
func (l *Layer) Addresses() []Address {
	all := make([]Address, len(l.addrs))
	for i, d := range l.addrs {
		all[i] = Address{d.nic.n, d.prefix(), d.state, d.auto, d.valid, d.preferred}
	}
	return all
}

// AddAddress gives an interface an address, which is tentative until nobody has claimed it:
// EEXIST if the host has it there already, EINVAL for one that no host can have, ENXIO without
// such an interface, ENOBUFS beyond the limit.
func (l *Layer) AddAddress(now time.Duration, number int, p netip.Prefix, a *Acts) errno.Errno {
	n, ip := l.nic(number), p.Addr().WithZone("")
	switch {
	case n == nil:
		return errno.ENXIO
	case !p.IsValid() || !ip.Is6() || ip.Is4In6() || ip.IsMulticast() || ip.IsUnspecified() || ip == wire.Loopback:
		return errno.EINVAL
	case l.own(ip, n) != nil:
		return errno.EEXIST
	case len(l.addrs) >= l.v.MaxAddresses:
		return errno.ENOBUFS
	}
	l.add(now, &address{nic: n, ip: ip, bits: p.Bits()}, l.v.DelayAll, a)
	return errno.OK
}

func (l *Layer) add(now time.Duration, d *address, delay bool, a *Acts) {
	l.addrs = append(l.addrs, d)
	a.Changed = true
	switch {
	case d.nic.up || d.nic.IP:
		l.start(now, d, delay, a)
	}
	l.wakeAt(d.valid, d.preferred)
}

// RemoveAddress takes an address away: EADDRNOTAVAIL if the interface has it not.
func (l *Layer) RemoveAddress(now time.Duration, number int, ip netip.Addr, a *Acts) errno.Errno {
	n := l.nic(number)
	d := l.own(ip.WithZone(""), n)
	if n == nil || d == nil {
		return errno.EADDRNOTAVAIL
	}
	l.removeAddress(now, d, a)
	return errno.OK
}

func (l *Layer) removeAddress(now time.Duration, d *address, a *Acts) {
	l.addrs = slices.DeleteFunc(l.addrs, func(x *address) bool { return x == d })
	if d.joined {
		for _, g := range l.groupsOf(d) {
			l.leave(now, d.nic, g, a)
		}
	}
	a.Changed = true
}

// groupsOf are the groups that come with an address (in6.c in6_update_ifa).
func (l *Layer) groupsOf(d *address) []netip.Addr {
	groups := []netip.Addr{wire.SolicitedNode(d.ip), wire.AllNodes}
	if g, ok := wire.NodeGroup(l.name); ok && l.v.NodeInformation {
		groups = append(groups, g)
	}
	return groups
}

// start joins an address's groups and asks whether it is taken, after a time if it may have
// to wait for those of other hosts that came up with this one.
func (l *Layer) start(now time.Duration, d *address, delay bool, a *Acts) {
	d.started, d.asked, d.heard = true, 0, 0
	first := l.joinFor(now, d, delay, a)
	switch {
	case d.nic.disabled:
		return
	case l.v.DADCount == 0 || d.nic.IP:
		l.settle(now, d, a)
		return
	}
	d.state = Tentative
	if !delay {
		l.askForAddress(now, d, a)
		return
	}
	if l.v.DelayAll { // Linux does not wait for its report
		first = 0
	}
	l.set(&d.due, now+first+l.chance(l.v.JoinDelay-first))
}

// joinFor joins the groups of an address, and returns how long the report of its solicited-node
// group waits.
func (l *Layer) joinFor(now time.Duration, d *address, delay bool, a *Acts) (first time.Duration) {
	if d.joined {
		return 0
	}
	d.joined = true
	for i, g := range l.groupsOf(d) {
		wait := time.Duration(0)
		if delay {
			wait = l.chance(l.v.JoinDelay)
		}
		if i == 0 {
			first = wait
		}
		l.join(now, d.nic, g, wait, a)
	}
	return first
}

// askForAddress sends a solicitation for an address of our own (nd6_nbr.c nd6_dad_ns_output).
func (l *Layer) askForAddress(now time.Duration, d *address, a *Acts) {
	d.asked++
	l.set(&d.due, now+d.nic.retransmit)
	b := wire.AppendHeader(l.small[:0], 0, 0, packet.ProtoICMPv6, wire.DiscoveryHops, wire.Unspecified, wire.SolicitedNode(d.ip))
	b = wire.AppendAddr(wire.AppendICMP(b, wire.NeighborSolicit, 0, 0), d.ip)
	if l.v.Nonce {
		l.rnd(d.nonce[:])
		b = append(append(b, wire.OptNonce, 1), d.nonce[:]...)
	}
	l.small = b
	l.sendND(now, d.nic, b, a)
}

// tickAddress does what is due of an address: the next solicitation, the end of asking, and
// of its lifetimes.
func (l *Layer) tickAddress(now time.Duration, d *address, a *Acts) {
	if d.valid != 0 && d.valid <= now {
		l.removeAddress(now, d, a)
		return
	}
	if d.preferred != 0 && d.preferred <= now {
		d.preferred = 0
		if d.state == Preferred {
			d.state = Deprecated
			a.Changed = true
		}
	}
	if !fired(&d.due, now) || d.state != Tentative {
		return
	}
	switch {
	case d.asked < l.v.DADCount:
		l.askForAddress(now, d, a)
	case d.heard > 0:
		l.taken(d, a)
	default:
		l.settle(now, d, a)
	}
}

// settle ends the asking for an address that nobody has.
func (l *Layer) settle(now time.Duration, d *address, a *Acts) {
	d.state = Preferred
	a.Changed = true
	n := d.nic
	if d.ip.IsLinkLocalUnicast() && l.v.Solicitations != 0 && l.accepts(n) && !n.IP {
		n.groups.ReportAll(now) // mld_dad: the reports so far had no source
		l.listen(now, n, a)
		l.askRouters(now, n, l.v.Solicitations, 2*time.Millisecond)
	}
}

// taken gives an address up that another host has (nd6_nbr.c nd6_dad_duplicated).
func (l *Layer) taken(d *address, a *Acts) {
	d.state, d.due = Duplicated, 0
	a.Changed = true
	a.Console = append(a.Console,
		fmt.Sprintf("%s: DAD detected duplicate IPv6 address %s: NS in/out=%d/%d", d.nic.Name, d.ip, d.heard, d.asked),
		fmt.Sprintf("%s: DAD complete for %s - duplicate found", d.nic.Name, d.ip),
		d.nic.Name+": manual intervention required")
	if l.v.DisableDuplicate && d.ip == wire.FromMAC(d.ip, d.nic.MAC) && d.ip.IsLinkLocalUnicast() {
		d.nic.disabled = true
		a.Console = append(a.Console, d.nic.Name+": possible hardware address duplication detected, disable IPv6")
	}
}

// Source chooses the source address for packets to dst, and says by which interface they
// leave: by that of the number unless it is negative.
func (l *Layer) Source(dst netip.Addr, number int) (src netip.Addr, out int, no errno.Errno) {
	dst = dst.WithZone("")
	if dst == wire.Loopback || l.Local(dst, number) {
		return dst, Loopback, errno.OK
	}
	r, no := l.route(dst, number)
	if no != errno.OK {
		return wire.Unspecified, Any, no
	}
	src, ok := l.choose(dst, r.nic)
	if !ok {
		return wire.Unspecified, r.nic.n, errno.EADDRNOTAVAIL
	}
	return src, r.nic.n, errno.OK
}

// choose is RFC 6724 as in6_src.c's in6_selectsrc does it, without labels, which the kernels have
// only when ip6addrctl(8) gives them, and without temporary addresses.
func (l *Layer) choose(dst netip.Addr, out *nic) (netip.Addr, bool) {
	var best *address
	to := wire.Scope(dst)
	for _, d := range l.addrs {
		if !d.usable() || d.ip.IsLinkLocalUnicast() && d.nic != out || out.disabled {
			continue
		}
		if d.ip == dst {
			return d.ip, true
		}
		if best == nil || l.better(d, best, dst, to, out) {
			best = d
		}
	}
	if best == nil {
		return wire.Unspecified, false
	}
	return best.ip, true
}

// better reports whether x is a better source than y.
func (l *Layer) better(x, y *address, dst netip.Addr, to int, out *nic) bool {
	sx, sy := wire.Scope(x.ip), wire.Scope(y.ip)
	switch {
	case sy < sx:
		return sy < to
	case sx < sy:
		return sx >= to
	case (x.state == Deprecated) != (y.state == Deprecated):
		return y.state == Deprecated
	case (x.nic == out) != (y.nic == out):
		return x.nic == out
	case x.nic.up != y.nic.up:
		return x.nic.up
	}
	return wire.CommonBits(x.ip, dst) > wire.CommonBits(y.ip, dst)
}
