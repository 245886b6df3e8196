package recording

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/memory"
	"wireloom/vnet/sys"
)

// Limits of a replay besides those of its caller.
const (
	replayChunk   = 1024                   // steps between two looks at whether it is to end
	progressEvery = 250 * time.Millisecond // real time between two calls of Progress
	MaxStacks     = 256 << 20              // bytes that the host keeps for the nested calls of a lab's programs, of a live lab's too
)

// A Builder makes labs and programs again.
type Builder struct {
	// Lab returns a lab of a configuration, which is not started.
	Lab func(config.Lab) (*vnet.Lab, error)
	// Program returns the bytes of a program by its hash, for those that the recording
	// does not hold; nil where it is not known. None is known if Program is nil.
	Program func(hash string) ([]byte, error)
	// Compile makes a program of its bytes.
	Compile func(ctx context.Context, name string, bytes []byte) (sys.Program, error)
}

// Limits say how long a replay may take. A recording says itself how many steps and
// events its run had, and a replay goes no further than that; but what it says may be
// invented, and a run that computes for days is one that can be recorded. So real
// time is limited. Virtual time needs no limit of its own besides MaxTime: what takes
// long is steps, and a quiet month takes none.
type Limits struct {
	Time     time.Duration // real time; no limit if 0
	Progress func(Progress)
}

// A Progress is how far a replay is.
type Progress struct {
	At, End      time.Duration // virtual time now, and at the end
	Events, Last uint64        // in the log now, and at the end
}

// A Result is what came out of a replay.
type Result struct {
	Hash     string // of the run now, as far as it went
	WantHash string // of the run that was recorded
	Same     bool
	Events   uint64
	At       time.Duration
	Version  string // of the program that recorded
	Why      string // where the runs went apart, if they did
}

// Errors of a replay that did not come to its end: it took more real time than its
// limit, or more memory than a live lab may, or its context ended.
var (
	ErrMemory      = errors.New("the nested calls of its programs take more memory than those of a lab may")
	ErrTime        = errors.New("the replay takes too long")
	ErrInterrupted = errors.New("the replay was interrupted")
)

// A Lack is a program that a replay needs and does not have.
type Lack struct {
	Node, Proc string
	Name       string // its file's
	Hash       string
	Size       int64 // in bytes, 0 where that is not known
}

// String is the slot, and by what the program is known.
func (l Lack) String() string {
	s := fmt.Sprintf("%s  SHA-256 %s", where(l.Node, l.Proc), l.Hash)
	if l.Size > 0 {
		s += fmt.Sprintf("  %d bytes", l.Size)
	}
	return s + "  " + quote(l.Name)
}

// A LackError is the error of a recording whose programs are not all there.
type LackError struct{ Lacks []Lack }

func (e *LackError) Error() string {
	var b strings.Builder
	b.WriteString("recording: of programs that were not uploaded it has only the hash, and these are not here:")
	for _, l := range e.Lacks {
		b.WriteString("\n  " + l.String())
	}
	return b.String()
}

// Replay runs the recording again and compares the hash. It stops where the run is
// known to be another. An error means that it could not be run to its end: a
// LackError, ErrTime, ErrMemory or ErrInterrupted.
func (l *File) Replay(ctx context.Context, b Builder, limits Limits) (Result, error) {
	p := &player{File: l, Builder: b, limits: limits, began: time.Now(), res: Result{WantHash: l.End.Hash, Version: l.Version}}
	if err := p.look(); err != nil {
		return p.res, err
	}
	return p.play(ctx)
}

// A player is one replay.
type player struct {
	*File
	Builder
	limits Limits
	lab    *vnet.Lab
	began  time.Time
	looked time.Time
	greedy bool // it took more memory than a live lab may
	doors  *enteredReader
	frame  *Entered // the next that comes in by a door; nil for none
	res    Result
}

// bytes finds a program: in the recording, or where the Builder looks.
func (p *player) bytes(hash string) ([]byte, error) {
	b, err := p.File.Program(hash)
	if err != nil || b != nil || p.Builder.Program == nil {
		return b, err
	}
	return p.Builder.Program(hash)
}

// look fails where a program is lacking, before anything is run.
func (p *player) look() error {
	known := map[string]bool{}
	var lacks []Lack
	need := func(x Lack) error {
		if known[x.Hash] || p.Holds(x.Hash) {
			return nil
		}
		known[x.Hash] = true
		b, err := p.bytes(x.Hash)
		if err == nil && b == nil {
			lacks = append(lacks, x)
		}
		return err
	}
	for _, x := range p.Programs {
		if err := need(Lack(x)); err != nil {
			return err
		}
	}
	for i := range p.Commands {
		x, ok := p.Commands[i].Command.(vnet.Install)
		if !ok {
			continue
		}
		if err := need(Lack{x.Node, x.Proc, p.Commands[i].Name, x.Hash, 0}); err != nil {
			return err
		}
	}
	if len(lacks) > 0 {
		return &LackError{lacks}
	}
	return nil
}

// compile makes the program of a hash.
func (p *player) compile(ctx context.Context, node, proc, name, hash string) (sys.Program, error) {
	b, err := p.bytes(hash)
	if err != nil {
		return nil, err
	}
	prog, err := p.Compile(ctx, name, b)
	if ctx.Err() != nil {
		return nil, p.cut(ErrInterrupted)
	}
	if err != nil {
		return nil, fmt.Errorf("recording: the program of %s: %w", where(node, proc), err)
	}
	if prog.ID() != hash {
		return nil, fmt.Errorf("recording: the program of %s is not the one with the hash %s", where(node, proc), hash)
	}
	return prog, nil
}

func (p *player) play(ctx context.Context) (Result, error) {
	lab, err := p.Lab(p.Config)
	if err != nil {
		return p.res, fmt.Errorf("recording: the lab cannot be built again: %w", err)
	}
	defer lab.Close()
	p.lab = lab
	// What its programs have is limited by its configuration, as in every run. How large
	// their stacks are differs by machine.
	lab.SetGrant(func(_, others int64) bool {
		p.greedy = p.greedy || others > memory.MaxKernel+MaxStacks
		return !p.greedy
	})
	for _, x := range p.Programs {
		prog, err := p.compile(ctx, x.Node, x.Proc, x.Name, x.Hash)
		if err == nil {
			err = lab.Install(x.Node, x.Proc, prog)
		}
		if err != nil {
			return p.res, err
		}
	}
	doors, file, err := p.openEntered()
	if err != nil {
		return p.res, err
	}
	if doors != nil {
		defer file.Close()
		p.doors = doors
		if err := p.nextFrame(); err != nil {
			return p.res, err
		}
	}
	lab.Start()
	for i := range p.Commands {
		c := &p.Commands[i]
		if err := p.enter(ctx, i); err != nil {
			return p.res, err
		}
		if err := p.runTo(ctx, c.At, c.Step); err != nil {
			return p.res, err
		}
		if p.apart(fmt.Sprintf("at command %d (%s)", i+1, vnet.OpOf(c.Command)), c.At, c.Step) {
			return p.result(), nil
		}
		do := c.Command
		if x, ok := do.(vnet.Install); ok {
			if x.Program, err = p.compile(ctx, x.Node, x.Proc, c.Name, x.Hash); err != nil {
				return p.res, err
			}
			do = x
		}
		_, _ = lab.Do(do) // one that failed when it was recorded fails again, and is in the log
	}
	if err := p.enter(ctx, len(p.Commands)); err != nil {
		return p.res, err
	}
	if err := p.runTo(ctx, p.End.At, p.End.Step); err != nil {
		return p.res, err
	}
	p.apart("at the end", p.End.At, p.End.Step)
	return p.result(), nil
}

// nextFrame reads the next frame that comes in by a door.
func (p *player) nextFrame() (err error) {
	p.frame, err = p.doors.next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// enter lets the frames come in that came after so many commands, until it is known that the
// run is another: then the next command, or the end, is at another place too.
func (p *player) enter(ctx context.Context, after int) error {
	for p.frame != nil && p.frame.After <= after {
		e := p.frame
		if err := p.runTo(ctx, e.At, e.Step); err != nil {
			return err
		}
		if int64(p.lab.Now()) != e.At || p.lab.Steps() != e.Step {
			p.frame = nil
			return nil
		}
		_, _ = p.lab.Do(vnet.Enter{Port: e.Port, Hex: e.Frame}) // as with other commands
		if err := p.nextFrame(); err != nil {
			return err
		}
	}
	return nil
}

// result is what has come out.
func (p *player) result() Result {
	r := &p.res
	r.Hash, r.At = p.lab.Log().Hash(), p.lab.Now()
	_, r.Events = p.lab.Log().Bounds()
	// A run may end in quiet, where the clock moves and nothing is logged: the hash
	// alone does not tell that the place of the end is right.
	r.Same = r.Hash == r.WantHash && r.Events == p.End.Events && r.Why == ""
	if !r.Same && r.Why == "" {
		r.Why = fmt.Sprintf("between two commands: there are %d events, there were %d", r.Events, p.End.Events)
	}
	return *r
}

// runTo lets the lab run to the place in the run that at and step name, or until it is
// known that the run is another.
func (p *player) runTo(ctx context.Context, at int64, step uint64) error {
	for {
		if err := p.ends(ctx); err != nil {
			return err
		}
		if p.tooMany() {
			return nil
		}
		reached := p.lab.Run(time.Duration(at), min(step, p.lab.Steps()+replayChunk))
		if !p.greedy && (reached || p.lab.Steps() >= step) {
			return nil
		}
	}
}

// tooMany reports whether the log has more events than the recorded run had.
func (p *player) tooMany() bool {
	_, events := p.lab.Log().Bounds()
	return events > p.End.Events
}

// ends says why the replay is to end here.
func (p *player) ends(ctx context.Context) error {
	if ctx.Err() != nil {
		return p.cut(ErrInterrupted)
	}
	if p.greedy {
		return p.cut(ErrMemory)
	}
	now := time.Now()
	if took := now.Sub(p.began); p.limits.Time > 0 && took > p.limits.Time {
		return p.cut(ErrTime)
	}
	if now.Sub(p.looked) < progressEvery {
		return nil
	}
	p.looked = now
	if p.limits.Progress != nil {
		_, events := p.lab.Log().Bounds()
		p.limits.Progress(Progress{p.lab.Now(), time.Duration(p.End.At), events, p.End.Events})
	}
	return nil
}

// cut is an error that ended the replay, with how far that was.
func (p *player) cut(why error) error {
	return fmt.Errorf("%w: it ran for %v, to %v of %v of virtual time", why, time.Since(p.began).Round(time.Millisecond), p.lab.Now(), time.Duration(p.End.At))
}

// apart reports whether the lab is not at the place where it should be, and notes
// how it differs.
func (p *player) apart(when string, at int64, step uint64) bool {
	switch {
	case p.tooMany():
		p.res.Why = fmt.Sprintf("%s: there are more events than the %d of the whole recording, at %v", when, p.End.Events, p.lab.Now())
	case int64(p.lab.Now()) != at || p.lab.Steps() != step:
		p.res.Why = fmt.Sprintf("%s: the lab is at %v, step %d, and was at %v, step %d", when, p.lab.Now(), p.lab.Steps(), time.Duration(at), step)
	default:
		return false
	}
	return true
}
