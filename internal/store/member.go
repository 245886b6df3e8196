package store

import "time"

// A MemberRow is a person's place in a class. What a roster says is as the roster has it,
// byte for byte, since other programs' files are matched by it.
type MemberRow struct {
	Class   string
	Person  string
	Role    string // "student", "assistant", "teacher"
	Name    string
	Section string
	SIS     string
	Login   string
	Email   string
	Canvas  string // the id that Canvas's grade files have
	Active  bool   // false for who was dropped
	Joined  time.Time
	Changed time.Time
}

func (m *MemberRow) fields() []any {
	return []any{
		&m.Class, &m.Person, &m.Role, &m.Name, &m.Section, &m.SIS, &m.Login, &m.Email, &m.Canvas,
		flag(&m.Active), at(&m.Joined), at(&m.Changed),
	}
}

const memberColumns = `m.class, m.person, m.role, m.name, m.section, m.sis, m.login, m.email, m.canvas, m.active, m.joined, m.changed`

// Member is a person's place in a class; ErrNone if they never had one.
func (tx *Tx) Member(class, person string) (MemberRow, error) {
	return one(tx, (*MemberRow).fields, `select `+memberColumns+` from members m where m.class = $1 and m.person = $2`, class, person)
}

// Members lists a class by name, those that were dropped too.
func (tx *Tx) Members(class string) ([]MemberRow, error) {
	return all(tx, (*MemberRow).fields, `select `+memberColumns+` from members m where m.class = $1 order by m.name, m.person limit $2`, class, MaxMembers)
}

// PlacesOf lists the places of a person in all classes.
func (tx *Tx) PlacesOf(person string) ([]MemberRow, error) {
	return all(tx, (*MemberRow).fields, `select `+memberColumns+` from members m where m.person = $1 order by m.class limit $2`, person, MaxClasses)
}

// MembersByEmail lists the places that rosters give to an e-mail address, whatever its case.
func (tx *Tx) MembersByEmail(email string) ([]MemberRow, error) {
	return all(tx, (*MemberRow).fields, `select `+memberColumns+` from members m where lower(m.email) = lower($1) and $1 <> '' order by m.class, m.person limit $2`, email, MaxClasses)
}

// PutMember stores a place, new or not, as changed now, and counts that the roster moved.
func (tx *Tx) PutMember(m MemberRow) error {
	m.Changed = tx.now
	if m.Joined.IsZero() {
		m.Joined = tx.now
	}
	if err := tx.must(ErrNone, `update classes set roster = roster + 1 where id = $1`, m.Class); err != nil {
		return err
	}
	_, err := tx.exec(`insert into members (class, person, role, name, section, sis, login, email, canvas, active, joined, changed)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		on conflict (class, person) do update set role = excluded.role, name = excluded.name, section = excluded.section, sis = excluded.sis,
			login = excluded.login, email = excluded.email, canvas = excluded.canvas, active = excluded.active, changed = excluded.changed`, m.fields()...)
	return err
}

// CountMembers is how many of a role are active in a class, and how many people it has or had in all.
func (tx *Tx) CountMembers(class, role string) (active, total int, err error) {
	return active, total, tx.get([]any{&active, &total}, `select coalesce(sum(case when role = $2 and active = 1 then 1 else 0 end), 0), count(*)
		from members where class = $1`, class, role)
}

// LastSeen is when the people of a class were last here, by their ids, to the minutes that a session is noted
// by; who never was is not there.
func (tx *Tx) LastSeen(class string) (map[string]time.Time, error) {
	type row struct {
		person string
		seen   time.Time
	}
	rows, err := all(tx, func(r *row) []any { return []any{&r.person, at(&r.seen)} },
		`select person, max(seen) from (
			select m.person, p.seen from members m join people p on p.id = m.person where m.class = $1
			union all
			select m.person, s.seen from members m join sessions s on s.person = m.person where m.class = $1
		) seen where seen > 0 group by person limit $2`, class, MaxMembers)
	seen := map[string]time.Time{}
	for _, r := range rows {
		seen[r.person] = r.seen
	}
	return seen, err
}

// A PreviewRow is what a roster's file would change.
type PreviewRow struct {
	ID      string
	Class   string
	By      string
	Roster  int64 // the class's count when the file was looked at
	Data    string
	Created time.Time
}

func (p *PreviewRow) fields() []any {
	return []any{&p.ID, &p.Class, &p.By, &p.Roster, &p.Data, at(&p.Created)}
}

// PutPreview stores a preview, the only one of its class and person.
func (tx *Tx) PutPreview(p PreviewRow) error {
	if _, err := tx.exec(`delete from previews where class = $1 and by = $2`, p.Class, p.By); err != nil {
		return err
	}
	p.Created = tx.now
	_, err := tx.exec(`insert into previews (id, class, by, roster, data, created) values ($1, $2, $3, $4, $5, $6)`, p.fields()...)
	return err
}

// TakePreview returns a preview and removes it; ErrNone if there is none of this class.
func (tx *Tx) TakePreview(class, id string) (PreviewRow, error) {
	p, err := one(tx, (*PreviewRow).fields, `select id, class, by, roster, data, created from previews where class = $1 and id = $2`, class, id)
	if err != nil {
		return p, err
	}
	_, err = tx.exec(`delete from previews where id = $1`, id)
	return p, err
}
