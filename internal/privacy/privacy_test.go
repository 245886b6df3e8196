package privacy_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/internal/privacy"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
)

var monday = time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)

func do(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// A school is a store with a class in which Ada, who has two accounts, and Bob have handed in.
type school struct {
	db    *store.DB
	now   time.Time
	labs  []string          // that were forgotten
	blobs map[string]string // by what they hold
}

func (s *school) write(t *testing.T, f func(tx *store.Tx) error) {
	t.Helper()
	do(t, s.db.Write(t.Context(), f))
}

func each(t *testing.T, f func(t *testing.T, s *school)) {
	t.Helper()
	storetest.EachOptions(t, func(t *testing.T, o store.Options) {
		s := &school{now: monday, blobs: map[string]string{}}
		o.Now = func() time.Time { return s.now }
		s.db = storetest.Open(t, o)
		for _, text := range []string{"ada's program", "bob's program", "ada's recording", "ada's report", "a report for staff", "a scenario", "nobody's"} {
			hash, _, err := s.db.Blobs.Put(strings.NewReader(text), 100)
			do(t, err)
			s.blobs[text] = hash
		}
		s.write(t, func(tx *store.Tx) error {
			do(t, tx.AddClass(store.ClassRow{ID: "c", Name: "Networks", Code: "C", Zone: "UTC", Version: 1}), tx.PutVersion(store.VersionRow{Hash: "h", Blob: s.blobs["a scenario"]}),
				tx.AddLesson(store.LessonRow{ID: "l", Class: "c", VersionHash: "h"}))
			for _, p := range []store.PersonRow{
				{ID: "ada", Name: "Ada Lovelace", Email: "ada@x"},
				{ID: "ada2", Name: "A. Lovelace", Main: "ada"},
				{ID: "bob", Name: "Bob"},
				{ID: "tina", Name: "Tina"},
				{ID: "bob2", Name: "Bob"},
			} {
				do(t, tx.AddPerson(p))
			}
			for person, role := range map[string]string{"ada2": "student", "bob": "student", "tina": "teacher"} {
				do(t, tx.PutMember(store.MemberRow{Class: "c", Person: person, Role: role, Name: "The name of " + person, Email: person + "@campus", SIS: "sis " + person, Active: true}))
			}
			_, err := tx.AddLab(store.LabRow{ID: "ada's lab", Kind: store.LabBench, Person: "ada2", Class: "c", Lesson: "l", State: store.LabParked})
			do(t, err)
			for _, p := range []string{"ada", "bob"} {
				person := map[string]string{"ada": "ada2", "bob": "bob"}[p]
				programs, err := json.Marshal([]wire.Program{{Slot: "a.x", Hash: s.blobs[p+"'s program"]}})
				do(t, err, tx.AddHandin(store.HandinRow{
					ID: "handin-" + p, Class: "c", Lesson: "l", Person: person, Number: 1, Student: person, Scenario: "h", Programs: string(programs),
					Recording: s.blobs[p+"'s recording"], Once: "once-" + p, Signature: "signed",
				}), tx.AddIdentity(store.IdentityRow{ID: "i" + p, Person: person, Kind: "name", Issuer: "c", Subject: "name of " + p, Claims: "secret word"}),
					tx.AddSession(store.SessionRow{Token: "secret token " + p, Person: person}),
					tx.PutExtension(store.ExtensionRow{Lesson: "l", Who: person, Due: monday}),
					tx.Audit(store.AuditRow{Who: "tina", Class: "c", What: "member change", About: person, Detail: "about " + p}))
				_, err = tx.AddMark(store.MarkRow{Lesson: "l", Person: person, Points: 7000, Comment: "well done, " + p, Author: "tina"})
				do(t, err)
			}
			_, err = tx.AddGrading(store.GradingRow{ID: "g", Handin: "handin-ada", Grader: "v", Scenario: "h", Checks: "visible", Points: 5000, Most: 9000, Report: s.blobs["ada's report"], Staff: s.blobs["a report for staff"]})
			return err
		})
		f(t, s)
	})
}

// unzipped are the files of a zip.
func unzipped(t *testing.T, b []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	do(t, err)
	files := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		do(t, err)
		text, err := io.ReadAll(r)
		do(t, err)
		files[f.Name] = string(text)
	}
	return files
}

func TestExport(t *testing.T) {
	each(t, func(t *testing.T, s *school) {
		var b bytes.Buffer
		do(t, privacy.Export(t.Context(), s.db, "ADA@x", &b))
		files := unzipped(t, b.Bytes())
		data := files["data.json"]
		for name, want := range map[string]string{
			"handins/handin-ada/program-a.x.wasm": "ada's program", "handins/handin-ada/recording": "ada's recording", "handins/handin-ada/report-g.json": "ada's report",
		} {
			if files[name] != want {
				t.Errorf("%s: %q, want %q", name, files[name], want)
			}
		}
		for _, want := range []string{"Ada Lovelace", "A. Lovelace", "The name of ada2", "sis ada2", "name of ada", "well done, ada", "about ada", `"points": 5000`} {
			if !strings.Contains(data, want) {
				t.Errorf("the rows don't have %q:\n%s", want, data)
			}
		}
		// As words: an id that chance has made may have the letters.
		for _, no := range []string{"secret", "[Bb]ob2?", s.blobs["a report for staff"]} {
			if regexp.MustCompile(`\b` + no + `\b`).MatchString(data) {
				t.Errorf("the rows have %q:\n%s", no, data)
			}
		}
		if len(files) != 4 {
			t.Errorf("the files are %v", files)
		}
	})
}

func TestWhoIsMeant(t *testing.T) {
	each(t, func(t *testing.T, s *school) {
		for text, want := range map[string]string{
			"ada": "ada ada2", "ada2": "ada ada2", "a. lovelace": "ada ada2", "ada2@campus": "ada ada2", "tina": "tina",
			"Bob":    `"Bob" are several people: name one by their id: bob, bob2`,
			"nobody": `nobody has the id, the e-mail address or the name "nobody"`, "": `nobody has the id, the e-mail address or the name ""`,
		} {
			s.write(t, func(tx *store.Tx) error {
				ids, err := privacy.Human(tx, text)
				got := strings.Join(ids, " ")
				if err != nil {
					got = err.Error()
				}
				if got != want {
					t.Errorf("%q: got %s, want %s", text, got, want)
				}
				return nil
			})
		}
	})
}

func TestErase(t *testing.T) {
	each(t, func(t *testing.T, s *school) {
		s.write(t, func(tx *store.Tx) error {
			ids, err := privacy.Erase(tx, "Ada Lovelace", "r1", "tina")
			if fmt.Sprint(ids) != "[ada ada2]" {
				t.Errorf("erased %v", ids)
			}
			return err
		})
		var dump bytes.Buffer
		s.write(t, func(tx *store.Tx) error {
			_, err := tx.Dump(&dump)
			return err
		})
		for _, no := range []string{"Lovelace", "ada@x", "ada2@campus", "sis ada", "name of ada", "well done, ada", "about ada", "token ada", "once-ada", s.blobs["ada's program"], s.blobs["ada's report"]} {
			if strings.Contains(dump.String(), no) {
				t.Errorf("%q is still there", no)
			}
		}
		for _, want := range []string{"person erase", "handin-ada", "bob@campus", "well done, bob", "about bob"} {
			if !strings.Contains(dump.String(), want) {
				t.Errorf("%q went", want)
			}
		}
		s.write(t, func(tx *store.Tx) error {
			g, err := tx.Grading("g")
			p, err2 := tx.Person("ada2")
			if g.Points != 5000 || !p.Erased.Equal(monday) {
				t.Errorf("what it was worth: %+v; the person %+v", g, p)
			}
			return errors.Join(err, err2)
		})
	})
}

func (s *school) tidy(t *testing.T, log io.Writer) {
	t.Helper()
	do(t, (&privacy.Janitor{DB: s.db, Log: slog.New(slog.NewTextHandler(log, nil)), Forget: func(lab string) error {
		s.labs = append(s.labs, lab)
		return nil
	}}).Tidy(t.Context()))
}

func TestFilesThatNothingPointsToGo(t *testing.T) {
	each(t, func(t *testing.T, s *school) {
		s.now = monday.AddDate(0, 0, 2) // Sweep leaves what is younger than a day
		s.tidy(t, io.Discard)
		for text, hash := range s.blobs {
			if want := text != "nobody's"; s.db.Blobs.Has(hash) != want {
				t.Errorf("%s: there is %v", text, !want)
			}
		}
		s.write(t, func(tx *store.Tx) error { _, err := privacy.Erase(tx, "ada", "", ""); return err })
		s.tidy(t, io.Discard)
		if s.db.Blobs.Has(s.blobs["ada's program"]) || !s.db.Blobs.Has(s.blobs["bob's program"]) {
			t.Error("what was erased is still there, or another's went")
		}
		if want := "[ada's lab]"; fmt.Sprint(s.labs) != want {
			t.Errorf("labs that are forgotten: %v, want %s", s.labs, want)
		}
	})
}

// An onlooker is a log's file that looks, at each line with a text, at what is stored.
type onlooker struct {
	text string
	look func()
}

func (o onlooker) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(o.text)) {
		o.look()
	}
	return len(line), nil
}

// keep has the work of the class kept until a time.
func (s *school) keep(t *testing.T, until time.Time) {
	t.Helper()
	s.write(t, func(tx *store.Tx) error {
		c, err := tx.Class("c")
		c.Retention = until
		return errors.Join(err, tx.SetClass(c))
	})
}

// The log says what is stored: a transaction may be tried several times, or come to nothing.
func TestAWarningIsStoredWhenItIsLogged(t *testing.T) {
	each(t, func(t *testing.T, s *school) {
		s.keep(t, monday.AddDate(0, 0, 1))
		stored := -1
		s.tidy(t, onlooker{"nearly over", func() {
			do(t, s.db.Read(t.Context(), func(tx *store.Tx) error {
				rows, err := tx.AuditAbout("c", "class warned", 2)
				stored = len(rows)
				return err
			}))
		}})
		if stored != 1 {
			t.Errorf("when it was logged %d warnings were stored (-1: it was not logged)", stored)
		}
	})
}

func TestAClassWhoseTimeIsOver(t *testing.T) {
	each(t, func(t *testing.T, s *school) {
		s.keep(t, monday.AddDate(0, 0, 30))
		var log bytes.Buffer
		acts := func() (list []string) {
			s.write(t, func(tx *store.Tx) error {
				rows, err := tx.AuditSince("c", time.Time{}, 100)
				list = nil
				for _, r := range rows {
					if strings.HasPrefix(r.What, "class") {
						list = append(list, r.What)
					}
				}
				slices.Reverse(list)
				return err
			})
			return list
		}
		for _, step := range []struct {
			day  int
			want string
		}{{0, "[]"}, {17, "[class warned]"}, {18, "[class warned]"}, {30, "[class warned class erase]"}, {31, "[class warned class erase]"}} {
			s.now = monday.AddDate(0, 0, step.day)
			s.tidy(t, &log)
			if got := fmt.Sprint(acts()); got != step.want {
				t.Errorf("day %d: %s, want %s", step.day, got, step.want)
			}
		}
		if text := log.String(); strings.Count(text, "nearly over") != 1 || strings.Contains(text, "Networks") {
			t.Errorf("the log: %s", text)
		}
		s.write(t, func(tx *store.Tx) error {
			c, err := tx.Class("c")
			bob, err2 := tx.Member("c", "bob")
			tina, err3 := tx.Member("c", "tina")
			p, err4 := tx.Person("bob")
			if !c.Archived || c.Open || !c.Retention.IsZero() || bob.Name != "Erased" || bob.Active || tina.Name == "Erased" || p.Name != "Bob" {
				t.Errorf("the class %+v, Bob in it %+v and elsewhere %+v, its teacher %+v", c, bob, p, tina)
			}
			return errors.Join(err, err2, err3, err4)
		})
	})
}
