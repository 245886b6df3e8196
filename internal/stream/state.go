package stream

import (
	"bytes"
	"maps"
	"slices"
	"strconv"

	"wireloom/internal/session"
	"wireloom/internal/stream/object"
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
		o := object.Open(b)
		o.Str("node", n.Node)
		o.Bool("forward", n.Forward4)
		o.Bool("forward6", n.Forward6)
		o.Name("routes")
		o.B = append(o.B, '[')
		for j := range n.Routes {
			r := &n.Routes[j]
			if j > 0 {
				o.B = append(o.B, ',')
			}
			in := object.Open(o.B)
			in.Str("to", r.To.String())
			if r.Via.IsValid() {
				in.Str("via", r.Via.String())
			}
			in.Str("dev", r.Dev)
			in.Str("flags", r.Flags)
			o.B = in.Close()
		}
		o.B = append(o.B, ']')
		b = o.Close()
	}
	return append(b, ']')
}

// encodeState appends what all viewers see of a state, as members that follow others.
func encodeState(b []byte, s *session.Snapshot) []byte {
	o := object.Inside(b)
	o.Int("t", int64(s.Now))
	o.Int("rate", int64(s.Rate))
	o.Bool("paused", s.Paused)
	o.Int("lag", int64(s.Lag))
	o.Num("slipped", int64(s.Slipped))
	o.Int("steps", int64(s.Steps))
	o.Bool("ended", s.Ended)
	if s.Ended {
		o.Str("why", s.Why)
	}
	o.Name("procs")
	o.B = append(o.B, '[')
	for i := range s.Procs {
		p := &s.Procs[i]
		if i > 0 {
			o.B = append(o.B, ',')
		}
		in := object.Open(o.B)
		in.Str("node", p.Node)
		in.Str("proc", p.Name)
		in.Num("pid", int64(p.PID))
		in.Num("ppid", int64(p.PPID))
		in.Str("state", p.State)
		in.Str("wchan", p.Wchan)
		in.Int("fuel", p.Fuel)
		in.Float("cpu", s.CPU[i])
		in.Int("memory", p.Memory)
		if p.Native {
			in.Str("program", nativeProgram)
		} else {
			in.Str("program", p.Program)
		}
		in.Num("dropped", p.Dropped)
		if p.Exit != nil {
			in.Name("exit")
			x := object.Open(in.B)
			x.Int("code", int64(p.Exit.Code))
			x.Str("how", p.Exit.How)
			x.Str("why", p.Exit.Why)
			in.B = x.Close()
		}
		o.B = in.Close()
	}
	o.B = append(o.B, ']')
	o.Name("ifaces")
	o.B = append(o.B, '[')
	for i := range s.Ifaces {
		x := &s.Ifaces[i]
		if i > 0 {
			o.B = append(o.B, ',')
		}
		in := object.Open(o.B)
		in.Str("port", x.Port)
		in.Str("kind", x.Kind)
		in.Str("mac", x.MAC)
		in.Num("mtu", int64(x.MTU))
		in.List("addresses", x.Addresses)
		in.List("flags", x.Flags)
		in.Str("link", x.Link)
		in.Int("qlen", int64(x.Queued))
		in.Int("qmax", int64(x.QueueMax))
		in.Name("counters")
		in.B = appendCounters(in.B, x)
		o.B = in.Close()
	}
	o.B = append(o.B, ']')
	o.Int("viewers", int64(s.Viewers))
	if len(s.Doors) > 0 {
		o.Name("doors")
		o.B = append(o.B, '[')
		for i := range s.Doors {
			if i > 0 {
				o.B = append(o.B, ',')
			}
			o.B = appendDoor(o.B, &s.Doors[i])
		}
		o.B = append(o.B, ']')
	}
	if c := s.Capture; c.Missing > 0 {
		o.Name("capture")
		in := object.Open(o.B)
		in.Int("missing", int64(c.Missing))
		in.Str("why", c.Why)
		o.B = in.Close()
	}
	return o.B
}

func appendDoor(b []byte, d *session.DoorState) []byte {
	o := object.Open(b)
	o.Str("port", d.Port)
	o.Str("kind", string(d.Kind))
	o.Str("at", d.At)
	o.Str("shut", d.Shut)
	o.Str("by", d.By)
	o.Str("last", d.Last)
	o.Int("in", int64(d.In))
	o.Int("out", int64(d.Out))
	o.Name("dropped")
	in := object.Open(o.B)
	for _, why := range slices.Sorted(maps.Keys(d.Dropped)) {
		in.Int(why, int64(d.Dropped[why]))
	}
	o.B = in.Close()
	return o.Close()
}
