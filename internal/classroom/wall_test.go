package classroom

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"wireloom/internal/httpapi"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
	"wireloom/internal/wall"
)

func init() {
	makers = append(makers, func(w *world, c *Config) {
		w.write(func(tx *store.Tx) error {
			_, err := tx.AddLab(store.LabRow{ID: "bench", Kind: store.LabBench, Person: "own", Class: "c", Lesson: "lc", State: store.LabLive})
			_, err3 := tx.AddLab(store.LabRow{ID: "hiddenbench", Kind: store.LabBench, Person: "own", Class: "c", Lesson: "hidden", State: store.LabLive})
			_, err2 := tx.AddLab(store.LabRow{ID: "visitors", Kind: store.LabVisitor, State: store.LabLive})
			return errors.Join(err, err2, err3)
		})
		w.ids["lab"] = "bench"
		c.Wall = wall.New(wall.Config{DB: w.db})
	})
}

// as is a request of somebody's.
func (w *world) as(who string) *http.Request {
	r := httptest.NewRequestWithContext(w.Context(), http.MethodGet, "/", nil)
	if c := w.cookie[who]; c != nil {
		r.AddCookie(c)
	}
	return r
}

func TestAccessToLabs(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		who  string
		want httpapi.Access
	}{
		{"own", httpapi.Full},
		{"teacher", httpapi.Watch},
		{"assistant", httpapi.Watch},
		{"operator", httpapi.Watch},
		{"other", httpapi.None},
		{"both", httpapi.None}, // a teacher elsewhere
		{"foreign", httpapi.None},
		{"stranger", httpapi.None},
		{"dropped", httpapi.None},
		{"", httpapi.None},
		{"teacher, for another class only", httpapi.None},
		{"operator, for one class only", httpapi.None},
	} {
		if got := w.room.Access(w.as(c.who), "bench"); got != c.want {
			t.Errorf("%q has access %d to a bench, want %d", c.who, got, c.want)
		}
		if got := w.room.Access(w.as(c.who), "visitors"); got != httpapi.Full {
			t.Errorf("%q has access %d to a visitor's lab by its id", c.who, got)
		}
		hidden := min(c.want, httpapi.Watch) // staff still see it
		if c.who == "own" {
			hidden = httpapi.None
		}
		if got := w.room.Access(w.as(c.who), "hiddenbench"); got != hidden {
			t.Errorf("%q has access %d to a bench of a lesson that is hidden again, want %d", c.who, got, hidden)
		}
	}
	w.write(func(tx *store.Tx) error {
		c, err := tx.Class("c")
		c.Archived = true
		return errors.Join(err, tx.SetClass(c))
	})
	for who, want := range map[string]httpapi.Access{"own": httpapi.Watch, "teacher": httpapi.Watch, "other": httpapi.None, "": httpapi.None} {
		if got := w.room.Access(w.as(who), "bench"); got != want {
			t.Errorf("%q has access %d to a bench of an archived class, want %d", who, got, want)
		}
	}
}

// A teacher types on a bench after its student has accepted, and no longer than that.
func TestHelpOnABench(t *testing.T) {
	w := newWorld(t)
	h := serve(t, w.room.table)
	student := w.room.Visit(w.as("own"), "bench")
	teacher := w.room.Visit(w.as("teacher"), "bench")
	// The wall knows whose bench it is when it has looked.
	if _, why := w.room.conf.Wall.Enter("c"); why != nil {
		t.Fatal(why)
	}
	if err := w.room.conf.Wall.Show(t.Context(), "c", func(context.Context, []byte) error { return context.Canceled }, nil); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	step := func(who, do string, want int) {
		t.Helper()
		if rec := w.ask(h, who, "POST", "/api/labs/bench/help", fmt.Sprintf(`{"do":%q}`, do)); rec.Code != want {
			t.Fatalf("%s %ss: %d %s, want %d", who, do, rec.Code, rec.Body, want)
		}
	}
	types := func(want bool) {
		t.Helper()
		if got := teacher.May().NotType == ""; got != want {
			t.Errorf("the teacher may type: %v, want %v", got, want)
		}
		if a := w.room.Access(w.as("teacher"), "bench"); (a == httpapi.Full) != want {
			t.Errorf("the teacher has access %d", a)
		}
	}
	types(false)
	step("teacher", "ask", 200)
	types(false)
	step("assistant", "accept", http.StatusConflict)
	step("other", "accept", http.StatusNotFound)
	types(false)
	if p, _ := student.People(); p.Asks != "teacher" || p.May != "type" {
		t.Errorf("the student is told %+v", p)
	}
	step("own", "accept", 200)
	types(true)
	if p, _ := teacher.People(); p.Helper != "teacher" || p.May != "type" {
		t.Errorf("the teacher is told %+v", p)
	}
	teacher.Did(`exec "alice" "ls"`)
	step("own", "end", 200)
	types(false)
	step("teacher", "ask", 200)
	step("own", "accept", 200)
	types(true)
	if rec := w.ask(h, "teacher", "POST", "/api/signout", "{}"); rec.Code != 204 {
		t.Fatalf("sign-out: %d %s", rec.Code, rec.Body)
	}
	if a := w.room.Access(w.as("teacher"), "bench"); a != httpapi.None {
		t.Errorf("who has signed out has access %d", a)
	}
	teacher.Leave()
	if w.room.conf.Wall.MayType("bench", "teacher") {
		t.Error("a helper who has left may type")
	}
	student.Leave()
	var acts []string
	w.write(func(tx *store.Tx) error {
		rows, err := tx.AuditPage(store.AuditFilter{About: "bench"}, 20)
		for _, r := range rows {
			acts = append(acts, r.Who+": "+r.What)
		}
		return err
	})
	if got := strings.Join(acts, ", "); !strings.Contains(got, "teacher: help typed") || !strings.Contains(got, "own: help accept") {
		t.Errorf("the audit has %s", got)
	}
}

func TestBroadcastAndHand(t *testing.T) {
	w := newWorld(t)
	installed := ""
	w.room.conf.Install = func(_ context.Context, lab, node, proc, name string, b []byte) error {
		installed = fmt.Sprint(lab, " ", node, " ", proc, " ", name, " ", len(b))
		return nil
	}
	h := serve(t, w.room.table)
	if rec := w.ask(h, "teacher", "POST", "/api/classes/c/broadcast", `{"text":"five minutes left"}`); rec.Code != 204 {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for name, text := range map[string]string{"text": "mine", "lesson": "lc", "node": "bob", "proc": "pingd"} {
		if err := form.WriteField(name, text); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("program", "ours.wasm")
	if err == nil {
		_, err = part.Write([]byte("\x00asm1234"))
	}
	if err = errors.Join(err, form.Close()); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/classes/c/broadcast", &b)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.AddCookie(w.cookie["teacher"])
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	if rec.Code != 204 {
		t.Fatalf("%d %s", rec.Code, rec.Body)
	}
	var got wire.Notices
	rec = w.ask(h, "own", "GET", "/api/classes/c/notices?after=0", "")
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil || len(got.Notices) != 2 || got.Notices[1].Slot != "bob.pingd" || got.Notices[0].From != "teacher" {
		t.Fatalf("%v %s", err, rec.Body)
	}
	take := fmt.Sprintf("/api/labs/bench/take/%d", got.Notices[1].ID)
	if rec := w.ask(h, "teacher", "POST", take, ""); rec.Code != 403 {
		t.Errorf("a teacher takes it for a student: %d %s", rec.Code, rec.Body)
	}
	if rec := w.ask(h, "own", "POST", take, ""); rec.Code != 204 || installed != "bench bob pingd ours.wasm 8" {
		t.Errorf("%d %s, installed %q", rec.Code, rec.Body, installed)
	}
	if rec := w.ask(h, "own", "POST", "/api/lessons/lc/hand", `{"up":true,"text":"why?"}`); rec.Code != 204 {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	rec = w.ask(h, "own", "GET", "/api/classes/c/notices?after=0", "")
	if !strings.Contains(rec.Body.String(), `"hands":["lc"]`) {
		t.Errorf("%s", rec.Body)
	}
	for _, body := range []string{`{"text":""}`, `{"text":"` + strings.Repeat("x", maxNotice+1) + `"}`} {
		if rec := w.ask(h, "teacher", "POST", "/api/classes/c/broadcast", body); rec.Code != 400 {
			t.Errorf("%d %s", rec.Code, rec.Body)
		}
	}
}
