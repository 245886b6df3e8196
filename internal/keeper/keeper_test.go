package keeper

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wireloom/internal/journal"
	"wireloom/internal/recording"
	"wireloom/internal/session"
	"wireloom/internal/store"
	"wireloom/internal/store/storetest"
	"wireloom/internal/visitor"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// A ticker is a program that does something now and then. Its bytes are its name.
type ticker string

func (n ticker) Name() string { return string(n) }

func (n ticker) ID() string {
	sum := sha256.Sum256([]byte(n))
	return hex.EncodeToString(sum[:])
}

func (n ticker) Main(p *sys.Proc) sys.Exit {
	for !p.Dying() {
		_, _ = p.Write(1, []byte(n))
		p.Sleep(3 * time.Millisecond)
	}
	return p.Verdict()
}

func compile(_ context.Context, name string, module []byte) (sys.Program, error) {
	if string(module) == "busy" {
		return nil, errors.New("the compiler is busy")
	}
	return ticker(module), nil
}

func relive(c config.Lab) (*vnet.Lab, error) { return vnet.New(c, vnet.Runtime{}) }

func build(_ context.Context, ask Ask) (Built, error) {
	if ask.Scenario == "broken" {
		return Built{}, errors.New("it cannot be built")
	}
	lab, err := relive(config.Lab{Name: "test", Seed: 1, Nodes: []config.Node{{
		Name: "h1", Dialect: kern.NetBSD, NICs: []config.NIC{{Name: "em0"}}, Programs: []config.Program{{Name: "p", Start: true, Slot: true}},
	}}})
	if err != nil {
		return Built{}, err
	}
	prog := ticker("tick")
	b := Built{Lab: lab, Modules: [][]byte{[]byte(prog)}}
	b.Setup = session.Setup{Scenario: "test", Seed: 1, Programs: []recording.Program{{Node: "h1", Proc: "p", Name: "tick", Hash: prog.ID(), Size: 4}}}
	return b, lab.Install("h1", "p", prog)
}

// A house is a keeper with its folder and its database.
type house struct {
	*Keeper
	t    *testing.T
	dir  string
	db   *store.DB
	conf Config
	mu   sync.Mutex
	news []string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	o := storetest.Fresh(t)
	h := &house{t: t, dir: o.Dir}
	db, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	h.db = db
	h.conf = Config{
		Build: build, Again: relive, Compile: compile, DB: db, Session: session.Options{Dir: t.TempDir(), Version: "test"},
		Changed: func(_, state, _ string) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.news = append(h.news, state)
		},
	}
	h.open()
	t.Cleanup(func() {
		h.shut()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// open makes a keeper of what is there, and starts it.
func (h *house) open() {
	h.t.Helper()
	h.make()
	h.Start()
	<-h.swept // or that meets what a test does
}

func (h *house) make() {
	h.t.Helper()
	var err error
	if h.conf.Journals, err = journal.OpenDir(filepath.Join(h.dir, "labs")); err == nil {
		h.Keeper, err = New(h.t.Context(), h.conf)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) shut() {
	h.t.Helper()
	if err := h.Close(context.Background(), "the test is over"); err != nil {
		h.t.Error(err)
	}
}

var stranger = visitor.Client{Address: "192.0.2.1"}

func (h *house) lab(ask Ask) *Lab {
	h.t.Helper()
	if ask.Client == (visitor.Client{}) {
		ask.Client = stranger
	}
	l, err := h.Open(h.t.Context(), ask)
	if err != nil {
		h.t.Fatal(err)
	}
	return l
}

var bench = Ask{Version: "v", Person: "p", Class: "c", Lesson: "l", Client: visitor.Client{Person: "p", Class: "c"}}

// get is a lab that is back.
func (h *house) get(id string) *Lab {
	h.t.Helper()
	l, err := h.Get(h.t.Context(), id, stranger)
	if err == nil {
		err = l.Wait(h.t.Context())
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return l
}

// gone is why a lab does not come back.
func (h *house) gone(id string) *Gone {
	h.t.Helper()
	_, err := h.Get(h.t.Context(), id, stranger)
	g := (*Gone)(nil)
	if !errors.As(err, &g) {
		h.t.Fatalf("the lab is there, or not: %v", err)
	}
	return g
}

func (h *house) row(id string) (l store.LabRow) {
	h.t.Helper()
	if err := h.db.Read(h.t.Context(), func(tx *store.Tx) (err error) { l, err = tx.Lab(id); return err }); err != nil {
		h.t.Fatal(err)
	}
	return l
}

func (h *house) park(l *Lab) {
	h.t.Helper()
	if err := h.Park(h.t.Context(), l.ID, "it is parked"); err != nil {
		h.t.Fatal(err)
	}
}

// recorded is what a lab's recording says.
func recorded(t *testing.T, l *Lab) *recording.File {
	t.Helper()
	var b bytes.Buffer
	if err := l.Record(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	f, err := recording.Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAParkedLabComesBackWhereItWas(t *testing.T) {
	h := newHouse(t)
	l := h.lab(Ask{Scenario: "test"})
	if err := l.Install(t.Context(), "h1", "p", ticker("mine"), []byte("mine")); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Do(t.Context(), vnet.Kill{Node: "h1", Proc: "p"}); err != nil {
		t.Fatal(err)
	}
	if err := l.Pause(t.Context()); err != nil {
		t.Fatal(err)
	}
	was := recorded(t, l)
	h.park(l)
	if h.Live(l.ID) != nil || l.Reason() != "it is parked" || h.row(l.ID).State != store.LabParked || h.row(l.ID).Hash != was.End.Hash {
		t.Errorf("parked: %q, %+v", l.Reason(), h.row(l.ID))
	}
	back := h.get(l.ID)
	if again := h.get(l.ID); again != back || back == l || back.ID != l.ID {
		t.Error("another lab came back")
	}
	is := recorded(t, back)
	if is.End.Hash != was.End.Hash || is.End.Step != was.End.Step || len(is.Commands) != 2 || h.row(l.ID).State != store.LabLive {
		t.Errorf("it was at %+v, and is at %+v, %+v", was.End, is.End, h.row(l.ID))
	}
	held, err := h.Programs(t.Context(), l.ID)
	if err != nil || len(held) != 1 || string(held[0].Module) != "mine" {
		t.Errorf("programs %+v, %v", held, err)
	}
	var rec bytes.Buffer
	if err := h.Record(t.Context(), l.ID, &rec); err != nil || rec.Len() == 0 {
		t.Errorf("a recording of %d bytes, %v", rec.Len(), err)
	}
	for h.Stats().Back == 0 { // it is counted just after it is back
		runtime.Gosched()
	}
	if s := h.Stats(); s.Live != 1 || s.Back != 1 || s.Quarantined != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestAServerThatStopsParksAll(t *testing.T) {
	h := newHouse(t)
	a, b := h.lab(Ask{Scenario: "test"}), h.lab(bench)
	wants := map[string]string{}
	for _, l := range []*Lab{a, b} {
		if err := l.Pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		wants[l.ID] = recorded(t, l).End.Hash
	}
	h.shut()
	if _, err := h.Get(t.Context(), a.ID, stranger); err == nil || !strings.Contains(err.Error(), "the server is stopping") {
		t.Errorf("a lab of a server that has stopped: %v", err)
	}
	h.open()
	for id, want := range wants {
		if got := recorded(t, h.get(id)).End.Hash; got != want {
			t.Errorf("hash %s, want %s", got, want)
		}
	}
}

// Of a server that was killed students' labs come back before somebody asks for them;
// strangers' when they are asked for, since nobody knows yet whose they are.
func TestBenchesComeBackByThemselves(t *testing.T) {
	h := newHouse(t)
	visit, own, former := h.lab(Ask{Scenario: "test"}), h.lab(bench), (*Lab)(nil)
	former, own = own, h.lab(bench)
	h.shut()
	err := h.db.Write(t.Context(), func(tx *store.Tx) error { // as a server leaves them that is killed
		return errors.Join(tx.SetLab(visit.ID, store.LabLive, "", 0, ""), tx.SetLab(own.ID, store.LabLive, "", 0, ""), tx.SetLab(former.ID, store.LabLive, "", 0, ""))
	})
	if err != nil {
		t.Fatal(err)
	}
	h.make()
	var places []string // of whom
	h.Places(func(c visitor.Client) (Place, error) {
		places = append(places, c.Person)
		return Place{Leave: func() {}}, nil
	})
	h.Start()
	for h.Stats().Back == 0 {
		runtime.Gosched()
	}
	if !slices.Equal(places, []string{"p"}) {
		t.Errorf("who is back has the places %q, want p's", places)
	}
	if l := h.Live(own.ID); l == nil || l.Ask.Client.Person != "p" {
		t.Errorf("the bench is not back: %v", l)
	}
	if h.Live(visit.ID) != nil || h.Live(former.ID) != nil || h.row(visit.ID).State != store.LabParked {
		t.Error("others are back that nobody asked for")
	}
	h.get(visit.ID)
}

func TestWhoStartsOverHasAnotherBench(t *testing.T) {
	h := newHouse(t)
	first := h.lab(bench)
	second := h.lab(bench)
	<-first.gone
	if r := h.row(first.ID); r.Current || r.State != store.LabParked || r.Person != "p" || r.Version != "v" {
		t.Errorf("the first: %+v", r)
	}
	if r := h.row(second.ID); !r.Current || r.State != store.LabLive {
		t.Errorf("the second: %+v", r)
	}
	if l := h.get(first.ID); l.Ask.Client.Person != "p" || l.Ask.Lesson != "l" {
		t.Errorf("the first comes back for %+v, want its person, whoever looks", l.Ask)
	}
}

func TestALabThatHasEndedIsGone(t *testing.T) {
	h := newHouse(t)
	live, parked, own := h.lab(Ask{Scenario: "test"}), h.lab(Ask{Scenario: "test"}), h.lab(bench)
	h.park(parked)
	for _, l := range []*Lab{live, parked, own} {
		if err := h.End(t.Context(), l.ID, "somebody closed it"); err != nil {
			t.Fatal(err)
		}
		if g := h.gone(l.ID); g.State != store.LabGone || g.Why != "this lab has ended: somebody closed it" {
			t.Errorf("gone: %+v", g)
		}
		if has, bench := h.conf.Journals.Has(l.ID), l == own; has != bench {
			t.Errorf("its journal is there: %v, and it is a bench: %v", has, bench)
		}
	}
	if _, err := h.Get(t.Context(), strings.Repeat("A", 26), stranger); !errors.Is(err, store.ErrNone) {
		t.Errorf("a lab that never was: %v", err)
	}
}

func TestALabThatDoesNotComeBackHarmsNoOther(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(folder string) error
		want string
	}{
		{"its journal is gone", os.RemoveAll, "its journal cannot be opened"},
		{"a bit is another", func(folder string) error {
			return change(folder, func(b []byte) []byte { b[len(b)-20] ^= 1; return b })
		}, "its journal is broken: the record at byte"},
		{"its end is gone", func(folder string) error {
			return change(folder, func(b []byte) []byte { return b[:len(b)-10] })
		}, "the end is lost"},
		{"its program is gone", func(folder string) error {
			return os.Remove(filepath.Join(folder, ticker("tick").ID()))
		}, "cannot be read"},
		{"its program is another", func(folder string) error {
			path := filepath.Join(folder, ticker("tick").ID())
			return errors.Join(os.Remove(path), os.WriteFile(path, []byte("tock"), 0o600))
		}, "is damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			good, bad := h.lab(Ask{Scenario: "test"}), h.lab(Ask{Scenario: "test"})
			h.park(good)
			h.park(bad)
			if err := c.harm(filepath.Join(h.dir, "labs", bad.ID)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				g := h.gone(bad.ID)
				if g.State != store.LabQuarantined || !strings.HasPrefix(g.Why, "this lab does not come back: ") || !strings.Contains(g.Why, c.want) {
					t.Errorf("%+v, want %q", g, c.want)
				}
			}
			if r := h.row(bad.ID); r.State != store.LabQuarantined || !strings.Contains(r.Why, c.want) {
				t.Errorf("its row: %+v", r)
			}
			h.get(good.ID)
			if s := h.Stats(); s.Quarantined != 1 {
				t.Errorf("stats %+v", s)
			}
			h.mu.Lock()
			defer h.mu.Unlock()
			if !slices.Contains(h.news, store.LabQuarantined) {
				t.Errorf("told were %q", h.news)
			}
		})
	}
}

// change changes a journal.
func change(folder string, f func([]byte) []byte) error {
	path := filepath.Join(folder, "journal")
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, f(b), 0o600)
}

// A run that comes out otherwise, as after an update of the program, is found out by its marks.
func TestALabThatComesOutOtherwiseIsInQuarantine(t *testing.T) {
	h := newHouse(t)
	l := h.lab(Ask{Scenario: "test"})
	h.park(l)
	h.shut()
	h.conf.Session.Version = "newer"
	h.conf.Again = func(c config.Lab) (*vnet.Lab, error) {
		c.Seed++
		return relive(c)
	}
	h.open()
	back, err := h.Get(t.Context(), l.ID, stranger)
	if err != nil {
		t.Fatal(err)
	}
	<-back.gone
	if g := h.gone(l.ID); !strings.Contains(g.Why, "it is not the run that it was") || !strings.Contains(g.Why, "it was begun by labserver test, and this is newer") {
		t.Errorf("%+v", g)
	}
}

// What there is no room for now is no reason to give a lab up.
func TestALabThatCannotComeBackNowMayLater(t *testing.T) {
	h := newHouse(t)
	l := h.lab(Ask{Scenario: "test"})
	h.park(l)
	full := errors.New("there is no room")
	h.Places(func(visitor.Client) (Place, error) { return Place{}, full })
	if _, err := h.Get(t.Context(), l.ID, stranger); !errors.Is(err, full) {
		t.Errorf("without room: %v", err)
	}
	if _, err := h.Open(t.Context(), Ask{Scenario: "test"}); !errors.Is(err, full) {
		t.Errorf("a new one: %v", err)
	}
	left := 0
	h.Places(func(visitor.Client) (Place, error) { return Place{Leave: func() { left++ }}, nil })
	h.Keeper.conf.Compile = func(context.Context, string, []byte) (sys.Program, error) {
		return nil, errors.New("the compiler is busy")
	}
	if _, err := h.Get(t.Context(), l.ID, stranger); err == nil || !strings.Contains(err.Error(), "it cannot be had again for now") || left != 1 {
		t.Errorf("without a compiler: %v, and %d places were given back", err, left)
	}
	h.Keeper.conf.Compile = compile
	h.get(l.ID)
	if _, err := h.Open(t.Context(), Ask{Scenario: "broken"}); err == nil || left != 2 {
		t.Errorf("a lab that cannot be built: %v, and %d places were given back", err, left)
	}
}

// A journal without a row, as an older database leaves it, is taken in.
func TestAJournalThatNobodyKnowsIsTakenIn(t *testing.T) {
	h := newHouse(t)
	visit, own, bad := h.lab(Ask{Scenario: "test"}), h.lab(bench), h.lab(Ask{Scenario: "test"})
	h.shut()
	err := h.db.Write(t.Context(), func(tx *store.Tx) error {
		return errors.Join(tx.DropLab(visit.ID), tx.DropLab(own.ID), tx.DropLab(bad.ID))
	})
	if err == nil {
		err = change(filepath.Join(h.dir, "labs", bad.ID), func(b []byte) []byte { return b[:30] })
	}
	if err != nil {
		t.Fatal(err)
	}
	h.open()
	if r := h.row(own.ID); r.Kind != store.LabBench || r.Person != "p" || r.Lesson != "l" || r.Class != "c" || r.Version != "v" || !r.Current || r.State != store.LabParked {
		t.Errorf("the bench: %+v", r)
	}
	h.get(visit.ID)
	h.get(own.ID)
	if g := h.gone(bad.ID); !strings.Contains(g.Why, "it ends before it says what the lab was built from") {
		t.Errorf("%+v", g)
	}
}

func TestALabThatNobodyUsesIsDeleted(t *testing.T) {
	h := newHouse(t)
	old, live, own := h.lab(Ask{Scenario: "test"}), h.lab(Ask{Scenario: "test"}), h.lab(bench)
	h.park(old)
	h.park(own)
	h.Keeper.conf.Keep = -time.Hour // all that is parked was used before that
	n, freed, err := h.Sweep(t.Context())
	if err != nil || n != 1 || freed != 0 {
		t.Errorf("%d labs and %d bytes are deleted, %v; the program is another lab's, too", n, freed, err)
	}
	if _, err := h.Get(t.Context(), old.ID, stranger); !errors.Is(err, store.ErrNone) || h.conf.Journals.Has(old.ID) {
		t.Errorf("the old one: %v", err)
	}
	h.get(live.ID)
	h.get(own.ID)
}

// What strangers have on the disk is limited: who has not used theirs for longest loses it.
func TestStrangersLabsTakeNoMoreThanTheirRoom(t *testing.T) {
	h := newHouse(t)
	var labs []*Lab
	for range 3 {
		l := h.lab(Ask{Scenario: "test"})
		h.park(l)
		labs = append(labs, l)
	}
	own := h.lab(bench)
	h.park(own)
	h.Keeper.conf.Room = h.row(labs[2].ID).Bytes + 10
	if n, _, err := h.Sweep(t.Context()); n != 2 || err != nil {
		t.Errorf("%d labs are deleted, %v", n, err)
	}
	h.get(own.ID)
	left := 0
	for _, l := range labs {
		if h.conf.Journals.Has(l.ID) {
			left++
			h.get(l.ID)
		}
	}
	if left != 1 {
		t.Errorf("%d are left", left)
	}
}

func TestStrangersMakeRoom(t *testing.T) {
	h := newHouse(t)
	h.lab(bench)
	first, watched, second := h.lab(Ask{Scenario: "test"}), h.lab(Ask{Scenario: "test"}), h.lab(Ask{Scenario: "test"})
	first.Opened = first.Opened.Add(-time.Hour)
	watched.Opened = watched.Opened.Add(-2 * time.Hour)
	leave, err := watched.Attach(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	for next, _ := watched.Snapshot(); next.Viewers == 0; next, _ = watched.Snapshot() {
		_, more := watched.Snapshot()
		<-more
	}
	for _, want := range []*Lab{first, second} {
		if !h.Evict() {
			t.Fatal("nobody makes room")
		}
		<-want.gone
		if r := h.row(want.ID); r.State != store.LabParked {
			t.Errorf("%+v", r)
		}
	}
	if h.Evict() {
		t.Error("somebody else has to make room")
	}
	h.get(first.ID)
}

// A lab that needs more memory than there is is closed and comes back, and in the end is gone.
func TestALabThatNeedsTooMuchMemoryIsGoneInTheEnd(t *testing.T) {
	h := newHouse(t)
	l := h.lab(Ask{Scenario: "test"})
	for i := range maxShort {
		leave, err := l.Attach(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := h.end(t.Context(), l, &ending{why: "there is no memory for it", state: store.LabParked, short: true}); err != nil {
			t.Fatal(err)
		}
		leave()
		if i < maxShort-1 {
			l = h.get(l.ID)
		}
	}
	if g := h.gone(l.ID); g.State != store.LabGone || !strings.Contains(g.Why, "has needed more memory than the server has") {
		t.Errorf("%+v", g)
	}
}

func TestSeveralWhoAskForALabGetOne(t *testing.T) {
	h := newHouse(t)
	l := h.lab(Ask{Scenario: "test"})
	h.park(l)
	var all sync.WaitGroup
	got := make([]*Lab, 20)
	for i := range got {
		all.Go(func() { got[i], _ = h.Get(t.Context(), l.ID, stranger) })
	}
	all.Wait()
	if got[0] == nil || slices.ContainsFunc(got, func(l *Lab) bool { return l != got[0] }) {
		t.Errorf("they got %v", got)
	}
}

// Who is asked for comes back first, and then who was used last.
func TestWhoComesBackFirst(t *testing.T) {
	var q line
	lab := func(age time.Duration, wanted bool) *Lab {
		ctx, cancel := context.WithCancelCause(t.Context())
		l := &Lab{used: time.Now().Add(-age), ctx: ctx, close: cancel}
		l.wanted.Store(wanted)
		return l
	}
	var leaves []func()
	for range atOnce {
		leaves = append(leaves, q.enter(lab(0, false)))
	}
	type arrival struct {
		n     int
		leave func()
	}
	in := make(chan arrival)
	labs := []*Lab{lab(3*time.Hour, false), lab(time.Hour, false), lab(9*time.Hour, true), lab(2*time.Hour, false), lab(0, true)}
	for i, l := range labs {
		go func() { in <- arrival{i, q.enter(l)} }()
		for n := 0; n <= i; {
			q.mu.Lock()
			n = len(q.waiting)
			q.mu.Unlock()
		}
	}
	labs[4].close(nil) // whoever asked for it has lost patience
	(<-in).leave()
	var order []int
	leaves[0]()
	for range 4 {
		a := <-in
		order = append(order, a.n)
		a.leave()
	}
	leaves[1]()
	if want := []int{2, 1, 3, 0}; !slices.Equal(order, want) {
		t.Errorf("they came back as %v, want %v", order, want)
	}
	if q.busy != 0 {
		t.Errorf("%d are still coming back", q.busy)
	}
}

// Without a folder labs are gone when they end.
func TestWithoutAFolderLabsAreGone(t *testing.T) {
	k, err := New(t.Context(), Config{Build: build, Session: session.Options{Dir: t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := k.Open(t.Context(), Ask{Scenario: "test", Client: stranger})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.Get(t.Context(), l.ID, stranger); got != l || err != nil {
		t.Errorf("a lab that lives: %v", err)
	}
	if k.Evict() {
		t.Error("it was parked")
	}
	if err := k.Park(t.Context(), l.ID, "it is enough"); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Get(t.Context(), l.ID, stranger); !errors.Is(err, store.ErrNone) {
		t.Errorf("a lab that has ended: %v", err)
	}
	if err := k.Close(t.Context(), "the test is over"); err != nil {
		t.Error(err)
	}
}
