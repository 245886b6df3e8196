package gradebook

import (
	"sync"
	"time"

	"wireloom/internal/visitor"
)

// A hub wakes who waits for news of a hand-in.
type hub struct {
	mu      sync.Mutex
	waiting map[string]*topic
}

type topic struct {
	news    chan struct{} // closed at the next news
	waiters int
}

// wait returns what is closed at the next news of an id. leave must be called.
func (h *hub) wait(id string) (news <-chan struct{}, leave func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting == nil {
		h.waiting = map[string]*topic{}
	}
	t := h.waiting[id]
	if t == nil {
		t = &topic{news: make(chan struct{})}
		h.waiting[id] = t
	}
	t.waiters++
	return t.news, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if t.waiters--; t.waiters == 0 && h.waiting[id] == t {
			delete(h.waiting, id)
		}
	}
}

// tell wakes all who wait for an id.
func (h *hub) tell(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t := h.waiting[id]; t != nil {
		close(t.news)
		delete(h.waiting, id)
	}
}

// A sender lets each person send one hand-in at a time: what is on its way lies on the disk
// already, and counts nowhere yet. What comes to nothing stays there for a day: it counts here.
type sender struct {
	mu   sync.Mutex
	who  map[string]bool
	lost visitor.Daily // bytes that came to nothing, by person
}

// lose notes bytes of a person's that came to nothing.
func (s *sender) lose(person string, bytes int64, now time.Time) {
	if bytes == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost.Add(person, bytes, now)
}

// wasted is what of a person's has come to nothing in the last day.
func (s *sender) wasted(person string, now time.Time) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, _ := s.lost.Of(person, now)
	return n
}

// begin reports whether a person may send; end must be called then.
func (s *sender) begin(person string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.who[person] {
		return false
	}
	if s.who == nil {
		s.who = map[string]bool{}
	}
	s.who[person] = true
	return true
}

func (s *sender) end(person string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.who, person)
}
