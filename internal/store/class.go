package store

import "time"

// Limits of what a query of an area lists. Who makes rows refuses to make more.
const (
	MaxClasses    = 2000 // of a server
	MaxMembers    = 5000 // of a class
	MaxLessons    = 200  // of a class
	MaxExtensions = 5000 // of a class
	MaxUploads    = 200  // scenarios of a class
)

// A ClassRow is a class.
type ClassRow struct {
	ID        string
	Name      string
	Term      string
	Zone      string // of its dates: "Europe/Vienna"
	Code      string // to join by, folded
	Open      bool   // one can join by the code
	Retention time.Time
	Archived  bool
	Created   time.Time
	Version   int64
	Roster    int64 // how often its members changed
}

func (c *ClassRow) fields() []any {
	return []any{
		&c.ID, &c.Name, &c.Term, &c.Zone, &c.Code, flag(&c.Open), at(&c.Retention),
		flag(&c.Archived), at(&c.Created), &c.Version, &c.Roster,
	}
}

const classColumns = `c.id, c.name, c.term, c.zone, c.code, c.open, c.retention, c.archived, c.created, c.version, c.roster`

// AddClass stores a new class; ErrTaken if another has its code.
func (tx *Tx) AddClass(c ClassRow) error {
	n, err := tx.exec(`insert into classes (id, name, term, zone, code, open, retention, archived, created, version, roster)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (code) do nothing`, c.fields()...)
	if err == nil && n == 0 {
		return ErrTaken
	}
	return err
}

// Class is a class by its id.
func (tx *Tx) Class(id string) (ClassRow, error) {
	return one(tx, (*ClassRow).fields, `select `+classColumns+` from classes c where c.id = $1`, id)
}

// ClassByCode is a class by its join code, folded.
func (tx *Tx) ClassByCode(code string) (ClassRow, error) {
	return one(tx, (*ClassRow).fields, `select `+classColumns+` from classes c where c.code = $1`, code)
}

// Classes lists all, the newest first.
func (tx *Tx) Classes() ([]ClassRow, error) {
	return all(tx, (*ClassRow).fields, `select `+classColumns+` from classes c order by c.created desc, c.id limit $1`, MaxClasses)
}

// ClassesOf lists those that a person is or was in, the newest first.
func (tx *Tx) ClassesOf(person string) ([]ClassRow, error) {
	return all(tx, (*ClassRow).fields, `select `+classColumns+` from classes c join members m on m.class = c.id
		where m.person = $1 order by c.created desc, c.id limit $2`, person, MaxClasses)
}

// ClassesToErase lists those whose retention is over at a time.
func (tx *Tx) ClassesToErase(now time.Time) ([]ClassRow, error) {
	return all(tx, (*ClassRow).fields, `select `+classColumns+` from classes c
		where c.retention > 0 and c.retention <= $1 order by c.id limit $2`, at(&now), MaxClasses)
}

// SetClass stores a class's columns, its roster's count aside, as the next version; ErrStale if
// c.Version is not the one that is there.
func (tx *Tx) SetClass(c ClassRow) error {
	n, err := tx.exec(`update classes set name = $2, term = $3, zone = $4, code = $5, open = $6, retention = $7,
		archived = $8, version = version + 1 where id = $1 and version = $9 and not exists (select 1 from classes o where o.code = $5 and o.id <> $1)`,
		c.ID, c.Name, c.Term, c.Zone, c.Code, flag(&c.Open), at(&c.Retention), flag(&c.Archived), c.Version)
	if err != nil || n > 0 {
		return err
	}
	switch now, err := tx.Class(c.ID); {
	case err != nil:
		return err
	case now.Version != c.Version:
		return ErrStale
	}
	return ErrTaken
}

// CountClasses is how many there are.
func (tx *Tx) CountClasses() (n int, err error) {
	return n, tx.get([]any{&n}, `select count(*) from classes`)
}
