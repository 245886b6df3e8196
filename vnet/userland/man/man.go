// Package man has the manual pages of a node's commands, and man(1) that shows them.
package man

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

//go:embed pages
var pages embed.FS

// A page is what a file of pages tells: arp.8 is arp(8). The name and synopsis of a
// command are the command's own.
type page struct {
	name, section string
	summary       string
	synopsis      string
	text          string
}

// Usage is how man is called.
const Usage = `man [section] name
       man -f name
       man -k word`

// Command is man(1), of the commands there are.
func Command(all func() []*command.Command) *command.Command {
	return command.New("man", "show the manual page of a command", Usage, func(p *command.Proc) sys.Exit { return manMain(p, all()) })
}

// read reads the pages, sorted by name: those of the commands, and those that have a
// line of their own in front that says what they are about.
func read(all []*command.Command) []page {
	var out []page
	entries, err := pages.ReadDir("pages")
	if err != nil {
		panic(err) // what is embedded is there
	}
	for _, e := range entries {
		text, err := pages.ReadFile("pages/" + e.Name())
		if err != nil {
			panic(err)
		}
		ext := path.Ext(e.Name())
		p := page{name: strings.TrimSuffix(e.Name(), ext), section: ext[1:], text: string(text)}
		if i := slices.IndexFunc(all, func(c *command.Command) bool { return c.Name() == p.name }); i >= 0 {
			p.summary, p.synopsis = all[i].Summary, all[i].Usage
		} else {
			p.summary, p.text, _ = strings.Cut(p.text, "\n")
		}
		out = append(out, p)
	}
	return out
}

func manMain(p *command.Proc, all []*command.Command) sys.Exit {
	what := byte(0)
	g := command.Getopt{Args: p.Args()[1:]}
	for {
		opt, why := g.Next("fk")
		if opt == 0 {
			break
		}
		if opt == '?' {
			p.Warn("%s", why)
			return p.MisuseWith(1)
		}
		what = opt
	}
	args, section := g.Args, ""
	if what == 0 && len(args) == 2 && len(args[0]) == 1 && '1' <= args[0][0] && args[0][0] <= '9' {
		section, args = args[0], args[1:]
	}
	switch {
	case len(args) == 0:
		return p.Fail(1, "what manual page do you want?")
	case len(args) > 1:
		return p.MisuseWith(1)
	}
	found := false
	for _, g := range read(all) {
		title := g.name + "(" + g.section + ")"
		switch {
		case what == 'f' && g.name == args[0], what == 'k' && strings.Contains(strings.ToLower(title+" "+g.summary), strings.ToLower(args[0])):
			p.Printf("%-16s - %s\n", title, g.summary)
		case what == 0 && g.name == args[0] && (section == "" || section == g.section):
			p.Printf("%s", g.format(p.System().Net.Dialect()))
		default:
			continue
		}
		found = true
	}
	switch {
	case found:
		return command.Exit(0)
	case what != 0:
		p.Printf("%s: nothing appropriate\n", args[0])
	case section != "":
		p.Warn("no entry for %s in section %s of the manual", args[0], section)
	default:
		p.Warn("no manual entry for %s", args[0])
	}
	return command.Exit(1)
}

const (
	width    = 78
	indent   = 5  // of text
	tagged   = 10 // of what a tag stands before, beyond that
	verbatim = 11
)

// titles are what the sections hold.
var titles = map[string]string{"1": "General Commands Manual", "7": "Miscellaneous Information Manual", "8": "System Manager's Manual"}

// format is the page as a terminal shows it.
func (g page) format(d dialect.Dialect) string {
	var b strings.Builder
	system := map[dialect.Dialect]string{dialect.DragonFly: "DragonFly", dialect.NetBSD: "NetBSD"}[d]
	if system == "" {
		system = "FreeBSD"
	}
	title, manual := fmt.Sprintf("%s(%s)", strings.ToUpper(g.name), g.section), system+" "+titles[g.section]
	gap := max(width-2*len(title)-len(manual), 2)
	fmt.Fprintf(&b, "%s%*s%s%*s%s\n\n", title, gap/2, "", manual, gap-gap/2, "", title)
	fmt.Fprintf(&b, "NAME\n%*s%s - %s\n", indent, "", g.name, g.summary)
	if g.synopsis != "" {
		b.WriteString("\nSYNOPSIS\n")
		for i, line := range strings.Split(g.synopsis, "\n") {
			line = strings.TrimPrefix(line, "       ")
			if i > 0 && !strings.HasPrefix(line, g.name) && !strings.HasPrefix(line, " ") {
				break // what follows is help's
			}
			fmt.Fprintf(&b, "%*s%s\n", indent, "", line)
		}
	}
	body(&b, g.text)
	return b.String()
}

// body writes the text of a page. "# WORDS" is the title of a part, "= TAG" begins what
// a tag stands for, up to an empty line; a tab is before what is left as it is; all else
// is filled.
func body(b *strings.Builder, text string) {
	for block := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		switch {
		case strings.HasPrefix(block, "# "):
			title, rest, more := strings.Cut(block, "\n")
			b.WriteString("\n" + title[2:] + "\n")
			if more {
				block = rest
				write(b, block)
			}
		default:
			b.WriteString("\n")
			write(b, block)
		}
	}
}

func write(b *strings.Builder, block string) {
	switch {
	case strings.HasPrefix(block, "\t"):
		for line := range strings.SplitSeq(block, "\n") {
			fmt.Fprintf(b, "%*s%s\n", verbatim, "", strings.TrimPrefix(line, "\t"))
		}
	case strings.HasPrefix(block, "= "):
		tag, text, _ := strings.Cut(block[2:], "\n")
		if len(tag) < tagged-1 {
			fill(b, fmt.Sprintf("%*s%-*s", indent, "", tagged, tag), indent+tagged, text)
			break
		}
		fmt.Fprintf(b, "%*s%s\n", indent, "", tag)
		fill(b, strings.Repeat(" ", indent+tagged), indent+tagged, text)
	default:
		fill(b, strings.Repeat(" ", indent), indent, block)
	}
}

// fill writes words, the first line after what is in front, the others indented.
func fill(b *strings.Builder, front string, in int, text string) {
	line, empty := front, true
	for w := range strings.FieldsSeq(text) {
		if !empty && len(line)+1+len(w) > width {
			b.WriteString(line + "\n")
			line, empty = strings.Repeat(" ", in), true
		}
		if !empty {
			line += " "
		}
		line, empty = line+w, false
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}
