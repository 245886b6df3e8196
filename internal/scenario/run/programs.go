package run

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/signal"
	"wireloom/vnet/sys"
)

// A Program is what is known of one program: of the file, or a command that a step runs.
type Program struct {
	Slot      format.Slot
	Submitted bool // the student supplied it
	Starts    bool // with the lab
	Output    *Output
	Ended     *Ending // nil while it has not
	Read      Reading
	Spent     spending

	calls  string // its last call, in words
	atStep began
	mayEnd bool // a step stopped it, or wanted that it ends
	busy   bool // a note says that it does nothing but compute
}

// Reading is what a program has read from devices since it began.
type Reading struct {
	Packets int64
	Last    Seen // the last, of one that is not submitted; what a driver put before it stands in its data
}

// spending is what a submitted program has used of what it may.
type spending struct {
	burnt    int64 // fuel that processes of it which have ended used
	hungered bool  // it has used more than it may
	limits   []string
}

// began is what a program had used when the step began.
type began struct {
	pid     int
	fuel    int64
	packets int64
}

// An Ending is how a program ended.
type Ending struct {
	At   time.Duration
	Code int
	How  string // "exit", "trap", "killed" or "limit"
	Why  string
	Said string // by a submitted program that failed, of why; "" if nothing
}

// String is the ending in words.
func (e *Ending) String() string {
	if e.How == "exit" {
		return fmt.Sprintf("it ended at %v with code %d", e.At, e.Code)
	}
	return fmt.Sprintf("it ended at %v: %s", e.At, e.Why)
}

// Told is the ending in words, with what the program said of it.
func (e *Ending) Told() string {
	if e.Said == "" {
		return e.String()
	}
	return Quoted(e.Said) + "; " + e.String()
}

// Signal is the name of the signal that ended the program; "" if none did.
func (e *Ending) Signal() string {
	if e.How != "killed" {
		return ""
	}
	return signal.Name(e.Code - 128)
}

// Is reports whether a signal of that name ended the program.
func (e *Ending) Is(signal string) bool { return e.Signal() == signal && signal != "" }

// programs are those that are followed: others may be as many as a program starts.
type programs struct {
	all       map[format.Slot]*Program
	submitted []*Program // in the order of the file
}

func newPrograms(conf config.Lab, submitted []format.Slot) programs {
	p := programs{all: map[format.Slot]*Program{}}
	for _, n := range conf.Nodes {
		for _, c := range n.Programs {
			p.follow(format.Slot{Node: n.Name, Proc: c.Name}).Starts = c.Start
		}
	}
	for _, sl := range submitted {
		x := p.follow(sl)
		x.Submitted = true
		p.submitted = append(p.submitted, x)
	}
	return p
}

// follow begins to follow a program.
func (p *programs) follow(sl format.Slot) *Program {
	x := p.all[sl]
	if x == nil {
		x = &Program{Slot: sl, Output: &Output{}}
		p.all[sl] = x
	}
	return x
}

// begin notes what programs have used when a step begins.
func (p *programs) begin(procs []sys.Status) {
	for _, x := range p.all {
		x.Output.mark()
		x.atStep = began{}
	}
	for _, st := range procs {
		if x := p.all[format.Slot{Node: st.Node, Proc: st.Name}]; x != nil {
			x.atStep = began{st.PID, st.Fuel, x.Read.Packets}
		}
	}
}

// submittedOf is the submitted program that a process runs: its own, or, of NODE.PROC.3,
// that which was started by the name PROC. Nil if it is none.
func (p *programs) submittedOf(proc format.Slot) *Program {
	x := p.all[proc]
	if i := strings.LastIndexByte(proc.Proc, '.'); (x == nil || !x.Submitted) && i > 0 {
		proc.Proc = proc.Proc[:i]
		x = p.all[proc]
	}
	if x == nil || !x.Submitted {
		return nil
	}
	return x
}

// Submitted are the programs that the student supplied, in the order of the file.
func (r *Run) Submitted() []*Program { return r.programs.submitted }

// Program is what is known of a program of the file, or of a command that was started
// (Exec); nil of others.
func (r *Run) Program(sl format.Slot) *Program { return r.programs.all[sl] }

// Status is what the lab says of a program; false where it has none of that name.
func (r *Run) Status(sl format.Slot) (sys.Status, bool) {
	procs := r.Lab.Status().Procs
	i := slices.IndexFunc(procs, func(p sys.Status) bool { return p.Node == sl.Node && p.Name == sl.Proc })
	if i < 0 {
		return sys.Status{}, false
	}
	return procs[i], true
}

// Alive reports whether a program runs.
func (r *Run) Alive(sl format.Slot) bool {
	p, ok := r.Status(sl)
	return ok && p.PID != 0 && p.Exit == nil
}

// Order gives the lab a command about a program: to start it, or one that may end it.
func (r *Run) Order(c vnet.Command, sl format.Slot) {
	_, starts := c.(vnet.Start)
	if p := r.Program(sl); p != nil {
		p.mayEnd = !starts && !p.Spent.hungered
	}
	r.Do(c)
}

// Wanted takes note of an ending that a step wanted; at a limit, of that, too.
func (p *Program) Wanted(limit bool) {
	p.mayEnd = true
	if limit {
		p.Spent.limits = nil
	}
}

// Crashed reports whether the program has ended by a trap, at a limit or with a code of
// failure, and no step stopped it or wanted that.
func (p *Program) Crashed() bool {
	return p.Ended != nil && !p.mayEnd && (p.Ended.How != "exit" || p.Ended.Code != 0)
}

// Limits says which limits the program came to that no step wanted.
func (p *Program) Limits() []string { return p.Spent.limits }

// SinceStep is what the program has used since the step began, of what it has used since
// it began: a process that began in the step has used all of it.
func (p *Program) SinceStep(st sys.Status) (fuel, packets int64) {
	if p.atStep.pid != st.PID {
		return st.Fuel, p.Read.Packets
	}
	return st.Fuel - p.atStep.fuel, p.Read.Packets - p.atStep.packets
}

// LastCall says what a program did last.
func (p *Program) LastCall() string {
	switch {
	case p.calls != "":
		return "; its last call was " + p.calls
	case p.Output.Len(Both) > 0:
		return "; it made no system call but to print"
	}
	return "; it made no system call"
}

// Spins reports whether a program that has used so much fuel has spent nearly all of
// the step computing. A step that was over at once says nothing about that.
func (r *Run) Spins(p *Program, fuel int64) bool {
	took := r.Lab.Now() - r.now.began
	return took >= 10*time.Millisecond && time.Duration(fuel-p.atStep.fuel)*sys.FuelNanosecond >= took*9/10
}

// NoteBusy notes, once, that a program does nothing but compute.
func (r *Run) NoteBusy(p *Program, why string) {
	if !p.busy {
		p.busy = true
		r.Note("at %v, %s", r.Lab.Now(), why)
	}
}

// ExecOf is the command that starts a command at a node: its words, or one line as at the
// prompt.
func ExecOf(node string, words []string) vnet.Command {
	if len(words) == 1 {
		return vnet.Exec{Node: node, Line: words[0]}
	}
	return vnet.Exec{Node: node, Argv: words}
}

// Exec starts a command at a node (ExecOf).
func (r *Run) Exec(node string, words []string) (*Program, error) {
	reply, err := r.Lab.Do(ExecOf(node, words))
	if err != nil {
		return nil, err
	}
	return r.programs.follow(format.Slot{Node: node, Proc: reply.Proc}), nil
}

// Forget drops what is known of a command that has been looked at.
func (r *Run) Forget(p *Program) { delete(r.programs.all, p.Slot) }
