package visitor

import (
	"cmp"
	"context"
	"sync"
)

// A Gate lets so many through at once, so many of them of one client, and the rest
// wait. Who has fewest inside is next, then who was longest not let in: so a client
// that sends many makes itself wait, and nobody else. Its fields are set before it is
// used; its methods may be called from any goroutine.
type Gate struct {
	All, Each int

	mu      sync.Mutex
	inside  int
	clients map[string]*queue // of those who are inside or wait
	turn    uint64            // counts who was let in
	came    uint64            // counts clients
}

// A queue is a client at a Gate.
type queue struct {
	inside  int
	served  uint64 // the turn in which one of it was let in last
	came    uint64 // its number, for who was never let in
	waiting []chan struct{}
}

// Enter waits until the client is let in, and fails if ctx ends first. Who has
// entered must leave.
func (g *Gate) Enter(ctx context.Context, client string) error {
	me := make(chan struct{})
	g.mu.Lock()
	if g.clients == nil {
		g.clients = map[string]*queue{}
	}
	q := g.clients[client]
	if q == nil {
		g.came++
		q = &queue{came: g.came}
		g.clients[client] = q
	}
	q.waiting = append(q.waiting, me)
	g.admit()
	g.mu.Unlock()
	select {
	case <-me:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, w := range q.waiting {
		if w == me {
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
			g.forget(client, q)
			return ctx.Err()
		}
	}
	g.left(client) // let in at the same moment
	return ctx.Err()
}

// Leave makes room for the next.
func (g *Gate) Leave(client string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left(client)
}

func (g *Gate) left(client string) {
	q := g.clients[client]
	q.inside--
	g.inside--
	g.forget(client, q)
	g.admit()
}

func (g *Gate) forget(client string, q *queue) {
	if q.inside == 0 && len(q.waiting) == 0 {
		delete(g.clients, client)
	}
}

// admit lets in all that may come.
func (g *Gate) admit() {
	for g.inside < g.All {
		var next *queue
		for _, q := range g.clients {
			if len(q.waiting) == 0 || q.inside >= g.Each {
				continue
			}
			if next == nil || cmp.Or(cmp.Compare(q.inside, next.inside), cmp.Compare(q.served, next.served), cmp.Compare(q.came, next.came)) < 0 {
				next = q
			}
		}
		if next == nil {
			return
		}
		g.turn++
		next.served = g.turn
		next.inside++
		g.inside++
		close(next.waiting[0])
		next.waiting = next.waiting[1:]
	}
}
