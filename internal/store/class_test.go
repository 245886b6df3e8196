package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
)

var monday = time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)

// inOne runs f in one transaction of a fresh store of each kind, at a time that does not pass.
func inOne(t *testing.T, f func(t *testing.T, tx *store.Tx)) {
	t.Helper()
	storetest.EachAt(t, func() time.Time { return monday }, func(t *testing.T, db *store.DB) {
		write(t, db, func(tx *store.Tx) error {
			f(t, tx)
			return nil
		})
	})
}

// good fails the test if there is an error, and is the value.
func good[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		return v
	}
}

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// do fails the test at the first error.
func do(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestClasses(t *testing.T) {
	inOne(t, func(t *testing.T, tx *store.Tx) {
		a := store.ClassRow{ID: "a", Name: "Networks", Term: "2027S", Zone: "Europe/Vienna", Code: "AAAA", Open: true, Created: monday, Version: 1}
		b := store.ClassRow{ID: "b", Name: "Old", Zone: "UTC", Code: "BBBB", Archived: true, Retention: monday.Add(-time.Hour), Created: monday.Add(-time.Hour), Version: 1}
		do(t, tx.AddClass(a), tx.AddClass(b), put(tx, "ada", "Ada"), tx.PutMember(store.MemberRow{Class: "b", Person: "ada", Role: "teacher"}))
		wantErr(t, "a code twice", tx.AddClass(store.ClassRow{ID: "c", Code: "AAAA"}), store.ErrTaken)
		b.Roster = 1
		want(t, "by id", good(tx.Class("a"))(t), a)
		want(t, "by code", good(tx.ClassByCode("BBBB"))(t), b)
		want(t, "all", good(tx.Classes())(t), []store.ClassRow{a, b})
		want(t, "of a person", good(tx.ClassesOf("ada"))(t), []store.ClassRow{b})
		want(t, "whose time is over", good(tx.ClassesToErase(monday))(t), []store.ClassRow{b})
		want(t, "how many", good(tx.CountClasses())(t), 2)
		_, err := tx.Class("c")
		wantErr(t, "no such", err, store.ErrNone)

		a.Name, a.Code = "Networks 2", "CCCC"
		do(t, tx.SetClass(a))
		wantErr(t, "from what was there before", tx.SetClass(a), store.ErrStale)
		a.Version = 2
		want(t, "changed", good(tx.Class("a"))(t), a)
		a.Code = "BBBB"
		wantErr(t, "to another's code", tx.SetClass(a), store.ErrTaken)
		wantErr(t, "no such to change", tx.SetClass(store.ClassRow{ID: "c"}), store.ErrNone)
	})
}

func TestMembers(t *testing.T) {
	inOne(t, func(t *testing.T, tx *store.Tx) {
		do(t, tx.AddClass(store.ClassRow{ID: "c", Code: "C", Created: monday}), tx.AddClass(store.ClassRow{ID: "d", Code: "D", Created: monday}),
			put(tx, "ada", "Ada"), put(tx, "bob", "Bob"), put(tx, "eve", "Eve"))
		ada := store.MemberRow{
			Class: "c", Person: "ada", Role: "student", Name: "Lovelace, Ada", Section: "A", SIS: "007", Login: "al", Email: "Ada@Example.org",
			Canvas: "12", Active: true, Joined: monday.Add(-time.Hour), Changed: monday,
		}
		bob := store.MemberRow{Class: "c", Person: "bob", Role: "student", Name: "Bob", Changed: monday, Joined: monday}
		eve := store.MemberRow{Class: "d", Person: "ada", Role: "teacher", Name: "Ada", Active: true, Changed: monday, Joined: monday}
		for _, m := range []store.MemberRow{ada, bob, eve} {
			do(t, tx.PutMember(m))
		}
		wantErr(t, "of no class", tx.PutMember(store.MemberRow{Class: "none", Person: "ada"}), store.ErrNone)
		want(t, "one", good(tx.Member("c", "ada"))(t), ada)
		want(t, "of a class", good(tx.Members("c"))(t), []store.MemberRow{bob, ada})
		want(t, "of a person", good(tx.PlacesOf("ada"))(t), []store.MemberRow{ada, eve})
		want(t, "by e-mail", good(tx.MembersByEmail("ada@example.ORG"))(t), []store.MemberRow{ada})
		want(t, "by none", good(tx.MembersByEmail(""))(t), []store.MemberRow(nil))
		_, err := tx.Member("c", "eve")
		wantErr(t, "nobody", err, store.ErrNone)

		ada.Active, ada.Section = false, "B"
		do(t, tx.PutMember(ada))
		want(t, "dropped", good(tx.Member("c", "ada"))(t), ada)
		want(t, "the roster moved three times", good(tx.Class("c"))(t).Roster, int64(3))
		active, total, err := tx.CountMembers("d", "teacher")
		want(t, "counted", []any{active, total, err}, []any{1, 1, nil})
		active, total, err = tx.CountMembers("none", "student")
		want(t, "counted in none", []any{active, total, err}, []any{0, 0, nil})

		_, err = tx.Exec("update people set seen = $1 where id = 'ada'", monday.UnixMilli())
		do(t, err)
		want(t, "seen", good(tx.LastSeen("c"))(t), map[string]time.Time{"ada": monday})
		later := monday.Add(time.Hour)
		do(t, tx.AddSession(store.SessionRow{Token: "1", Person: "ada", Seen: later}), tx.AddSession(store.SessionRow{Token: "2", Person: "ada", Seen: monday.Add(-time.Hour)}),
			tx.AddSession(store.SessionRow{Token: "3", Person: "bob", Seen: monday}))
		want(t, "seen in a session", good(tx.LastSeen("c"))(t), map[string]time.Time{"ada": later, "bob": monday})
		do(t, tx.PersonSeen("bob"), tx.DropSessions("bob"))
		want(t, "seen before a session ended", good(tx.LastSeen("c"))(t)["bob"].IsZero(), false)
		wantErr(t, "nobody is seen", tx.PersonSeen("none"), store.ErrNone)
	})
}

func TestPreviews(t *testing.T) {
	inOne(t, func(t *testing.T, tx *store.Tx) {
		do(t, tx.AddClass(store.ClassRow{ID: "c", Code: "C"}))
		p := store.PreviewRow{ID: "1", Class: "c", By: "ada", Roster: 7, Data: "{}", Created: monday}
		do(t, tx.PutPreview(store.PreviewRow{ID: "0", Class: "c", By: "ada"}), tx.PutPreview(p))
		_, err := tx.TakePreview("c", "0")
		wantErr(t, "one that a later one replaced", err, store.ErrNone)
		_, err = tx.TakePreview("d", "1")
		wantErr(t, "of another class", err, store.ErrNone)
		want(t, "taken", good(tx.TakePreview("c", "1"))(t), p)
		_, err = tx.TakePreview("c", "1")
		wantErr(t, "taken twice", err, store.ErrNone)
	})
}

func TestVersionsAndUploads(t *testing.T) {
	inOne(t, func(t *testing.T, tx *store.Tx) {
		do(t, tx.AddClass(store.ClassRow{ID: "c", Code: "C"}))
		v := store.VersionRow{Hash: "h", Scenario: "ping", Title: "Ping", Blob: "b", Builtin: true, Class: "c", Created: monday, By: "ada"}
		do(t, tx.PutVersion(v), tx.PutVersion(store.VersionRow{Hash: "h", Scenario: "another"}), tx.AddUpload("c", "h", "bob"), tx.AddUpload("c", "h", "eve"))
		want(t, "the first stays", good(tx.Version("h"))(t), v)
		v.By = "bob"
		want(t, "of a class", good(tx.Uploads("c"))(t), []store.VersionRow{v})
		want(t, "has it", good(tx.HasUpload("c", "h"))(t), true)
		want(t, "another hasn't", good(tx.HasUpload("d", "h"))(t), false)
	})
}

func TestLessonsAndExtensions(t *testing.T) {
	inOne(t, func(t *testing.T, tx *store.Tx) {
		do(t, tx.AddClass(store.ClassRow{ID: "c", Code: "C"}), tx.PutVersion(store.VersionRow{Hash: "h"}), tx.PutVersion(store.VersionRow{Hash: "i"}))
		l := store.LessonRow{
			ID: "l", Class: "c", Position: 2, Title: "Ping", VersionHash: "h", Opens: monday, Due: monday.Add(time.Hour), Counts: "best",
			Created: monday, Version: 1,
		}
		m := store.LessonRow{ID: "m", Class: "c", Position: 1, VersionHash: "h", Counts: "last", Created: monday, Version: 1}
		do(t, tx.AddLesson(l), tx.AddLesson(m))
		want(t, "one", good(tx.Lesson("l"))(t), l)
		want(t, "in order", good(tx.Lessons("c"))(t), []store.LessonRow{m, l})
		l.Title, l.VersionHash, l.Published, l.Locks = "Ping 2", "i", true, monday.Add(2*time.Hour)
		do(t, tx.SetLesson(l), tx.PlaceLesson("m", 3))
		wantErr(t, "from what was there before", tx.SetLesson(l), store.ErrStale)
		wantErr(t, "no such to place", tx.PlaceLesson("none", 1), store.ErrNone)
		l.Version, m.Position = 2, 3
		want(t, "changed", good(tx.Lessons("c"))(t), []store.LessonRow{l, m})

		e := store.ExtensionRow{Lesson: "l", Who: "section:B", Due: monday, Locks: monday.Add(time.Hour), By: "ada", Created: monday}
		do(t, tx.PutExtension(store.ExtensionRow{Lesson: "l", Who: "section:B"}), tx.PutExtension(e), tx.PutExtension(store.ExtensionRow{Lesson: "m", Who: "ada"}))
		want(t, "of a lesson", good(tx.Extensions("l"))(t), []store.ExtensionRow{e})
		want(t, "of a class", len(good(tx.ExtensionsIn("c"))(t)), 2)
		do(t, tx.DropExtension("l", "section:B"))
		wantErr(t, "taken back twice", tx.DropExtension("l", "section:B"), store.ErrNone)
		do(t, tx.DropLesson("m"))
		wantErr(t, "removed twice", tx.DropLesson("m"), store.ErrNone)
		want(t, "its extensions", fmt.Sprint(tx.ExtensionsIn("c")), "[] <nil>")
	})
}

func TestHandedCounts(t *testing.T) {
	inOne(t, func(t *testing.T, tx *store.Tx) {
		do(t, tx.AddClass(store.ClassRow{ID: "c", Code: "C"}), tx.PutVersion(store.VersionRow{Hash: "h"}),
			tx.AddLesson(store.LessonRow{ID: "l", Class: "c", VersionHash: "h"}), tx.AddLesson(store.LessonRow{ID: "m", Class: "c", VersionHash: "h"}))
		for i, person := range []string{"ada", "ada", "bob"} {
			do(t, tx.AddHandin(store.HandinRow{ID: fmt.Sprint(i), Class: "c", Lesson: "l", Person: person, Number: int64(i), Scenario: "h"}))
		}
		want(t, "people", good(tx.HandedCounts("c"))(t), map[string]int{"l": 2})
	})
}
