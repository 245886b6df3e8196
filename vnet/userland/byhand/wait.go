package byhand

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
)

// waitCalls are the calls that wait for something to happen.
var waitCalls = []call{
	{"poll", "poll FD EVENT[,EVENT]... [FD EVENT...]... [TIME]", "wait until in, out, pri, rdnorm or an error holds", (*hand).poll},
	{"kqueue", "kqueue", "make a kqueue", (*hand).kqueue},
	{"kevent", "kevent KQ [FD read|write|vnode [ACTION]...] [TIME]", "change what a kqueue watches (add, delete, enable, disable, clear, oneshot); with a time, or alone, wait for events", (*hand).kevent},
	{"wait", "wait TIME", "let virtual time pass: 20ms, 1s, 5m", (*hand).wait},
}

// duration reads a time to wait: 20ms, 1s, 0, or forever, which is below zero.
func duration(text string) (time.Duration, error) {
	if text == "forever" {
		return -1, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > handSleep {
		return 0, fmt.Errorf("%.40q is no time to wait, such as 20ms, 1s, 5m, 0 or forever, and at most %d hours", text, handSleep/time.Hour)
	}
	return d, nil
}

// pollWords are the events of poll by the words for them. In an answer the first
// name of a bit counts.
var pollWords = []struct {
	word string
	bit  int
}{
	{"in", kern.POLLIN},
	{"pri", kern.POLLPRI},
	{"out", kern.POLLOUT},
	{"err", kern.POLLERR},
	{"hup", kern.POLLHUP},
	{"nval", kern.POLLNVAL},
	{"rdnorm", kern.POLLRDNORM},
	{"wrnorm", kern.POLLWRNORM},
}

func pollBit(word string) int {
	word = strings.TrimPrefix(strings.ToLower(word), "poll")
	for _, w := range pollWords {
		if w.word == word {
			return w.bit
		}
	}
	return 0
}

// pollNames says which events hold: "POLLIN|POLLOUT".
func pollNames(bits int) string {
	var names []string
	for _, w := range pollWords {
		if bits&w.bit != 0 {
			names = append(names, "POLL"+strings.ToUpper(w.word))
			bits &^= w.bit
		}
	}
	return strings.Join(names, "|")
}

func (h *hand) poll(args []string) error {
	var fds []file.PollFD
	for len(args) >= 2 {
		of, err := fd(args[0])
		if err != nil {
			return err
		}
		f := file.PollFD{FD: of}
		for _, w := range strings.FieldsFunc(args[1], func(r rune) bool { return r == ',' || r == '|' }) {
			bit := pollBit(w)
			if bit == 0 {
				return fmt.Errorf("%.40q is no event", w)
			}
			f.Events |= bit
		}
		fds, args = append(fds, f), args[2:]
	}
	if len(fds) == 0 {
		return errUsage
	}
	limit := time.Duration(-1)
	if len(args) == 1 {
		var err error
		if limit, err = duration(args[0]); err != nil {
			return err
		}
	}
	n, e := h.Poll(fds, limit)
	var held []string
	for _, f := range fds {
		if f.Revents != 0 {
			held = append(held, fmt.Sprintf("{%d, %s}", f.FD, pollNames(f.Revents)))
		}
	}
	h.answer(n, e, strings.Join(held, " "))
	return nil
}

func (h *hand) kqueue(args []string) error {
	if len(args) > 0 {
		return errUsage
	}
	n, e := h.Kqueue()
	h.answer(n, e, "")
	return nil
}

var filterWords = map[string]int{"read": kern.EVFILT_READ, "write": kern.EVFILT_WRITE, "vnode": kern.EVFILT_VNODE}

var keventWords = map[string]int{
	"add": kern.EV_ADD, "delete": kern.EV_DELETE, "enable": kern.EV_ENABLE, "disable": kern.EV_DISABLE,
	"oneshot": kern.EV_ONESHOT, "clear": kern.EV_CLEAR,
}

// handEvents is how many events one kevent call can return.
const handEvents = 16

func (h *hand) kevent(args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	kq, err := fd(args[0])
	if err != nil {
		return err
	}
	args = args[1:]
	var changes []kern.Kevent
	limit, waits := time.Duration(-1), true
	if len(args) >= 2 {
		change, rest, err := keventChange(args)
		if err != nil {
			return err
		}
		changes, args, waits = []kern.Kevent{change}, rest, false
	}
	switch {
	case len(args) > 1:
		return errors.New("too much is said: after the actions comes only a time")
	case len(args) == 1:
		waits = true
		if limit, err = duration(args[0]); err != nil {
			return err
		}
	}
	var events []kern.Kevent
	if waits {
		events = make([]kern.Kevent, handEvents)
	}
	n, e := h.Kevent(kq, changes, events, limit)
	var got []string
	for _, ev := range events[:n] {
		got = append(got, ev.String())
	}
	h.answer(n, e, strings.Join(got, " "))
	return nil
}

// keventChange reads FD FILTER [ACTION]..., and returns what follows. Without
// another action it is an add.
func keventChange(args []string) (kern.Kevent, []string, error) {
	of, err := fd(args[0])
	if err != nil {
		return kern.Kevent{}, nil, err
	}
	ev := kern.Kevent{Ident: of}
	var ok bool
	if ev.Filter, ok = filterWords[args[1]]; !ok {
		return ev, nil, fmt.Errorf("%.40q is no filter: read, write and vnode are", args[1])
	}
	args = args[2:]
	for ; len(args) > 0; args = args[1:] {
		bit := keventWords[args[0]]
		if bit == 0 {
			break
		}
		ev.Flags |= bit
	}
	if ev.Flags&(kern.EV_DELETE|kern.EV_ENABLE|kern.EV_DISABLE) == 0 {
		ev.Flags |= kern.EV_ADD
	}
	return ev, args, nil
}

func (h *hand) wait(args []string) error {
	if len(args) != 1 {
		return errUsage
	}
	d, err := duration(args[0])
	if err != nil {
		return err
	}
	if d < 0 {
		_, e := h.Poll(nil, -1)
		h.answer(0, e, "")
		return nil
	}
	if e := h.Sleep(d); e != errno.OK {
		h.answer(-1, e, "")
	}
	return nil
}
