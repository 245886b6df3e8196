package vnet

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/loop"
)

// Signals that people and drivers send, by their BSD numbers. The others are in
// signalNames.
const (
	SIGHUP  = 1
	SIGINT  = 2
	SIGKILL = 9
	SIGPIPE = 13
	SIGALRM = 14
	SIGTERM = 15
	SIGSTOP = 17
	SIGCHLD = 20
	SIGIO   = 23
	SIGXCPU = 24
)

// signalNames are the signals of the BSDs (sys/signal.h) by number.
var signalNames = [...]string{
	1: "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGEMT", "SIGFPE", "SIGKILL", "SIGBUS", "SIGSEGV",
	"SIGSYS", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGURG", "SIGSTOP", "SIGTSTP", "SIGCONT", "SIGCHLD", "SIGTTIN", "SIGTTOU",
	"SIGIO", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGINFO", "SIGUSR1", "SIGUSR2",
}

// SignalName is a signal's name; "" where there is none of that number.
func SignalName(sig int) string {
	if sig < 1 || sig >= len(signalNames) {
		return ""
	}
	return signalNames[sig]
}

// harmless are the signals that do nothing to a process that does not catch them:
// SIGURG, SIGCONT, SIGCHLD, SIGIO, SIGWINCH and SIGINFO; and those of job control,
// which a process in an orphaned group, as all are here, does not see.
const harmless = 1<<16 | 1<<18 | 1<<19 | 1<<20 | 1<<21 | 1<<22 | 1<<23 | 1<<28 | 1<<29

// A SignalAction is what becomes of a signal: struct sigaction.
type SignalAction uint8

// The actions.
const (
	SigDefault SignalAction = iota // ends the process, or nothing: sigaction(2) has the list
	SigCaught                      // the program takes it; a call that it interrupts fails with EINTR
	SigIgnored                     // it is lost
	SigRestart                     // as SigCaught, but calls that can begin again do so: SA_RESTART
)

func (a SignalAction) String() string {
	return [...]string{"default", "caught", "ignored", "caught, SA_RESTART"}[a]
}

// signals is what a process' signals do. Sets have a bit for each number.
type signals struct {
	caught  uint32 // the program takes them itself
	ignored uint32
	restart uint32 // of those that are caught, the ones with SA_RESTART
	pending uint32 // posted, caught and not taken
	blocked uint32 // pending ones that end no sleep: all while a handler runs
	fatal   int    // the one that ends the process, 0 while none does
	fds     []*signalFile

	watchers []*signalFilter
	alarm    loop.Timer
	alarmAt  time.Duration
}

// interrupts reports whether a signal is to end the process' sleep.
func (p *Proc) interrupts() bool {
	return p.fatal != 0 || len(p.fds) == 0 && p.pending&^p.blocked != 0
}

// disarm takes back what arm did, once no signal is left to end a sleep.
func (p *Proc) disarm() {
	if !p.interrupts() {
		p.caller.Thread.Signalled = false
	}
}

// arm makes the next sleep that a signal ends not begin, if there is a signal. A
// command of the lab looks at the signals that it catches itself before it sleeps.
func (p *Proc) arm() { p.caller.Thread.Signalled = p.fatal != 0 || !p.native && p.interrupts() }

// Signal posts a signal. One that the program does not take itself ends the
// process at the return of the call that it is in, or does nothing, as its kind
// is. A process that exits sees none any more but SIGKILL.
func (p *Proc) Signal(sig int) {
	name := SignalName(sig)
	if name == "" || p.state == procExited || p.exiting && sig != SIGKILL {
		return
	}
	for _, f := range p.watchers {
		if f.sig == sig {
			f.came++
			f.kn.Activate(f.kn)
		}
	}
	bit := uint32(1) << sig
	what := "ends the process"
	switch {
	case sig == SIGKILL:
	case p.caught&bit != 0:
		what = "caught"
	case (p.ignored|harmless)&bit != 0:
		if sig == SIGCHLD {
			return // each child that ends sends one
		}
		what = "ignored"
	}
	p.node.lab.emit(event.Event{Kind: event.Signal, Node: p.node.name, Proc: p.name, PID: p.pid, Op: name, Text: what, Fuel: p.fuel})
	switch what {
	case "ignored":
		return
	case "caught":
		p.pending |= bit
		for _, f := range p.fds {
			f.sel.Wakeup(p.node.kern)
			f.sel.Knote(p.node.kern)
		}
	default:
		if p.fatal == 0 || sig == SIGKILL {
			p.fatal = sig
		}
	}
	if p.interrupts() && !p.node.kern.Interrupt(&p.caller.Thread) {
		p.arm()
	}
}

// Catch makes the program take a signal itself: TakeSignal returns it.
func (p *Proc) Catch(sig int) { p.act(sig, SigCaught) }

// Sigaction is sigaction(2): what becomes of a signal from now on. It returns what
// did before. EINVAL for SIGKILL, SIGSTOP and what is no signal.
func (p *Proc) Sigaction(sig int, a SignalAction) (SignalAction, errno.Errno) {
	began := p.Now()
	name := SignalName(sig)
	if name == "" {
		name = fmt.Sprint(sig)
	}
	var old SignalAction
	e := errno.EINVAL
	if a <= SigRestart && SignalName(sig) != "" && sig != SIGKILL && sig != SIGSTOP {
		old, e = p.act(sig, a), errno.OK
		name += ", " + a.String()
	}
	p.logCall(event.Event{Op: "sigaction", N: int64(old), Text: name}, e, began)
	return old, e
}

func (p *Proc) act(sig int, a SignalAction) (old SignalAction) {
	bit := uint32(1) << sig
	switch {
	case p.restart&bit != 0:
		old = SigRestart
	case p.caught&bit != 0:
		old = SigCaught
	case p.ignored&bit != 0:
		old = SigIgnored
	}
	p.caught, p.ignored, p.restart = p.caught&^bit, p.ignored&^bit, p.restart&^bit
	switch a {
	case SigRestart:
		p.restart |= bit
		p.caught |= bit
	case SigCaught:
		p.caught |= bit
	case SigIgnored:
		p.ignored |= bit
	case SigDefault:
	}
	if p.caught&bit == 0 && p.pending&bit != 0 {
		p.pending &^= bit
		if (p.ignored|harmless)&bit == 0 && p.fatal == 0 {
			p.fatal = sig
		}
	}
	p.disarm()
	return old
}

// SignalWaits reports whether a signal that the program catches has been posted and
// is to be taken now. A program asks at the return of each call.
func (p *Proc) SignalWaits() bool {
	return p.pending&^p.blocked != 0 && p.fatal == 0 && len(p.fds) == 0
}

// TakeSignal returns a signal that was posted and that the program catches, the
// lowest first, or 0.
func (p *Proc) TakeSignal() int {
	if p.pending == 0 {
		return 0
	}
	sig := bits.TrailingZeros32(p.pending)
	p.pending &^= 1 << sig
	p.disarm()
	return sig
}

// Sigtake is TakeSignal as a call of the program's, which is recorded where there
// was a signal.
func (p *Proc) Sigtake() int {
	sig := p.TakeSignal()
	if sig != 0 {
		p.logCall(event.Event{Op: "sigtake", N: int64(sig), Text: SignalName(sig)}, errno.OK, p.Now())
	}
	return sig
}

// Handle runs a handler for a signal that was taken. While it runs no other signal
// interrupts what it does. It returns whether the call that the signal interrupted
// begins again after it.
func (p *Proc) Handle(sig int, handler func()) (restart bool) {
	p.node.lab.emit(event.Event{Kind: event.Signal, Node: p.node.name, Proc: p.name, PID: p.pid, Op: SignalName(sig), Text: "handler", Fuel: p.fuel})
	restart = p.restart&(1<<sig) != 0
	p.blocked = ^uint32(0)
	p.disarm()
	handler()
	p.blocked = 0
	p.arm()
	return restart
}

// Sigpause is sigsuspend(2): it sleeps until a caught signal comes whose bit,
// number minus one, is not set in mask, also if it came before. It returns EINTR.
func (p *Proc) Sigpause(mask uint64) errno.Errno {
	began := p.Now()
	before := p.blocked
	p.blocked = uint32(mask << 1)
	p.arm()
	e := p.node.kern.Sleep(&p.caller.Thread, &p.blocked, "pause", true)
	p.blocked = before
	p.disarm()
	p.logCall(event.Event{Op: "sigpause", Text: maskText(uint32(mask << 1))}, e, began)
	return e
}

func maskText(set uint32) string {
	var names []string
	for sig := range signalNames {
		if sig > 0 && set&(1<<sig) != 0 {
			names = append(names, signalNames[sig])
		}
	}
	return "[" + strings.Join(names, " ") + "]"
}

// Kill is kill(2), on the process' own node: to a process, to its own group (0), to
// all others (-1) or to a group (minus its number). Signal 0 only asks whether
// there is anybody: ESRCH if not.
func (p *Proc) Kill(pid, sig int) errno.Errno {
	began := p.Now()
	name := SignalName(sig)
	e := errno.OK
	switch {
	case name == "" && sig != 0, sig == SIGSTOP:
		e = errno.EINVAL // there is no job control
		name = fmt.Sprint(sig)
	case sig == 0:
		name = "0"
		fallthrough
	default:
		if p.node.signal(p, pid, sig) == 0 && !p.zombie(pid) {
			e = errno.ESRCH
		}
	}
	p.logCall(event.Event{Op: "kill", Text: fmt.Sprintf("%d, %s", pid, name)}, e, began)
	return e
}

// signal posts a signal as from asks for it, and returns to how many processes.
func (n *Node) signal(from *Proc, pid, sig int) int {
	count := 0
	for _, q := range slices.Clone(n.procs) {
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
	l := &p.node.lab.loop
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

// A signalFile gives a process' caught signals to who reads it, each as four
// bytes, least significant first. While one is open signals end no sleep: they
// wait here.
type signalFile struct {
	file.Plain
	p   *Proc
	non bool
	sel kern.SelInfo
}

// Signalfd opens a descriptor whose reads take the signals that the program
// catches.
func (p *Proc) Signalfd() (int, errno.Errno) {
	began := p.Now()
	f := &signalFile{p: p}
	fd, e := p.install(&openFile{file: f, path: "signalfd", flags: kern.O_RDONLY})
	if e == errno.OK {
		p.fds = append(p.fds, f)
		p.disarm()
	}
	p.logCall(event.Event{Op: "signalfd", N: int64(fd)}, e, began)
	return fd, e
}

// Read takes the signals of who opened it.
func (f *signalFile) Read(by *file.Caller, b []byte) (int, uint64, errno.Errno) {
	if by != &f.p.caller || len(b) < 4 {
		return 0, 0, errno.EINVAL // the signals are those of who opened it
	}
	p := f.p
	for p.pending == 0 {
		if f.non {
			return 0, 0, errno.EWOULDBLOCK
		}
		if e := by.Wait(&f.sel, -1); e != errno.OK {
			return 0, 0, e
		}
	}
	n := 0
	for ; n+4 <= len(b) && p.pending != 0; n += 4 {
		binary.LittleEndian.PutUint32(b[n:], uint32(p.TakeSignal()))
	}
	return n, 0, errno.OK
}

// Poll finds it ready when a signal waits.
func (f *signalFile) Poll(by *file.Caller, events int) int {
	if by == &f.p.caller && f.p.pending != 0 {
		return events & (kern.POLLIN | kern.POLLRDNORM)
	}
	f.sel.Record(by.Kernel, &by.Thread)
	return 0
}

// SetFlags takes O_NONBLOCK.
func (f *signalFile) SetFlags(_ *file.Caller, flags int) errno.Errno {
	f.non = flags&kern.O_NONBLOCK != 0
	return errno.OK
}

// Kqfilter watches for signals. Data is how many bytes.
func (f *signalFile) Kqfilter(by *file.Caller, kn *kern.Knote) errno.Errno {
	if kn.Filter != kern.EVFILT_READ || by != &f.p.caller {
		return errno.EINVAL
	}
	return file.Watch(&f.sel, kn, func(kn *kern.Knote) bool {
		kn.Data = int64(4 * bits.OnesCount32(f.p.pending))
		return kn.Data > 0
	})
}

// Close makes signals end sleeps again.
func (f *signalFile) Close(*file.Caller) errno.Errno {
	f.p.fds = slices.DeleteFunc(f.p.fds, func(x *signalFile) bool { return x == f })
	f.p.arm()
	f.sel.Destroy(f.p.node.kern)
	return errno.OK
}
