package class

import (
	"encoding/json"
	"errors"
	"fmt"

	"wireloom/internal/class/roster"
	"wireloom/internal/identity"
	"wireloom/internal/store"
)

// Listed is somebody whom another system has in a class. What it doesn't say is "".
type Listed struct {
	Person      string // by id
	Name, Email string
	SIS, Login  string
	Section     string
	Role        identity.Role // None is that of a student
}

// Put puts somebody into a class, or says more of who is in it: what a list doesn't say stays, a
// role is never lowered, and who was dropped is back. It reports whether something is different.
func Put(tx *store.Tx, class string, p Listed) (m store.MemberRow, changed bool, err error) {
	m, err = tx.Member(class, p.Person)
	fresh := errors.Is(err, store.ErrNone)
	if err != nil && !fresh {
		return m, false, err
	}
	was := m
	m.Class, m.Person, m.Active = class, p.Person, true
	for _, f := range []struct {
		at *string
		to string
	}{{&m.Name, p.Name}, {&m.Email, p.Email}, {&m.SIS, p.SIS}, {&m.Login, p.Login}, {&m.Section, p.Section}} {
		if f.to != "" {
			*f.at = f.to
		}
	}
	m.Role = max(identity.ParseRole(m.Role), p.Role, identity.Student).String()
	if m == was {
		return m, false, nil
	}
	if fresh {
		if err := room(tx, class, 1); err != nil {
			return m, false, err
		}
	}
	return m, true, tx.PutMember(m)
}

// room says that a class is full, if n more people are too many.
func room(tx *store.Tx, class string, n int) error {
	_, total, err := tx.CountMembers(class, identity.Student.String())
	if err != nil {
		return err
	}
	if total+n > store.MaxMembers {
		return mistake("a class has at most %d people, those that were dropped included: this one would have %d", store.MaxMembers, total+n)
	}
	return nil
}

// Sync puts everybody of a list into a class. Who is an active student there, is not in the list
// and is mine, of the system that the list is of, was dropped: they become inactive and keep their work. A
// list of nobody is a mistake of that system's, and changes nothing.
func Sync(tx *store.Tx, class string, list []Listed, mine func(person string) (bool, error)) (changed int, err error) {
	if len(list) == 0 {
		return 0, mistake("the list has nobody in it: nothing was changed")
	}
	there := map[string]bool{}
	for _, p := range list {
		there[p.Person] = true
		_, different, err := Put(tx, class, p)
		if err != nil {
			return changed, err
		}
		if different {
			changed++
		}
	}
	members, err := tx.Members(class)
	if err != nil {
		return changed, err
	}
	for _, m := range members {
		if !m.Active || there[m.Person] || m.Role != identity.Student.String() {
			continue
		}
		yes, err := mine(m.Person)
		if err != nil {
			return changed, err
		}
		if yes {
			m.Active = false
			if err := tx.PutMember(m); err != nil {
				return changed, err
			}
			changed++
		}
	}
	return changed, nil
}

// A Preview is what a roster's file would change, until it is applied.
type Preview struct {
	ID   string
	Read string // how the file was read, in a sentence
	Plan *roster.Plan
}

// members are a class's, as a roster is compared with them.
func members(tx *store.Tx, class string) ([]roster.Member, error) {
	rows, err := tx.Members(class)
	if err != nil {
		return nil, err
	}
	list := make([]roster.Member, len(rows))
	for i, m := range rows {
		list[i] = roster.Member{Person: m.Person, Active: m.Active, Row: roster.Row{
			Name: m.Name, Email: m.Email, SIS: m.SIS, Login: m.Login, Canvas: m.Canvas, Section: m.Section, Role: m.Role,
		}}
	}
	return list, nil
}

// Look compares a file with a class, and keeps what would be different for Apply. Nothing of the
// class changes.
func Look(tx *store.Tx, class, by string, f *roster.File) (Preview, error) {
	c, err := tx.Class(class)
	if err != nil {
		return Preview{}, err
	}
	list, err := members(tx, class)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{ID: store.NewID(), Read: f.Read, Plan: roster.Diff(f, list, identity.Fold)}
	p.Plan.Bad = append(append([]roster.Bad(nil), f.Bad...), p.Plan.Bad...)
	data, err := json.Marshal(p.Plan)
	if err != nil {
		return Preview{}, err
	}
	return p, tx.PutPreview(store.PreviewRow{ID: p.ID, Class: class, By: by, Roster: c.Roster, Data: string(data)})
}

// Apply does what a preview says, and drops whom the file doesn't have if that is wanted. If
// the class's people have changed since, it does nothing: what was looked at is not what would be
// done. It says what was done in words.
func Apply(tx *store.Tx, class, preview string, drop bool) (words string, err error) {
	row, err := tx.TakePreview(class, preview)
	if errors.Is(err, store.ErrNone) {
		return "", mistake("this look at a file is not there any more: look at the file again")
	}
	if err != nil {
		return "", err
	}
	c, err := tx.Class(class)
	if err != nil {
		return "", err
	}
	if c.Roster != row.Roster {
		return "", mistake("somebody changed the class's people since you looked at the file: look at it again")
	}
	var p roster.Plan
	if err := json.Unmarshal([]byte(row.Data), &p); err != nil {
		return "", fmt.Errorf("preview %s: %w", preview, err)
	}
	added, back := 0, 0
	for _, put := range p.Put {
		switch {
		case put.Person == "":
			added++
		case put.Back:
			back++
		}
	}
	if err := room(tx, class, added); err != nil {
		return "", err
	}
	for _, put := range p.Put {
		if err := apply(tx, class, put); err != nil {
			return "", err
		}
	}
	dropped := 0
	if drop {
		for _, d := range p.Dropped {
			m, err := tx.Member(class, d.Person)
			if err != nil {
				return "", err
			}
			m.Active = false
			if err := tx.PutMember(m); err != nil {
				return "", err
			}
			dropped++
		}
	}
	return fmt.Sprintf("%d new, %d back, %d changed, %d dropped", added, back, len(p.Put)-added-back, dropped), nil
}

func apply(tx *store.Tx, class string, put roster.Put) error {
	m := store.MemberRow{Class: class, Person: put.Person}
	if put.Person == "" {
		m.Person = store.NewID()
		if err := tx.AddPerson(store.PersonRow{ID: m.Person, Name: put.Name, Email: put.Email, Created: tx.Now()}); err != nil {
			return err
		}
	} else {
		was, err := tx.Member(class, put.Person)
		if err != nil {
			return err
		}
		m = was
	}
	m.Role, m.Active, m.Name, m.Email, m.SIS, m.Login, m.Canvas, m.Section = put.Role, true, put.Name, put.Email, put.SIS, put.Login, put.Canvas, put.Section
	return tx.PutMember(m)
}

// A MemberChange is what is to be different of a member; nil is what stays.
type MemberChange struct {
	Name, Email, Section *string
	Role                 identity.Role // None stays
	Active               *bool
}

// Apply changes a member. A class keeps a teacher.
func (ch MemberChange) Apply(tx *store.Tx, class, person string) (m store.MemberRow, err error) {
	if m, err = tx.Member(class, person); err != nil {
		return m, err
	}
	wasTeacher := m.Active && m.Role == identity.Teacher.String()
	for _, f := range []struct {
		what string
		at   *string
		to   *string
	}{{"the name", &m.Name, ch.Name}, {"the e-mail address", &m.Email, ch.Email}, {"the section", &m.Section, ch.Section}} {
		if *f.at, err = Text(f.what, or(f.to, *f.at)); err != nil {
			return m, err
		}
	}
	if m.Name == "" {
		return m, mistake("a person needs a name")
	}
	if ch.Role != identity.None {
		m.Role = ch.Role.String()
	}
	m.Active = or(ch.Active, m.Active)
	if wasTeacher && (!m.Active || m.Role != identity.Teacher.String()) {
		active, _, err := tx.CountMembers(class, identity.Teacher.String())
		if err != nil {
			return m, err
		}
		if active < 2 {
			return m, mistake("this is the class's only teacher: make somebody else a teacher first")
		}
	}
	if err := tx.PutMember(m); err != nil {
		return m, err
	}
	return tx.Member(class, person)
}

// AddMember puts somebody new into a class, whom a teacher names.
func AddMember(tx *store.Tx, class string, p Listed) (m store.MemberRow, err error) {
	if p.Name, err = Text("the name", p.Name); err != nil {
		return m, err
	}
	if p.Email, err = Text("the e-mail address", p.Email); err != nil {
		return m, err
	}
	if p.Section, err = Text("the section", p.Section); err != nil {
		return m, err
	}
	if identity.Fold(p.Name) == "" {
		return m, mistake("a person needs a name")
	}
	list, err := members(tx, class)
	if err != nil {
		return m, err
	}
	one := &roster.File{Rows: []roster.Row{{Name: p.Name, Email: p.Email, Section: p.Section, Role: p.Role.String()}}}
	plan := roster.Diff(one, list, identity.Fold)
	if len(plan.Put) != 1 || plan.Put[0].Person != "" {
		return m, mistake("%s is in the class already, or was: change them there", p.Name)
	}
	p.Person = store.NewID()
	if err := tx.AddPerson(store.PersonRow{ID: p.Person, Name: p.Name, Email: p.Email, Created: tx.Now()}); err != nil {
		return m, err
	}
	if _, _, err := Put(tx, class, p); err != nil {
		return m, err
	}
	return tx.Member(class, p.Person)
}
