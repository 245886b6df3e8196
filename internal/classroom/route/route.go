// Package route answers the classroom's HTTP by one table. A route says who may ask, and
// its function is only called for them: no handler looks at a cookie, and none of them can
// forget to look whose class it is.
package route

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"wireloom/internal/identity"
	"wireloom/internal/store"
)

// Needs is what somebody must be for a route.
type Needs int

// What a route may need. The zero value is none: a route that forgot is not taken.
const (
	unsaid       Needs = iota
	Anybody            // visitors too
	SignedIn           // anybody with a session
	MemberOf           // of the class that the path's ids lead to
	OwnerOrStaff       // who owns what the path's ids lead to, or staff of its class
	Staff              // assistants and teachers of the class
	TeacherOf          // of the class
	OperatorOnly
)

var needNames = [...]string{"unsaid", "Anybody", "SignedIn", "MemberOf", "OwnerOrStaff", "Staff", "TeacherOf", "OperatorOnly"}

// String is the need's name in the source.
func (n Needs) String() string { return needNames[n] }

// ofClass reports whether a need is about a class.
func (n Needs) ofClass() bool { return n >= MemberOf && n <= TeacherOf }

// A Route is one thing that may be asked of the server.
type Route struct {
	Method, Path string // as net/http's patterns have them, below the base path
	Needs        Needs
	Max          int64         // bytes of the request's body; DefaultMax if 0
	Takes        time.Duration // for the request and its answer; DefaultTakes if 0
	Foreign      bool          // a page of another site may send it, as platforms do
	Page         bool          // a browser goes there: why not is said in a page
	Archived     bool          // it is done in an archived class too
	// Do answers: nil is 204, an Answer answers itself, anything else is JSON. What it
	// returns as an error is answered as Table.fail says.
	Do func(*Request) (any, error)
}

// Limits of routes that set none.
const (
	DefaultMax   = 64 << 10 // bytes
	DefaultTakes = 30 * time.Second
)

// A Place is what an id leads to.
type Place struct {
	Class  string // "" for what belongs to no class
	Lesson string // "" for what belongs to no lesson
	Owner  string // the person whose it is; "" for what is the class's
}

// Finders find what the ids in paths lead to, by the name that they have there:
// store.ErrNone if there is no such thing. A name whose finder is nil is no id of a thing
// in a class: its handler makes of it what it likes. A name that is not here is refused at
// the start. {class}, {lesson} and {person} are known.
type Finders map[string]func(tx *store.Tx, id string) (Place, error)

var params = regexp.MustCompile(`\{([a-z]+)(?:\.\.\.)?\}`)

// Params are the names of a path's parameters, in order.
func Params(path string) []string {
	var names []string
	for _, m := range params.FindAllStringSubmatch(path, -1) {
		names = append(names, m[1])
	}
	return names
}

// check says what is wrong with a route.
func (r *Route) check(f Finders) error {
	leads := false
	for _, name := range Params(r.Path) {
		find, known := f[name]
		switch {
		case name == "class", name == "lesson":
			leads = true
		case name == "person":
		case !known:
			return fmt.Errorf("route %s %s: nobody finds {%s}", r.Method, r.Path, name)
		case find != nil:
			leads = true
		}
	}
	switch {
	case r.Needs == unsaid:
		return fmt.Errorf("route %s %s says not who may", r.Method, r.Path)
	case r.Needs.ofClass() && !leads:
		return fmt.Errorf("route %s %s needs %v, and no id in its path leads to a class", r.Method, r.Path, r.Needs)
	case r.Do == nil:
		return fmt.Errorf("route %s %s does nothing", r.Method, r.Path)
	case strings.ContainsAny(r.Method, " /") || !strings.HasPrefix(r.Path, "/"):
		return fmt.Errorf("route %q %q", r.Method, r.Path)
	}
	return nil
}

// find fills in what the ids of the request's path lead to. All of them must be of one
// class, and of one lesson.
func (t *Table) find(tx *store.Tx, q *Request, names []string) error {
	for _, name := range names {
		id := q.PathValue(name)
		p := Place{}
		switch name {
		case "class":
			p.Class = id
		case "person":
			continue // when the class is known
		case "lesson":
			l, err := tx.Lesson(id)
			if err != nil {
				return err
			}
			p = Place{Class: l.Class, Lesson: l.ID}
		default:
			find := t.conf.Finders[name]
			if find == nil {
				continue
			}
			var err error
			if p, err = find(tx, id); err != nil {
				return err
			}
		}
		for _, x := range []struct {
			at  *string
			new string
		}{{&q.Class, p.Class}, {&q.Lesson, p.Lesson}, {&q.Owner, p.Owner}} {
			if *x.at != "" && x.new != "" && *x.at != x.new {
				return store.ErrNone
			}
			if x.new != "" {
				*x.at = x.new
			}
		}
	}
	return nil
}

// admit decides whether who asks may, and finds what they ask about. It is the only place
// where that is decided.
func (t *Table) admit(tx *store.Tx, q *Request, r *Route, names []string) error {
	who := q.Who
	switch {
	case r.Needs == Anybody:
	case who.Person == "":
		return &Problem{Status: http.StatusUnauthorized, Sentence: "you are not signed in, or it was too long ago: sign in, and try again"}
	case r.Needs == OperatorOnly && !who.Operator:
		return Forbidden("only who runs this server may do that")
	}
	if err := t.find(tx, q, names); err != nil {
		return err
	}
	if q.Class == "" {
		if r.Needs == OwnerOrStaff && !who.Operator && !who.Is(q.Owner) || r.Needs.ofClass() && r.Needs != OwnerOrStaff && !who.Operator {
			return store.ErrNone
		}
		return nil
	}
	class, err := tx.Class(q.Class)
	if err != nil {
		return err
	}
	place, err := identity.PlaceIn(tx, who, class.ID)
	if err != nil {
		return err
	}
	q.Role, q.Member = place.Role, place.Person
	if !r.Needs.ofClass() {
		return nil
	}
	if place.Role == identity.None {
		return store.ErrNone
	}
	if q.Lesson != "" && place.Role == identity.Student {
		l, err := tx.Lesson(q.Lesson)
		if err != nil {
			return err
		}
		if !l.Published {
			return store.ErrNone
		}
	}
	if person := t.person(q, r, names); person != "" {
		if _, err := tx.Member(class.ID, person); err != nil {
			return err
		}
		if q.Owner != "" && q.Owner != person {
			return store.ErrNone
		}
		q.Owner = person
	}
	return allowed(q, r, place, class.Archived)
}

// person is the member whom a request is about, if it says so: in the path, or, where what
// is asked for is somebody's, by ?person=. Who names nobody asks for their own.
func (t *Table) person(q *Request, r *Route, names []string) string {
	switch {
	case slices.Contains(names, "person"):
		return q.PathValue("person")
	case r.Needs == OwnerOrStaff && q.Owner == "":
		if named := q.URL.Query().Get("person"); named != "" {
			return named
		}
		if q.Role >= identity.Staff {
			return "" // of everybody
		}
		return q.Member
	}
	return ""
}

// allowed decides by role what is left: all of the path's ids are of the class, in which
// who asks has a place.
func allowed(q *Request, r *Route, place identity.Place, archived bool) error {
	own := q.Owner != "" && q.Who.Is(q.Owner)
	staff := place.Active && place.Role >= identity.Staff
	if r.Needs == OwnerOrStaff && !own && !staff {
		return store.ErrNone // another student's: there is no such thing for them
	}
	if !place.Active && !(r.Needs == OwnerOrStaff && q.reads()) {
		return Forbidden("you are not in this class any more: what you handed in is kept, and your teacher can take you back in")
	}
	if r.Needs == Staff && place.Role < identity.Staff {
		return Forbidden("only teachers and assistants of the class may do that")
	}
	if r.Needs == TeacherOf && place.Role < identity.Teacher {
		return Forbidden("only a teacher of the class may do that")
	}
	if archived && !r.Archived && !q.reads() {
		return Conflict("this class is archived: nothing in it changes any more, unless a teacher takes it out of the archive")
	}
	return nil
}
