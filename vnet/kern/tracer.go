package kern

// A Tracer is told of every fact that a kernel and its drivers make, in
// order. It must not call back into the kernel, and it must not keep the
// slices and mbufs that it is shown.
//
// Embed [NopTracer] to implement a part of it.
type Tracer interface {
	// Wakeup: op is "wakeup" or "cv_broadcast"; woken threads were asleep.
	Wakeup(op string, woken int)
	// SelRecord: a poll found nothing ready and left pid to be woken.
	SelRecord(pid int)
	// SelWakeup: selwakeup(9); woken is 1 if somebody had been recorded.
	SelWakeup(woken int)
	// SelNotify: NetBSD's selnotify(9), which also notifies knotes.
	SelNotify(woken int, notes []NoteState)
	// Knotes: KNOTE(9) on a list, newest first.
	Knotes(notes []NoteState)
	// Signal: a driver signalled the owner of its device.
	Signal(s Signal)
	// LinkState: the interface's link state changed; it is ifp.Link now.
	LinkState(ifp *Ifnet)
	// Interface: op is the kernel function or event ("if_attach", "if_up",
	// "ifq_purge", ...), n what it counts: packets flushed, addresses purged.
	Interface(ifp *Ifnet, op string, n int)
	// Route: rtinit(9) with an address of the interface.
	Route(ifp *Ifnet, cmd string, a *Addr, host bool)
	// Bpf: a listener was shown a packet. af is the family put before it, or
	// -1 where the link type has none.
	Bpf(ifp *Ifnet, dir Direction, af int, m *Mbuf)
	// Input: a packet goes up into the protocol stack or the bridge.
	Input(ifp *Ifnet, af int, m *Mbuf)
	// Drop: a packet ends here, and why.
	Drop(ifp *Ifnet, why DropReason, m *Mbuf)
	// Device: a /dev node came or went: op is the function ("make_dev", ...).
	Device(op string, d *Cdev)
	// Fact: anything else of a module's life; n counts what op is about.
	Fact(op, name string, n int)
	// Log: a message on the console of the kernel, with its newline.
	Log(text string)
	// Panic: the original kernel would have panicked here.
	Panic(why string)
}

// A Signal is what pgsigio(9) or fownsignal(9) sent.
type Signal struct {
	ID   int    // a process, or minus a process group
	Sig  int    // SIGIO
	Code string // NetBSD: "POLL_IN" or "POLL_HUP"; else ""
	Band int    // NetBSD: the poll events
}

// SIGIO is the number of the signal "I/O is possible".
const SIGIO = 23

// A Direction is the way of a packet past a bpf tap.
type Direction uint8

// The directions, seen from the interface.
const (
	In Direction = iota
	Out
)

// String is "in" or "out".
func (d Direction) String() string {
	if d == Out {
		return "out"
	}
	return "in"
}

// A DropReason says why a packet went no further.
type DropReason uint8

// The reasons.
const (
	DropQueueFull  DropReason = iota // the interface's send queue or the device's is full
	DropDown                         // the interface is down
	DropNoListener                   // no process has the device open
	DropPurged                       // it was queued when the device closed or the interface went down
	DropShort                        // shorter than an Ethernet header
	DropNoBuffers                    // out of mbufs
	DropFamily                       // a protocol family that this interface does not carry
	DropFilter                       // a packet filter took it
)

// String is a slug: "queue-full".
func (r DropReason) String() string {
	return [...]string{"queue-full", "if-down", "no-listener", "purged", "short", "no-buffers", "family", "filter"}[r]
}

// NopTracer ignores everything.
type NopTracer struct{}

func (NopTracer) Wakeup(string, int)                {}
func (NopTracer) SelRecord(int)                     {}
func (NopTracer) SelWakeup(int)                     {}
func (NopTracer) SelNotify(int, []NoteState)        {}
func (NopTracer) Knotes([]NoteState)                {}
func (NopTracer) Signal(Signal)                     {}
func (NopTracer) LinkState(*Ifnet)                  {}
func (NopTracer) Interface(*Ifnet, string, int)     {}
func (NopTracer) Route(*Ifnet, string, *Addr, bool) {}
func (NopTracer) Bpf(*Ifnet, Direction, int, *Mbuf) {}
func (NopTracer) Input(*Ifnet, int, *Mbuf)          {}
func (NopTracer) Drop(*Ifnet, DropReason, *Mbuf)    {}
func (NopTracer) Device(string, *Cdev)              {}
func (NopTracer) Fact(string, string, int)          {}
func (NopTracer) Log(string)                        {}
func (NopTracer) Panic(string)                      {}
