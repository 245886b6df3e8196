package identity_test

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"wireloom/internal/identity"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

func TestHowLongASessionLasts(t *testing.T) {
	each(t, func(w *world) {
		w.member("c", "student", "Kim")
		byName := w.browser()
		if _, err := byName.join(code, "Kim", ""); err != nil {
			t.Fatal(err)
		}
		campus := w.full(w.member("c", "teacher", "Tom"))
		for range 40 { // five days, a request every three hours
			*w.now = w.now.Add(3 * time.Hour)
			if campus.who().Person == "" {
				t.Fatal("a session that is used ended")
			}
		}
		*w.now = w.now.Add(12 * time.Hour)
		if who := campus.who(); who.Person != "" {
			t.Errorf("after 12 hours without a request: got %+v", who)
		}
		if byName.who().Person == "" {
			t.Error("who joined by name is not known any more after five days")
		}
		*w.now = w.now.Add(26 * 24 * time.Hour)
		if who := byName.who(); who.Person != "" {
			t.Errorf("after 30 days: got %+v", who)
		}
		w.write(func(tx *store.Tx) error { return tx.SweepSessions() })
		w.write(func(tx *store.Tx) error {
			seen, err := tx.LastSeen("c")
			if len(seen) != 2 {
				t.Errorf("of sessions that are over it is not known when somebody was seen last: %v", seen)
			}
			return err
		})
	})
}

// Nobody comes into a session by a token that they knew before it was somebody's.
func TestFixation(t *testing.T) {
	each(t, func(w *world) {
		kim, tom := w.member("c", "student", "Kim"), w.member("c", "teacher", "Tom")
		mallory := w.full(kim)
		victim := w.browser()
		// planted
		maps.Copy(victim.jar, mallory.jar)
		r := victim.request("/")
		var o identity.Opened
		w.write(func(tx *store.Tx) (err error) {
			o, err = w.m.Open(tx, r, identity.Opening{Person: tom, Kind: identity.OIDC})
			return err
		})
		victim.keep(r, &o)
		if victim.who().Person != tom {
			t.Errorf("the victim is %+v", victim.who())
		}
		if who := mallory.who(); who.Person != "" {
			t.Errorf("who planted the cookie is %+v", who)
		}
	})
}

func TestCookiesThatAreOfNobody(t *testing.T) {
	each(t, func(w *world) {
		b := w.full(w.member("c", "student", "Kim"))
		token := b.jar["wireloom"]
		for name, value := range map[string]string{
			"forged": strings.Repeat("A", 26), "short": token[:25], "long": token + "A", "lower case": strings.ToLower(token),
			"the store's hash": strings.Repeat("a", 64), "empty": "", "SQL": "' or 1=1 --",
		} {
			c := w.browser()
			c.jar["wireloom"] = value
			if who := c.who(); who.Person != "" {
				t.Errorf("a token that is %s: got %+v", name, who)
			}
		}
		twice := b.request("/")
		twice.AddCookie(&http.Cookie{Name: "wireloom", Value: token})
		if who := w.m.Who(twice); who.Person != "" {
			t.Errorf("the cookie twice: got %+v", who)
		}
		if b.who().Person == "" {
			t.Error("the right one is nobody's")
		}
		// Signed out, in one browser and in all.
		other := w.full(b.who().Person)
		w.write(func(tx *store.Tx) error { return w.m.SignOut(tx, b.who(), false) })
		if b.who().Person != "" || other.who().Person == "" {
			t.Error("signing out in one browser")
		}
		w.write(func(tx *store.Tx) error { return w.m.SignOut(tx, other.who(), true) })
		if other.who().Person != "" {
			t.Error("signing out everywhere")
		}
	})
}

// Who was erased is nobody, in any browser.
func TestAnErasedPerson(t *testing.T) {
	each(t, func(w *world) {
		kim := w.member("c", "student", "Kim")
		b := w.full(kim)
		w.write(func(tx *store.Tx) error { return tx.Forget(kim) })
		if who := b.who(); who.Person != "" {
			t.Errorf("got %+v", who)
		}
	})
}

// The cookie's attributes, by how the browser came and for what the session is.
func TestCookies(t *testing.T) {
	public, err := url.Parse("https://labs.example.org/lab/")
	if err != nil {
		t.Fatal(err)
	}
	loopback, err := visitor.ParseProxies([]string{"loopback"}, visitor.XForwardedFor)
	if err != nil {
		t.Fatal(err)
	}
	each(t, func(w *world) {
		kim := w.member("c", "student", "Kim")
		for _, tc := range []struct {
			name   string
			site   visitor.Site
			https  bool
			framed bool
			proto  string
			want   string
		}{
			{"http on this machine", visitor.Site{}, false, false, "", "wireloom=T; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"},
			{"a base path", visitor.Site{Base: "/lab/"}, false, false, "", "wireloom-lab=T; Path=/lab/; Max-Age=2592000; HttpOnly; SameSite=Lax"},
			{"TLS", visitor.Site{}, true, false, "", "__Host-wireloom=T; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"},
			{"TLS by a proxy under a path", visitor.Site{Public: public}, false, false, "", "__Host-wireloom-lab=T; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"},
			{"a proxy that says https", visitor.Site{Proxies: loopback}, false, false, "https", "__Host-wireloom=T; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"},
			{"a stranger that says https", visitor.Site{}, false, false, "https", "wireloom=T; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"},
			{"a frame", visitor.Site{}, true, true, "", "__Host-wireloom+K=T; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=None; Partitioned"},
			{"a frame on this machine", visitor.Site{}, false, true, "", "__Host-wireloom+K=T; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=None; Partitioned"},
		} {
			m := identity.New(identity.Config{DB: w.db, Site: &tc.site})
			b := w.browser()
			b.secure = tc.https
			r := b.request("/")
			r.RemoteAddr = "127.0.0.1:1"
			if tc.proto != "" {
				r.Header.Set("X-Forwarded-Proto", tc.proto)
				r.Header.Set("X-Forwarded-For", "192.0.2.1")
			}
			var o identity.Opened
			w.write(func(tx *store.Tx) (err error) {
				o, err = m.Open(tx, r, identity.Opening{Person: kim, Kind: identity.LTI, Class: "c", Framed: tc.framed})
				return err
			})
			h := http.Header{}
			m.SetCookie(h, r, o)
			line := h.Get("Set-Cookie")
			_, rest, _ := strings.Cut(line, "=")
			token, _, _ := strings.Cut(rest, ";")
			got := strings.Replace(strings.Replace(line, token, "T", 1), "+"+o.Key, "+K", 1)
			if len(token) != 26 || !tc.framed && got != tc.want || tc.framed && got != tc.want {
				t.Errorf("%s: got %q, want %q", tc.name, got, tc.want)
			}
		}
	})
}

// A browser has one session of its own and others in frames: which one a request is of, its key says.
func TestSessionsInFrames(t *testing.T) {
	each(t, func(w *world) {
		kim, tom := w.member("c", "student", "Kim"), w.member("c", "teacher", "Tom")
		w.class("d", "DDDDDDDD", false)
		b := w.full(tom)
		open := func(person, class string) string {
			r := b.request("/")
			var o identity.Opened
			w.write(func(tx *store.Tx) (err error) {
				o, err = w.m.Open(tx, r, identity.Opening{Person: person, Kind: identity.LTI, Class: class, Framed: true})
				return err
			})
			b.keep(r, &o)
			return o.Key
		}
		inC, inD, test := open(kim, "c"), open(kim, "d"), open(tom, "c")
		for _, tc := range []struct {
			key           string
			person, class string
		}{{"", tom, ""}, {inC, kim, "c"}, {inD, kim, "d"}, {test, tom, "c"}, {"000000000000", "", ""}, {"../x", "", ""}} {
			who := b.who()
			if tc.key != "" {
				who = b.framed(tc.key)
			}
			if who.Person != tc.person || who.Class != tc.class || who.Framed != (tc.class != "") {
				t.Errorf("key %q: got %+v", tc.key, who)
			}
		}
		jar := len(b.jar)
		if again := open(kim, "c"); again != inC || len(b.jar) != jar {
			t.Errorf("a second launch: got key %q in %d cookies", again, len(b.jar))
		}
		// A cookie of a frame is none of the browser's.
		stolen := w.browser()
		stolen.jar["wireloom"] = b.jar["__Host-wireloom+"+inC]
		if who := stolen.who(); who.Person != "" {
			t.Errorf("a frame's token as the browser's: got %+v", who)
		}
	})
}

func TestTickets(t *testing.T) {
	each(t, func(w *world) {
		kim := w.member("c", "student", "Kim")
		b := w.full(kim)
		var token string
		make := func() {
			w.write(func(tx *store.Tx) (err error) {
				token, err = identity.WindowTicket(tx, b.who(), "/#lesson=l")
				return err
			})
		}
		open := func(token string) (to string, err error) {
			c := w.browser()
			r := c.request("/")
			var o identity.Opened
			err = w.db.Write(t.Context(), func(tx *store.Tx) (err error) {
				to, o, err = w.m.OpenWindow(tx, r, token)
				return err
			})
			if err == nil {
				c.keep(r, &o)
				if c.who().Person != kim {
					t.Errorf("the window is of %+v", c.who())
				}
			}
			return to, err
		}
		make()
		if to, err := open(token); to != "/#lesson=l" || err != nil {
			t.Errorf("got %q, %v", to, err)
		}
		if _, err := open(token); !errors.Is(err, store.ErrNone) {
			t.Errorf("a second time: got %v", err)
		}
		make()
		*w.now = w.now.Add(time.Minute)
		if _, err := open(token); !errors.Is(err, store.ErrNone) {
			t.Errorf("a minute later: got %v", err)
		}
		make()
		w.write(func(tx *store.Tx) error {
			if _, err := identity.UseTicket(tx, "lti.state", token); !errors.Is(err, store.ErrNone) {
				t.Errorf("for another purpose: got %v", err)
			}
			return nil
		})
	})
}

func TestOneTimeCodes(t *testing.T) {
	each(t, func(w *world) {
		kim := w.member("c", "student", "Kim")
		give := func(class string) (code string) {
			w.write(func(tx *store.Tx) (err error) {
				code, err = identity.OneTimeCode(tx, kim, class)
				return err
			})
			return code
		}
		first := give("c")
		second := give("c")
		b := w.browser()
		if _, err := b.signIn(first); !errors.Is(err, identity.ErrWrongToken) {
			t.Errorf("a code after a newer one: got %v", err)
		}
		done, err := b.signIn(strings.ToLower(second))
		if err != nil || done.Person != kim || done.Class != "c" || done.Word == "" || b.who().Class != "c" {
			t.Errorf("got %+v, %v, %+v", done, err, b.who())
		}
		if _, err := w.browser().signIn(second); !errors.Is(err, identity.ErrWrongToken) {
			t.Errorf("a second time: got %v", err)
		}
		if _, err := w.browser().join(code, "Kim", done.Word); err != nil {
			t.Errorf("by the word that came with it: got %v", err)
		}
		late := give("c")
		*w.now = w.now.Add(13 * time.Hour)
		if _, err := w.browser().signIn(late); !errors.Is(err, identity.ErrWrongToken) {
			t.Errorf("13 hours later: got %v", err)
		}
		gone := give("c")
		w.write(func(tx *store.Tx) error {
			m, err := tx.Member("c", kim)
			m.Active = false
			return errors.Join(err, tx.PutMember(m))
		})
		if _, err := w.browser().signIn(gone); !errors.Is(err, identity.ErrWrongToken) {
			t.Errorf("for who was dropped: got %v", err)
		}
	})
}

// An operator's code lets a teacher into all that they may, and welcomes who has one class to it.
func TestACodeForEverything(t *testing.T) {
	each(t, func(w *world) {
		tom := w.member("c", "teacher", "Tom")
		var code string
		w.write(func(tx *store.Tx) (err error) {
			code, err = identity.OneTimeCode(tx, tom, "")
			return err
		})
		b := w.browser()
		done, err := b.signIn(code)
		if err != nil || done.Class != "c" || b.who().Class != "" || len(done.Word) != 27 {
			t.Errorf("got %+v, %v, %+v", done, err, b.who())
		}
		w.class("d", "DDDDDDDD", false)
		w.write(func(tx *store.Tx) error {
			return tx.PutMember(store.MemberRow{Class: "d", Person: tom, Role: "teacher", Name: "Tom", Active: true})
		})
		if again, err := w.browser().signIn(done.Word); err != nil || again.Class != "" || again.Word != "" {
			t.Errorf("by the word, of two classes: got %+v, %v", again, err)
		}
	})
}

func TestTheFirstOperator(t *testing.T) {
	each(t, func(w *world) {
		token, err := identity.MakeOperator(t.Context(), w.db, "Root")
		if err != nil {
			t.Fatal(err)
		}
		again, err := identity.MakeOperator(t.Context(), w.db, "root")
		if err != nil || again == token {
			t.Fatalf("a second token: %v", err)
		}
		b := w.browser()
		if done, err := b.signIn(" " + token + "\n"); err != nil || !done.Operator || len(done.Word) != 27 {
			t.Errorf("got %+v, %v", done, err)
		} else {
			first := done.Word
			c := w.browser()
			if done, err := c.signIn(strings.ToUpper(first)); err != nil || !done.Operator || !c.who().Operator {
				t.Errorf("by the word that came with it: got %+v, %v", done, err)
			}
			if _, err := w.browser().signIn(first[:26] + "x"); !errors.Is(err, identity.ErrWrongToken) {
				t.Errorf("by a wrong word: got %v", err)
			}
		}
		who := b.who()
		if !who.Operator || !who.Creates || w.place(who, "c").Role != identity.Teacher {
			t.Errorf("got %+v", who)
		}
		if _, err := w.browser().signIn(token); !errors.Is(err, identity.ErrWrongToken) {
			t.Errorf("a second time: got %v", err)
		}
		c := w.browser()
		if _, err := c.signIn(again); err != nil || c.who().Person != who.Person {
			t.Errorf("by the second token: got %+v, %v", c.who(), err)
		}
	})
}
