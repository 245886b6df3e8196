package gradebook

import (
	"context"
	"slices"

	"wireloom/internal/gradebook/mark"
	"wireloom/internal/gradebook/sheet"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/scenario"
	"wireloom/internal/store"
)

// worth is what a version of a scenario gives, without what is beyond the total.
func (b *Book) worth(ctx context.Context, hash string) (mark.Points, error) {
	sc, err := b.conf.Scenario(ctx, hash)
	if err != nil {
		return 0, err
	}
	return worthOf(sc), nil
}

func worthOf(sc *scenario.Scenario) mark.Points {
	n := 0
	for i := range sc.Steps {
		if s := &sc.Steps[i]; s.Checks() && !s.Worth.Bonus {
			n += s.Worth.Points
		}
	}
	return mark.Whole(n)
}

// Book is the gradebook of a lesson, for staff.
func (b *Book) Book(ctx context.Context, lesson string) (wire.Book, error) {
	var l store.LessonRow
	var rows []bookRow
	var marks map[string]*wire.Mark
	err := b.conf.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if l, err = tx.Lesson(lesson); err != nil {
			return err
		}
		if rows, err = b.lessonRows(tx, l); err != nil {
			return err
		}
		marks, err = allSaid(tx, l.Class, rows)
		return err
	})
	if err != nil {
		return wire.Book{}, err
	}
	most, err := b.worth(ctx, l.VersionHash)
	out := wire.Book{Lesson: l.ID, Max: most.Float(), Rows: []wire.BookRow{}}
	for i := range rows {
		out.Rows = append(out.Rows, rows[i].wire(marks[rows[i].Member.Person]))
	}
	return out, err
}

// Row is one person's row of the gradebook of a lesson.
func (b *Book) Row(ctx context.Context, lesson, person string) (out wire.BookRow, err error) {
	err = b.conf.DB.Read(ctx, func(tx *store.Tx) error {
		l, err := tx.Lesson(lesson)
		if err != nil {
			return err
		}
		r := bookRow{}
		if r.Member, err = tx.Member(l.Class, person); err != nil {
			return err
		}
		if r.Standing, err = b.Standing(tx, l, person); err != nil {
			return err
		}
		m, err := said(tx, r.Mark)
		out = r.wire(m)
		return err
	})
	return out, err
}

// allSaid are the marks of rows as the page has them, by person. Their authors are of the
// class, and read at once.
func allSaid(tx *store.Tx, class string, rows []bookRow) (map[string]*wire.Mark, error) {
	members, err := tx.Members(class)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, m := range members {
		names[m.Person] = m.Name
	}
	out := map[string]*wire.Mark{}
	for i := range rows {
		out[rows[i].Member.Person] = saidBy(rows[i].Mark, names[rows[i].Mark.Author])
	}
	return out, nil
}

// wire is the row as the page has it.
func (r *bookRow) wire(m *wire.Mark) wire.BookRow {
	out := wire.BookRow{
		Person: r.Member.Person, Name: r.Member.Name, Section: r.Member.Section, Active: r.Member.Active, Handins: len(r.Attempts),
		Due: millis(r.Dates.Due), Mark: m,
	}
	if i := slices.IndexFunc(r.Attempts, func(a store.AttemptRow) bool { return a.ID == r.Grade.Handin }); i >= 0 {
		a := &r.Attempts[i]
		out.Handin, out.Number, out.At = a.ID, int(a.Number), a.At.UnixMilli()
		out.Late, out.LateBy = r.Grade.Late > 0, r.Grade.Late.Milliseconds()
		out.State, out.Passed, out.Of = wire.Queued, int(a.Passed), int(a.Total)
		points := a.Points
		if a.AllPoints >= 0 {
			points, out.Passed, out.Of = a.AllPoints, int(a.AllPassed), int(a.AllTotal)
		}
		switch {
		case a.Running > 0:
			out.State = wire.Running
		case r.Grade.Standing == mark.Failed:
			out.State = wire.Failed
		case points >= 0 && r.Grade.Standing != mark.Waiting:
			out.State = wire.Graded
		}
		if points >= 0 {
			f := mark.Points(points).Float()
			out.Auto = &f
		}
	}
	out.Final = r.final()
	return out
}

// final are the points that go out; nil where none do.
func (r *bookRow) final() *float64 {
	if !r.Grade.Final || r.Grade.Standing != mark.Graded {
		return nil
	}
	f := r.Grade.Points.Float()
	return &f
}

// ClassBook is the gradebook of all lessons of a class, for staff.
func (b *Book) ClassBook(ctx context.Context, class string) (wire.ClassBook, error) {
	out := wire.ClassBook{Lessons: []wire.BookLesson{}, Rows: []wire.ClassRow{}}
	var lessons []store.LessonRow
	var byLesson map[string][]bookRow
	var members []store.MemberRow
	err := b.conf.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if lessons, err = tx.Lessons(class); err != nil {
			return err
		}
		if members, err = tx.Members(class); err != nil {
			return err
		}
		list, err := tx.AttemptsOfClass(class)
		if err != nil {
			return err
		}
		byLesson, err = b.classRows(tx, class, lessons, list)
		return err
	})
	if err != nil {
		return out, err
	}
	cells := map[string][]wire.BookCell{}
	listed := map[string]bool{}
	for _, l := range lessons {
		most, err := b.worth(ctx, l.VersionHash)
		if err != nil {
			return out, err
		}
		out.Lessons = append(out.Lessons, wire.BookLesson{ID: l.ID, Title: l.Title, Max: most.Float(), Due: millis(l.Due)})
		for i := range byLesson[l.ID] {
			r := &byLesson[l.ID][i]
			listed[r.Member.Person] = true
			if r.Grade.Standing == mark.Absent {
				continue
			}
			cells[r.Member.Person] = append(cells[r.Member.Person], wire.BookCell{
				Lesson: l.ID, Final: r.final(), Late: r.Grade.Late > 0, Excused: r.Grade.Standing == mark.Excused, Grading: r.Grade.Standing == mark.Waiting,
				Marked: r.Grade.Manual,
			})
		}
	}
	for _, m := range members {
		if listed[m.Person] || m.Active && m.Role == roleStudent {
			out.Rows = append(out.Rows, wire.ClassRow{Person: m.Person, Name: m.Name, Section: m.Section, Active: m.Active, Cells: cells[m.Person]})
		}
	}
	return out, nil
}

// Sheet is the grades of a lesson for other programs.
func (b *Book) Sheet(ctx context.Context, lesson, column string) (*sheet.Sheet, error) {
	var l store.LessonRow
	var c store.ClassRow
	var rows []bookRow
	err := b.conf.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if l, err = tx.Lesson(lesson); err != nil {
			return err
		}
		if c, err = tx.Class(l.Class); err != nil {
			return err
		}
		rows, err = b.lessonRows(tx, l)
		return err
	})
	if err != nil {
		return nil, err
	}
	s := &sheet.Sheet{Class: c.Name, Lesson: l.Title, Column: column}
	if s.Max, err = b.worth(ctx, l.VersionHash); err != nil {
		return nil, err
	}
	for i := range rows {
		r := &rows[i]
		line := sheet.Line{
			Person: sheet.Person{
				ID: r.Member.Person, Name: r.Member.Name, Canvas: r.Member.Canvas, SIS: r.Member.SIS, Login: r.Member.Login, Email: r.Member.Email, Section: r.Member.Section,
			},
			Grade: r.Grade, Handins: len(r.Attempts),
		}
		if r.Grade.Manual {
			line.Grade.Max = s.Max
		}
		if j := slices.IndexFunc(r.Attempts, func(a store.AttemptRow) bool { return a.ID == r.Grade.Handin }); j >= 0 {
			line.Handed, line.Receipt = r.Attempts[j].At, r.Attempts[j].Receipt
			programs, err := programsOf(r.Attempts[j].Programs)
			if err != nil {
				return nil, err
			}
			for _, p := range programs {
				line.Programs = append(line.Programs, p.Slot+" "+p.Hash)
			}
		}
		s.Lines = append(s.Lines, line)
	}
	return s, nil
}
