// Package wall keeps what a class's benches are at: what each student did last, how far
// they are, since when they have tried in vain, who asks for help and who gives it. It
// learns that from facts, one at a time and once for each bench, however many look at the
// wall; it never reads a lab's events.
package wall

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
)

// Limits of a wall.
const (
	maxDid    = 64               // bytes of an action in words
	loadEvery = time.Second      // between two looks for benches that are new
	saveEvery = 30 * time.Second // between two times that what has changed is stored
	freshen   = 30 * time.Second // between two times that a wall which is looked at is read anew: names, dropped people
	awayAfter = 10 * time.Minute // without an action and without the page: who is away is not stuck
	maxWalls  = 32               // that show one class at once
	maxCards  = 20_000           // of all classes, in memory
)

// Config says what a Wall works with.
type Config struct {
	DB     *store.DB
	Now    func() time.Time // time.Now if nil
	Logger *slog.Logger     // nil for none
}

// A Wall knows all benches of a server that something has happened on. Run must be called;
// the other methods may be called from any goroutine.
type Wall struct {
	conf Config

	mu     sync.Mutex
	cards  map[string]*card         // by lab
	boards map[string]*board        // by class: those that were looked at
	wakes  map[waiter]chan struct{} // closed when somebody who waits has something to look at
	said   map[string]int64         // by class: the number of its newest notice
	helped map[string]int64         // by person: when the help on their benches changed last, as a notice's number
	rates  rates
}

// A board is a class of which a wall was looked at.
type board struct {
	walls  int
	loaded time.Time // when it was read from the database
}

// A card is a bench.
type card struct {
	wire.WallCard
	class   string // "" until it was looked up
	asked   bool   // it was looked up, and is no student's bench
	best    int    // checks that ever passed
	tried   time.Time
	acted   time.Time
	viewers int            // of the student's own
	staff   map[string]int // pages of those who watch, by name
	dirty   bool           // to be stored
	help    help
	changed chan struct{} // closed when who is at the bench has changed; nil while nobody asked
}

// A waiter is who waits for something: a class for notices, a person for help.
type waiter struct{ class, person string }

// New returns a wall on which nothing is.
func New(c Config) *Wall {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Wall{
		conf: c, cards: map[string]*card{}, boards: map[string]*board{}, wakes: map[waiter]chan struct{}{},
		said: map[string]int64{}, helped: map[string]int64{},
	}
}

// Run looks up what has come, and stores what has changed, until ctx ends.
func (w *Wall) Run(ctx context.Context) {
	load, save := time.NewTicker(loadEvery), time.NewTicker(saveEvery)
	defer load.Stop()
	defer save.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			w.Save(last)
			return
		case <-load.C:
			w.look(ctx)
		case <-save.C:
			w.Save(ctx)
		}
	}
}

// look reads what a wall needs that is not in memory.
func (w *Wall) look(ctx context.Context) {
	now := w.conf.Now()
	w.mu.Lock()
	var labs, classes []string
	for id, c := range w.cards {
		if c.class == "" && !c.asked {
			labs = append(labs, id)
		}
	}
	for id, b := range w.boards {
		switch {
		case b.walls > 0 && now.Sub(b.loaded) >= freshen:
			classes = append(classes, id)
		case b.walls == 0:
			delete(w.boards, id)
		}
	}
	w.mu.Unlock()
	for _, id := range classes {
		if err := w.load(ctx, id); err != nil {
			w.conf.Logger.WarnContext(ctx, "a wall could not be read", "class", id, "error", err)
		}
	}
	if len(labs) == 0 {
		return
	}
	err := w.conf.DB.Read(ctx, func(tx *store.Tx) error {
		for _, id := range labs {
			row, err := tx.WallRow(id)
			switch {
			case errors.Is(err, store.ErrNone):
				w.mu.Lock()
				if c := w.cards[id]; c != nil {
					c.asked = true
				}
				w.mu.Unlock()
			case err != nil:
				return err
			default:
				w.mu.Lock()
				w.put(row)
				w.mu.Unlock()
			}
		}
		return nil
	})
	if err != nil {
		w.conf.Logger.WarnContext(ctx, "benches could not be looked up", "error", err)
	}
}

// load reads a class's benches and hands.
func (w *Wall) load(ctx context.Context, class string) error {
	var rows []store.WallRow
	var hands []store.HandRow
	err := w.conf.DB.Read(ctx, func(tx *store.Tx) (err error) {
		if rows, err = tx.Wall(class); err != nil {
			return err
		}
		hands, err = tx.Hands(class)
		return err
	})
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	there := map[string]bool{}
	for _, row := range rows {
		w.put(row)
		there[row.Lab] = true
	}
	for id, c := range w.cards {
		if c.class == class && !there[id] && c.viewers == 0 {
			delete(w.cards, id) // begun over, or of somebody who was dropped
		}
	}
	up := map[[2]string]store.HandRow{}
	for _, h := range hands {
		up[[2]string{h.Lesson, h.Person}] = h
	}
	for _, c := range w.cards {
		if c.class == class {
			c.Hand, c.HandAt = "", 0
			if h, is := up[[2]string{c.Lesson, c.Person}]; is {
				c.raise(h.Text, h.Raised)
			}
		}
	}
	b := w.boards[class]
	if b == nil {
		b = &board{}
		w.boards[class] = b
	}
	b.loaded = w.conf.Now()
	return nil
}

// put brings a card up to what the database says of its bench. What happened meanwhile is
// newer than what it says of that. The caller holds mu, here and below.
func (w *Wall) put(row store.WallRow) {
	c := w.card(row.Lab)
	if c == nil {
		return
	}
	fresh := c.class == ""
	c.class, c.Person, c.Name, c.Section, c.Lesson, c.Title = row.Class, row.Person, row.Name, row.Section, row.Lesson, row.Title
	c.Parked = row.State != string(wire.LabLive) && c.viewers == 0
	if !fresh {
		return
	}
	if row.Acted.After(c.acted) {
		c.Did, c.acted = row.Did, row.Acted
	}
	if c.Of == 0 {
		c.Passed, c.Of = int(row.Passed), int(row.Checks)
	}
	c.best = max(c.best, int(row.Best))
	c.Handed = max(c.Handed, int(row.Handed))
	if !row.Tried.IsZero() && c.Passed <= int(row.Best) {
		c.tried = row.Tried
	}
}

// card is that of a lab, which may be new; nil if there are too many.
func (w *Wall) card(lab string) *card {
	c := w.cards[lab]
	if c == nil {
		if len(w.cards) >= maxCards {
			w.forget()
		}
		if len(w.cards) >= maxCards {
			return nil
		}
		c = &card{WallCard: wire.WallCard{Lab: lab}, staff: map[string]int{}}
		w.cards[lab] = c
	}
	return c
}

// forget drops cards that nobody is at and no wall shows, and that are stored.
func (w *Wall) forget() {
	maps.DeleteFunc(w.cards, func(_ string, c *card) bool {
		b := w.boards[c.class]
		return c.viewers == 0 && len(c.staff) == 0 && !c.dirty && c.help.state == wire.NoHelp && (b == nil || b.walls == 0)
	})
}

// shows is the card as a wall shows it now.
func (c *card) shows(now time.Time) wire.WallCard {
	v := c.WallCard
	v.Here = c.viewers > 0
	v.At = millis(c.acted)
	v.Since = 0
	if (v.Here || now.Sub(c.acted) < awayAfter) && (c.Of == 0 || c.Passed < c.Of) {
		v.Since = millis(c.tried)
	}
	if c.help.state == wire.HelpAsked || c.help.state == wire.HelpAccepted {
		v.Help, v.Helper = c.help.state, c.help.name
	}
	return v
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Cards are those of a class as they are now, by lab.
func (w *Wall) Cards(class string) map[string]wire.WallCard {
	now := w.conf.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string]wire.WallCard{}
	for id, c := range w.cards {
		if c.class == class {
			all[id] = c.shows(now)
		}
	}
	return all
}

// Save stores what has changed of benches that are known.
func (w *Wall) Save(ctx context.Context) {
	w.mu.Lock()
	rows := map[string]store.ProgressRow{}
	for id, c := range w.cards {
		if c.dirty && c.class != "" {
			rows[id] = store.ProgressRow{
				Did: c.Did, Acted: c.acted, Passed: int64(c.Passed), Checks: int64(c.Of), Best: int64(c.best), Tried: c.tried, Handed: int64(c.Handed),
			}
			c.dirty = false
		}
	}
	w.mu.Unlock()
	if len(rows) == 0 {
		return
	}
	err := w.conf.DB.Write(ctx, func(tx *store.Tx) error {
		for _, id := range slices.Sorted(maps.Keys(rows)) { // in one order: transactions that collide wait, and do not deadlock
			if err := tx.PutProgress(id, rows[id]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		return
	}
	w.conf.Logger.WarnContext(ctx, "what benches are at was not stored, and is tried again", "benches", len(rows), "error", err)
	w.mu.Lock()
	defer w.mu.Unlock()
	for id := range rows {
		if c := w.cards[id]; c != nil {
			c.dirty = true
		}
	}
}
