package fabric

import (
	"slices"
	"strings"
)

// A Cable is a link between two switches in the direction of a frame: it leaves one
// by the port Out and comes in to the other by In. Both may be ports of one switch.
type Cable struct{ Out, In string }

// String is the cable as people write it: "s1.2 -> s2.2".
func (c Cable) String() string { return c.Out + " -> " + c.In }

// back is the cable in its other direction.
func (c Cable) back() Cable { return Cable{c.In, c.Out} }

// IsSwitchPort tells SWITCH.PORT from NODE:INTERFACE.
func IsSwitchPort(name string) bool { return !strings.Contains(name, ":") }

// SwitchOf is the name of the switch that has a port.
func SwitchOf(port string) string {
	name, _, _ := strings.Cut(port, ".")
	return name
}

// A Ring is a way through switches that ends where it began, in the order of a frame
// that goes round. It is not empty.
type Ring []Cable

// String names the ports in order: "s1.2 -> s2.2, s2.3 -> s1.3".
func (r Ring) String() string {
	parts := make([]string, len(r))
	for i, c := range r {
		parts[i] = c.String()
	}
	return strings.Join(parts, ", ")
}

// plain returns the ring from its least port on, which a frame leaves by: the same
// whichever way round it was found, and from wherever.
func (r Ring) plain() Ring {
	least := r[0].Out
	for _, c := range r {
		least = min(least, c.Out, c.In)
	}
	leaves := func(c Cable) bool { return c.Out == least }
	if !slices.ContainsFunc(r, leaves) {
		back := make(Ring, 0, len(r))
		for _, c := range slices.Backward(r) {
			back = append(back, c.back())
		}
		r = back
	}
	i := slices.IndexFunc(r, leaves)
	return slices.Concat(r[i:], r[:i])
}

// Rings returns the rings that cables make: one for each without which there would still
// be a way between its ends, in their order. Where there is none, a frame passes each
// port at most once.
func Rings(cables []Cable) []Ring {
	var found []Ring
	tree := map[string][]Cable{} // from each switch, the cables that made no ring
	for _, c := range cables {
		from, to := SwitchOf(c.Out), SwitchOf(c.In)
		if back, connected := way(tree, to, from); connected {
			found = append(found, append(Ring{c}, back...).plain())
			continue
		}
		tree[from] = append(tree[from], c)
		tree[to] = append(tree[to], c.back())
	}
	return found
}

// way returns the cables from one switch to another in a tree of them, none where
// both are the same; false where they are not connected.
func way(tree map[string][]Cable, from, to string) ([]Cable, bool) {
	came := map[string]Cable{} // by which cable a switch was reached
	for next := []string{from}; len(next) > 0; next = next[1:] {
		if next[0] == to {
			var back []Cable
			for at := to; at != from; at = SwitchOf(came[at].Out) {
				back = append(back, came[at])
			}
			slices.Reverse(back)
			return back, true
		}
		for _, c := range tree[next[0]] {
			to := SwitchOf(c.In)
			if _, known := came[to]; !known && to != from {
				came[to] = c
				next = append(next, to)
			}
		}
	}
	return nil, false
}
