package fabric

import (
	"maps"
	"slices"
	"time"
)

// A trail is the way of a frame. A frame that is flooded passes each port at most once,
// unless switches are connected in a ring. So one that has crossed more links than there
// are ports goes round, whatever its bytes are; from then on its way is noted.
type trail struct {
	born   time.Duration // when it entered the fabric
	hops   int           // links that it has crossed, all its copies together
	cables []Cable
	known  map[Cable]bool
}

// clone is the way of a copy, which goes its own from here. Of a frame that goes round
// nowhere there is nothing to copy.
func (t *trail) clone() trail {
	c := *t
	if t.known != nil {
		c.cables, c.known = slices.Clone(t.cables), maps.Clone(t.known)
	}
	return c
}

// Born is when the frame crossed its first link.
func (f *Frame) Born() time.Duration { return f.born }

// Hops is how many links the frame has crossed, all its copies together.
func (f *Frame) Hops() int { return f.hops }

// Cross notes that the frame, or a copy of it, crosses a link in a fabric of so many
// ports. It reports whether the frame goes round, and [Frame.Ring] is to be asked where.
func (f *Frame) Cross(now time.Duration, ports int) bool {
	if f.hops == 0 {
		f.born = now
	}
	f.hops++
	return f.hops > ports
}

// Ring notes by which cable a frame goes that goes round. It returns the ring that that
// is, when that is clear: once, after three times as many links as there are ports; nil
// else.
func (f *Frame) Ring(c Cable, ports int) Ring {
	if IsSwitchPort(c.Out) && IsSwitchPort(c.In) && !f.known[c] && !f.known[c.back()] {
		if f.known == nil {
			f.known = map[Cable]bool{}
		}
		f.known[c] = true
		f.cables = append(f.cables, c)
	}
	if f.hops != 3*ports {
		return nil
	}
	if found := Rings(f.cables); len(found) > 0 {
		return found[0]
	}
	return nil
}
