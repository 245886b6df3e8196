package class_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"wireloom/internal/class"
	"wireloom/internal/class/roster"
	"wireloom/internal/gradebook/mark"
	"wireloom/internal/identity"
	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
)

var monday = time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)

// inClass runs f with a class of a teacher and two students, on each database, at a time that does not pass.
func inClass(t *testing.T, f func(t *testing.T, tx *store.Tx, c store.ClassRow)) {
	t.Helper()
	storetest.EachAt(t, func() time.Time { return monday }, func(t *testing.T, db *store.DB) {
		do(t, db.Write(t.Context(), func(tx *store.Tx) error {
			for _, name := range []string{"Tina", "Ada", "Bob"} {
				do(t, tx.AddPerson(store.PersonRow{ID: strings.ToLower(name), Name: name}))
			}
			c, err := class.Make(tx, class.New{Name: " Computer \n Networks ", Term: "2027S", Zone: "Europe/Vienna", Teacher: "tina"})
			do(t, err)
			for _, m := range []store.MemberRow{
				{Person: "ada", Name: "Ada", Section: "A", Email: "ada@x"}, {Person: "bob", Name: "Bob", Section: "B"},
			} {
				m.Class, m.Role, m.Active = c.ID, "student", true
				do(t, tx.PutMember(m))
			}
			do(t, tx.PutVersion(store.VersionRow{Hash: "v1", Scenario: "ping", Title: "Ping"}), tx.PutVersion(store.VersionRow{Hash: "v2", Scenario: "ping", Title: "Ping"}))
			f(t, tx, c)
			return nil
		}))
	})
}

// do fails the test at the first error.
func do(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// wantMistake wants a sentence for the person that says something.
func wantMistake(t *testing.T, what string, err error, says string) {
	t.Helper()
	if m := class.Mistake(""); !errors.As(err, &m) || !strings.Contains(err.Error(), says) {
		t.Errorf("%s: got %v, want a sentence with %q", what, err, says)
	}
}

func TestMakeAndChange(t *testing.T) {
	inClass(t, func(t *testing.T, tx *store.Tx, c store.ClassRow) {
		if c.Name != "Computer Networks" || !c.Open || c.Code != identity.FoldCode(c.Code) || len(c.Code) != 8 {
			t.Errorf("made %+v", c)
		}
		if m, err := tx.Member(c.ID, "tina"); m.Role != "teacher" || !m.Active || err != nil {
			t.Errorf("its teacher: %+v, %v", m, err)
		}
		for _, tc := range []struct {
			n    class.New
			says string
		}{
			{class.New{Name: " ", Zone: "UTC"}, "a class needs a name"},
			{class.New{Name: strings.Repeat("x", 201), Zone: "UTC"}, "201 bytes"},
			{class.New{Name: "x", Zone: "Vienna"}, "no time zone \"Vienna\""},
			{class.New{Name: "x", Zone: "Local"}, "no time zone"},
			{class.New{Name: "x", Zone: "../etc/passwd"}, "no time zone"},
		} {
			_, err := class.Make(tx, tc.n)
			wantMistake(t, fmt.Sprint(tc.n), err, tc.says)
		}
		changed, err := class.Change{Name: new("Networks"), Archived: new(true), Version: c.Version}.Apply(tx, c.ID)
		if err != nil || changed.Name != "Networks" || changed.Term != "2027S" || !changed.Archived || changed.Version != c.Version+1 {
			t.Errorf("changed: %+v, %v", changed, err)
		}
		if _, err := (class.Change{Name: new("Mine"), Version: c.Version}).Apply(tx, c.ID); !errors.Is(err, store.ErrStale) {
			t.Errorf("the second of two: %v", err)
		}
		_, err = class.Change{Retention: new(monday.Add(time.Hour)), Version: changed.Version}.Apply(tx, c.ID)
		wantMistake(t, "work that goes at once", err, "at the earliest in 14 days")
		coded, err := class.NewCode(tx, c.ID, changed.Version)
		if err != nil || coded.Code == c.Code || len(coded.Code) != 8 {
			t.Errorf("another code: %+v, %v", coded, err)
		}
		if _, err := class.NewCode(tx, c.ID, changed.Version); !errors.Is(err, store.ErrStale) {
			t.Errorf("another code, of a class that changed: %v", err)
		}
	})
}

// Dates stay at their hour in the class's zone, over the nights in which clocks change.
func TestCopyMovesDatesByTheCalendar(t *testing.T) {
	inClass(t, func(t *testing.T, tx *store.Tx, c store.ClassRow) {
		vienna, err := class.Zone("Europe/Vienna")
		do(t, err)
		due := time.Date(2027, 3, 22, 23, 59, 0, 0, vienna) // the clocks change on the 28th
		l, err := class.Add(tx, store.LessonRow{Class: c.ID, VersionHash: "v1", Due: due.UTC(), Locks: due.Add(time.Hour).UTC(), Published: true})
		do(t, err)
		second, err := class.Add(tx, store.LessonRow{Class: c.ID, VersionHash: "v2", Title: "Second", Counts: "last"})
		do(t, err)
		do(t, tx.PutExtension(store.ExtensionRow{Lesson: l.ID, Who: "ada", Due: due.Add(time.Hour)}), tx.AddUpload(c.ID, "v1", "tina"))
		next, lessons, err := class.Copy(tx, c.ID, class.New{Name: "Networks, again", Term: "2027W", Teacher: "tina"}, 1)
		do(t, err)
		got, err := tx.Lessons(next.ID)
		do(t, err)
		if next.Zone != c.Zone || len(got) != 2 || lessons[l.ID] != got[0].ID || lessons[second.ID] != got[1].ID {
			t.Fatalf("copied %+v, %v: %+v", next, lessons, got)
		}
		if want := time.Date(2027, 3, 29, 23, 59, 0, 0, vienna); !got[0].Due.Equal(want) || !got[0].Locks.Equal(want.Add(time.Hour)) || !got[0].Opens.IsZero() {
			t.Errorf("due %v and locked %v, want %v", got[0].Due.In(vienna), got[0].Locks.In(vienna), want)
		}
		if got[0].VersionHash != "v1" || !got[0].Published || got[1].Title != "Second" || got[1].Counts != "last" || got[1].Published {
			t.Errorf("copied %+v", got)
		}
		members, err := tx.Members(next.ID)
		do(t, err)
		extensions, err := tx.ExtensionsIn(next.ID)
		do(t, err)
		has, err := tx.HasUpload(next.ID, "v1")
		do(t, err)
		if len(members) != 1 || members[0].Person != "tina" || len(extensions) != 0 || !has {
			t.Errorf("people %+v, extensions %+v, the upload %v", members, extensions, has)
		}
		_, _, err = class.Copy(tx, c.ID, class.New{Name: "x", Teacher: "tina"}, 521)
		wantMistake(t, "a copy for the next decade", err, "at most 520 weeks")
	})
}

func TestDates(t *testing.T) {
	due, locks := monday, monday.Add(24*time.Hour)
	l := store.LessonRow{ID: "l", Due: due, Locks: locks}
	ada := store.MemberRow{Person: "ada", Section: "A"}
	later, latest := due.Add(time.Hour), due.Add(48*time.Hour)
	ext := func(who string, due, locks time.Time) store.ExtensionRow {
		return store.ExtensionRow{Lesson: "l", Who: who, Due: due, Locks: locks}
	}
	for _, tc := range []struct {
		name       string
		who        store.MemberRow
		extensions []store.ExtensionRow
		due, locks time.Time
	}{
		{"none", ada, nil, due, locks},
		{"another's", ada, []store.ExtensionRow{ext("bob", later, latest), ext("section:B", later, latest), {Lesson: "m", Who: "ada", Due: later}}, due, locks},
		{"the section's", ada, []store.ExtensionRow{ext("section:A", later, time.Time{})}, later, locks},
		{"one's own before the section's", ada, []store.ExtensionRow{ext("ada", later, time.Time{}), ext("section:A", latest, latest)}, later, latest},
		{"a lock comes along", ada, []store.ExtensionRow{ext("ada", latest, time.Time{})}, latest, latest},
		{"a later lock alone", ada, []store.ExtensionRow{ext("ada", time.Time{}, latest)}, due, latest},
		{"an earlier due date", ada, []store.ExtensionRow{ext("ada", due.Add(-time.Hour), time.Time{})}, due.Add(-time.Hour), locks},
		{"of no section", store.MemberRow{Person: "bob"}, []store.ExtensionRow{ext("section:", later, latest)}, due, locks},
	} {
		if got, want := class.Dates(l, tc.who, tc.extensions), (mark.Dates{Due: tc.due, Locks: tc.locks}); got != want {
			t.Errorf("%s: got %+v, want %+v", tc.name, got, want)
		}
	}
}

func TestExtensions(t *testing.T) {
	inClass(t, func(t *testing.T, tx *store.Tx, c store.ClassRow) {
		l, err := class.Add(tx, store.LessonRow{Class: c.ID, VersionHash: "v1", Opens: monday, Due: monday.Add(time.Hour)})
		do(t, err)
		give := func(who string, due, locks time.Time) error {
			_, err := class.Extend(tx, l, store.ExtensionRow{Who: who, Due: due, Locks: locks})
			return err
		}
		later := monday.Add(2 * time.Hour)
		do(t, give("ada", later, time.Time{}), give("section:B", later, later))
		for who, want := range map[string]time.Time{"ada": later, "bob": later, "tina": l.Due, "nobody": l.Due} {
			if d, err := class.DatesOf(tx, l, who); err != nil || !d.Due.Equal(want) {
				t.Errorf("%s: due %v, %v, want %v", who, d.Due, err, want)
			}
		}
		if err := give("nobody", later, later); !errors.Is(err, store.ErrNone) {
			t.Errorf("for nobody: %v", err)
		}
		wantMistake(t, "for no section", give("section:C", later, later), "nobody in the class is in the section \"C\"")
		wantMistake(t, "for the section of those that have none", give("section:", later, later), "nobody")
		wantMistake(t, "no date", give("ada", time.Time{}, time.Time{}), "needs a date")
		wantMistake(t, "a lock before the due date", give("ada", later, monday), "lock before")
		wantMistake(t, "before it opens", give("ada", monday.Add(-time.Hour), time.Time{}), "due before it opens")
	})
}

func TestLessons(t *testing.T) {
	inClass(t, func(t *testing.T, tx *store.Tx, c store.ClassRow) {
		vienna, err := class.Zone("Europe/Vienna")
		do(t, err)
		var ids []string
		for _, title := range []string{"", "B", "C"} {
			l, err := class.Add(tx, store.LessonRow{Class: c.ID, VersionHash: "v1", Title: title})
			do(t, err)
			ids = append(ids, l.ID)
		}
		order := func() (s string) {
			list, err := tx.Lessons(c.ID)
			do(t, err)
			for _, l := range list {
				s += fmt.Sprint(l.Position, l.Title, " ")
			}
			return s
		}
		for _, tc := range []struct {
			lesson int
			to     int64
			want   string
		}{{2, 1, "1C 2Ping 3B "}, {2, 99, "1Ping 2B 3C "}, {0, 2, "1B 2Ping 3C "}, {0, 2, "1B 2Ping 3C "}} {
			l, err := tx.Lesson(ids[tc.lesson])
			do(t, err)
			_, _, err = class.LessonChange{Position: new(tc.to), Version: l.Version}.Apply(tx, l.ID, vienna)
			do(t, err)
			if got := order(); got != tc.want {
				t.Errorf("lesson %d to place %d: got %q, want %q", tc.lesson, tc.to, got, tc.want)
			}
		}
		l, err := tx.Lesson(ids[0])
		do(t, err)
		due := time.Date(2027, 6, 30, 21, 59, 0, 0, time.UTC)
		changed, words, err := class.LessonChange{
			Title: new("Ping pong"), VersionHash: new("v2"), Due: &due, Counts: new("last"), Published: new(true), Version: l.Version,
		}.Apply(tx, l.ID, vienna)
		if err != nil || changed.Version != l.Version+1 || !changed.Due.Equal(due) || !changed.Published {
			t.Errorf("changed to %+v, %v", changed, err)
		}
		if want := `the title is "Ping pong"; its scenario is another; it is due on 30 June 2027, 23:59; the last hand-in counts; it is published`; words != want {
			t.Errorf("in words: got %s, want %s", words, want)
		}
		if _, _, err := (class.LessonChange{Title: new("Mine"), Version: l.Version}).Apply(tx, l.ID, vienna); !errors.Is(err, store.ErrStale) {
			t.Errorf("the second of two: %v", err)
		}
		_, words, err = class.LessonChange{Due: &time.Time{}, Published: new(false), Version: changed.Version}.Apply(tx, l.ID, vienna)
		if want := "it is due never; it is hidden"; words != want || err != nil {
			t.Errorf("in words: got %s, %v, want %s", words, err, want)
		}
		for _, tc := range []struct {
			l    store.LessonRow
			says string
		}{
			{store.LessonRow{Counts: "worst"}, "best or last"},
			{store.LessonRow{Opens: due, Due: due.Add(-1)}, "due before it opens"},
			{store.LessonRow{Due: due, Locks: due.Add(-1)}, "lock before it is due"},
			{store.LessonRow{Opens: due, Locks: due.Add(-1)}, "lock before it opens"},
			{store.LessonRow{Due: time.Date(20270, 1, 1, 0, 0, 0, 0, time.UTC)}, "in the year 20270"},
		} {
			tc.l.Class, tc.l.VersionHash = c.ID, "v1"
			_, err := class.Add(tx, tc.l)
			wantMistake(t, tc.says, err, tc.says)
		}
		if _, err := class.Add(tx, store.LessonRow{Class: c.ID, VersionHash: "none"}); !errors.Is(err, store.ErrNone) {
			t.Errorf("of no scenario: %v", err)
		}
	})
}

// who are the people of a class, as a test writes them.
func who(t *testing.T, tx *store.Tx, class string) map[string]string {
	t.Helper()
	members, err := tx.Members(class)
	do(t, err)
	got := map[string]string{}
	for _, m := range members {
		is := m.Role
		if !m.Active {
			is = "dropped " + is
		}
		got[m.Name] = strings.TrimSpace(is + " " + m.Section + " " + m.SIS)
	}
	return got
}

func wantWho(t *testing.T, tx *store.Tx, class string, want map[string]string) {
	t.Helper()
	if got := who(t, tx, class); !reflect.DeepEqual(got, want) {
		t.Errorf("the class is %v, want %v", got, want)
	}
}

func TestARosterIsAppliedAsItWasLookedAt(t *testing.T) {
	inClass(t, func(t *testing.T, tx *store.Tx, c store.ClassRow) {
		look := func(file string) class.Preview {
			t.Helper()
			f, err := roster.Parse([]byte(file))
			do(t, err)
			p, err := class.Look(tx, c.ID, "tina", f)
			do(t, err)
			return p
		}
		file := "Name,Email,SIS ID,Section\nAda,ada@x,1,B\nKim,kim@x,3,A\nEve,none,,\n"
		first := look(file)
		wantWho(t, tx, c.ID, map[string]string{"Tina": "teacher", "Ada": "student A", "Bob": "student B"})
		if len(first.Plan.Put) != 2 || len(first.Plan.Dropped) != 1 || len(first.Plan.Bad) != 1 || first.Read == "" {
			t.Errorf("a look: %+v", first.Plan)
		}
		words, err := class.Apply(tx, c.ID, first.ID, true)
		if want := "1 new, 0 back, 1 changed, 1 dropped"; words != want || err != nil {
			t.Errorf("got %s, %v, want %s", words, err, want)
		}
		wantWho(t, tx, c.ID, map[string]string{"Tina": "teacher", "Ada": "student B 1", "Kim": "student A 3", "Bob": "dropped student B"})
		if m, err := tx.Member(c.ID, "bob"); err != nil || m.Active {
			t.Errorf("who was dropped keeps their place: %+v, %v", m, err)
		}
		_, err = class.Apply(tx, c.ID, first.ID, true)
		wantMistake(t, "applied twice", err, "look at the file again")
		if p := look(file); len(p.Plan.Put) != 0 || len(p.Plan.Dropped) != 0 || p.Plan.Same != 2 {
			t.Errorf("the same file again: %+v", p.Plan)
		}
		back := look("Name,Section\nBob,B\n")
		words, err = class.Apply(tx, c.ID, back.ID, false)
		if want := "0 new, 1 back, 0 changed, 0 dropped"; words != want || err != nil {
			t.Errorf("got %s, %v, want %s", words, err, want)
		}
		old := look(file)
		_, err = class.MemberChange{Section: new("Z")}.Apply(tx, c.ID, "ada")
		do(t, err)
		_, err = class.Apply(tx, c.ID, old.ID, true)
		wantMistake(t, "the class moved meanwhile", err, "somebody changed the class's people")
		other, err := class.Make(tx, class.New{Name: "Other", Zone: "UTC"})
		do(t, err)
		mine := look(file)
		_, err = class.Apply(tx, other.ID, mine.ID, true)
		wantMistake(t, "of another class", err, "not there any more")
	})
}

func TestPutAndSync(t *testing.T) {
	inClass(t, func(t *testing.T, tx *store.Tx, c store.ClassRow) {
		put := func(l class.Listed) bool {
			t.Helper()
			_, changed, err := class.Put(tx, c.ID, l)
			do(t, err)
			return changed
		}
		if !put(class.Listed{Person: "ada", SIS: "1", Role: identity.Assistant}) || put(class.Listed{Person: "ada", Role: identity.Student}) || put(class.Listed{Person: "tina"}) {
			t.Error("a role was lowered, or what is so already changed")
		}
		wantWho(t, tx, c.ID, map[string]string{"Tina": "teacher", "Ada": "assistant A 1", "Bob": "student B"})
		do(t, tx.AddPerson(store.PersonRow{ID: "eve"}), tx.AddPerson(store.PersonRow{ID: "kim"}))
		list := []class.Listed{{Person: "eve", Name: "Eve"}, {Person: "kim", Name: "Kim"}}
		all := func(person string) (bool, error) { return true, nil }
		notBob := func(person string) (bool, error) { return person != "bob", nil }
		sync := func(list []class.Listed, mine func(string) (bool, error), want int) {
			t.Helper()
			if n, err := class.Sync(tx, c.ID, list, mine); n != want || err != nil {
				t.Errorf("changed %d, %v, want %d", n, err, want)
			}
		}
		sync(list, notBob, 2)
		sync(list, notBob, 0)
		sync(list[:1], all, 2) // Kim and Bob go, staff stay
		wantWho(t, tx, c.ID, map[string]string{"Tina": "teacher", "Ada": "assistant A 1", "Bob": "dropped student B", "Eve": "student", "Kim": "dropped student"})
		sync(list, notBob, 1)
		wantWho(t, tx, c.ID, map[string]string{"Tina": "teacher", "Ada": "assistant A 1", "Bob": "dropped student B", "Eve": "student", "Kim": "student"})
		_, err := class.Sync(tx, c.ID, nil, all)
		wantMistake(t, "a list of nobody", err, "nothing was changed")
	})
}

func TestMembersOneByOne(t *testing.T) {
	inClass(t, func(t *testing.T, tx *store.Tx, c store.ClassRow) {
		kim, err := class.AddMember(tx, c.ID, class.Listed{Name: " Kim\x00 Lee ", Email: "kim@x", Role: identity.Assistant})
		if err != nil || kim.Name != "Kim Lee" || kim.Role != "assistant" || !kim.Active {
			t.Errorf("added %+v, %v", kim, err)
		}
		for _, l := range []class.Listed{{Name: "Lee, Kim", Role: identity.Student}, {Name: "K.", Email: "KIM@x", Role: identity.Student}} {
			_, err := class.AddMember(tx, c.ID, l)
			wantMistake(t, l.Name, err, "is in the class already")
		}
		_, err = class.AddMember(tx, c.ID, class.Listed{Name: " .", Role: identity.Student})
		wantMistake(t, "nobody", err, "needs a name")
		change := func(person string, ch class.MemberChange) error {
			_, err := ch.Apply(tx, c.ID, person)
			return err
		}
		wantMistake(t, "the only teacher goes", change("tina", class.MemberChange{Active: new(false)}), "only teacher")
		wantMistake(t, "the only teacher is an assistant", change("tina", class.MemberChange{Role: identity.Assistant}), "only teacher")
		wantMistake(t, "no name", change("ada", class.MemberChange{Name: new(" ")}), "needs a name")
		do(t, change("ada", class.MemberChange{Role: identity.Teacher, Section: new(""), Email: new("a@x")}), change("tina", class.MemberChange{Active: new(false)}))
		wantWho(t, tx, c.ID, map[string]string{"Tina": "dropped teacher", "Ada": "teacher", "Bob": "student B", "Kim Lee": "assistant"})
		if err := change("nobody", class.MemberChange{}); !errors.Is(err, store.ErrNone) {
			t.Errorf("nobody: %v", err)
		}
	})
}
