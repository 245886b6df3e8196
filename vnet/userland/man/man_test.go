package man

import (
	"regexp"
	"strings"
	"testing"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

func TestFormat(t *testing.T) {
	words := strings.Repeat("word ", 30)
	c := command.New("cat", "show files", "cat [file ...]\n       cat -x\nmore of it", func(*command.Proc) sys.Exit { return sys.Exit{} })
	g := page{
		name: c.Name(), section: "1", summary: c.Summary, synopsis: c.Usage,
		text: "# DESCRIPTION\n" + words + "\n\n= -x\nshort\n\n= -longer tag\n" + words + "\n\n\tas  it is\n\n# EXAMPLES\n\tcat a\n\tcat b\n",
	}
	want := `CAT(1)                 FreeBSD General Commands Manual                  CAT(1)

NAME
     cat - show files

SYNOPSIS
     cat [file ...]
     cat -x

DESCRIPTION
     word word word word word word word word word word word word word word
     word word word word word word word word word word word word word word
     word word

     -x        short

     -longer tag
               word word word word word word word word word word word word
               word word word word word word word word word word word word
               word word word word word word

           as  it is

EXAMPLES
           cat a
           cat b
`
	if got := g.format(dialect.Linux); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestPages: each page is whole, fits a terminal, and refers to pages there are.
func TestPages(t *testing.T) {
	all := read(nil)
	names := map[string]bool{}
	for _, p := range all {
		names[p.name+"("+p.section+")"] = true
	}
	reference := regexp.MustCompile(`[a-z][a-z0-9-]*\([1-9]\)`)
	for _, p := range all {
		if titles[p.section] == "" {
			t.Errorf("%s: no section %s", p.name, p.section)
		}
		text := p.format(dialect.DragonFly)
		if !strings.Contains(text, "\nDESCRIPTION\n") && !strings.HasPrefix(p.summary, "# ") {
			t.Errorf("%s has no description", p.name)
		}
		for line := range strings.Lines(text) {
			if len(line) > width+2 {
				t.Errorf("%s: a line of %d: %s", p.name, len(line)-1, line)
			}
		}
		_, also, _ := strings.Cut(text, "SEE ALSO")
		for _, r := range reference.FindAllString(also, -1) {
			if !names[r] {
				t.Errorf("%s refers to %s", p.name, r)
			}
		}
	}
}
