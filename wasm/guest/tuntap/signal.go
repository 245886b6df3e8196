//go:build wasip1

package tuntap

import (
	"encoding/binary"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// A Signal is a signal by its BSD number. It is an [os.Signal].
type Signal int

// The signals.
const (
	SIGHUP    Signal = 1
	SIGINT    Signal = 2
	SIGQUIT   Signal = 3
	SIGABRT   Signal = 6
	SIGKILL   Signal = 9
	SIGPIPE   Signal = 13
	SIGALRM   Signal = 14
	SIGTERM   Signal = 15
	SIGURG    Signal = 16
	SIGCHLD   Signal = 20
	SIGIO     Signal = 23
	SIGXCPU   Signal = 24
	SIGWINCH  Signal = 28
	SIGINFO   Signal = 29
	SIGUSR1   Signal = 30
	SIGUSR2   Signal = 31
	maxSignal        = 31
)

var signalNames = map[Signal]string{
	SIGHUP: "hangup", SIGINT: "interrupt", SIGQUIT: "quit", SIGABRT: "abort trap", SIGKILL: "killed", SIGPIPE: "broken pipe",
	SIGALRM: "alarm clock", SIGTERM: "terminated", SIGURG: "urgent I/O condition", SIGCHLD: "child exited", SIGIO: "I/O possible",
	SIGXCPU: "cputime limit exceeded", SIGWINCH: "window size changes", SIGINFO: "information request",
	SIGUSR1: "user defined signal 1", SIGUSR2: "user defined signal 2",
}

// Signal makes it an [os.Signal].
func (Signal) Signal() {}

func (s Signal) String() string {
	if n, ok := signalNames[s]; ok {
		return n
	}
	return "signal " + itoa(int(s))
}

// What sigaction of the host is told.
const (
	actDefault = 0
	actCaught  = 1
	actIgnored = 2
)

// notifier gives the signals of the process to the channels that asked for them.
type notifier struct {
	sync.Mutex
	file  *os.File // the signalfd, once there is a channel
	chans []listener
}

type listener struct {
	c    chan<- os.Signal
	want uint32 // bit n is signal n
}

var signals notifier

// Notify makes the signals of the process, those listed, go to c, as Notify of
// package os/signal does: it does not wait for c. SIGKILL and SIGSTOP cannot be
// caught.
func Notify(c chan<- os.Signal, sigs ...Signal) error {
	signals.Lock()
	defer signals.Unlock()
	if signals.file == nil {
		fd, err := result(hostSignalfd())
		if err != nil {
			return os.NewSyscallError("signalfd", err)
		}
		signals.file = newFile(fd, "signalfd")
		go signals.run(signals.file)
	}
	l := listener{c: c}
	for _, s := range sigs {
		if _, err := result(hostSigaction(int32(s), actCaught)); err != nil {
			return os.NewSyscallError("sigaction", err)
		}
		l.want |= 1 << s
	}
	signals.chans = append(signals.chans, l)
	return nil
}

// Stop ends what Notify began for c. Signals that no channel is left for have their
// default action again.
func Stop(c chan<- os.Signal) {
	signals.Lock()
	defer signals.Unlock()
	var had, left uint32
	signals.chans = slices.DeleteFunc(signals.chans, func(l listener) bool {
		if l.c == c {
			had |= l.want
			return true
		}
		left |= l.want
		return false
	})
	for s := range maxSignal + 1 {
		if (had&^left)>>s&1 != 0 {
			_ = hostSigaction(int32(s), actDefault) // it was caught, so it can be
		}
	}
}

// Ignore makes signals be lost.
func Ignore(sigs ...Signal) error { return act(actIgnored, sigs) }

// Reset gives signals their default action.
func Reset(sigs ...Signal) error { return act(actDefault, sigs) }

func act(how int32, sigs []Signal) error {
	for _, s := range sigs {
		if _, err := result(hostSigaction(int32(s), how)); err != nil {
			return os.NewSyscallError("sigaction", err)
		}
	}
	return nil
}

// run reads the signalfd: four bytes for each signal.
func (n *notifier) run(f *os.File) {
	var b [4 * 32]byte
	for {
		got, err := f.Read(b[:])
		if err != nil {
			return
		}
		for i := 0; i+4 <= got; i += 4 {
			n.deliver(Signal(binary.LittleEndian.Uint32(b[i:])))
		}
	}
}

func (n *notifier) deliver(s Signal) {
	n.Lock()
	defer n.Unlock()
	for _, l := range n.chans {
		if l.want>>s&1 != 0 {
			select {
			case l.c <- s:
			default:
			}
		}
	}
}

// Kill is kill(2), on the process's own node. Signal 0 only asks whether there is
// such a process.
func Kill(pid int, s Signal) error {
	_, err := result(hostKill(int32(pid), int32(s)))
	return os.NewSyscallError("kill", err)
}

// Alarm is setitimer(2) for one SIGALRM after d, in whole milliseconds; 0 is for
// none. It returns how long the one before had left.
func Alarm(d time.Duration) time.Duration {
	left := hostAlarm(int32(min((d+time.Millisecond-1)/time.Millisecond, 1<<31-1)))
	return time.Duration(max(left, 0)) * time.Millisecond
}

// newFile is an os.File for a descriptor that goroutines, and no more than those,
// wait for.
func newFile(fd int, name string) *os.File {
	_ = syscall.SetNonblock(fd, true) // every descriptor of the host's has the flag
	return os.NewFile(uintptr(fd), name)
}
