package bridge

import (
	"encoding/binary"
	"iter"
	"maps"
	"slices"
	"time"

	"wireloom/vnet/packet"
)

// A table is the filtering database (802.1Q-2018, 8.8): what is behind which port, by
// VLAN and address.
type table struct {
	fdb
	count map[uint16]int  // of learned ones, by VLAN
	known map[uint16]int  // of all, by VLAN: those with some
	full  map[uint16]bool // the table of this VLAN is full, and that has been told
}

// An addr is a MAC address as a number, which is what is compared and looked up of one.
type addr uint64

const nobody, broadcast addr = 0, 1<<48 - 1

func addrOf(m packet.MAC) addr {
	return addr(binary.BigEndian.Uint32(m[:]))<<16 | addr(binary.BigEndian.Uint16(m[4:]))
}

func (a addr) mac() packet.MAC {
	return packet.MAC{byte(a >> 40), byte(a >> 32), byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a)}
}

// isGroup reports whether it is that of a group: broadcast is one.
func (a addr) isGroup() bool { return a>>40&1 == 1 }

// A key is a VLAN and an address.
type key uint64

func keyOf(vlan uint16, a addr) key { return key(vlan)<<48 | key(a) }

func (k key) mac() packet.MAC { return addr(k & key(broadcast)).mac() }

func (k key) vlan() uint16 { return uint16(k >> 48) }

func (t *table) init() {
	t.fdb, t.count, t.known, t.full = newFDB(), map[uint16]int{}, map[uint16]int{}, map[uint16]bool{}
}

// fid is the VLAN under which an address is learned: all share one with shared
// learning.
func (b *Bridge) fid(vlan uint16) uint16 {
	if b.conf.Shared {
		return 0
	}
	return vlan
}

// own reports whether an address is the switch's own in a VLAN: its own, and those of
// its ports where they are members.
func (b *Bridge) own(a addr, vlan uint16) bool {
	if a == nobody {
		return false
	}
	if a == b.self && (vlan == 0 || b.conf.Dialect == Standard || slices.Contains(b.conf.VLANs, vlan)) {
		return true
	}
	if !b.addrs {
		return false
	}
	for i := range b.ports {
		p := &b.ports[i]
		if addrOf(p.conf.MAC) == a && !p.absent {
			if _, ok := p.member[vlan]; ok || vlan == 0 {
				return true
			}
		}
	}
	return false
}

// learn notes that a source is behind the port that a frame came in by.
func (b *Bridge) learn(now time.Duration, f *incoming) {
	if b.conf.Ageing < 0 || b.ports[f.port].conf.NoLearn || b.conf.Hub || b.own(f.src, f.vlan) {
		return
	}
	vlan := b.fid(f.vlan)
	k := keyOf(vlan, f.src)
	e := b.table.find(k, &b.ports[f.port].from)
	switch {
	case e != nil && e.port() == f.port:
		e.setSeen(now)
		return
	case e != nil && e.static():
		// A static entry of the standard stays where it was put. Linux moves it.
		if b.conf.Dialect == Linux {
			b.changed()
			e.setPort(f.port)
			e.setSeen(now)
		}
		return
	case e != nil:
		b.ports[f.port].Moved++
		b.forget(k, Moved)
	case b.table.count[vlan] >= b.conf.MaxMACs:
		if !b.table.full[vlan] {
			b.table.full[vlan] = true
			b.acts = append(b.acts, Act{Kind: Full, VLAN: vlan})
		}
		return
	}
	b.ports[f.port].Learned++
	b.table.add(newEntry(k, f.port, false, now))
	b.table.count[vlan]++
	b.acts = append(b.acts, Act{Kind: Learn, Port: f.port, VLAN: vlan, MAC: f.src.mac()})
}

func (b *Bridge) forget(k key, why Reason) {
	e := b.table.get(k)
	b.acts = append(b.acts, Act{Kind: Forget, Port: e.port(), VLAN: k.vlan(), MAC: k.mac(), Why: why})
	if !e.static() {
		b.table.count[k.vlan()]--
		delete(b.table.full, k.vlan())
	}
	b.table.remove(k)
	if b.table.known[k.vlan()]--; b.table.known[k.vlan()] == 0 {
		delete(b.table.known, k.vlan())
	}
}

// add puts an entry into the table that is not there yet.
func (t *table) add(e entry) {
	t.put(e)
	t.known[e.key().vlan()]++
}

// forgetAll forgets the entries that a function names, in order.
func (b *Bridge) forgetAll(why Reason, which func(e *entry) bool) {
	for _, k := range b.table.sorted() {
		if which(b.table.get(k)) {
			b.forget(k, why)
		}
	}
}

// Tick forgets the addresses that have not been seen for the ageing time, and lets
// ports go on that wait. next is when it wants to be called again, below 0 for never.
func (b *Bridge) Tick(now time.Duration) (acts []Act, next time.Duration) {
	b.begin(now)
	next = never
	soonest := func(t time.Duration) {
		if next < 0 || t < next {
			next = t
		}
	}
	for _, k := range b.table.sorted() {
		e := b.table.get(k)
		switch due := e.seen() + b.ageing(now, e.port()); {
		case e.static() || b.conf.Ageing < 0:
		case due <= now:
			b.forget(k, Aged)
		default:
			soonest(due)
		}
	}
	for i := range b.ports {
		if t := b.ports[i].settles; t != never {
			soonest(t)
		}
	}
	if t := b.asked.next(); t != never {
		soonest(t)
	}
	b.query(now)
	return b.acts, next
}

// A shortAge is a time for which addresses of a port age sooner.
type shortAge struct{ age, until time.Duration }

// ShortAge lets what was learned at a port age after a shorter time, for as long as that
// is: what STP asks for after a change of the topology (802.1D-1998, 8.5.3.10). Tick has to
// be called again.
func (b *Bridge) ShortAge(now time.Duration, port int, age time.Duration) {
	b.ports[port].short = shortAge{age, now + age}
}

// ageing is how long an address of a port is remembered.
func (b *Bridge) ageing(now time.Duration, port int) time.Duration {
	if s := b.ports[port].short; now <= s.until && s.until > 0 {
		return min(s.age, b.conf.Ageing)
	}
	return b.conf.Ageing
}

// Ageing is how long an address is remembered, where nothing has shortened it.
func (b *Bridge) Ageing() time.Duration { return b.conf.Ageing }

// Flush forgets what was learned at a port: what a spanning tree asks for after a
// change. Static entries stay.
func (b *Bridge) Flush(now time.Duration, port int) []Act {
	b.begin(now)
	b.forgetAll(Changed, func(e *entry) bool { return e.port() == port && !e.static() })
	return b.acts
}

// Clear forgets everything that was learned.
func (b *Bridge) Clear(now time.Duration) []Act {
	b.begin(now)
	b.forgetAll(Flushed, func(e *entry) bool { return !e.static() })
	return b.acts
}

// SetAgeing changes how long an address is remembered; nothing is learned if it is
// below 0.
func (b *Bridge) SetAgeing(ageing time.Duration) {
	b.changed()
	b.conf.Ageing = ageing
}

// Known yields how many addresses the switch knows in each VLAN that it knows some in, in
// order.
func (b *Bridge) Known() iter.Seq2[uint16, int] {
	return func(yield func(uint16, int) bool) {
		for _, vlan := range slices.Sorted(maps.Keys(b.table.known)) {
			if !yield(vlan, b.table.known[vlan]) {
				return
			}
		}
	}
}

// Statics is how many static entries the table has.
func (b *Bridge) Statics() (n int) {
	for e := range b.table.all() {
		if e.static() {
			n++
		}
	}
	return n
}

// An Entry is an address that a switch knows.
type Entry struct {
	MAC    packet.MAC
	VLAN   uint16 // 0 where the switch knows none, or all share one table
	Port   int
	Static bool
	Seen   time.Duration // when it was last a source
}

// Table returns what the switch knows, sorted by VLAN and address.
func (b *Bridge) Table() []Entry {
	out := make([]Entry, 0, b.table.n)
	for _, k := range b.table.sorted() {
		e := b.table.get(k)
		out = append(out, Entry{k.mac(), k.vlan(), e.port(), e.static(), e.seen()})
	}
	return out
}
