package stream

import (
	"bytes"
	"sort"
	"strconv"
	"sync"

	"wireloom/internal/session"
	"wireloom/vnet"
	"wireloom/vnet/event"
)

// Limits of a message of events; the first that is reached ends it.
const (
	BatchEvents = 2000
	BatchBytes  = 512 << 10
)

// feedBytes bounds what a feed with several viewers keeps of encoded events.
const feedBytes = 4 << 20

// A feed encodes a lab's events and states for its viewers, each once: viewers who
// are equally far get the same bytes. It is used by the viewers' goroutines and
// never by the lab's. What it keeps is only a help: a viewer who wants what it has
// not kept gets it from the log, or is told that it is gone.
type feed struct {
	log *event.Log

	mu      sync.Mutex
	viewers int
	chunks  []*chunk // by from; they do not overlap
	age     []*chunk // by when they were made
	bytes   int
	sums    summaries
	snap    *session.Snapshot
	state   []byte
	nets    []byte // how the nodes pass packets on
	netsAre int    // which version of nets it is, from 1
}

// A chunk is a run of encoded events, separated by commas. It never changes.
type chunk struct {
	from uint64
	body []byte
	offs []uint32 // where in body each event begins
}

func (c *chunk) end() uint64 { return c.from + uint64(len(c.offs)) }

// find returns the place of the first chunk that ends after seq.
func (f *feed) find(seq uint64) int {
	return sort.Search(len(f.chunks), func(i int) bool { return f.chunks[i].end() > seq })
}

// append appends to b the events from seq on that fit into a message, separated by
// commas, and returns the sequence number to go on from and how many events are
// gone for good. Where there are none it returns a channel that is closed when
// there are.
func (f *feed) append(b []byte, seq uint64) (_ []byte, next, missed uint64, more <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	limit := BatchEvents
	if i := f.find(seq); i < len(f.chunks) {
		c := f.chunks[i]
		if c.from <= seq {
			return append(b, c.body[c.offs[seq-c.from]:]...), c.end(), 0, nil
		}
		limit = int(min(uint64(limit), c.from-seq)) // what follows is there already
	}
	events, missed, more := f.log.From(seq, limit)
	if len(events) == 0 {
		return b, seq + missed, missed, more
	}
	start := len(b)
	var offs []uint32
	keep := f.viewers > 1
	for i := range events {
		if i > 0 {
			if len(b)-start >= BatchBytes {
				break
			}
			b = append(b, ',')
		}
		if keep {
			offs = append(offs, uint32(len(b)-start))
		}
		b = appendEvent(b, &events[i], &f.sums)
		next = events[i].Seq + 1
	}
	if keep && missed == 0 {
		f.keep(&chunk{from: events[0].Seq, body: append([]byte(nil), b[start:]...), offs: offs})
	}
	return b, next, missed, nil
}

// keep adds a chunk and gives up the oldest that there is no room for.
func (f *feed) keep(c *chunk) {
	f.age = append(f.age, c)
	f.bytes += len(c.body)
	i := f.find(c.from)
	f.chunks = append(f.chunks, nil)
	copy(f.chunks[i+1:], f.chunks[i:])
	f.chunks[i] = c
	drop := 0
	for f.bytes > feedBytes && drop < len(f.age)-1 {
		old := f.age[drop]
		f.bytes -= len(old.body)
		i := f.find(old.from)
		f.chunks = append(f.chunks[:i], f.chunks[i+1:]...)
		drop++
	}
	if drop > 0 {
		n := copy(f.age, f.age[drop:])
		clear(f.age[n:])
		f.age = f.age[:n]
	}
}

// appendState appends a state message; missed is how many events its viewer missed,
// and nets the version of the nodes' routes that it has: they are large, change
// seldom, and are only sent when they have.
func (f *feed) appendState(b []byte, snap *session.Snapshot, missed uint64, nets *int) []byte {
	f.mu.Lock()
	if f.snap != snap {
		f.snap, f.state = snap, encodeState(f.state[:0], snap)
		if now := encodeNodes(nil, snap.Nodes); f.netsAre == 0 || !bytes.Equal(now, f.nets) {
			f.nets = now
			f.netsAre++
		}
	}
	b = append(b, f.state...)
	if *nets != f.netsAre {
		b = append(append(b, `,"nodes":`...), f.nets...)
		*nets = f.netsAre
	}
	f.mu.Unlock()
	b = append(b, `,"drops":{"events":`...)
	b = strconv.AppendUint(b, missed, 10)
	return append(b, "}}"...)
}

// encodeNodes appends how the nodes pass packets on.
func encodeNodes(b []byte, nodes []vnet.NodeStatus) []byte {
	b = append(b, '[')
	for i := range nodes {
		n := &nodes[i]
		if i > 0 {
			b = append(b, ',')
		}
		o := open(b)
		o.str("node", n.Node)
		o.bool("forward", n.Forward4)
		o.bool("forward6", n.Forward6)
		o.name("routes")
		o.b = append(o.b, '[')
		for j := range n.Routes {
			r := &n.Routes[j]
			if j > 0 {
				o.b = append(o.b, ',')
			}
			in := open(o.b)
			in.str("to", r.To.String())
			if r.Via.IsValid() {
				in.str("via", r.Via.String())
			}
			in.str("dev", r.Dev)
			in.str("flags", r.Flags)
			o.b = in.close()
		}
		o.b = append(o.b, ']')
		b = o.close()
	}
	return append(b, ']')
}

// encodeState appends what all viewers see of a state, without its end.
func encodeState(b []byte, s *session.Snapshot) []byte {
	o := open(b)
	o.str("type", "state")
	o.int("t", int64(s.Now))
	o.int("rate", int64(s.Rate))
	o.bool("paused", s.Paused)
	o.int("lag", int64(s.Lag))
	o.num("slipped", int64(s.Slipped))
	o.int("steps", int64(s.Steps))
	o.bool("ended", s.Ended)
	if s.Ended {
		o.str("why", s.Why)
	}
	o.name("procs")
	o.b = append(o.b, '[')
	for i := range s.Procs {
		p := &s.Procs[i]
		if i > 0 {
			o.b = append(o.b, ',')
		}
		in := open(o.b)
		in.str("node", p.Node)
		in.str("proc", p.Name)
		in.num("pid", int64(p.PID))
		in.num("ppid", int64(p.PPID))
		in.str("state", p.State)
		in.str("wchan", p.Wchan)
		in.int("fuel", p.Fuel)
		in.float("cpu", s.CPU[i])
		in.int("memory", p.Memory)
		if p.Native {
			in.str("program", nativeProgram)
		} else {
			in.str("program", p.Program)
		}
		in.num("dropped", p.Dropped)
		if p.Exit != nil {
			in.name("exit")
			x := open(in.b)
			x.int("code", int64(p.Exit.Code))
			x.str("how", p.Exit.How)
			x.str("why", p.Exit.Why)
			in.b = x.close()
		}
		o.b = in.close()
	}
	o.b = append(o.b, ']')
	o.name("ifaces")
	o.b = append(o.b, '[')
	for i := range s.Ifaces {
		x := &s.Ifaces[i]
		if i > 0 {
			o.b = append(o.b, ',')
		}
		in := open(o.b)
		in.str("port", x.Port)
		in.str("kind", x.Kind)
		in.str("mac", x.MAC)
		in.num("mtu", int64(x.MTU))
		in.list("addresses", x.Addresses)
		in.list("flags", x.Flags)
		in.str("link", x.Link)
		in.int("qlen", int64(x.Queued))
		in.int("qmax", int64(x.QueueMax))
		in.name("counters")
		in.b = appendCounters(in.b, x)
		o.b = in.close()
	}
	o.b = append(o.b, ']')
	o.int("viewers", int64(s.Viewers))
	if c := s.Capture; c.Missing > 0 {
		o.name("capture")
		in := open(o.b)
		in.int("missing", int64(c.Missing))
		in.str("why", c.Why)
		o.b = in.close()
	}
	return o.b
}
