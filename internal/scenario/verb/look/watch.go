package look

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"time"

	"wireloom/internal/decode"
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet/config"
)

// Limits of an expectation.
const (
	maxCompared = 2000 // comparisons field by field, for the nearest
	maxMatched  = 4096 // frames that are assigned to a list of packets
)

// A watch looks for the frames of an expectation.
type watch struct {
	x     *expecting
	place string          // where it looks
	wants [][]decode.Want // of each pattern
	err   error           // why it cannot look
	over  bool            // its time has passed, while others still look

	seen     int // frames that passed
	found    int // that one of the patterns describes
	compared int // comparisons field by field
	first    *run.Seen
	shown    []run.Seen // the first few that were found
	stray    *run.Seen  // the first that none describes
	nearest  *run.Seen  // the frame that came nearest
	diff     []decode.Outcome
	wrong    int // fields in which it differs

	from   time.Duration // when the step had sent all
	last   time.Duration // when the last one that was found came
	spaced string        // the first two that are too near or too far from each other

	next  int      // strict: the pattern that is due
	masks []uint64 // any order: which patterns each frame meets, by bit
	owner []int    // any order: the frame that meets a pattern, -1 while none does
}

func newWatch(x *expecting) *watch {
	w := &watch{x: x, place: x.place()}
	for range x.patterns {
		w.owner = append(w.owner, -1)
	}
	return w
}

// Replies looks from now on for a reply to what the step itself sends, which is known now.
func (w *watch) Replies(r *run.Run) {
	if w.wants == nil && w.err == nil {
		w.resolve(r)
	}
}

// First is the first frame that was found.
func (w *watch) First() *run.Seen { return w.first }

// resolve makes the wants of the patterns, as far as the run must tell them, and
// looks at what went by already, where the expectation looks back.
func (w *watch) resolve(r *run.Run) {
	var reply []decode.Want
	if to := w.x.replyTo; to != "" {
		sent := r.SentBy(to)
		if sent == nil {
			w.err = fmt.Errorf("step %s has sent nothing that could be answered", to)
			return
		}
		var err error
		if reply, err = decode.Answer(sent.Link, sent.Data, broadcasts(r.Lab.Config())); err != nil {
			w.err = fmt.Errorf("nothing answers what step %s sent: %w", to, err)
			return
		}
	}
	for i := range w.x.patterns {
		wants, err := w.x.patterns[i].Wants(r.Tell)
		if err != nil {
			w.err = err
			return
		}
		var all []decode.Want
		for _, want := range reply {
			if !slices.ContainsFunc(wants, func(o decode.Want) bool { return o.Same(&want) }) {
				all = append(all, want)
			}
		}
		w.wants = append(w.wants, append(all, wants...))
	}
	if w.x.since != "" {
		r.Since(w.x.since, w)
	}
}

// broadcasts reports which addresses are the broadcast address of a network of the lab.
func broadcasts(lab config.Lab) func(netip.Addr) bool {
	return func(a netip.Addr) bool {
		last := func(p netip.Prefix) bool {
			if !a.Is4() || p.Bits() > 30 || !p.Contains(a) { // RFC 3021: networks of two have none
				return false
			}
			b := a.As4()
			host := uint32(1)<<(32-p.Bits()) - 1
			return binary.BigEndian.Uint32(b[:])&host == host
		}
		return slices.ContainsFunc(lab.Nodes, func(n config.Node) bool {
			return slices.ContainsFunc(n.NICs, func(c config.NIC) bool { return slices.ContainsFunc(c.Addresses, last) }) ||
				slices.ContainsFunc(n.Devices, func(c config.Device) bool { return slices.ContainsFunc(c.Addresses, last) })
		})
	}
}

// at reports whether a frame passes where the expectation looks.
func (w *watch) at(s *run.Seen) bool {
	x := w.x
	if x.device != (format.End{}) {
		return s.Peer == "" && s.Port == w.place && (x.direction == both || (x.direction == in) == s.In)
	}
	comes, goes := s.Peer == w.place, s.Port == w.place && s.Peer != ""
	return comes && x.direction != out || goes && x.direction != in
}

// See looks at a frame and returns how many comparisons that took.
func (w *watch) See(s *run.Seen) (looks int) {
	if s.Ours || w.over || w.err != nil || w.wants == nil || !w.at(s) {
		return 0
	}
	if f := w.x.filter; f != nil && !f.Match(decode.Open(decode.Packet{Link: w.x.link, Data: s.Data, At: s.At, Iface: s.Port})) {
		return 1
	}
	w.seen++
	mask := uint64(0)
	for i, wants := range w.wants {
		if w.x.strict && i != w.next {
			continue
		}
		looks++
		if decode.Meets(w.x.link, s.Data, wants) {
			mask |= 1 << i
		}
	}
	if mask == 0 {
		w.miss(s)
		return looks
	}
	w.found++
	if e := w.x.every; e != nil && w.found > 1 && w.spaced == "" && !e.Has(s.At-w.last) {
		w.spaced = fmt.Sprintf("%v from the one at %v to the next", s.At-w.last, w.last)
	}
	w.last = s.At
	c := s.Keep()
	if w.first == nil {
		w.first = c
	}
	if len(w.shown) < run.MaxPackets/2 {
		w.shown = append(w.shown, *c)
	}
	switch {
	case w.x.strict:
		w.next++
	case w.x.list && len(w.masks) < maxMatched:
		w.masks = append(w.masks, mask)
		w.assign(len(w.masks)-1, new(uint64))
	}
	return looks
}

// miss takes note of a frame that no pattern describes.
func (w *watch) miss(s *run.Seen) {
	if w.stray == nil {
		w.stray = s.Keep()
	}
	for i, wants := range w.wants {
		if w.x.strict && i != w.next || len(wants) == 0 || w.compared >= maxCompared {
			continue
		}
		w.compared++
		_, out := decode.Compare(w.x.link, s.Data, wants)
		wrong := 0
		for _, o := range out {
			if !o.Same {
				wrong++
			}
		}
		if w.nearest == nil || wrong < w.wrong {
			w.nearest, w.diff, w.wrong = s.Keep(), out, wrong
		}
	}
}

// assign finds a pattern for a frame, moving others where that helps, so that as
// many patterns as can be are met (Kuhn's algorithm).
func (w *watch) assign(frame int, tried *uint64) bool {
	for left := w.masks[frame] &^ *tried; left != 0; left &= left - 1 {
		i := bits.TrailingZeros64(left)
		if *tried&(1<<i) != 0 {
			continue
		}
		*tried |= 1 << i
		if w.owner[i] < 0 || w.assign(w.owner[i], tried) {
			w.owner[i] = frame
			return true
		}
	}
	return false
}

// lacking is the patterns that no frame has met.
func (w *watch) lacking() []int {
	var out []int
	for i := range w.owner {
		if w.x.strict && i >= w.next || !w.x.strict && w.owner[i] < 0 {
			out = append(out, i)
		}
	}
	return out
}

// complete reports whether all that has to come has come.
func (w *watch) complete() bool {
	if w.x.list {
		return len(w.lacking()) == 0
	}
	return w.found >= int(w.x.count.Min)
}

// decided reports whether it need not look on: it is met, and nothing that may still
// come changes that. One that has failed looks on to the end of its time, so that
// what still comes is not taken for part of the next step.
func (w *watch) decided() bool {
	switch {
	case w.err != nil:
		return true
	case w.x.only, !w.x.list && w.x.count.Max != verb.Unbounded:
		return false
	}
	return w.complete()
}

// ok reports whether the expectation is met.
func (w *watch) ok() bool {
	return w.err == nil && !w.early() && w.spaced == "" && w.complete() && (w.x.list || w.found <= int(w.x.count.Max)) && (!w.x.only || w.stray == nil)
}

// early reports whether the first frame came before it may.
func (w *watch) early() bool {
	return w.first != nil && w.x.notBefore > 0 && w.first.At < w.from+w.x.notBefore
}

// finding is what an expectation found.
func (w *watch) finding() run.Finding {
	x := w.x
	f := run.Finding{OK: w.ok(), Absent: w.found == 0, Expected: x.text}
	for i := range w.shown {
		f.Packets = append(f.Packets, w.shown[i].Packet(run.RoleExpected))
	}
	place := x.place()
	lacking := w.lacking()
	if f.OK {
		f.Met = x.Parts()
	}
	switch {
	case w.err != nil:
		f.Actual = w.err.Error()
	case w.early():
		f.Actual = fmt.Sprintf("it came too early, %v after the last send, at %v: %s", w.first.At-w.from, w.first.At, w.first.Summary())
	case w.spaced != "":
		f.Actual = fmt.Sprintf("%s, %s", frames(w.found), w.spaced)
	case f.OK && w.found == 0:
		f.Actual = "none, as it should be"
	case x.only && w.stray != nil:
		f.Actual = fmt.Sprintf("at %s another frame came at %v: %s", place, w.stray.At, w.stray.Summary())
		f.Packets = append(f.Packets, w.stray.Packet(run.RoleUnexpected))
	case f.OK && w.found == 1:
		f.Actual = fmt.Sprintf("at %v: %s", w.first.At, w.first.Summary())
	case f.OK:
		f.Actual = fmt.Sprintf("%d frames, the first at %v: %s", w.found, w.first.At, w.first.Summary())
	case !x.list && w.found > int(x.count.Max):
		f.Actual = fmt.Sprintf("%s, the first at %v: %s", frames(w.found), w.first.At, w.first.Summary())
		for i := range f.Packets {
			f.Packets[i].Role = run.RoleUnexpected
		}
	case w.seen == 0:
		f.Actual = "no frame at all at " + place
	default:
		f.Actual, f.Met = fmt.Sprintf("%s at %s, ", frames(w.seen), place), w.met()
		switch {
		case x.list && len(lacking) > 0:
			f.Actual += fmt.Sprintf("and none for packet %d of %d (%s)", lacking[0]+1, len(x.patterns), x.patterns[lacking[0]].String())
		case w.found == 0:
			f.Actual += "none like that"
		default:
			f.Actual += fmt.Sprintf("%d like that", w.found)
		}
		f.Near(w.nearest, w.diff)
	}
	return f
}

// met is how many of the frames that it looks for have come.
func (w *watch) met() int {
	if w.x.list {
		return len(w.owner) - len(w.lacking())
	}
	return min(w.found, w.x.Parts())
}

func frames(n int) string {
	if n == 1 {
		return "1 frame"
	}
	return fmt.Sprintf("%d frames", n)
}
