// Package keeper keeps a server's labs, those that live and those that do not now. A lab that
// nobody watches is parked: its journal is closed, and its memory given back. Who asks for it
// later has it again, at the place where it was. So has who asks after the server was killed.
//
//	         nobody watches, no memory, the server stops
//	 live -------------------------------------------------> parked
//	 ^  |  <------------------------------------------------    |
//	 |  |      somebody asks: its journal is run again          |
//	 |  |                                                       | it cannot be run again
//	new |  somebody ends it, a limit does                       v
//	    `----------> gone  <--------------------------------- quarantined
//	                       nobody has used it for a long time
//
// Without a folder for journals nothing is parked: a lab is gone when it ends.
package keeper

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"wireloom/internal/budget"
	"wireloom/internal/door"
	"wireloom/internal/journal"
	"wireloom/internal/session"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/sys"
)

// Limits of a keeper.
const (
	DefaultKeep = 30 * 24 * time.Hour // from when a stranger's lab was used last until it is gone
	DefaultRoom = 4 << 30             // bytes
	openers     = 8                   // labs being opened at once; of one client half
	openTimeout = 2 * time.Minute     // for a lab to be built, its programs compiled
	syncEvery   = time.Second         // between two times that the disk is to have what journals have
	syncers     = 8                   // journals that the disk takes at once
	sweepEvery  = 5 * time.Minute     // between two looks at what is kept too long
	maxStrange  = 20_000              // strangers' labs that are parked; who has not used theirs for longest loses it
	maxShort    = 3                   // times that a lab may be closed for want of memory while somebody watches it
	settleTime  = 10 * time.Second    // for the database to be told what became of a lab
	retrySoon   = 5 * time.Second
)

// Config says what labs a keeper makes, and where it keeps them.
type Config struct {
	// Build builds a new lab, which is not started.
	Build func(ctx context.Context, ask Ask) (Built, error)

	Journals *journal.Dir // nil: labs are not kept
	DB       *store.DB    // which labs there are; with Journals
	// Again builds a lab of a configuration.
	Again func(config.Lab) (*vnet.Lab, error)
	// Compile makes a program again that a lab had.
	Compile func(ctx context.Context, name string, module []byte) (sys.Program, error)
	Keep    time.Duration // DefaultKeep if 0
	Room    int64         // bytes that strangers' parked labs may take; DefaultRoom if 0

	Session session.Options // of each lab; Logger, Owner, Room, Claim, Journal and Past are the keeper's
	Doors   *door.Policy    // nobody comes in by one if nil
	Budget  *budget.Budget  // of memory; no limit if nil
	Logger  *slog.Logger    // nothing is logged if nil

	// Acted is told of each command that is done to a bench; it may be nil, and may not wait.
	Acted func(lab string, c vnet.Command)
	// Changed is told what becomes of labs, after it has; it may be nil, and may not wait.
	Changed func(lab, state, why string)
}

// An Ask is what lab somebody wants.
type Ask struct {
	Scenario string // one that the server offers,
	Empty    bool   // whose slots have no program;
	Version  string // or the hash of a class's

	// Of a bench; "" for a visitor's lab. The values of its scenario are the person's.
	Person, Class, Lesson string

	Client visitor.Client // who it counts for
}

// kind is the row's.
func (a Ask) kind() string {
	if a.Lesson != "" {
		return store.LabBench
	}
	return store.LabVisitor
}

// Built is a lab that was built, with the programs that are in it.
type Built struct {
	Lab     *vnet.Lab
	Setup   session.Setup
	Modules [][]byte
}

// A Place is what a lab that lives has of its server.
type Place struct {
	Owner session.Owner
	Room  session.Room
	Leave func()
	// Short is asked where there was no memory for it, and says what else who wanted it may be
	// told; it may be nil.
	Short func(*visitor.Refusal) *visitor.Refusal
}

// A Lab is one that lives, or is coming back.
type Lab struct {
	*session.Session
	ID     string
	Ask    Ask
	Opened time.Time // in this life
	Doors  *door.Doors

	// Who uploads a program, and who has the programs checked, is here meanwhile: each has
	// room for one.
	Uploading, Checking chan struct{}
	Refused             atomic.Value // string: why the last who wanted to watch was not let in; "" if it was

	ctx     context.Context // of its life
	close   context.CancelCauseFunc
	gone    chan struct{} // closed when it is parked, or gone
	journal *journal.Journal
	place   Place
	wanted  atomic.Bool // somebody waits for it to be back
	used    time.Time   // before it came back
	begun   string      // the version of this program that made it
}

// An ending is why a lab is closed, and what becomes of it then.
type ending struct {
	why   string
	state string
	short bool // there was no memory for it
}

func (e *ending) Error() string { return e.why }

// A Gone says why a lab that there was can't be had any more.
type Gone struct{ State, Why string }

func (g *Gone) Error() string { return g.Why }

// A Keeper keeps labs. New makes one; Close parks all that live.
type Keeper struct {
	conf    Config
	log     *slog.Logger
	sched   *session.Scheduler
	places  func(visitor.Client) (Place, error)
	openers visitor.Gate
	line    line
	stats   stats

	base    context.Context // of all labs
	stop    context.CancelCauseFunc
	running sync.WaitGroup // labs
	care    sync.WaitGroup // what runs until the last lab has ended
	careEnd context.CancelFunc

	mu      sync.Mutex
	labs    map[string]*Lab
	opening map[string]*opening
	shorted map[string]int // how often a lab was closed for want of memory
	closed  bool
}

// An opening is a lab that is being looked for by several.
type opening struct {
	done chan struct{}
	lab  *Lab
	err  error
}

// New returns a keeper of the labs that its folder and its database have.
func New(ctx context.Context, c Config) (*Keeper, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Keep == 0 {
		c.Keep = DefaultKeep
	}
	if c.Room == 0 {
		c.Room = DefaultRoom
	}
	if c.Session.Scheduler == nil {
		c.Session.Scheduler = session.NewScheduler(0)
	}
	if c.Doors == nil {
		c.Doors = &door.Policy{}
	}
	k := &Keeper{
		conf: c, log: c.Logger, sched: c.Session.Scheduler, openers: visitor.Gate{All: openers, Each: openers / 2},
		places: func(client visitor.Client) (Place, error) {
			return Place{Owner: session.Owner{Group: client.Class, Name: client.Key()}, Leave: func() {}}, nil
		},
		labs: map[string]*Lab{}, opening: map[string]*opening{}, shorted: map[string]int{},
	}
	k.base, k.stop = context.WithCancelCause(context.Background())
	var care context.Context
	care, k.careEnd = context.WithCancel(context.Background())
	if c.Journals == nil {
		return k, nil
	}
	was, err := k.find(ctx)
	if err != nil {
		return nil, err
	}
	k.care.Go(func() { k.syncAll(care) })
	k.care.Go(func() { k.sweepAll(care) })
	k.care.Go(func() { k.recover(was) })
	return k, nil
}

// Places says what a lab that is to live has of the server, or why it can't. It is set before
// the first lab is asked for.
func (k *Keeper) Places(f func(visitor.Client) (Place, error)) { k.places = f }

// Scheduler is what shares the machine among the labs.
func (k *Keeper) Scheduler() *session.Scheduler { return k.sched }

// errStopping is why no lab is opened any more.
func errStopping() error {
	return visitor.Busy(visitor.KindStopping, retrySoon, "the server is stopping: try again in a moment")
}

// enter takes a place and memory for a lab that client is to have.
func (k *Keeper) enter(ctx context.Context, client visitor.Client) (p Place, c *budget.Claim, err error) {
	k.mu.Lock()
	closed := k.closed
	k.mu.Unlock()
	if closed {
		return p, nil, errStopping()
	}
	if p, err = k.places(client); err != nil {
		return p, nil, err
	}
	if c, err = k.conf.Budget.Open(ctx, p.Owner.Name); err != nil {
		p.Leave()
		why := visitor.Busy(visitor.KindMemory, retrySoon, "%v", err)
		if p.Short != nil {
			why = p.Short(why)
		}
		return p, nil, why
	}
	return p, c, nil
}

// Open opens a new lab. A bench is then the one that its person has in the lesson; the former
// one is parked.
func (k *Keeper) Open(ctx context.Context, ask Ask) (*Lab, error) {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	place, claim, err := k.enter(ctx, ask.Client)
	if err != nil {
		return nil, err
	}
	l, err := k.open(ctx, ask, place, claim)
	if err != nil {
		claim.Release()
		place.Leave()
	}
	return l, err
}

func (k *Keeper) open(ctx context.Context, ask Ask, place Place, claim *budget.Claim) (*Lab, error) {
	if err := k.openers.Enter(ctx, place.Owner.Name); err != nil {
		return nil, visitor.Busy(visitor.KindBusy, retrySoon, "the server is too busy: try again in a moment")
	}
	defer k.openers.Leave(place.Owner.Name)
	b, err := k.conf.Build(ctx, ask)
	if err != nil {
		return nil, err
	}
	l := k.lab(rand.Text(), ask, place) // 130 bits
	o := k.options(l, claim)
	if k.conf.Journals != nil {
		about := journal.About{
			ID: l.ID, Version: o.Version, Kind: ask.kind(), Person: ask.Person, Class: ask.Class, Lesson: ask.Lesson, Source: ask.Version, Empty: ask.Empty,
			Created: l.Opened.UTC().Truncate(time.Millisecond),
		}
		if l.journal, err = k.conf.Journals.Create(about, b.Setup, b.Lab.Config(), b.Modules); err != nil {
			k.stats.failed.Add(1)
			k.log.Error("a lab's journal cannot be made", "error", err)
			b.Lab.Close()
			return nil, visitor.Busy(visitor.KindStorage, retrySoon, "the disk of this server takes no more labs: try again later, or tell who runs it")
		}
		o.Journal = l.journal
	}
	if l.Session, err = session.New(b.Lab, b.Setup, o); err == nil {
		err = k.add(ctx, l)
	}
	if err == nil {
		err = k.run(l, claim)
	}
	if err != nil {
		b.Lab.Close()
		k.forget(l)
		return nil, err
	}
	l.log(k.log).Info("lab opened", "scenario", b.Setup.Scenario, "client", ask.Client.Key(), "seed", b.Setup.Seed)
	return l, nil
}

// lab is one that is about to live.
func (k *Keeper) lab(id string, ask Ask, place Place) *Lab {
	l := &Lab{
		ID: id, Ask: ask, Opened: time.Now(), place: place, gone: make(chan struct{}),
		Uploading: make(chan struct{}, 1), Checking: make(chan struct{}, 1),
	}
	l.ctx, l.close = context.WithCancelCause(k.base)
	return l
}

func (l *Lab) log(lg *slog.Logger) *slog.Logger { return lg.With("lab", l.ID[:8]) }

func (k *Keeper) options(l *Lab, claim *budget.Claim) session.Options {
	o := k.conf.Session
	o.Logger, o.Owner, o.Room, o.Claim = l.log(k.log), l.place.Owner, l.place.Room, claim
	if k.conf.Acted != nil && l.Ask.Lesson != "" {
		o.Acted = func(c vnet.Command) { k.conf.Acted(l.ID, c) }
	}
	return o
}

// add tells the database of a new lab, and has the benches parked that were its person's
// before.
func (k *Keeper) add(ctx context.Context, l *Lab) error {
	if l.journal == nil {
		return nil
	}
	var former []string
	err := k.conf.DB.Write(ctx, func(tx *store.Tx) (err error) {
		former, err = tx.AddLab(store.LabRow{
			ID: l.ID, Kind: l.Ask.kind(), Person: l.Ask.Person, Class: l.Ask.Class, Lesson: l.Ask.Lesson, State: store.LabLive, Created: l.Opened, Version: l.Ask.Version,
		})
		return err
	})
	for _, id := range former {
		if x := k.Live(id); x != nil {
			x.close(&ending{why: "its person has started over in another lab", state: store.LabParked})
		}
	}
	return err
}

// forget undoes what a lab that could not be opened has left.
func (k *Keeper) forget(l *Lab) {
	l.close(nil)
	if l.journal == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	err := k.conf.DB.Write(ctx, func(tx *store.Tx) error {
		if err := tx.DropLab(l.ID); !errors.Is(err, store.ErrNone) {
			return err
		}
		return nil
	})
	if err = errors.Join(err, l.journal.Close(), k.conf.Journals.Remove(l.ID)); err != nil {
		k.log.Warn("something of a lab that was not opened is left", "lab", l.ID[:8], "error", err)
	}
}

// run lets a lab live until it ends.
func (k *Keeper) run(l *Lab, claim *budget.Claim) error {
	l.Doors = door.New(l.Session, k.conf.Doors, strings.ToLower(l.ID[:8]), l.log(k.log))
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		return errStopping()
	}
	k.labs[l.ID] = l
	k.running.Add(1)
	k.mu.Unlock()
	if l.Ask.Client.Stranger() {
		claim.Guest()
	}
	claim.Closer(func(why error) {
		e := &ending{why: why.Error(), state: store.LabParked, short: true}
		if l.journal != nil {
			e.why += "; it is kept, and goes on when it is opened again"
		}
		l.close(e)
	})
	go func() {
		defer k.running.Done()
		k.live(l)
	}()
	return nil
}

func (k *Keeper) live(l *Lab) {
	var doors sync.WaitGroup
	doors.Go(func() { l.Doors.Run(l.ctx) })
	if _, returning := l.Returning(); returning {
		leave := k.line.enter(l)
		began := time.Now()
		doors.Go(func() {
			<-l.Returned()
			leave()
			k.stats.back(time.Since(began))
		})
	}
	l.Run(l.ctx)
	cause := context.Cause(l.ctx)
	l.close(nil)
	doors.Wait()
	state, why := k.settle(l, cause)
	k.mu.Lock()
	delete(k.labs, l.ID)
	k.mu.Unlock()
	l.place.Leave()
	close(l.gone)
	snap, _ := l.Snapshot()
	l.log(k.log).Info("lab closed", "why", l.Reason(), "state", state, "lasted", time.Since(l.Opened).Round(time.Second), "steps", snap.Steps)
	if k.conf.Changed != nil {
		k.conf.Changed(l.ID, state, why)
	}
}

// becomes says what becomes of a lab that has ended.
func (k *Keeper) becomes(l *Lab, cause error) (state, why string) {
	why = l.Reason()
	e := (*ending)(nil)
	_ = errors.As(cause, &e)
	switch l.Outcome() {
	case session.Apart, session.Broken:
		if now := k.conf.Session.Version; l.begun != "" && l.begun != now {
			why += fmt.Sprintf("; it was begun by labserver %s, and this is %s", l.begun, now)
		}
		return store.LabQuarantined, why
	case session.Spent:
		return store.LabGone, why
	case session.Idle, session.Short:
		return store.LabParked, ""
	case session.Closed:
	}
	if e == nil {
		return store.LabParked, ""
	}
	if e.short {
		k.mu.Lock()
		k.shorted[l.ID]++
		often := k.shorted[l.ID]
		k.mu.Unlock()
		if snap, _ := l.Snapshot(); often >= maxShort && snap.Viewers > 0 {
			return store.LabGone, fmt.Sprintf("this lab has needed more memory than the server has for it, %d times: start a new one", often)
		}
	}
	if e.state == store.LabParked {
		return store.LabParked, ""
	}
	return e.state, e.why
}

// settle closes a lab's journal and notes what became of it.
func (k *Keeper) settle(l *Lab, cause error) (state, why string) {
	if l.journal == nil {
		return store.LabGone, l.Reason()
	}
	state, why = k.becomes(l, cause)
	if err := l.journal.Close(); err != nil {
		k.stats.failed.Add(1)
		l.log(k.log).Error("a journal did not close in order", "error", err)
	}
	at, _ := l.journal.Parked()
	if state == store.LabQuarantined {
		k.stats.quarantined.Add(1)
		l.log(k.log).Error("a lab is in quarantine", "why", why)
		if err := k.conf.Journals.Quarantine(l.ID, why); err != nil {
			l.log(k.log).Warn("why a lab is in quarantine is not beside its journal", "error", err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	bytes, err := k.conf.Journals.Size(l.ID)
	if err != nil {
		l.log(k.log).Warn("what a lab takes of the disk is not known", "error", err)
	}
	err = k.conf.DB.Write(ctx, func(tx *store.Tx) error {
		return errors.Join(tx.SetLab(l.ID, state, why, at.Step, at.Hash), tx.SizeLab(l.ID, bytes))
	})
	if err != nil {
		l.log(k.log).Error("the database was not told what became of a lab", "state", state, "error", err)
	}
	if state == store.LabGone && l.Ask.kind() == store.LabVisitor {
		if err := k.conf.Journals.Remove(l.ID); err != nil {
			l.log(k.log).Warn("a lab that has ended leaves files", "error", err)
		}
	}
	return state, why
}

// Live is a lab that lives; nil if it does not now.
func (k *Keeper) Live(id string) *Lab {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.labs[id]
}

// All are the labs that live.
func (k *Keeper) All() []*Lab {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Collect(maps.Values(k.labs))
}

// Count is how many labs live.
func (k *Keeper) Count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.labs)
}

// end closes a lab and waits until it is parked, or gone.
func (k *Keeper) end(ctx context.Context, l *Lab, e *ending) error {
	l.close(e)
	select {
	case <-l.gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Park parks a lab that lives, whose viewers are told why. It does nothing to one that does not.
func (k *Keeper) Park(ctx context.Context, id, why string) error {
	if l := k.Live(id); l != nil {
		return k.end(ctx, l, &ending{why: why, state: store.LabParked})
	}
	return nil
}

// End ends a lab for good. A visitor's is deleted with that; the journal of a bench stays as
// long as its class's work.
func (k *Keeper) End(ctx context.Context, id, why string) error {
	if l := k.Live(id); l != nil {
		return k.end(ctx, l, &ending{why: why, state: store.LabGone})
	}
	if k.conf.Journals == nil {
		return store.ErrNone
	}
	var row store.LabRow
	err := k.conf.DB.Write(ctx, func(tx *store.Tx) (err error) {
		if row, err = tx.Lab(id); err != nil {
			return err
		}
		return tx.SetLab(id, store.LabGone, why, row.Step, row.Hash)
	})
	if err == nil && row.Kind == store.LabVisitor {
		err = k.conf.Journals.Remove(id)
	}
	return err
}

// Evict parks a stranger's lab, so that there is room: one that nobody watches, if any, and
// that was opened first. It reports false where there is none, or labs are not kept.
func (k *Keeper) Evict() bool {
	if k.conf.Journals == nil {
		return false
	}
	var best *Lab
	watched := func(l *Lab) bool { snap, _ := l.Snapshot(); return snap.Viewers > 0 }
	for _, l := range k.All() {
		_, returning := l.Returning()
		if returning || l.ctx.Err() != nil || !l.Ask.Client.Stranger() || watched(l) {
			continue
		}
		if best == nil || l.Opened.Before(best.Opened) {
			best = l
		}
	}
	if best == nil {
		return false
	}
	best.close(&ending{why: "the server needs room for others; this lab is kept, and goes on when it is opened again", state: store.LabParked})
	return true
}

// Close parks every lab that lives, whose viewers are told why, and waits for all of it. It
// fails if ctx ends first: what is not parked then is as if the server had been killed.
func (k *Keeper) Close(ctx context.Context, why string) error {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	k.stop(&ending{why: why, state: store.LabParked})
	gone := make(chan struct{})
	go func() {
		k.running.Wait()
		k.careEnd()
		k.care.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("labs are still closing: %w", ctx.Err())
	}
}
