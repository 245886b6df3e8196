package gradebook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wireloom/internal/gradebook/mark"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/report"
	"wireloom/internal/scenario"
	"wireloom/internal/sign"
	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// A world is a class with a lesson that is due at noon, at an hour before it, on one
// database. Its gradings are made by a function.
type world struct {
	*testing.T
	db     *store.DB
	key    *sign.Key
	mu     sync.Mutex
	now    time.Time
	due    map[string]time.Time // extensions, by person
	grader string
	limits Limits
	runs   int                        // of gradings
	points func(t task) (int64, bool) // what a grading finds; false: it fails
	out    []string                   // what the outbox was told
	max    mark.Points                // of what it was told last
	b      *Book

	command func() *exec.Cmd // a process that grades, instead of the function
}

const twoSlots = `scenario: two
nodes:
  a: {programs: {p: {slot: left}}}
  b: {programs: {q: {slot: right}}}
steps:
  - {id: one, running: a.p, points: 4}
  - {id: more, bonus: true, running: b.q, points: 3}
  - {id: two, visible: after-due, running: b.q, points: 6}
`

// wasm is a program, unlike any other by a text.
func wasm(text string) string { return "\x00asm\x01\x00\x00\x00" + text }

// each runs a test in a world on each database.
func each(t *testing.T, f func(w *world)) {
	t.Helper()
	storetest.EachOptions(t, func(t *testing.T, o store.Options) {
		key, err := sign.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{T: t, key: key, now: noon.Add(-time.Hour), due: map[string]time.Time{}, grader: "v1", points: func(task) (int64, bool) { return 5, true }}
		o.Now = w.time
		w.db = storetest.Open(t, o)
		w.write(func(tx *store.Tx) error {
			return errors.Join(
				tx.AddClass(store.ClassRow{ID: "c", Code: "c", Name: "Networks"}), tx.PutVersion(store.VersionRow{Hash: "s1", Scenario: "two"}), tx.PutVersion(store.VersionRow{Hash: "s2", Scenario: "two"}),
				tx.AddLesson(store.LessonRow{ID: "l", Class: "c", Title: "Two", VersionHash: "s1", Due: noon, Counts: "best", Published: true, Version: 1}))
		})
		w.join("teacher", "tom")
		w.join("student", "ada", "bob")
		w.open()
		f(w)
	})
}

func (w *world) time() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) at(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = noon.Add(d)
}

func (w *world) write(f func(tx *store.Tx) error) {
	w.Helper()
	if err := w.db.Write(w.Context(), f); err != nil {
		w.Fatal(err)
	}
}

func (w *world) join(role string, people ...string) {
	w.Helper()
	w.write(func(tx *store.Tx) error {
		var errs []error
		for _, p := range people {
			errs = append(errs, tx.AddPerson(store.PersonRow{ID: p, Name: p}), tx.PutMember(store.MemberRow{Class: "c", Person: p, Role: role, Name: p, SIS: "s-" + p, Active: true}))
		}
		return errors.Join(errs...)
	})
}

// open opens the book, as a server that starts.
func (w *world) open() {
	sc, err := scenario.Parse("two", []byte(twoSlots))
	if err != nil {
		w.Fatal(err)
	}
	w.b = New(Config{
		DB: w.db, Key: w.key, Grader: w.grader, Limits: w.limits,
		Scenario: func(context.Context, string) (*scenario.Scenario, error) { return sc, nil },
		Dates: func(_ *store.Tx, lessons ...store.LessonRow) (Dates, error) {
			return func(lesson string, m store.MemberRow) mark.Dates {
				for _, l := range lessons {
					if l.ID == lesson {
						d := mark.Dates{Opens: l.Opens, Due: l.Due, Locks: l.Locks}
						if due, ok := w.due[m.Person]; ok {
							d.Due = due
						}
						return d
					}
				}
				return mark.Dates{}
			}, nil
		},
		Out: func(_ *store.Tx, s Score) error {
			w.out = append(w.out, fmt.Sprintf("%s %s %s", s.Person, s.Grade.Standing, s.Grade.Points))
			w.max = s.Grade.Max
			return nil
		},
		Gone: func(_ *store.Tx, _, person string) error {
			w.out = append(w.out, person+" gone")
			return nil
		},
		Command: w.command, Timeout: time.Hour,
	})
	w.Cleanup(w.b.Close)
	if w.command != nil {
		return
	}
	w.b.grader.run = func(_ context.Context, _ *worker, t task) outcome {
		w.runs++
		n, ok := w.points(t)
		if !ok {
			return outcome{why: "it took more than 2m0s of real time"}
		}
		return outcome{report: &report.Document{}, grading: store.GradingRow{Points: int64(mark.Whole(int(n))), Most: int64(mark.Whole(10)), Passed: n, Total: 10, Hidden: t.job.Checks == store.ChecksVisible}}
	}
}

// parts are programs as they are sent: "SLOT TEXT" each.
func parts(list ...string) func() (Part, error) {
	return func() (Part, error) {
		if len(list) == 0 {
			return Part{}, io.EOF
		}
		slot, text, _ := strings.Cut(list[0], " ")
		list = list[1:]
		return Part{Slot: slot, Name: slot + ".wasm", Body: strings.NewReader(text)}, nil
	}
}

// sent are programs whose bytes have a text in it.
func sent(text string) func() (Part, error) {
	return parts("left "+wasm(text), "right "+wasm(text+"!"))
}

// handIn hands something in.
func (w *world) handIn(person, text string) wire.Receipt {
	w.Helper()
	r, _, err := w.b.HandIn(w.Context(), Parcel{Lesson: "l", Person: person, Next: sent(text)})
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// grade makes the gradings that there are to be made, and returns how many.
func (w *world) grade() int {
	w.Helper()
	for n := 0; ; n++ {
		done, err := w.b.grader.one(nil)
		if err != nil {
			w.Fatal(err)
		}
		if !done {
			return n
		}
	}
}

// has wants a person's points in the book: "" is none.
func (w *world) has(person, want string) {
	w.Helper()
	err := w.db.Read(w.Context(), func(tx *store.Tx) error {
		l, err := tx.Lesson("l")
		if err != nil {
			return err
		}
		s, err := w.b.Standing(tx, l, person)
		if err != nil {
			return err
		}
		got := string(s.Grade.Standing)
		if s.Grade.Standing == mark.Graded {
			got = s.Grade.Points.String()
			if !s.Grade.Final {
				got += " so far"
			}
		}
		if got != want {
			w.Errorf("%s has %s, want %s", person, got, want)
		}
		return nil
	})
	if err != nil {
		w.Error(err)
	}
}

// told wants what the outbox was told since it was asked last, sorted.
func (w *world) told(want ...string) {
	w.Helper()
	slices.Sort(w.out)
	if got := strings.Join(w.out, ", "); got != strings.Join(want, ", ") {
		w.Errorf("the outbox was told %q, want %q", got, want)
	}
	w.out = nil
}
