package class

import (
	"fmt"
	"strings"
	"time"

	"wireloom/internal/gradebook/mark"
	"wireloom/internal/store"
)

// Add makes a lesson, the last of its class. Of l the class, the version and what the asker says
// of it are filled in.
func Add(tx *store.Tx, l store.LessonRow) (store.LessonRow, error) {
	list, err := tx.Lessons(l.Class)
	if err != nil {
		return l, err
	}
	if len(list) >= store.MaxLessons {
		return l, mistake("a class has at most %d lessons", store.MaxLessons)
	}
	v, err := tx.Version(l.VersionHash)
	if err != nil {
		return l, err
	}
	l.ID, l.Created, l.Version, l.Position = store.NewID(), tx.Now(), 1, 1
	if n := len(list); n > 0 {
		l.Position = list[n-1].Position + 1
	}
	if l.Title == "" {
		l.Title = v.Title
	}
	if l.Counts == "" {
		l.Counts = string(mark.Best)
	}
	if err := check(&l); err != nil {
		return l, err
	}
	return l, tx.AddLesson(l)
}

func check(l *store.LessonRow) (err error) {
	if l.Title, err = Text("the title", l.Title); err != nil {
		return err
	}
	if l.Title == "" {
		return mistake("a lesson needs a title")
	}
	if r := mark.Rule(l.Counts); r != mark.Best && r != mark.Last {
		return mistake("which hand-in counts is best or last, and not %.20q", l.Counts)
	}
	return inOrder(l.Opens, l.Due, l.Locks)
}

// A LessonChange is what is to be different of a lesson; nil is what stays.
type LessonChange struct {
	Title             *string
	VersionHash       *string
	Position          *int64
	Opens, Due, Locks *time.Time
	Counts            *string
	Published         *bool
	Version           int64 // of the lesson that the asker saw
}

// Apply changes a lesson, and says in words what is different now.
func (ch LessonChange) Apply(tx *store.Tx, id string, zone *time.Location) (l store.LessonRow, words string, err error) {
	was, err := tx.Lesson(id)
	if err != nil {
		return l, "", err
	}
	if was.Version != ch.Version {
		return l, "", store.ErrStale
	}
	l = was
	l.Title, l.VersionHash, l.Counts, l.Published = or(ch.Title, l.Title), or(ch.VersionHash, l.VersionHash), or(ch.Counts, l.Counts), or(ch.Published, l.Published)
	l.Opens, l.Due, l.Locks = or(ch.Opens, l.Opens), or(ch.Due, l.Due), or(ch.Locks, l.Locks)
	if err := check(&l); err != nil {
		return l, "", err
	}
	if err := tx.SetLesson(l); err != nil {
		return l, "", err
	}
	said := differences(was, l, zone)
	if ch.Position != nil {
		if err := place(tx, l, *ch.Position); err != nil {
			return l, "", err
		}
		said = append(said, fmt.Sprintf("its place is %d", *ch.Position))
	}
	l, err = tx.Lesson(id)
	return l, strings.Join(said, "; "), err
}

// differences are what a teacher is told of another's change.
func differences(was, is store.LessonRow, zone *time.Location) []string {
	var said []string
	if was.Title != is.Title {
		said = append(said, fmt.Sprintf("the title is %q", is.Title))
	}
	if was.VersionHash != is.VersionHash {
		said = append(said, "its scenario is another")
	}
	for _, d := range []struct {
		word    string
		was, is time.Time
	}{{"it opens", was.Opens, is.Opens}, {"it is due", was.Due, is.Due}, {"it locks", was.Locks, is.Locks}} {
		switch {
		case d.was.Equal(d.is):
		case d.is.IsZero():
			said = append(said, d.word+" never")
		default:
			said = append(said, d.word+" on "+d.is.In(zone).Format("2 January 2006, 15:04"))
		}
	}
	if was.Counts != is.Counts {
		said = append(said, "the "+is.Counts+" hand-in counts")
	}
	switch {
	case is.Published && !was.Published:
		said = append(said, "it is published")
	case was.Published && !is.Published:
		said = append(said, "it is hidden")
	}
	return said
}

// place puts a lesson at a position, from 1, and has the others make room.
func place(tx *store.Tx, l store.LessonRow, position int64) error {
	list, err := tx.Lessons(l.Class)
	if err != nil {
		return err
	}
	position = min(max(position, 1), int64(len(list)))
	at := int64(1)
	for _, other := range list {
		if other.ID == l.ID {
			continue
		}
		if at == position {
			at++
		}
		if other.Position != at {
			if err := tx.PlaceLesson(other.ID, at); err != nil {
				return err
			}
		}
		at++
	}
	return tx.PlaceLesson(l.ID, position)
}
