package outbox

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"wireloom/internal/store"
)

// Put makes a score the newest final one of its person. It is for the transaction in which the score became final; what was put
// last changes nothing.
func Put(tx *store.Tx, s Score) error {
	return change(tx, s.Lesson, s.Person, func(r store.OutboxRow) store.OutboxRow { return put(r, s, tx.Now()) })
}

// Absent says that there is no final score any more. What waits is not sent; what was sent stays where it is, and the row says so.
func Absent(tx *store.Tx, lesson, person string) error {
	return change(tx, lesson, person, func(r store.OutboxRow) store.OutboxRow { return withdraw(r, tx.Now()) })
}

// Came notes that somebody came to a lesson by a link, as whom the platform knows them. moved says that the link's column is another one
// than before: its scores are sent anew, as there is nothing in it.
func Came(tx *store.Tx, lesson, person, link, subject string, moved bool) error {
	if moved {
		rows, err := tx.OutboxBy(link, maxRows)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.Lesson == lesson {
				if err := tx.SetOutbox(come(r, link, r.Subject, true, tx.Now())); err != nil {
					return err
				}
			}
		}
	}
	return change(tx, lesson, person, func(r store.OutboxRow) store.OutboxRow { return come(r, link, subject, false, tx.Now()) })
}

// Resend sends the scores of a lesson again that there are: of one person, or of all who are not sent if person is "". It
// returns how many.
func Resend(tx *store.Tx, lesson, person string) (n int, err error) {
	rows, err := tx.OutboxOf(lesson, maxRows)
	if err != nil {
		return 0, err
	}
	for _, r := range rows {
		if person == "" && r.State != Refused && r.State != Waiting || person != "" && r.Person != person {
			continue
		}
		again := resend(r, tx.Now())
		if again == r {
			continue
		}
		if err := tx.SetOutbox(again); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// maxRows bounds what is read of a lesson. A class of 5,000 is larger than any that we know.
const maxRows = 20000

func change(tx *store.Tx, lesson, person string, f func(store.OutboxRow) store.OutboxRow) error {
	r, err := tx.Outbox(lesson, person)
	if err != nil && !errors.Is(err, store.ErrNone) {
		return err
	}
	r.Lesson, r.Person = lesson, person
	if n := f(r); n != r {
		return tx.SetOutbox(n)
	}
	return nil
}

// A Poster tells a platform a score, and says what came of it. It is called by several goroutines, and takes less than two minutes.
type Poster interface {
	Post(ctx context.Context, p Post) Answer
}

// A Sender brings what waits to the platforms. Several may run on one database: a row is one's at a time.
type Sender struct {
	db   *store.DB
	to   Poster
	log  *slog.Logger
	wake chan struct{}
}

const (
	// atOnce is how many posts are under way. A class of 200 is there in a few seconds, and a platform is not flooded.
	atOnce = 8
	// look is how often the table is looked at when nobody has woken the sender.
	look = 5 * time.Second
)

// NewSender returns one, which does nothing until Run or Turn.
func NewSender(db *store.DB, to Poster, log *slog.Logger) *Sender {
	return &Sender{db, to, log, make(chan struct{}, 1)}
}

// Wake says that something was put.
func (s *Sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run sends until the context ends.
func (s *Sender) Run(ctx context.Context) {
	for {
		if _, err := s.Turn(ctx); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "scores can't be sent", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-time.After(look):
		}
	}
}

// Turn sends all that is due, and what becomes due at once meanwhile. It returns how many posts it made.
func (s *Sender) Turn(ctx context.Context) (n int, err error) {
	for ctx.Err() == nil {
		posts, err := s.claim(ctx)
		if err != nil || len(posts) == 0 {
			return n, err
		}
		n += len(posts)
		var all sync.WaitGroup
		errs := make([]error, len(posts))
		for i, p := range posts {
			all.Go(func() { errs[i] = s.settle(ctx, p, s.to.Post(ctx, p)) })
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			return n, err
		}
	}
	return n, ctx.Err()
}

func (s *Sender) claim(ctx context.Context) (posts []Post, err error) {
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		posts = nil
		rows, err := tx.OutboxDue(Waiting, tx.Now(), atOnce)
		if err != nil {
			return err
		}
		for _, r := range rows {
			r, p := claim(r, tx.Now(), store.NewID())
			if err := tx.SetOutbox(r); err != nil {
				return err
			}
			posts = append(posts, p)
		}
		return nil
	})
	return posts, err
}

func (s *Sender) settle(ctx context.Context, p Post, a Answer) error {
	// What a platform has taken is noted also when the server is ending.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return s.db.Write(ctx, func(tx *store.Tx) error {
		r, err := tx.Outbox(p.Lesson, p.Person)
		if err != nil {
			return err
		}
		n := settle(r, p, a, tx.Now())
		if n.State == Refused && r.State != Refused {
			s.log.WarnContext(ctx, "a platform refused a score", "status", a.Status, "person", p.Person, "lesson", p.Lesson)
		}
		return tx.SetOutbox(n)
	})
}
