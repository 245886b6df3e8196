package store

import (
	"errors"
	"time"
)

// The states of a job.
const (
	JobQueued  = "queued"
	JobRunning = "running"
	JobDone    = "done"
	JobFailed  = "failed"
)

// The ranks of jobs: a lower one is done before all of a higher one.
const (
	RankWaiting int64 = iota // a person waits for it
	RankDue                  // its due date is over
	RankBulk                 // a regrade
)

// A JobRow is a grading that is to be made. There is one for each grading that there may be.
type JobRow struct {
	ID, Handin, Class, Lesson, Person string
	Grader, Scenario, Checks          string
	Rank                              int64
	State, Owner                      string
	Fence                             int64     // counts claims: who has an older one has lost it
	Lease                             time.Time // until when it is its owner's
	Tries                             int64
	Why                               string // it failed
	Created, Started, Ended           time.Time
}

// Tries is how often a job is tried whose owners die over it. They may die of something else, and
// all that they were at with them: so the first tries are at once, and those that follow after a
// pause that doubles, as whoever does kill servers must not do it again and again.
type Tries struct {
	Quick int64
	Pause time.Duration // since the last try began, after so many
	Most  int64
}

const jobColumns = `id, handin, class, lesson, person, grader, scenario, checks, rank, state, owner, fence, lease, tries, why, created, started, ended`

func (j *JobRow) fields() []any {
	return []any{
		&j.ID, &j.Handin, &j.Class, &j.Lesson, &j.Person, &j.Grader, &j.Scenario, &j.Checks, &j.Rank, &j.State, &j.Owner, &j.Fence, at(&j.Lease), &j.Tries,
		&j.Why, at(&j.Created), at(&j.Started), at(&j.Ended),
	}
}

// AddJob queues a job. One that is there already comes forward if this one's rank is lower,
// and is tried again if it had failed; what is done stays done.
func (tx *Tx) AddJob(j JobRow) error {
	j.State, j.Created = JobQueued, tx.now
	_, err := tx.exec(`insert into jobs (`+jobColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
		on conflict (handin, grader, scenario, checks) do update set state = 'queued', rank = excluded.rank, tries = 0, why = '', ended = 0
		where jobs.state = 'failed' or jobs.state = 'queued' and jobs.rank > excluded.rank`, j.fields()...)
	return err
}

// ClaimJob gives a job to an owner until the lease ends: one that is queued, or that another
// owner has let go of by not renewing its lease. Ranks come first; in a rank the class whose
// turn was longest ago, then its person whose turn was; of a hand-in the checks that its student sees. Of a person
// one at a time is graded.
// One that was tried too often is not for anybody: see Tries and FailJobs. ErrNone if there is none.
func (tx *Tx) ClaimJob(owner string, lease time.Time, tries Tries) (JobRow, error) {
	j, err := one(tx, (*JobRow).fields, `
		update jobs set state = 'running', owner = $1, fence = fence + 1, lease = $2, tries = tries + 1, started = $3
		where id = (
			select j.id from jobs j
			left join served c on c.who = 'class ' || j.class
			left join served p on p.who = 'person ' || j.class || ' ' || j.person
			where (j.state = 'queued' or j.state = 'running' and j.lease < $3) and j.tries < $4
			and (j.tries < $5 or j.started + $6 * (cast(1 as bigint) << cast(j.tries - $5 as int)) < $3)
			and not exists (select 1 from jobs r where r.person = j.person and r.state = 'running' and r.lease >= $3)
			order by j.rank, coalesce(c.turn, 0), coalesce(p.turn, 0), j.created, j.checks desc, j.id limit 1
		) returning `+jobColumns, owner, at(&lease), at(&tx.now), tries.Most, tries.Quick, tries.Pause.Milliseconds())
	if err != nil {
		return j, err
	}
	for _, who := range []string{"class " + j.Class, "person " + j.Class + " " + j.Person} {
		_, err = tx.exec(`insert into served (who, turn) select $1, coalesce(max(turn), 0) + 1 from served where true
			on conflict (who) do update set turn = excluded.turn`, who)
		if err != nil {
			return j, err
		}
	}
	return j, nil
}

// RenewJob extends a lease; ErrStale if the job is another's by now.
func (tx *Tx) RenewJob(j JobRow, lease time.Time) error {
	return tx.must(ErrStale, `update jobs set lease = $4 where id = $1 and owner = $2 and fence = $3 and state = 'running'`, j.ID, j.Owner, j.Fence, at(&lease))
}

// EndJob says that a job is done, or has failed and why; ErrStale if it is another's by now.
func (tx *Tx) EndJob(j JobRow, state, why string) error {
	return tx.must(ErrStale, `update jobs set state = $4, why = $5, ended = $6, owner = '' where id = $1 and owner = $2 and fence = $3 and state = 'running'`,
		j.ID, j.Owner, j.Fence, state, why, at(&tx.now))
}

// ReturnJob queues a job again that its owner doesn't get to, as if it had not been tried;
// ErrStale if it is another's by now.
func (tx *Tx) ReturnJob(j JobRow) error {
	return tx.must(ErrStale, `update jobs set state = 'queued', owner = '', tries = tries - 1 where id = $1 and owner = $2 and fence = $3 and state = 'running'`, j.ID, j.Owner, j.Fence)
}

// RetryJob queues a job again that came to nothing, through no fault of its own that is known:
// that it was tried counts. ErrStale if it is another's by now.
func (tx *Tx) RetryJob(j JobRow) error {
	return tx.must(ErrStale, `update jobs set state = 'queued', owner = '' where id = $1 and owner = $2 and fence = $3 and state = 'running'`, j.ID, j.Owner, j.Fence)
}

// FreeLeases ends the leases of a server that is dead, and returns how many gradings and scores
// it had: they go on at once. It is for who has the store to itself and has claimed nothing yet.
func (tx *Tx) FreeLeases() (gradings, scores int64, err error) {
	if _, err = tx.exec(`update handins set version = version + 1 where id in (select handin from jobs where state = 'running')`); err != nil {
		return 0, 0, err
	}
	if gradings, err = tx.exec(`update jobs set state = 'queued', owner = '' where state = 'running'`); err != nil {
		return 0, 0, err
	}
	scores, err = tx.exec(`update outbox set lease = '', until = 0 where lease <> ''`)
	return gradings, scores, err
}

// FailJobs gives up the jobs that nobody has and that were tried too often, and returns
// them: their owners died over them.
func (tx *Tx) FailJobs(maxTries int64, why string) ([]JobRow, error) {
	return all(tx, (*JobRow).fields, `update jobs set state = 'failed', why = $3, ended = $2, owner = ''
		where (state = 'running' and lease < $2 or state = 'queued') and tries >= $1 returning `+jobColumns, maxTries, at(&tx.now), why)
}

// JobsOf are a hand-in's, in the order in which they were asked for.
func (tx *Tx) JobsOf(handin string) ([]JobRow, error) {
	return all(tx, (*JobRow).fields, `select `+jobColumns+` from jobs where handin = $1 order by created, id limit 1000`, handin)
}

// JobsAhead is about how many jobs are done before a queued one.
func (tx *Tx) JobsAhead(j JobRow) (n int64, err error) {
	return n, tx.get([]any{&n}, `select count(*) from jobs where state = 'running' or
		state = 'queued' and (rank < $1 or rank = $1 and (created < $2 or created = $2 and id < $3))`, j.Rank, at(&j.Created), j.ID)
}

// JobsUnder is how many jobs somebody waits for, of a person and of a class.
func (tx *Tx) JobsUnder(person, class string) (own, all int64, err error) {
	return own, all, tx.get([]any{&own, &all}, `select coalesce(cast(sum(case when person = $1 then 1 else 0 end) as bigint), 0), count(*) from jobs
		where class = $2 and rank = 0 and state in ('queued', 'running')`, person, class)
}

// JobCounts are how many jobs there are in each state, for who watches the server.
func (tx *Tx) JobCounts() (map[string]int64, error) {
	type count struct {
		state string
		n     int64
	}
	list, err := all(tx, func(c *count) []any { return []any{&c.state, &c.n} }, `select state, count(*) from jobs group by state`)
	out := map[string]int64{}
	for _, c := range list {
		out[c.state] = c.n
	}
	return out, err
}

// Ungraded are hand-ins that no job grades by all checks, of lessons whose due date is over
// or that have none; those behind an id, in the order of ids.
func (tx *Tx) Ungraded(behind string, limit int) ([]HandinRow, error) {
	return all(tx, (*HandinRow).fields, `select h.id, h.class, h.lesson, h.person, h.number, h.once, h.student, h.scenario, h.programs, h.digest, h.size, h.recording,
		h.origin, h.at, h.receipt, h.signature, h.visible, h.complete, h.version
		from handins h join lessons l on l.id = h.lesson
		where h.complete = '' and h.id > $2 and l.due < $1 and not exists (select 1 from jobs j where j.handin = h.id and j.checks = 'all')
		order by h.id limit $3`, at(&tx.now), behind, limit)
}

// A MarkRow is all that teachers have said of a person in a lesson, in one of its versions.
// Versions are added, and never change.
type MarkRow struct {
	ID, Lesson, Person string
	Version            int64 // from 1
	Points             int64 // thousandths; -1 for none by hand
	Comment            string
	Excused            bool
	Pin                string // a hand-in
	Author             string
	At                 time.Time
}

const markColumns = `id, lesson, person, version, points, comment, excused, pin, author, at`

func (m *MarkRow) fields() []any {
	return []any{&m.ID, &m.Lesson, &m.Person, &m.Version, &m.Points, &m.Comment, flag(&m.Excused), &m.Pin, &m.Author, at(&m.At)}
}

// AddMark adds the version that follows the one that its author has seen, which m.Version
// is; 0 is none. ErrStale if there is another by now.
func (tx *Tx) AddMark(m MarkRow) (MarkRow, error) {
	old, err := tx.Mark(m.Lesson, m.Person)
	if err != nil && !errors.Is(err, ErrNone) {
		return m, err
	}
	if old.Version != m.Version {
		return m, ErrStale
	}
	m.ID, m.Version, m.At = NewID(), m.Version+1, tx.now
	_, err = tx.exec(`insert into marks (`+markColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, m.fields()...)
	return m, err
}

// Mark is the newest of a person in a lesson; ErrNone if there is none.
func (tx *Tx) Mark(lesson, person string) (MarkRow, error) {
	return one(tx, (*MarkRow).fields, `select `+markColumns+` from marks where lesson = $1 and person = $2 order by version desc limit 1`, lesson, person)
}

// MarksOf are all versions of a person's mark in a lesson, oldest first.
func (tx *Tx) MarksOf(lesson, person string) ([]MarkRow, error) {
	return all(tx, (*MarkRow).fields, `select `+markColumns+` from marks where lesson = $1 and person = $2 order by version limit 1000`, lesson, person)
}

// MarksOfClass are everybody's newest in the lessons of a class.
func (tx *Tx) MarksOfClass(class string) ([]MarkRow, error) {
	return all(tx, (*MarkRow).fields, `select `+markColumns+` from marks m
		where lesson in (select id from lessons where class = $1) and version = (select max(version) from marks x where x.lesson = m.lesson and x.person = m.person)
		order by lesson, person limit $2`, class, maxBook)
}

// A RegradeRow is a lesson's hand-ins being graded again. Nobody's points change before it is
// applied.
type RegradeRow struct {
	ID, Class, Lesson, Grader, Scenario, Reason, Author string
	Created, Applied                                    time.Time
	Applier                                             string
}

const regradeColumns = `id, class, lesson, grader, scenario, reason, author, created, applied, applier`

func (r *RegradeRow) fields() []any {
	return []any{&r.ID, &r.Class, &r.Lesson, &r.Grader, &r.Scenario, &r.Reason, &r.Author, at(&r.Created), at(&r.Applied), &r.Applier}
}

// AddRegrade stores a regrade.
func (tx *Tx) AddRegrade(r RegradeRow) error {
	_, err := tx.exec(`insert into regrades (`+regradeColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, r.fields()...)
	return err
}

// Regrade is one regrade.
func (tx *Tx) Regrade(id string) (RegradeRow, error) {
	return one(tx, (*RegradeRow).fields, `select `+regradeColumns+` from regrades where id = $1`, id)
}

// RegradesOf are a lesson's, newest first.
func (tx *Tx) RegradesOf(lesson string) ([]RegradeRow, error) {
	return all(tx, (*RegradeRow).fields, `select `+regradeColumns+` from regrades where lesson = $1 order by created desc, id limit 100`, lesson)
}

// Regraded is how far a regrade is: how many gradings it takes, and how many are done and
// have failed.
func (tx *Tx) Regraded(r RegradeRow) (of, done, failed int64, err error) {
	return of, done, failed, tx.get([]any{&of, &done, &failed}, `
		select count(*), coalesce(cast(sum(case when j.state = 'done' then 1 else 0 end) as bigint), 0), coalesce(cast(sum(case when j.state = 'failed' then 1 else 0 end) as bigint), 0)
		from jobs j join handins h on h.id = j.handin where h.lesson = $1 and h.at <= $2 and j.grader = $3 and j.scenario = $4`, r.Lesson, at(&r.Created), r.Grader, r.Scenario)
}

// ApplyRegrade has the gradings of a regrade count. ErrStale if that was done before.
func (tx *Tx) ApplyRegrade(r RegradeRow, applier string) error {
	if err := tx.must(ErrStale, `update regrades set applied = $2, applier = $3 where id = $1 and applied = 0`, r.ID, at(&tx.now), applier); err != nil {
		return err
	}
	_, err := tx.exec(`update handins set version = version + 1,
		visible = coalesce((select g.id from gradings g where g.handin = handins.id and g.grader = $2 and g.scenario = $3 and g.checks = 'visible'), visible),
		complete = coalesce((select g.id from gradings g where g.handin = handins.id and g.grader = $2 and g.scenario = $3 and g.checks = 'all'), complete)
		where lesson = $1 and at <= $4`, r.Lesson, r.Grader, r.Scenario, at(&r.Created))
	return err
}
