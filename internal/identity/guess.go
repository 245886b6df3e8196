package identity

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"wireloom/internal/store"
	"wireloom/internal/visitor"
)

// How often somebody may be wrong. Codes have 40 bits: at the greatest of these rates all of
// them are guessed in twenty thousand years.
const (
	guessWindow = time.Minute
	maxWrong    = 10 // guesses a window, of one address, one session, and about one person
	maxForgiven = 90 // more of them at an address, one for each person who was right: a room of thirty has typing mistakes
	maxGuessers = 1 << 14
)

// guesses counts who was wrong how often. The zero value is ready; its methods may be
// called from any goroutine.
type guesses struct {
	mu   sync.Mutex
	seen map[string]*guesser
}

type guesser struct {
	began time.Time // of the window
	wrong int
	right map[string]bool // who came in, each once: nobody makes room for more guesses by coming in again
}

// at finds a guesser's window.
func (g *guesses) at(key string, now time.Time) *guesser {
	if w := g.seen[key]; w != nil {
		if now.Sub(w.began) >= guessWindow {
			*w = guesser{began: now}
		}
		return w
	}
	if len(g.seen) >= maxGuessers {
		for k, w := range g.seen {
			if now.Sub(w.began) >= guessWindow {
				delete(g.seen, k)
			}
		}
	}
	if len(g.seen) >= maxGuessers { // nobody gets around the limit by being many: they share what is left
		key = ""
	}
	if w := g.seen[key]; w != nil && key == "" {
		return w
	}
	if g.seen == nil {
		g.seen = map[string]*guesser{}
	}
	w := &guesser{began: now}
	g.seen[key] = w
	return w
}

// allow refuses who was wrong too often, by any of their keys.
func (g *guesses) allow(now time.Time, keys ...string) *visitor.Refusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, key := range keys {
		w := g.at(key, now)
		if w.wrong < maxWrong+len(w.right) {
			continue
		}
		after := guessWindow - now.Sub(w.began)
		return visitor.TooMany(visitor.KindCodes, after, "there were too many wrong codes, names or words from here: wait a minute, and look at the code again, letter by letter")
	}
	return nil
}

// wrong notes a wrong guess.
func (g *guesses) wrong(now time.Time, keys ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, key := range keys {
		g.at(key, now).wrong++
	}
}

// right notes that a person came in, from an address.
func (g *guesses) right(now time.Time, key, person string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w := g.at(key, now)
	if len(w.right) >= maxForgiven {
		return
	}
	if w.right == nil {
		w.right = map[string]bool{}
	}
	w.right[person] = true
}

// guessKeys are what a guess counts for: the address first.
func (m *Manager) guessKeys(r *http.Request, who Who) []string {
	keys := []string{"address " + m.jar.site.Proxies.From(r).Client}
	if who.Session != "" {
		keys = append(keys, "session "+who.Session)
	}
	return keys
}

// mayGuess refuses who was wrong too often, before anything is done for them.
func (m *Manager) mayGuess(r *http.Request, who Who) *visitor.Refusal {
	return m.guesses.allow(m.now(), m.guessKeys(r, who)...)
}

// guess runs f, which looks at something that could be guessed, in a transaction, and returns who came in by
// it, "" for nobody. An error that is ErrWrong is answered after a fixed time, so that the time says nothing.
func (m *Manager) guess(r *http.Request, who Who, f func(tx *store.Tx) (person string, err error)) error {
	arrived, keys := m.now(), m.guessKeys(r, who)
	if why := m.guesses.allow(arrived, keys...); why != nil {
		return why
	}
	var person string
	err := m.db.Write(r.Context(), func(tx *store.Tx) (err error) {
		person, err = f(tx)
		return err
	})
	switch {
	case err == nil && person != "":
		m.guesses.right(arrived, keys[0], person)
	case errors.Is(err, ErrWrong):
		m.guesses.wrong(arrived, keys...)
		select {
		case <-m.wait(arrived.Add(answerWrong).Sub(m.now())):
		case <-r.Context().Done():
		}
	}
	return err
}
