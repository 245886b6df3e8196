//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"wireloom/internal/lti/platform"
	"wireloom/internal/open"
	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
)

// tried asks, and gives up after a while; status is 0 where there was no answer.
func (b *browser) tried(method, ref string, body []byte, head ...string) (status int, answer []byte) {
	u, err := b.page.Parse(ref)
	if err != nil {
		return 0, nil
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, u.String(), bytes.NewReader(body))
	if err != nil {
		return 0, nil
	}
	r.Header.Set("Origin", b.origin())
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	c := *b.client
	c.Timeout = 20 * time.Second
	return answered(&c, r)
}

// A term is a class of a learning platform's course, whatever becomes of the server meanwhile: its
// students hand in, its teacher gives points and changes the roster, and scores go out. It
// remembers what it was told is done.
type term struct {
	*testing.T
	tina, ada *browser // the teacher, and who runs the server
	lms       *platform.Platform
	class     string
	lesson    string
	item      string // the lesson's column at the platform
	students  []*learner
	marked    []*marking
	members   roster

	mu    sync.Mutex
	taken map[string][]float64 // scores that the platform took, by its user, in its order
	slow  *rand.Rand           // how long the platform takes
}

// A learner is a student who hands in.
type learner struct {
	*term
	*browser
	user, person string // at the platform, and here
	bench        string
	chance       *rand.Rand

	sent    int
	done    map[string]wire.Receipt // acknowledged, by the hash of the program
	unknown map[string]bool         // nothing was heard of it
}

// A marking is a student to whom the teacher gives points by hand, more each time.
type marking struct {
	user, person    string
	version, points int64 // acknowledged
	wanted          int64 // points of which nothing was heard, or 0
}

// A roster is what the teacher was told of it.
type roster struct {
	done, unknown []string // names
	section       string   // of one of them,
	maybe         string   // or one of these, of which nothing was heard since
	person        string   // who that is
}

// newTerm has a teacher make a class of a course, and students come to its lesson.
func newTerm(t *testing.T, visit func() *browser, at home, handing, marked int) *term {
	x := &term{T: t, taken: map[string][]float64{}, slow: rand.New(rand.NewPCG(*killSeed, 97)), ada: visit(), tina: visit()}
	lms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { x.platform(w, r) }))
	t.Cleanup(lms.Close)
	x.ada.signIn(at)
	x.lms = platform.New(platform.Config{Mode: platform.Moodle, URL: lms.URL, Tool: x.ada.origin(), HTTP: x.ada.client}, handing+marked)
	r := x.lms.Registration()
	x.ada.says(201, "POST", "api/admin/platforms", map[string]any{
		"name": "Moodle", "product": "moodle", "issuer": r.Issuer, "client": r.Client, "auth": r.Auth, "token": r.Token, "keys": r.JWKS, "deployments": []string{r.Deployment},
	}, nil)
	_, page := x.tina.launch(x.lms, lms, "tina", x.lms.AddLink("net1", "Wireloom", nil, 0).ID)
	form := fieldsOf(page)
	form.Set("class", "new")
	to, page := x.tina.form("lti/connect", form, x.tina.origin())
	_, class, ok := strings.Cut(to, "#class=")
	if !ok {
		t.Fatalf("the launch leads to %q: %.300s", to, page)
	}
	x.class = class
	var lesson idOf
	x.tina.says(201, "POST", "api/classes/"+class+"/lessons", map[string]any{"scenario": "first-io", "published": true, "counts": "best"}, &lesson)
	x.lesson = lesson.ID
	link := x.lms.AddLink("net1", "First", map[string]string{"lesson": lesson.ID}, 100)
	x.item = link.Item
	for i := range handing + marked {
		b, user := visit(), fmt.Sprintf("s%d", i+1)
		if to, page := b.launch(x.lms, lms, user, link.ID); !strings.Contains(to, "lesson="+lesson.ID) {
			t.Fatalf("%s is led to %q: %.300s", user, to, page)
		}
		var me wire.Me
		b.says(200, "GET", "api/me", nil, &me)
		if i >= handing {
			x.marked = append(x.marked, &marking{user: user, person: me.Person})
			continue
		}
		s := &learner{term: x, browser: b, user: user, person: me.Person, chance: rand.New(rand.NewPCG(*killSeed, uint64(200+i))), done: map[string]wire.Receipt{}, unknown: map[string]bool{}}
		var bench idOf
		b.says(201, "POST", "api/lessons/"+lesson.ID+"/bench", map[string]string{}, &bench)
		s.bench = bench.Lab
		x.students = append(x.students, s)
	}
	var kim wire.Member
	x.tina.says(201, "POST", "api/classes/"+class+"/members", wire.MemberAsk{Name: "Kim", Section: "0", Role: "student"}, &kim)
	x.members = roster{person: kim.Person, section: "0"}
	return x
}

// platform is what reaches the platform: it takes scores one after the other, and its time.
func (x *term) platform(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/scores") {
		x.lms.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // who sent it was killed
	}
	var score struct {
		User  string  `json:"userId"`
		Given float64 `json:"scoreGiven"`
	}
	if err := json.Unmarshal(body, &score); err != nil {
		x.Errorf("a score is %q: %v", body, err)
	}
	x.mu.Lock()
	before, after := time.Duration(x.slow.IntN(60))*time.Millisecond, time.Duration(x.slow.IntN(60))*time.Millisecond
	x.mu.Unlock()
	time.Sleep(before)
	r.Body = io.NopCloser(bytes.NewReader(body))
	got := httptest.NewRecorder()
	x.mu.Lock()
	x.lms.ServeHTTP(got, r)
	if got.Code/100 == 2 {
		x.taken[score.User] = append(x.taken[score.User], score.Given)
	}
	x.mu.Unlock()
	time.Sleep(after) // it has the score, and who sent it doesn't know
	maps.Copy(w.Header(), got.Header())
	w.WriteHeader(got.Code)
	_, _ = w.Write(got.Body.Bytes()) // who sent it may be killed
}

// work works until stop is closed.
func (x *term) work(stop <-chan struct{}, server *atomic.Int64) (all *sync.WaitGroup) {
	all = &sync.WaitGroup{}
	loop := func(seed uint64, pause int, f func(chance *rand.Rand)) {
		chance := rand.New(rand.NewPCG(*killSeed, seed))
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Duration(chance.IntN(pause)) * time.Millisecond):
				}
				f(chance)
			}
		})
	}
	for i, s := range x.students {
		loop(uint64(300+i), 1500, func(*rand.Rand) { s.handIn(stop) })
	}
	loop(310, 60, func(chance *rand.Rand) { x.mark(x.marked[chance.IntN(len(x.marked))]) })
	loop(311, 100, x.changeRoster)
	loop(312, 3000, func(*rand.Rand) { killWorker(int(server.Load())) })
	return all
}

// killWorker kills a process that grades for a server, if there is one, where the system tells
// of such.
func killWorker(server int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", server))
	for _, list := range lists {
		children, _ := os.ReadFile(list) // it may have ended
		for child := range strings.FieldsSeq(string(children)) {
			args, _ := os.ReadFile("/proc/" + child + "/cmdline")
			pid, err := strconv.Atoi(child)
			if err == nil && bytes.Contains(args, []byte("\x00"+gradeWorker+"\x00")) {
				_ = syscall.Kill(pid, syscall.SIGKILL) // gone already is as good
			}
		}
	}
}

// later reports whether an answer is no answer, or one that says to try again.
func later(status int) bool {
	return status == 0 || status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// program is one like no other: the solution, or one that does nothing.
func (s *learner) program() []byte {
	module := (&hand{name: s.user, sent: s.sent}).module()
	if s.chance.IntN(3) > 0 {
		return module
	}
	sc, err := open.BuiltinScenario("first-io")
	if err != nil {
		s.term.Error(err)
		return module
	}
	solution, err := sc.Reference(sc.Slots()[0])
	if err != nil {
		s.term.Error(err)
	}
	return append(slices.Clone(solution), append([]byte{0, byte(len(s.user) + 5), byte(len(s.user) + 4)}, fmt.Sprintf("%s%4d", s.user, s.sent)...)...)
}

// handIn hands a program in, from a file or from the bench, again and again until that is
// acknowledged or there is no point in it.
func (s *learner) handIn(stop <-chan struct{}) {
	s.sent++
	module := s.program()
	head := []string{"Content-Type", "application/json", "Idempotency-Key", fmt.Sprintf("%s-%d", s.user, s.sent)}
	body := []byte(`{"from":"bench"}`)
	ref := "api/lessons/" + s.lesson + "/handins"
	give := s.chance.IntN(4) == 0 // up, after the first try that is not answered
	if s.chance.IntN(3) == 0 {
		if status, _ := s.tried("POST", "api/labs/"+s.bench+"/programs?node=bob&proc=mirror&name=x.wasm", module); status != http.StatusOK {
			return // what the bench has now, nobody knows
		}
	} else {
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		part, err := w.CreateFormFile("program", "x.wasm")
		if err == nil {
			_, err = part.Write(module)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			s.term.Error(err)
		}
		head[1], body = w.FormDataContentType(), form.Bytes()
	}
	hash := sum(module)
	for first := true; ; first = false {
		status, b := s.tried("POST", ref, body, head...)
		switch {
		case status == http.StatusCreated || status == http.StatusOK:
			var r wire.Receipt
			if err := json.Unmarshal(b, &r); err != nil || len(r.Programs) != 1 || r.Programs[0].Hash != hash {
				s.term.Errorf("a receipt of %s says %s", hash, b)
			}
			delete(s.unknown, hash)
			s.done[hash] = r
			return
		case !later(status):
			s.term.Errorf("%s hands in: %d %s", s.user, status, b)
			return
		case status == 0:
			s.unknown[hash] = true
		}
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(20+s.chance.IntN(100)) * time.Millisecond):
		}
		if give && first && status == 0 {
			return
		}
	}
}

// mark gives somebody more points.
func (x *term) mark(m *marking) {
	if m.wanted != 0 && !x.settle(m) {
		return
	}
	m.wanted = m.points + 1
	points := float64(m.wanted)
	b, err := json.Marshal(wire.MarkAsk{Points: &points, Version: m.version})
	if err != nil {
		x.Error(err)
	}
	status, b := x.tina.tried("POST", "api/lessons/"+x.lesson+"/people/"+m.person+"/marks", b, "Content-Type", "application/json")
	switch {
	case status == http.StatusOK:
		m.version, m.points, m.wanted = m.version+1, m.wanted, 0
	case !later(status):
		x.Errorf("a mark of %s: %d %s", m.user, status, b)
	}
}

// settle finds out what became of a mark of which nothing was heard.
func (x *term) settle(m *marking) bool {
	status, b := x.tina.tried("GET", "api/lessons/"+x.lesson+"/book", nil)
	var book wire.Book
	if status != http.StatusOK || json.Unmarshal(b, &book) != nil {
		return false
	}
	i := slices.IndexFunc(book.Rows, func(r wire.BookRow) bool { return r.Person == m.person })
	if i < 0 {
		x.Errorf("%s is not in the book", m.user)
		return false
	}
	var version, points int64
	if r := book.Rows[i].Mark; r != nil && r.Points != nil {
		version, points = r.Version, int64(*r.Points)
	}
	if (version != m.version || points != m.points) && (version != m.version+1 || points != m.wanted) {
		x.Errorf("%s has mark %d of %d points; acknowledged was %d of %d, and not answered one of %d", m.user, version, points, m.version, m.points, m.wanted)
	}
	m.version, m.points, m.wanted = version, points, 0
	return true
}

// changeRoster adds a member, or moves one to another section.
func (x *term) changeRoster(chance *rand.Rand) {
	m := &x.members
	if chance.IntN(2) == 0 {
		next := fmt.Sprint(chance.Uint32())
		b, err := json.Marshal(map[string]string{"section": next})
		if err != nil {
			x.Error(err)
		}
		switch status, b := x.tina.tried("PATCH", "api/classes/"+x.class+"/members/"+m.person, b, "Content-Type", "application/json"); {
		case status == http.StatusOK:
			m.section, m.maybe = next, ""
		case status == 0:
			m.maybe += " " + next
		case !later(status):
			x.Errorf("a section: %d %s", status, b)
		}
		return
	}
	name := fmt.Sprintf("Lee %d", len(m.done)+len(m.unknown))
	method, ref, body, typ := "POST", "members", fmt.Appendf(nil, `{"name":%q,"role":"student"}`, name), "application/json"
	if chance.IntN(3) == 0 { // by a list
		status, b := x.tina.tried(method, "api/classes/"+x.class+"/roster/preview", []byte("Name,Email\n"+name+","+strings.ReplaceAll(name, " ", ".")+"@example.org\n"), "Content-Type", "text/csv")
		var diff wire.RosterDiff
		if status != http.StatusOK || json.Unmarshal(b, &diff) != nil {
			return // nothing was changed by that
		}
		ref, body = "roster/apply", fmt.Appendf(nil, `{"preview":%q}`, diff.Preview)
	}
	switch status, b := x.tina.tried(method, "api/classes/"+x.class+"/"+ref, body, "Content-Type", typ); {
	case status/100 == 2:
		m.done = append(m.done, name)
	case status == 0:
		m.unknown = append(m.unknown, name)
		time.Sleep(time.Duration(chance.IntN(200)) * time.Millisecond) // most were sent to nobody
	case !later(status):
		x.Errorf("the roster: %d %s", status, b)
	}
}

// until asks again and again whether something has come about, which it says what is missing of.
func (x *term) until(what string, limit time.Duration, f func() string) {
	x.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(100 * time.Millisecond) {
		missing := f()
		if missing == "" {
			return
		}
		if time.Now().After(end) {
			x.Errorf("%s, after %v: %s", what, limit, missing)
			return
		}
	}
}

// check looks whether all that the class was told is so, once, and waits for what follows from it:
// gradings, and scores at the platform.
func (x *term) check() {
	x.Helper()
	for _, m := range x.marked {
		if m.wanted != 0 && !x.settle(m) {
			x.Errorf("the marks of %s are not to be had", m.user)
		}
	}
	var list wire.Roster
	x.tina.says(200, "GET", "api/classes/"+x.class+"/roster", nil, &list)
	times := map[string]int{}
	for _, p := range list.People {
		times[p.Name]++
		if s := x.members; p.Person == s.person && p.Section != s.section && !slices.Contains(strings.Fields(s.maybe), p.Section) {
			x.Errorf("%s is in section %s, acknowledged was %s", p.Name, p.Section, s.section)
		}
	}
	for _, name := range x.members.done {
		if times[name] != 1 {
			x.Errorf("%q was acknowledged, and is in the roster %d times", name, times[name])
		}
	}
	for _, name := range x.members.unknown {
		if times[name] > 1 {
			x.Errorf("%q is in the roster %d times", name, times[name])
		}
	}
	for _, s := range x.students {
		s.check()
	}
	var book wire.Book
	x.tina.says(200, "GET", "api/lessons/"+x.lesson+"/book", nil, &book)
	final := map[string]float64{}
	for _, r := range book.Rows {
		if r.Final != nil {
			final[r.Person] = *r.Final
		}
	}
	for _, m := range x.marked {
		if m.version > 0 && final[m.person] != float64(m.points) {
			x.Errorf("%s has %v points, acknowledged were %d", m.user, final[m.person], m.points)
		}
		if m.version > 0 {
			x.score(m.user, m.person, final)
		}
	}
	for _, s := range x.students {
		if len(s.done) > 0 {
			x.score(s.user, s.person, final)
		}
	}
}

// check looks at a student's hand-ins, when all are graded.
func (s *learner) check() {
	x := s.term
	x.Helper()
	var list wire.Handins
	x.until("the gradings of "+s.user, 8*time.Minute, func() string {
		list = wire.Handins{}
		s.says(200, "GET", "api/lessons/"+s.lesson+"/handins", nil, &list)
		for _, h := range list.Handins {
			if h.State == wire.Queued || h.State == wire.Running {
				return fmt.Sprintf("hand-in %d is %s", h.Number, h.State)
			}
		}
		return ""
	})
	there := map[string][]wire.Handin{}
	for i, h := range list.Handins {
		if want := len(list.Handins) - i; h.Number != want {
			x.Errorf("%s: hand-in %d is where %d should be", s.user, h.Number, want)
		}
		if h.State != wire.Graded {
			x.Errorf("%s: hand-in %d is %s: %s", s.user, h.Number, h.State, h.Why)
		}
		there[h.Programs[0].Hash] = append(there[h.Programs[0].Hash], h)
	}
	for hash, r := range s.done {
		if got := there[hash]; len(got) != 1 || got[0].ID != r.Handin || got[0].Number != r.Number || got[0].At != r.At || got[0].Hash != r.Hash {
			x.Errorf("%s: acknowledged was %+v, there is %+v", s.user, r, got)
		}
	}
	for hash := range s.unknown {
		if len(there[hash]) > 1 {
			x.Errorf("%s: what nothing was heard of is there %d times", s.user, len(there[hash]))
		}
	}
}

// score waits for a final score at the platform, and looks at those that were there before: each is
// more than the last, so that no older one came after a newer.
func (x *term) score(user, person string, final map[string]float64) {
	x.Helper()
	want, ok := final[person]
	if !ok {
		x.Errorf("%s has no final score", user)
		return
	}
	var given float64
	x.until("the score of "+user, 150*time.Second, func() string {
		x.mu.Lock()
		defer x.mu.Unlock()
		taken := x.taken[x.lms.User(user).Sub]
		if len(taken) == 0 {
			return "the platform has none"
		}
		if given = taken[len(taken)-1]; given != want {
			return fmt.Sprintf("the platform has %v, want %v", given, want)
		}
		return ""
	})
	if c := x.lms.Grade("net1", x.item, user); c.Score == nil {
		x.Errorf("%s has no score in the platform's gradebook: %+v", user, c)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if taken := x.taken[x.lms.User(user).Sub]; !slices.IsSorted(taken) {
		x.Errorf("%s: the platform took an older score after a newer: %v", user, taken)
	}
}

// metricsToken lets the test read a server's figures from wherever it comes.
const metricsToken = "the-test-reads-figures"

// comesBack waits until labs of a server come back, and reports whether they do: so many may have
// already.
func (x *term) comesBack(labs int) bool {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		_, b := x.ada.tried("GET", "metrics", nil, "Authorization", "Bearer "+metricsToken)
		figure := func(name string) int {
			_, rest, _ := strings.Cut(string(b), "\n"+name+" ")
			text, _, _ := strings.Cut(rest, "\n")
			n, _ := strconv.Atoi(text) // 0 where there is none
			return n
		}
		if figure(`wireloom_labs{state="returning"}`) > 0 {
			return true
		}
		if figure("wireloom_labs_returned_total") >= labs {
			return false
		}
	}
	return false
}

// quarantined wants one lab, and why it is there, shown to who runs the server.
func (x *term) quarantined(why string) {
	x.Helper()
	var list wire.AdminLabs
	x.ada.says(200, "GET", "api/admin/labs", nil, &list)
	var got []wire.AdminLab
	for _, l := range list.Labs {
		if l.State == wire.LabQuarantined {
			got = append(got, l)
		}
	}
	var status wire.AdminStatus
	x.ada.says(200, "GET", "api/admin/status", nil, &status)
	if len(got) != 1 || !strings.Contains(got[0].Why, why) || status.Labs.Quarantined != 1 {
		x.Errorf("%d labs are in quarantine, shown are %+v", status.Labs.Quarantined, got)
	}
}

// stored looks into the store of a server that has ended: each act with one line of the audit,
// each hand-in with one grading of each kind.
func (x *term) stored(o store.Options) {
	x.Helper()
	db, err := store.Open(x.Context(), o)
	if err != nil {
		x.Fatal(err)
	}
	err = db.Read(x.Context(), func(tx *store.Tx) error {
		for _, m := range x.marked {
			rows, err := tx.AuditAbout(m.person, "handin.mark", 100000)
			if err != nil {
				return err
			}
			marks, err := tx.MarksOf(x.lesson, m.person)
			if err != nil {
				return err
			}
			if len(rows) != int(m.version) || len(marks) != min(int(m.version), 1000) {
				x.Errorf("%s has %d marks and %d lines of the audit, and mark %d", m.user, len(marks), len(rows), m.version)
			}
		}
		for _, s := range x.students {
			for _, r := range s.done {
				h, err := tx.Handin(r.Handin)
				if err != nil {
					return err
				}
				jobs, err := tx.JobsOf(r.Handin)
				if err != nil {
					return err
				}
				if len(jobs) != 2 || jobs[0].State != store.JobDone || jobs[1].State != store.JobDone || h.Visible == "" || h.Complete == "" {
					x.Errorf("%s: hand-in %d has the gradings %q and %q by %+v", s.user, r.Number, h.Visible, h.Complete, jobs)
				}
			}
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		x.Error(err)
	}
}

// figures are how much there was.
func (x *term) figures() string {
	handed, unheard, marks, scores := 0, 0, int64(0), 0
	for _, s := range x.students {
		handed, unheard = handed+len(s.done), unheard+len(s.unknown)
	}
	for _, m := range x.marked {
		marks += m.version
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, taken := range x.taken {
		scores += len(taken)
	}
	return fmt.Sprintf("%d hand-ins acknowledged (of %d nothing was heard), %d marks, %d of the roster (of %d nothing was heard), %d scores taken",
		handed, unheard, marks, len(x.members.done), len(x.members.unknown), scores)
}
