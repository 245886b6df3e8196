package gradebook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"wireloom/internal/gradebook/mark"
	"wireloom/internal/store"
)

// datesOf are a person's dates of a lesson.
func (b *Book) datesOf(tx *store.Tx, l store.LessonRow, person string) (mark.Dates, error) {
	m, err := tx.Member(l.Class, person)
	if err != nil {
		return mark.Dates{}, err
	}
	dates, err := b.conf.Dates(tx, l)
	if err != nil {
		return mark.Dates{}, err
	}
	return dates(l.ID, m), nil
}

// attempts are a person's hand-ins as the rules look at them.
func attempts(rows []store.AttemptRow, over bool) []mark.Attempt {
	var out []mark.Attempt
	for i := range rows {
		r := &rows[i]
		a := mark.Attempt{ID: r.ID, Number: int(r.Number), At: r.At, Failed: !over && r.Points < 0 && r.Failed > 0 || over && r.AllPoints < 0 && r.AllFailed > 0}
		if r.Points >= 0 {
			a.Visible = &mark.Result{Points: mark.Points(r.Points), Max: mark.Points(r.Most)}
		}
		if r.AllPoints >= 0 {
			a.Full = &mark.Result{Points: mark.Points(r.AllPoints), Max: mark.Points(r.AllMost)}
		}
		out = append(out, a)
	}
	return out
}

// marked is what a row of marks says.
func marked(m store.MarkRow) mark.Mark {
	if m.Version == 0 {
		return mark.Mark{} // there is none
	}
	out := mark.Mark{Comment: m.Comment, Excused: m.Excused, Pin: m.Pin}
	if m.Points >= 0 {
		p := mark.Points(m.Points)
		out.Points = &p
	}
	return out
}

// judge is what a person has, of rows that are theirs.
func judge(l store.LessonRow, d mark.Dates, now time.Time, rows []store.AttemptRow, m store.MarkRow) mark.Grade {
	return mark.Judge(mark.Rule(l.Counts), d, now, attempts(rows, d.Over(now)), marked(m))
}

// seen is the grade that a person may know of. Where they never see what is hidden, neither the
// points nor which hand-in counts may tell of it, or who hands in again and again learns what is
// checked: then it is by the visible checks alone.
func seen(l store.LessonRow, d mark.Dates, now time.Time, rows []store.AttemptRow, m store.MarkRow) mark.Grade {
	if !d.Over(now) || seesAll(d, now) {
		return judge(l, d, now, rows, m)
	}
	list := attempts(rows, false)
	for i := range list {
		list[i].Full = list[i].Visible
	}
	return mark.Judge(mark.Rule(l.Counts), d, now, list, marked(m))
}

// A Standing is how things stand with one person in a lesson.
type Standing struct {
	Grade    mark.Grade
	Seen     mark.Grade // the grade as the person may know it
	Dates    mark.Dates
	Attempts []store.AttemptRow
	Mark     store.MarkRow
}

// Standing is how things stand with a person in a lesson.
func (b *Book) Standing(tx *store.Tx, l store.LessonRow, person string) (Standing, error) {
	var s Standing
	var err error
	if s.Dates, err = b.datesOf(tx, l, person); err != nil {
		return s, err
	}
	if s.Attempts, err = tx.AttemptsOf(l.ID, person); err != nil {
		return s, err
	}
	if s.Mark, err = tx.Mark(l.ID, person); err != nil && !errors.Is(err, store.ErrNone) {
		return s, err
	}
	s.Grade = judge(l, s.Dates, tx.Now(), s.Attempts, s.Mark)
	s.Seen = seen(l, s.Dates, tx.Now(), s.Attempts, s.Mark)
	return s, nil
}

// settle tells the outbox what a person has, if that is final, or that it is no more.
func (b *Book) settle(tx *store.Tx, l store.LessonRow, person string) error {
	if b.conf.Out == nil {
		return nil
	}
	s, err := b.Standing(tx, l, person)
	if errors.Is(err, store.ErrNone) {
		return nil // who is no member has no score
	}
	if err != nil {
		return err
	}
	return b.post(tx, l, person, s.Grade, s.Attempts, s.Dates)
}

// post gives a grade to the outbox. One that will be final as soon as something is graded
// stays what it was there. Points by hand are of what the lesson is worth: nothing may have
// been graded, or by the visible checks alone.
func (b *Book) post(tx *store.Tx, l store.LessonRow, person string, g mark.Grade, rows []store.AttemptRow, d mark.Dates) error {
	switch {
	case g.Final:
		s := Score{Lesson: l.ID, Person: person, Grade: g}
		if i := slices.IndexFunc(rows, func(a store.AttemptRow) bool { return a.ID == g.Handin }); i >= 0 {
			s.Handed = rows[i].At
		}
		if g.Manual {
			var err error
			if s.Grade.Max, err = b.worth(context.Background(), l.VersionHash); err != nil {
				return err
			}
		}
		return b.conf.Out(tx, s)
	case g.Standing == mark.Absent || !d.Over(tx.Now()):
		return b.conf.Gone(tx, l.ID, person)
	}
	return nil
}

// Settle looks again at what everybody has in a lesson, in the transaction that changed its
// dates, its rule or an extension.
func (b *Book) Settle(tx *store.Tx, lesson string) error {
	if b.conf.Out == nil {
		return nil
	}
	l, err := tx.Lesson(lesson)
	if err != nil {
		return err
	}
	rows, err := b.lessonRows(tx, l)
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		if len(r.Attempts) == 0 && r.Mark.Version == 0 {
			continue
		}
		if err := b.post(tx, l, r.Member.Person, r.Grade, r.Attempts, r.Dates); err != nil {
			return err
		}
	}
	return nil
}

// A bookRow is a person of a class with what they have in a lesson.
type bookRow struct {
	Member store.MemberRow
	Standing
}

// lessonRows is everybody's standing in a lesson: students, and who else has handed in. It
// takes the same few queries for any number of people.
func (b *Book) lessonRows(tx *store.Tx, l store.LessonRow) ([]bookRow, error) {
	list, err := tx.AttemptsOfLesson(l.ID)
	if err != nil {
		return nil, err
	}
	rows, err := b.classRows(tx, l.Class, []store.LessonRow{l}, list)
	return rows[l.ID], err
}

// classRows are the rows of several lessons, by lesson; list is what was handed in of them.
func (b *Book) classRows(tx *store.Tx, class string, lessons []store.LessonRow, list []store.AttemptRow) (map[string][]bookRow, error) {
	members, err := tx.Members(class)
	if err != nil {
		return nil, err
	}
	marks, err := tx.MarksOfClass(class)
	if err != nil {
		return nil, err
	}
	dates, err := b.conf.Dates(tx, lessons...)
	if err != nil {
		return nil, fmt.Errorf("dates: %w", err)
	}
	type place struct{ lesson, person string }
	handed, said := map[place][]store.AttemptRow{}, map[place]store.MarkRow{}
	for _, a := range list {
		p := place{a.Lesson, a.Person}
		handed[p] = append(handed[p], a)
	}
	for _, m := range marks {
		said[place{m.Lesson, m.Person}] = m
	}
	out := map[string][]bookRow{}
	for _, l := range lessons {
		for _, m := range members {
			p := place{l.ID, m.Person}
			if _, has := said[p]; !has && len(handed[p]) == 0 && (m.Role != roleStudent || !m.Active) {
				continue
			}
			r := bookRow{Member: m, Standing: Standing{Dates: dates(l.ID, m), Attempts: handed[p], Mark: said[p]}}
			r.Grade = judge(l, r.Dates, tx.Now(), r.Attempts, r.Mark)
			out[l.ID] = append(out[l.ID], r)
		}
	}
	return out, nil
}

// roleStudent is a member's role who is graded.
const roleStudent = "student"

// Mark stores what a teacher says of a person, as the version that follows the one that they
// have seen (m.Version); store.ErrStale if there is another by now.
func (b *Book) Mark(tx *store.Tx, m store.MarkRow) (store.MarkRow, error) {
	l, err := tx.Lesson(m.Lesson)
	if err != nil {
		return m, err
	}
	if m.Pin != "" {
		if h, err := tx.Handin(m.Pin); errors.Is(err, store.ErrNone) || err == nil && (h.Lesson != m.Lesson || h.Person != m.Person) {
			return m, problem(Unfit, "nothing was changed: the hand-in that is to count is none of this student in this lesson")
		} else if err != nil {
			return m, err
		}
	}
	if len(m.Comment) > maxComment {
		return m, problem(Unfit, "nothing was changed: a comment has at most %d bytes", maxComment)
	}
	if m, err = tx.AddMark(m); err != nil {
		return m, err
	}
	return m, b.settle(tx, l, m.Person)
}

// maxComment is how many bytes a comment may have.
const maxComment = 8 << 10
