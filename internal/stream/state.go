package stream

import (
	"bytes"
	"maps"
	"slices"
	"strconv"

	"wireloom/internal/session"
	"wireloom/vnet"
)

// A version is which of what changes seldom a viewer has, or the feed: it is large, and only
// sent when it has changed.
type version struct {
	nets  int    // of the nodes' routes
	board uint64 // of the switches, links and cables
}

// appendState appends a state message whose number is n. What its viewer did not get
// is told by out, has is what it has.
func (f *feed) appendState(b []byte, n uint64, snap *session.Snapshot, out *outbox, has *version) []byte {
	b = strconv.AppendUint(append(b, `{"type":"state","n":`...), n, 10)
	f.mu.Lock()
	if f.snap != snap {
		f.snap, f.state = snap, encodeState(f.state[:0], snap)
		if now := encodeNodes(nil, snap.Nodes); f.netsAre == 0 || !bytes.Equal(now, f.nets) {
			f.nets = now
			f.netsAre++
		}
		f.board.Take(&snap.Status)
	}
	b = append(b, f.state...)
	if has.nets != f.netsAre {
		b = append(append(b, `,"nodes":`...), f.nets...)
		has.nets = f.netsAre
	}
	b = f.board.Append(b, has.board)
	has.board = f.board.Version
	f.mu.Unlock()
	b = append(b, `,"drops":{"events":`...)
	b = strconv.AppendUint(b, out.allMissed, 10)
	b = append(b, `,"left":`...)
	b = strconv.AppendUint(b, out.allLeft, 10)
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

// encodeState appends what all viewers see of a state, as members that follow others.
func encodeState(b []byte, s *session.Snapshot) []byte {
	o := object{b: b}
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
	if len(s.Doors) > 0 {
		o.name("doors")
		o.b = append(o.b, '[')
		for i := range s.Doors {
			if i > 0 {
				o.b = append(o.b, ',')
			}
			o.b = appendDoor(o.b, &s.Doors[i])
		}
		o.b = append(o.b, ']')
	}
	if c := s.Capture; c.Missing > 0 {
		o.name("capture")
		in := open(o.b)
		in.int("missing", int64(c.Missing))
		in.str("why", c.Why)
		o.b = in.close()
	}
	return o.b
}

func appendDoor(b []byte, d *session.DoorState) []byte {
	o := open(b)
	o.str("port", d.Port)
	o.str("kind", string(d.Kind))
	o.str("at", d.At)
	o.str("shut", d.Shut)
	o.str("by", d.By)
	o.str("last", d.Last)
	o.int("in", int64(d.In))
	o.int("out", int64(d.Out))
	o.name("dropped")
	in := open(o.b)
	for _, why := range slices.Sorted(maps.Keys(d.Dropped)) {
		in.int(why, int64(d.Dropped[why]))
	}
	o.b = in.close()
	return o.close()
}
