package store

import "time"

// A HandinRow is what a student has handed in, as it came. Only what it is worth is found out
// later: Visible and Complete are the gradings that count.
type HandinRow struct {
	ID, Class, Lesson, Person string
	Number                    int64  // from 1, of the person in the lesson
	Once                      string // what a repeated request has in common with the first; "" for nothing
	Student                   string // whose values the scenario has
	Scenario                  string // the hash of its version
	Programs                  string // JSON
	Digest                    string // of slots and programs
	Size                      int64  // bytes
	Recording                 string // a blob; "" for none
	Origin                    string
	At                        time.Time
	Receipt, Signature        string
	Visible, Complete         string // gradings; "" while there are none
	Version                   int64  // counts what becomes of it
}

const handinColumns = `id, class, lesson, person, number, once, student, scenario, programs, digest, size, recording, origin, at, receipt, signature, visible, complete, version`

func (h *HandinRow) fields() []any {
	return []any{
		&h.ID, &h.Class, &h.Lesson, &h.Person, &h.Number, &h.Once, &h.Student, &h.Scenario, &h.Programs, &h.Digest, &h.Size, &h.Recording, &h.Origin,
		at(&h.At), &h.Receipt, &h.Signature, &h.Visible, &h.Complete, &h.Version,
	}
}

// AddHandin stores a hand-in.
func (tx *Tx) AddHandin(h HandinRow) error {
	_, err := tx.exec(`insert into handins (`+handinColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`, h.fields()...)
	return err
}

// Handin is one hand-in.
func (tx *Tx) Handin(id string) (HandinRow, error) {
	return one(tx, (*HandinRow).fields, `select `+handinColumns+` from handins where id = $1`, id)
}

// HandinOnce is the hand-in of a request that may have been repeated.
func (tx *Tx) HandinOnce(lesson, person, once string) (HandinRow, error) {
	return one(tx, (*HandinRow).fields, `select `+handinColumns+` from handins where lesson = $1 and person = $2 and once = $3 and once <> ''`, lesson, person, once)
}

// maxHandinList is how many hand-ins of one person in one lesson a list has.
const maxHandinList = 1000

// HandinsOf are a person's in a lesson, newest first.
func (tx *Tx) HandinsOf(lesson, person string) ([]HandinRow, error) {
	return all(tx, (*HandinRow).fields, `select `+handinColumns+` from handins where lesson = $1 and person = $2 order by number desc limit $3`, lesson, person, maxHandinList)
}

// HandinsByPerson are all of a person, in all classes.
func (tx *Tx) HandinsByPerson(person string) ([]HandinRow, error) {
	return all(tx, (*HandinRow).fields, `select `+handinColumns+` from handins where person = $1 order by at, id limit 100000`, person)
}

// LastHandin is the number of a person's newest hand-in in a lesson; 0 if there is none.
func (tx *Tx) LastHandin(lesson, person string) (n int64, err error) {
	return n, tx.get([]any{&n}, `select coalesce(max(number), 0) from handins where lesson = $1 and person = $2`, lesson, person)
}

// HandedIn is how many hand-ins came since a time, and how many bytes they have, of a
// person in all lessons.
func (tx *Tx) HandedIn(person string, since time.Time) (n, bytes int64, err error) {
	return n, bytes, tx.get([]any{&n, &bytes}, `select count(*), coalesce(cast(sum(size) as bigint), 0) from handins where person = $1 and at > $2`, person, at(&since))
}

// HasHandins tells whether anything was handed in of a lesson.
func (tx *Tx) HasHandins(lesson string) (bool, error) {
	var n int64
	err := tx.get([]any{&n}, `select count(*) from (select 1 from handins where lesson = $1 limit 1) as found`, lesson)
	return n > 0, err
}

// ChangedHandin says that something became of a hand-in.
func (tx *Tx) ChangedHandin(id string) error {
	return tx.must(ErrNone, `update handins set version = version + 1 where id = $1`, id)
}

// EraseHandins takes away what tells of a person in what they handed in, and what teachers
// wrote to them. What it was worth stays.
func (tx *Tx) EraseHandins(person string) error {
	for _, q := range []string{
		`update handins set programs = '[]', recording = '', once = '', signature = '' where person = $1`,
		`update gradings set report = '', staff = '' where handin in (select id from handins where person = $1)`,
		`update marks set comment = '' where person = $1`,
	} {
		if _, err := tx.exec(q, person); err != nil {
			return err
		}
	}
	return nil
}

// A HandinBlobs is what a hand-in or a grading points to.
type HandinBlobs struct{ Programs, Recording, Report, Staff string }

// HandinBlobs lists what hand-ins and gradings point to, for who sweeps.
func (tx *Tx) HandinBlobs() ([]HandinBlobs, error) {
	return all(tx, func(b *HandinBlobs) []any { return []any{&b.Programs, &b.Recording, &b.Report, &b.Staff} }, `
		select programs, recording, '', '' from handins union all select '[]', '', report, staff from gradings`)
}

// The kinds of checks that a grading is by.
const (
	ChecksVisible = "visible" // those that students see before the due date
	ChecksAll     = "all"
)

// A GradingRow is what a grading found. It never changes.
type GradingRow struct {
	ID, Handin, Grader, Scenario, Checks string
	Points, Most                         int64 // thousandths
	Passed, Total                        int64 // checks
	Hidden                               bool  // something is, from its student
	Report, Staff                        string
	At                                   time.Time
	Took                                 int64 // milliseconds
}

const gradingColumns = `id, handin, grader, scenario, checks, points, most, passed, total, hidden, report, staff, at, took`

func (g *GradingRow) fields() []any {
	return []any{&g.ID, &g.Handin, &g.Grader, &g.Scenario, &g.Checks, &g.Points, &g.Most, &g.Passed, &g.Total, flag(&g.Hidden), &g.Report, &g.Staff, at(&g.At), &g.Took}
}

// AddGrading stores a grading and has it count where the hand-in has none of its kind, which
// it reports. Nothing happens where the same was graded before.
func (tx *Tx) AddGrading(g GradingRow) (counts bool, err error) {
	n, err := tx.exec(`insert into gradings (`+gradingColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		on conflict (handin, grader, scenario, checks) do nothing`, g.fields()...)
	if err != nil || n == 0 {
		return false, err
	}
	column := "visible"
	if g.Checks == ChecksAll {
		column = "complete"
	}
	n, err = tx.exec(`update handins set `+column+` = $2 where id = $1 and `+column+` = ''`, g.Handin, g.ID)
	return n > 0, err
}

// Grading is one grading.
func (tx *Tx) Grading(id string) (GradingRow, error) {
	return one(tx, (*GradingRow).fields, `select `+gradingColumns+` from gradings where id = $1`, id)
}

// SameGrading is a grading of the same programs with the same values by the same checks of
// the same scenario by the same grader: another would find the same.
func (tx *Tx) SameGrading(digest, student, grader, scenario, checks string) (GradingRow, error) {
	return one(tx, (*GradingRow).fields, `select g.id, g.handin, g.grader, g.scenario, g.checks, g.points, g.most, g.passed, g.total, g.hidden, g.report, g.staff, g.at, g.took
		from gradings g join handins h on h.id = g.handin
		where h.digest = $1 and h.student = $2 and g.grader = $3 and g.scenario = $4 and g.checks = $5 and g.report <> '' limit 1`,
		digest, student, grader, scenario, checks)
}

// An AttemptRow is a hand-in with what it is worth: a row of a book. Points are -1 where there
// is no grading. Its fields are what the query has.
type AttemptRow struct {
	ID, Lesson, Person                      string
	Number                                  int64
	At                                      time.Time
	Receipt, Programs                       string
	Points, Most, Passed, Total             int64 // by visible checks
	AllPoints, AllMost, AllPassed, AllTotal int64 // by all
	Failed, AllFailed                       int64 // jobs of theirs that failed
	Running                                 int64 // jobs that run
	Hidden                                  bool  // more is checked than its student sees before the due date
	Grader, AllGrader                       string
}

func (a *AttemptRow) fields() []any {
	return []any{
		&a.ID, &a.Lesson, &a.Person, &a.Number, at(&a.At), &a.Receipt, &a.Programs, &a.Points, &a.Most, &a.Passed, &a.Total,
		&a.AllPoints, &a.AllMost, &a.AllPassed, &a.AllTotal, &a.Failed, &a.AllFailed, &a.Running, flag(&a.Hidden), &a.Grader, &a.AllGrader,
	}
}

// attemptColumns take what counts of gradings v (by visible checks) and c (by all).
const attemptColumns = `select h.id, h.lesson, h.person, h.number, h.at, h.receipt, h.programs,
	coalesce(v.points, -1), coalesce(v.most, 0), coalesce(v.passed, 0), coalesce(v.total, 0),
	coalesce(c.points, -1), coalesce(c.most, 0), coalesce(c.passed, 0), coalesce(c.total, 0),
	(select count(*) from jobs j where j.handin = h.id and j.checks = 'visible' and j.state = 'failed'),
	(select count(*) from jobs j where j.handin = h.id and j.checks = 'all' and j.state = 'failed'),
	(select count(*) from jobs j where j.handin = h.id and j.state = 'running'),
	coalesce(v.hidden, 0), coalesce(v.grader, ''), coalesce(c.grader, '')
	from handins h `

const counting = `left join gradings v on v.id = h.visible left join gradings c on c.id = h.complete `

// maxBook is how many hand-ins a book has.
const maxBook = 200_000

// AttemptsOf are a person's in a lesson, in their order.
func (tx *Tx) AttemptsOf(lesson, person string) ([]AttemptRow, error) {
	return all(tx, (*AttemptRow).fields, attemptColumns+counting+`where h.lesson = $1 and h.person = $2 order by h.number limit $3`, lesson, person, maxHandinList)
}

// AttemptsOfLesson are everybody's, each person's in their order.
func (tx *Tx) AttemptsOfLesson(lesson string) ([]AttemptRow, error) {
	return all(tx, (*AttemptRow).fields, attemptColumns+counting+`where h.lesson = $1 order by h.person, h.number limit $2`, lesson, maxBook)
}

// AttemptsOfClass are everybody's in all lessons of a class, each person's in a lesson in
// their order.
func (tx *Tx) AttemptsOfClass(class string) ([]AttemptRow, error) {
	return all(tx, (*AttemptRow).fields, attemptColumns+counting+`where h.class = $1 order by h.lesson, h.person, h.number limit $2`, class, maxBook)
}

// AttemptsRegraded are those of a lesson as they would be with a regrade's gradings, where
// there are some.
func (tx *Tx) AttemptsRegraded(r RegradeRow) ([]AttemptRow, error) {
	return all(tx, (*AttemptRow).fields, attemptColumns+`
		left join gradings v on v.id = coalesce((select g.id from gradings g where g.handin = h.id and g.grader = $2 and g.scenario = $3 and g.checks = 'visible' and h.at <= $4), h.visible)
		left join gradings c on c.id = coalesce((select g.id from gradings g where g.handin = h.id and g.grader = $2 and g.scenario = $3 and g.checks = 'all' and h.at <= $4), h.complete)
		where h.lesson = $1 order by h.person, h.number limit $5`, r.Lesson, r.Grader, r.Scenario, at(&r.Created), maxBook)
}
