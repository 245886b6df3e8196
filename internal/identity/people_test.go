package identity_test

import (
	"errors"
	"testing"
	"time"

	"wireloom/internal/identity"
	"wireloom/internal/store"
)

// arrive has somebody come by a campus login, or go on there as who they are.
func (w *world) arrive(a identity.Arriving) (person string, err error) {
	err = w.db.Write(w.Context(), func(tx *store.Tx) (err error) {
		person, err = identity.Arrive(tx, a)
		return err
	})
	return person, err
}

func campus(subject, email string) identity.Sighting {
	return identity.Sighting{Kind: identity.OIDC, Issuer: "https://login", Subject: subject, Name: "Ada", Email: email}
}

// full signs a person in for all of their classes.
func (w *world) full(person string) *browser {
	w.Helper()
	b := w.browser()
	r := b.request("/")
	var o identity.Opened
	w.write(func(tx *store.Tx) (err error) {
		o, err = w.m.Open(tx, r, identity.Opening{Person: person, Kind: identity.OIDC})
		return err
	})
	b.keep(r, &o)
	return b
}

// place is what who asks is in a class, and by which id.
func (w *world) place(who identity.Who, class string) (p identity.Place) {
	w.Helper()
	w.write(func(tx *store.Tx) (err error) {
		p, err = identity.PlaceIn(tx, who, class)
		return err
	})
	return p
}

// Trap 11 of the classroom: who is whom is said by issuer and subject, and by nothing that changes.
func TestWhoIsWhom(t *testing.T) {
	each(t, func(w *world) {
		ada, err := w.arrive(identity.Arriving{Sighting: campus("s1", "ada@example.org")})
		if err != nil {
			t.Fatal(err)
		}
		again := func(what string, a identity.Arriving, same bool) {
			t.Helper()
			got, err := w.arrive(a)
			if err != nil || (got == ada) != same {
				t.Errorf("%s: got the same person: %v, %v", what, got == ada, err)
			}
		}
		again("her e-mail address changed", identity.Arriving{Sighting: campus("s1", "ada.king@example.org")}, true)
		again("somebody new has her address", identity.Arriving{Sighting: campus("s2", "ada.king@example.org"), Match: true}, false)
		other := campus("s1", "")
		other.Issuer = "https://other"
		again("her subject at another login", identity.Arriving{Sighting: other}, false)
		lti := campus("s1", "ada.king@example.org")
		lti.Kind = identity.LTI
		again("the same by a platform", identity.Arriving{Sighting: lti}, false)
	})
}

// An e-mail address leads to a list's place once: who comes later with it gets nothing.
func TestAnAddressOnAList(t *testing.T) {
	each(t, func(w *world) {
		kim := w.member("c", "student", "Kim Lee")
		w.write(func(tx *store.Tx) error {
			m, err := tx.Member("c", kim)
			m.Email = "Kim@Example.org"
			return errors.Join(err, tx.PutMember(m))
		})
		unverified, err := w.arrive(identity.Arriving{Sighting: campus("s0", "kim@example.org")})
		if err != nil || w.place(w.full(unverified).who(), "c").Role != identity.None {
			t.Errorf("an address that nobody vouches for: got in, %v", err)
		}
		first, err := w.arrive(identity.Arriving{Sighting: campus("s1", "kim@example.org"), Match: true})
		if p := w.place(w.full(first).who(), "c"); err != nil || p.Person != kim || p.Role != identity.Student {
			t.Errorf("the person of the address: got %+v, %v", p, err)
		}
		second, err := w.arrive(identity.Arriving{Sighting: campus("s2", "kim@example.org"), Match: true})
		if p := w.place(w.full(second).who(), "c"); err != nil || p.Role != identity.None {
			t.Errorf("the next person of the address: got %+v, %v", p, err)
		}
		if _, err := w.browser().join(code, "Kim Lee", ""); !errors.Is(err, identity.ErrClaimed) {
			t.Errorf("the name, by somebody in the room: got %v", err)
		}
	})
}

// The name of somebody who left is given to somebody new: the new one is not the old one.
func TestANameThatIsRecycled(t *testing.T) {
	each(t, func(w *world) {
		old := w.member("c", "student", "Kim Lee")
		first := w.browser()
		if _, err := first.join(code, "Kim Lee", ""); err != nil {
			t.Fatal(err)
		}
		drop := func(active bool) {
			w.write(func(tx *store.Tx) error {
				m, err := tx.Member("c", old)
				m.Active = active
				return errors.Join(err, tx.PutMember(m))
			})
		}
		drop(false)
		if _, err := w.browser().join(code, "Kim Lee", ""); !errors.Is(err, identity.ErrNotListed) {
			t.Errorf("the name while nobody has it: got %v", err)
		}
		w.write(func(tx *store.Tx) error {
			return errors.Join(tx.AddPerson(store.PersonRow{ID: "new"}), tx.PutMember(store.MemberRow{Class: "c", Person: "new", Role: "student", Name: "Lee, Kim", Active: true}))
		})
		done, err := w.browser().join(code, "Kim Lee", "")
		if err != nil || done.Person != "new" {
			t.Errorf("the new one: got %+v, %v", done, err)
		}
		if p := w.place(first.who(), "c"); p.Person != old || p.Active {
			t.Errorf("the old one, in their browser: got %+v", p)
		}
		drop(true)
		if p := w.place(first.who(), "c"); p.Person != old || !p.Active {
			t.Errorf("the old one, back: got %+v", p)
		}
	})
}

// Who took a name of a class by its code is nobody elsewhere, whoever has that name.
func TestATakenNameIsOfOneClass(t *testing.T) {
	each(t, func(w *world) {
		w.class("d", "DDDDDDDD", false)
		tom := w.member("c", "student", "Tom") // and a teacher of the other class
		w.member("d", "teacher", "Tom")
		w.write(func(tx *store.Tx) error {
			return tx.PutMember(store.MemberRow{Class: "d", Person: tom, Role: "teacher", Name: "Tom", Active: true})
		})
		b := w.browser()
		done, err := b.join(code, "tom", "")
		if err != nil || done.Person != tom {
			t.Fatalf("got %+v, %v", done, err)
		}
		if p := w.place(b.who(), "c"); p.Role != identity.Student {
			t.Errorf("in that class: got %+v", p)
		}
		if p := w.place(b.who(), "d"); p.Role != identity.None {
			t.Errorf("in the other class: got %+v", p)
		}
		if _, err := b.join("DDDDDDDD", "tom", done.Word); err == nil || b.who().In("d") {
			t.Errorf("the other class by the word of this one: got %v", err)
		}
		for what, link := range map[string]func() error{
			"with a campus login": func() error {
				who := b.who()
				_, err := w.arrive(identity.Arriving{Sighting: campus("mine", ""), Link: &who})
				return err
			},
			"with another person": func() error {
				var made string
				w.write(func(tx *store.Tx) (err error) {
					made, _, err = identity.MergeCode(tx, b.who())
					return err
				})
				mallory := w.full(w.member("c", "student", "Mallory"))
				return w.m.MergeBy(mallory.request("/"), mallory.who(), made, func(*store.Tx, string) error { return nil })
			},
		} {
			if err := link(); !errors.Is(err, identity.ErrNotAlone) {
				t.Errorf("joining the taken name %s: got %v", what, err)
			}
		}
	})
}

// One browser, two classes by code and name: both are open, and from elsewhere each by its word.
func TestTwoClassesInOneBrowser(t *testing.T) {
	each(t, func(w *world) {
		w.class("d", "DDDDDDDD", true)
		kim := w.member("c", "student", "Kim Lee")
		b := w.browser()
		if _, err := b.join(code, "Kim Lee", ""); err != nil {
			t.Fatal(err)
		}
		second, err := b.join("DDDD-DDDD", "kim lee", "")
		if err != nil || second.Word == "" {
			t.Fatalf("the second class: got %+v, %v", second, err)
		}
		who := b.who()
		if c, d := w.place(who, "c"), w.place(who, "d"); c.Person != kim || d.Person != second.Person || d.Role != identity.Student {
			t.Errorf("got %+v and %+v", c, d)
		}
		elsewhere := w.browser()
		if _, err := elsewhere.join("DDDDDDDD", "Kim Lee", second.Word); err != nil || elsewhere.who().In("c") || !elsewhere.who().In("d") {
			t.Errorf("from elsewhere, by the word of one: got %+v, %v", elsewhere.who(), err)
		}
		// Somebody else at the same machine is somebody else.
		w.member("c", "student", "Bob")
		if _, err := b.join(code, "Bob", ""); err == nil && b.who().In("d") {
			t.Errorf("Bob at Kim's browser: got %+v", b.who())
		}
	})
}

// The same person by a platform and by a campus login: joined by themselves, and taken apart by an
// operator. Nothing of a class moves.
func TestOneHumanTwoPeople(t *testing.T) {
	each(t, func(w *world) {
		w.class("d", "DDDDDDDD", false)
		a, b := w.member("c", "student", "Kim"), w.member("d", "assistant", "Kim")
		one, two := w.full(a), w.full(b)
		var made string
		w.write(func(tx *store.Tx) (err error) {
			made, _, err = identity.MergeCode(tx, two.who())
			return err
		})
		nothing := func(*store.Tx, string) error { return nil }
		if err := w.m.MergeBy(one.request("/"), one.who(), "00000000", nothing); !errors.Is(err, identity.ErrWrongToken) {
			t.Errorf("by a code that is none: got %v", err)
		}
		if err := w.m.MergeBy(one.request("/"), one.who(), made, nothing); err != nil {
			t.Fatal(err)
		}
		if err := w.m.MergeBy(one.request("/"), one.who(), made, nothing); !errors.Is(err, identity.ErrWrongToken) {
			t.Errorf("the code once more: got %v", err)
		}
		for name, browser := range map[string]*browser{"the one": one, "the other": two} {
			if c, d := w.place(browser.who(), "c"), w.place(browser.who(), "d"); c.Person != a || d.Person != b || d.Role != identity.Assistant {
				t.Errorf("in %s's browser: got %+v and %+v", name, c, d)
			}
		}
		w.write(func(tx *store.Tx) error { return identity.Split(tx, b) })
		if d := w.place(one.who(), "d"); d.Role != identity.None {
			t.Errorf("taken apart: got %+v", d)
		}
		if who := two.who(); who.Person != "" {
			t.Errorf("whose session it was is unknown: got %+v", who)
		}
		// Two who are in one class are two.
		x, y := w.full(w.member("c", "student", "X")), w.member("c", "student", "Y")
		w.write(func(tx *store.Tx) error {
			if err := identity.Merge(tx, x.who().Person, y); !errors.Is(err, identity.ErrBothIn) {
				t.Errorf("two of one class: got %v", err)
			}
			return nil
		})
	})
}

// Entra's subjects are others when the application is registered anew: an operator joins them by
// what stayed, after a look.
func TestRelink(t *testing.T) {
	each(t, func(w *world) {
		old, anew := campus("s1", "kim@example.org"), campus("t1", "kim@example.org")
		old.OID, old.TID = "o1", "tenant"
		anew.OID, anew.TID = "o1", "tenant"
		before, err := w.arrive(identity.Arriving{Sighting: old})
		if err != nil {
			t.Fatal(err)
		}
		w.write(func(tx *store.Tx) error {
			return tx.PutMember(store.MemberRow{Class: "c", Person: before, Role: "student", Name: "Kim", Active: true})
		})
		*w.now = w.now.Add(time.Hour)
		after, err := w.arrive(identity.Arriving{Sighting: anew})
		if err != nil || after == before {
			t.Fatalf("got %v, %v", after == before, err)
		}
		for _, tc := range []struct {
			claim string
			apply bool
			found int
			role  identity.Role
		}{
			{"oid", false, 1, identity.None},
			{"username", true, 0, identity.None},
			{"oid", true, 1, identity.Student},
			{"oid", true, 0, identity.Student},
		} {
			found, err := identity.Relink(t.Context(), w.db, "https://login", tc.claim, tc.apply)
			if err != nil || len(found) != tc.found {
				t.Errorf("by %s, apply %v: got %+v, %v", tc.claim, tc.apply, found, err)
			}
			if p := w.place(w.full(after).who(), "c"); p.Role != tc.role {
				t.Errorf("by %s, apply %v: got %+v", tc.claim, tc.apply, p)
			}
		}
		if _, err := identity.Relink(t.Context(), w.db, "https://login", "shoe size", true); err == nil {
			t.Error("a claim that is none: no error")
		}
	})
}

// Who joined by a name and comes by the campus login later has both, by the word.
func TestANameAndThenALogin(t *testing.T) {
	each(t, func(w *world) {
		kim := w.member("c", "student", "Kim Lee")
		done, err := w.browser().join(code, "Kim Lee", "")
		if err != nil {
			t.Fatal(err)
		}
		ada, err := w.arrive(identity.Arriving{Sighting: campus("s1", "")})
		if err != nil {
			t.Fatal(err)
		}
		b := w.full(ada)
		if _, err := b.join(code, "Kim Lee", ""); !errors.Is(err, identity.ErrClaimed) {
			t.Errorf("without the word: got %v", err)
		}
		if got, err := b.join(code, "Kim Lee", done.Word); err != nil || got.Opened != nil {
			t.Errorf("with the word: got %+v, %v", got, err)
		}
		if who := b.who(); who.Person != ada || who.Class != "" || w.place(who, "c").Person != kim {
			t.Errorf("got %+v in %+v", who, w.place(who, "c"))
		}
	})
}
