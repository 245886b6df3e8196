package bridge

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"slices"
	"time"
)

// An entry of the filtering database, in 16 bytes: four lie in a line of the processor's
// cache, since of a large table each entry that a frame needs is one that is not there.
type entry struct {
	name  uint64 // its key, and usedBit
	state uint64 // staticBit, the port in the next bits, and when it was seen
}

const (
	usedBit   = 1 << 63 // of entry.name; else there is none here
	staticBit = 1       // of entry.state
	portShift = 1
	portBits  = 10 // config.MaxPorts
	portMask  = (1<<portBits - 1) << portShift
	seenShift = portShift + portBits
	maxSeen   = 1<<(64-seenShift) - 1 // 104 days in nanoseconds: what is seen later was seen then
)

func newEntry(k key, port int, static bool, seen time.Duration) entry {
	e := entry{name: uint64(k) | usedBit}
	if static {
		e.state = staticBit
	}
	e.setPort(port)
	e.setSeen(seen)
	return e
}

func (e *entry) used() bool          { return e.name&usedBit != 0 }
func (e *entry) is(k key) bool       { return e.name == uint64(k)|usedBit }
func (e *entry) key() key            { return key(e.name &^ usedBit) }
func (e *entry) static() bool        { return e.state&staticBit != 0 }
func (e *entry) port() int           { return int(e.state & portMask >> portShift) }
func (e *entry) seen() time.Duration { return time.Duration(e.state >> seenShift) }

func (e *entry) setPort(port int) { e.state = e.state&^portMask | uint64(port)<<portShift }

func (e *entry) setSeen(t time.Duration) {
	e.state = e.state&(1<<seenShift-1) | uint64(min(t, maxSeen))<<seenShift
}

// An fdb holds entries by their key: an open hash table without pointers, so that what a
// frame needs of it lies in one place of memory, which is all that a large one costs.
// Addresses that differ in their last bits alone lie side by side, as those of machines do
// that were made one after the other. Whoever chooses addresses does not know the seed,
// which decides nothing but where an entry lies.
type fdb struct {
	slots   []entry // a power of two, at most three quarters of them used
	n       int
	seed    uint64
	changes uint64 // after one, an entry that was found may lie elsewhere
}

const minSlots = 16

func newFDB() fdb {
	return fdb{slots: make([]entry, minSlots), seed: maphash.String(maphash.MakeSeed(), "")}
}

// home is where an entry of the key lies if no other does.
func (t *fdb) home(k key) int {
	const side = 3                                                   // of the last bits: a line's four entries
	hi, lo := bits.Mul64(uint64(k&^side)^t.seed, 0x9e3779b97f4a7c15) // 2^64 by the golden ratio
	return int((hi^lo)&^side|uint64(k&side)) & (len(t.slots) - 1)
}

// at is where the entry of a key is, or where it would go.
func (t *fdb) at(k key) int {
	i := t.home(k)
	for t.slots[i].used() && !t.slots[i].is(k) {
		i = (i + 1) & (len(t.slots) - 1)
	}
	return i
}

// get returns the entry of a key, nil if there is none. It is good until the table changes.
func (t *fdb) get(k key) *entry {
	if e := &t.slots[t.at(k)]; e.used() {
		return e
	}
	return nil
}

// A found entry is one that was looked up before: a port's frames come mostly from one
// address and go to one, which then need not be looked up each time. Its zero value is
// what was not found.
type found struct {
	*entry
	changes uint64
}

// find is get; last is what was found before, and what this finds.
func (t *fdb) find(k key, last *found) *entry {
	if last.entry == nil || !last.is(k) || last.changes != t.changes {
		*last = found{t.get(k), t.changes}
	}
	return last.entry
}

// put adds an entry, whose key has none.
func (t *fdb) put(e entry) {
	t.changes++
	if 4*(t.n+1) > 3*len(t.slots) {
		old := t.slots
		t.slots = make([]entry, 2*len(old))
		for i := range old {
			if old[i].used() {
				t.slots[t.at(old[i].key())] = old[i]
			}
		}
	}
	t.slots[t.at(e.key())] = e
	t.n++
}

// remove takes the entry of a key out, which it has. Those that had to lie further on
// because of it move up.
func (t *fdb) remove(k key) {
	t.changes++
	mask := len(t.slots) - 1
	free := t.at(k)
	for i := (free + 1) & mask; t.slots[i].used(); i = (i + 1) & mask {
		if home := t.home(t.slots[i].key()); (i-home)&mask >= (i-free)&mask {
			t.slots[free] = t.slots[i]
			free = i
		}
	}
	t.slots[free] = entry{}
	t.n--
}

// all yields the entries in no order.
func (t *fdb) all() iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		for i := range t.slots {
			if t.slots[i].used() && !yield(&t.slots[i]) {
				return
			}
		}
	}
}

// sorted are the keys by VLAN and address.
func (t *fdb) sorted() []key {
	keys := make([]key, 0, t.n)
	for e := range t.all() {
		keys = append(keys, e.key())
	}
	slices.Sort(keys)
	return keys
}
