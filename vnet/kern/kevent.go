package kern

import (
	"fmt"
	"strings"
	"time"

	"wireloom/vnet/errno"
)

// Flags of the filters that are about no file (freebsd sys/event.h).
const (
	NOTE_EXIT     = 0x80000000
	NOTE_SECONDS  = 0x1
	NOTE_MSECONDS = 0x2
	NOTE_USECONDS = 0x4
	NOTE_NSECONDS = 0x8
)

var filterNames = map[int]string{
	EVFILT_READ: "EVFILT_READ", EVFILT_WRITE: "EVFILT_WRITE", EVFILT_VNODE: "EVFILT_VNODE",
	EVFILT_PROC: "EVFILT_PROC", EVFILT_SIGNAL: "EVFILT_SIGNAL", EVFILT_TIMER: "EVFILT_TIMER",
}

var keventBits = []struct {
	bit  int
	name string
}{
	{EV_ADD, "EV_ADD"},
	{EV_DELETE, "EV_DELETE"},
	{EV_ENABLE, "EV_ENABLE"},
	{EV_DISABLE, "EV_DISABLE"},
	{EV_ONESHOT, "EV_ONESHOT"},
	{EV_CLEAR, "EV_CLEAR"},
	{EV_EOF, "EV_EOF"},
}

// String says a kevent in words: "{4, EVFILT_READ, EV_CLEAR, data 60}".
func (ev Kevent) String() string {
	filter := filterNames[ev.Filter]
	if filter == "" {
		filter = fmt.Sprint(ev.Filter)
	}
	s := fmt.Sprintf("{%d, %s", ev.Ident, filter)
	if ev.Flags&EV_ERROR != 0 {
		return s + ", EV_ERROR, " + errno.Errno(ev.Data).String() + "}"
	}
	sep := ", "
	for _, x := range keventBits {
		if ev.Flags&x.bit != 0 {
			s += sep + x.name
			sep = "|"
		}
	}
	if ev.Fflags&NOTE_EXIT != 0 {
		s += ", NOTE_EXIT"
	}
	if ev.Data != 0 {
		s += fmt.Sprintf(", data %d", ev.Data)
	}
	return s + "}"
}

// KeventText is what a call of kevent(2) asks for and got, in words.
func KeventText(changes, events []Kevent, timeout time.Duration) string {
	const most = 8 // of a list are shown
	var b strings.Builder
	list := func(evs []Kevent) {
		for i, ev := range evs {
			if i == most {
				fmt.Fprintf(&b, "and %d more, ", len(evs)-i)
				return
			}
			b.WriteString(ev.String() + ", ")
		}
	}
	list(changes)
	if len(events) > 0 {
		b.WriteString("got ")
		list(events)
	}
	if timeout < 0 {
		b.WriteString("for ever")
	} else {
		b.WriteString(timeout.String())
	}
	return b.String()
}
