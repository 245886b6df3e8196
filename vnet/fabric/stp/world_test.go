package stp

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"testing"
	"time"
)

// An end is a bridge's port, both by index.
type end struct{ bridge, port int }

func (e end) String() string { return fmt.Sprintf("b%dp%d", e.bridge+1, e.port+1) }

// A world is bridges with links between them, in virtual time.
type world struct {
	t       *testing.T
	now     time.Duration
	bridges []Protocol
	link    map[end]end
	down    map[end]bool
	silent  map[end]bool // what this end sends is lost
	delay   time.Duration
	queue   arrivals
	seq     int
	state   map[end]State
	history map[end][]change
	acts    []told
	name    string
}

type change struct {
	at    time.Duration
	state State
}

type told struct {
	at   time.Duration
	from end
	Act
}

type arrival struct {
	at   time.Duration
	seq  int
	to   end
	bpdu []byte
}

type arrivals []arrival

func (q arrivals) Len() int { return len(q) }
func (q arrivals) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].at, q[j].at), cmp.Compare(q[i].seq, q[j].seq)) < 0
}
func (q arrivals) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *arrivals) Push(x any)   { *q = append(*q, x.(arrival)) }
func (q *arrivals) Pop() any {
	x := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return x
}

func newWorld(t *testing.T) *world {
	return &world{
		t: t, link: map[end]end{}, down: map[end]bool{}, silent: map[end]bool{}, delay: 20 * time.Microsecond,
		state: map[end]State{}, history: map[end][]change{},
	}
}

func mac(bridge int) [6]byte { return [6]byte{2, 0, 0, 0, byte(bridge + 1), 0} }

// rstp adds a bridge of RSTP with ports of a kind.
func (w *world) rstp(priority uint16, ports ...PortConfig) int {
	c := Config{ID: MakeBridgeID(priority, mac(len(w.bridges))), Ports: ports}
	w.bridges = append(w.bridges, NewRSTP(w.now, c))
	return len(w.bridges) - 1
}

// plain are n ports of 1 Gbit/s.
func plain(n int) []PortConfig {
	ports := make([]PortConfig, n)
	for i := range ports {
		ports[i] = PortConfig{Priority: -1, Speed: 1e9}
	}
	return ports
}

func (w *world) connect(a, b end) { w.link[a], w.link[b] = b, a }

// up and cut bring both ends of a link up or down.
func (w *world) up(a end) {
	for _, e := range w.ends(a) {
		w.down[e] = false
		w.do(e.bridge, w.bridges[e.bridge].Link(w.now, e.port, true))
	}
}

func (w *world) cut(a end) {
	for _, e := range w.ends(a) {
		w.down[e] = true
		w.do(e.bridge, w.bridges[e.bridge].Link(w.now, e.port, false))
	}
}

func (w *world) ends(a end) []end {
	if b, ok := w.link[a]; ok {
		return []end{a, b}
	}
	return []end{a}
}

// upAll brings every link up, in order.
func (w *world) upAll() {
	ends := make([]end, 0, len(w.link))
	for a, b := range w.link {
		if a.bridge < b.bridge || a.bridge == b.bridge && a.port < b.port {
			ends = append(ends, a)
		}
	}
	slices.SortFunc(ends, func(a, b end) int { return cmp.Or(cmp.Compare(a.bridge, b.bridge), cmp.Compare(a.port, b.port)) })
	for _, e := range ends {
		w.up(e)
	}
}

func (w *world) do(bridge int, acts []Act) {
	for _, a := range acts {
		e := end{bridge, a.Port}
		w.acts = append(w.acts, told{w.now, e, a})
		switch a.Kind {
		case Send:
			if to, ok := w.link[e]; ok && !w.down[e] && !w.silent[e] {
				w.seq++
				heap.Push(&w.queue, arrival{w.now + w.delay, w.seq, to, a.BPDU})
			}
		case SetState:
			w.state[e] = a.State
			w.history[e] = append(w.history[e], change{w.now, a.State})
		default: // told, and nothing to do
		}
	}
}

// run lets the world go on until a time.
func (w *world) run(until time.Duration) {
	for {
		next, who := until, -1
		for i, b := range w.bridges {
			if at, ok := b.Next(); ok && at < next {
				next, who = at, i
			}
		}
		if len(w.queue) > 0 && w.queue[0].at <= next {
			a := heap.Pop(&w.queue).(arrival)
			w.now = a.at
			if !w.down[a.to] {
				acts, _ := w.bridges[a.to.bridge].Receive(w.now, a.to.port, a.bpdu)
				w.do(a.to.bridge, acts)
			}
			continue
		}
		if who < 0 {
			w.now = until
			return
		}
		w.now = next
		w.do(who, w.bridges[who].Tick(w.now))
	}
}

// forwards reports whether frames pass a link.
func (w *world) forwards(a end) bool {
	b := w.link[a]
	return !w.down[a] && w.state[a].Forwards() && w.state[b].Forwards()
}

// tree reports how many groups of bridges reach each other, and whether links that
// forward make a loop.
func (w *world) tree() (groups int, loop bool) {
	parent := make([]int, len(w.bridges))
	for i := range parent {
		parent[i] = i
	}
	find := func(i int) int {
		for parent[i] != i {
			i = parent[i]
		}
		return i
	}
	groups = len(w.bridges)
	for a, b := range w.link {
		if a.bridge > b.bridge || a.bridge == b.bridge && a.port > b.port || !w.forwards(a) {
			continue
		}
		x, y := find(a.bridge), find(b.bridge)
		if x == y {
			return groups, true
		}
		parent[x] = y
		groups--
	}
	return groups, false
}

func (w *world) wantTree(what string, groups int) {
	w.t.Helper()
	n, loop := w.tree()
	if loop {
		w.t.Errorf("%s: at %v the links that forward make a loop", what, w.now)
	} else if n != groups {
		w.t.Errorf("%s: at %v there are %d parts that do not reach each other, want %d", what, w.now, n, groups)
	}
}
