package store

import "time"

// A VersionRow is a scenario's folder as it was at some time.
type VersionRow struct {
	Hash     string // of its files' names and bytes
	Scenario string // its name
	Title    string
	Blob     string // its zip
	Builtin  bool
	Class    string // for which it was uploaded first
	Created  time.Time
	By       string
}

func (v *VersionRow) fields() []any {
	return []any{&v.Hash, &v.Scenario, &v.Title, &v.Blob, flag(&v.Builtin), &v.Class, at(&v.Created), &v.By}
}

const versionColumns = `v.hash, v.scenario, v.title, v.blob, v.builtin, v.class, v.created, v.by`

// PutVersion stores a version, unless it is there.
func (tx *Tx) PutVersion(v VersionRow) error {
	v.Created = tx.now
	_, err := tx.exec(`insert into versions (hash, scenario, title, blob, builtin, class, created, by)
		values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (hash) do nothing`, v.fields()...)
	return err
}

// Version is a scenario's version by its hash.
func (tx *Tx) Version(hash string) (VersionRow, error) {
	return one(tx, (*VersionRow).fields, `select `+versionColumns+` from versions v where v.hash = $1`, hash)
}

// AddUpload notes that a class has a version.
func (tx *Tx) AddUpload(class, hash, by string) error {
	_, err := tx.exec(`insert into uploads (class, hash, by, created) values ($1, $2, $3, $4) on conflict (class, hash) do nothing`,
		class, hash, by, at(&tx.now))
	return err
}

// Uploads lists the versions that were uploaded for a class, the newest first.
func (tx *Tx) Uploads(class string) ([]VersionRow, error) {
	return all(tx, (*VersionRow).fields, `select v.hash, v.scenario, v.title, v.blob, v.builtin, v.class, u.created, u.by
		from uploads u join versions v on v.hash = u.hash where u.class = $1 order by u.created desc, v.hash limit $2`, class, MaxUploads)
}

// HasUpload tells whether a version was uploaded for a class.
func (tx *Tx) HasUpload(class, hash string) (bool, error) {
	var n int
	err := tx.get([]any{&n}, `select count(*) from uploads where class = $1 and hash = $2`, class, hash)
	return n > 0, err
}

// A LessonRow is a scenario with dates, in a class. A zero time is no date.
type LessonRow struct {
	ID          string
	Class       string
	Position    int64 // from 1
	Title       string
	VersionHash string
	Opens       time.Time
	Due         time.Time
	Locks       time.Time
	Counts      string // "best" or "last"
	Published   bool
	Created     time.Time
	Version     int64
}

func (l *LessonRow) fields() []any {
	return []any{
		&l.ID, &l.Class, &l.Position, &l.Title, &l.VersionHash, at(&l.Opens), at(&l.Due), at(&l.Locks),
		&l.Counts, flag(&l.Published), at(&l.Created), &l.Version,
	}
}

const lessonColumns = `id, class, position, title, version_hash, opens, due, locks, counts, published, created, version`

// AddLesson stores a new lesson.
func (tx *Tx) AddLesson(l LessonRow) error {
	_, err := tx.exec(`insert into lessons (`+lessonColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, l.fields()...)
	return err
}

// Lesson is a lesson by its id.
func (tx *Tx) Lesson(id string) (LessonRow, error) {
	return one(tx, (*LessonRow).fields, `select `+lessonColumns+` from lessons where id = $1`, id)
}

// Lessons lists those of a class in their order.
func (tx *Tx) Lessons(class string) ([]LessonRow, error) {
	return all(tx, (*LessonRow).fields, `select `+lessonColumns+` from lessons where class = $1 order by position, created, id limit $2`, class, MaxLessons)
}

// SetLesson stores a lesson's columns, its position aside, as the next version; ErrStale if
// l.Version is not the one that is there.
func (tx *Tx) SetLesson(l LessonRow) error {
	return tx.must(ErrStale, `update lessons set title = $2, version_hash = $3, opens = $4, due = $5, locks = $6, counts = $7, published = $8,
		version = version + 1 where id = $1 and version = $9`,
		l.ID, l.Title, l.VersionHash, at(&l.Opens), at(&l.Due), at(&l.Locks), l.Counts, flag(&l.Published), l.Version)
}

// PlaceLesson puts a lesson at a position: which is no new version, since it changes nobody's work.
func (tx *Tx) PlaceLesson(id string, position int64) error {
	return tx.must(ErrNone, `update lessons set position = $2 where id = $1`, id, position)
}

// DropLesson removes a lesson and its extensions.
func (tx *Tx) DropLesson(id string) error {
	if _, err := tx.exec(`delete from extensions where lesson = $1`, id); err != nil {
		return err
	}
	return tx.must(ErrNone, `delete from lessons where id = $1`, id)
}

// An ExtensionRow is other dates of a lesson for somebody. A zero time leaves the lesson's.
type ExtensionRow struct {
	Lesson  string
	Who     string // a person's id, or "section:" and its name
	Due     time.Time
	Locks   time.Time
	By      string
	Created time.Time
}

func (e *ExtensionRow) fields() []any {
	return []any{&e.Lesson, &e.Who, at(&e.Due), at(&e.Locks), &e.By, at(&e.Created)}
}

const extensionColumns = `e.lesson, e.who, e.due, e.locks, e.by, e.created`

// Extensions lists those of a lesson.
func (tx *Tx) Extensions(lesson string) ([]ExtensionRow, error) {
	return all(tx, (*ExtensionRow).fields, `select `+extensionColumns+` from extensions e where e.lesson = $1 order by e.who limit $2`, lesson, MaxExtensions)
}

// ExtensionsIn lists those of all lessons of a class.
func (tx *Tx) ExtensionsIn(class string) ([]ExtensionRow, error) {
	return all(tx, (*ExtensionRow).fields, `select `+extensionColumns+` from extensions e join lessons l on l.id = e.lesson
		where l.class = $1 order by e.lesson, e.who limit $2`, class, MaxExtensions)
}

// PutExtension stores an extension, in place of the one that there may be.
func (tx *Tx) PutExtension(e ExtensionRow) error {
	e.Created = tx.now
	_, err := tx.exec(`insert into extensions (lesson, who, due, locks, by, created) values ($1, $2, $3, $4, $5, $6)
		on conflict (lesson, who) do update set due = excluded.due, locks = excluded.locks, by = excluded.by, created = excluded.created`, e.fields()...)
	return err
}

// DropExtension takes one back; ErrNone if there is none.
func (tx *Tx) DropExtension(lesson, who string) error {
	return tx.must(ErrNone, `delete from extensions where lesson = $1 and who = $2`, lesson, who)
}

// HandedCounts is how many people have handed in, by the lessons of a class.
func (tx *Tx) HandedCounts(class string) (map[string]int, error) {
	type row struct {
		lesson string
		people int
	}
	rows, err := all(tx, func(r *row) []any { return []any{&r.lesson, &r.people} },
		`select lesson, count(distinct person) from handins where class = $1 group by lesson limit $2`, class, MaxLessons)
	counts := map[string]int{}
	for _, r := range rows {
		counts[r.lesson] = r.people
	}
	return counts, err
}
