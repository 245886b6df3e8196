package session

import (
	"os"
	"runtime/debug"
)

// gcPercent is how much a server's heap may grow, in percent of what is alive, before it
// is collected. Guests' memory isn't in it, so that it is small, and what labs and viewers
// leave behind fills it quickly: at each collection all labs wait until no guest is in the
// middle of filling its memory. Half as many are worth the few megabytes. Beside a guest
// that floods and one that fills memory, another lab was 40 ms late at 40, 20 at 100.
const gcPercent = 100

// TuneGC sets the garbage collector up for a server of many labs, unless GOGC is set
// in the environment.
func TuneGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
