package gradebook

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"wireloom/internal/gradebook/mark"
	"wireloom/internal/store"
)

// Times of jobs.
const (
	leaseTime  = 15 * time.Second // how long a job is its worker's that doesn't say that it lives
	renewEvery = leaseTime / 3
	lookEvery  = 2 * time.Second  // for jobs that nobody told of: those of a server that died
	sweepEvery = 30 * time.Second // for hand-ins whose due date is over
	maxTries   = 9                // a job whose workers die so often has failed
	sweepBatch = 500
)

// tries are ten minutes, so that a server that is killed now and then, or goes through
// a bad time, fails nobody's hand-in.
var tries = store.Tries{Quick: 3, Pause: 10 * time.Second, Most: maxTries}

// A grader is the workers that make gradings. Jobs come from the database, where each has
// one owner at a time:
//
//	queued --claim--> running --result--> done
//	                  | | | '--no result-> failed
//	                  | | '--server stops, its process is killed, or the server was-> queued
//	                  | '--lease over-----> running, of another owner, with another fence
//	                  '--tried often enough-> failed
//
// A result is stored in the transaction that ends its job, which is refused if the job is
// another's by then. So of one that was graded twice one result counts.
type grader struct {
	b     *Book
	owner string
	ctx   context.Context //nolint:containedctx // of the workers, from New to Close
	stop  context.CancelFunc
	wg    sync.WaitGroup
	work  chan struct{} // there may be some

	took atomic.Int64 // about what a grading takes, in milliseconds

	run   func(ctx context.Context, w *worker, t task) outcome // grades; a test has its own
	step  func(step) error                                     // of tests: an error is a server's death there; nil is none
	renew func() <-chan time.Time                              // when a lease is to be renewed
}

// A step is a point at which a server may die.
type step uint8

const (
	afterClaim step = iota
	afterGrading
	afterBlobs
	beforeCommit
	afterCommit
)

func newGrader(b *Book) *grader {
	g := &grader{b: b, owner: store.NewID(), work: make(chan struct{}, 1), run: grade}
	g.ctx, g.stop = context.WithCancel(context.Background())
	g.took.Store(1000)
	g.renew = func() <-chan time.Time { return time.After(renewEvery) }
	return g
}

func (g *grader) start() {
	for range g.b.conf.Workers {
		g.wg.Go(g.loop)
	}
	if g.b.conf.Workers > 0 {
		g.wg.Go(g.watch)
	}
}

func (g *grader) close() {
	g.stop()
	g.wg.Wait()
}

// wake has a worker look for jobs.
func (g *grader) wake() {
	select {
	case g.work <- struct{}{}:
	default:
	}
}

// loop is a worker.
func (g *grader) loop() {
	w := newWorker(g.b)
	defer w.close()
	for g.ctx.Err() == nil {
		switch done, err := g.one(w); {
		case err != nil && g.ctx.Err() == nil:
			g.b.log.WarnContext(g.ctx, "a grading could not be made; it will be", "error", err)
		case done:
			g.wake() // others, if there is more
			continue
		}
		select {
		case <-g.work:
		case <-time.After(lookEvery):
		case <-g.ctx.Done():
		}
	}
}

// watch queues what is due, and gives up what killed its workers.
func (g *grader) watch() {
	for g.ctx.Err() == nil {
		if err := g.sweep(g.ctx); err != nil && g.ctx.Err() == nil {
			g.b.log.WarnContext(g.ctx, "hand-ins that are due were not looked for", "error", err)
		}
		select {
		case <-time.After(sweepEvery):
		case <-g.ctx.Done():
		}
	}
}

// one makes one grading; done is false where there is none to be made.
func (g *grader) one(w *worker) (done bool, err error) {
	var j store.JobRow
	var t task
	err = g.b.conf.DB.Write(g.ctx, func(tx *store.Tx) (err error) {
		if j, err = tx.ClaimJob(g.owner, tx.Now().Add(leaseTime), tries); err != nil {
			return err
		}
		if t.handin, err = tx.Handin(j.Handin); err != nil {
			return err
		}
		if t.version, err = tx.Version(j.Scenario); err != nil {
			return err
		}
		t.job = j
		t.same, err = tx.SameGrading(t.handin.Digest, t.handin.Student, j.Grader, j.Scenario, j.Checks)
		if err != nil && !errors.Is(err, store.ErrNone) {
			return err
		}
		return tx.ChangedHandin(j.Handin)
	})
	if errors.Is(err, store.ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	g.b.news.tell(j.Handin)
	if err := g.at(afterClaim); err != nil {
		return false, err
	}
	out, err := g.made(w, t)
	if err != nil {
		return false, err
	}
	return true, g.finish(t, out)
}

// at is where a test has a server die.
func (g *grader) at(s step) error {
	if g.step == nil {
		return nil
	}
	return g.step(s)
}

var errLost = errors.New("the job is another's by now")

// made grades while it renews the lease. Where the job is lost, or the server stops, it
// ends at once, and its error says so.
func (g *grader) made(w *worker, t task) (outcome, error) {
	if t.same.ID != "" {
		return outcome{grading: t.same}, nil // a grading is a function of what it is of
	}
	ctx, cancel := context.WithCancelCause(g.ctx)
	defer cancel(nil)
	results := make(chan outcome, 1)
	began := time.Now()
	go func() { results <- g.run(ctx, w, t) }()
	for {
		select {
		case out := <-results:
			if g.ctx.Err() != nil {
				g.giveBack(t.job)
				return out, g.ctx.Err()
			}
			took := time.Since(began).Milliseconds()
			g.took.Store((3*g.took.Load() + took) / 4)
			out.grading.Took = took
			return out, g.at(afterGrading)
		case <-g.renew():
			err := g.b.conf.DB.Write(ctx, func(tx *store.Tx) error { return tx.RenewJob(t.job, tx.Now().Add(leaseTime)) })
			if errors.Is(err, store.ErrStale) {
				cancel(errLost)
				<-results
				return outcome{}, errLost
			}
		}
	}
}

// giveBack queues a job again that a server which stops doesn't get to.
func (g *grader) giveBack(j store.JobRow) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(g.ctx), leaseTime)
	defer cancel()
	if err := g.b.conf.DB.Write(ctx, func(tx *store.Tx) error { return tx.ReturnJob(j) }); err != nil {
		g.b.log.Warn("a grading goes on when its lease is over", "handin", j.Handin, "error", err)
	}
}

// finish stores a result and ends its job, both or none.
func (g *grader) finish(t task, out outcome) error {
	j := t.job
	if out.killed && j.Tries < maxTries {
		return g.retry(t, out)
	}
	gr := out.grading
	gr.ID, gr.Handin, gr.Grader, gr.Scenario, gr.Checks = store.NewID(), j.Handin, j.Grader, j.Scenario, j.Checks
	if out.why == "" && t.same.ID == "" {
		var err error
		if gr.Report, gr.Staff, err = out.keep(g.b.conf.DB.Blobs); err != nil {
			return err
		}
	}
	if err := g.at(afterBlobs); err != nil {
		return err
	}
	err := g.b.conf.DB.Write(g.ctx, func(tx *store.Tx) error {
		state := store.JobDone
		if out.why != "" {
			state = store.JobFailed
		}
		if err := tx.EndJob(j, state, out.why); err != nil {
			return err
		}
		counts := j.Rank != store.RankBulk // that it failed may be what others wait for
		if state == store.JobDone {
			gr.At = tx.Now()
			var err error
			if counts, err = tx.AddGrading(gr); err != nil {
				return err
			}
		}
		if err := tx.ChangedHandin(j.Handin); err != nil {
			return err
		}
		if counts {
			l, err := tx.Lesson(j.Lesson)
			if err != nil {
				return err
			}
			if err := g.b.settle(tx, l, j.Person); err != nil {
				return err
			}
		}
		return g.at(beforeCommit)
	})
	if err != nil {
		return err
	}
	g.b.news.tell(j.Handin)
	if g.b.conf.Checked != nil && j.Rank == store.RankWaiting && j.Checks == store.ChecksVisible && out.why == "" {
		g.b.conf.Checked(j.Lesson, j.Person, gr.Passed, gr.Total)
	}
	return g.at(afterCommit)
}

// retry queues a job again whose process was killed from outside.
func (g *grader) retry(t task, out outcome) error {
	g.b.log.WarnContext(g.ctx, "what graded was killed; it is graded again", "handin", t.job.Handin, "tries", t.job.Tries, "why", out.why)
	err := g.b.conf.DB.Write(g.ctx, func(tx *store.Tx) error {
		return errors.Join(tx.RetryJob(t.job), tx.ChangedHandin(t.job.Handin))
	})
	if err == nil {
		g.b.news.tell(t.job.Handin)
	}
	return err
}

// sweep queues gradings by all checks of hand-ins whose due date is over, each for its
// person, and fails the jobs that killed those who made them.
func (g *grader) sweep(ctx context.Context) error {
	var failed []store.JobRow
	err := g.b.conf.DB.Write(ctx, func(tx *store.Tx) (err error) {
		failed, err = tx.FailJobs(maxTries, "the server ended each time that it was graded: tell who runs it")
		for _, j := range failed {
			if err == nil {
				err = tx.ChangedHandin(j.Handin)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, j := range failed {
		g.b.news.tell(j.Handin)
	}
	for behind := ""; ; {
		var list []store.HandinRow
		err := g.b.conf.DB.Write(ctx, func(tx *store.Tx) (err error) {
			if list, err = tx.Ungraded(behind, sweepBatch); err != nil {
				return err
			}
			return g.queue(tx, list)
		})
		if err != nil {
			return err
		}
		if len(list) > 0 {
			g.wake()
		}
		if len(list) < sweepBatch {
			return nil
		}
		behind = list[len(list)-1].ID // not in the transaction: one that is tried again begins where it began
	}
}

// queue queues those of a list whose person's due date is over.
func (g *grader) queue(tx *store.Tx, list []store.HandinRow) error {
	lessons := map[string]store.LessonRow{}
	dates := map[string]mark.Dates{} // by lesson and person
	for i := range list {
		h := &list[i]
		l, ok := lessons[h.Lesson]
		if !ok {
			var err error
			if l, err = tx.Lesson(h.Lesson); err != nil {
				return err
			}
			lessons[h.Lesson] = l
		}
		key := h.Lesson + " " + h.Person
		d, ok := dates[key]
		if !ok {
			var err error
			if d, err = g.b.datesOf(tx, l, h.Person); err != nil && !errors.Is(err, store.ErrNone) {
				return err
			}
			dates[key] = d
		}
		if d.Over(tx.Now()) {
			if err := tx.AddJob(g.b.job(h, store.ChecksAll, store.RankDue)); err != nil {
				return err
			}
		}
	}
	return nil
}
