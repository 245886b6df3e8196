package store

import "time"

// Limits of what the wall's queries list.
const (
	MaxBenches = 5000 // of a class
	MaxNotices = 200  // of a class: older ones go
	MaxHands   = 5000 // of a class
)

// A WallRow is a student's bench as the wall shows it, with what was known of it when it
// was stored last.
type WallRow struct {
	Lab     string
	State   string // of the lab: "live", "parked", "quarantined"
	Class   string
	Lesson  string
	Title   string // the lesson's
	Person  string
	Name    string
	Section string
	ProgressRow
}

// A ProgressRow is what a bench is at.
type ProgressRow struct {
	Did    string    // the last action, in words
	Acted  time.Time // of that
	Passed int64     // checks, when they were last run
	Checks int64     // how many there were
	Best   int64     // the most that ever passed
	Tried  time.Time // the first action after the last progress
	Handed int64     // hand-ins
}

func (w *WallRow) fields() []any {
	return append([]any{&w.Lab, &w.State, &w.Class, &w.Lesson, &w.Title, &w.Person, &w.Name, &w.Section}, w.ProgressRow.fields()...)
}

func (p *ProgressRow) fields() []any {
	return []any{&p.Did, at(&p.Acted), &p.Passed, &p.Checks, &p.Best, at(&p.Tried), &p.Handed}
}

const (
	wallColumns = `b.id, b.state, b.class, b.lesson, l.title, b.person, m.name, m.section, coalesce(p.did, ''), coalesce(p.acted, 0),
		coalesce(p.passed, 0), coalesce(p.checks, 0), coalesce(p.best, 0), coalesce(p.tried, 0), coalesce(p.handed, 0)`
	wallTables = `labs b join members m on m.class = b.class and m.person = b.person join lessons l on l.id = b.lesson left join progress p on p.lab = b.id`
	wallWhere  = `b.kind = 'bench' and b.current = 1 and b.state <> 'gone' and m.active = 1 and m.role = 'student'`
)

// Wall lists the benches of a class's active students.
func (tx *Tx) Wall(class string) ([]WallRow, error) {
	return all(tx, (*WallRow).fields, `select `+wallColumns+` from `+wallTables+` where b.class = $1 and `+wallWhere+`
		order by m.name, b.id limit $2`, class, MaxBenches)
}

// WallRow is one of them by its lab; ErrNone if the lab is no such bench.
func (tx *Tx) WallRow(lab string) (WallRow, error) {
	return one(tx, (*WallRow).fields, `select `+wallColumns+` from `+wallTables+` where b.id = $1 and `+wallWhere, lab)
}

// BenchOn is the lab of a person's current bench of a lesson; ErrNone if there is none.
func (tx *Tx) BenchOn(lesson, person string) (lab string, err error) {
	return lab, tx.get([]any{&lab}, `select id from labs where lesson = $1 and person = $2 and kind = 'bench' and current = 1 and state <> 'gone'`, lesson, person)
}

// BenchesOf lists the labs of a person's current benches in a class.
func (tx *Tx) BenchesOf(class, person string) ([]string, error) {
	return all(tx, func(s *string) []any { return []any{s} }, `select id from labs where person = $2 and class = $1 and kind = 'bench'
		and current = 1 and state <> 'gone' order by id limit $3`, class, person, MaxLessons)
}

// PutProgress stores what a bench is at.
func (tx *Tx) PutProgress(lab string, p ProgressRow) error {
	_, err := tx.exec(`insert into progress (lab, did, acted, passed, checks, best, tried, handed) values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (lab) do update set did = excluded.did, acted = excluded.acted, passed = excluded.passed, checks = excluded.checks,
			best = excluded.best, tried = excluded.tried, handed = excluded.handed`, append([]any{lab}, p.fields()...)...)
	return err
}

// A HandRow is a raised hand.
type HandRow struct {
	Lesson string
	Person string
	Text   string
	Raised time.Time
}

func (h *HandRow) fields() []any { return []any{&h.Lesson, &h.Person, &h.Text, at(&h.Raised)} }

// PutHand raises a hand, or changes what it asks; the time stays that of the first.
func (tx *Tx) PutHand(h HandRow) error {
	h.Raised = tx.now
	_, err := tx.exec(`insert into hands (lesson, person, text, raised) values ($1, $2, $3, $4)
		on conflict (lesson, person) do update set text = excluded.text`, h.fields()...)
	return err
}

// DropHand takes one down; it may be down already.
func (tx *Tx) DropHand(lesson, person string) error {
	_, err := tx.exec(`delete from hands where lesson = $1 and person = $2`, lesson, person)
	return err
}

// Hands lists the raised hands of a class, the first that was raised first.
func (tx *Tx) Hands(class string) ([]HandRow, error) {
	return all(tx, (*HandRow).fields, `select h.lesson, h.person, h.text, h.raised from hands h join lessons l on l.id = h.lesson
		where l.class = $1 order by h.raised, h.person limit $2`, class, MaxHands)
}

// A NoticeRow is something that a class was told.
type NoticeRow struct {
	Class   string
	N       int64 // later ones have higher numbers
	At      time.Time
	Who     string // a person
	Text    string
	Lesson  string // only who works on this one is told; "" all
	Slot    string // NODE:PROC, of a program that is offered
	Program string // its blob
	Name    string // of its file
}

func (n *NoticeRow) fields() []any {
	return []any{&n.Class, &n.N, at(&n.At), &n.Who, &n.Text, &n.Lesson, &n.Slot, &n.Program, &n.Name}
}

const noticeColumns = `n.class, n.n, n.at, n.who, n.text, n.lesson, n.slot, n.program, n.name`

// AddNotice tells a class something, and forgets what is older than its newest MaxNotices.
// N must be above those that there are, or it is ErrTaken.
func (tx *Tx) AddNotice(n NoticeRow) error {
	n.At = tx.now
	changed, err := tx.exec(`insert into notices (class, n, at, who, text, lesson, slot, program, name) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		on conflict (class, n) do nothing`, n.fields()...)
	switch {
	case err != nil:
		return err
	case changed == 0:
		return ErrTaken
	}
	_, err = tx.exec(`delete from notices where class = $1 and n <= (select n from notices where class = $1 order by n desc limit 1 offset $2)`, n.Class, MaxNotices)
	return err
}

// Notices lists those of a class above a number, the oldest first: what is for the lessons
// that a person has a bench of, and for all.
func (tx *Tx) Notices(class, person string, after int64) ([]NoticeRow, error) {
	return all(tx, (*NoticeRow).fields, `select `+noticeColumns+` from notices n where n.class = $1 and n.n > $3 and (n.lesson = '' or exists
		(select 1 from labs b where b.lesson = n.lesson and b.person = $2 and b.kind = 'bench' and b.current = 1)) order by n.n limit $4`,
		class, person, after, MaxNotices)
}

// Notice is one of a class.
func (tx *Tx) Notice(class string, n int64) (NoticeRow, error) {
	return one(tx, (*NoticeRow).fields, `select `+noticeColumns+` from notices n where n.class = $1 and n.n = $2`, class, n)
}

// LastNotice is the highest number of a class's; 0 if it was never told anything.
func (tx *Tx) LastNotice(class string) (n int64, err error) {
	return n, tx.get([]any{&n}, `select coalesce(max(n), 0) from notices where class = $1`, class)
}

// A SwitchRow is something of a server that can be turned off.
type SwitchRow struct {
	Name    string
	On      bool
	Why     string // it is off, for those who wanted it
	Who     string // a person: who turned it
	Changed time.Time
}

func (s *SwitchRow) fields() []any {
	return []any{&s.Name, flag(&s.On), &s.Why, &s.Who, at(&s.Changed)}
}

// Switch is how one stands; ErrNone if nobody ever turned it.
func (tx *Tx) Switch(name string) (SwitchRow, error) {
	return one(tx, (*SwitchRow).fields, `select name, on_, why, who, changed from switches where name = $1`, name)
}

// PutSwitch turns one.
func (tx *Tx) PutSwitch(s SwitchRow) error {
	s.Changed = tx.now
	_, err := tx.exec(`insert into switches (name, on_, why, who, changed) values ($1, $2, $3, $4, $5)
		on conflict (name) do update set on_ = excluded.on_, why = excluded.why, who = excluded.who, changed = excluded.changed`, s.fields()...)
	return err
}

// An AuditFilter says which rows of the audit are wanted; what is "" is not asked.
type AuditFilter struct {
	Class, Who, What, About string
	Before                  time.Time // and of the same instant those with ids above BeforeID
	BeforeID                string
}

// AuditPage lists at most limit rows that a filter lets through, newest first.
func (tx *Tx) AuditPage(f AuditFilter, limit int) ([]AuditRow, error) {
	return all(tx, (*AuditRow).fields, `select `+auditColumns+` from audit
		where ($1 = '' or class = $1) and ($2 = '' or who = $2) and ($3 = '' or what = $3) and ($4 = '' or about = $4)
			and (cast($5 as bigint) = 0 or at < $5 or at = $5 and id > $6) order by at desc, id limit $7`,
		f.Class, f.Who, f.What, f.About, at(&f.Before), f.BeforeID, limit)
}

// HandsOf lists the lessons of a class of which a person's hand is up.
func (tx *Tx) HandsOf(class, person string) ([]string, error) {
	return all(tx, func(s *string) []any { return []any{s} }, `select h.lesson from hands h join lessons l on l.id = h.lesson
		where l.class = $1 and h.person = $2 order by h.lesson limit $3`, class, person, MaxLessons)
}

// NoticeBlobs lists the programs that notices offer.
func (tx *Tx) NoticeBlobs() ([]string, error) {
	return all(tx, func(s *string) []any { return []any{s} }, `select distinct program from notices where program <> '' order by program`)
}

// A LabEntry is a lab as an operator sees it.
type LabEntry struct {
	LabRow
	Name     string // its person's; "" a visitor's
	In       string // its class's name
	Scenario string // "" where the database does not know it
}

// LabEntries lists at most limit labs that are not gone, the last used first: those used
// before a time, and of the same instant those with ids above beforeID. A state of "" is any.
func (tx *Tx) LabEntries(state string, before time.Time, beforeID string, limit int) ([]LabEntry, error) {
	fields := func(e *LabEntry) []any {
		return []any{&e.ID, &e.Kind, &e.Person, &e.Class, &e.State, &e.Why, at(&e.Created), at(&e.Used), &e.Name, &e.In, &e.Scenario}
	}
	return all(tx, fields, `select b.id, b.kind, b.person, b.class, b.state, b.why, b.created, b.used, coalesce(p.name, ''), coalesce(c.name, ''), coalesce(v.scenario, '')
		from labs b left join people p on p.id = b.person left join classes c on c.id = b.class
			left join lessons l on l.id = b.lesson left join versions v on v.hash = l.version_hash
		where ($1 = '' and b.state <> 'gone' or b.state = $1) and (cast($2 as bigint) = 0 or b.used < $2 or b.used = $2 and b.id > $3)
		order by b.used desc, b.id limit $4`, state, at(&before), beforeID, limit)
}

// A ClassCount is a class in figures.
type ClassCount struct {
	ID, Name, Term        string
	Archived              bool
	People, Labs, Handins int64
}

// ClassCounts lists all classes in figures, the newest first.
func (tx *Tx) ClassCounts() ([]ClassCount, error) {
	fields := func(c *ClassCount) []any {
		return []any{&c.ID, &c.Name, &c.Term, flag(&c.Archived), &c.People, &c.Labs, &c.Handins}
	}
	return all(tx, fields, `select c.id, c.name, c.term, c.archived,
			(select count(*) from members m where m.class = c.id and m.active = 1),
			(select count(*) from labs b where b.class = c.id and b.state = 'live'),
			(select count(*) from handins h where h.class = c.id)
		from classes c order by c.created desc, c.id limit $1`, MaxClasses)
}

// CountPeople is how many people the database knows who were not erased.
func (tx *Tx) CountPeople() (n int, err error) {
	return n, tx.get([]any{&n}, `select count(*) from people where erased = 0`)
}

// CountVisitors is how many labs of visitors are in a state.
func (tx *Tx) CountVisitors(state string) (n int, err error) {
	return n, tx.get([]any{&n}, `select count(*) from labs where kind = 'visitor' and state = $1`, state)
}
