package command

import (
	"strings"
)

// A Getopt goes through a command line as getopt(3) does: options may be joined,
// and the argument of one may follow it directly or be the next word; "--" or the
// first word that is no option ends them.
type Getopt struct {
	Args []string // what is left
	rest string   // of the word that is being read
	Arg  string   // of the option that Next returned
}

// Next returns the next option; 0 at the end, '?' for one that spec does not have
// or whose argument is missing. In spec a letter with a colon has an argument.
// bad is the letter then, and why the message that getopt(3) prints.
func (g *Getopt) Next(spec string) (opt byte, why string) {
	if g.rest == "" {
		if len(g.Args) == 0 || len(g.Args[0]) < 2 || g.Args[0][0] != '-' {
			return 0, ""
		}
		g.rest, g.Args = g.Args[0][1:], g.Args[1:]
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
		g.Arg, g.rest = g.rest, ""
	case len(g.Args) > 0:
		g.Arg, g.Args = g.Args[0], g.Args[1:]
	default:
		return '?', "option requires an argument -- " + string(rune(opt))
	}
	return opt, ""
}
