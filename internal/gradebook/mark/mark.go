// Package mark says which hand-in of a person counts and what it is worth. It is
// arithmetic: who asks has read everything, and says what time it is.
package mark

import "time"

// A Rule is which hand-in counts, of those that came in time.
type Rule string

// The rules, as a lesson's row has them.
const (
	Best Rule = "best" // the one with the most points; of equal ones the later
	Last Rule = "last" // the last one
)

// An Attempt is a hand-in, as far as it matters to what it is worth.
type Attempt struct {
	ID      string
	Number  int // of the person's in the lesson, from 1: a greater one was handed in later
	At      time.Time
	Visible *Result // by the checks that students see before the due date; nil: not there
	Full    *Result // by all checks; nil: not there
	Failed  bool    // it can't be graded: somebody must look
}

// A Result is what a grading found.
type Result struct{ Points, Max Points }

// A Mark is what a teacher has said of a person in a lesson. The zero value is nothing.
type Mark struct {
	Points  *Points // by hand, instead of those of the hand-in; nil: none
	Comment string  // for the student
	Excused bool
	Pin     string // the hand-in that counts, whatever the rule says; "" is by the rule
}

// A Standing is how things stand with a person in a lesson. Five that a score alone does
// not tell apart: 0 points are Graded.
type Standing string

// The standings.
const (
	Absent  Standing = "absent"  // nothing was handed in
	Waiting Standing = "waiting" // what counts has not been graded
	Failed  Standing = "failed"  // what counts can't be graded: somebody must look
	Graded  Standing = "graded"  // there are points, by checks or by hand
	Excused Standing = "excused" // points don't matter
)

// A Reason is why a hand-in counts.
type Reason string

// The reasons.
const (
	ByRule   Reason = "rule"   // the lesson's, of those in time
	ByLate   Reason = "late"   // it came late, and is worth more than what came in time
	ByPin    Reason = "pinned" // a teacher said so
	NoReason Reason = ""       // none counts
)

// A Grade is what a person has in a lesson.
type Grade struct {
	Standing Standing
	Points   Points // of Graded
	Max      Points // what could be had; 0 where nothing was graded, too
	Manual   bool   // the points are by hand
	Final    bool   // by all checks, or by hand, or excused: it may leave the house
	Handin   string // that counts; "" for none
	Reason   Reason
	Late     time.Duration // of that; 0: in time
	Comment  string
}

// worth is what an attempt is worth now; nil if that is not known. Before the due date it
// is by the visible checks, whatever is known already.
func (a *Attempt) worth(over bool) *Result {
	if over {
		return a.Full
	}
	return a.Visible
}

// Counting returns which attempt counts, by its place in the list; -1 for none.
//
// Of those in time one counts by the rule. A late one counts only if it is worth more than
// that, or nothing came in time: whoever hands in too late by mistake loses nothing.
func Counting(rule Rule, d Dates, now time.Time, list []Attempt, pin string) (int, Reason) {
	over := d.Over(now)
	points := func(i int) Points { // less than 0 where they are not known
		if r := list[i].worth(over); r != nil {
			return r.Points
		}
		return -1
	}
	intime, late := -1, -1
	for i := range list {
		a := &list[i]
		if a.ID == pin {
			return i, ByPin
		}
		at, last := &intime, rule == Last
		if d.Late(a.At) > 0 {
			at, last = &late, false
		}
		if j := *at; j < 0 || last && a.Number > list[j].Number || !last && (points(i) > points(j) || points(i) == points(j) && a.Number > list[j].Number) {
			*at = i
		}
	}
	switch {
	case late >= 0 && (intime < 0 || points(intime) >= 0 && points(late) > points(intime) || list[intime].Failed && points(late) >= 0):
		return late, ByLate
	case intime >= 0:
		return intime, ByRule
	}
	return -1, NoReason
}

// settled reports whether all attempts have been graded by all checks, or can't be: no
// other may come to count before another is handed in.
func settled(list []Attempt) bool {
	for i := range list {
		if a := &list[i]; a.Full == nil && !a.Failed {
			return false
		}
	}
	return true
}

// Judge returns what a person has.
func Judge(rule Rule, d Dates, now time.Time, list []Attempt, m Mark) Grade {
	g := Grade{Standing: Absent, Comment: m.Comment}
	over := d.Over(now)
	for i := range list { // the newest that was graded says what could be had
		if r := list[i].worth(over); r != nil {
			g.Max = r.Max
		}
	}
	i, reason := Counting(rule, d, now, list, m.Pin)
	if i >= 0 {
		a := &list[i]
		g.Handin, g.Reason, g.Late, g.Standing = a.ID, reason, d.Late(a.At), Waiting
		switch r := a.worth(over); {
		case r != nil:
			g.Standing, g.Points, g.Max, g.Final = Graded, r.Points, r.Max, over && (reason == ByPin || settled(list))
		case a.Failed:
			g.Standing = Failed
		}
	}
	if m.Points != nil {
		g.Standing, g.Points, g.Manual, g.Final = Graded, *m.Points, true, true
	}
	if m.Excused {
		g.Standing, g.Points, g.Manual, g.Final = Excused, 0, false, true
	}
	return g
}
