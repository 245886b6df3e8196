// Package settings has a command told by its flags, by the environment and by a file, in
// this order: each flag is a setting of the same name in all three. It says where a value
// comes from, shows all of them without their secrets, and writes the list of them for a
// reader. It knows no setting.
package settings

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"wireloom/internal/scenario/format"
)

// A Block is a setting that has more in it than a flag can say: it is in the file alone.
type Block struct {
	Name    string
	Shape   *format.Shape
	Doc     string // a sentence, and for the document
	Example string // YAML, as in a file
	Read    func(v *format.Value) error
	Masked  func() []string // lines of YAML below the name, for who asks what holds; without secrets
}

// A Table is what may be set: the flags of a command, and blocks.
type Table struct {
	Flags  *flag.FlagSet
	Prefix string   // of the environment's names: "WIRELOOM_"
	Only   []string // flags that are none of the environment's or the file's business
	Blocks []Block

	from map[string]string // where a setting was set, by its name: "--addr", "$WIRELOOM_ADDR", "FILE:12"
}

// Variable is the environment's name of a setting.
func (t *Table) Variable(name string) string {
	return t.Prefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// From is where a setting was set; "" where it has its default.
func (t *Table) From(name string) string { return t.from[name] }

// Read sets what the command line has not set, which the flags have read: by the
// environment, else by file, if that is not "". Of a file, the error is a *format.Error
// with every mistake in it.
func (t *Table) Read(file string, env func(string) (string, bool)) error {
	t.from = map[string]string{}
	t.Flags.Visit(func(f *flag.Flag) { t.from[f.Name] = "--" + f.Name })
	var wrong error
	t.Flags.VisitAll(func(f *flag.Flag) {
		name := t.Variable(f.Name)
		text, ok := env(name)
		if !ok || text == "" || t.from[f.Name] != "" || slices.Contains(t.Only, f.Name) || wrong != nil {
			return
		}
		t.from[f.Name] = "$" + name
		words := []string{text}
		if _, several := f.Value.(Several); several {
			words = strings.Fields(text)
		}
		for _, w := range words {
			if err := t.Flags.Set(f.Name, w); err != nil {
				wrong = fmt.Errorf("$%s: %w", name, err)
				return
			}
		}
	})
	if wrong != nil || file == "" {
		return wrong
	}
	return t.readFile(file)
}

func (t *Table) readFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("the settings: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	src, err := io.ReadAll(io.LimitReader(f, format.MaxFile+1))
	if err != nil {
		return fmt.Errorf("the settings: %w", err)
	}
	return hideLines(t.parse(name, src))
}

// hideLines takes the lines out of what is wrong with a file: they may be secrets.
func hideLines(err error) error {
	if e := (*format.Error)(nil); errors.As(err, &e) {
		for i := range e.Mistakes {
			e.Mistakes[i].Excerpt = ""
		}
	}
	return err
}

// parse sets what a file says. One with comments alone says nothing.
func (t *Table) parse(name string, src []byte) error {
	if blank(src) {
		return nil
	}
	f, err := format.ReadFile(name, src)
	if err != nil {
		return err
	}
	p := f.Mistakes()
	for _, e := range f.Root.Entries() {
		key := e.Key.Text
		if i := slices.IndexFunc(t.Blocks, func(b Block) bool { return b.Name == key }); i >= 0 {
			t.from[key] = fmt.Sprintf("%s:%d", name, e.Key.Line)
			t.readBlock(&t.Blocks[i], e.Val, p)
			continue
		}
		x := t.Flags.Lookup(key)
		if x == nil || slices.Contains(t.Only, key) {
			more := ""
			if near := format.Nearest(key, t.names()); near != "" {
				more = fmt.Sprintf(": do you mean %s?", near)
			}
			p.At(e.Key, "there is no setting %q%s", key, more)
			continue
		}
		if t.from[key] != "" {
			continue // but what it says has to be right, which is seen only where it counts
		}
		t.from[key] = fmt.Sprintf("%s:%d", name, e.Key.Line)
		t.set(x, e.Val, p)
	}
	return p.Err()
}

// blank tells whether a file has nothing but comments.
func blank(src []byte) bool {
	for line := range strings.Lines(strings.TrimPrefix(string(src), "\ufeff")) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

func (t *Table) readBlock(b *Block, v *format.Value, p *format.Mistakes) {
	had := p.Total()
	b.Shape.Check(v, b.Name, p)
	if p.Total() > had {
		return
	}
	if err := b.Read(v); err != nil {
		p.At(v, "%s: %v", b.Name, err)
	}
}

// set sets a flag to what stands in a file.
func (t *Table) set(x *flag.Flag, v *format.Value, p *format.Mistakes) {
	values := []*format.Value{v}
	_, several := x.Value.(Several)
	switch {
	case v.Kind == format.List && several:
		values = v.List()
	case v.Kind == format.List:
		p.At(v, "%s is %v: want a single value", x.Name, v.Kind)
		return
	}
	for _, v := range values {
		if v.Kind != format.Scalar {
			p.At(v, "%s is %v: want a single value", x.Name, v.Kind)
			continue
		}
		if err := t.Flags.Set(x.Name, v.Text); err != nil {
			p.At(v, "%s: %v", x.Name, err)
		}
	}
}

// names are those that a file may have.
func (t *Table) names() []string {
	var names []string
	t.Flags.VisitAll(func(f *flag.Flag) {
		if !slices.Contains(t.Only, f.Name) {
			names = append(names, f.Name)
		}
	})
	for _, b := range t.Blocks {
		names = append(names, b.Name)
	}
	slices.Sort(names)
	return names
}
