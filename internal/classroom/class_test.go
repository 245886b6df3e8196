package classroom

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"wireloom/internal/class"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
)

func init() {
	makers = append(makers, func(w *world, c *Config) {
		c.Shelf = class.NewShelf(w.db)
		c.Benches = &desk{labs: map[string]string{}}
	})
}

// A desk stands for the keeper: it has ids, and no labs.
type desk struct {
	mu   sync.Mutex
	labs map[string]string // by lesson and person
}

func (d *desk) Current(_ *store.Tx, lesson, person string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.labs[lesson+person], nil
}

func (d *desk) Open(_ context.Context, b Bench) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.labs[b.Lesson+b.Person] = store.NewID()
	return d.labs[b.Lesson+b.Person], nil
}

// A room is a world that is asked by its routes.
type room struct {
	*world
	handler http.Handler
}

func newRoom(t *testing.T) *room {
	t.Helper()
	w := newWorld(t)
	return &room{w, serve(t, w.room.table)}
}

// try asks as somebody, with JSON or a file as the body, and wants a status.
func (r *room) try(as, method, path string, body any, want int) []byte {
	r.Helper()
	text, isFile := body.(string)
	if body != nil && !isFile {
		b, err := json.Marshal(body)
		if err != nil {
			r.Fatal(err)
		}
		text = string(b)
	}
	rec := r.ask(r.handler, as, method, path, text)
	if rec.Code != want {
		r.Fatalf("%s %s by %q: got %d %s, want %d", method, path, as, rec.Code, rec.Body, want)
	}
	return rec.Body.Bytes()
}

// says wants a refusal with some words.
func (r *room) says(as, method, path string, body any, status int, words string) {
	r.Helper()
	if got := r.try(as, method, path, body, status); !strings.Contains(string(got), words) {
		r.Errorf("%s %s by %q: got %s, want %q", method, path, as, got, words)
	}
}

// get asks, and reads the answer.
func get[T any](r *room, as, method, path string, body any) T {
	r.Helper()
	want := http.StatusOK
	if method == http.MethodPost && !strings.HasSuffix(path, "/preview") && !strings.HasSuffix(path, "/apply") && !strings.HasSuffix(path, "/code") {
		want = http.StatusCreated
	}
	var v T
	if err := json.Unmarshal(r.try(as, method, path, body, want), &v); err != nil {
		r.Fatal(err)
	}
	return v
}

func TestATeachersClass(t *testing.T) {
	r := newRoom(t)
	r.says("teacher", "POST", "/api/classes", wire.ClassAsk{Name: "Mine", Zone: "UTC"}, 403, "you may not make classes")
	made := get[wire.Class](r, "operator", "POST", "/api/classes", wire.ClassAsk{Name: "Networks", Term: "2027S", Zone: "Europe/Vienna"})
	if made.Role != wire.Teacher || len(made.Code) != 9 || !made.Open || made.Version != 1 {
		t.Errorf("made %+v", made)
	}
	r.says("operator", "POST", "/api/classes", wire.ClassAsk{Name: "Networks", Zone: "Mars/Olympus"}, 400, "there is no time zone")
	r.says("operator", "POST", "/api/classes", `{"name":"x","zone":"UTC","more":1}`, 400, "cannot be read")
	at := "/api/classes/" + made.ID
	changed := get[wire.Class](r, "operator", "PATCH", at, wire.ClassChange{Name: new("Networks 1"), Version: 1})
	if changed.Name != "Networks 1" || changed.Term != "2027S" || changed.Version != 2 {
		t.Errorf("changed %+v", changed)
	}
	r.says("operator", "PATCH", at, wire.ClassChange{Name: new("Networks 2"), Version: 1}, 409, "somebody else changed it")
	if coded := get[wire.Class](r, "operator", "POST", at+"/code", wire.CodeAsk{Version: 2}); coded.Code == made.Code {
		t.Error("the code is the same")
	}
	get[wire.Class](r, "operator", "PATCH", at, wire.ClassChange{Archived: new(true), Version: 3})
	r.says("operator", "POST", at+"/members", wire.MemberAsk{Name: "Ada", Role: wire.Student}, 409, "archived")
	get[wire.Class](r, "operator", "PATCH", at, wire.ClassChange{Archived: new(false), Version: 4})

	mine := func(as string) (names string) {
		for _, c := range get[wire.Classes](r, as, "GET", "/api/classes", nil).Classes {
			names += c.Name + " " + string(c.Role)
			if c.Code != "" {
				names += " with its code"
			}
			names += "; "
		}
		return names
	}
	for as, want := range map[string]string{
		"own": "c student; old student; ", "both": "c student; old student; d teacher with its code; ", "stranger": "",
		"teacher, for another class only": "",
	} {
		if got := mine(as); len(got) != len(want) {
			t.Errorf("the classes of %q: got %q, want %q", as, got, want)
		}
	}
	if got := mine("operator"); strings.Count(got, "teacher with its code") != 4 {
		t.Errorf("the operator's classes: %q", got)
	}
}

func TestARosterByItsRoutes(t *testing.T) {
	r := newRoom(t)
	file := "\ufeffName;Email;Section\r\nKim;kim@x;A\r\nEve;eve@x;B\r\nEve;eve@x;B\r\n"
	diff := get[wire.RosterDiff](r, "teacher", "POST", "/api/classes/c/roster/preview", file)
	if len(diff.Added) != 2 || len(diff.Dropped) != 3 || len(diff.Wrong) != 1 || diff.Wrong[0].Line != 4 || diff.Read != "CSV with semicolons, in UTF-8" {
		t.Errorf("a look: %+v", diff)
	}
	after := get[wire.Roster](r, "teacher", "POST", "/api/classes/c/roster/apply", wire.ApplyAsk{Preview: diff.Preview})
	if len(after.People) != 8 {
		t.Errorf("the class has %d people", len(after.People))
	}
	r.says("teacher", "POST", "/api/classes/c/roster/apply", wire.ApplyAsk{Preview: diff.Preview}, 400, "look at the file again")
	r.says("teacher", "POST", "/api/classes/c/roster/preview", "PK\x03\x04", 400, "CSV UTF-8")
	r.says("teacher", "POST", "/api/classes/c/roster/preview", strings.Repeat("x", 1<<20+2), 413, "at most")

	again := get[wire.RosterDiff](r, "teacher", "POST", "/api/classes/c/roster/preview", file)
	if len(again.Added)+len(again.Changed)+len(again.Back) != 0 || again.Same != 2 {
		t.Errorf("the same file again: %+v", again)
	}
	kim := get[wire.Member](r, "teacher", "POST", "/api/classes/c/members", wire.MemberAsk{Name: "Tom", Role: wire.Assistant})
	r.says("teacher", "POST", "/api/classes/c/roster/apply", wire.ApplyAsk{Preview: again.Preview, Drop: true}, 400, "somebody changed the class's people")
	person := "/api/classes/c/members/" + kim.Person
	if m := get[wire.Member](r, "teacher", "PATCH", person, wire.MemberChange{Section: new("A"), Role: wire.Student}); m.Section != "A" || m.Role != wire.Student || !m.Active {
		t.Errorf("changed to %+v", m)
	}
	r.says("teacher", "PATCH", person, wire.MemberChange{Role: "dean"}, 400, "a role is student, assistant or teacher")
	r.says("teacher", "PATCH", "/api/classes/c/members/teacher", wire.MemberChange{Active: new(false)}, 400, "only teacher")
	if code := get[wire.OneTimeCode](r, "teacher", "POST", person+"/code", nil); len(code.Code) != 9 || code.Expires == 0 {
		t.Errorf("a code: %+v", code)
	}
	get[wire.Member](r, "teacher", "PATCH", person, wire.MemberChange{Active: new(false)})
	r.says("teacher", "POST", person+"/code", nil, 409, "take them back in first")
}

// packedScenario is a scenario's zip.
func packedScenario(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("mine/scenario.yaml")
	if err == nil {
		_, err = f.Write([]byte("scenario: mine\ntitle: Mine\ngoal: Do it.\nnodes: {a: {}}\n"))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestLessonsByTheirRoutes(t *testing.T) {
	r := newRoom(t)
	uploaded := get[wire.Scenario](r, "teacher", "POST", "/api/classes/c/scenarios", packedScenario(t))
	if uploaded.Name != "mine" || uploaded.Title != "Mine" || uploaded.Hash == "" {
		t.Errorf("uploaded %+v", uploaded)
	}
	r.says("teacher", "POST", "/api/classes/c/scenarios", "no zip", 400, "this is no zip")
	list := get[wire.Scenarios](r, "assistant", "GET", "/api/classes/c/scenarios", nil).Scenarios
	if last := list[len(list)-1]; len(list) < 10 || !list[0].Builtin || list[0].Points == 0 || last.Hash != uploaded.Hash || last.Goal != "Do it." {
		t.Errorf("scenarios %+v", list)
	}

	due := time.Now().Add(24 * time.Hour).Truncate(time.Second)
	l := get[wire.Lesson](r, "teacher", "POST", "/api/classes/c/lessons", wire.LessonAsk{Scenario: "ping", Due: due.UnixMilli(), Published: true})
	if l.Scenario != "ping" || l.Title == "" || l.Points == 0 || l.Position != 1 || l.Zone != "UTC" {
		t.Errorf("a lesson: %+v", l)
	}
	own := get[wire.Lesson](r, "teacher", "POST", "/api/classes/c/lessons", wire.LessonAsk{Scenario: uploaded.Hash, Opens: due.UnixMilli(), Published: true})
	r.says("foreign", "POST", "/api/classes/d/lessons", wire.LessonAsk{Scenario: uploaded.Hash}, 400, "the class has no scenario")
	r.says("teacher", "POST", "/api/classes/c/lessons", wire.LessonAsk{Scenario: "pong"}, 400, "the class has no scenario")
	at := "/api/lessons/" + l.ID

	changed := get[wire.Lesson](r, "teacher", "PATCH", at, wire.LessonChange{Title: new("Ping!"), Locks: new(due.Add(time.Hour).UnixMilli()), Version: 1})
	if changed.Title != "Ping!" || changed.Due != l.Due || changed.Locks == 0 || changed.Version != 2 {
		t.Errorf("changed %+v", changed)
	}
	r.says("operator", "PATCH", at, wire.LessonChange{Title: new("Mine"), Version: 1}, 409, `teacher changed it: the title is \"Ping!\"; it locks on `)
	r.says("teacher", "PATCH", at, wire.LessonChange{Locks: new(int64(1)), Version: 2}, 400, "in the year 1970")

	later := due.Add(48 * time.Hour).UnixMilli()
	if e := get[wire.Extension](r, "teacher", "PUT", at+"/extensions/own", wire.ExtensionAsk{Due: later}); e.Name != "own" || e.Due != later {
		t.Errorf("an extension: %+v", e)
	}
	r.try("teacher", "PUT", at+"/extensions/foreign", wire.ExtensionAsk{Due: later}, 404)
	r.says("teacher", "PUT", at+"/extensions/section:B", wire.ExtensionAsk{Due: later}, 400, "nobody in the class is in the section")
	find := func(as string) *wire.Lesson {
		for _, got := range get[wire.Lessons](r, as, "GET", "/api/classes/c/lessons", nil).Lessons {
			if got.ID == l.ID {
				return &got
			}
		}
		return nil
	}
	if got := find("own"); got.Mine == nil || got.Mine.Due != later || !got.Mine.Extended || got.Mine.Locks < got.Mine.Due || got.Extensions != nil {
		t.Errorf("a student sees %+v with %+v", got, got.Mine)
	}
	if got := find("other"); got.Mine.Due != l.Due || got.Mine.Extended {
		t.Errorf("another student sees %+v", got.Mine)
	}
	if got := find("assistant"); got.Mine != nil || len(got.Extensions) != 1 || got.Extensions[0].By != "teacher" {
		t.Errorf("staff see %+v", got)
	}
	r.try("teacher", "DELETE", at+"/extensions/own", nil, 204)
	r.try("teacher", "DELETE", at+"/extensions/own", nil, 404)

	r.says("own", "POST", "/api/lessons/"+own.ID+"/bench", nil, 403, "this lesson opens on ")
	get[wire.Bench](r, "teacher", "POST", "/api/lessons/"+own.ID+"/bench", nil)

	get[wire.Lesson](r, "teacher", "PATCH", at, wire.LessonChange{Published: new(false), Version: 2})
	if find("own") != nil || find("assistant") == nil {
		t.Error("a hidden lesson is there for students, or not for staff")
	}
	r.try("teacher", "DELETE", at, nil, 204)
	if find("teacher") != nil {
		t.Error("a lesson that was removed is there")
	}

	copied := get[wire.Class](r, "teacher", "POST", "/api/classes/c/copy", wire.CopyAsk{Name: "Next", Weeks: 26})
	lessons := get[wire.Lessons](r, "teacher", "GET", "/api/classes/"+copied.ID+"/lessons", nil).Lessons
	if len(lessons) != 3 || lessons[2].Opens != due.AddDate(0, 0, 7*26).UnixMilli() {
		t.Errorf("the copy has %+v", lessons)
	}
}

// Two windows that open one lesson at once are at one bench; who starts over has another.
func TestABenchIsOne(t *testing.T) {
	r := newRoom(t)
	var all sync.WaitGroup
	labs := make([]string, 8)
	for i := range labs {
		all.Go(func() {
			rec := r.ask(r.handler, "own", "POST", "/api/lessons/lc/bench", "")
			var b wire.Bench
			if err := json.Unmarshal(rec.Body.Bytes(), &b); err != nil || b.Lab == "" {
				t.Errorf("got %d %s", rec.Code, rec.Body)
			}
			labs[i] = b.Lab
		})
	}
	all.Wait()
	for _, lab := range labs {
		if lab != labs[0] {
			t.Errorf("the labs are %v", labs)
		}
	}
	if other := get[wire.Bench](r, "other", "POST", "/api/lessons/lc/bench", nil); other.Lab == labs[0] {
		t.Error("two students have one bench")
	}
	over := get[wire.Bench](r, "own", "POST", "/api/lessons/lc/bench/over", nil)
	var now wire.Bench
	if err := json.Unmarshal(r.try("own", "POST", "/api/lessons/lc/bench", nil, 200), &now); err != nil || over.Lab == labs[0] || now.Lab != over.Lab {
		t.Errorf("the bench was %s, then %s, and is %s, %v", labs[0], over.Lab, now.Lab, err)
	}
	mine := get[wire.Lessons](r, "own", "GET", "/api/classes/c/lessons", nil).Lessons[0].Mine
	if !mine.Begun || mine.Lab != over.Lab {
		t.Errorf("the lesson says %+v", mine)
	}
}

// A teacher who uploads scenarios at once takes no more of the memory than for two.
func TestScenariosAtOnce(t *testing.T) {
	r := newRoom(t)
	var done sync.WaitGroup
	var ends []*io.PipeWriter
	for range 2 {
		body, w := io.Pipe()
		ends = append(ends, w)
		done.Go(func() {
			q := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/classes/c/scenarios", body)
			q.AddCookie(r.cookie["teacher"])
			r.handler.ServeHTTP(httptest.NewRecorder(), q)
		})
		if _, err := w.Write([]byte("P")); err != nil { // it is read: the upload has begun
			t.Fatal(err)
		}
	}
	rec := r.ask(r.handler, "teacher", http.MethodPost, "/api/classes/c/scenarios", "PK")
	if rec.Code != http.StatusTooManyRequests || rec.Header().Get("Retry-After") == "" || !strings.Contains(rec.Body.String(), "2 scenarios from you are on their way") {
		t.Errorf("a third: %d %s", rec.Code, rec.Body)
	}
	for _, w := range ends {
		_ = w.Close() // the end of a body
	}
	done.Wait()
	if rec := r.ask(r.handler, "teacher", http.MethodPost, "/api/classes/c/scenarios", "PK"); rec.Code != http.StatusBadRequest {
		t.Errorf("afterwards: %d %s", rec.Code, rec.Body)
	}
}
