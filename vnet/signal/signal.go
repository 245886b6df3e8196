// Package signal has the signals of a BSD and what becomes of one that is posted to a
// process. It is a value: who owns the process wakes it, ends it, and runs its handlers.
package signal

import "strings"

// Signals that people and drivers send, by their BSD numbers. The others are in names.
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

// names are the signals of the BSDs (sys/signal.h) by number.
var names = [...]string{
	1: "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGEMT", "SIGFPE", "SIGKILL", "SIGBUS", "SIGSEGV",
	"SIGSYS", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGURG", "SIGSTOP", "SIGTSTP", "SIGCONT", "SIGCHLD", "SIGTTIN", "SIGTTOU",
	"SIGIO", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGINFO", "SIGUSR1", "SIGUSR2",
}

// Name is a signal's name; "" where there is none of that number.
func Name(sig int) string {
	if sig < 1 || sig >= len(names) {
		return ""
	}
	return names[sig]
}

// A Set has a bit for each number.
type Set uint32

// All has every signal.
const All = ^Set(0)

// FromMask is the set of a sigset_t, whose lowest bit is signal 1.
func FromMask(mask uint64) Set { return Set(mask << 1) }

func of(sig int) Set { return 1 << sig }

// String is "[SIGHUP SIGINT]".
func (s Set) String() string {
	var in []string
	for sig := range names {
		if sig > 0 && s&of(sig) != 0 {
			in = append(in, names[sig])
		}
	}
	return "[" + strings.Join(in, " ") + "]"
}

// harmless are the signals that do nothing to a process that does not catch them:
// SIGURG, SIGCONT, SIGCHLD, SIGIO, SIGWINCH and SIGINFO; and those of job control,
// which a process in an orphaned group, as all are here, does not see.
const harmless Set = 1<<16 | 1<<18 | 1<<19 | 1<<20 | 1<<21 | 1<<22 | 1<<23 | 1<<28 | 1<<29
