// Package session owns live labs. A Session is the one goroutine that drives a
// vnet.Lab: it lets real time pace virtual time, applies what comes from outside
// between two turns of the lab's loop, records it, and publishes what viewers see.
// Turns come from a Scheduler, which shares the machine among the sessions of a server.
//
// Nothing here changes what happens in a lab: where a turn ends, how late it is
// and who watches leave no trace in its event log. So a recording, which is the
// configuration, the programs and the commands with their place in the run, is
// enough to have the run again.
package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"wireloom/internal/budget"
	"wireloom/internal/recording"
	"wireloom/internal/sched"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/event"
)

// Limits of a session; Options may set those that it names.
const (
	DefaultIdle     = 10 * time.Minute // real time without a viewer after which a lab is closed
	DefaultViewers  = 64               // viewers of a lab
	DefaultCapture  = 32 << 20         // bytes of frames that are kept on disk
	DefaultPrograms = 256 << 20        // bytes of uploaded programs that are kept on disk
	MaxCommands     = recording.MaxCommands
	MaxCommandBytes = recording.MaxCommandBytes
	MaxTime         = recording.MaxTime      // virtual time of a lab; what the page reads exactly ends at 104 days
	PublishEvery    = 100 * time.Millisecond // real time between two snapshots
	PublishSoon     = 20 * time.Millisecond  // real time between two snapshots for PublishEvery after a command: what came of it is seen at once
	stopGrace       = 1 * time.Second        // virtual time between SIGTERM and SIGKILL
	stride          = 10 * time.Millisecond  // virtual time that an untied lab goes beyond its next event at once
	requestQueue    = 16                     // requests that wait for the session
	closedReason    = "the server closed it" // where nobody gave a reason
)

// Options are what a server gives each of its sessions. The zero value works.
type Options struct {
	Scheduler *sched.Scheduler // shared by all; one of its own if nil
	Owner     sched.Owner      // whose turns the lab takes
	Logger    *slog.Logger     // nothing is logged if nil
	// Acted is told each command that is done to the lab, on the session's goroutine, but not
	// those of its past; it may be nil, and may not wait.
	Acted func(vnet.Command)
	// Spent is told of the time that each turn of the lab took, and says why it must take no more;
	// "" where it may. It may be nil.
	Spent    func(time.Duration) (why string)
	Idle     time.Duration // DefaultIdle if 0, never if negative
	Viewers  int           // DefaultViewers if 0
	Claim    *budget.Claim // of memory, which the session gives back; no limit if nil
	Capture  int64         // DefaultCapture if 0; nothing is captured if negative
	Programs int64         // DefaultPrograms if 0
	Dir      string        // where the session makes its folder; the system's if ""
	Room     Room          // how much it may keep there; as much as the disk has if nil
	Version  string        // of the program, for recordings
	Journal  Journal       // what is done is kept there; nowhere if nil
	Past     Past          // what was done before: the lab has all of that again first; nothing if nil
}

// A Setup is what a lab was built from besides its configuration, as its visitors
// may know it: of the programs that they did not upload only what they are called and
// their hashes, of the scenario nothing of its steps.
type Setup struct {
	Scenario string // name
	Title    string // for people
	Goal     string // for people, a sentence
	Brief    string // for people, in Markdown
	Seed     uint64
	Tries    []Try               // what a visitor may do by a button
	Programs []recording.Program // installed before the lab started
	Captures map[string][]byte   // the files of doors that are captures, by name; nobody changes them
}

// A Try is what a button does.
type Try struct {
	Label    string         // on the button
	Look     string         // what to look at then
	Auto     bool           // it is done by itself when the lab begins
	Say      string         // what it does, in words
	Commands []vnet.Command // at one instant
}

// Errors of a session's methods.
var (
	ErrClosed  = errors.New("this lab is closed: start a new one")
	ErrViewers = errors.New("this lab has as many viewers as it may have: close another page that shows it")
	ErrFull    = errors.New("this lab has taken as many commands as a recording holds: start a new lab")
)

// A Session is a live lab. Its methods may be called from any goroutine; Run is
// the goroutine that they talk to. Its many fields are in groups: what never changes, what
// a lock guards, and what is Run's alone.
//
//	         Pause                 Run returns
//	running -------> paused -----------------> closed
//	  ^  \   Resume  /                            ^
//	  |   `--<------'                             |
//	  +-- ended: its virtual time cannot go on ---+
type Session struct {
	setup Setup
	conf  config.Lab
	opts  Options
	log   *event.Log
	lg    *slog.Logger
	sched *sched.Scheduler

	requests chan func()
	done     chan struct{}
	reason   string  // why it closed; to be read after done
	outcome  Outcome // likewise
	back     progress

	mu      sync.Mutex // guards what is published
	snap    *Snapshot
	changed chan struct{}

	// The rest belongs to Run's goroutine alone.
	lab      *vnet.Lab
	pace     pace
	line     sched.Line    // of the scheduler's, for the next turn
	place    *sched.Ticket // in that line; nil: none
	slipped  time.Duration
	viewers  int
	alone    time.Time // since when there are no viewers
	told     time.Time // when a snapshot was published
	dirty    bool      // something changed that the snapshot must show
	touched  time.Time // when it was seen to be dirty
	ended    bool
	why      string // it has ended
	ending   string // why the session is to close
	dir      *folder
	cap      *capture
	taps     []*Tap
	rec      recorder
	stopping []stopping
	waited   time.Duration // in a turn, for what needs none
	usage    usage
	uploads  uploads
	doors    doors
	unwhole  bool // the lab was left in the middle of a step

	// What the journal has.
	marks     int
	marked    Mark // the last
	markedAt  time.Time
	unkeptWhy error // it takes no more for now
}

// A stopping is a process that was sent SIGTERM and is killed if it does not end.
type stopping struct {
	node, proc string
	pid        int
	at         time.Duration
}

// New returns a session that will own lab, which has not been started. Run must be
// called, or the lab stays open.
func New(lab *vnet.Lab, setup Setup, o Options) (*Session, error) {
	if err := recording.CheckConfig(lab.Config()); err != nil {
		return nil, err
	}
	if o.Scheduler == nil {
		o.Scheduler = sched.New(0)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Idle = or(o.Idle, DefaultIdle)
	o.Viewers = or(o.Viewers, DefaultViewers)
	o.Capture = or(o.Capture, int64(DefaultCapture))
	o.Programs = or(o.Programs, int64(DefaultPrograms))
	s := &Session{
		setup: setup, conf: lab.Config(), opts: o, log: lab.Log(), lg: o.Logger, sched: o.Scheduler,
		requests: make(chan func(), requestQueue), done: make(chan struct{}), lab: lab, dir: newFolder(o),
		pace: pace{rate: RealTime}, back: progress{ended: make(chan struct{})},
	}
	s.cap = newCapture(s.dir, o.Capture)
	s.cap.changed = s.tellCapture
	s.doors.init(lab)
	lab.Log().Subscribe(s.captured)
	now := time.Now()
	s.alone, s.told = now, now
	s.publish(now)
	return s, nil
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Setup is what the lab was built from; the caller must not change it.
func (s *Session) Setup() Setup { return s.setup }

// Config is the lab's configuration; the caller must not change it.
func (s *Session) Config() config.Lab { return s.conf }

// Owner is whose turns the lab takes.
func (s *Session) Owner() sched.Owner { return s.opts.Owner }

// Log is the lab's event log, for its cursors.
func (s *Session) Log() *event.Log { return s.log }

// Done is closed when the lab is.
func (s *Session) Done() <-chan struct{} { return s.done }

// Reason is a sentence that says why the lab closed; "" while it is open.
func (s *Session) Reason() string {
	select {
	case <-s.done:
		return s.reason
	default:
		return ""
	}
}

// An Outcome is what ended a session, for who decides what becomes of its lab.
type Outcome int

// The outcomes.
const (
	Closed Outcome = iota // its context ended
	Idle                  // nobody watched it
	Spent                 // it is over a limit, and would be again
	Short                 // the server had nothing more to give for it: memory, or time of its cores
	Apart                 // what it was to have again came out otherwise
	Broken                // a bug of ours
)

// Outcome is what ended the session; to be asked when it is done.
func (s *Session) Outcome() Outcome {
	<-s.done
	return s.outcome
}

// Run starts the lab and drives it until ctx ends, the lab has been without a
// viewer for too long, or a limit or a bug ends it. It returns when everything the
// lab held has been given back.
func (s *Session) Run(ctx context.Context) {
	s.outcome = Broken // unless live says otherwise
	s.reason = s.live(ctx)
	if !s.back.over.Load() {
		close(s.back.ended)
	}
	if (s.outcome == Closed || s.outcome == Idle) && s.back.over.Load() && !s.unwhole {
		s.mark(true)
	}
	s.shut()
	s.opts.Claim.Release()
	close(s.done)
}

// live is Run up to the lab's end; a panic below it is a bug of ours, which ends
// this lab and no other.
func (s *Session) live(ctx context.Context) (reason string) {
	defer func() {
		if e := recover(); e != nil {
			s.lg.Error("a lab ended in a panic", "panic", fmt.Sprint(e), "stack", string(debug.Stack()))
			s.outcome = Broken
			reason = "an error inside the server ended this lab; it has been logged"
		}
	}()
	defer s.leaveLine()
	if s.opts.Past != nil {
		if reason := s.again(ctx); reason != "" {
			return reason
		}
	}
	s.lab.SetGrant(func(programs, others int64) bool { return s.grant(ctx, programs, others) })
	s.lab.SetAside(func(work func()) { s.aside(ctx, work) })
	s.pace.rebase(time.Now(), s.lab.Now())
	s.lab.Start()
	s.begin()
	s.back.over.Store(true)
	s.mark(false)
	close(s.back.ended)
	s.outcome = Closed
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if s.ending != "" {
			return s.ending
		}
		wait := s.next(time.Now())
		if wait <= 0 {
			// A lab that has work all the time still answers. After a pause or a step it
			// has none.
			select {
			case r := <-s.requests:
				r()
				wait = s.next(time.Now())
			case <-ctx.Done():
				return cause(ctx)
			default:
			}
			if wait <= 0 && !s.turn(ctx) {
				return cause(ctx)
			}
			s.look(time.Now())
			continue
		}
		s.leaveLine()
		timer.Reset(wait)
		select {
		case r := <-s.requests:
			r()
		case <-timer.C:
		case <-ctx.Done():
			return cause(ctx)
		}
		s.look(time.Now())
	}
}

// begin does what begins by itself, but for what was done before.
func (s *Session) begin() {
	if s.marked.Hash != "" {
		return // the first mark comes behind all of it
	}
	past := s.rec.n
	for _, t := range s.setup.Tries {
		if !t.Auto {
			continue
		}
		skip := min(past, len(t.Commands))
		past -= skip
		t.Commands = t.Commands[skip:]
		if _, _, err := s.try(t); err != nil {
			s.lg.Warn("what begins by itself could not be done", "try", t.Label, "error", err)
		}
	}
}

// cause is why ctx ended, as a sentence.
func cause(ctx context.Context) string {
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err.Error()
	}
	return closedReason
}

// shut gives back what the lab held, and leaves a last snapshot. A lab that ended
// in a panic may panic again; what is left is given back all the same.
func (s *Session) shut() {
	for _, f := range []func(){func() { s.publish(time.Now()) }, s.cap.close, s.rec.commands.close, s.rec.entered.close, s.dir.close, s.lab.Close} {
		func() {
			defer func() {
				if e := recover(); e != nil {
					s.lg.Error("closing a lab ended in a panic", "panic", fmt.Sprint(e), "stack", string(debug.Stack()))
				}
			}()
			f()
		}()
	}
}

// rate is the rate that holds now. Nobody needs a lab as fast as it goes that
// nobody watches, and a peer at a door has real time.
func (s *Session) rate() int {
	if s.viewers == 0 && s.pace.rate == AsFast || len(s.doors.open) > 0 {
		return RealTime
	}
	return s.pace.rate
}

// tied returns the pace that holds now, and whether it is tied to real time.
func (s *Session) tied() (pace, bool) {
	p := s.pace
	p.rate = s.rate()
	return p, p.tied()
}

// next is how long the session may sleep; 0 or less if the lab has work now.
func (s *Session) next(now time.Time) time.Duration {
	wait := time.Hour
	if s.opts.Idle > 0 && s.viewers == 0 {
		wait = min(wait, max(s.alone.Add(s.opts.Idle).Sub(now), time.Millisecond))
	}
	if s.viewers > 0 && (s.dirty || !s.pace.paused && !s.ended) {
		wait = min(wait, max(s.told.Add(s.publishEvery(now)).Sub(now), time.Millisecond))
	}
	if s.opts.Journal != nil && s.marked.Step != s.lab.Steps() {
		wait = min(wait, max(s.markedAt.Add(s.markEvery()).Sub(now), time.Millisecond))
	}
	if s.pace.paused || s.ended {
		return wait
	}
	due, ok := s.due()
	if !ok {
		return wait
	}
	p, tied := s.tied()
	if !tied {
		return 0
	}
	if d := p.wait(now, due); d > 0 {
		wait = min(wait, d+grain)
	} else {
		return 0
	}
	return wait
}

// due is when something is to happen next in the lab: its own next event, the end of
// the time that a process has to stop, or the next frame of a capture at a door.
func (s *Session) due() (time.Duration, bool) {
	at, ok := s.lab.Next()
	for _, x := range s.stopping {
		if !ok || x.at < at {
			at, ok = x.at, true
		}
	}
	if next, any := s.doors.next(); any && (!ok || next < at) {
		at, ok = next, true
	}
	return at, ok
}

// inLine is the session's place in line for a turn, which it keeps while it answers.
func (s *Session) inLine() *sched.Ticket {
	if s.place == nil {
		s.place = s.sched.Ask(s.line, s.opts.Owner)
	}
	return s.place
}

// leaveLine gives the place up, if there is one.
func (s *Session) leaveLine() {
	if s.place != nil {
		s.sched.GiveUp(s.place)
		s.place = nil
	}
}

// turn waits in line and lets the lab run for a bounded while, or answers what is
// asked meanwhile. It reports false if ctx ended first.
func (s *Session) turn(ctx context.Context) bool {
	select {
	case <-s.inLine().Granted():
		s.place = nil
	case r := <-s.requests:
		r()
		return true
	case <-ctx.Done():
		return false
	}
	defer s.sched.Release()
	due, any := s.due()
	began := time.Now()
	p, tied := s.tied()
	until := vnet.Forever
	if tied {
		until = p.target(began)
	}
	limit := s.lab.Steps() + sched.TurnSteps
	now, chunk := began, uint64(1)
	s.line = sched.Light
	for {
		if s.advance(until, min(s.lab.Steps()+chunk, limit)) || s.ending != "" {
			break
		}
		last := now
		now = time.Now()
		if chunk *= 2; now.Sub(last) > sched.TurnTime/sched.TurnChunk {
			chunk = 1 // these steps are no small ones: a process that starts takes milliseconds
		}
		chunk = min(chunk, sched.TurnChunk)
		if s.lab.Steps() >= limit || now.Sub(began) >= sched.TurnTime {
			s.line = sched.Hog
			break
		}
	}
	s.settleMemory()
	s.spend(time.Since(began) - s.waited)
	s.waited = 0
	if s.ending != "" {
		return true
	}
	s.expire()
	s.play()
	if tied {
		if any && due <= until {
			s.sched.Lag().Add(p.lag(now, due))
		}
		if s.overdue(until) {
			s.slipped += p.slip(now, s.lab.Now())
			s.pace.base = p.base
		}
	}
	s.over()
	return true
}

// spend charges a turn to who pays for it.
func (s *Session) spend(d time.Duration) {
	if s.opts.Spent == nil || s.ending != "" {
		return
	}
	if why := s.opts.Spent(d); why != "" {
		s.ending, s.outcome = why, Short
	}
}

// over notes that nothing can happen in the lab any more, and why.
func (s *Session) over() {
	why := s.lab.Halted()
	if why == "" && s.lab.Now() >= MaxTime {
		why = fmt.Sprintf("this lab's %s of virtual time are over: start a new one", MaxTime)
	}
	if why != "" {
		s.ended, s.why, s.dirty = true, why, true
	}
}

// overdue reports whether something is due that the lab has not got to.
func (s *Session) overdue(until time.Duration) bool {
	at, ok := s.lab.Next()
	return ok && at <= until
}

// advance lets the lab run until its clock reaches until or it has taken limit steps
// in all, and reports whether nothing more is to do. Without an until it goes from
// event to event, and stands where there is none.
func (s *Session) advance(until time.Duration, limit uint64) bool {
	until = min(until, MaxTime)
	for _, x := range s.stopping {
		until = min(until, max(x.at, s.lab.Now()))
	}
	if next, any := s.doors.next(); any {
		until = min(until, max(next, s.lab.Now()))
	}
	if until < MaxTime {
		return s.lab.Run(until, limit)
	}
	at, ok := s.lab.Next()
	if !ok || s.lab.Now() >= MaxTime {
		return true
	}
	s.lab.Run(min(at+stride, MaxTime), limit)
	return s.lab.Now() >= MaxTime
}

// expire kills the processes whose time to stop is over.
func (s *Session) expire() {
	for i := 0; i < len(s.stopping); i++ {
		x := s.stopping[i]
		alive := s.pid(x.node, x.proc) == x.pid
		if alive && s.lab.Now() < x.at {
			continue
		}
		if alive {
			if _, err := s.do(vnet.Kill{Node: x.node, Proc: x.proc}); err != nil {
				s.lg.Warn("a process outlives its stop", "node", x.node, "proc", x.proc, "error", err)
			}
		}
		s.stopping = append(s.stopping[:i], s.stopping[i+1:]...)
		i--
	}
}

// look does what is due now besides the lab: it publishes, and ends a lab that
// nobody watches or that uses too much memory.
func (s *Session) look(now time.Time) {
	if s.opts.Idle > 0 && s.viewers == 0 && now.Sub(s.alone) >= s.opts.Idle {
		s.ending, s.outcome = fmt.Sprintf("nobody has watched this lab for %s", s.opts.Idle), Idle
		return
	}
	s.markSoon(now)
	if s.dirty {
		s.touched = now
	}
	if now.Sub(s.told) < s.publishEvery(now) || s.viewers == 0 || !s.dirty && (s.pace.paused || s.ended) {
		return
	}
	if p, tied := s.tied(); tied && !s.ended && s.ending == "" {
		// The clock that people see goes on while nothing is due.
		if at, due := s.due(); !due || at > p.target(now) {
			s.lab.Run(min(p.target(now), MaxTime), s.lab.Steps())
		}
	}
	s.publish(now)
}

// publishEvery is how long it is from a snapshot to the next.
func (s *Session) publishEvery(now time.Time) time.Duration {
	if s.dirty || now.Sub(s.touched) < PublishEvery {
		return PublishSoon
	}
	return PublishEvery
}
