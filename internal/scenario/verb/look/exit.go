package look

import (
	"fmt"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
)

func init() { verb.Register(verb.Answers, 3, exit{}) }

// exit looks at how a program ends.
type exit struct{}

func (exit) Name() string { return "exit" }
func (exit) Doc() string  { return "Expect a program to end." }

func (exit) Shape() *format.Shape {
	return format.Many(format.Object(
		format.Field{Name: "program", Shape: format.Program, Required: true, Doc: "NODE.PROGRAM."},
		format.Field{Name: "code", Shape: format.Number(0, 255), Doc: "With this code."},
		format.Field{Name: "signal", Shape: format.OneOf("a signal's name, such as SIGTERM", "SIGHUP", "SIGINT", "SIGKILL", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGIO", "SIGXCPU"), Doc: "By this signal."},
		format.Field{Name: "trap", Shape: format.Boolean, Doc: "By a trap: it did what no program may."},
		format.Field{Name: "limit", Shape: format.Boolean, Doc: "At one of its limits."},
		format.Field{Name: "within", Shape: format.Duration(verb.MaxWithin), Doc: "How long to wait for it; 1s where it is not given."},
	), 8)
}

func (exit) Parse(v *format.Value, s *verb.Scope) verb.Step {
	x := &ending{
		program: s.Program(v.Get("program")), code: format.Or(v.Get("code"), -1), signal: v.Get("signal").String(), trap: format.Read[bool](v.Get("trap")),
		limit: format.Read[bool](v.Get("limit")), within: format.Or(v.Get("within"), time.Second),
	}
	n := 0
	for _, k := range []string{"code", "signal", "trap", "limit"} {
		if v.Get(k) != nil {
			n++
		}
	}
	if n > 1 {
		s.Mistakes.At(v, "a program ends in one way: give one of code, signal, trap and limit")
	}
	return x
}

type ending struct {
	program format.Slot
	code    int // -1: any
	signal  string
	trap    bool
	limit   bool
	within  time.Duration
}

func (x *ending) Say() string       { return "expect " + x.Wants() }
func (x *ending) Proof() verb.Proof { return verb.Strong }

func (x *ending) Wants() string {
	how := ""
	switch {
	case x.code >= 0:
		how = fmt.Sprintf(" with code %d", x.code)
	case x.signal != "":
		how = " by " + x.signal
	case x.trap:
		how = " by a trap"
	case x.limit:
		how = " at a limit"
	}
	return fmt.Sprintf("%s ends%s within %v", x.program, how, x.within)
}

// Run waits until the program has ended, as it should.
func (x *ending) Run(r *run.Run) error {
	p := r.Program(x.program)
	if err := r.Until(r.Lab.Now()+x.within, func() bool { return p.Ended != nil }); err != nil {
		return err
	}
	f := run.Finding{Expected: x.Wants()}
	switch {
	case p.Ended == nil && r.Alive(x.program):
		f.Actual = "it still runs"
	case p.Ended == nil:
		f.Actual = "it has not been started"
	default:
		if f.OK, f.Actual = x.is(p.Ended), p.Ended.String(); !f.OK {
			f.Actual = p.Ended.Told()
		}
	}
	if f.OK {
		p.Wanted(x.limit)
	}
	r.Find(f)
	return nil
}

// is reports whether an ending is the one wanted.
func (x *ending) is(e *run.Ending) bool {
	switch {
	case x.code >= 0:
		return e.How == "exit" && e.Code == x.code
	case x.signal != "":
		return e.Signal() == x.signal
	case x.trap:
		return e.How == "trap"
	case x.limit:
		return e.How == "limit" || e.Signal() == "SIGXCPU"
	}
	return true
}
