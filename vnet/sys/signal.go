package sys

import (
	"fmt"
	"slices"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/loop"
	"wireloom/vnet/signal"
)

// signals are a process' signals, and who is told of them besides the program.
type signals struct {
	sig      signal.State
	fds      []*file.Signals     // while one is open, signals end no sleep: they wait there
	watchers []*file.SignalCount // of kqueues
	alarm    loop.Timer
	alarmAt  time.Duration
}

// interrupts reports whether a signal is to end the process' sleep.
func (p *Proc) interrupts() bool {
	return p.sig.Fatal() != 0 || p.SignalWaits()
}

// disarm takes back what arm did, once no signal is left to end a sleep.
func (p *Proc) disarm() {
	if !p.interrupts() {
		p.caller.Thread.Signalled = false
	}
}

// arm makes the next sleep that a signal ends not begin, if there is a signal. A
// command of the lab looks at the signals that it catches itself before it sleeps.
func (p *Proc) arm() { p.caller.Thread.Signalled = p.sig.Fatal() != 0 || !p.native && p.interrupts() }

// Signal posts a signal. One that the program does not take itself ends the
// process at the return of the call that it is in, or does nothing, as its kind
// is. A process that exits sees none any more but SIGKILL.
func (p *Proc) Signal(sig int) {
	name := signal.Name(sig)
	if name == "" || p.state == procExited || p.exiting && sig != signal.SIGKILL {
		return
	}
	for _, f := range p.watchers {
		if f.Sig == sig {
			f.Came()
		}
	}
	what := p.sig.Post(sig)
	if what == signal.Untold {
		return
	}
	p.sys.log.Emit(event.Event{Kind: event.Signal, Node: p.sys.name, Proc: p.name, PID: p.pid, Op: name, Text: what.String(), Fuel: p.fuel})
	switch what {
	case signal.Caught:
		for _, f := range p.fds {
			f.Came()
		}
	case signal.Ends:
	default:
		return
	}
	if p.interrupts() && !p.sys.kern.Interrupt(&p.caller.Thread) {
		p.arm()
	}
}

// Catch makes the program take a signal itself: TakeSignal returns it.
func (p *Proc) Catch(sig int) { p.act(sig, signal.Catch) }

// Sigaction is sigaction(2): what becomes of a signal from now on. It returns what
// did before. EINVAL for SIGKILL, SIGSTOP and what is no signal.
func (p *Proc) Sigaction(sig int, a signal.Action) (signal.Action, errno.Errno) {
	began := p.Now()
	name := signal.Name(sig)
	if name == "" {
		name = fmt.Sprint(sig)
	}
	var old signal.Action
	e := errno.EINVAL
	if a <= signal.Restart && signal.Name(sig) != "" && sig != signal.SIGKILL && sig != signal.SIGSTOP {
		old, e = p.act(sig, a), errno.OK
		name += ", " + a.String()
	}
	p.logCall(event.Event{Op: "sigaction", N: int64(old), Text: name}, e, began)
	return old, e
}

func (p *Proc) act(sig int, a signal.Action) (old signal.Action) {
	old = p.sig.Act(sig, a)
	p.disarm()
	return old
}

// SignalWaits reports whether a signal that the program catches has been posted and
// is to be taken now. A program asks at the return of each call.
func (p *Proc) SignalWaits() bool {
	return p.sig.Due() && p.sig.Fatal() == 0 && len(p.fds) == 0
}

// TakeSignal returns a signal that was posted and that the program catches, the
// lowest first, or 0.
func (p *Proc) TakeSignal() int {
	sig := p.sig.Take()
	if sig != 0 {
		p.disarm()
	}
	return sig
}

// Sigtake is TakeSignal as a call of the program's, which is recorded where there
// was a signal.
func (p *Proc) Sigtake() int {
	sig := p.TakeSignal()
	if sig != 0 {
		p.logCall(event.Event{Op: "sigtake", N: int64(sig), Text: signal.Name(sig)}, errno.OK, p.Now())
	}
	return sig
}

// Handle runs a handler for a signal that was taken. While it runs no other signal
// interrupts what it does. It returns whether the call that the signal interrupted
// begins again after it.
func (p *Proc) Handle(sig int, handler func()) (restart bool) {
	p.sys.log.Emit(event.Event{Kind: event.Signal, Node: p.sys.name, Proc: p.name, PID: p.pid, Op: signal.Name(sig), Text: "handler", Fuel: p.fuel})
	restart = p.sig.Restarts(sig)
	p.sig.Block(signal.All)
	p.disarm()
	handler()
	p.sig.Block(0)
	p.arm()
	return restart
}

// Sigpause is sigsuspend(2): it sleeps until a caught signal comes whose bit,
// number minus one, is not set in mask, also if it came before. It returns EINTR.
func (p *Proc) Sigpause(mask uint64) errno.Errno {
	began := p.enter("sigpause", noFD, forEver)
	set := signal.FromMask(mask)
	before := p.sig.Block(set)
	p.arm()
	e := p.sys.kern.Sleep(&p.caller.Thread, &p.signals, "pause", true)
	p.sig.Block(before)
	p.disarm()
	p.logCall(event.Event{Op: "sigpause", Text: set.String()}, e, began)
	return e
}

// Kill is kill(2), on the process' own node: to a process, to its own group (0), to
// all others (-1) or to a group (minus its number). Signal 0 only asks whether
// there is anybody: ESRCH if not.
func (p *Proc) Kill(pid, sig int) errno.Errno {
	began := p.Now()
	name := signal.Name(sig)
	e := errno.OK
	switch {
	case name == "" && sig != 0, sig == signal.SIGSTOP:
		e = errno.EINVAL // there is no job control
		name = fmt.Sprint(sig)
	case sig == 0:
		name = "0"
		fallthrough
	default:
		if p.sys.signal(p, pid, sig) == 0 && !p.zombie(pid) {
			e = errno.ESRCH
		}
	}
	p.logCall(event.Event{Op: "kill", Text: fmt.Sprintf("%d, %s", pid, name)}, e, began)
	return e
}

// signal posts a signal as from asks for it, and returns to how many processes.
func (s *System) signal(from *Proc, pid, sig int) int {
	count := 0
	for _, q := range slices.Clone(s.procs) {
		switch {
		case pid > 0 && q.pid != pid,
			pid == 0 && q.caller.Thread.PGID != from.caller.Thread.PGID,
			pid == -1 && q == from,
			pid < -1 && q.caller.Thread.PGID != -pid:
			continue
		}
		count++
		if sig != 0 {
			q.Signal(sig)
		}
	}
	return count
}

// Alarm is setitimer(2) for one SIGALRM when d has passed; none with 0. It returns
// how long the alarm that it replaces had left, 0 without one.
func (p *Proc) Alarm(d time.Duration) time.Duration {
	l := p.sys.loop
	left := time.Duration(0)
	if l.Stop(&p.alarm) {
		left = p.alarmAt - l.Now()
	}
	if d > 0 {
		p.alarmAt = l.Now() + d
		l.Set(&p.alarm, p.alarmAt)
	}
	p.logCall(event.Event{Op: "alarm", N: int64(left / time.Millisecond), Text: d.String()}, errno.OK, l.Now())
	return left
}

// caught are the signals that a process catches (file.Posted).
type caught struct{ *Proc }

func (c caught) Waiting() int { return c.sig.Pending() }

// Signalfd opens a descriptor whose reads take the signals that the program
// catches.
func (p *Proc) Signalfd() (int, errno.Errno) {
	began := p.Now()
	f := file.NewSignals(&p.caller, caught{p}, func(f *file.Signals) {
		p.fds = slices.DeleteFunc(p.fds, func(x *file.Signals) bool { return x == f })
		p.arm()
	})
	fd, e := p.install(&openFile{file: f, path: "signalfd", flags: kern.O_RDONLY})
	if e == errno.OK {
		p.fds = append(p.fds, f)
		p.disarm()
	}
	p.logCall(event.Event{Op: "signalfd", N: int64(fd)}, e, began)
	return fd, e
}

// Terminate posts SIGTERM. A command of the node's is stopped with SIGINT, as Ctrl-C at
// its prompt would: ping then prints what it counted.
func (p *Proc) Terminate() {
	if p.native {
		p.Signal(signal.SIGINT)
		return
	}
	p.Signal(signal.SIGTERM)
}
