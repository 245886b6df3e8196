package kern

// Filters of <sys/event.h>. A device can be asked for the first three; the others
// are about no file.
const (
	EVFILT_READ   = -1
	EVFILT_WRITE  = -2
	EVFILT_VNODE  = -4
	EVFILT_PROC   = -5
	EVFILT_SIGNAL = -6
	EVFILT_TIMER  = -7
)

// A FilterOps is what a driver attaches to a knote.
type FilterOps interface {
	// Event sets kn.Data and says whether the condition holds.
	Event(kn *Knote) bool
	// Detach takes the knote off the driver's list.
	Detach(kn *Knote)
}

// A Resetter is a FilterOps whose state begins anew when an event was retrieved: the
// number of times that a timer expired or a signal came.
type Resetter interface {
	Reset(kn *Knote)
}

// A Knote is one registered interest in a device: knote(9). Whoever makes it
// sets Filter, Tag and Activate; the driver's Kqfilter sets the rest.
type Knote struct {
	Filter int
	Fflags int
	Data   int64
	EOF    bool // Event found that nothing more will come: EV_EOF
	Tag    int  // the maker's; shown in events
	// Activate is called when the driver notifies and the condition holds.
	// It only queues.
	Activate func(*Knote)

	ops FilterOps
}

// A NoteState is a knote as a notification found it.
type NoteState struct {
	Tag    int
	Active bool
	Data   int64
}

// Attached says whether the knote still watches something.
func (kn *Knote) Attached() bool { return kn.ops != nil }

// Event asks the driver whether the condition holds now; Data is fresh after.
func (kn *Knote) Event() bool { return kn.ops != nil && kn.ops.Event(kn) }

// Detach ends the knote's interest.
func (kn *Knote) Detach() {
	if kn.ops != nil {
		ops := kn.ops
		kn.ops = nil
		ops.Detach(kn)
	}
}

// cutOff is for a device that goes away under its knotes. The originals
// leave them pointing at freed memory; here they are simply detached.
func (kn *Knote) cutOff() { kn.ops = nil }

// Attach puts a knote on a device's list with the driver's filter.
func (s *SelInfo) Attach(kn *Knote, ops FilterOps) {
	kn.ops = ops
	s.notes = append(s.notes, kn)
}

// Remove takes a knote off the list.
func (s *SelInfo) Remove(kn *Knote) {
	for i, x := range s.notes {
		if x == kn {
			s.notes = append(s.notes[:i], s.notes[i+1:]...)
			return
		}
	}
}

func (s *SelInfo) activate(k *Kernel) []NoteState {
	if len(s.notes) == 0 {
		return nil
	}
	k.notes = k.notes[:0]
	for i := len(s.notes) - 1; i >= 0; i-- {
		kn := s.notes[i]
		active := kn.Event()
		k.notes = append(k.notes, NoteState{kn.Tag, active, kn.Data})
		if active && kn.Activate != nil {
			kn.Activate(kn)
		}
	}
	return k.notes
}

// Knote notifies the knotes on the list, newest first: KNOTE(9).
func (s *SelInfo) Knote(k *Kernel) { k.tr.Knotes(s.activate(k)) }
