package wall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
	"wireloom/vnet"
)

// A world is a wall of the class "c" with the benches "b0", "b1" ... of the students "p0", "p1" ...
type world struct {
	*testing.T
	*Wall
	at time.Time
}

func newWorld(t *testing.T, benches int) *world {
	t.Helper()
	w := &world{T: t, at: time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)}
	db := storetest.Open(t, storetest.Fresh(t))
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		errs := []error{
			tx.AddClass(store.ClassRow{ID: "c", Code: "C", Zone: "UTC", Version: 1}),
			tx.PutVersion(store.VersionRow{Hash: "v", Scenario: "ping", Builtin: true}),
			tx.AddLesson(store.LessonRow{ID: "l", Class: "c", Title: "Pings", VersionHash: "v", Published: true, Version: 1, Counts: "best"}),
		}
		for n := range benches {
			id := fmt.Sprint("p", n)
			errs = append(errs, tx.AddPerson(store.PersonRow{ID: id, Name: id}),
				tx.PutMember(store.MemberRow{Class: "c", Person: id, Role: "student", Name: "Student " + id, Active: true}))
			_, err := tx.AddLab(store.LabRow{ID: fmt.Sprint("b", n), Kind: store.LabBench, Person: id, Class: "c", Lesson: "l", State: store.LabLive})
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Wall = New(Config{DB: db, Now: func() time.Time { return w.at }})
	if err := w.load(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) card(lab string) wire.WallCard {
	w.Helper()
	c, ok := w.Cards("c")[lab]
	if !ok {
		w.Fatalf("there is no card of %s", lab)
	}
	return c
}

func (w *world) exec(lab, line string) { w.Acted(lab, vnet.Exec{Node: "alice", Line: line}) }

func TestWhatABenchIsAt(t *testing.T) {
	w := newWorld(t, 2)
	w.Came("b0")
	began := w.at
	if c := w.card("b0"); c.Since != 0 || !c.Here || c.Name != "Student p0" || c.Title != "Pings" {
		t.Errorf("who has done nothing yet: %+v", c)
	}
	w.exec("b0", "ping 10.0.0.2")
	w.at = began.Add(7 * time.Minute)
	w.exec("b0", "arp -a\x1b[2J")
	if c := w.card("b0"); c.Did != `alice$ arp -a\x1b[2J` || c.At != w.at.UnixMilli() || c.Since != began.UnixMilli() {
		t.Errorf("stuck since the first that was tried in vain: %+v", c)
	}
	w.Checked("b0", 1, 3)
	if c := w.card("b0"); c.Since != 0 || c.Passed != 1 || c.Of != 3 || c.Did != "checked: 1 of 3 pass" {
		t.Errorf("more checks than ever are progress: %+v", c)
	}
	w.at = w.at.Add(time.Minute)
	w.Checked("b0", 0, 3)
	w.at = w.at.Add(time.Minute)
	w.Checked("b0", 1, 3)
	if c := w.card("b0"); c.Since != w.at.Add(-time.Minute).UnixMilli() {
		t.Errorf("what passed before is no progress: since %v, now %v", c.Since, w.at.UnixMilli())
	}
	w.Checked("b0", 3, 3)
	w.Handed("l", "p0", 1)
	w.exec("b0", "ls")
	if c := w.card("b0"); c.Since != 0 || c.Passed != 3 {
		t.Errorf("who has all checks is not stuck: %+v", c)
	}
	w.exec("b1", "ls") // from elsewhere than the page: nobody looks
	w.at = w.at.Add(awayAfter)
	if c := w.card("b1"); c.Since != 0 || c.Here {
		t.Errorf("who is away is not stuck: %+v", c)
	}
	w.Acted("b1", vnet.Arrive{Port: "s1.1"})
	if c := w.card("b1"); c.Did != "alice$ ls" {
		t.Errorf("a frame that arrives is nobody's action: %+v", c)
	}
	w.State("b1", false)
	if c := w.card("b1"); !c.Parked {
		t.Errorf("a lab that was parked: %+v", c)
	}
}

// What a wall shows outlives the server.
func TestWhatABenchIsAtIsStored(t *testing.T) {
	w := newWorld(t, 1)
	w.exec("b0", "ls")
	w.Checked("b0", 2, 3)
	w.exec("b0", "ls")
	w.Save(t.Context())
	was := w.card("b0")
	v := New(w.conf)
	v.exec("b0", "ping") // before it is known whose it is
	v.look(t.Context())
	got := v.Cards("c")["b0"]
	if got.Did != "alice$ ping" || got.Passed != 2 || got.Of != 3 || got.Since == 0 || got.Name != was.Name {
		t.Errorf("got %+v, had %+v", got, was)
	}
	v.exec("visitors", "ls")
	v.look(t.Context())
	if n := len(v.Cards("c")); n != 1 {
		t.Errorf("%d cards: what is no bench is on the wall", n)
	}
}

func (w *Wall) exec(lab, line string) { w.Acted(lab, vnet.Exec{Node: "alice", Line: line}) }

// TestHelpNeedsConsent walks the steps; who is T the teacher, A an assistant, S the student.
func TestHelpNeedsConsent(t *testing.T) {
	by := map[string]Somebody{"T": {"t", "Ms T", true}, "A": {"a", "Mr A", true}, "S": {"p0", "Student p0", false}}
	for _, c := range []struct {
		name, steps string
		may         string // who may type then, besides the student
		want        string // what the last step is told
	}{
		{"nobody asked", "S accept", "", "nobody asks"},
		{"asking is not enough", "T ask", "", ""},
		{"the student accepts", "T ask, S accept", "t", ""},
		{"nobody accepts for the student", "T ask, A accept", "", "only Student p0"},
		{"not who asks either", "T ask, T accept", "", "only Student p0"},
		{"the student refuses", "T ask, S refuse", "", ""},
		{"refused is refused", "T ask, S refuse, S accept", "", "nobody asks"},
		{"and may be asked again", "T ask, S refuse, T ask, S accept", "t", ""},
		{"another one waits", "T ask, A ask", "", "Ms T helps here"},
		{"the student ends it", "T ask, S accept, S end", "", ""},
		{"the helper ends it", "T ask, S accept, T end", "", ""},
		{"nobody else ends it", "T ask, S accept, A end", "t", "not you"},
		{"a student asks for their own", "S ask", "", "your own"},
		{"what has ended is asked anew", "T ask, S accept, T end, S accept", "", "nobody asks"},
		{"the helper leaves", "T ask, S accept, T leave", "", ""},
		{"who has left did not ask", "T ask, T leave, S accept", "", "nobody asks"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 1)
			w.Came("b0")
			var err error
			left := map[string]func(){"T": w.Watches("b0", by["T"]), "A": w.Watches("b0", by["A"])}
			for step := range strings.SplitSeq(c.steps, ", ") {
				who, act, _ := strings.Cut(step, " ")
				if act == "leave" {
					left[who]()
					continue
				}
				_, err = w.Help("b0", by[who], wire.HelpAct(act))
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("the last step is told %v, want %q", err, c.want)
			}
			for _, x := range []string{"t", "a", "p0", ""} {
				if got := w.MayType("b0", x); got != (x == c.may && x != "") {
					t.Errorf("%q may type: %v", x, got)
				}
			}
		})
	}
	t.Run("nobody is asked who is not there", func(t *testing.T) {
		w := newWorld(t, 1)
		if _, err := w.Help("b0", by["T"], wire.AskToHelp); err == nil || !strings.Contains(err.Error(), "does not look") {
			t.Error(err)
		}
	})
	t.Run("help ends when the student has left", func(t *testing.T) {
		w := newWorld(t, 1)
		leave := w.Came("b0")
		for who, act := range map[string]wire.HelpAct{"T": wire.AskToHelp} {
			if _, err := w.Help("b0", by[who], act); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Help("b0", by["S"], wire.AcceptHelp); err != nil {
			t.Fatal(err)
		}
		leave()
		w.left(w.cards["b0"]) // as after leaveGrace
		if w.MayType("b0", "t") {
			t.Error("the helper may still type")
		}
	})
	t.Run("both see it", func(t *testing.T) {
		w := newWorld(t, 1)
		w.Came("b0")
		_, changed := w.People("b0")
		w.Watches("b0", by["T"])
		<-changed
		p, changed := w.People("b0")
		if fmt.Sprint(p.Watching) != "[Ms T]" || p.Asks != "" {
			t.Errorf("%+v", p)
		}
		if _, err := w.Help("b0", by["T"], wire.AskToHelp); err != nil {
			t.Fatal(err)
		}
		<-changed
		if p, _ := w.People("b0"); p.Asks != "Ms T" || p.Helper != "" {
			t.Errorf("%+v", p)
		}
		if c := w.card("b0"); c.Help != wire.HelpAsked || c.Helper != "Ms T" {
			t.Errorf("%+v", c)
		}
	})
}

// 200 benches on which somebody does something every 100 ms, for 20 seconds: what is sent
// stays below Rate for each, and what is shown is never older than a second.
func TestAWallsRateAndAge(t *testing.T) {
	const benches, seconds = 200, 20
	w := newWorld(t, benches)
	for n := range benches {
		w.Came(fmt.Sprint("b", n))
	}
	var v view
	v.first(w.at, w.Cards("c"))
	total, oldest := 0, time.Duration(0)
	shown := map[string]string{}
	acted := map[string]time.Time{} // when what is not shown yet was done first
	for step := range seconds * 10 {
		w.at = w.at.Add(100 * time.Millisecond)
		for n := range benches {
			lab := fmt.Sprint("b", n)
			w.exec(lab, fmt.Sprintf("ping -c %d 10.0.%d.2 and words that make it as long as it may be, or longer", step, n))
			if acted[lab].IsZero() {
				acted[lab] = w.at
			}
		}
		if step%2 == 1 {
			continue
		}
		b, _, err := v.next(w.at, w.Cards("c"))
		if err != nil {
			t.Fatal(err)
		}
		total += len(b)
		var m wire.Cards
		if len(b) > 0 {
			if err := json.Unmarshal(b, &m); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range m.Cards {
			shown[c.Lab] = *c.Did
			oldest = max(oldest, w.at.Sub(acted[c.Lab]))
			delete(acted, c.Lab)
		}
	}
	if each := total / benches / seconds; each > Rate {
		t.Errorf("%d bytes a second for each bench, want at most %d", each, Rate)
	} else {
		t.Logf("%d bytes a second for each bench; the oldest was %v", each, oldest)
	}
	if oldest > time.Second {
		t.Errorf("what was shown was %v old", oldest)
	}
	if len(shown) != benches {
		t.Errorf("%d benches were shown", len(shown))
	}
}

// Who is slow gets what is so when they can take it, and nothing of what was.
func TestAWallThatIsSlowGetsTheNewest(t *testing.T) {
	w := newWorld(t, 3)
	var v view
	if m := v.first(w.at, w.Cards("c")); len(m.Cards) != 3 {
		t.Fatalf("%+v", m)
	}
	for n := range 1000 {
		w.at = w.at.Add(10 * time.Millisecond)
		w.exec("b1", fmt.Sprint("echo ", n))
	}
	b, ok, err := v.next(w.at, w.Cards("c"))
	if err != nil || !ok || strings.Count(string(b), "echo") != 1 || !strings.Contains(string(b), "echo 999") {
		t.Errorf("got %s %v", b, err)
	}
	if b, ok, _ := v.next(w.at.Add(time.Hour), w.Cards("c")); ok {
		t.Errorf("nothing is new, and there is %s", b)
	}
	cards := w.Cards("c")
	delete(cards, "b2")
	if b, _, _ := v.next(w.at.Add(time.Hour), cards); !strings.Contains(string(b), `"gone":["b2"]`) {
		t.Errorf("one that is gone: %s", b)
	}
	w.Hand("l", "p0", true, "my ping <b>fails</b>", w.at)
	if b, _, _ := v.next(w.at.Add(2*time.Hour), w.Cards("c")); !strings.Contains(string(b), `"hand":"my ping \u003cb\u003efails`) {
		t.Errorf("a hand: %s", b)
	}
}

func TestWallsAreLimited(t *testing.T) {
	w := newWorld(t, 1)
	var last func()
	for range maxWalls {
		leave, why := w.Enter("c")
		if why != nil {
			t.Fatal(why)
		}
		last = leave
	}
	if _, why := w.Enter("c"); why == nil || why.Status != 429 || why.After == 0 {
		t.Errorf("one more wall: %v", why)
	}
	last()
	if _, why := w.Enter("c"); why != nil {
		t.Error(why)
	}
	for n := range noticesBurst + 1 {
		if why := w.MayTell("c"); (why != nil) != (n == noticesBurst) {
			t.Errorf("notice %d: %v", n, why)
		}
	}
	for n := range handsBurst + 1 {
		if why := w.MayRaise("p0"); (why != nil) != (n == handsBurst) {
			t.Errorf("hand %d: %v", n, why)
		}
	}
}

// Who waits is woken by a notice to the class and by help on their own bench, and by nothing else.
func TestNoticesAreWaitedFor(t *testing.T) {
	w := newWorld(t, 2)
	w.Came("b0")
	var rows []store.NoticeRow
	read := func() ([]store.NoticeRow, []string, error) { return rows, []string{"b0"}, nil }
	got := make(chan []wire.Help)
	wait := func(after int64) {
		go func() {
			h, _, err := w.Notices(t.Context(), Asker{Class: "c", Person: "p0", After: after}, read)
			if err != nil {
				t.Error(err)
			}
			got <- h
		}()
	}
	wait(0)
	if _, err := w.Help("b0", Somebody{"t", "Ms T", true}, wire.AskToHelp); err != nil {
		t.Fatal(err)
	}
	if h := <-got; len(h) != 1 || h[0].State != wire.HelpAsked || h[0].By != "Ms T" {
		t.Errorf("%+v", h)
	}
	n := w.Number("c", 0)
	rows = []store.NoticeRow{{N: n}}
	wait(n - 1)
	<-got
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	rows = nil
	if _, last, err := w.Notices(ended, Asker{Class: "c", Person: "p1", After: 5}, read); err != nil || last != 5 {
		t.Errorf("after the wait: %d %v", last, err)
	}
}
