package class

import (
	"errors"
	"strings"
	"time"

	"wireloom/internal/gradebook/mark"
	"wireloom/internal/store"
)

// section is what an extension's who begins with that is for a section's people.
const section = "section:"

// Dates are those of a lesson for one person: what their own extension says, else what their
// section's says, else the lesson's. A lock that would come before the due date comes with it.
// Lateness is computed from them whenever somebody looks, and kept nowhere.
func Dates(l store.LessonRow, m store.MemberRow, extensions []store.ExtensionRow) mark.Dates {
	d := mark.Dates{Opens: l.Opens, Due: l.Due, Locks: l.Locks}
	for _, who := range []string{section + m.Section, m.Person} { // the stronger later
		for _, e := range extensions {
			if e.Lesson == l.ID && e.Who == who && who != section {
				d.Due, d.Locks = said(e.Due, d.Due), said(e.Locks, d.Locks)
			}
		}
	}
	if !d.Locks.IsZero() && d.Locks.Before(d.Due) {
		d.Locks = d.Due
	}
	return d
}

// said is a date of an extension, or else what it leaves.
func said(date, other time.Time) time.Time {
	if date.IsZero() {
		return other
	}
	return date
}

// DatesOf are a lesson's dates for a person, who need not be in the class.
func DatesOf(tx *store.Tx, l store.LessonRow, person string) (mark.Dates, error) {
	m, err := tx.Member(l.Class, person)
	if err != nil && !errors.Is(err, store.ErrNone) {
		return mark.Dates{}, err
	}
	extensions, err := tx.Extensions(l.ID)
	return Dates(l, m, extensions), err
}

// DatesIn are everybody's dates in lessons of one class, for who asks for many.
func DatesIn(tx *store.Tx, lessons ...store.LessonRow) (func(lesson string, m store.MemberRow) mark.Dates, error) {
	by := map[string]store.LessonRow{}
	extensions := map[string][]store.ExtensionRow{}
	for _, l := range lessons {
		by[l.ID] = l
		var err error
		if extensions[l.ID], err = tx.Extensions(l.ID); err != nil {
			return nil, err
		}
	}
	return func(lesson string, m store.MemberRow) mark.Dates { return Dates(by[lesson], m, extensions[lesson]) }, nil
}

// Extend gives somebody other dates of a lesson: a person of the class, or section:NAME. It
// returns the name of who it is for.
func Extend(tx *store.Tx, l store.LessonRow, e store.ExtensionRow) (name string, err error) {
	if e.Due.IsZero() && e.Locks.IsZero() {
		return "", mistake("an extension needs a date")
	}
	due := said(e.Due, l.Due)
	if err := inOrder(l.Opens, due, said(e.Locks, due)); err != nil {
		return "", err
	}
	if name, err = Whose(tx, l.Class, e.Who); err != nil {
		return "", err
	}
	e.Lesson = l.ID
	return name, tx.PutExtension(e)
}

// Whose is the name of whom an extension is for; a mistake if nobody in the class is that.
func Whose(tx *store.Tx, class, who string) (string, error) {
	if name, ok := strings.CutPrefix(who, section); ok {
		members, err := tx.Members(class)
		if err != nil {
			return "", err
		}
		for _, m := range members {
			if m.Section == name && name != "" {
				return name, nil
			}
		}
		return "", mistake("nobody in the class is in the section %.60q", name)
	}
	m, err := tx.Member(class, who)
	return m.Name, err
}

// The dates that may be: a year off by a typing error locks a class out.
var (
	firstDate = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	lastDate  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// inOrder says what is wrong with a lesson's dates.
func inOrder(opens, due, locks time.Time) error {
	for _, t := range []time.Time{opens, due, locks} {
		if !t.IsZero() && (t.Before(firstDate) || t.After(lastDate)) {
			return mistake("a date is in the year %d", t.Year())
		}
	}
	switch {
	case !opens.IsZero() && !due.IsZero() && due.Before(opens):
		return mistake("the lesson would be due before it opens")
	case !due.IsZero() && !locks.IsZero() && locks.Before(due):
		return mistake("the lesson would lock before it is due")
	case !opens.IsZero() && !locks.IsZero() && locks.Before(opens):
		return mistake("the lesson would lock before it opens")
	}
	return nil
}
