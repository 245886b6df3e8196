package store

import "time"

// An OutboxRow is somebody's score of a lesson on its way to a learning platform. internal/outbox says
// what its columns mean and changes them; here they are kept.
type OutboxRow struct {
	Lesson, Person string
	Link, Subject  string // lti_links.id and whom the platform knows the person as; "" until they come by a platform

	Wants   string // what is to be there: "score", "excused", "absent"; "" is nothing yet
	Points  int64  // thousandths
	Max     int64
	Handin  string
	Handed  time.Time
	Comment string
	Serial  int64 // one more each time that what is wanted changes

	State   string
	Tries   int64     // that failed one after the other
	Again   int64     // that were repeated for their timestamp
	Next    time.Time // not before
	Stamp   time.Time // the timestamp of the last post
	Posting int64     // the serial of a post of which nobody knows whether it arrived; 0 is none
	Lease   string    // of who is posting
	Until   time.Time // the lease's end

	Sent        time.Time // when the platform took one; zero is never
	SentWants   string
	SentPoints  int64
	SentMax     int64
	SentHandin  string
	SentComment string
	Words, Todo string // what the platform said, and what would help
}

func (o *OutboxRow) fields() []any {
	return []any{
		&o.Lesson, &o.Person, &o.Link, &o.Subject, &o.Wants, &o.Points, &o.Max, &o.Handin, at(&o.Handed), &o.Comment, &o.Serial,
		&o.State, &o.Tries, &o.Again, at(&o.Next), at(&o.Stamp), &o.Posting, &o.Lease, at(&o.Until),
		at(&o.Sent), &o.SentWants, &o.SentPoints, &o.SentMax, &o.SentHandin, &o.SentComment, &o.Words, &o.Todo,
	}
}

const outboxColumns = `lesson, person, link, subject, wants, points, maximum, handin, handed, comment, serial,
	state, tries, again, next, stamp, posting, lease, until, sent, sent_wants, sent_points, sent_max, sent_handin, sent_text, words, todo`

// Outbox returns the row of a person in a lesson.
func (tx *Tx) Outbox(lesson, person string) (OutboxRow, error) {
	return one(tx, (*OutboxRow).fields, `select `+outboxColumns+` from outbox where lesson = $1 and person = $2`, lesson, person)
}

// SetOutbox keeps a row.
func (tx *Tx) SetOutbox(o OutboxRow) error {
	_, err := tx.exec(`insert into outbox (`+outboxColumns+`)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)
		on conflict (lesson, person) do update set link = $3, subject = $4, wants = $5, points = $6, maximum = $7, handin = $8, handed = $9,
		comment = $10, serial = $11, state = $12, tries = $13, again = $14, next = $15, stamp = $16, posting = $17, lease = $18, until = $19,
		sent = $20, sent_wants = $21, sent_points = $22, sent_max = $23, sent_handin = $24, sent_text = $25, words = $26, todo = $27`, o.fields()...)
	return err
}

// OutboxDue lists rows in a state whose time has come and that nobody has a lease of, those that wait longest first.
func (tx *Tx) OutboxDue(state string, now time.Time, limit int) ([]OutboxRow, error) {
	return all(tx, (*OutboxRow).fields, `select `+outboxColumns+` from outbox
		where state = $1 and next <= $2 and until <= $2 order by next, lesson, person limit $3`, state, at(&now), limit)
}

// OutboxOf lists a lesson's rows.
func (tx *Tx) OutboxOf(lesson string, limit int) ([]OutboxRow, error) {
	return all(tx, (*OutboxRow).fields, `select `+outboxColumns+` from outbox where lesson = $1 order by person limit $2`, lesson, limit)
}

// OutboxBy lists the rows of those who came by a link.
func (tx *Tx) OutboxBy(link string, limit int) ([]OutboxRow, error) {
	return all(tx, (*OutboxRow).fields, `select `+outboxColumns+` from outbox where link = $1 order by person limit $2`, link, limit)
}

// An OutboxSum is how many scores of a class are in which state.
type OutboxSum struct {
	Class, Name, Term      string
	Sent, Waiting, Refused int64
	Last                   time.Time // when the platform took one last
}

// OutboxSums lists the classes that have scores in any of three states, by name.
func (tx *Tx) OutboxSums(sent, waiting, refused string) ([]OutboxSum, error) {
	fields := func(s *OutboxSum) []any {
		return []any{&s.Class, &s.Name, &s.Term, &s.Sent, &s.Waiting, &s.Refused, at(&s.Last)}
	}
	return all(tx, fields, `select c.id, c.name, c.term, sum(case when o.state = $1 then 1 else 0 end),
			sum(case when o.state = $2 then 1 else 0 end), sum(case when o.state = $3 then 1 else 0 end), max(o.sent)
		from outbox o join lessons l on l.id = o.lesson join classes c on c.id = l.class
		where o.state in ($1, $2, $3) group by c.id, c.name, c.term order by c.name, c.term, c.id limit $4`, sent, waiting, refused, MaxClasses)
}

// An OutboxRefusal is what a platform says of scores of a class that it doesn't take.
type OutboxRefusal struct {
	Class, Words, Todo string
	N                  int64
}

// maxRefusals is how many kinds of refusal are listed: of a class they are few, and say the same.
const maxRefusals = 1000

// OutboxRefusals lists what is said of the scores in a state, what is said most often first.
func (tx *Tx) OutboxRefusals(refused string) ([]OutboxRefusal, error) {
	fields := func(r *OutboxRefusal) []any { return []any{&r.Class, &r.Words, &r.Todo, &r.N} }
	return all(tx, fields, `select l.class, o.words, o.todo, count(*) from outbox o join lessons l on l.id = o.lesson
		where o.state = $1 group by l.class, o.words, o.todo order by l.class, count(*) desc, o.words limit $2`, refused, maxRefusals)
}

// OutboxCounts returns how many rows are in a state, and since when the oldest of them waits.
func (tx *Tx) OutboxCounts(state string) (n int64, next time.Time, err error) {
	err = tx.get([]any{&n, at(&next)}, `select count(*), coalesce(min(next), 0) from outbox where state = $1`, state)
	return n, next, err
}
