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
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"wireloom/internal/budget"
	"wireloom/internal/door"
	"wireloom/internal/journal"
	"wireloom/internal/sched"
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
	Owner sched.Owner
	Room  session.Room
	Spent func(time.Duration) (why string) // session.Options.Spent; it may be nil
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

// A Keeper keeps labs. New makes one; Close parks all that live.
type Keeper struct {
	conf    Config
	log     *slog.Logger
	sched   *sched.Scheduler
	places  func(visitor.Client) (Place, error)
	openers visitor.Gate
	line    line
	stats   stats

	base    context.Context // of all labs
	stop    context.CancelCauseFunc
	running sync.WaitGroup // labs
	care    sync.WaitGroup // what runs until the last lab has ended
	start   func()         // begins to take care; nil where there is nothing to take care of
	careEnd context.CancelFunc
	swept   chan struct{} // closed after the first sweep

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
		c.Session.Scheduler = sched.New(0)
	}
	if c.Doors == nil {
		c.Doors = &door.Policy{}
	}
	k := &Keeper{
		conf: c, log: c.Logger, sched: c.Session.Scheduler, openers: visitor.Gate{All: openers, Each: openers / 2},
		places: func(client visitor.Client) (Place, error) {
			return Place{Owner: sched.Owner{Group: client.Class, Name: client.Key()}, Leave: func() {}}, nil
		},
		labs: map[string]*Lab{}, opening: map[string]*opening{}, shorted: map[string]int{}, swept: make(chan struct{}),
	}
	k.base, k.stop = context.WithCancelCause(context.Background())
	k.careEnd = func() {}
	if c.Journals == nil {
		return k, nil
	}
	was, err := k.find(ctx)
	if err != nil {
		return nil, err
	}
	k.start = func() {
		var care context.Context
		care, k.careEnd = context.WithCancel(context.Background())
		k.care.Go(func() { k.syncAll(care) })
		k.care.Go(func() { k.sweepAll(care) })
		k.care.Go(func() { k.recover(was) })
	}
	return k, nil
}

// Start begins to take care of the labs, and brings those back that a server which was killed
// had. It is called once, when all is set that labs need of the server, and before the first is
// asked for.
func (k *Keeper) Start() {
	if k.start != nil {
		k.start()
	}
}

// Places says what a lab that is to live has of the server, or why it can't. It is set before
// Start.
func (k *Keeper) Places(f func(visitor.Client) (Place, error)) { k.places = f }

// Scheduler is what shares the machine among the labs.
func (k *Keeper) Scheduler() *sched.Scheduler { return k.sched }

// errStopping is why no lab is opened any more.
func errStopping() error {
	return visitor.Busy(visitor.KindStopping, retrySoon, "the server is stopping: try again in a moment")
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
