package sys

import (
	"fmt"

	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/shell"
	"wireloom/vnet/signal"
)

// MaxConsole is how many bytes a process may write to its console in a second of virtual
// time.
const MaxConsole = 256 << 10

// A terminal is what a process has to do with people.
type terminal struct {
	stdin    *file.Input // what is typed there
	console  file.Meter
	redirect []shell.Redirection // of its line, still to be opened
}

// output is standard output (1) or standard error (2), whoever writes: what is written there
// becomes a console event.
func (p *Proc) output(fd int) *file.Output { return &file.Output{FD: fd, Show: p.show} }

// show shows what there is room for in this second.
func (p *Proc) show(fd int, b []byte) {
	room, first := p.console.Take(p.Now(), len(b))
	if first {
		p.LimitReached("console", fmt.Sprintf("more than %d bytes of output in a second: the rest of this second is dropped", MaxConsole), MaxConsole)
	}
	if room > 0 {
		p.sys.log.Emit(event.Event{Kind: event.Console, Node: p.sys.name, Proc: p.name, PID: p.pid, FD: fd, Fuel: p.fuel, Data: b[:room]})
	}
}

// Type types at the console of a process, and says with eof that nothing follows. It
// fails where there is no such process, or where it has not read what was typed before.
func (s *System) Type(name, text string, eof bool) error {
	p := s.Named(name)
	if p == nil {
		return fmt.Errorf("%s:%s is not running", s.name, name)
	}
	rest, interrupted := p.stdin.Interrupt(text)
	if interrupted {
		for _, q := range s.Group(p) {
			q.Signal(signal.SIGINT)
		}
	}
	if !p.stdin.Put(s.kern, rest, eof) {
		n := p.stdin.Len()
		p.LimitReached("stdin", fmt.Sprintf("%d bytes wait on its standard input and no more fit", n), file.MaxStdin)
		return fmt.Errorf("%s:%s has not read the %d bytes that were typed before", s.name, name, n)
	}
	return nil
}
