package wasm

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Regions of guests that ended are kept for others to begin with: to have the system make
// one, page by page, is most of what starting a small program costs. They are clear.
const (
	maxRecycled = 8 << 20  // bytes in use of the largest that is kept
	maxSpare    = 32 << 20 // bytes in use of all that are kept
)

// A room is a region and how many of its bytes are committed.
type room struct {
	region
	ready int
	image *image // that it began with, shared; nil for none
	stale bool   // it has been idle since the last call of TrimMemory
}

var (
	spareMu    sync.Mutex // guards spare and spareBytes
	spare      []room     // most recently used last
	spareBytes int

	committed atomic.Int64 // bytes of all rooms, spare ones included
)

// newRoom returns a room for size bytes that may grow to limit, and that begins with a shared
// image, nil for none. Its region is nil where the system has none.
func newRoom(size, limit int, im *image) room {
	if r, ok := reuse(size, limit, im); ok {
		return r
	}
	return room{region: reserve(limit), image: im}
}

// reuse takes the smallest idle room that fits, unless that is more than twice as large:
// what it has beyond the size is the host's loss.
func reuse(size, limit int, im *image) (room, bool) {
	spareMu.Lock()
	defer spareMu.Unlock()
	best := -1
	for i, r := range spare {
		if fits := r.image == im && r.ready >= size && r.ready <= 2*size && r.ready <= limit && len(r.region) >= limit; fits && (best < 0 || r.ready <= spare[best].ready) {
			best = i
		}
	}
	if best < 0 {
		return room{}, false
	}
	r := spare[best]
	spare = slices.Delete(spare, best, best+1)
	spareBytes -= r.ready
	return r, true
}

// How many bytes a guest may begin with, and grow by at once, that come when they are touched:
// most have more than they use, and a Go program grows by a megabyte of which it uses a
// tenth. Who grows by more is about to use it.
const (
	maxLazy     = 4 << 20
	maxLazyGrow = 1 << 20
)

// grow makes the first n bytes usable.
func (r *room) grow(n int) {
	if n > r.ready {
		committed.Add(int64(n - r.ready)) // before it is so, and below after it was: never too little
		r.commit(r.ready, n)
		now := r.ready // from where on memory is wanted now
		if r.image != nil && r.ready == 0 {
			now = r.image.at + r.image.size
			if !r.put(r.image) {
				r.image = nil
			}
		}
		if lazy := r.ready == 0 && n <= maxLazy || r.ready > 0 && n-r.ready <= maxLazyGrow; !lazy {
			r.populate(now, n)
		}
		r.ready = n
	}
}

// recycle takes back a room that nothing refers to any more, of which used bytes were
// the guest's: what lies beyond was never written.
func (r *room) recycle(used int) {
	if r.ready <= maxRecycled && r.ready > 0 && r.clean(used) {
		spareMu.Lock()
		defer spareMu.Unlock()
		if spareBytes+r.ready <= maxSpare {
			r.stale = false
			spare = append(spare, *r)
			spareBytes += r.ready
			return
		}
	}
	r.drop()
}

// clean makes the first used bytes what they began as. Those of a room with an image go, so
// that the next guest has again what it changes alone; a small program's stay, and are zero.
func (r *room) clean(used int) bool {
	if r.image != nil {
		return r.reset(used)
	}
	clear(r.region[:used])
	return true
}

func (r *room) drop() {
	r.free()
	committed.Add(-int64(r.ready))
}

// GuestMemory is how many bytes the guests of this process have from the system, and how
// many are kept for the next ones. Where inHeap, guests' memory is in Go's heap instead.
func GuestMemory() (used, kept int64, inHeap bool) {
	spareMu.Lock()
	defer spareMu.Unlock()
	return committed.Load() - int64(spareBytes), int64(spareBytes), !regions
}

// TrimMemory gives back to the system what has been kept for the next guests and was not
// used since the last call; all of it where asked. Who runs for long calls it now and
// then.
func TrimMemory(all bool) {
	spareMu.Lock()
	defer spareMu.Unlock()
	kept := spare[:0]
	for _, r := range spare {
		if r.stale || all {
			spareBytes -= r.ready
			r.drop()
			continue
		}
		r.stale = true
		kept = append(kept, r)
	}
	clear(spare[len(kept):])
	spare = kept
}
