package wasm

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"wireloom/vnet/sys"
	"wireloom/wasm/fuel"
)

// Signals that say in an exit code how a trap would have ended a native program.
const (
	sigILL  = 4
	sigABRT = 6
	sigFPE  = 8
	sigKILL = 9
	sigSEGV = 11
)

// maxFrames is how many functions of a trap's stack are shown, and maxNameShown how
// many characters of a name.
const (
	maxFrames    = 8
	maxNameShown = 80
)

// traps are wazero's texts, what people read instead, and the signal.
var traps = []struct {
	text, say string
	signal    int
}{
	{"unreachable", "the program gave up: it executed unreachable (abort, panic or a failed assertion)", sigABRT},
	{"out of bounds memory access", "it used an address outside its memory", sigSEGV},
	{"invalid table access", "it called a function pointer that points to no function", sigSEGV},
	{"indirect call type mismatch", "it called a function pointer of another type", sigILL},
	{"integer divide by zero", "it divided by zero", sigFPE},
	{"integer overflow", "an integer overflowed in a division or conversion", sigFPE},
	{"invalid conversion to integer", "it converted a number that is not one to an integer", sigFPE},
}

// verdict is how the process ended, from what running it returned.
func (g *guest) verdict(err error) sys.Exit {
	switch {
	case g.trial != nil && g.trial.Spent():
		return sys.Exit{Code: 128 + sigKILL, How: "limit", Why: "the trial has been given up"}
	case g.p.Dying():
		x := g.p.Verdict()
		if errors.Is(err, errFuel) {
			_, stack, _ := strings.Cut(err.Error(), "wasm stack trace:")
			x.Why += g.m.where(stack)
		}
		return x
	case g.exiting:
		return sys.Exit{Code: int(g.code), How: "exit"}
	case err == nil:
		return sys.Exit{How: "exit"}
	}
	text, stack, _ := strings.Cut(err.Error(), "wasm stack trace:")
	where := g.m.where(stack)
	if errors.Is(err, errDepth) || strings.Contains(text, "stack overflow") {
		why := "calls are nested too deep" + where + ": a function calls itself without end?"
		g.p.LimitReached("call-depth", why, fuel.DefaultMaxDepth)
		return sys.Exit{Code: 128 + sigSEGV, How: "limit", Why: why}
	}
	// Only the text of these says what kind of error it is: wazero's own type for
	// them is internal. What begins otherwise is no trap.
	_, trap, ok := strings.Cut(text, "wasm error: ")
	trap = strings.TrimSpace(trap)
	if !ok {
		if g.mod != nil {
			panic(fmt.Sprintf("wasm: a host function failed: %v", err))
		}
		// Instantiation failed: a segment that lies outside its memory or table.
		return sys.Exit{Code: 128 + sigABRT, How: "trap", Why: "the program can't be loaded: " + err.Error()}
	}
	if name, ok := mismatched(where); ok && trap == "unreachable" {
		return sys.Exit{Code: 128 + sigABRT, How: "trap", Why: trap + where + ": the linker joined two functions " + name + " of different types: one file calls it with other arguments than it has in the other"}
	}
	for _, t := range traps {
		if t.text == trap {
			return sys.Exit{Code: 128 + t.signal, How: "trap", Why: t.text + where + ": " + t.say + g.memory.refusal()}
		}
	}
	return sys.Exit{Code: 128 + sigABRT, How: "trap", Why: trap + where}
}

// A frame in wazero's text is "module.function(types) types"; a guest's module has
// no name. Names may hold parentheses themselves.
var (
	frameForm = regexp.MustCompile(`^\.(.*?)\([a-z0-9,]*\)(?: [a-z0-9]+| \([a-z0-9,]+\))?$`)
	unnamed   = regexp.MustCompile(`^\$[0-9]+$`)
)

// mains are the names that compilers give to main.
var mains = map[string]bool{"main": true, "__original_main": true, "main.main": true}

// where shows the guest's functions in a stack trace, innermost first: " in parse <-
// handle <- main"; "" where there are none.
func (m *module) where(stack string) string {
	var b strings.Builder
	last, again, n := "", 0, 0
	for line := range strings.Lines(stack) {
		f := frameForm.FindStringSubmatch(strings.TrimSpace(line))
		if f == nil {
			continue // a host function, or the note that frames are left out
		}
		name := f[1]
		if unnamed.MatchString(name) {
			if i, err := strconv.ParseUint(name[1:], 10, 32); err == nil {
				name = m.funcName(uint32(i))
			}
		}
		if strings.HasPrefix(name, meterModule+".") {
			continue
		}
		if name == last {
			again++
		} else {
			last, again = name, 0
		}
		if again > 1 {
			continue // twice is enough to show a recursion
		}
		if n++; n > maxFrames {
			break
		}
		if n == 1 {
			b.WriteString(" in ")
		} else {
			b.WriteString(" <- ")
		}
		b.WriteString(short(demangle(name)))
		if mains[name] {
			return b.String() // what called it is no longer the user's
		}
	}
	if n > maxFrames || again > 1 {
		b.WriteString(" <- ...")
	}
	return b.String()
}

// mismatched is the function that a stand-in of the linker's at the top of a stack is for:
// where a function is called as one of another type, wasm-ld warns, and puts in its place
// one that only traps.
func mismatched(where string) (name string, ok bool) {
	name, ok = strings.CutPrefix(where, " in signature_mismatch:")
	name, _, _ = strings.Cut(name, " <- ")
	return name, ok
}

// short cuts a function's name; compilers make some of a kilobyte.
func short(name string) string {
	r := []rune(name)
	if len(r) <= maxNameShown {
		return name
	}
	return string(r[:maxNameShown]) + "…"
}
