package classroom

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"wireloom/internal/classroom/route"
)

const (
	yes     = http.StatusNoContent
	signIn  = http.StatusUnauthorized
	no      = http.StatusForbidden
	nothing = http.StatusNotFound
)

// matrix is what everybody is answered by what a route needs, where the path leads into the class
// "c", to what is "own"'s where it is somebody's.
var matrix = map[route.Needs]map[string]int{
	route.Anybody: {
		"": yes, "own": yes, "other": yes, "both": yes, "dropped": yes, "assistant": yes, "teacher": yes, "foreign": yes, "stranger": yes, "operator": yes,
		"teacher, for another class only": yes, "operator, for one class only": yes,
	},
	route.SignedIn: {
		"": signIn, "own": yes, "other": yes, "both": yes, "dropped": yes, "assistant": yes, "teacher": yes, "foreign": yes, "stranger": yes, "operator": yes,
		"teacher, for another class only": yes, "operator, for one class only": yes,
	},
	route.MemberOf: {
		"": signIn, "own": yes, "other": yes, "both": yes, "dropped": no, "assistant": yes, "teacher": yes, "foreign": nothing, "stranger": nothing, "operator": yes,
		"teacher, for another class only": nothing, "operator, for one class only": nothing,
	},
	route.OwnerOrStaff: {
		"": signIn, "own": yes, "other": nothing, "both": nothing, "dropped": nothing, "assistant": yes, "teacher": yes, "foreign": nothing, "stranger": nothing, "operator": yes,
		"teacher, for another class only": nothing, "operator, for one class only": nothing,
	},
	route.Staff: {
		"": signIn, "own": no, "other": no, "both": no, "dropped": no, "assistant": yes, "teacher": yes, "foreign": nothing, "stranger": nothing, "operator": yes,
		"teacher, for another class only": nothing, "operator, for one class only": nothing,
	},
	route.TeacherOf: {
		"": signIn, "own": no, "other": no, "both": no, "dropped": no, "assistant": no, "teacher": yes, "foreign": nothing, "stranger": nothing, "operator": yes,
		"teacher, for another class only": nothing, "operator, for one class only": nothing,
	},
	route.OperatorOnly: {
		"": signIn, "own": no, "other": no, "both": no, "dropped": no, "assistant": no, "teacher": no, "foreign": no, "stranger": no, "operator": yes,
		"teacher, for another class only": no, "operator, for one class only": no,
	},
}

// stubbed is the table with routes that do nothing: what is asked is who may.
func (w *world) stubbed() (*route.Table, http.Handler) {
	w.Helper()
	routes := w.room.Routes()
	for i := range routes {
		routes[i].Do = func(*route.Request) (any, error) { return nil, nil }
	}
	table, err := route.New(w.room.tableConfig(), routes)
	if err != nil {
		w.Fatal(err)
	}
	return table, serve(w.T, table)
}

// about is the query by which a route is asked about "own", where its path leads to nobody.
func about(r route.Route) string {
	if r.Needs == route.OwnerOrStaff {
		return "?person=own"
	}
	return ""
}

func TestEveryRouteByEverybody(t *testing.T) {
	w := newWorld(t)
	table, handler := w.stubbed()
	for _, r := range table.Routes() {
		for _, name := range route.Params(r.Path) {
			if find, known := w.room.tableConfig().Finders[name]; w.ids[name] == "" && (!known || find != nil) {
				t.Errorf("%s %s: makers make no example of {%s}", r.Method, r.Path, name)
			}
		}
		for as, want := range matrix[r.Needs] {
			rec := w.ask(handler, as, r.Method, w.path(r.Path, w.ids)+about(r), "")
			if rec.Code != want {
				t.Errorf("%s %s, which needs %v, by %q: got %d %s, want %d", r.Method, r.Path, r.Needs, as, rec.Code, rec.Body, want)
			}
			if rec.Code >= 400 && !strings.HasPrefix(rec.Body.String(), `{"error":"`) {
				t.Errorf("%s %s by %q: got %s, want a sentence", r.Method, r.Path, as, rec.Body)
			}
		}
	}
}

// The class in a path is the other one, but what follows is of this one: nothing is there, for the
// teacher of either, and for the operator.
func TestIdsOfAnotherClass(t *testing.T) {
	w := newWorld(t)
	table, handler := w.stubbed()
	for _, r := range table.Routes() {
		if r.Needs < route.MemberOf || r.Needs == route.OperatorOnly {
			continue
		}
		for name, id := range w.ids {
			if !strings.Contains(r.Path, "{"+name+"}") {
				continue
			}
			ids := maps.Clone(w.ids)
			ids[name] = map[string]string{"class": "d", "lesson": "ld", "person": "foreign"}[name]
			if ids[name] == "" {
				ids[name] = "nothing-like-" + id
			}
			for _, as := range []string{"teacher", "assistant", "own"} {
				if rec := w.ask(handler, as, r.Method, w.path(r.Path, ids), ""); rec.Code != nothing && rec.Code != no {
					t.Errorf("%s %s by %q with another's {%s}: got %d %s", r.Method, r.Path, as, name, rec.Code, rec.Body)
				}
			}
			if len(route.Params(r.Path)) > 1 && name == "person" {
				if rec := w.ask(handler, "operator", r.Method, w.path(r.Path, ids), ""); rec.Code != nothing {
					t.Errorf("%s %s by the operator with another's {%s}: got %d %s", r.Method, r.Path, name, rec.Code, rec.Body)
				}
			}
		}
	}
}

// What is not published is there for staff only.
func TestALessonThatIsNotPublished(t *testing.T) {
	w := newWorld(t)
	table, handler := w.stubbed()
	ids := maps.Clone(w.ids)
	ids["lesson"] = "hidden"
	for _, r := range table.Routes() {
		if !strings.Contains(r.Path, "{lesson}") || r.Needs == route.OperatorOnly {
			continue
		}
		for _, as := range []string{"own", "other", "both", "foreign"} {
			if rec := w.ask(handler, as, r.Method, w.path(r.Path, ids)+about(r), ""); rec.Code != nothing {
				t.Errorf("%s %s by %q: got %d %s", r.Method, r.Path, as, rec.Code, rec.Body)
			}
		}
		if rec := w.ask(handler, "teacher", r.Method, w.path(r.Path, ids)+about(r), ""); rec.Code != yes {
			t.Errorf("%s %s by the teacher: got %d %s", r.Method, r.Path, rec.Code, rec.Body)
		}
	}
}

// Nothing changes in an archived class, unless its route says so; who only reads may.
func TestAnArchivedClass(t *testing.T) {
	w := newWorld(t)
	table, handler := w.stubbed()
	ids := map[string]string{"class": "old", "person": "own"}
	for _, r := range table.Routes() {
		if !strings.Contains(r.Path, "{class}") || r.Needs == route.OperatorOnly {
			continue
		}
		want := yes
		if r.Method != http.MethodGet && !r.Archived {
			want = http.StatusConflict
		}
		if rec := w.ask(handler, "teacher", r.Method, w.path(r.Path, ids)+about(r), ""); rec.Code != want {
			t.Errorf("%s %s: got %d %s, want %d", r.Method, r.Path, rec.Code, rec.Body, want)
		}
	}
}

// Who was dropped reads what they did, and nothing else.
func TestADroppedStudent(t *testing.T) {
	w := newWorld(t)
	table, handler := w.stubbed()
	for _, r := range table.Routes() {
		if r.Needs != route.OwnerOrStaff || strings.Join(route.Params(r.Path), "") != "lesson" {
			continue
		}
		want := yes
		if r.Method != http.MethodGet {
			want = no
		}
		if rec := w.ask(handler, "dropped", r.Method, w.path(r.Path, w.ids), ""); rec.Code != want {
			t.Errorf("%s %s about themselves: got %d %s, want %d", r.Method, r.Path, rec.Code, rec.Body, want)
		}
	}
}

// A room that the world has not has routes that nobody walks.
func TestTheWorldHasEveryRoom(t *testing.T) {
	conf := reflect.ValueOf(newWorld(t).room.conf)
	without := []string{"Logins", "Refusals", "Install"} // which bring no routes
	for i := range conf.NumField() {
		switch name := conf.Type().Field(i).Name; conf.Field(i).Kind() {
		case reflect.Pointer, reflect.Interface, reflect.Func:
			if conf.Field(i).IsNil() && !slices.Contains(without, name) {
				t.Errorf("makers set no Config.%s: its routes are walked by no test", name)
			}
		default:
		}
	}
}
