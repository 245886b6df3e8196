package roster

import (
	"cmp"
	"fmt"
	"strings"
)

// A Member is who is in the class already, as the class has them.
type Member struct {
	Person string
	Active bool // false for who was dropped
	Row         // Line is 0
}

// A Change is what a file says otherwise.
type Change struct{ What, From, To string }

// A Put is a member as they are to be.
type Put struct {
	Member  // Person is "" for somebody new
	Back    bool
	Changes []Change
}

// A Plan is what a file would change.
type Plan struct {
	Put     []Put    // in the file's order; who stays as they are is not there
	Dropped []Member // students whom the file doesn't have
	Same    int
	Bad     []Bad // lines that are left out since they are not clear
}

// Diff compares a file with a class. fold is a name as it is compared.
//
// A line is somebody who is there by the school's id, else by the login, Canvas's id or the
// e-mail address, else by the name where only one has it. Who has another id of a stronger
// kind is somebody else: addresses and names are given to new people.
func Diff(f *File, members []Member, fold func(string) string) *Plan {
	p := &Plan{}
	find := newIndex(members, fold)
	taken := map[int]int{}       // member to the line that is them
	lines := newIndex(nil, fold) // those of the file so far
	for _, row := range f.Rows {
		if what := lines.crowd(row); what != "" {
			p.bad(row.Line, "%d lines before it have the same %s: is that the right column?", maxAlike, what)
			continue
		}
		if twin, why := lines.match(row); twin >= 0 {
			p.bad(row.Line, "it is the same person as line %d (%s): this line is left out", lines.members[twin].Line, why)
			continue
		}
		if other := lines.sameName(row); other > 0 {
			p.bad(row.Line, "it has the same name as line %d, and nothing tells them apart: add a column such as Email or SIS User ID", other)
			continue
		}
		lines.add(Member{Row: row})
		i, _ := find.match(row)
		if i < 0 {
			row.Role = cmp.Or(row.Role, "student")
			p.Put = append(p.Put, Put{Member: Member{Active: true, Row: row}})
			continue
		}
		if line, twice := taken[i]; twice {
			p.bad(row.Line, "%s is line %d already: this line is left out", members[i].Name, line)
			continue
		}
		taken[i] = row.Line
		if put := merge(members[i], row); put.Back || len(put.Changes) > 0 {
			p.Put = append(p.Put, put)
		} else {
			p.Same++
		}
	}
	for i, m := range members {
		if _, there := taken[i]; !there && m.Active && m.Role == "student" {
			p.Dropped = append(p.Dropped, m)
		}
	}
	return p
}

func (p *Plan) bad(line int, format string, args ...any) {
	p.Bad = append(p.Bad, Bad{line, fmt.Sprintf(format, args...)})
}

// merge is a member with what a line says. What it doesn't say stays.
func merge(m Member, row Row) Put {
	put := Put{Member: m, Back: !m.Active}
	put.Active = true
	set := func(what string, field *string, to string) {
		if to != "" && to != *field {
			put.Changes = append(put.Changes, Change{what, *field, to})
			*field = to
		}
	}
	set("name", &put.Name, row.Name)
	set("section", &put.Section, row.Section)
	set("email", &put.Email, row.Email)
	set("sis", &put.SIS, row.SIS)
	set("login", &put.Login, row.Login)
	set("canvas", &put.Canvas, row.Canvas)
	set("role", &put.Role, row.Role)
	return put
}

// keys are what tells people apart, the strongest first.
func keys(r *Row) [4]string {
	return [4]string{r.SIS, strings.ToLower(r.Login), r.Canvas, strings.ToLower(r.Email)}
}

var keyNames = [4]string{"SIS User ID", "login", "Canvas's ID", "e-mail address"}

// An index finds people by what tells them apart.
type index struct {
	fold    func(string) string
	members []Member
	by      [4]map[string][]int
	names   map[string][]int
}

func newIndex(members []Member, fold func(string) string) *index {
	x := &index{fold: fold, names: map[string][]int{}}
	for k := range x.by {
		x.by[k] = map[string][]int{}
	}
	for _, m := range members {
		x.add(m)
	}
	return x
}

func (x *index) add(m Member) {
	i := len(x.members)
	x.members = append(x.members, m)
	for k, v := range keys(&m.Row) {
		if v != "" {
			x.by[k][v] = append(x.by[k][v], i)
		}
	}
	name := x.fold(m.Name)
	x.names[name] = append(x.names[name], i)
}

// maxAlike is how many lines may have one name, or one of what tells people apart: each is compared
// with the others.
const maxAlike = 50

// crowd is what of a line more of the index have than may; "" for nothing.
func (x *index) crowd(row Row) string {
	for k, v := range keys(&row) {
		if v != "" && len(x.by[k][v]) >= maxAlike {
			return keyNames[k]
		}
	}
	if len(x.names[x.fold(row.Name)]) >= maxAlike {
		return "name"
	}
	return ""
}

// match is who a line is, and by what; -1 for nobody who is known.
func (x *index) match(row Row) (int, string) {
	mine := keys(&row)
	for k, v := range mine {
		if v == "" {
			continue
		}
		// Who is active first: a dropped person's address may be somebody else's now.
		found := -1
		for _, i := range x.by[k][v] {
			if theirs := keys(&x.members[i].Row); !differ(mine, theirs, k) && (found < 0 || x.members[i].Active && !x.members[found].Active) {
				found = i
			}
		}
		if found >= 0 {
			return found, "the same " + keyNames[k]
		}
	}
	named := x.names[x.fold(row.Name)]
	if len(named) == 1 && !differ(mine, keys(&x.members[named[0]].Row), len(mine)) && (mine != [4]string{} || x.members[named[0]].Person != "") {
		return named[0], "the same name"
	}
	return -1, ""
}

// differ reports whether one of the first n keys is there twice and not the same.
func differ(a, b [4]string, n int) bool {
	for k := range n {
		if a[k] != "" && b[k] != "" && a[k] != b[k] {
			return true
		}
	}
	return false
}

// sameName is the line of somebody else of the same name, where nothing tells the two apart; 0 for none.
func (x *index) sameName(row Row) int {
	for _, i := range x.names[x.fold(row.Name)] {
		m := &x.members[i]
		if theirs := keys(&m.Row); !differ(keys(&row), theirs, len(theirs)) {
			return m.Line
		}
	}
	return 0
}
