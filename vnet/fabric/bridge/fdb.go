package bridge

import (
	"hash/maphash"
	"iter"
	"slices"
	"time"
)

// An entry of the filtering database.
type entry struct {
	key    key
	seen   time.Duration
	port   int32
	static bool
	used   bool // else there is none here
}

// An fdb holds entries by their key: an open hash table without pointers, so that what a
// frame needs of it lies in one place of memory, which is all that a large one costs.
// Whoever chooses addresses does not know the seed, which decides nothing but where an
// entry lies.
type fdb struct {
	slots []entry // a power of two, at most three quarters of them used
	n     int
	seed  maphash.Seed
}

const minSlots = 16

func newFDB() fdb { return fdb{slots: make([]entry, minSlots), seed: maphash.MakeSeed()} }

// home is where an entry of the key lies if no other does.
func (t *fdb) home(k key) int { return int(maphash.Comparable(t.seed, k)) & (len(t.slots) - 1) }

// at is where the entry of a key is, or where it would go.
func (t *fdb) at(k key) int {
	i := t.home(k)
	for t.slots[i].used && t.slots[i].key != k {
		i = (i + 1) & (len(t.slots) - 1)
	}
	return i
}

// get returns the entry of a key, nil if there is none. It is good until the table changes.
func (t *fdb) get(k key) *entry {
	if e := &t.slots[t.at(k)]; e.used {
		return e
	}
	return nil
}

// put adds an entry, whose key has none.
func (t *fdb) put(e entry) {
	if 4*(t.n+1) > 3*len(t.slots) {
		old := t.slots
		t.slots = make([]entry, 2*len(old))
		for i := range old {
			if old[i].used {
				t.slots[t.at(old[i].key)] = old[i]
			}
		}
	}
	e.used = true
	t.slots[t.at(e.key)] = e
	t.n++
}

// remove takes the entry of a key out, which it has. Those that had to lie further on
// because of it move up.
func (t *fdb) remove(k key) {
	mask := len(t.slots) - 1
	free := t.at(k)
	for i := (free + 1) & mask; t.slots[i].used; i = (i + 1) & mask {
		if home := t.home(t.slots[i].key); (i-home)&mask >= (i-free)&mask {
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
			if t.slots[i].used && !yield(&t.slots[i]) {
				return
			}
		}
	}
}

// sorted are the keys by VLAN and address.
func (t *fdb) sorted() []key {
	keys := make([]key, 0, t.n)
	for e := range t.all() {
		keys = append(keys, e.key)
	}
	slices.Sort(keys)
	return keys
}
