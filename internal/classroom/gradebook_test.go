package classroom

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"wireloom/internal/class"
	"wireloom/internal/gradebook"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/sign"
	"wireloom/internal/store"
)

func init() {
	makers = append(makers, func(w *world, c *Config) {
		key, err := sign.New(nil)
		if err != nil {
			w.Fatal(err)
		}
		// Without workers nothing is graded: what a grading finds is the gradebook's to test.
		c.Gradebook = gradebook.New(gradebook.Config{
			DB: w.db, Key: key, Grader: "v1", Scenario: class.NewShelf(w.db).Scenario,
			Dates: func(tx *store.Tx, lessons ...store.LessonRow) (gradebook.Dates, error) {
				d, err := class.DatesIn(tx, lessons...)
				return d, err
			},
		})
		w.Cleanup(c.Gradebook.Close)
		w.ids["handin"], w.ids["regrade"] = "handin", "regrade"
		w.write(func(tx *store.Tx) error {
			return errors.Join(
				tx.AddHandin(store.HandinRow{ID: "handin", Class: "c", Lesson: "lc", Person: "own", Number: 1, Student: "own", Scenario: "vc", Programs: "[]", Origin: "upload", At: time.Now(), Version: 1}),
				tx.AddRegrade(store.RegradeRow{ID: "regrade", Class: "c", Lesson: "lc", Grader: "v1", Scenario: "vc", Reason: "why", Author: "teacher", Created: time.Now()}))
		})
	})
}

// handsIn hands in a program of "own"'s as a form.
func (r *room) handsIn(lesson, once string) *httptest.ResponseRecorder {
	r.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("bob.pingd", "mine.wasm")
	if err == nil {
		_, err = part.Write([]byte("\x00asm\x01\x00\x00\x00"))
	}
	if err = errors.Join(err, form.Close()); err != nil {
		r.Fatal(err)
	}
	q := httptest.NewRequestWithContext(r.Context(), http.MethodPost, "/api/lessons/"+lesson+"/handins", &body)
	q.Header.Set("Content-Type", form.FormDataContentType())
	q.Header.Set("Idempotency-Key", once)
	q.AddCookie(r.cookie["own"])
	rec := httptest.NewRecorder()
	r.handler.ServeHTTP(rec, q)
	return rec
}

// What is handed in is there once, however often it is sent, and its student sees nobody else's.
func TestAHandinByItsRoutes(t *testing.T) {
	r := newRoom(t)
	lesson := get[wire.Lesson](r, "teacher", http.MethodPost, "/api/classes/c/lessons", wire.LessonAsk{Scenario: "ping", Published: true}).ID
	rec := r.handsIn(lesson, "a")
	if rec.Code != http.StatusCreated {
		t.Fatalf("got %d %s", rec.Code, rec.Body)
	}
	var first, again wire.Receipt
	if err := json.Unmarshal(rec.Body.Bytes(), &first); err != nil || len(first.Hash) != 64 || first.Number != 1 || len(first.Programs) != 1 {
		t.Errorf("%v; got %+v", err, first)
	}
	if rec = r.handsIn(lesson, "a"); rec.Code != http.StatusOK {
		t.Errorf("sent again: got %d %s", rec.Code, rec.Body)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &again); err != nil || again.Handin != first.Handin {
		t.Errorf("%v; got %+v", err, again)
	}
	at := "/api/lessons/" + lesson
	for _, tc := range []struct {
		as, method, path, body string
		want                   int
	}{
		{"own", http.MethodGet, at + "/handins", "", http.StatusOK},
		{"own", http.MethodGet, at + "/handins?person=other", "", http.StatusNotFound},
		{"teacher", http.MethodGet, at + "/handins?person=own", "", http.StatusOK},
		{"own", http.MethodGet, "/api/handins/" + first.Handin + "/program/bob.pingd", "", http.StatusOK},
		{"own", http.MethodGet, "/api/handins/" + first.Handin + "/program/alice.em0", "", http.StatusNotFound},
		{"own", http.MethodGet, "/api/handins/" + first.Handin + "/receipt", "", http.StatusOK},
		{"own", http.MethodGet, "/api/handins/" + first.Handin + "/report", "", http.StatusNotFound},
		{"own", http.MethodGet, "/api/handins/" + first.Handin + "/recording", "", http.StatusNotFound},
		{"own", http.MethodPost, at + "/handins", `{"from":"bench"}`, http.StatusConflict},
		{"own", http.MethodPost, at + "/handins", `{"from":"elsewhere"}`, http.StatusBadRequest},
		{"own", http.MethodGet, "/api/handins/" + first.Handin + "?after=x", "", http.StatusBadRequest},
		{"teacher", http.MethodGet, at + "/book", "", http.StatusOK},
		{"teacher", http.MethodPost, at + "/people/own/marks", `{"points":7.5,"comment":"well","version":0}`, http.StatusOK},
		{"assistant", http.MethodPost, at + "/people/own/marks", `{"points":1,"version":0}`, http.StatusConflict},
		{"teacher", http.MethodPost, at + "/people/own/marks", `{"points":-1,"version":1}`, http.StatusBadRequest},
		{"teacher", http.MethodPost, at + "/regrades", `{"reason":" "}`, http.StatusBadRequest},
		{"teacher", http.MethodPost, at + "/regrades", `{"reason":"a check was wrong"}`, http.StatusCreated},
		{"teacher", http.MethodGet, at + "/scores?form=canvas", "", http.StatusOK},
		{"teacher", http.MethodGet, at + "/scores?form=excel", "", http.StatusBadRequest},
	} {
		if rec := r.ask(r.handler, tc.as, tc.method, tc.path, tc.body); rec.Code != tc.want {
			t.Errorf("%s %s %s by %q: got %d %s, want %d", tc.method, tc.path, tc.body, tc.as, rec.Code, rec.Body, tc.want)
		}
	}
}

// What a lesson is said to have for its student is by the checks that they see, where they never see
// the others: there is no due date.
func TestALessonTellsItsStudentNothingHidden(t *testing.T) {
	r := newRoom(t)
	lesson := get[wire.Lesson](r, "teacher", http.MethodPost, "/api/classes/c/lessons", wire.LessonAsk{Scenario: "ping", Published: true})
	var handed wire.Receipt
	if err := json.Unmarshal(r.handsIn(lesson.ID, "a").Body.Bytes(), &handed); err != nil {
		t.Fatal(err)
	}
	r.write(func(tx *store.Tx) error {
		errs := []error{}
		for n, checks := range []string{store.ChecksVisible, store.ChecksAll} {
			_, err := tx.AddGrading(store.GradingRow{ID: checks, Handin: handed.Handin, Grader: "v1", Scenario: lesson.Hash, Checks: checks, Points: 2000 + 4000*int64(n), Most: 9000, Hidden: n == 0, At: time.Now()})
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
	looked := false
	for _, l := range get[wire.Lessons](r, "own", http.MethodGet, "/api/classes/c/lessons", nil).Lessons {
		if l.ID != lesson.ID {
			continue
		}
		looked = true
		if l.Mine == nil || l.Mine.Points == nil || *l.Mine.Points != 2 {
			t.Errorf("got %+v, want the 2 points of the visible checks", l.Mine)
		}
	}
	if !looked {
		t.Error("the lesson is not there")
	}
	book := get[wire.Book](r, "teacher", http.MethodGet, "/api/lessons/"+lesson.ID+"/book", nil)
	if b, err := json.Marshal(book); err != nil || !bytes.Contains(b, []byte(`"final":6`)) {
		t.Errorf("%v; the teacher sees %s, want 6 points", err, b)
	}
}
