package wall

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	wire "wireloom/internal/protocol/class"
	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

// How often one may say something.
const (
	noticesEvery = 20 * time.Second // to a class,
	noticesBurst = 10               // and so many at once
	handsEvery   = 5 * time.Second  // of one person,
	handsBurst   = 10               // likewise
	maxRates     = 10_000           // of whom that is remembered
)

// rates are how often some have spoken. What is forgotten begins anew.
type rates map[string]*rate.Limiter

func (r *rates) allow(now time.Time, who string, every time.Duration, burst int) (after time.Duration) {
	if *r == nil || len(*r) >= maxRates {
		*r = rates{}
	}
	l := (*r)[who]
	if l == nil {
		l = rate.NewLimiter(rate.Every(every), burst)
		(*r)[who] = l
	}
	next := l.ReserveN(now, 1)
	if after = next.DelayFrom(now); after > 0 {
		next.CancelAt(now)
	}
	return after
}

// MayTell says why a class may not be told something now.
func (w *Wall) MayTell(class string) *visitor.Refusal {
	w.mu.Lock()
	defer w.mu.Unlock()
	if after := w.rates.allow(w.conf.Now(), "c"+class, noticesEvery, noticesBurst); after > 0 {
		return visitor.TooMany(visitor.KindNotices, after, "this class was told much within a short time: wait a little, and say it in one")
	}
	return nil
}

// MayRaise says why a person may not raise a hand now, or take it down.
func (w *Wall) MayRaise(person string) *visitor.Refusal {
	w.mu.Lock()
	defer w.mu.Unlock()
	if after := w.rates.allow(w.conf.Now(), "p"+person, handsEvery, handsBurst); after > 0 {
		return visitor.TooMany(visitor.KindHands, after, "your hand went up and down often: leave it for a moment")
	}
	return nil
}

// number is the next number of what a class is told: the time in milliseconds, or more where
// two things come within one. The caller holds mu.
func (w *Wall) number(class string) int64 {
	n := max(w.conf.Now().UnixMilli(), w.said[class]+1)
	w.said[class] = n
	return n
}

// Number is a number for a notice to a class, above those that there were.
func (w *Wall) Number(class string, last int64) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said[class] = max(w.said[class], last)
	return w.number(class)
}

// Told wakes those of a class who wait for notices: one is stored.
func (w *Wall) Told(class string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wake(waiter{class: class})
}

func (w *Wall) wake(who waiter) {
	if c := w.wakes[who]; c != nil {
		close(c)
		delete(w.wakes, who)
	}
}

// await is a channel that is closed when there is something for one of those. The caller holds mu.
func (w *Wall) await(who waiter) <-chan struct{} {
	c := w.wakes[who]
	if c == nil {
		c = make(chan struct{})
		w.wakes[who] = c
	}
	return c
}

// Asker is who asks for notices.
type Asker struct {
	Class, Person string
	After         int64 // what they know
}

// Notices waits until there is something that a person of a class does not know, or ctx ends.
// It returns how help on their benches stands, and the number of the newest that they know
// then. read reads the notices, and which benches they have; its last call counts.
func (w *Wall) Notices(ctx context.Context, a Asker, read func() ([]store.NoticeRow, []string, error)) (helps []wire.Help, last int64, err error) {
	for {
		w.mu.Lock()
		class, person := w.await(waiter{class: a.Class}), w.await(waiter{person: a.Person})
		news := w.helped[a.Person]
		w.mu.Unlock()
		rows, labs, err := read()
		if err != nil {
			return nil, 0, err
		}
		last = a.After
		for _, r := range rows {
			last = max(last, r.N)
		}
		if len(rows) > 0 || news > a.After || ctx.Err() != nil {
			return w.helps(labs), max(last, news), nil
		}
		select {
		case <-class:
		case <-person:
		case <-ctx.Done():
		}
	}
}

// helps is how help stands on some benches, where there is anything to say of it.
func (w *Wall) helps(labs []string) []wire.Help {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := []wire.Help{}
	for _, lab := range labs {
		if c := w.cards[lab]; c != nil && c.help.state != "" {
			list = append(list, c.helping())
		}
	}
	return list
}
