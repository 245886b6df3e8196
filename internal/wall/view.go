package wall

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	wire "wireloom/internal/protocol/class"
	"wireloom/internal/visitor"
)

// How a wall is sent.
const (
	Rate     = 200                    // bytes a second for each bench, at most, on average over a few seconds
	lookOver = 200 * time.Millisecond // between two looks at what has changed
	around   = 40                     // bytes of a message around its cards
)

// A view is one page that shows a wall: what it was sent, and when each card may be sent
// again. It always compares with what is so now: who is slow gets the newest, and no more.
type view struct {
	sent map[string]wire.WallCard
	due  map[string]time.Time
}

// first is the first message, with all cards.
func (v *view) first(now time.Time, cards map[string]wire.WallCard) wire.Wall {
	v.sent, v.due = cards, map[string]time.Time{}
	m := wire.Wall{Type: "wall", Now: now.UnixMilli(), Cards: []wire.WallCard{}}
	for _, id := range slices.Sorted(maps.Keys(cards)) {
		m.Cards = append(m.Cards, cards[id])
	}
	return m
}

// next is the message that says what has changed and may be said by now; ok is false if there
// is nothing.
func (v *view) next(now time.Time, cards map[string]wire.WallCard) (b []byte, ok bool, err error) {
	m := wire.Cards{Type: "cards", Now: now.UnixMilli()}
	for _, id := range slices.Sorted(maps.Keys(cards)) {
		was, known := v.sent[id]
		is := cards[id]
		switch {
		case known && was == is || now.Before(v.due[id]):
			continue
		case !known || was.Person != is.Person || was.Name != is.Name || was.Section != is.Section || was.Lesson != is.Lesson || was.Title != is.Title:
			m.New = append(m.New, is)
			v.charge(now, id, is)
		default:
			change := difference(was, is)
			m.Cards = append(m.Cards, change)
			v.charge(now, id, change)
		}
		v.sent[id] = is
	}
	for id := range v.sent {
		if _, there := cards[id]; !there {
			m.Gone = append(m.Gone, id)
			delete(v.sent, id)
			delete(v.due, id)
		}
	}
	if len(m.New)+len(m.Cards)+len(m.Gone) == 0 {
		return nil, false, nil
	}
	slices.Sort(m.Gone)
	b, err = json.Marshal(m)
	return b, true, err
}

// charge notes when a card may be sent again: after what is said of it now has been paid for.
func (v *view) charge(now time.Time, id string, what any) {
	b, err := json.Marshal(what)
	if err != nil {
		panic("wall: a card cannot be JSON: " + err.Error())
	}
	v.due[id] = now.Add(time.Duration(len(b)+around) * time.Second / Rate)
}

// difference is what is different in a card.
func difference(was, is wire.WallCard) wire.WallChange {
	c := wire.WallChange{Lab: is.Lab}
	put(&c.Parked, was.Parked, is.Parked)
	put(&c.Here, was.Here, is.Here)
	put(&c.Did, was.Did, is.Did)
	put(&c.At, was.At, is.At)
	put(&c.Passed, was.Passed, is.Passed)
	put(&c.Of, was.Of, is.Of)
	put(&c.Since, was.Since, is.Since)
	put(&c.Handed, was.Handed, is.Handed)
	put(&c.Hand, was.Hand, is.Hand)
	put(&c.HandAt, was.HandAt, is.HandAt)
	if was.Help != is.Help {
		state := is.Help
		if state == "" {
			state = wire.NoHelp
		}
		c.Help = &state
	}
	put(&c.Helper, was.Helper, is.Helper)
	return c
}

func put[T comparable](to **T, was, is T) {
	if was != is {
		*to = &is
	}
}

// Show sends a class's wall by send until ctx ends or send fails, to who has entered. May is asked now and then
// whether it may still be shown; its error ends it.
func (w *Wall) Show(ctx context.Context, class string, send func(context.Context, []byte) error, may func() error) error {
	if err := w.load(ctx, class); err != nil {
		return err
	}
	var v view
	b, err := json.Marshal(v.first(w.conf.Now(), w.Cards(class)))
	if err != nil {
		return fmt.Errorf("wall: %w", err)
	}
	if err := send(ctx, b); err != nil {
		return err
	}
	look := time.NewTicker(lookOver)
	defer look.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
		if n%mayEvery == 0 {
			if err := may(); err != nil {
				return err
			}
		}
		b, any, err := v.next(w.conf.Now(), w.Cards(class))
		if err != nil {
			return fmt.Errorf("wall: %w", err)
		}
		if any {
			if err := send(ctx, b); err != nil {
				return err
			}
		}
	}
}

// mayEvery is how many looks there are between two questions whether a wall may be shown:
// 10 seconds.
const mayEvery = int(10 * time.Second / lookOver)

// Enter makes room for one more page that shows a class's wall, or says why there is none.
func (w *Wall) Enter(class string) (leave func(), why *visitor.Refusal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.boards[class]
	if b == nil {
		b = &board{}
		w.boards[class] = b
	}
	if b.walls >= maxWalls {
		return nil, visitor.TooMany(visitor.KindWalls, 30*time.Second, "%d pages show the wall of this class already, which is the limit: close one first", maxWalls)
	}
	b.walls++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		b.walls--
	}, nil
}
