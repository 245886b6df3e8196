package main

import (
	"cmp"
	"container/heap"
	"time"

	"wireloom/vnet/fabric/bridge"
	"wireloom/vnet/fabric/stp"
)

// A place is a port of a bridge, both by index.
type place struct{ bridge, port int }

// A world is bridges, each with its spanning tree, and the cables between them, in
// virtual time.
type world struct {
	now     time.Duration
	bridges []*bridge.Bridge
	trees   []stp.Protocol // nil where no spanning tree runs
	cable   map[place]place
	name    map[place]string
	host    map[place]bool
	delay   map[place]time.Duration // of what leaves here
	limit   map[place]int           // frames that wait here; 0 for no limit
	waiting map[place]int
	silent  map[place]bool // what leaves here is lost
	down    map[place]bool
	queue   arrivals
	seq     int

	states map[string][]change
	heard  map[string][]hearing // by host
	aged   []time.Duration      // when an address aged out
}

// A change is a port's new state.
type change struct {
	at    time.Duration
	state stp.State
}

// A hearing is a frame that a host received.
type hearing struct {
	at    time.Duration
	frame string
}

// cableDelay is what a veth pair takes.
const cableDelay = 20 * time.Microsecond

type arrival struct {
	at    time.Duration
	seq   int
	from  place
	frame []byte
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

// send puts a frame on the cable at a port, or hands it to the host there.
func (w *world) send(from place, frame []byte) {
	if w.host[from] {
		w.heard[w.name[from]] = append(w.heard[w.name[from]], hearing{w.now, string(frame)})
		return
	}
	if w.silent[from] || w.down[from] {
		return
	}
	if n := w.limit[from]; n > 0 && w.waiting[from] >= n {
		return
	}
	w.waiting[from]++
	w.seq++
	heap.Push(&w.queue, arrival{w.now + max(w.delay[from], cableDelay), w.seq, from, frame})
}

// arrive is a frame that comes in by a port.
func (w *world) arrive(at place, frame []byte) {
	if w.down[at] {
		return
	}
	for _, a := range w.bridges[at.bridge].Receive(w.now, at.port, frame) {
		switch a.Kind {
		case bridge.Send, bridge.Copy:
			out := a.Frame
			if out == nil {
				out = frame
			}
			w.send(place{at.bridge, a.Port}, out)
		case bridge.BPDU:
			acts, _ := w.trees[at.bridge].Receive(w.now, at.port, frame[14:]) // what is no BPDU is ignored
			w.carryOut(at.bridge, acts)
		case bridge.Drop, bridge.Learn, bridge.Forget, bridge.Full:
		}
	}
}

// carryOut does what a spanning tree wants.
func (w *world) carryOut(b int, acts []stp.Act) {
	for _, a := range acts {
		at := place{b, a.Port}
		switch a.Kind {
		case stp.Send:
			w.send(at, bpduFrame(macOf(b, w.host[at], w.number(at)), a.BPDU))
		case stp.SetState:
			w.bridges[b].SetState(w.now, a.Port, a.State)
			w.states[w.name[at]] = append(w.states[w.name[at]], change{w.now, a.State})
		case stp.Flush, stp.ShortAge: // Linux: a port that goes down flushes in the bridge; ages are left as they are
		case stp.SetRole, stp.Proposal, stp.Agreement, stp.Change, stp.Guard, stp.Blocked:
		}
	}
}

// bpduFrame is a BPDU as a bridge sends it.
func bpduFrame(src [6]byte, bpdu []byte) []byte {
	f := append([]byte{0x01, 0x80, 0xc2, 0, 0, 0}, src[:]...)
	return append(append(f, 0, byte(len(bpdu))), bpdu...)
}

// link brings a cable, or a host's port, up or down.
func (w *world) link(at place, up bool) {
	ends := []place{at}
	if other, ok := w.cable[at]; ok {
		ends = append(ends, other)
	}
	for _, e := range ends {
		w.down[e] = !up
		w.bridges[e.bridge].SetPort(w.now, e.port, up)
		if t := w.trees[e.bridge]; t != nil {
			w.carryOut(e.bridge, t.Link(w.now, e.port, up))
		}
	}
}

// run lets the world go on until a time.
func (w *world) run(until time.Duration) {
	for {
		next, who := until, -1
		for i, t := range w.trees {
			if t == nil {
				continue
			}
			if at, ok := t.Next(); ok && at < next {
				next, who = at, i
			}
		}
		switch {
		case len(w.queue) > 0 && w.queue[0].at <= next:
			a := heap.Pop(&w.queue).(arrival)
			w.now = a.at
			w.waiting[a.from]--
			w.arrive(w.cable[a.from], a.frame)
		case who >= 0:
			w.now = next
			w.carryOut(who, w.trees[who].Tick(w.now))
		default:
			for _, b := range w.bridges {
				acts, _ := b.Tick(until)
				for _, a := range acts {
					if a.Kind == bridge.Forget && a.Why == bridge.Aged {
						w.aged = append(w.aged, until)
					}
				}
			}
			w.now = until
			return
		}
	}
}
