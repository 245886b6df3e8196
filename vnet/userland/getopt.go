package userland

import (
	"strings"
)

// A getopt goes through a command line as getopt(3) does: options may be joined,
// and the argument of one may follow it directly or be the next word; "--" or the
// first word that is no option ends them.
type getopt struct {
	args []string // what is left
	rest string   // of the word that is being read
	arg  string   // of the option that next returned
}

// next returns the next option; 0 at the end, '?' for one that spec does not have
// or whose argument is missing. In spec a letter with a colon has an argument.
// bad is the letter then, and why the message that getopt(3) prints.
func (g *getopt) next(spec string) (opt byte, why string) {
	if g.rest == "" {
		if len(g.args) == 0 || len(g.args[0]) < 2 || g.args[0][0] != '-' {
			return 0, ""
		}
		g.rest, g.args = g.args[0][1:], g.args[1:]
		if g.rest == "-" {
			g.rest = ""
			return 0, ""
		}
	}
	opt, g.rest = g.rest[0], g.rest[1:]
	i := strings.IndexByte(spec, opt)
	if i < 0 || opt == ':' {
		return '?', "illegal option -- " + string(rune(opt))
	}
	if i+1 == len(spec) || spec[i+1] != ':' {
		return opt, ""
	}
	switch {
	case g.rest != "":
		g.arg, g.rest = g.rest, ""
	case len(g.args) > 0:
		g.arg, g.args = g.args[0], g.args[1:]
	default:
		return '?', "option requires an argument -- " + string(rune(opt))
	}
	return opt, ""
}
