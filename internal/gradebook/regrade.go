package gradebook

import (
	"context"
	"errors"
	"strings"

	"wireloom/internal/gradebook/mark"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
)

// maxReason is how many bytes the reason of a regrade may have.
const maxReason = 1000

// Regrade begins to grade what was handed in of a lesson again, by this program and by the
// version of the scenario that the lesson has now. Nobody's points change: Apply does that.
// It goes on where a server died in the middle.
func (b *Book) Regrade(tx *store.Tx, lesson, author, reason string) (string, error) {
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > maxReason {
		return "", problem(Unfit, "nothing is graded again: say why, in at most %d bytes", maxReason)
	}
	l, err := tx.Lesson(lesson)
	if err != nil {
		return "", err
	}
	list, err := tx.AttemptsOfLesson(l.ID)
	if err != nil {
		return "", err
	}
	r := store.RegradeRow{
		ID: store.NewID(), Class: l.Class, Lesson: l.ID, Grader: b.conf.Grader, Scenario: l.VersionHash, Reason: reason, Author: author, Created: tx.Now(),
	}
	if err := tx.AddRegrade(r); err != nil {
		return "", err
	}
	for _, a := range list {
		j := store.JobRow{Handin: a.ID, Class: l.Class, Lesson: l.ID, Person: a.Person, Grader: r.Grader, Scenario: r.Scenario, Rank: store.RankBulk}
		for checks, wanted := range map[string]bool{store.ChecksVisible: true, store.ChecksAll: a.AllPoints >= 0 || a.AllFailed > 0} {
			if !wanted {
				continue
			}
			j.ID, j.Checks = store.NewID(), checks
			if err := tx.AddJob(j); err != nil {
				return "", err
			}
		}
	}
	return r.ID, nil
}

// Regraded is how far a regrade is, and who would have what by it.
func (b *Book) Regraded(ctx context.Context, id string) (out wire.Regrade, err error) {
	err = b.conf.DB.Read(ctx, func(tx *store.Tx) error {
		r, err := tx.Regrade(id)
		if err != nil {
			return err
		}
		out, err = b.regraded(tx, r)
		return err
	})
	return out, err
}

func (b *Book) regraded(tx *store.Tx, r store.RegradeRow) (wire.Regrade, error) {
	out := wire.Regrade{
		ID: r.ID, Lesson: r.Lesson, Reason: r.Reason, At: r.Created.UnixMilli(), State: wire.Regrading, Changes: []wire.RegradeRow{},
		Grader: r.Grader, Applied: millis(r.Applied),
	}
	author, err := tx.Member(r.Class, r.Author)
	if err != nil && !errors.Is(err, store.ErrNone) {
		return out, err
	}
	out.By = author.Name
	of, done, failed, err := tx.Regraded(r)
	if err != nil {
		return out, err
	}
	out.Graded, out.Of = int(done+failed), int(of)
	switch {
	case !r.Applied.IsZero():
		out.State = wire.RegradeApplied
	case done+failed == of:
		out.State = wire.RegradeReady
	default:
		return out, nil
	}
	l, err := tx.Lesson(r.Lesson)
	if err != nil {
		return out, err
	}
	before, err := b.lessonRows(tx, l)
	if err != nil {
		return out, err
	}
	list, err := tx.AttemptsRegraded(r)
	if err != nil {
		return out, err
	}
	then, err := b.classRows(tx, r.Class, []store.LessonRow{l}, list)
	if err != nil {
		return out, err
	}
	for i := range before { // both have the same people in the same order
		from, to := &before[i], &then[l.ID][i]
		a, c := from.automatic(l, tx), to.automatic(l, tx)
		row := wire.RegradeRow{Person: from.Member.Person, Name: from.Member.Name, From: a, To: c}
		switch {
		case same(a, c):
			out.Same++
			continue
		case from.Grade.Manual:
			row.Why = "a teacher's points stay"
		case from.Grade.Standing == mark.Excused:
			row.Why = "excused"
		}
		out.Changes = append(out.Changes, row)
	}
	return out, nil
}

// automatic are the points that a person has by checks, whatever a teacher said of points;
// nil where there are none.
func (r *bookRow) automatic(l store.LessonRow, tx *store.Tx) *float64 {
	m := r.Mark
	m.Points, m.Excused = -1, false
	g := judge(l, r.Dates, tx.Now(), r.Attempts, m)
	if g.Standing != mark.Graded {
		return nil
	}
	f := g.Points.Float()
	return &f
}

func same(a, b *float64) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// Apply has the gradings of a regrade count, all of them or none, and tells the outbox.
func (b *Book) Apply(tx *store.Tx, id, applier string) error {
	r, err := tx.Regrade(id)
	if err != nil {
		return err
	}
	of, done, failed, err := tx.Regraded(r)
	switch {
	case err != nil:
		return err
	case !r.Applied.IsZero():
		return problem(Clash, "nothing was changed: this regrade has been applied already")
	case done+failed < of:
		return problem(Clash, "nothing was changed: %d of %d gradings are still to be made", of-done-failed, of)
	}
	if err := tx.ApplyRegrade(r, applier); err != nil {
		return err
	}
	return b.Settle(tx, r.Lesson)
}
