package event

import "wireloom/vnet/loop"

// A Recorder writes a lab's facts into its log, with the lab's time. It reuses one event,
// so that an event does not escape each time.
type Recorder struct {
	Log  *Log
	Loop *loop.Loop
	ev   Event
}

// Emit appends a fact.
func (r *Recorder) Emit(e Event) {
	r.ev = e
	r.ev.At = r.Loop.Now()
	r.Log.Append(&r.ev)
}

// New is Emit for what happens with every frame and call: it returns a new event, to be
// filled in place and given to the log before there is another.
func (r *Recorder) New(k Kind) *Event {
	r.ev = Event{Kind: k, At: r.Loop.Now()}
	return &r.ev
}
