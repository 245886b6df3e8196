package switchboard

import (
	"encoding/json"
	"maps"
	"slices"

	"wireloom/internal/protocol"
	"wireloom/vnet"
	"wireloom/vnet/config"
)

// What is told, as messages have it.

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("switchboard: a message cannot be JSON: " + err.Error())
	}
	return b
}

func links(all []config.Link) []protocol.Link {
	out := []protocol.Link{}
	for _, c := range all {
		out = append(out, protocol.Link{A: c.A, B: c.B, Delay: int64(c.Delay)})
	}
	return out
}

func switchNow(s *vnet.SwitchStatus) protocol.SwitchNow {
	out := protocol.SwitchNow{Dialect: s.Dialect, More: max(0, len(s.Known)-maxVLANs)}
	if t := s.Tree; t != nil {
		out.Tree = &protocol.TreeState{
			ID: t.ID, Root: t.Root, Cost: int64(t.Cost), RootPort: t.RootPort, Changing: t.Changing, Changes: t.Changes, ChangedAt: int64(t.ChangedAt),
		}
	}
	for _, k := range s.Known[:min(len(s.Known), maxVLANs)] {
		out.Known = append(out.Known, protocol.VLANState{VLAN: int(k.VLAN), Addresses: k.Addresses})
	}
	return out
}

func portState(p *vnet.SwitchedPort) protocol.PortState {
	out := protocol.PortState{
		Port: p.Port, Link: protocol.LinkDown, State: p.State, Role: p.Role, Cost: int64(p.Cost), Guarded: p.Guarded,
		In: p.Count.In, Out: p.Count.Out, Flooded: p.Count.Flooded, Learned: p.Count.Learned, Moved: p.Count.Moved,
	}
	switch {
	case p.Off:
		out.Link = protocol.LinkOff
	case p.Up:
		out.Link = protocol.LinkUp
	}
	if p.Edge {
		out.Flags = append(out.Flags, "edge")
	}
	if p.STP {
		out.Flags = append(out.Flags, "stp")
	}
	var tagged, untagged []uint16
	for _, v := range p.VLANs {
		switch {
		case len(p.VLANs) == 1 && v.PVID && v.Untagged:
			out.Access = int(v.VID)
		case !v.Untagged:
			tagged = append(tagged, v.VID)
		case v.PVID:
			out.Native = int(v.VID)
		default:
			untagged = append(untagged, v.VID)
		}
	}
	out.Tagged, out.Untagged = ranges(tagged), ranges(untagged)
	for _, why := range slices.Sorted(maps.Keys(p.Count.Dropped)) {
		out.Dropped = append(out.Dropped, protocol.DropCount{Why: string(why), N: p.Count.Dropped[why]})
	}
	return out
}

func impairState(port string, w *vnet.Impairment) protocol.ImpairState {
	out := protocol.ImpairState{Port: port, Words: w.Words, Stages: w.Stages, Waiting: w.Waiting}
	for i, c := range w.Count {
		if i == 0 { // what it lets out enters the other stages, too
			out.Entered = c.Entered
		}
		out.Lost += c.Lost
		out.Marked += c.Marked
		out.Duplicated += c.Duplicated
		out.Corrupted += c.Corrupted
		out.Reordered += c.Reordered
		out.Full += c.Overlimit
		out.Dropped += c.CoDel
	}
	if n := w.Seen.Frames; n > 0 {
		out.Came, out.Mean, out.Least, out.Longest = n, int64(w.Seen.Delay)/int64(n), int64(w.Seen.Min), int64(w.Seen.Max)
	}
	return out
}
