package main

import (
	"context"
	"flag"
	"fmt"
	goio "io"
	"strings"
)

// manualPage is the command that packages make their manual page by.
const manualPage = "manual-page"

// runManual prints labserver(1), for man(1): what the commands' help says.
func runManual(ctx context.Context, args []string, io stdio) int {
	if code, ok := alone(io, newFlags(io, manualPage, "", "Prints the manual page, as man reads it."), args); !ok {
		return code
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line(".TH LABSERVER 1 \"\" \"%s\" \"Wireloom\"", roff(version()))
	line(".SH NAME\nlabserver \\- a network lab for tun(4) and tap(4) programs\n.SH SYNOPSIS\n.B labserver\n.I COMMAND\n.RI [ ARGUMENTS ]")
	line(".SH DESCRIPTION\nA SCENARIO is a folder, its zip, or the name of a built\\-in one, such as ping.\n.SH COMMANDS")
	for _, c := range commands() {
		line(".SS %s %s", roff(c.name), roff(c.args))
		about, flags := helpOf(ctx, c)
		for part := range strings.SplitSeq(about, "\n\n") {
			if strings.HasPrefix(part, "    ") {
				line(".PP\n.nf\n%s\n.fi", roff(part))
			} else {
				line(".PP\n%s", roff(part))
			}
		}
		flags.VisitAll(func(f *flag.Flag) {
			what, does := flag.UnquoteUsage(f)
			line(".TP\n.B \\-\\-%s %s\n%s", roff(f.Name), roff(what), roff(does))
		})
	}
	line(".SH EXIT STATUS\n0: it went well. 1: a check did not pass, a replay differs, a scenario has mistakes, a server is not ready. 2: it could not be run at all. 3: two runs that must be the same differ.")
	line(".SH FILES\n.TP\n/etc/wireloom/config.yaml\nthe settings of the service\n.TP\n/var/lib/wireloom\nits classes, hand\\-ins and labs")
	if _, err := goio.WriteString(io.out, b.String()); err != nil {
		return fail(io, err)
	}
	return exitOK
}

// helpOf is what a command's help says, apart from its flags.
func helpOf(ctx context.Context, c command) (about string, flags *flag.FlagSet) {
	c.run(ctx, []string{"--help"}, stdio{strings.NewReader(""), takeFlags(func(f *flag.FlagSet) { flags = f }), goio.Discard})
	var out strings.Builder
	c.run(ctx, []string{"--help"}, stdio{strings.NewReader(""), &out, goio.Discard})
	_, about, _ = strings.Cut(out.String(), "\n\n")
	about, _, _ = strings.Cut(about, "\n\n  -") // the flags
	return strings.TrimSpace(about), flags
}

// roff is a text as troff takes it.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
