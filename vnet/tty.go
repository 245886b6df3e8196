package vnet

import (
	"strings"

	"wireloom/vnet/signal"
)

// What the line discipline of a terminal does with what is typed at a console, as
// far as it reaches a program: termios(4), with ISIG and ICANON. Lines are edited
// where they are typed.
const (
	vintr = "\x03" // ^C: SIGINT, and what was typed and not read is gone
	veof  = "\x04" // ^D: nothing follows
)

// typed puts text on a process' standard input. It returns false, and takes nothing
// that counts, where the limit of what may wait there is reached.
func (p *Proc) typed(text string, eof bool) bool {
	in := p.stdin
	if i := strings.LastIndex(text, vintr); i >= 0 {
		in.data, text = in.data[:0], text[i+len(vintr):]
		for _, q := range p.node.group(p) {
			q.Signal(signal.SIGINT)
		}
	}
	if before, _, found := strings.Cut(text, veof); found {
		text, eof = before, true
	}
	if len(in.data)+len(text) > MaxStdin {
		return false
	}
	in.data = append(in.data, text...)
	in.eof = in.eof || eof
	in.sel.Wakeup(p.node.kern)
	in.sel.Knote(p.node.kern)
	return true
}
