package scenarios

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"wireloom/internal/decode"
	"wireloom/vnet"
	"wireloom/vnet/errno"
)

// handPrompt is what a node's syscall command prints before it reads a call.
const handPrompt = "syscall> "

// waitFor is the call that waits for the one that still blocks.
const waitFor = "wait-for"

// An answer is what a call is to answer.
type answer struct {
	any, blocks bool
	errno       errno.Errno // OK: it succeeds
	ranged      bool
	count       Count
	more        string // what it prints behind the number
}

// parseAnswer reads the answer wanted of a call.
func parseAnswer(text string) (answer, error) {
	first, more, _ := strings.Cut(text, " ")
	a := answer{more: strings.TrimSpace(more)}
	switch first {
	case "", "ok":
		return a, nil
	case "any":
		a.any = true
		return a, nil
	case "blocks":
		a.blocks = true
		return a, nil
	}
	if e, ok := errno.Parse(first); ok {
		a.errno = e
		return a, nil
	}
	if !countForm.MatchString(first) {
		return a, fmt.Errorf("%.40q is no answer of a call: want a number, a range such as 1..60, the name of an error such as EWOULDBLOCK, ok, any or blocks", first)
	}
	lo, hi, ranged := strings.Cut(first, "..")
	a.ranged, a.count = true, Count{0, unbounded}
	if lo != "" {
		a.count.Min, _ = strconv.ParseInt(lo, 10, 64) // its form has been checked
	}
	switch {
	case !ranged:
		a.count.Max = a.count.Min
	case hi != "":
		a.count.Max, _ = strconv.ParseInt(hi, 10, 64)
	}
	return a, nil
}

// is reports whether what the command printed is the answer.
func (a answer) is(result string) bool {
	word, rest, _ := strings.Cut(result, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case a.any:
		return true
	case a.errno != errno.OK:
		name, _, _ := strings.Cut(rest, " ")
		return word == "-1" && name == a.errno.String()
	case word == "-1" && rest != "":
		return false
	case a.ranged:
		n, err := strconv.ParseUint(word, 10, 63)
		if err != nil || !a.count.has(n) {
			return false
		}
	}
	return a.more == "" || rest == a.more
}

// A hand is a process that makes the calls of a scenario: the node's syscall
// command.
type hand struct {
	slot    Slot
	pending string // the call that it is in
}

// hand makes the calls of a do.
func (g *grader) hand(d *Do, v *verdict) error {
	key := Slot{d.Node, d.Process}
	h := g.hands[key]
	if h == nil || g.ended[h.slot] != nil {
		sl, err := g.exec(d.Node, []string{"syscall"})
		if err != nil {
			g.fail(err.Error())
			return nil
		}
		h = &hand{slot: sl}
		g.hands[key] = h
		if err := g.runTo(g.lab.Now()+d.Within, func() bool { return g.prompted(h) }); err != nil {
			return err
		}
	}
	for i := range d.Calls {
		f, err := g.handCall(h, d, &d.Calls[i])
		if err != nil {
			return err
		}
		v.add(f)
		if !f.ok {
			return nil // what follows builds on it
		}
	}
	return nil
}

// prompted reports whether the command waits for a call, or has ended.
func (g *grader) prompted(h *hand) bool {
	return bytes.HasSuffix(g.output(h.slot).text[0], []byte(handPrompt)) || g.ended[h.slot] != nil
}

// handCall makes one call and looks at its answer.
func (g *grader) handCall(h *hand, d *Do, c *Call) (finding, error) {
	texts, ok := g.tellAll([]string{c.Text, c.Result, c.Prints})
	if !ok {
		return finding{ok: true, expected: c.Text, actual: "not made"}, nil // it fails by what is noted
	}
	text, wanted := texts[0], texts[1]
	f := finding{expected: text + " = " + wanted}
	if wanted == "" {
		f.expected = text + " succeeds"
	}
	want, err := parseAnswer(wanted)
	switch {
	case err != nil:
		f.actual = err.Error()
		return f, nil
	case text == waitFor && h.pending == "":
		f.actual = "no call of " + d.Process + " blocks"
		return f, nil
	case text != waitFor && h.pending != "":
		f.actual = fmt.Sprintf("%s still blocks in %s: wait for it with %s", d.Process, h.pending, waitFor)
		return f, nil
	}
	if text != waitFor {
		g.out[h.slot] = &output{}
		delete(g.device, h.slot)
		if _, err := g.lab.Do(vnet.Stdin{Node: d.Node, Proc: h.slot.Proc, Text: text + "\n"}); err != nil {
			f.actual = err.Error()
			return f, nil
		}
		h.pending = text
	}
	if err := g.runTo(g.lab.Now()+d.Within, func() bool { return g.prompted(h) }); err != nil {
		return f, err
	}
	if !g.prompted(h) {
		f.ok, f.actual = want.blocks, fmt.Sprintf("it blocks: it has not returned within %v", d.Within)
		return f, nil
	}
	h.pending = ""
	out := strings.TrimSuffix(g.output(h.slot).since(0, false), handPrompt)
	g.answered(&f, c, want, out, texts[2], h)
	return f, nil
}

// answered decides a call that has returned.
func (g *grader) answered(f *finding, c *Call, want answer, out, prints string, h *hand) {
	result := ""
	for l := range strings.Lines(out) {
		l = strings.TrimSpace(l)
		if r, ok := strings.CutPrefix(l, "= "); ok && result == "" {
			result = r
		}
		if why, ok := strings.CutPrefix(l, "syscall: "); ok && result == "" {
			f.actual = "the call cannot be made: " + why
			return
		}
	}
	if word, _, _ := strings.Cut(result, " "); g.now.ID != "" {
		t := g.told[g.now.ID]
		if t == nil {
			t = &told{}
			g.told[g.now.ID] = t
		}
		t.result = word
	}
	f.actual = "= " + result
	if result == "" {
		f.actual = strings.TrimSpace(out)
		if f.actual == "" {
			f.actual = "done"
		}
	}
	if len(f.actual) > 400 {
		f.actual = f.actual[:400] + "..."
	}
	data := g.device[h.slot]
	if c.Hex != "" {
		f.expected += ", with the bytes " + c.Hex
	}
	switch {
	case want.blocks:
		f.actual = "it returned: " + f.actual
	case result == "" && (want.ranged || want.errno != errno.OK), result != "" && !want.is(result):
	case prints != "" && !strings.Contains(out, prints):
		f.actual = fmt.Sprintf("its answer lacks %q; %s", prints, printed(out))
	case c.Hex != "" && hex.EncodeToString(data.data) != c.Hex:
		f.actual = "it read " + hex.EncodeToString(data.data)
	case c.Packet != nil:
		g.readPacket(f, c.Packet, &data)
	default:
		f.ok = true
	}
}

// readPacket compares a packet that a call has read.
func (g *grader) readPacket(f *finding, pt *Pattern, s *seen) {
	f.expected += ", a packet with " + pt.String()
	if s.data == nil {
		f.actual += ", and no packet was read"
		return
	}
	wants, err := pt.resolve(g.tell)
	if err != nil {
		f.actual = err.Error()
		return
	}
	c := *s
	c.data, c.head = c.data[c.head:], 0
	var out []decode.Outcome
	f.ok, out = decode.Compare(c.link, c.data, wants)
	f.actual += " " + summary(c.link, c.data)
	if f.ok {
		f.packets = append(f.packets, c.packet(RoleExpected))
		return
	}
	f.near(&watch{x: &Expect{Link: c.link}, nearest: &c, diff: out})
}
