package store

import "time"

// Kinds of labs, and what they may be.
const (
	LabVisitor = "visitor"
	LabBench   = "bench" // a person's, of a lesson

	LabLive        = "live"
	LabParked      = "parked"      // its journal is there, and has it again
	LabQuarantined = "quarantined" // its journal is there, and does not
	LabGone        = "gone"        // it has ended for good
)

// A LabRow is a lab that there is, or was.
type LabRow struct {
	ID      string
	Kind    string
	Person  string
	Class   string
	Lesson  string
	Current bool // of a bench: the one that its person has in the lesson
	State   string
	Why     string // a sentence, where it is quarantined or gone
	Created time.Time
	Used    time.Time
	Step    uint64 // where it is, if it was parked in order
	Hash    string // likewise; "" if it was not
	Version string // of a bench's scenario
	Bytes   int64  // on disk, when it was parked
}

func (l *LabRow) fields() []any {
	return []any{
		&l.ID, &l.Kind, &l.Person, &l.Class, &l.Lesson, flag(&l.Current), &l.State, &l.Why, at(&l.Created), at(&l.Used), &l.Step, &l.Hash, &l.Version, &l.Bytes,
	}
}

const labColumns = `id, kind, person, class, lesson, current, state, why, created, used, step, hash, version, bytes`

// MaxLabs is how many labs one question is answered with at most.
const MaxLabs = 100_000

// AddLab adds a lab, which is used now. A bench becomes the current one of its person in the
// lesson; the labs that were so before are returned.
func (tx *Tx) AddLab(l LabRow) (former []string, err error) {
	l.Used = tx.now
	if l.Created.IsZero() {
		l.Created = tx.now
	}
	if l.Kind == LabBench {
		rows, err := all(tx, (*LabRow).fields, `select `+labColumns+` from labs where lesson = $1 and person = $2 and current = 1 limit $3`, l.Lesson, l.Person, MaxLabs)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			former = append(former, r.ID)
		}
		if _, err := tx.exec(`update labs set current = 0 where lesson = $1 and person = $2 and current = 1`, l.Lesson, l.Person); err != nil {
			return nil, err
		}
		l.Current = true
	}
	_, err = tx.exec(`insert into labs (`+labColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`, l.fields()...)
	return former, err
}

// Lab is a lab by its id.
func (tx *Tx) Lab(id string) (LabRow, error) {
	return one(tx, (*LabRow).fields, `select `+labColumns+` from labs where id = $1`, id)
}

// BenchOf is the lab that a person has in a lesson now.
func (tx *Tx) BenchOf(lesson, person string) (LabRow, error) {
	return one(tx, (*LabRow).fields, `select `+labColumns+` from labs where lesson = $1 and person = $2 and current = 1 and state <> $3 order by created desc limit 1`, lesson, person, LabGone)
}

// BenchesIn lists the current benches of a class, the last used first.
func (tx *Tx) BenchesIn(class string) ([]LabRow, error) {
	return all(tx, (*LabRow).fields, `select `+labColumns+` from labs where class = $1 and current = 1 and state <> $2 order by used desc, id limit $3`, class, LabGone, MaxLabs)
}

// LabsIn lists the labs in a state, the last used first.
func (tx *Tx) LabsIn(state string) ([]LabRow, error) {
	return all(tx, (*LabRow).fields, `select `+labColumns+` from labs where state = $1 order by used desc, id limit $2`, state, MaxLabs)
}

// CountLabs counts the labs in a state.
func (tx *Tx) CountLabs(state string) (n int, err error) {
	err = tx.get([]any{&n}, `select count(*) from labs where state = $1`, state)
	return n, err
}

// SetLab says what has become of a lab, which is used now.
func (tx *Tx) SetLab(id, state, why string, step uint64, hash string) error {
	return tx.must(ErrNone, `update labs set state = $2, why = $3, step = $4, hash = $5, used = $6 where id = $1`, id, state, why, step, hash, at(&tx.now))
}

// ParkAll says of all labs that are live that they are parked, wherever they were: their
// server has ended without a word.
func (tx *Tx) ParkAll() (int64, error) {
	return tx.exec(`update labs set state = $1, step = 0, hash = '' where state = $2`, LabParked, LabLive)
}

// OldLabs lists labs that nobody keeps any more: visitors' that were last used before a
// time, and benches of classes whose retention is over.
func (tx *Tx) OldLabs(before time.Time) ([]LabRow, error) {
	return all(tx, (*LabRow).fields, `select `+labColumns+` from labs where state <> $1 and (
			kind = $2 and used < $3
			or kind = $4 and class in (select id from classes where retention > 0 and retention < $5))
		order by used, id limit $6`, LabLive, LabVisitor, at(&before), LabBench, at(&tx.now), MaxLabs)
}

// SizeLab notes what a lab takes of the disk.
func (tx *Tx) SizeLab(id string, bytes int64) error {
	return tx.must(ErrNone, `update labs set bytes = $2 where id = $1`, id, bytes)
}

// StrangersLabs lists visitors' labs that do not live, the last used first.
func (tx *Tx) StrangersLabs() ([]LabRow, error) {
	return all(tx, (*LabRow).fields, `select `+labColumns+` from labs where kind = $1 and state <> $2 order by used desc, id limit $3`, LabVisitor, LabLive, MaxLabs)
}

// DropLab forgets a lab.
func (tx *Tx) DropLab(id string) error {
	return tx.must(ErrNone, `delete from labs where id = $1`, id)
}
