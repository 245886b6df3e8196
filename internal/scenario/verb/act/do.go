package act

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"wireloom/internal/decode"
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/userland/byhand"
)

func init() { verb.Register(verb.Frames, 2, do{}) }

// do makes system calls by hand.
type do struct{}

func (do) Name() string { return "do" }
func (do) Doc() string  { return "Make system calls by hand." }

func (do) Shape() *format.Shape {
	call := format.Late(format.Text("a call as at the prompt of syscall"))
	return format.Many(format.Object(
		format.Field{Name: "node", Shape: format.Name, Required: true, Doc: "The node."},
		format.Field{Name: "process", Shape: format.Name, Doc: "The name of the process that makes the calls; hand where it is not given. It goes on from step to step."},
		format.Field{Name: "within", Shape: format.Duration(verb.MaxWithin), Doc: "How long each call may take; 1s where it is not given."},
		format.Field{Name: "calls", Shape: format.ListOf(format.Either("a call such as: read 4 = EWOULDBLOCK", call, format.Object(
			format.Field{Name: "call", Shape: call, Required: true, Doc: "The call."},
			format.Field{Name: "result", Shape: format.Late(format.Text("an answer: a number, a range, an error, ok, any or blocks")), Doc: "What it must answer; ok where it is not given."},
			format.Field{Name: "packet", Shape: verb.Wanted, Doc: "The fields that the packet must have that it read."},
			format.Field{Name: "hex", Shape: format.Hex(config.MaxFrame), Doc: "The bytes that it must have read."},
			format.Field{Name: "prints", Shape: format.Late(format.Text("a text")), Doc: "What its answer must contain."},
		)), 64), Required: true, Doc: "The calls, each with its answer after =."},
	), 8)
}

func (do) Parse(v *format.Value, s *verb.Scope) verb.Step {
	d := &doing{
		Tells: verb.TellsResult(), node: s.Node(v.Get("node")), process: v.Get("process").String(), within: format.Or(v.Get("within"), time.Second),
	}
	if d.process == "" {
		d.process = "hand"
	}
	for _, x := range v.Get("calls").List() {
		d.calls = append(d.calls, parseCall(x, s))
	}
	if len(d.calls) == 0 {
		s.Mistakes.At(v.Get("calls"), "there are no calls to make")
	}
	return d
}

func parseCall(x *format.Value, s *verb.Scope) call {
	var c call
	at := x
	if x.Kind == format.Scalar {
		text, want, _ := strings.Cut(s.LateText(x), " = ")
		c = call{text: strings.TrimSpace(text), result: strings.TrimSpace(want)}
	} else {
		at = x.Get("call")
		c = call{text: strings.TrimSpace(s.LateText(at)), result: s.LateText(x.Get("result")), prints: s.LateText(x.Get("prints")), hex: format.Read[[]byte](x.Get("hex"))}
		if strings.Contains(c.text, " = ") {
			s.Mistakes.At(at, "the answer of a call that is a mapping stands behind result")
		}
		if pk := x.Get("packet"); pk != nil {
			pt := s.Pattern(pk)
			c.packet = &pt
		}
	}
	if c.text == "" || strings.ContainsAny(c.text, "\n;") {
		s.Mistakes.At(at, "a call is one line, such as: read 4 = EWOULDBLOCK")
	}
	if !strings.Contains(c.result, "${") {
		if _, err := parseAnswer(c.result); err != nil {
			s.Mistakes.At(at, "%v", err)
		}
	}
	return c
}

type doing struct {
	verb.Tells
	node, process string
	within        time.Duration // of each call
	calls         []call
}

// A call is one system call, as at the prompt of a node's syscall command.
type call struct {
	text   string
	result string // the answer wanted, in words
	packet *verb.Pattern
	hex    []byte
	prints string
}

func (d *doing) Say() string { return fmt.Sprintf("do %d calls at %s", len(d.calls), d.node) }
func (d *doing) Wants() string {
	return fmt.Sprintf("%d calls at %s answer as they should", len(d.calls), d.node)
}
func (d *doing) Proof() verb.Proof { return verb.Strong }
func (d *doing) Parts() int        { return len(d.calls) }

// waitFor is the call that waits for the one that still blocks.
const waitFor = "wait-for"

// A hand is a process that makes calls: the node's syscall command. It goes on from step
// to step, so a run keeps it under its node and name.
type hand struct {
	program *run.Program
	pending string // the call that it is in
}

type handKey struct{ node, process string }

func (d *doing) Run(r *run.Run) error {
	h := run.Keep[hand](r, handKey{d.node, d.process})
	if h.program == nil || h.program.Ended != nil {
		p, err := r.Exec(d.node, []string{"syscall"})
		if err != nil {
			r.Fail(err)
			return nil
		}
		*h = hand{program: p}
		if err := r.Until(r.Lab.Now()+d.within, h.prompted); err != nil {
			return err
		}
	}
	for i := range d.calls {
		f, err := d.call(r, h, &d.calls[i])
		if err != nil {
			return err
		}
		r.Find(f)
		if !f.OK {
			return nil // what follows builds on it
		}
	}
	return nil
}

// prompted reports whether the command waits for a call, or has ended.
func (h *hand) prompted() bool {
	return h.program.Ended != nil || h.program.Output.EndsWith(byhand.Prompt)
}

// call makes one call and looks at its answer.
func (d *doing) call(r *run.Run, h *hand, c *call) (run.Finding, error) {
	texts, ok := r.TellAll([]string{c.text, c.result, c.prints})
	if !ok {
		return run.Finding{OK: true, Expected: c.text, Actual: "not made"}, nil // it fails by what is noted
	}
	text, wanted := texts[0], texts[1]
	f := run.Finding{Expected: text + " = " + wanted}
	if wanted == "" {
		f.Expected = text + " succeeds"
	}
	want, err := parseAnswer(wanted)
	switch {
	case err != nil:
		f.Actual = err.Error()
		return f, nil
	case text == waitFor && h.pending == "":
		f.Actual = "no call of " + d.process + " blocks"
		return f, nil
	case text != waitFor && h.pending != "":
		f.Actual = fmt.Sprintf("%s still blocks in %s: wait for it with %s", d.process, h.pending, waitFor)
		return f, nil
	}
	if text != waitFor {
		h.program.Reset()
		if _, err := r.Lab.Do(vnet.Stdin{Node: d.node, Proc: h.program.Slot.Proc, Text: text + "\n"}); err != nil {
			f.Actual = err.Error()
			return f, nil
		}
		h.pending = text
	}
	if err := r.Until(r.Lab.Now()+d.within, h.prompted); err != nil {
		return f, err
	}
	if !h.prompted() {
		f.OK, f.Actual = want.blocks, fmt.Sprintf("it blocks: it has not returned within %v", d.within)
		return f, nil
	}
	h.pending = ""
	c.answered(r, &f, want, texts[2], h.program)
	return f, nil
}

// answered decides a call that has returned.
func (c *call) answered(r *run.Run, f *run.Finding, want answer, prints string, p *run.Program) {
	out := strings.TrimSuffix(p.Output.Text(run.Both, false), byhand.Prompt)
	got := byhand.ReadAnswer(out)
	if got.Refused != "" {
		f.Actual = "the call cannot be made: " + got.Refused
		return
	}
	value, _, _ := strings.Cut(got.Line, " ")
	r.Result(value)
	f.Actual = "= " + got.Line
	if got.Line == "" {
		f.Actual = strings.TrimSpace(out)
		if f.Actual == "" {
			f.Actual = "done"
		}
	}
	f.Actual = format.Clip(f.Actual, maxAnswer)
	read := &p.Read.Last
	if len(c.hex) > 0 {
		f.Expected += ", with the bytes " + hex.EncodeToString(c.hex)
	}
	switch {
	case want.blocks:
		f.Actual = "it returned: " + f.Actual
	case !want.is(got):
	case prints != "" && !strings.Contains(out, prints):
		f.Actual = fmt.Sprintf("its answer lacks %q; %s", prints, verb.Printed(out))
	case len(c.hex) > 0 && hex.EncodeToString(read.Data) != hex.EncodeToString(c.hex):
		f.Actual = "it read " + hex.EncodeToString(read.Data)
	case c.packet != nil:
		c.compare(r, f, read)
	default:
		f.OK = true
	}
}

// maxAnswer is how many bytes of an answer are shown.
const maxAnswer = 400

// compare compares a packet that the call has read.
func (c *call) compare(r *run.Run, f *run.Finding, s *run.Seen) {
	f.Expected += ", a packet with " + c.packet.String()
	if s.Data == nil {
		f.Actual += ", and no packet was read"
		return
	}
	wants, err := c.packet.Wants(r.Tell)
	if err != nil {
		f.Actual = err.Error()
		return
	}
	read := *s
	read.Data, read.Head = read.Data[read.Head:], 0
	var out []decode.Outcome
	f.OK, out = decode.Compare(read.Link, read.Data, wants)
	f.Actual += " " + read.Summary()
	if f.OK {
		f.Packets = append(f.Packets, read.Packet(run.RoleExpected))
		return
	}
	f.Near(&read, out)
}
