package lti

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"wireloom/internal/lti/message"
	"wireloom/internal/lti/platform"
	"wireloom/internal/outbox"
	"wireloom/internal/store"
)

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

var allModes = []platform.Mode{platform.CanvasOld, platform.CanvasMid, platform.CanvasNew, platform.Moodle, platform.OpenEdX, platform.Brightspace}

// A whole course at each platform: the teacher connects it and links a lesson, students come, their scores arrive.
func TestACourseAtEachPlatform(t *testing.T) {
	for _, mode := range allModes {
		t.Run(mode.String(), func(t *testing.T) {
			w := newWorld(t, mode, 3)
			class, links := w.course("Ping", "ARP")
			l, person := w.come("s1", links["Ping"])
			_, again := w.come("s1", links["Ping"])
			if again != person {
				t.Error("the second launch made another person")
			}
			w.put(l, person, 7.5, 10, "h1")
			if n := w.send(); n != 1 {
				t.Errorf("%d posts", n)
			}
			r := w.outbox(l, person)
			if r.State != outbox.Sent {
				t.Fatalf("%s: %s", r.State, r.Words)
			}
			link := links["Ping"]
			if mode == platform.CanvasOld { // which ignored the column of the deep link
				items := w.lms.Items("net1")
				if len(items) != 1 || items[0].Label != "Ping" || items[0].Max != 10 {
					t.Fatalf("columns: %+v", items)
				}
				link.Item = items[0].ID
			}
			w.wantGrade("a score", link, "s1", "7.5")
			w.write(func(tx *store.Tx) error {
				members, err := tx.Members(class)
				if len(members) != 2 || err != nil {
					t.Errorf("members: %+v, %v", members, err)
				}
				for _, m := range members {
					if m.Name == "" || (m.Role == "teacher") == (m.Person == person) {
						t.Errorf("member: %+v", m)
					}
				}
				return nil
			})
		})
	}
}

// Trap 3: Moodle's columns have a query, its clock ticks in seconds, and its teachers grade too.
func TestScoresAtMoodle(t *testing.T) {
	w := newWorld(t, platform.Moodle, 2)
	_, links := w.course("Ping")
	link := links["Ping"]
	l, p := w.come("s1", link)
	w.put(l, p, 5, 10, "h1")
	w.send()
	w.wantGrade("the first", link, "s1", "5")
	w.pass(300 * time.Millisecond) // within the same second
	w.put(l, p, 6, 10, "h2")
	w.send()
	w.wantGrade("within a second", link, "s1", "6")
	w.pass(5 * time.Second)
	w.lms.TeacherGrades("net1", link.Item, "s1", 1)
	w.put(l, p, 8, 10, "h3")
	w.send()
	w.wantGrade("after the teacher's", link, "s1", "8")
	if r := w.outbox(l, p); r.State != outbox.Sent {
		t.Errorf("left: %s %s", r.State, r.Words)
	}
	if c := w.lms.Grade("net1", link.Item, "s1"); c.Posts != 3 {
		t.Errorf("%d posts were taken, want 3", c.Posts)
	}
}

// Trap 4: a regrade is no new attempt, nothing is ever pending, and what can't be graded says so.
func TestRegradeAtCanvas(t *testing.T) {
	w := newWorld(t, platform.CanvasNew, 30)
	_, links := w.course("Ping")
	link := links["Ping"]
	people := map[string]string{}
	var l string
	for i := range 31 {
		user := w.lms.User("teststudent").ID
		if i > 0 {
			user = "s" + strings.TrimPrefix(string(rune('0'+i/10)), "0") + string(rune('0'+i%10))
		}
		l, people[user] = w.come(user, link)
		w.put(l, people[user], 5, 10, "h-"+user)
	}
	w.send()
	for user, p := range people {
		w.put(l, p, 6, 10, "h-"+user)
	}
	w.pass(time.Second)
	w.send()
	for user, p := range people {
		c, r := w.lms.Grade("net1", link.Item, user), w.outbox(l, p)
		if user == "teststudent" {
			if r.State != outbox.Refused || !strings.Contains(r.Words, "not a student") || !strings.Contains(r.Todo, "test student") {
				t.Errorf("the test student: %s, %q, %q", r.State, r.Words, r.Todo)
			}
			continue
		}
		if r.State != outbox.Sent || c.Score == nil || *c.Score != 6 || c.Attempts != 1 || c.State != "FullyGraded" {
			t.Errorf("%s: %s, %+v", user, r.State, c)
		}
	}
}

// Trap 5, the part of LTI: zero, above the maximum, a maximum of zero and nothing at all are four things.
func TestFourScores(t *testing.T) {
	for _, mode := range allModes[2:] {
		t.Run(mode.String(), func(t *testing.T) {
			w := newWorld(t, mode, 5)
			_, links := w.course("Ping")
			link := links["Ping"]
			var l string
			person := map[string]string{}
			for _, s := range []string{"s1", "s2", "s3", "s4", "s5"} {
				l, person[s] = w.come(s, link)
			}
			w.put(l, person["s1"], 0, 10, "h")
			w.put(l, person["s2"], 12, 10, "h")
			w.put(l, person["s3"], 0, 0, "h")
			w.write(func(tx *store.Tx) error {
				return outbox.Put(tx, outbox.Score{Lesson: l, Person: person["s5"], Excused: true})
			})
			w.send()
			above := "12"
			if mode == platform.Brightspace {
				above = "10" // it keeps no more
			}
			w.wantGrade("zero", link, "s1", "0")
			w.wantGrade("above the maximum", link, "s2", above)
			w.wantGrade("a maximum of zero", link, "s3", "")
			w.wantGrade("nothing", link, "s4", "")
			w.wantGrade("excused", link, "s5", "")
			for s, want := range map[string]string{"s1": outbox.Sent, "s2": outbox.Sent, "s3": outbox.Refused, "s4": outbox.None, "s5": outbox.Excused} {
				if r := w.outbox(l, person[s]); r.State != want || want == outbox.Refused && r.Todo == "" {
					t.Errorf("%s is %s, want %s", s, r.State, want)
				}
			}
		})
	}
}

func TestColumnsThatAreMissing(t *testing.T) {
	w := newWorld(t, platform.Moodle, 20)
	_, links := w.course("Ping")
	bare := w.lms.AddLink("net1", "Ping by hand", links["Ping"].Custom, 0)
	var l string
	for i := range 12 {
		user := []string{"s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12"}[i]
		var p string
		l, p = w.come(user, bare)
		w.put(l, p, 4, 10, "h")
	}
	before := len(w.lms.Items("net1"))
	w.send()
	items := w.lms.Items("net1")
	if len(items) != before+1 {
		t.Fatalf("%d columns were made for one link", len(items)-before)
	}
	made := items[len(items)-1]
	if made.Max != 10 || made.Resource != l || made.Link != bare.ID {
		t.Errorf("made %+v", made)
	}
	bare.Item = made.ID
	w.wantGrade("in the made column", bare, "s7", "4")
}

func TestAPlatformThatIsDown(t *testing.T) {
	w := newWorld(t, platform.OpenEdX, 2)
	_, links := w.course("Ping")
	link := links["Ping"]
	l, p := w.come("s1", link)
	w.put(l, p, 4, 10, "h")
	for _, f := range []struct {
		service string
		fault   platform.Fault
		wait    time.Duration
	}{
		{"token", platform.Fault{Status: 503}, 15 * time.Second},
		{"scores", platform.Fault{Status: 502, Body: "<html>Bad Gateway"}, time.Minute},
		{"scores", platform.Fault{Status: 429, RetryAfter: "600"}, 10 * time.Minute},
		{"scores", platform.Fault{Status: 500, Endless: true}, 16 * time.Minute},
	} {
		f.fault.Times = 1
		w.lms.Break(f.service, f.fault)
		w.send()
		r := w.outbox(l, p)
		if r.State != outbox.Waiting || r.Next.Sub(w.now()) != f.wait || r.Words == "" {
			t.Errorf("%s %d: %s, again in %v, %q", f.service, f.fault.Status, r.State, r.Next.Sub(w.now()), r.Words)
		}
		if n := w.send(); n != 0 {
			t.Errorf("sent %d times before its time", n)
		}
		w.pass(f.wait)
	}
	w.send()
	w.wantGrade("in the end", link, "s1", "4")
	// What is refused for good stays until somebody sends again.
	w.put(l, p, 5, 10, "h")
	w.lms.Break("scores", platform.Fault{Status: 404, Times: 1, Body: `{"detail":"gone"}`})
	w.send()
	w.pass(100 * time.Hour)
	if r := w.outbox(l, p); r.State != outbox.Refused || r.Words != "gone" || w.send() != 0 {
		t.Errorf("gone: %s %q", r.State, r.Words)
	}
	w.write(func(tx *store.Tx) error {
		n, err := outbox.Resend(tx, l, "")
		if n != 1 {
			t.Errorf("%d are sent again", n)
		}
		return err
	})
	w.send()
	w.wantGrade("sent again", link, "s1", "5")
}

// Trap 8 and what else is no launch. What of a token's members is looked at is in lti/message.
func TestLaunchesThatAreNone(t *testing.T) {
	w := newWorld(t, platform.Moodle, 3)
	_, links := w.course("Ping")
	link := links["Ping"].ID
	to := w.srv.URL + "/lti/launch"
	want := func(what string, s view, why message.Why) {
		t.Helper()
		if s.why() != string(why) || s.to != "" || s.status < 400 {
			t.Errorf("%s: got %d %q %s, want %s", what, s.status, s.to, s.why(), why)
		}
	}
	b := w.browser()
	first := b.begin(w.lms, "s1", "net1", link)
	if s := b.do("POST", to, first); s.status != http.StatusSeeOther {
		t.Fatalf("a good one: %d %s", s.status, s.body)
	}
	want("the same once more", b.do("POST", to, first), message.StateUnknown)
	second := b.begin(w.lms, "s1", "net1", link)
	used := second.Get("id_token")
	second.Set("id_token", first.Get("id_token"))
	want("a token of another launch", b.do("POST", to, second), message.WrongNonce)
	second.Set("id_token", used)
	if s := b.do("POST", to, second); s.status != http.StatusSeeOther {
		t.Errorf("the right token after a wrong one: %d %s", s.status, s.why())
	}
	third := b.begin(w.lms, "s1", "net1", link)
	for _, tc := range []struct {
		what, token string
		why         message.Why
	}{
		{"alg none", "eyJhbGciOiJub25lIn0." + strings.Split(used, ".")[1] + ".", message.WrongAlg},
		{"signed with the public key as a secret", hmacWith(t, w, used), message.WrongAlg},
		{"another payload", strings.Split(used, ".")[0] + ".e30." + strings.Split(used, ".")[2], message.NoKeys}, // the keys are not asked for again within a minute: it might be signed with a new one
		{"nothing", "", message.NotAToken},
	} {
		third.Set("id_token", tc.token)
		want(tc.what, b.do("POST", to, third), tc.why)
	}
	fourth := b.begin(w.lms, "s1", "net1", link)
	w.pass(11 * time.Minute)
	want("after eleven minutes", b.do("POST", to, fourth), message.StateUnknown)
	fifth := b.begin(w.lms, "s1", "net1", link)
	w.lms.Break("jwks", platform.Fault{Status: 500, Times: 9})
	w.lms.Rotate()
	w.pass(2 * time.Minute)
	sixth := b.begin(w.lms, "s1", "net1", link)
	want("the platform's keys don't come", b.do("POST", to, sixth), message.NoKeys)
	w.pass(30 * time.Second)
	w.lms.Break("jwks", platform.Fault{Status: 200, Times: 1, Body: `{"keys":[]}`})
	want("the platform has no keys", b.do("POST", to, b.begin(w.lms, "s1", "net1", link)), message.WrongSign)
	fifth.Set("error", "login_required")
	want("the platform says no", b.do("POST", to, fifth), message.PlatformSaid)
	want("from nobody", b.do("GET", w.srv.URL+"/lti/login", map[string][]string{"iss": {"https://nobody.example"}, "login_hint": {"x"}}), message.NoPlatform)
	w.pass(2 * time.Minute)
	want("an administrator who is in no course", b.do("POST", to, b.begin(w.lms, "root", "net1", link)), message.NoRole)
}

// hmacWith signs a token's payload with the platform's public key as a secret.
func hmacWith(t *testing.T, w *world, token string) string {
	t.Helper()
	s, err := jose.ParseSignedCompact(token, message.Algorithms)
	if err != nil {
		t.Fatal(err)
	}
	public := w.browser().do("GET", w.at.URL+"/jwks", nil).body
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(public)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := signer.Sign(s.UnsafePayloadWithoutVerification())
	if err != nil {
		t.Fatal(err)
	}
	c, err := o.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Trap 7, here with launches: the platform's keys rotate while a class comes, and nobody is refused.
func TestKeysRotateWhileAClassComes(t *testing.T) {
	w := newWorld(t, platform.Brightspace, 4)
	_, links := w.course("Ping")
	for range 5 {
		for _, s := range []string{"s1", "s2", "s3", "s4"} {
			w.come(s, links["Ping"])
		}
		w.pass(time.Hour)
		w.lms.Rotate()
	}
	if n := w.lms.Requests("jwks"); n > 6 {
		t.Errorf("the platform was asked %d times for five keys", n)
	}
}

func TestADeploymentThatNobodyKnows(t *testing.T) {
	w := newWorld(t, platform.CanvasMid, 2)
	w.write(func(tx *store.Tx) error { return tx.DropDeployment(w.row.ID, w.lms.Registration().Deployment) })
	l := w.lms.AddLink("net1", "Wireloom", nil, 0)
	s := w.browser().launch("tina", l.ID)
	if s.why() != string(message.Pending) || s.status != http.StatusForbidden {
		t.Fatalf("got %d %s", s.status, s.why())
	}
	var list []store.DeploymentRow
	w.write(func(tx *store.Tx) (err error) {
		list, err = tx.Deployments(w.row.ID, 10)
		return err
	})
	if len(list) != 1 || !list[0].Pending || list[0].ID != w.lms.Registration().Deployment {
		t.Fatalf("the operator sees %+v", list)
	}
	list[0].Pending = false
	w.write(func(tx *store.Tx) error { return tx.SetDeployment(list[0]) })
	if s := w.browser().launch("tina", l.ID); s.status != http.StatusOK || !strings.Contains(s.body, "Which class") {
		t.Errorf("after it was let in: %d %s", s.status, s.why())
	}
}

// Who keeps no cookies in a frame goes on in a new window, by a ticket that is good once.
func TestABrowserThatKeepsNothing(t *testing.T) {
	w := newWorld(t, platform.Moodle, 2) // without a storage
	_, links := w.course("Ping")
	b := w.browser()
	b.cookies = nil
	s := b.launch("s1", links["Ping"].ID)
	if s.to != "" || !strings.Contains(s.body, "Student No. 1") {
		t.Fatalf("got %d %q %s", s.status, s.to, s.body)
	}
	_, form := s.form()
	top := w.browser()
	top.dest = "document"
	s = top.do("POST", w.srv.URL+"/lti/window", form)
	if !strings.HasPrefix(s.to, "../#class=") || len(top.cookies) != 1 {
		t.Errorf("in the new window: %d %q, cookies %v", s.status, s.to, top.cookies)
	}
	if s = top.do("POST", w.srv.URL+"/lti/window", form); s.why() != string(message.TicketUsed) {
		t.Errorf("a second time: %d %q", s.status, s.to)
	}
}

// A platform that keeps things for tools tells whether it is the same browser.
func TestThePlatformsStorage(t *testing.T) {
	w := newWorld(t, platform.CanvasNew, 2)
	_, links := w.course("Ping")
	b := w.browser()
	b.cookies = nil
	form := b.begin(w.lms, "s1", "net1", links["Ping"].ID)
	s := b.do("POST", w.srv.URL+"/lti/launch", form)
	to, next := s.form()
	if to != "kept" || next.Get("state") != form.Get("state") || !strings.Contains(s.body, "lti.get_data") {
		t.Fatalf("got %d %s", s.status, s.body)
	}
	next.Set("kept", form.Get("state"))
	s = b.do("POST", w.srv.URL+"/lti/kept", next)
	if !strings.Contains(s.body, "id=window") || strings.Contains(s.body, "if that is not you") {
		t.Errorf("the storage had it: %s", s.body)
	}
	form = b.begin(w.lms, "s1", "net1", links["Ping"].ID)
	form.Set("kept", "")
	s = b.do("POST", w.srv.URL+"/lti/kept", form)
	if !strings.Contains(s.body, "id=window") || !strings.Contains(s.body, "if that is not you") {
		t.Errorf("the storage had it not: %s", s.body)
	}
}

// Two tabs are two launches, of whatever classes.
func TestTwoTabs(t *testing.T) {
	w := newWorld(t, platform.OpenEdX, 2)
	_, links := w.course("Ping", "ARP")
	b := w.browser()
	one, two := b.begin(w.lms, "s1", "net1", links["Ping"].ID), b.begin(w.lms, "s1", "net1", links["ARP"].ID)
	for _, form := range []map[string][]string{two, one} {
		if s := b.do("POST", w.srv.URL+"/lti/launch", form); s.status != http.StatusSeeOther {
			t.Errorf("got %d %s", s.status, s.why())
		}
	}
}

// A launch page may be framed by the platform alone, and says so of itself.
func TestWhoMayFrame(t *testing.T) {
	w := newWorld(t, platform.Moodle, 2)
	w.course("Ping")
	b := w.browser()
	s := b.launch("tina", "")
	csp := s.header.Get("Content-Security-Policy")
	if !strings.HasSuffix(csp, "frame-ancestors "+w.at.URL) || !strings.HasPrefix(csp, "default-src 'none'") {
		t.Errorf("policy: %s", csp)
	}
	s = b.do("GET", w.srv.URL+"/lti/login", map[string][]string{"iss": {"https://nobody.example"}, "login_hint": {"x"}})
	if csp := s.header.Get("Content-Security-Policy"); !strings.HasSuffix(csp, "frame-ancestors 'none'") {
		t.Errorf("a stranger's: %s", csp)
	}
	frames, err := w.tool.Frames(t.Context())
	if err != nil || !slices.Equal(frames, []string{w.at.URL}) {
		t.Errorf("frames: %q, %v", frames, err)
	}
	hostedOne := store.PlatformRow{Issuer: hosted, Auth: signOn + "/api/lti/authorize_redirect"}
	if got := framesOf(hostedOne); !slices.Contains(got, "https://*.instructure.com") {
		t.Errorf("hosted Canvas: %q", got)
	}
	if got := framesOf(store.PlatformRow{Issuer: hosted, Auth: "https://canvas.school.example/x"}); slices.Contains(got, "https://*.instructure.com") {
		t.Errorf("a school's own Canvas: %q", got)
	}
}

// Two Canvas servers of schools' own say that they are the same issuer. Their people are not the same.
func TestTwinsOfCanvas(t *testing.T) {
	w := newWorld(t, platform.CanvasNew, 2)
	_, links := w.course("Ping")
	_, one := w.come("s1", links["Ping"])
	w.lms, w.at = w.platform(platform.CanvasNew, 2)
	w.lms.SetTool(w.srv.URL) // as another client than the first one's
	w.row = w.register(w.lms)
	_, links = w.course("Ping")
	_, two := w.come("s1", links["Ping"])
	if one == two {
		t.Error("s1 of one school is s1 of the other")
	}
}

// A course that was copied keeps the ids of the lessons in its links.
func TestACourseThatWasCopied(t *testing.T) {
	w := newWorld(t, platform.Moodle, 3)
	class, links := w.course("Ping", "ARP")
	was, _ := w.come("s1", links["Ping"])
	w.lms.AddCourse("net2", "Networks next year", "net1", "tina", "s2")
	var copied platform.Link
	for _, l := range w.lms.Links("net2") {
		if l.Title == "Ping" {
			copied = l
		}
	}
	b := w.browser()
	if s := b.do("POST", w.srv.URL+"/lti/launch", b.begin(w.lms, "s2", "net2", copied.ID)); s.why() != string(message.NotConnected) {
		t.Fatalf("a student first: %d %s", s.status, s.why())
	}
	s := b.do("POST", w.srv.URL+"/lti/launch", b.begin(w.lms, "tina", "net2", copied.ID))
	if !strings.Contains(s.body, "value=copy") || !strings.Contains(s.body, `value="`+class+`"`) {
		t.Fatalf("the teacher: %d %s", s.status, s.body)
	}
	_, form := s.form()
	form.Set("class", "copy")
	s = b.do("POST", w.srv.URL+"/lti/connect", form)
	_, is, _ := strings.Cut(s.to, "&lesson=")
	if is == "" || is == was {
		t.Fatalf("got %d %q %s", s.status, s.to, s.body)
	}
	w.write(func(tx *store.Tx) error {
		l, err := tx.Lesson(is)
		if l.Class == class || l.Title != "Ping" {
			t.Errorf("the copy is %+v", l)
		}
		return err
	})
	if s := b.do("POST", w.srv.URL+"/lti/launch", b.begin(w.lms, "s2", "net2", copied.ID)); !strings.HasSuffix(s.to, is) {
		t.Errorf("the student then: %d %q %s", s.status, s.to, s.why())
	}
	form.Set("class", class)
	if s := b.do("POST", w.srv.URL+"/lti/connect", form); s.why() != string(message.TicketUsed) {
		t.Errorf("the page once more: %d %q", s.status, s.to)
	}
}

// One class may have two courses; scores go where the student came from.
func TestAClassWithTwoCourses(t *testing.T) {
	w := newWorld(t, platform.CanvasNew, 4)
	class, links := w.course("Ping")
	w.lms.AddCourse("lab1", "The lab of it", "net1", "tina", "s3")
	var second platform.Link
	for _, l := range w.lms.Links("lab1") {
		if l.Title == "Ping" {
			second = l
		}
	}
	b := w.browser()
	_, form := b.do("POST", w.srv.URL+"/lti/launch", b.begin(w.lms, "tina", "lab1", second.ID)).form()
	form.Set("class", class)
	if s := b.do("POST", w.srv.URL+"/lti/connect", form); !strings.Contains(s.to, "&lesson=") {
		t.Fatalf("connect: %d %s", s.status, s.body)
	}
	l, one := w.come("s1", links["Ping"])
	b = w.browser()
	if s := b.do("POST", w.srv.URL+"/lti/launch", b.begin(w.lms, "s3", "lab1", second.ID)); !strings.HasSuffix(s.to, l) {
		t.Fatalf("s3: %d %q", s.status, s.to)
	}
	var three string
	w.write(func(tx *store.Tx) error {
		i, err := tx.Identity("lti", issuerOf(w.row), w.lms.User("s3").Sub)
		three = i.Person
		return err
	})
	w.put(l, one, 3, 10, "h")
	w.put(l, three, 4, 10, "h")
	w.send()
	w.wantGrade("the first course", links["Ping"], "s1", "3")
	if c := w.lms.Grade("lab1", second.Item, "s3"); c.Score == nil || *c.Score != 4 {
		t.Errorf("the second course: %+v", c)
	}
	// Both lists of members make the class.
	done, err := w.tool.Sync(t.Context(), class)
	if err != nil || done.People != 7 {
		t.Errorf("got %+v, %v: want tina, tom, four students and the test student", done, err)
	}
}

func TestMembersComeAndGo(t *testing.T) {
	for _, mode := range []platform.Mode{platform.CanvasNew, platform.OpenEdX} {
		t.Run(mode.String(), func(t *testing.T) {
			w := newWorld(t, mode, 60)
			class, links := w.course("Ping")
			_, seven := w.come("s7", links["Ping"])
			if _, err := w.tool.Sync(t.Context(), class); err != nil {
				t.Fatal(err)
			}
			active := func() (n int, sevens store.MemberRow) {
				w.write(func(tx *store.Tx) error {
					members, err := tx.Members(class)
					n = 0
					for _, m := range members {
						if m.Active && m.Role == "student" {
							n++
						}
						if m.Person == seven {
							sevens = m
						}
						if m.Name == "" {
							t.Errorf("somebody without any name: %+v", m)
						}
					}
					return err
				})
				return n, sevens
			}
			all := 60
			if mode == platform.CanvasNew {
				all++
			}
			if n, m := active(); n != all || !m.Active {
				t.Fatalf("%d students, %+v", n, m)
			}
			w.lms.Drop("net1", "s7")
			for _, f := range []platform.Fault{
				{Status: 200, Body: `{"id":"x"}`, Times: 1}, {Status: 200, Body: `{"members":[]}`, Times: 1}, {Status: 500, Times: 1}, {Status: 200, Body: `<html>`, Times: 1},
			} {
				w.lms.Break("nrps", f)
				if _, err := w.tool.Sync(t.Context(), class); err == nil {
					t.Errorf("%+v was taken", f)
				}
				if n, _ := active(); n != all {
					t.Fatalf("after %+v: %d students", f, n)
				}
			}
			if _, err := w.tool.Sync(t.Context(), class); err != nil {
				t.Fatal(err)
			}
			if n, m := active(); n != all-1 || m.Active {
				t.Errorf("after one has left: %d students, %+v", n, m)
			}
		})
	}
}

func TestARegistrationByInvitation(t *testing.T) {
	for _, mode := range []platform.Mode{platform.CanvasNew, platform.Moodle, platform.Brightspace} {
		t.Run(mode.String(), func(t *testing.T) {
			w := newWorld(t, mode, 2)
			var invite string
			w.write(func(tx *store.Tx) (err error) {
				invite, err = Invite(tx, "")
				return err
			})
			b := w.browser()
			at := w.srv.URL + "/lti/register/" + invite
			s := b.do("GET", w.lms.NewRegistration(at), nil)
			if s.status != http.StatusOK || !strings.Contains(s.body, "org.imsglobal.lti.close") || !strings.Contains(s.body, `"Origin":"`+w.at.URL) {
				t.Fatalf("got %d %s", s.status, s.body)
			}
			if s := b.do("GET", w.lms.NewRegistration(at), nil); s.status != http.StatusForbidden {
				t.Errorf("a second time: %d", s.status)
			}
			if s := b.do("GET", w.lms.NewRegistration(w.srv.URL+"/lti/register/made-up"), nil); s.status != http.StatusForbidden || w.lms.Requests("config") != 1 {
				t.Errorf("a stranger: %d, asked %d times", s.status, w.lms.Requests("config"))
			}
			w.write(func(tx *store.Tx) (err error) {
				w.row, err = tx.PlatformOf(w.lms.Issuer(), w.lms.Registration().Client)
				return err
			})
			_, links := w.course("Ping")
			l, p := w.come("s1", links["Ping"])
			w.put(l, p, 9, 10, "h")
			w.send()
			w.wantGrade("after a registration", links["Ping"], "s1", "9")
		})
	}
}

func TestBaseOfTheTool(t *testing.T) {
	w := newWorld(t, platform.Moodle, 1)
	r, err := http.NewRequestWithContext(t.Context(), "GET", "https://tool.example/lti/login", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "tool.example"
	if got := w.tool.Base(r); got != "http://tool.example" {
		t.Errorf("got %s", got)
	}
}
