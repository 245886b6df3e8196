package scenarios

import (
	"encoding/hex"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"wireloom/internal/decode"
)

// Limits of an expectation.
const (
	maxCompared = 2000 // comparisons field by field, for the nearest
	maxMatched  = 4096 // frames that are assigned to a list of packets
)

// A watch looks for the frames of an expectation.
type watch struct {
	x     *Expect
	wants [][]decode.Want // of each pattern
	err   error           // why it cannot look
	over  bool            // its time has passed, while others still look

	seen     int // frames that passed
	found    int // that one of the patterns describes
	compared int // comparisons field by field
	first    *seen
	shown    []seen // the first few that were found
	stray    *seen  // the first that none describes
	nearest  *seen  // the frame that came nearest
	diff     []decode.Outcome
	wrong    int // fields in which it differs

	next  int      // strict: the pattern that is due
	masks []uint64 // any order: which patterns each frame meets, by bit
	owner []int    // any order: the frame that meets a pattern, -1 while none does
}

// watch begins to look for what a step expects.
func (g *grader) watch(s *Step) {
	g.watches = nil
	for i := range s.Expect {
		w := &watch{x: &s.Expect[i]}
		for range w.x.Patterns {
			w.owner = append(w.owner, -1)
		}
		g.watches = append(g.watches, w)
		if w.x.ReplyTo == s.ID && s.ID != "" {
			continue // what it answers has not been sent yet: see replies
		}
		w.resolve(g, w.x.ReplyTo)
	}
}

// replies lets the expectations look that wait for a reply to what the step itself
// sends: it is known now.
func (g *grader) replies() {
	for _, w := range g.watches {
		if w.wants == nil && w.err == nil {
			g.remember(g.now)
			w.resolve(g, w.x.ReplyTo)
		}
	}
}

// resolve makes the wants of the patterns, as far as the run must tell them, and
// looks at what went by already, where the expectation looks back.
func (w *watch) resolve(g *grader, replyTo string) {
	var reply []decode.KV
	if replyTo != "" {
		t := g.told[replyTo]
		if t == nil || t.sent == nil {
			w.err = fmt.Errorf("step %s has sent nothing that could be answered", replyTo)
			return
		}
		var err error
		if reply, err = decode.Reply(t.sent.link, t.sent.data); err != nil {
			w.err = fmt.Errorf("nothing answers what step %s sent: %w", replyTo, err)
			return
		}
	}
	for i := range w.x.Patterns {
		pt := &w.x.Patterns[i]
		wants := pt.wants
		if pt.late {
			if wants, w.err = pt.resolve(g.tell); w.err != nil {
				return
			}
		}
		var all []decode.Want
		for _, kv := range reply {
			if slices.ContainsFunc(wants, func(o decode.Want) bool { return o.Name == kv.Name }) {
				continue
			}
			want, err := decode.NewWant(kv.Name, decode.WantIs, kv.Value)
			if err != nil {
				w.err = err
				return
			}
			all = append(all, want)
		}
		w.wants = append(w.wants, append(all, wants...))
	}
	if w.x.Since != "" {
		for i := max(g.marks[w.x.Since], 0); i < len(g.history); i++ {
			g.looks += uint64(w.see(&g.history[i]))
		}
	}
}

// at reports whether a frame passes where the expectation looks.
func (w *watch) at(s *seen) bool {
	x := w.x
	if x.Device != "" {
		return s.peer == "" && s.port == x.Device && (x.Direction == "both" || (x.Direction == "in") == s.in)
	}
	in, out := s.peer == x.Port, s.port == x.Port && s.peer != ""
	return in && x.Direction != "out" || out && x.Direction != "in"
}

// see looks at a frame and returns how many comparisons that took.
func (w *watch) see(s *seen) (looks int) {
	if s.ignored || w.over || w.err != nil || w.wants == nil || !w.at(s) {
		return 0
	}
	w.seen++
	mask := uint64(0)
	for i, wants := range w.wants {
		if w.x.Strict && i != w.next {
			continue
		}
		looks++
		if decode.Meets(w.x.Link, s.data, wants) {
			mask |= 1 << i
		}
	}
	if mask == 0 {
		w.miss(s)
		return looks
	}
	w.found++
	c := s.keep()
	if w.first == nil {
		w.first = c
	}
	if len(w.shown) < MaxPackets/2 {
		w.shown = append(w.shown, *c)
	}
	switch {
	case w.x.Strict:
		w.next++
	case w.x.List && len(w.masks) < maxMatched:
		w.masks = append(w.masks, mask)
		w.assign(len(w.masks)-1, new(uint64))
	}
	return looks
}

// keep is a copy that stays.
func (s *seen) keep() *seen {
	c := *s
	c.data = slices.Clone(s.data)
	return &c
}

// miss takes note of a frame that no pattern describes.
func (w *watch) miss(s *seen) {
	if w.stray == nil {
		w.stray = s.keep()
	}
	for i, wants := range w.wants {
		if w.x.Strict && i != w.next || len(wants) == 0 || w.compared >= maxCompared {
			continue
		}
		w.compared++
		_, out := decode.Compare(w.x.Link, s.data, wants)
		wrong := 0
		for _, o := range out {
			if !o.Same {
				wrong++
			}
		}
		if w.nearest == nil || wrong < w.wrong {
			w.nearest, w.diff, w.wrong = s.keep(), out, wrong
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
		if w.x.Strict && i >= w.next || !w.x.Strict && w.owner[i] < 0 {
			out = append(out, i)
		}
	}
	return out
}

// complete reports whether all that has to come has come.
func (w *watch) complete() bool {
	if w.x.List {
		return len(w.lacking()) == 0
	}
	return w.found >= int(w.x.Count.Min)
}

// decided reports whether it need not look on: it is met, and nothing that may still
// come changes that. One that has failed looks on to the end of its time, so that
// what still comes is not taken for part of the next step.
func (w *watch) decided() bool {
	switch {
	case w.err != nil:
		return true
	case w.x.Only, !w.x.List && w.x.Count.Max != unbounded:
		return false
	}
	return w.complete()
}

// ok reports whether the expectation is met.
func (w *watch) ok() bool {
	return w.err == nil && w.complete() && (w.x.List || w.found <= int(w.x.Count.Max)) && (!w.x.Only || w.stray == nil)
}

// expect waits until the step's expectations are met or can no longer be.
func (g *grader) expect(v *verdict) error {
	from := g.lab.Now()
	open := func(w *watch) bool { return !w.over && !w.decided() }
	for slices.ContainsFunc(g.watches, open) {
		until := time.Duration(-1) // when the first of them gives up
		for _, w := range g.watches {
			if at := from + w.x.Within; open(w) && (until < 0 || at < until) {
				until = at
			}
		}
		if err := g.runTo(until, func() bool { return !slices.ContainsFunc(g.watches, open) }); err != nil {
			return err
		}
		for _, w := range g.watches {
			w.over = w.over || from+w.x.Within <= g.lab.Now()
		}
	}
	for _, w := range g.watches {
		f := w.finding()
		if text, err := g.tell(f.expected); err == nil {
			f.expected = text // with what the run has told in it
		}
		v.add(f)
	}
	return nil
}

// finding is what an expectation found.
func (w *watch) finding() finding {
	x := w.x
	f := finding{ok: w.ok(), absent: w.found == 0, expected: x.Text}
	for i := range w.shown {
		f.packets = append(f.packets, w.shown[i].packet(RoleExpected))
	}
	place := x.Port + x.Device
	lacking := w.lacking()
	switch {
	case w.err != nil:
		f.actual = w.err.Error()
	case f.ok && w.found == 0:
		f.actual = "none, as it should be"
	case x.Only && w.stray != nil:
		f.actual = fmt.Sprintf("at %s another frame came at %v: %s", place, w.stray.at, summary(x.Link, w.stray.data))
		f.packets = append(f.packets, w.stray.packet(RoleUnexpected))
	case f.ok && w.found == 1:
		f.actual = fmt.Sprintf("at %v: %s", w.first.at, summary(x.Link, w.first.data))
	case f.ok:
		f.actual = fmt.Sprintf("%d frames, the first at %v: %s", w.found, w.first.at, summary(x.Link, w.first.data))
	case !x.List && w.found > int(x.Count.Max):
		f.actual = fmt.Sprintf("%s, the first at %v: %s", frames(w.found), w.first.at, summary(x.Link, w.first.data))
		for i := range f.packets {
			f.packets[i].Role = RoleUnexpected
		}
	case w.seen == 0:
		f.actual = "no frame at all at " + place
	default:
		f.actual = fmt.Sprintf("%s at %s, ", frames(w.seen), place)
		switch {
		case x.List && len(lacking) > 0:
			f.actual += fmt.Sprintf("and none for packet %d of %d (%s)", lacking[0]+1, len(x.Patterns), x.Patterns[lacking[0]].String())
		case w.found == 0:
			f.actual += "none like that"
		default:
			f.actual += fmt.Sprintf("%d like that", w.found)
		}
		f.near(w)
	}
	return f
}

func frames(n int) string {
	if n == 1 {
		return "1 frame"
	}
	return fmt.Sprintf("%d frames", n)
}

// near adds the frame that came nearest, field by field.
func (f *finding) near(w *watch) {
	if w.nearest == nil {
		return
	}
	var parts []string
	for _, o := range w.diff {
		f.diff = append(f.diff, FieldDiff{Field: o.Name, Want: o.Want, Got: o.Got, Same: o.Same})
		if !o.Same {
			parts = append(parts, fmt.Sprintf("%s is %s, want %s", o.Name, o.Got, o.Want))
		}
	}
	f.actual += fmt.Sprintf("; nearest: %s at %v: %s", summary(w.x.Link, w.nearest.data), w.nearest.at, strings.Join(parts, "; "))
	f.packets = append(f.packets, w.nearest.packet(RoleNearest))
}

// packet is the frame for a result.
func (s *seen) packet(role string) Packet {
	p := Packet{At: s.at, Port: s.port, Summary: summary(s.link, s.data), Hex: hex.EncodeToString(s.data[:min(len(s.data), MaxPacketBytes)]), Role: role}
	if s.link != decode.Ethernet {
		p.Link = s.link.String()
	}
	return p
}

// packets are those that matter to a check: what the step sent, then what it found.
func (g *grader) packets(v verdict) []Packet {
	var out []Packet
	for i := range g.sent {
		if len(out) < MaxPackets/2 {
			out = append(out, g.sent[i].packet(RoleSent))
		}
	}
	for _, p := range v.packets {
		if len(out) < MaxPackets {
			out = append(out, p)
		}
	}
	return out
}
