package stream

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"wireloom/internal/decode"
	"wireloom/internal/protocol"
	"wireloom/internal/session"
	"wireloom/internal/strictjson"
	"wireloom/internal/terminal"
	"wireloom/vnet"
	"wireloom/vnet/packet"
)

// Limits of what a viewer may send.
const (
	MaxMessage = 192 << 10 // bytes of a message: a frame to decode, in hex, fits
	MaxStdin   = 16 << 10  // bytes typed at once
	MaxLine    = 4 << 10   // bytes of a command line
	maxName    = 256       // bytes of a node's name, or a program's: what is said about it holds it
	maxID      = 1 << 53   // what the page counts exactly
)

// A command is a message from the page. Which fields belong to it depends on Op. An
// acknowledgement says that the messages up to the number N have been shown; of a try it
// is the button's.
type command struct {
	Type string  `json:"type"`
	N    *uint64 `json:"n"`
	ID   *int64  `json:"id"`
	Op   string  `json:"op"`
	Node *string `json:"node"`
	Proc *string `json:"proc"`
	Line *string `json:"line"`
	Text *string `json:"text"`
	Link *string `json:"link"`
	Hex  *string `json:"hex"`
	Rate *int    `json:"rate"`
	From *uint64 `json:"from"`
	To   *uint64 `json:"to"`
	switchMembers

	Filter *string               `json:"filter"`
	Frames []protocol.MatchFrame `json:"frames"`
}

// What a message of a viewer may be.
const (
	typeCommand = "cmd"
	typeAck     = "ack"
)

// An op is something that a viewer can ask for.
type op struct {
	does bool // something to the lab: who only watches may not
	asks bool // for something that may be large, instead of doing something
	work bool // it computes, and is done in a turn
	run  func(ctx context.Context, s *session.Session, c *command) (result any, err error)
}

var ops = map[string]op{
	"pause":  {does: true, run: func(ctx context.Context, s *session.Session, _ *command) (any, error) { return nil, s.Pause(ctx) }},
	"resume": {does: true, run: func(ctx context.Context, s *session.Session, _ *command) (any, error) { return nil, s.Resume(ctx) }},
	"step":   {does: true, run: func(ctx context.Context, s *session.Session, _ *command) (any, error) { return nil, s.Step(ctx) }},
	"rate": {does: true, run: func(ctx context.Context, s *session.Session, c *command) (any, error) {
		return nil, s.SetRate(ctx, *c.Rate)
	}},
	"start": {does: true, run: func(ctx context.Context, s *session.Session, c *command) (any, error) {
		_, err := s.Do(ctx, vnet.Start{Node: *c.Node, Proc: *c.Proc})
		return nil, err
	}},
	"kill": {does: true, run: func(ctx context.Context, s *session.Session, c *command) (any, error) {
		_, err := s.Do(ctx, vnet.Kill{Node: *c.Node, Proc: *c.Proc})
		return nil, err
	}},
	"stop": {does: true, run: func(ctx context.Context, s *session.Session, c *command) (any, error) {
		return nil, s.Stop(ctx, *c.Node, *c.Proc)
	}},
	"exec":   {does: true, run: exec},
	"try":    {does: true, run: try},
	"stdin":  {does: true, run: stdin},
	"decode": {asks: true, run: decodeFrame},
	"text":   {asks: true, run: text},
	"port":   {does: true, run: setPort},
	"vlan":   {does: true, run: setVLAN},
	"impair": {does: true, run: impair},
	"plug":   {does: true, run: plug},
	"unplug": {does: true, run: unplug},
	"table":  {asks: true, run: macTable},
	"match":  {work: true, run: match},
}

// fields are the members that belong to each op: those of its struct.
var fields = func() map[string][]string {
	all := map[string][]string{}
	for name, c := range protocol.Commands {
		t := reflect.TypeOf(c)
		for field := range t.Fields() {
			all[name] = append(all[name], field.Tag.Get("json"))
		}
	}
	return all
}()

// Ops returns the names of what a viewer can ask for, sorted.
func Ops() []string { return slices.Sorted(maps.Keys(ops)) }

func exec(ctx context.Context, s *session.Session, c *command) (any, error) {
	if len(*c.Line) > MaxLine {
		return nil, fmt.Errorf("the command line has %d bytes, at most %d are taken", len(*c.Line), MaxLine)
	}
	name, err := s.Exec(ctx, *c.Node, *c.Line)
	return protocol.ExecResult{Proc: name}, err
}

func try(ctx context.Context, s *session.Session, c *command) (any, error) {
	node, proc, err := s.Try(ctx, *c.N)
	return protocol.TryResult{Node: node, Proc: proc}, err
}

func stdin(ctx context.Context, s *session.Session, c *command) (any, error) {
	if len(*c.Text) > MaxStdin {
		return nil, fmt.Errorf("%d bytes are too many at once, at most %d are taken", len(*c.Text), MaxStdin)
	}
	_, err := s.Do(ctx, vnet.Stdin{Node: *c.Node, Proc: *c.Proc, Text: *c.Text})
	return nil, err
}

func decodeFrame(_ context.Context, _ *session.Session, c *command) (any, error) {
	l, ok := packet.ParseLink(*c.Link)
	if !ok {
		return nil, fmt.Errorf("there is no link type %q: it is ethernet, raw or null", clip(*c.Link))
	}
	frame, err := hex.DecodeString(*c.Hex)
	if err != nil {
		return nil, errors.New("the frame is not hex digits, two for each byte")
	}
	if len(frame) > decode.MaxFrame {
		return nil, fmt.Errorf("the frame has %d bytes, at most %d are decoded", len(frame), decode.MaxFrame)
	}
	return protocol.DecodeResult{Fields: decode.Tree(l, frame), Summary: decode.Summarize(l, frame)}, nil
}

// An acknowledgement as the page writes it: nothing else comes as often, and to read it as any JSON was a tenth
// of what a watched lab costs.
const (
	ackBefore = `{"type":"ack","n":`
	ackAfter  = `}`
)

// ackOf reads an acknowledgement that is written as the page does. Of all else nothing is said.
func ackOf(b []byte) (n uint64, ok bool) {
	b, before := bytes.CutPrefix(b, []byte(ackBefore))
	b, after := bytes.CutSuffix(b, []byte(ackAfter))
	if !before || !after || len(b) > 1 && b[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b), 10, 64)
	return n, err == nil
}

// parse reads a message of a viewer. An error means that it is not one at all.
func parse(b []byte) (*command, error) {
	if n, ok := ackOf(b); ok {
		return &command{Type: typeAck, N: &n}, nil
	}
	var c command
	if err := strictjson.Decode(b, &c); err != nil {
		return nil, fmt.Errorf("this is not a command: %w", err)
	}
	switch {
	case c.Type == typeAck && c.N != nil:
	case c.Type != typeCommand || c.ID == nil || *c.ID < 0 || *c.ID > maxID:
		return nil, errors.New("this is not a command: it needs a type that is cmd and an id that is a number")
	}
	return &c, nil
}

// clip shortens what a stranger sent to what fits into a message.
func clip(s string) string { return terminal.Cut(s, 80) }

// check returns what a command does if it has exactly the fields that belong to it.
func (c *command) check() (op, error) {
	o, ok := ops[c.Op]
	if !ok {
		return o, fmt.Errorf("there is no command %q: there are %s", clip(c.Op), strings.Join(Ops(), ", "))
	}
	for _, name := range []*string{c.Node, c.Proc, c.Port, c.A, c.B, c.Switch, c.Way, c.Link} {
		if name != nil && len(*name) > maxName {
			return o, fmt.Errorf("a name of %d bytes is none; it has at most %d", len(*name), maxName)
		}
	}
	for _, x := range [...]struct {
		name  string
		there bool
	}{
		{"node", c.Node != nil},
		{"proc", c.Proc != nil},
		{"line", c.Line != nil},
		{"text", c.Text != nil},
		{"link", c.Link != nil},
		{"hex", c.Hex != nil},
		{"rate", c.Rate != nil},
		{"n", c.N != nil},
		{"from", c.From != nil},
		{"to", c.To != nil},
		{"port", c.Port != nil},
		{"access", c.Access != nil},
		{"native", c.Native != nil},
		{"trunk", c.Trunk != nil},
		{"way", c.Way != nil},
		{"words", c.Words != nil},
		{"a", c.A != nil},
		{"b", c.B != nil},
		{"delay", c.Delay != nil},
		{"switch", c.Switch != nil},
		{"vlan", c.VLAN != nil},
		{"filter", c.Filter != nil},
		{"frames", c.Frames != nil},
	} {
		switch wanted := slices.Contains(fields[c.Op], x.name); {
		case wanted && !x.there:
			return o, fmt.Errorf("%s needs %s", c.Op, x.name)
		case x.there && !wanted:
			return o, fmt.Errorf("%s has no %s", c.Op, x.name)
		}
	}
	return o, nil
}

// answer does a command for who has a pass and makes the reply to it.
func (c *command) answer(ctx context.Context, s *session.Session, pass *Pass) ([]byte, error) {
	r := protocol.Reply{Type: "reply", ID: *c.ID}
	o, err := c.check()
	if err == nil && o.does {
		if why := pass.may().NotType; why != "" {
			err = errors.New(why)
		}
	}
	var result any
	if err == nil {
		pass.did(c) // also what fails is in the lab's log
		result, err = o.run(ctx, s, c)
	}
	if err != nil {
		r.Error = err.Error()
	} else {
		r.OK, r.Result = true, result
		if result == nil {
			r.Result = struct{}{}
		}
	}
	return json.Marshal(r)
}
