package act

import (
	"fmt"
	"strings"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet"
)

func init() { verb.Register(verb.Frames, 3, command{}) }

// command runs a command that nodes have.
type command struct{ verb.Tryable }

func (command) Name() string { return "run" }
func (command) Doc() string  { return "Run a command that nodes have." }

// lineKeys are the keys that say which command, and where.
func lineKeys() []format.Field {
	return []format.Field{
		{Name: "node", Shape: format.Name, Required: true, Doc: "The node."},
		{Name: "command", Shape: format.Late(format.Many(format.Late(format.Text("a command line")), 64)), Required: true, Doc: "The command line, as at the node's prompt, or its words."},
	}
}

// TryShape is that of a command whose end nobody looks at.
func (command) TryShape() *format.Shape { return format.Many(format.Object(lineKeys()...), 8) }

func (command) Shape() *format.Shape {
	return format.Many(format.Object(append(lineKeys(),
		format.Field{Name: "within", Shape: format.Duration(verb.MaxWithin), Doc: "How long it may take; 30s where it is not given."},
		format.Field{Name: "exit", Shape: format.Number(0, 255), Doc: "The code that it must end with."},
		format.Field{Name: "stdout", Shape: format.Object(verb.OutputKeys()...), Doc: "What it must print."},
	)...), 8)
}

func (command) Parse(v *format.Value, s *verb.Scope) verb.Step {
	x := &running{node: s.Node(v.Get("node")), words: s.LateTexts(v.Get("command")), within: format.Or(v.Get("within"), 30*time.Second), exit: format.Or(v.Get("exit"), -1)}
	if len(x.words) == 0 {
		s.Mistakes.At(v.Get("command"), "the command has no words")
	}
	if o := v.Get("stdout"); o != nil {
		x.stdout = s.Output(o)
	}
	return x
}

type running struct {
	node   string
	words  []string // or one text that is split at blanks
	within time.Duration
	exit   int // -1: any
	stdout *verb.Output
}

func (x *running) Say() string {
	return fmt.Sprintf("run %s at %s", strings.Join(x.words, " "), x.node)
}
func (x *running) Wants() string { return strings.Join(x.words, " ") + " at " + x.node }

func (x *running) Proof() verb.Proof {
	if x.exit < 0 && x.stdout == nil {
		return verb.Nothing
	}
	return verb.Strong
}

// Parts are its code and the texts that it prints.
func (x *running) Parts() int {
	n := 0
	if x.exit >= 0 {
		n++
	}
	if x.stdout != nil {
		n += x.stdout.Parts()
	}
	return max(n, 1)
}

func (x *running) Commands() []vnet.Command {
	return []vnet.Command{run.ExecOf(x.node, plain(x.words))}
}

// Run runs the command to its end.
func (x *running) Run(r *run.Run) error {
	words, ok := r.TellAll(x.words)
	if !ok {
		return nil
	}
	line := strings.Join(words, " ")
	p, err := r.Exec(x.node, words)
	if err != nil {
		r.Fail(fmt.Errorf("%s at %s: %w", line, x.node, err))
		return nil
	}
	defer r.Forget(p)
	if err := r.Until(r.Lab.Now()+x.within, func() bool { return p.Ended != nil }); err != nil {
		return err
	}
	all := p.Output.Text(run.Both, false)
	if p.Ended == nil {
		r.Order(vnet.Kill{Node: p.Slot.Node, Proc: p.Slot.Proc}, p.Slot)
		r.Find(run.Finding{Expected: fmt.Sprintf("%s at %s ends within %v", line, x.node, x.within), Actual: "it still runs; " + verb.Printed(all)})
		return nil
	}
	if x.exit >= 0 {
		f := run.Finding{
			OK: p.Ended.How == "exit" && p.Ended.Code == x.exit, Expected: fmt.Sprintf("%s at %s ends with code %d", line, x.node, x.exit), Actual: p.Ended.String(),
		}
		if !f.OK {
			f.Actual += "; " + verb.Printed(all)
		}
		r.Find(f)
	}
	if x.stdout != nil {
		f := x.stdout.Finding(p.Output.Text(x.stdout.Stream, false))
		f.Expected += fmt.Sprintf(" (%s at %s)", line, x.node)
		r.Find(f)
	}
	return nil
}
