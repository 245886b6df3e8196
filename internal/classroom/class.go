package classroom

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"wireloom/internal/class"
	"wireloom/internal/class/roster"
	"wireloom/internal/classroom/route"
	"wireloom/internal/identity"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
)

func (c *Classroom) classRoutes() []route.Route {
	return []route.Route{
		{Method: http.MethodGet, Path: "/api/classes", Needs: route.SignedIn, Do: c.classes},
		{Method: http.MethodPost, Path: "/api/classes", Needs: route.SignedIn, Do: c.makeClass},
		{Method: http.MethodGet, Path: "/api/classes/{class}", Needs: route.MemberOf, Do: c.class},
		{Method: http.MethodPatch, Path: "/api/classes/{class}", Needs: route.TeacherOf, Archived: true, Do: c.changeClass},
		{Method: http.MethodPost, Path: "/api/classes/{class}/copy", Needs: route.TeacherOf, Archived: true, Do: c.copyClass},
		{Method: http.MethodPost, Path: "/api/classes/{class}/code", Needs: route.TeacherOf, Do: c.newCode},
		{Method: http.MethodGet, Path: "/api/classes/{class}/roster", Needs: route.Staff, Do: c.roster},
		{Method: http.MethodPost, Path: "/api/classes/{class}/roster/preview", Needs: route.TeacherOf, Max: roster.MaxFile + 1, Do: c.lookAtRoster},
		{Method: http.MethodPost, Path: "/api/classes/{class}/roster/apply", Needs: route.TeacherOf, Do: c.applyRoster},
		{Method: http.MethodPost, Path: "/api/classes/{class}/members", Needs: route.TeacherOf, Do: c.addMember},
		{Method: http.MethodPatch, Path: "/api/classes/{class}/members/{person}", Needs: route.TeacherOf, Do: c.changeMember},
		{Method: http.MethodPost, Path: "/api/classes/{class}/members/{person}/code", Needs: route.TeacherOf, Do: c.memberCode},
	}
}

// told makes a mistake of the asker's a problem for them.
func told(err error) error {
	if m := class.Mistake(""); errors.As(err, &m) {
		return route.Bad("%s", m)
	}
	return err
}

// millis is a time as the page has it.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// moment is a time of the page's; nil stays nil.
func moment(ms *int64) *time.Time {
	if ms == nil {
		return nil
	}
	t := time.Time{}
	if *ms != 0 {
		t = time.UnixMilli(*ms).UTC()
	}
	return &t
}

// wireClass is a class as somebody of a role may see it.
func wireClass(tx *store.Tx, row store.ClassRow, role identity.Role) (wire.Class, error) {
	out := wire.Class{
		ID: row.ID, Name: row.Name, Term: row.Term, Zone: row.Zone, Role: wire.Role(role.String()), Open: row.Open, Archived: row.Archived,
		Retention: millis(row.Retention), Created: millis(row.Created), Version: row.Version,
	}
	if role < identity.Staff {
		return out, nil
	}
	out.Code = identity.ShowCode(row.Code)
	courses, err := tx.CoursesOf(row.ID, 1)
	if err != nil {
		return out, err
	}
	out.Linked = len(courses) > 0
	out.Students, _, err = tx.CountMembers(row.ID, identity.Student.String())
	return out, err
}

func (c *Classroom) classes(q *route.Request) (any, error) {
	var out wire.Classes
	return &out, q.Read(func(tx *store.Tx) error {
		out.Classes = nil
		var rows []store.ClassRow
		var err error
		if q.Who.Operator {
			rows, err = tx.Classes()
		} else {
			for _, person := range q.Who.People() {
				of, err := tx.ClassesOf(person)
				if err != nil {
					return err
				}
				rows = append(rows, of...)
			}
		}
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, row := range rows {
			place, err := identity.PlaceIn(tx, q.Who, row.ID)
			if err != nil {
				return err
			}
			if !place.Active || seen[row.ID] { // who was dropped comes by an address that they know to what they did
				continue
			}
			seen[row.ID] = true
			one, err := wireClass(tx, row, place.Role)
			if err != nil {
				return err
			}
			out.Classes = append(out.Classes, one)
		}
		return nil
	})
}

func (c *Classroom) makeClass(q *route.Request) (any, error) {
	var ask wire.ClassAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	if !q.Who.Operator && !q.Who.Creates {
		return nil, route.Forbidden("you may not make classes: who runs this server can let you")
	}
	out, err := writeClass(q, "class make", identity.Teacher, func(tx *store.Tx) (store.ClassRow, error) {
		row, err := class.Make(tx, class.New{Name: ask.Name, Term: ask.Term, Zone: ask.Zone, Teacher: q.Who.Person})
		q.Class = row.ID
		return row, err
	})
	return route.Status(http.StatusCreated, out), err
}

func (c *Classroom) class(q *route.Request) (any, error) {
	var out wire.Class
	return &out, q.Read(func(tx *store.Tx) error {
		row, err := tx.Class(q.Class)
		if err != nil {
			return err
		}
		out, err = wireClass(tx, row, q.Role)
		return err
	})
}

func (c *Classroom) changeClass(q *route.Request) (any, error) {
	var ask wire.ClassChange
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	return writeClass(q, "class change", q.Role, func(tx *store.Tx) (store.ClassRow, error) {
		return class.Change{
			Name: ask.Name, Term: ask.Term, Zone: ask.Zone, Open: ask.Open, Archived: ask.Archived, Retention: moment(ask.Retention), Version: ask.Version,
		}.Apply(tx, q.Class)
	})
}

func (c *Classroom) copyClass(q *route.Request) (any, error) {
	var ask wire.CopyAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	out, err := writeClass(q, "class copy", identity.Teacher, func(tx *store.Tx) (store.ClassRow, error) {
		row, _, err := class.Copy(tx, q.Class, class.New{Name: ask.Name, Term: ask.Term, Teacher: q.Member}, ask.Weeks)
		return row, err
	})
	return route.Status(http.StatusCreated, out), err
}

// writeClass makes or changes a class, notes that in the audit, and returns it as somebody
// in that role sees it.
func writeClass(q *route.Request, what string, role identity.Role, f func(tx *store.Tx) (store.ClassRow, error)) (wire.Class, error) {
	var out wire.Class
	err := q.Write(func(tx *store.Tx) error {
		row, err := f(tx)
		if err != nil {
			return err
		}
		if err := q.Audit(tx, what, row.ID, row.Name); err != nil {
			return err
		}
		out, err = wireClass(tx, row, role)
		return err
	})
	return out, told(err)
}

func (c *Classroom) newCode(q *route.Request) (any, error) {
	var ask wire.CodeAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	var out wire.Class
	err := q.Write(func(tx *store.Tx) error {
		row, err := class.NewCode(tx, q.Class, ask.Version)
		if err != nil {
			return err
		}
		if err := q.Audit(tx, "class code", row.ID, ""); err != nil {
			return err
		}
		out, err = wireClass(tx, row, q.Role)
		return err
	})
	return &out, told(err)
}

func wireMember(m store.MemberRow, seen time.Time) wire.Member {
	return wire.Member{
		Person: m.Person, Name: m.Name, Role: wire.Role(m.Role), Section: m.Section, SIS: m.SIS, Login: m.Login, Email: m.Email,
		Active: m.Active, Joined: millis(m.Joined), Changed: millis(m.Changed), Seen: millis(seen),
	}
}

// people are those of a class.
func people(tx *store.Tx, class string) (wire.Roster, error) {
	out := wire.Roster{}
	rows, err := tx.Members(class)
	if err != nil {
		return out, err
	}
	seen, err := tx.LastSeen(class)
	if err != nil {
		return out, err
	}
	for _, m := range rows {
		out.People = append(out.People, wireMember(m, seen[m.Person]))
	}
	return out, nil
}

func (c *Classroom) roster(q *route.Request) (any, error) {
	var out wire.Roster
	return &out, q.Read(func(tx *store.Tx) (err error) {
		out, err = people(tx, q.Class)
		return err
	})
}

func (c *Classroom) lookAtRoster(q *route.Request) (any, error) {
	file, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, err
	}
	read, err := roster.Parse(file)
	if err != nil {
		return nil, route.Bad("%v", err)
	}
	var p class.Preview
	err = q.Write(func(tx *store.Tx) (err error) {
		p, err = class.Look(tx, q.Class, q.Who.Person, read)
		return err
	})
	if err != nil {
		return nil, told(err)
	}
	return wireDiff(p), nil
}

// wireDiff is what a file would change, as the page shows it.
func wireDiff(p class.Preview) wire.RosterDiff {
	one := func(m roster.Member) wire.Member {
		return wire.Member{Person: m.Person, Name: m.Name, Role: wire.Role(m.Role), Section: m.Section, SIS: m.SIS, Login: m.Login, Email: m.Email, Active: m.Active}
	}
	out := wire.RosterDiff{Preview: p.ID, Read: p.Read, Same: p.Plan.Same}
	for _, put := range p.Plan.Put {
		switch {
		case put.Person == "":
			out.Added = append(out.Added, one(put.Member))
		case put.Back:
			out.Back = append(out.Back, one(put.Member))
		}
		for _, ch := range put.Changes {
			out.Changed = append(out.Changed, wire.RosterChange{Person: put.Person, Name: put.Name, What: ch.What, From: ch.From, To: ch.To})
		}
	}
	for _, m := range p.Plan.Dropped {
		out.Dropped = append(out.Dropped, one(m))
	}
	for _, b := range p.Plan.Bad {
		out.Wrong = append(out.Wrong, wire.RosterLine{Line: b.Line, Why: b.Why})
	}
	return out
}

func (c *Classroom) applyRoster(q *route.Request) (any, error) {
	var ask wire.ApplyAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	var out wire.Roster
	err := q.Write(func(tx *store.Tx) error {
		words, err := class.Apply(tx, q.Class, ask.Preview, ask.Drop)
		if err != nil {
			return err
		}
		if err := c.settleClass(tx, q.Class); err != nil { // sections have dates of their own
			return err
		}
		if err := q.Audit(tx, "roster apply", q.Class, words); err != nil {
			return err
		}
		out, err = people(tx, q.Class)
		return err
	})
	return &out, told(err)
}

// roleOf reads a role of the page's.
func roleOf(r wire.Role) (identity.Role, error) {
	role := identity.ParseRole(string(r))
	if r != "" && role == identity.None {
		return role, route.Bad("a role is student, assistant or teacher, and not %.20q", r)
	}
	return role, nil
}

func (c *Classroom) addMember(q *route.Request) (any, error) {
	var ask wire.MemberAsk
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	role, err := roleOf(ask.Role)
	if err != nil {
		return nil, err
	}
	var out wire.Member
	err = q.Write(func(tx *store.Tx) error {
		m, err := class.AddMember(tx, q.Class, class.Listed{Name: ask.Name, Email: ask.Email, Section: ask.Section, Role: max(role, identity.Student)})
		if err != nil {
			return err
		}
		if err := tx.DropArrivalOf(q.Class, identity.Fold(m.Name)); err != nil {
			return err
		}
		out = wireMember(m, time.Time{})
		return q.Audit(tx, "member add", m.Person, m.Role)
	})
	return route.Status(http.StatusCreated, out), told(err)
}

func (c *Classroom) changeMember(q *route.Request) (any, error) {
	var ask wire.MemberChange
	if err := q.JSON(&ask); err != nil {
		return nil, err
	}
	role, err := roleOf(ask.Role)
	if err != nil {
		return nil, err
	}
	var out wire.Member
	err = q.Write(func(tx *store.Tx) error {
		m, err := class.MemberChange{Name: ask.Name, Email: ask.Email, Section: ask.Section, Role: role, Active: ask.Active}.Apply(tx, q.Class, q.Owner)
		if err != nil {
			return err
		}
		if err := c.settleClass(tx, q.Class); err != nil {
			return err
		}
		out = wireMember(m, time.Time{})
		return q.Audit(tx, "member change", m.Person, fmt.Sprintf("%s, %s", m.Role, map[bool]string{true: "active", false: "dropped"}[m.Active]))
	})
	return &out, told(err)
}

// codeLife is how long a teacher's code for a member is good (package identity).
const codeLife = 12 * time.Hour

func (c *Classroom) memberCode(q *route.Request) (any, error) {
	var out wire.OneTimeCode
	err := q.Write(func(tx *store.Tx) (err error) {
		m, err := tx.Member(q.Class, q.Owner)
		if err != nil {
			return err
		}
		if !m.Active {
			return route.Conflict("%s is not in the class any more: take them back in first", cmp.Or(m.Name, "this person"))
		}
		out.Expires = tx.Now().Add(codeLife).UnixMilli()
		class := q.Class
		if q.Who.Operator && identity.ParseRole(m.Role) >= identity.Staff {
			class = "" // all that they may: a teacher's code lets nobody into another class
		}
		if out.Code, err = identity.OneTimeCode(tx, q.Owner, class); err != nil {
			return err
		}
		return q.Audit(tx, "member code", q.Owner, "")
	})
	return &out, err
}
