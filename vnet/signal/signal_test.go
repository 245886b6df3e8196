package signal_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wireloom/vnet/signal"
)

// number finds a signal by its name.
func number(name string) int {
	for sig := 1; signal.Name(sig) != ""; sig++ {
		if signal.Name(sig) == name {
			return sig
		}
	}
	panic("no such signal: " + name)
}

// do carries out a line: "post SIGINT", "act SIGINT catch", "take", "due", "fatal",
// "block SIGINT SIGHUP".
func do(s *signal.State, line string) string {
	w := strings.Fields(line)
	name := func(sig int) string {
		if sig == 0 {
			return "none"
		}
		return signal.Name(sig)
	}
	switch w[0] {
	case "post":
		if o := s.Post(number(w[1])); o != signal.Untold {
			return o.String()
		}
		return "untold"
	case "act":
		a := slices.Index([]string{"default", "catch", "ignore", "restart"}, w[2])
		return s.Act(number(w[1]), signal.Action(a)).String()
	case "take":
		return name(s.Take())
	case "fatal":
		return name(s.Fatal())
	case "due":
		return fmt.Sprintf("%t, %d pending", s.Due(), s.Pending())
	case "block":
		var mask uint64
		for _, name := range w[1:] {
			mask |= 1 << (number(name) - 1)
		}
		return "was " + s.Block(signal.FromMask(mask)).String()
	case "restarts":
		return fmt.Sprint(s.Restarts(number(w[1])))
	}
	panic("no such line: " + line)
}

func TestWhatBecomesOfASignal(t *testing.T) {
	for _, c := range []struct{ name, script string }{
		{"most end a process that does nothing about them", `
			post SIGTERM = ends the process
			fatal = SIGTERM
			due = false, 0 pending`},
		{"the first one is what ends it, but for SIGKILL", `
			post SIGTERM = ends the process
			post SIGINT = ends the process
			fatal = SIGTERM
			post SIGKILL = ends the process
			fatal = SIGKILL`},
		{"some are harmless", `
			post SIGIO = ignored
			post SIGWINCH = ignored
			post SIGCHLD = untold
			fatal = none`},
		{"one that is ignored is lost", `
			act SIGINT ignore = default
			post SIGINT = ignored
			act SIGINT catch = ignored
			take = none`},
		{"one that is caught waits until it is taken, however often it came", `
			act SIGINT catch = default
			act SIGHUP catch = default
			post SIGINT = caught
			post SIGINT = caught
			post SIGHUP = caught
			due = true, 2 pending
			take = SIGHUP
			take = SIGINT
			take = none
			due = false, 0 pending`},
		{"one that is blocked waits and is not due", `
			act SIGINT catch = default
			block SIGINT SIGTERM = was []
			post SIGINT = caught
			due = false, 1 pending
			block SIGTERM = was [SIGINT SIGTERM]
			due = true, 1 pending`},
		{"blocking saves nobody from what ends him", `
			block SIGTERM = was []
			post SIGTERM = ends the process
			fatal = SIGTERM`},
		{"a signal that waits does at once what it is to do now", `
			act SIGTERM catch = default
			post SIGTERM = caught
			act SIGTERM ignore = caught
			due = false, 0 pending
			fatal = none
			act SIGTERM catch = ignored
			post SIGTERM = caught
			act SIGTERM default = caught
			fatal = SIGTERM`},
		{"a harmless one that waits is lost", `
			act SIGIO catch = default
			post SIGIO = caught
			act SIGIO default = caught
			due = false, 0 pending
			fatal = none`},
		{"calls begin again where it says so", `
			act SIGALRM restart = default
			restarts SIGALRM = true
			act SIGALRM catch = caught, SA_RESTART
			restarts SIGALRM = false`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s signal.State
			for line := range strings.Lines(c.script) {
				call, want, ok := strings.Cut(strings.TrimSpace(line), " = ")
				if !ok {
					continue
				}
				if got := do(&s, call); got != want {
					t.Errorf("%s = %s, want %s", call, got, want)
				}
			}
		})
	}
}

func TestAChildIgnoresWhatItsParentDoes(t *testing.T) {
	var parent, child signal.State
	parent.Act(signal.SIGINT, signal.Ignore)
	parent.Act(signal.SIGTERM, signal.Catch)
	child.Inherit(&parent)
	if got := child.Post(signal.SIGINT); got != signal.Ignored {
		t.Errorf("SIGINT: %s, want ignored", got)
	}
	if got := child.Post(signal.SIGTERM); got != signal.Ends {
		t.Errorf("SIGTERM, which the parent catches: %s, want that it ends the process", got)
	}
}

func TestNames(t *testing.T) {
	for sig, want := range map[int]string{-1: "", 0: "", 1: "SIGHUP", 31: "SIGUSR2", 32: ""} {
		if got := signal.Name(sig); got != want {
			t.Errorf("signal %d is %q, want %q", sig, got, want)
		}
	}
	if got, want := signal.FromMask(1<<0|1<<1).String(), "[SIGHUP SIGINT]"; got != want {
		t.Errorf("a mask of two is %s, want %s", got, want)
	}
}
