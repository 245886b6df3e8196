package kern

import "time"

// A Host is the machine that a kernel runs on: its clock, its randomness and
// its event loop. Nothing in this package or in a driver has another source
// of time or chance.
type Host interface {
	// Now is the virtual time since the lab began.
	Now() time.Duration
	// Random fills p from the lab's seeded generator.
	Random(p []byte)
	// Soon runs f at this instant, after what runs now: a software interrupt.
	Soon(f func())
	// After runs f when d has passed, unless cancel is called first.
	After(d time.Duration, f func()) (cancel func())
}

// Procs is the process table as far as a kernel asks: who may own a device's
// signals, and where those signals go.
type Procs interface {
	// Exists says whether id is a process, or, negative, the process group -id.
	Exists(id int) bool
	// Signal sends sig to the process id or, negative, to the group -id. It
	// only queues the signal; it must not call back into the kernel.
	Signal(id, sig int)
}

// noProcs is the table of a kernel that was given none: everybody from 1 to
// 999 exists and nobody listens.
type noProcs struct{}

func (noProcs) Exists(id int) bool { return id != 0 && -1000 < id && id < 1000 }
func (noProcs) Signal(int, int)    {}
