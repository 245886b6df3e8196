// Package arp is the Address Resolution Protocol of one Ethernet interface (RFC 826), as
// FreeBSD 9.1, DragonFly, NetBSD 7.99 and Linux do it. A [Table] is a value: each call takes
// the time and appends what is to be done to an [Acts]. It starts no goroutine, reads no
// clock and knows nothing of sockets and routes but what its [Env] says.
//
// A BSD's entry has two states:
//
//	          asked for: a request a second, while packets come
//	          +-----+
//	          v     |                 any ARP packet of the neighbour
//	none --> incomplete --------------------------------------------> reachable
//	 ^          | Down after the last request              Keep after |
//	 +----------+<-----------------------------------------------------+
//
// Linux's has more: see linux.go.
package arp

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/packet"
)

// Where says how a host's routes go to an address.
type Where uint8

// The ways. Here is out of the table's interface, to the neighbour itself; Behind is out of it by
// a gateway; Elsewhere is by another interface. Ours is an address of the host on another
// interface.
const (
	Nowhere Where = iota
	Here
	Behind
	Elsewhere
	Ours
)

// An Env is what a table asks its host.
type Env interface {
	Where(ip netip.Addr) Where
}

// Acts are what calls want done: the packets of Ready first, as a kernel sends what waited
// before it answers, then Frames. What is in it is good until Reset.
type Acts struct {
	Frames  [][]byte // whole Ethernet frames to send
	Ready   []Ready  // packets that waited, and may go now
	Failed  []Failed // packets given up: Linux tells their senders so
	Console []string // messages of the kernel
}

// Reset empties a for the next call. It keeps the memory.
func (a *Acts) Reset() {
	a.Frames = a.Frames[:0]
	clear(a.Ready)
	clear(a.Failed)
	a.Ready, a.Failed, a.Console = a.Ready[:0], a.Failed[:0], a.Console[:0]
}

// A Ready is an IP packet whose neighbour is known now.
type Ready struct {
	Packet []byte
	Hop    netip.Addr
	MAC    packet.MAC
}

// A Failed is an IP packet whose neighbour did not answer.
type Failed struct {
	Packet []byte
	Hop    netip.Addr
}

// An Option of an entry that a user makes, as arp(8) has them.
type Option uint8

// The options: Permanent is without end, Published is answered for, to anyone who asks.
const (
	Permanent Option = 1 << iota
	Published
)

// A State is what is known of a neighbour. The BSDs have the first two.
type State uint8

// The states. Linux's names are those of ip-neighbour(8).
const (
	Incomplete State = iota
	Reachable
	Stale
	Delay
	Probe
	Failure
)

// String is the name of the state in Linux's ip neighbour: "INCOMPLETE", "REACHABLE" ...
func (s State) String() string {
	return [...]string{"INCOMPLETE", "REACHABLE", "STALE", "DELAY", "PROBE", "FAILED"}[s]
}

// known reports whether a packet may be sent to a neighbour in the state.
func (s State) known() bool { return s != Incomplete && s != Failure }

// An Entry is a neighbour, as arp(8) shows it.
type Entry struct {
	IP        netip.Addr
	MAC       packet.MAC
	State     State
	Expires   time.Duration // when it ends; 0 where it has no end
	Permanent bool
	Published bool
	Own       bool // an address of the interface itself
	Asked     int  // requests without an answer
	Held      int  // packets that wait
}

type ip4 = [4]byte

// An entry's zero due is no timer.
type entry struct {
	ip      ip4
	mac     packet.MAC
	state   State
	option  Option
	expires int64 // in whole seconds, as time_uptime counts
	asked   int
	refresh int // la_preempt: requests left before the end
	paused  bool
	due     time.Duration
	held    [][]byte
	bytes   int // what held costs
	linux   aging
}

// An own is an address of the interface.
type own struct {
	ip     ip4
	prefix netip.Prefix
	state  ownState
	// Of the probes and announcements that are under way: how many were sent, and when
	// the next is due (0: none is).
	sent int
	due  time.Duration
}

type ownState uint8

const (
	ready ownState = iota
	tentative
	duplicated
	detached // the interface went down: probed again when it comes up
)

// A Table is the ARP of an interface. Make it with New.
type Table struct {
	v    *Values
	env  Env
	name string
	self packet.MAC
	rnd  func([]byte)

	up      bool
	own     []own
	entries map[ip4]*entry
	order   []*entry // by the time of making, for walks that must not depend on a map's order
	bytes   int
	due     time.Duration // no timer is due before; never is none
	stats   Stats
}

const never = time.Duration(1<<63 - 1)

// New returns the table of an interface that is down and has no address. The name is for
// messages, rnd fills its argument with chance.
func New(v *Values, env Env, name string, self packet.MAC, rnd func([]byte)) *Table {
	return &Table{v: v, env: env, name: name, self: self, rnd: rnd, due: never}
}

// Stats returns the counters.
func (t *Table) Stats() *Stats { return &t.stats }

// EntryBytes is about what an entry takes.
const EntryBytes = 256

// Bytes is what the table holds for others: its entries, and packets that wait.
func (t *Table) Bytes() int { return t.bytes + EntryBytes*len(t.order) }

// Next returns when Tick wants to be called; ok is false if never.
func (t *Table) Next() (at time.Duration, ok bool) { return t.due, t.due != never }

// wake has Tick called at the time, if it would be later.
func (t *Table) wake(at time.Duration) { t.due = min(t.due, at) }

// Tick does what is due: probes, announcements, requests that Linux repeats, and ends.
func (t *Table) Tick(now time.Duration, a *Acts) {
	if now < t.due {
		return
	}
	for i := range t.own {
		if o := &t.own[i]; o.due != 0 && o.due <= now {
			t.probe(now, o, a)
		}
	}
	var over []*entry
	for _, e := range t.order {
		if e.due != 0 && e.due <= now && t.expire(now, e, a) {
			over = append(over, e)
		}
	}
	for _, e := range over {
		t.remove(e)
	}
	t.due = never
	for i := range t.own {
		if o := &t.own[i]; o.due != 0 {
			t.wake(o.due)
		}
	}
	for _, e := range t.order {
		if e.due != 0 {
			t.wake(e.due)
		}
	}
}

// expire does what an entry's timer is for, and reports whether its time is over.
func (t *Table) expire(now time.Duration, e *entry, a *Acts) bool {
	if t.v.Linux != nil {
		t.age(now, e, a)
		return false
	}
	t.stats.Timeouts++
	return true
}

// SetUp says that the interface came up or went down.
func (t *Table) SetUp(now time.Duration, up bool, a *Acts) {
	if up == t.up {
		return
	}
	t.up = up
	if t.v.Linux != nil && !up {
		t.Flush() // neigh_ifdown
	}
	if t.v.Probes == 0 {
		return
	}
	for i := range t.own {
		o := &t.own[i]
		switch {
		case !up: // NetBSD netinet/in.c in_if_link_down
			o.state, o.due = detached, 0
		case o.state == detached || o.state == tentative: // in_if_link_up
			t.startProbes(now, o)
		}
	}
}

// SetMAC gives the interface another address. Its neighbours stay.
func (t *Table) SetMAC(now time.Duration, m packet.MAC, a *Acts) {
	if m == t.self {
		return
	}
	t.self = m
	if t.v.Linux != nil {
		t.Flush() // neigh_changeaddr
	}
	for i := range t.own {
		if o := &t.own[i]; o.state == ready && t.v.Gratuitous {
			t.announce(o, a)
		}
	}
}

// AddAddress gives the interface an address, or what it has another prefix. wasUp says
// whether the interface was up before: NetBSD probes then. One that was down must be up by
// the time that the frames are sent.
func (t *Table) AddAddress(now time.Duration, p netip.Prefix, wasUp bool, a *Acts) {
	ip := p.Addr().Unmap()
	if !ip.Is4() || ip.IsUnspecified() {
		return
	}
	i := t.ownIndex(ip.As4())
	if i < 0 {
		i = len(t.own)
		t.own = append(t.own, own{ip: ip.As4()})
	}
	o := &t.own[i]
	o.prefix = netip.PrefixFrom(ip, p.Bits())
	t.up = t.up || wasUp
	switch {
	case t.v.Probes > 0 && wasUp:
		t.startProbes(now, o)
	case t.v.Gratuitous:
		o.state, o.due = ready, 0
		t.announce(o, a)
	}
	if e := t.entries[o.ip]; e != nil { // it was a neighbour's
		t.remove(e)
	}
}

// RemoveAddress takes an address away, with the neighbours that only it reached.
func (t *Table) RemoveAddress(_ time.Duration, ip netip.Addr, _ *Acts) {
	i := t.ownIndex(as4(ip))
	if i < 0 {
		return
	}
	gone := t.own[i].prefix
	t.own = slices.Delete(t.own, i, i+1)
	for _, e := range slices.Clone(t.order) {
		addr := netip.AddrFrom4(e.ip)
		still := slices.ContainsFunc(t.own, func(o own) bool { return o.prefix.Contains(addr) })
		if gone.Contains(addr) && !still && e.option&Permanent == 0 {
			t.remove(e)
		}
	}
}

// Usable reports whether packets may have the interface's address as their source: not
// while it is probed for, when they are dropped without a word, nor when another host has
// it, which is EADDRNOTAVAIL (NetBSD ip_output.c, ip_ifaddrvalid).
func (t *Table) Usable(ip netip.Addr) (bool, errno.Errno) {
	i := t.ownIndex(as4(ip))
	switch {
	case i < 0, t.own[i].state == ready:
		return true, errno.OK
	case t.own[i].state == duplicated:
		return false, errno.EADDRNOTAVAIL
	}
	return false, errno.OK
}

func (t *Table) ownIndex(ip ip4) int {
	for i := range t.own {
		if t.own[i].ip == ip {
			return i
		}
	}
	return -1
}

// as4 is 0.0.0.0, which is nobody's, of what is no IPv4 address.
func as4(ip netip.Addr) ip4 {
	if ip = ip.Unmap(); ip.Is4() {
		return ip.As4()
	}
	return ip4{}
}

// Add makes or changes an entry, as `arp -s` does: EINVAL for an address that the interface
// does not reach, EADDRINUSE for its own.
func (t *Table) Add(now time.Duration, ip netip.Addr, m packet.MAC, o Option) errno.Errno {
	k := as4(ip)
	if t.ownIndex(k) >= 0 {
		return errno.EADDRINUSE
	}
	e := t.entries[k]
	if e == nil {
		if e = t.make(k, o&Published != 0); e == nil {
			return errno.EINVAL
		}
	}
	t.drop(e)
	e.mac, e.option, e.state = m, o, Reachable
	e.asked, e.paused, e.refresh = 0, false, t.v.MaxTries
	e.due = 0
	if o&Permanent == 0 {
		t.renew(now, e)
	}
	return errno.OK
}

// Delete takes an entry away: ENOENT if there is none, EPERM for the interface's own.
func (t *Table) Delete(ip netip.Addr) errno.Errno {
	k := as4(ip)
	if t.ownIndex(k) >= 0 {
		return errno.EPERM
	}
	e := t.entries[k]
	if e == nil {
		return errno.ENOENT
	}
	t.remove(e)
	return errno.OK
}

// Flush takes all entries away, but not the interface's own.
func (t *Table) Flush() {
	for _, e := range t.order {
		t.drop(e)
	}
	clear(t.entries)
	t.order = nil
}

// Entries returns the table, sorted by address.
func (t *Table) Entries() []Entry {
	all := make([]Entry, 0, len(t.order)+len(t.own))
	for _, e := range t.order {
		n := Entry{
			IP: netip.AddrFrom4(e.ip), MAC: e.mac, State: e.state,
			Permanent: e.option&Permanent != 0, Published: e.option&Published != 0,
			Asked: e.asked, Held: len(e.held),
		}
		switch {
		case n.Permanent || t.v.Linux != nil:
		default:
			n.Expires = time.Duration(e.expires) * time.Second
		}
		all = append(all, n)
	}
	for _, o := range t.own {
		if t.v.OwnEntries {
			all = append(all, Entry{IP: netip.AddrFrom4(o.ip), MAC: t.self, State: Reachable, Permanent: true, Own: true})
		}
	}
	slices.SortFunc(all, func(x, y Entry) int { return x.IP.Compare(y.IP) })
	return all
}

// make returns a new entry, or nil where the routes say that there is no such neighbour on
// this interface. What is published needs no neighbour. At the limit the entry that ends
// first goes.
func (t *Table) make(ip ip4, published bool) *entry {
	if ip == (ip4{}) || !published && t.env.Where(netip.AddrFrom4(ip)) != Here {
		t.stats.NoEntry++
		return nil
	}
	if len(t.order) >= t.v.Limit {
		var first *entry
		for _, e := range t.order {
			if e.option&Permanent == 0 && (first == nil || cmp.Compare(e.expires, first.expires) < 0) {
				first = e
			}
		}
		if first == nil {
			t.stats.NoEntry++
			return nil
		}
		t.stats.Evicted++
		t.remove(first)
	}
	e := &entry{ip: ip, refresh: t.v.MaxTries}
	if t.entries == nil {
		t.entries = map[ip4]*entry{}
	}
	t.entries[ip] = e
	t.order = append(t.order, e)
	return e
}

// remove takes an entry out of the table, with what it holds.
func (t *Table) remove(e *entry) {
	t.drop(e)
	delete(t.entries, e.ip)
	if i := slices.Index(t.order, e); i >= 0 {
		t.order = slices.Delete(t.order, i, i+1)
	}
}

// drop loses what an entry holds.
func (t *Table) drop(e *entry) {
	t.stats.Dropped += uint64(len(e.held))
	t.bytes -= e.bytes
	e.held, e.bytes = nil, 0
}

// renew gives an entry its full time from now.
func (t *Table) renew(now time.Duration, e *entry) {
	e.expires = uptime(now) + int64(t.v.Keep/time.Second)
	t.end(now, e, t.v.Keep)
}

// end has an entry end after a time.
func (t *Table) end(now time.Duration, e *entry, after time.Duration) {
	e.due = now + after
	if p := t.v.Prune; p > 0 {
		e.due = (e.due + p - 1) / p * p
	}
	t.wake(e.due)
}

// uptime is the kernel's clock of whole seconds (time_uptime).
func uptime(now time.Duration) int64 { return int64(now / time.Second) }
