package keeper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"wireloom/internal/budget"
	"wireloom/internal/journal"
	"wireloom/internal/session"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
	"wireloom/vnet/sys"
)

// Get finds a lab: one that lives, or one that is brought back then, which is told by its
// Returning. client is who it counts for, if it is a visitor's. The error is store.ErrNone if
// there is no such lab, a Gone if there was one, and a refusal if it can't be had now.
func (k *Keeper) Get(ctx context.Context, id string, client visitor.Client) (*Lab, error) {
	for {
		k.mu.Lock()
		l, o := k.labs[id], k.opening[id]
		switch {
		case l != nil:
			k.mu.Unlock()
			l.wanted.Store(true)
			if l.ctx.Err() == nil || k.conf.Journals == nil {
				return l, nil
			}
			select { // it is about to be parked: then it can be had again
			case <-l.gone:
				continue
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		case k.conf.Journals == nil:
			k.mu.Unlock()
			return nil, store.ErrNone
		case k.closed:
			k.mu.Unlock()
			return nil, errStopping()
		case o == nil:
			o = &opening{done: make(chan struct{})}
			k.opening[id] = o
			k.running.Add(1)
			go k.fetch(id, client, o)
		}
		k.mu.Unlock()
		select {
		case <-o.done:
			if o.lab != nil {
				o.lab.wanted.Store(true)
			}
			return o.lab, o.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// fetch brings a lab back for all who ask for it meanwhile, whoever of them leaves.
func (k *Keeper) fetch(id string, client visitor.Client, o *opening) {
	defer k.running.Done()
	ctx, cancel := context.WithTimeout(k.base, openTimeout)
	defer cancel()
	o.lab, o.err = k.back(ctx, id, client)
	k.mu.Lock()
	delete(k.opening, id)
	k.mu.Unlock()
	close(o.done)
}

// back brings a lab back that is parked.
func (k *Keeper) back(ctx context.Context, id string, client visitor.Client) (*Lab, error) {
	var row store.LabRow
	err := k.conf.DB.Read(ctx, func(tx *store.Tx) (err error) {
		row, err = tx.Lab(id)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case row.State == store.LabQuarantined:
		return nil, quarantined(row.Why)
	case row.State == store.LabGone:
		return nil, &Gone{row.State, "this lab has ended: " + row.Why}
	}
	if row.Kind == store.LabBench { // whoever looks at it, it is its person's
		client = visitor.Client{Person: row.Person, Class: row.Class}
	}
	place, claim, err := k.enter(ctx, client)
	if err != nil {
		return nil, err
	}
	l, err := k.again(ctx, row, client, place, claim)
	if err != nil {
		claim.Release()
		place.Leave()
	}
	if wrong := (*broken)(nil); errors.As(err, &wrong) {
		return nil, k.quarantine(row, wrong.Error())
	}
	return l, err
}

// A broken is why a lab can't be had again, whatever happens.
type broken struct{ error }

func quarantined(why string) *Gone {
	return &Gone{store.LabQuarantined, "this lab does not come back: " + why + "; start a new one, and tell who runs this server"}
}

// quarantine notes that a lab does not come back.
func (k *Keeper) quarantine(row store.LabRow, why string) error {
	k.stats.quarantined.Add(1)
	k.log.Error("a lab is in quarantine", "lab", row.ID[:8], "why", why)
	ctx, cancel := context.WithTimeout(context.Background(), settleTime)
	defer cancel()
	err := k.conf.DB.Write(ctx, func(tx *store.Tx) error { return tx.SetLab(row.ID, store.LabQuarantined, why, row.Step, row.Hash) })
	if k.conf.Journals.Has(row.ID) {
		err = errors.Join(err, k.conf.Journals.Quarantine(row.ID, why))
	}
	if err != nil {
		k.log.Error("that a lab is in quarantine could not be noted", "lab", row.ID[:8], "error", err)
	}
	if k.conf.Changed != nil {
		k.conf.Changed(row.ID, store.LabQuarantined, why)
	}
	return quarantined(why)
}

// again builds a lab as it began, with its past before it.
func (k *Keeper) again(ctx context.Context, row store.LabRow, client visitor.Client, place Place, claim *budget.Claim) (_ *Lab, err error) {
	past, err := k.conf.Journals.Read(row.ID)
	if err != nil {
		return nil, &broken{err}
	}
	closer := io.Closer(past)
	defer func() {
		if err != nil {
			_ = closer.Close() // only read
		}
	}()
	if m := past.Last(); row.Hash != "" && (m.Hash != row.Hash || m.Step != row.Step || !m.Parked) {
		return nil, &broken{fmt.Errorf("it was parked at step %d, and its journal ends at step %d: the end is lost", row.Step, m.Step)}
	}
	if past.Torn > 0 {
		k.log.Info("a journal ended in the middle of a record, which nobody was told of", "lab", row.ID[:8], "bytes", past.Torn)
	}
	vl, err := k.conf.Again(past.Config)
	if err != nil {
		return nil, &broken{fmt.Errorf("it cannot be built: %w", err)}
	}
	h := &history{past, k.conf.Compile}
	for _, p := range past.Setup.Programs {
		prog, _, _, perr := h.Program(ctx, p.Name, p.Hash)
		if perr == nil {
			perr = vl.Install(p.Node, p.Proc, prog)
		}
		if perr != nil {
			vl.Close()
			if errors.Is(perr, session.ErrNotNow) {
				return nil, visitor.Busy(visitor.KindBusy, retrySoon, "%v", perr)
			}
			return nil, &broken{perr}
		}
	}
	ask := Ask{
		Scenario: past.Setup.Scenario, Empty: past.Empty, Version: past.Source, Person: past.Person, Class: past.Class, Lesson: past.Lesson, Client: client,
	}
	l := k.lab(row.ID, ask, place)
	l.used, l.begun = row.Used, past.Version
	if l.journal, err = past.Append(); err == nil {
		closer = l.journal
		o := k.options(l, claim)
		o.Journal, o.Past = l.journal, h
		l.Session, err = session.New(vl, past.Setup, o)
	}
	if err == nil {
		err = k.conf.DB.Write(ctx, func(tx *store.Tx) error { return tx.SetLab(row.ID, store.LabLive, "", 0, "") })
	}
	if err == nil {
		err = k.run(l, claim)
	}
	if err != nil {
		vl.Close()
		l.close(nil)
		return nil, err
	}
	l.log(k.log).Info("lab comes back", "scenario", past.Setup.Scenario, "commands", past.Commands, "frames", past.Frames, "kind", row.Kind)
	return l, nil
}

// A history is a journal's past with its programs compiled (session.Past).
type history struct {
	*journal.Past
	compile func(ctx context.Context, name string, module []byte) (sys.Program, error)
}

// Program is session.Past's.
func (h *history) Program(ctx context.Context, name, hash string) (sys.Program, string, int64, error) {
	b, err := h.File(hash)
	if err != nil {
		return nil, "", 0, err
	}
	p, err := h.compile(ctx, name, b)
	if err != nil { // it was compiled before
		return nil, "", 0, fmt.Errorf("%w: %w", session.ErrNotNow, err)
	}
	return p, h.Path(hash), int64(len(b)), nil
}

// A line is where labs wait that are to come back: so many at once are run again as there are
// cores, of those that wait the ones that somebody asks for first, and then those that were
// used last.
type line struct {
	mu      sync.Mutex
	busy    int
	waiting []*waiter
}

type waiter struct {
	lab *Lab
	go_ chan struct{}
}

// atOnce is how many labs are run again at a time: more would share the same cores, and all
// be back at the end.
var atOnce = runtime.GOMAXPROCS(0)

// enter waits until it is a lab's turn, or its life ends; leave is called when it is back.
func (q *line) enter(l *Lab) (leave func()) {
	q.mu.Lock()
	if q.busy < atOnce {
		q.busy++
		q.mu.Unlock()
		return q.leave
	}
	w := &waiter{l, make(chan struct{})}
	q.waiting = append(q.waiting, w)
	q.mu.Unlock()
	select {
	case <-w.go_:
		return q.leave
	case <-l.ctx.Done():
	}
	q.mu.Lock()
	for i, x := range q.waiting {
		if x == w {
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
			q.mu.Unlock()
			return func() {}
		}
	}
	q.mu.Unlock()
	return q.leave // its turn has come meanwhile
}

func (q *line) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	best := -1
	for i, w := range q.waiting {
		if best < 0 || w.before(q.waiting[best]) {
			best = i
		}
	}
	if best < 0 {
		q.busy--
		return
	}
	close(q.waiting[best].go_)
	q.waiting = append(q.waiting[:best], q.waiting[best+1:]...)
}

func (w *waiter) before(o *waiter) bool {
	if a, b := w.lab.wanted.Load(), o.lab.wanted.Load(); a != b {
		return a
	}
	return w.lab.used.After(o.lab.used)
}

// recover brings labs back that a server that was killed had, before somebody asks for them:
// one after the other, since those that are asked for go first.
func (k *Keeper) recover(was []store.LabRow) {
	for _, row := range was {
		if row.Kind != store.LabBench || !row.Current {
			continue // who a visitor is, is only known when they come
		}
		ctx, cancel := context.WithTimeout(k.base, openTimeout)
		l, err := k.Get(ctx, row.ID, visitor.Client{})
		if err == nil {
			l.wanted.Store(false)
			select {
			case <-l.Returned():
			case <-ctx.Done():
			}
		}
		cancel()
		if why := (*visitor.Refusal)(nil); errors.As(err, &why) || k.base.Err() != nil {
			return // there is no room for more that nobody has asked for
		}
	}
}

// Wait waits until a lab is back.
func (l *Lab) Wait(ctx context.Context) error {
	select {
	case <-l.Returned():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", session.ErrReturning, ctx.Err())
	}
}

// Programs are what the slots of a lab have, which is brought back for that.
func (k *Keeper) Programs(ctx context.Context, id string) ([]session.Held, error) {
	l, err := k.Get(ctx, id, visitor.Client{})
	if err == nil {
		err = l.Wait(ctx)
	}
	if err != nil {
		return nil, err
	}
	return l.Session.Programs(ctx)
}

// Record writes the recording of a lab, which is brought back for that.
func (k *Keeper) Record(ctx context.Context, id string, w io.Writer) error {
	l, err := k.Get(ctx, id, visitor.Client{})
	if err == nil {
		err = l.Wait(ctx)
	}
	if err != nil {
		return err
	}
	return l.Session.Record(ctx, w)
}

// A Stats is what a keeper has done and has.
type Stats struct {
	Live, Returning int
	Back            uint64        // labs that came back,
	BackTime        time.Duration // and how long that took in all
	Quarantined     uint64        // labs that did not, since the server began
	Failed          uint64        // times that a journal could not be written
}
