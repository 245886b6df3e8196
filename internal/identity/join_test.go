package identity_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"wireloom/internal/identity"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

func TestJoinByCodeAndName(t *testing.T) {
	each(t, func(w *world) {
		ada := w.member("c", "student", "Lovelace, Ada")
		w.member("c", "student", "Kim Lee")
		w.member("c", "teacher", "Tom")
		first := w.browser()
		done, err := first.join("abcd-efgh", " ada  LOVELACE ", "")
		if err != nil || done.Person != ada || done.Word == "" || done.Name != "Lovelace, Ada" {
			t.Fatalf("the first time: got %+v, %v", done, err)
		}
		if who := first.who(); who.Person != ada || who.Class != "c" || who.Operator {
			t.Errorf("who is in that browser: got %+v", who)
		}
		word := done.Word
		for _, tc := range []struct {
			name, code, as, word string
			want                 error
		}{
			{"a code that is none", "ABCDEFGJ", "Kim Lee", "", identity.ErrWrongCode},
			{"no code", "", "Kim Lee", "", identity.ErrWrongCode},
			{"no name", code, " .,- ", "", identity.ErrNoName},
			{"a name that is taken, from elsewhere", code, "Ada Lovelace", "", identity.ErrClaimed},
			{"with a wrong word", code, "Ada Lovelace", "bamiko-dutera", identity.ErrWrongWord},
			{"a name that is on no list", code, "Bob", "", identity.ErrNotListed},
			{"a teacher's name", code, "Tom", "", identity.ErrStaff},
		} {
			b := w.browser()
			if done, err := b.join(tc.code, tc.as, tc.word); !errors.Is(err, tc.want) || done.Opened != nil {
				t.Errorf("%s: got %+v, %v", tc.name, done, err)
			}
			if who := b.who(); who.Person != "" {
				t.Errorf("%s: got in as %+v", tc.name, who)
			}
		}
		second := w.browser()
		if done, err := second.join(code, "Ada Lovelace", word+" "); err != nil || done.Person != ada || done.Word != "" {
			t.Errorf("with the word: got %+v, %v", done, err)
		}
		if who := first.who(); who.Person != ada {
			t.Errorf("the first browser, after the second: got %+v", who)
		}
		*w.now = w.now.Add(2 * time.Minute)
		w.write(func(tx *store.Tx) error {
			waiting, err := tx.Arrivals("c")
			if len(waiting) != 1 || waiting[0].Name != "Bob" {
				t.Errorf("who waits for the teacher: got %+v", waiting)
			}
			return err
		})
	})
}

// What an address may guess in a minute, and that a right code doesn't open after that.
func TestGuessingCodesIsLimited(t *testing.T) {
	each(t, func(w *world) {
		w.member("c", "student", "Kim Lee")
		for n := range 10 {
			if _, err := w.browser().join("00000000", "Kim Lee", ""); !errors.Is(err, identity.ErrWrongCode) {
				t.Fatalf("guess %d: got %v", n, err)
			}
		}
		refusal := (*visitor.Refusal)(nil)
		if _, err := w.browser().join(code, "Kim Lee", ""); !errors.As(err, &refusal) || refusal.After <= 0 || refusal.After > time.Minute {
			t.Errorf("the right code after ten wrong ones: got %v", err)
		}
		*w.now = w.now.Add(time.Minute)
		if _, err := w.browser().join(code, "Kim Lee", ""); err != nil {
			t.Errorf("a minute later: got %v", err)
		}
	})
}

// Who knows one code gets no more guesses at others by it: not by coming in again and again, nor by
// names that let nobody in.
func TestARightCodeAgainAndAgainIsNoLeaveToGuess(t *testing.T) {
	for name, again := range map[string]func(w *world, b *browser){
		"who is in already": func(_ *world, b *browser) { _, _ = b.join(code, "Kim Lee", "") },
		"a name on no list": func(w *world, _ *browser) { _, _ = w.browser().join(code, "Nobody", "") },
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(w *world) {
				w.member("c", "student", "Kim Lee")
				kim := w.browser()
				if _, err := kim.join(code, "Kim Lee", ""); err != nil {
					t.Fatal(err)
				}
				for range 30 {
					again(w, kim)
				}
				guessed := 0
				for range 40 {
					if _, err := w.browser().join("00000000", "Kim Lee", ""); errors.Is(err, identity.ErrWrongCode) {
						guessed++
					}
				}
				if guessed != 11 { // ten, and one for Kim
					t.Errorf("%d guesses were answered in a minute", guessed)
				}
			})
		})
	}
}

// A whole class behind one address may have as many typing mistakes as people.
func TestARoomThatMakesMistakesIsLetIn(t *testing.T) {
	each(t, func(w *world) {
		w.write(func(tx *store.Tx) error {
			c, err := tx.Class("c")
			c.ID, c.Code, c.Open = "open", "00000001", true
			return errors.Join(err, tx.AddClass(c))
		})
		for n := range 40 {
			b := w.browser()
			_, _ = b.join("wrong", "Student "+string(rune('a'+n%26))+string(rune('a'+n/26)), "")
			if _, err := b.join("OOOO-OOOI", "Student "+string(rune('a'+n%26))+string(rune('a'+n/26)), ""); err != nil {
				t.Fatalf("student %d: got %v", n, err)
			}
		}
	})
}

// Whether there is a code or not, or one that was good once, the answer is the same and takes
// as long.
func TestAWrongCodeSaysNothing(t *testing.T) {
	each(t, func(w *world) {
		w.member("c", "student", "Kim Lee")
		w.write(func(tx *store.Tx) error {
			return tx.AddClass(store.ClassRow{ID: "old", Code: "ZZZZZZZZ", Zone: "UTC", Version: 1, Archived: true})
		})
		for _, try := range []string{"00000000", "ZZZZZZZZ", "", "no code", code + code} {
			_, err := w.browser().join(try, "Kim Lee", "bamiko-dutera")
			if err == nil || err.Error() != identity.ErrWrongCode.Error() {
				t.Errorf("%q: got %v", try, err)
			}
		}
		_, _ = w.browser().signIn("00000000")
		_, _ = w.browser().signIn("bamiko-dutera-ronafi-zelugo")
		if len(w.waited) != 7 || slices.ContainsFunc(w.waited, func(d time.Duration) bool { return d != w.waited[0] }) {
			t.Errorf("the answers took %v", w.waited)
		}
	})
}

// Two of one name are told apart by what only one of them has.
func TestTwoOfOneName(t *testing.T) {
	each(t, func(w *world) {
		w.member("c", "student", "Kim Lee")
		w.write(func(tx *store.Tx) error {
			return errors.Join(tx.AddPerson(store.PersonRow{ID: "second"}),
				tx.PutMember(store.MemberRow{Class: "c", Person: "second", Role: "student", Name: "Lee, Kim", SIS: "S-12345", Login: "klee2", Active: true}))
		})
		if _, err := w.browser().join(code, "Kim Lee", ""); !errors.Is(err, identity.ErrAlike) {
			t.Errorf("the name alone: got %v", err)
		}
		if done, err := w.browser().join(code, "kim lee s-12345", ""); err != nil || done.Person != "second" {
			t.Errorf("with the number: got %+v, %v", done, err)
		}
		if _, err := w.browser().join(code, "Kim Lee KLEE2", ""); !errors.Is(err, identity.ErrClaimed) {
			t.Errorf("with the login, from elsewhere: got %v", err)
		}
	})
}
