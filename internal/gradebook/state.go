package gradebook

import (
	"context"
	"errors"
	"slices"
	"time"

	"wireloom/internal/gradebook/mark"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
)

// Times of who waits for a hand-in.
const (
	waitTime  = 25 * time.Second // for its next version
	queueTime = 3 * time.Second  // for another place in the queue
)

// seesAll reports whether a student sees what is checked after the due date. Without a due
// date that is never: whoever hands in again could find out what is hidden.
func seesAll(d mark.Dates, now time.Time) bool { return !d.Due.IsZero() && d.Over(now) }

// Handin is a hand-in as staff or its student may see it.
func (b *Book) Handin(ctx context.Context, id string, staff bool) (wire.Handin, error) {
	var out wire.Handin
	err := b.conf.DB.Read(ctx, func(tx *store.Tx) error {
		h, err := tx.Handin(id)
		if err != nil {
			return err
		}
		l, err := tx.Lesson(h.Lesson)
		if err != nil {
			return err
		}
		s, err := b.Standing(tx, l, h.Person)
		if err != nil {
			return err
		}
		out, err = b.view(tx, &h, &s, staff)
		return err
	})
	return out, err
}

// Await is Handin once its version is not the one that is given, or its place in the queue
// has changed, or some time has passed.
func (b *Book) Await(ctx context.Context, id string, staff bool, version int64) (wire.Handin, error) {
	over := time.After(waitTime)
	first := -1
	for {
		news, leave := b.news.wait(id)
		h, err := b.Handin(ctx, id, staff)
		if err != nil || h.Version != version || first >= 0 && h.Ahead != first {
			leave()
			return h, err
		}
		first = h.Ahead
		var moved <-chan time.Time
		if h.State == wire.Queued {
			moved = time.After(queueTime)
		}
		select {
		case <-news:
		case <-moved:
		case <-over:
			leave()
			return h, nil
		case <-ctx.Done():
			leave()
			return h, ctx.Err()
		}
		leave()
	}
}

// Handins are a person's in a lesson, newest first.
func (b *Book) Handins(ctx context.Context, lesson, person string, staff bool) (wire.Handins, error) {
	out := wire.Handins{Handins: []wire.Handin{}}
	err := b.conf.DB.Read(ctx, func(tx *store.Tx) error {
		out.Handins = out.Handins[:0]
		l, err := tx.Lesson(lesson)
		if err != nil {
			return err
		}
		s, err := b.Standing(tx, l, person)
		if err != nil {
			return err
		}
		list, err := tx.HandinsOf(lesson, person)
		if err != nil {
			return err
		}
		for i := range list {
			h, err := b.view(tx, &list[i], &s, staff)
			if err != nil {
				return err
			}
			out.Handins = append(out.Handins, h)
		}
		out.Mark, err = said(tx, s.Mark)
		return err
	})
	return out, err
}

// view is a hand-in of a person of whom s is known.
func (b *Book) view(tx *store.Tx, h *store.HandinRow, s *Standing, staff bool) (wire.Handin, error) {
	programs, err := programsOf(h.Programs)
	if err != nil {
		return wire.Handin{}, err
	}
	late, grade := s.Dates.Late(h.At), s.Grade
	if !staff {
		grade = s.Seen
	}
	out := wire.Handin{
		ID: h.ID, Lesson: h.Lesson, Person: h.Person, Number: int(h.Number), At: h.At.UnixMilli(), Hash: h.Receipt, Size: h.Size, Programs: programs,
		Late: late > 0, LateBy: late.Milliseconds(), Counts: grade.Handin == h.ID, Pinned: s.Mark.Pin == h.ID, Version: h.Version,
	}
	i := slices.IndexFunc(s.Attempts, func(a store.AttemptRow) bool { return a.ID == h.ID })
	if i < 0 {
		return out, store.ErrNone
	}
	b.shown(&out, &s.Attempts[i], s.Dates, tx.Now(), staff)
	return out, b.place(tx, &out, h.ID)
}

// shown fills in what an asker may know of a grading.
func (b *Book) shown(out *wire.Handin, a *store.AttemptRow, d mark.Dates, now time.Time, staff bool) {
	points := func(p, most int64) {
		f := mark.Points(p).Float()
		out.Points, out.Max = &f, mark.Points(most).Float()
	}
	out.Hidden = a.Hidden
	switch {
	case a.AllPoints >= 0 && (staff || seesAll(d, now)):
		points(a.AllPoints, a.AllMost)
		out.Passed, out.Of, out.Hidden, out.Report, out.Grader = int(a.AllPassed), int(a.AllTotal), false, true, a.AllGrader
	case a.Points >= 0:
		if staff || !a.Hidden {
			points(a.Points, a.Most)
		}
		out.Passed, out.Of, out.Report, out.Grader = int(a.Passed), int(a.Total), true, a.Grader
	}
}

// place fills in where the gradings of a hand-in are.
func (b *Book) place(tx *store.Tx, out *wire.Handin, id string) error {
	jobs, err := tx.JobsOf(id)
	if err != nil {
		return err
	}
	out.State = wire.Graded
	for _, j := range jobs {
		switch {
		case j.State == store.JobRunning:
			out.State = wire.Running
			return nil
		case j.State == store.JobQueued && j.Rank != store.RankBulk && out.State != wire.Queued:
			n, err := tx.JobsAhead(j)
			if err != nil {
				return err
			}
			out.State, out.Ahead, out.Seconds = wire.Queued, int(n), b.grader.seconds(n)
		case j.State == store.JobFailed && out.State == wire.Graded && !out.Report:
			out.State, out.Why = wire.Failed, j.Why
		}
	}
	return nil
}

// seconds is about how long a job waits that so many are before.
func (g *grader) seconds(ahead int64) int {
	return int((ahead+1)*g.took.Load()/int64(max(g.b.conf.Workers, 1))/1000) + 1
}

// said is a mark as the page has it; nil where there is none.
func said(tx *store.Tx, m store.MarkRow) (*wire.Mark, error) {
	if m.Version == 0 {
		return nil, nil
	}
	l, err := tx.Lesson(m.Lesson)
	if err != nil {
		return nil, err
	}
	author, err := tx.Member(l.Class, m.Author)
	if err != nil && !errors.Is(err, store.ErrNone) {
		return nil, err
	}
	return saidBy(m, author.Name), nil
}

// saidBy is a mark with the name of its author; "" for who is no member, such as an operator.
func saidBy(m store.MarkRow, author string) *wire.Mark {
	if m.Version == 0 {
		return nil
	}
	out := &wire.Mark{Comment: m.Comment, Excused: m.Excused, Pin: m.Pin, By: author, At: m.At.UnixMilli(), Version: m.Version}
	if m.Points >= 0 {
		f := mark.Points(m.Points).Float()
		out.Points = &f
	}
	return out
}
