package settings

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Show writes what holds and where from, as a file that says the same; secrets are masked.
func (t *Table) Show(w io.Writer) error {
	var b strings.Builder
	for _, name := range t.names() {
		from := t.from[name]
		if from == "" {
			from = "default"
		}
		if i := slices.IndexFunc(t.Blocks, func(b Block) bool { return b.Name == name }); i >= 0 {
			if t.from[name] == "" {
				fmt.Fprintf(&b, "# %s:  # default: none\n", name)
				continue
			}
			fmt.Fprintf(&b, "%s:  # %s\n", name, from)
			for _, line := range t.Blocks[i].Masked() {
				fmt.Fprintf(&b, "  %s\n", line)
			}
			continue
		}
		x := t.Flags.Lookup(name)
		text := scalar(x.Value.String())
		if l, ok := x.Value.(Several); ok {
			var items []string
			for _, i := range l.Items() {
				items = append(items, scalar(i))
			}
			text = "[" + strings.Join(items, ", ") + "]"
		}
		off := ""
		if x.Value.String() == "" {
			off = "# " // nothing is no value of most
		}
		fmt.Fprintf(&b, "%s%s: %s  # %s\n", off, name, text, from)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// scalar is a text as YAML has it.
func scalar(s string) string {
	plain := s != "" && !strings.ContainsAny(s, "\"'#{}[]\n,&*!|>%@`") && !strings.Contains(s, ": ") && strings.TrimSpace(s) == s && !strings.HasSuffix(s, ":") && s[0] != '-' && s[0] != '?'
	if plain {
		return s
	}
	return fmt.Sprintf("%q", s)
}

// Document is the list of all settings in Markdown: a table of those that are flags, then
// the blocks.
func (t *Table) Document() string {
	var b strings.Builder
	b.WriteString("| setting | is | default |\n|---|---|---|\n")
	t.Flags.VisitAll(func(f *flag.Flag) {
		what, does := flag.UnquoteUsage(f)
		if slices.Contains(t.Only, f.Name) {
			return
		}
		takes := ""
		if _, several := f.Value.(Several); several {
			takes = ", a list"
		}
		if what != "" {
			takes = ": " + what + takes
		}
		or := f.DefValue
		if or == Size(0).String() { // the usage says what that means
			or = ""
		}
		if or != "" {
			or = "`" + or + "`"
		}
		fmt.Fprintf(&b, "| `%s`%s | %s | %s |\n", f.Name, takes, strings.ReplaceAll(does, "|", `\|`), or)
	})
	for _, x := range t.Blocks {
		fmt.Fprintf(&b, "\n## `%s`\n\n%s\n\n```yaml\n%s```\n\n| key | is |\n|---|---|\n", x.Name, x.Doc, x.Example)
		for _, f := range x.Shape.Keys() {
			need := ""
			if f.Required {
				need = " (needed)"
			}
			fmt.Fprintf(&b, "| `%s`%s | %s |\n", f.Name, need, f.Doc)
		}
	}
	return b.String()
}
