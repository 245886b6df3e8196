package mark

import "time"

// Dates are when one person may work on a lesson, with the extension that they have. The
// zero time is no date.
type Dates struct{ Opens, Due, Locks time.Time }

// Late is by how much a hand-in came after the due date; 0 is in time. It is computed
// whenever somebody looks and kept nowhere: a due date that moves takes lateness along.
func (d Dates) Late(at time.Time) time.Duration {
	if d.Due.IsZero() || !at.After(d.Due) {
		return 0
	}
	return at.Sub(d.Due)
}

// Over reports whether all checks count: the due date is over, or there is none.
func (d Dates) Over(now time.Time) bool { return d.Due.IsZero() || now.After(d.Due) }

// A Door is whether a lesson takes hand-ins.
type Door uint8

// The states of a door.
const (
	Open     Door = iota
	Unopened      // the lesson has not begun
	Locked        // its lock date is over
)

// Door is whether a hand-in is taken at that time.
func (d Dates) Door(at time.Time) Door {
	switch {
	case at.Before(d.Opens):
		return Unopened
	case !d.Locks.IsZero() && at.After(d.Locks):
		return Locked
	}
	return Open
}
