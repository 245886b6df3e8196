package settings

import (
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
