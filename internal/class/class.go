// Package class is what teachers and students agree on: classes and who is in them, lessons
// and their dates, the scenarios that lessons are made of. Its functions work in a transaction
// of the store; who may call them is the business of package route.
package class

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // a machine may have no time zones, as an image from scratch has none
	"unicode"

	"wireloom/internal/identity"
	"wireloom/internal/store"
)

// Limits of what people write.
const (
	maxName  = 200 // bytes of a class's or a person's name, or a title
	maxWeeks = 520 // by which a copy's dates move, forward or back
)

// A Mistake is what is wrong with what somebody asked for: a sentence for them.
type Mistake string

func (m Mistake) Error() string { return string(m) }

func mistake(format string, args ...any) error { return Mistake(fmt.Sprintf(format, args...)) }

// Text is a line that somebody wrote, without control characters and more than one blank;
// what says what it is, for the sentence where it is too long.
func Text(what, s string) (string, error) {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\ufffd"), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if len(s) > maxName {
		return "", mistake("%s has %d bytes, and at most %d are allowed", what, len(s), maxName)
	}
	return s, nil
}

// Zone is a time zone by its name.
func Zone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, mistake("there is no time zone %.60q: such as Europe/Vienna or America/Bogota", name)
	}
	return zone, nil
}

// New is a class that is to be made.
type New struct {
	Name, Term, Zone string
	Teacher          string // a person's id; "" for nobody yet
}

// Make makes a class with a join code, and its teacher a member.
func Make(tx *store.Tx, n New) (store.ClassRow, error) {
	c := store.ClassRow{ID: store.NewID(), Zone: n.Zone, Open: true, Created: tx.Now(), Version: 1}
	if err := name(&c, n.Name, n.Term); err != nil {
		return c, err
	}
	if _, err := Zone(n.Zone); err != nil {
		return c, err
	}
	switch count, err := tx.CountClasses(); {
	case err != nil:
		return c, err
	case count >= store.MaxClasses:
		return c, mistake("this server has %d classes, and no room for another: who runs it can remove old ones", count)
	}
	for {
		c.Code = identity.FoldCode(identity.NewCode())
		err := tx.AddClass(c)
		if errors.Is(err, store.ErrTaken) { // of 2^40
			continue
		}
		if err != nil || n.Teacher == "" {
			return c, err
		}
		break
	}
	p, err := tx.Person(n.Teacher)
	if err != nil {
		return c, err
	}
	return c, tx.PutMember(store.MemberRow{
		Class: c.ID, Person: p.ID, Role: identity.Teacher.String(), Name: p.Name, Email: p.Email, Active: true,
	})
}

func name(c *store.ClassRow, name, term string) (err error) {
	if c.Name, err = Text("the class's name", name); err != nil {
		return err
	}
	if c.Name == "" {
		return mistake("a class needs a name")
	}
	c.Term, err = Text("the term", term)
	return err
}

// A Change is what is to be different of a class; nil is what stays.
type Change struct {
	Name, Term, Zone *string
	Open, Archived   *bool
	Retention        *time.Time
	Version          int64 // of the class that the asker saw
}

// Apply changes a class.
func (ch Change) Apply(tx *store.Tx, id string) (store.ClassRow, error) {
	c, err := tx.Class(id)
	if err != nil {
		return c, err
	}
	if c.Version != ch.Version {
		return c, store.ErrStale
	}
	if err := name(&c, or(ch.Name, c.Name), or(ch.Term, c.Term)); err != nil {
		return c, err
	}
	c.Zone = or(ch.Zone, c.Zone)
	if _, err := Zone(c.Zone); err != nil {
		return c, err
	}
	c.Open, c.Archived, c.Retention = or(ch.Open, c.Open), or(ch.Archived, c.Archived), or(ch.Retention, c.Retention)
	if ch.Retention != nil && !c.Retention.IsZero() && c.Retention.Before(tx.Now().Add(RetentionWarning)) {
		return c, mistake("people's work can go at the earliest in %d days, so that everybody can be told", int(RetentionWarning.Hours()/24))
	}
	if err := tx.SetClass(c); err != nil {
		return c, err
	}
	return tx.Class(id)
}

// or is a value that may be there, or else another.
func or[T any](v *T, other T) T {
	if v == nil {
		return other
	}
	return *v
}

// RetentionWarning is how long before people's work goes they are told.
const RetentionWarning = 14 * 24 * time.Hour

// NewCode gives a class another join code; the one that there was leads nowhere then.
func NewCode(tx *store.Tx, id string, version int64) (store.ClassRow, error) {
	c, err := tx.Class(id)
	if err != nil {
		return c, err
	}
	if c.Version != version {
		return c, store.ErrStale
	}
	for {
		c.Code = identity.FoldCode(identity.NewCode())
		if err := tx.SetClass(c); !errors.Is(err, store.ErrTaken) {
			if err != nil {
				return c, err
			}
			return tx.Class(id)
		}
	}
}

// Copy copies a class's lessons into a new class, as published as they were, with their dates
// moved by weeks: at the same hour in the class's zone, whatever summer time does. Nobody
// comes along but the teacher. lessons says which lesson became which.
func Copy(tx *store.Tx, from string, n New, weeks int) (c store.ClassRow, lessons map[string]string, err error) {
	if weeks < -maxWeeks || weeks > maxWeeks {
		return c, nil, mistake("dates move by at most %d weeks", maxWeeks)
	}
	old, err := tx.Class(from)
	if err != nil {
		return c, nil, err
	}
	n.Zone = cmp.Or(n.Zone, old.Zone)
	zone, err := Zone(n.Zone)
	if err != nil {
		return c, nil, err
	}
	if c, err = Make(tx, n); err != nil {
		return c, nil, err
	}
	uploads, err := tx.Uploads(from)
	if err != nil {
		return c, nil, err
	}
	for _, v := range uploads {
		if err := tx.AddUpload(c.ID, v.Hash, v.By); err != nil {
			return c, nil, err
		}
	}
	list, err := tx.Lessons(from)
	if err != nil {
		return c, nil, err
	}
	lessons = map[string]string{}
	for _, l := range list {
		was := l.ID
		l.ID, l.Class, l.Created, l.Version = store.NewID(), c.ID, tx.Now(), 1
		for _, date := range []*time.Time{&l.Opens, &l.Due, &l.Locks} {
			*date = shift(*date, weeks, zone)
		}
		if err := tx.AddLesson(l); err != nil {
			return c, nil, err
		}
		lessons[was] = l.ID
	}
	return c, lessons, nil
}

// shift moves a date by weeks of the calendar.
func shift(t time.Time, weeks int, zone *time.Location) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(zone).AddDate(0, 0, 7*weeks).UTC()
}
