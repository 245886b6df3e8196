// Package completion says what a shell may complete a command line to: commands, flags,
// their values, and which files. The shells' scripts are here, too: they ask the program
// itself, so that they need no change when it has a new flag.
package completion

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// A Value is what an argument, or a flag's value, may be. The zero Value is anything, and
// nothing can be offered for it.
type Value struct {
	Words   []string
	Of      func(args []string) []string // words that depend on the arguments that are there
	Files   bool                         // names of files
	Ends    []string                     // what they end with; none: all files
	Folders bool                         // names of folders; Files has them anyway
}

// A Flag is one of a command.
type Flag struct {
	Name, Does string // without dashes
	Takes      *Value // nil where it takes no value
}

// A Command is one of the program's.
type Command struct {
	Name, Does string
	Flags      []Flag
	Args       []Value
	More       bool // the last of Args may come again
}

// A Word is one that may stand where the line ends.
type Word struct{ Text, Does string }

// An Answer is what a line may be completed to.
type Answer struct {
	Words   []Word
	Files   bool
	Ends    []string
	Folders bool
}

// Complete answers for a line: the words behind the program's name, the last of them as far
// as it is typed. What it answers is what comes in the place of the last word, or of what is
// behind the last "=" of that.
func Complete(commands []Command, line []string) Answer {
	line = join(line)
	if len(line) == 0 {
		line = []string{""}
	}
	before, last := line[:len(line)-1], line[len(line)-1]
	if len(before) == 0 {
		var words []Word
		for _, c := range commands {
			words = append(words, Word{c.Name, c.Does})
		}
		return Answer{Words: begin(words, last)}
	}
	i := slices.IndexFunc(commands, func(c Command) bool { return c.Name == before[0] })
	if i < 0 {
		return Answer{}
	}
	return commands[i].complete(before[1:], last)
}

// complete answers for what is behind a command's name.
func (c *Command) complete(before []string, last string) Answer {
	var args []string
	var open *Flag // whose value comes next
	only := false  // arguments: "--" was there
	for _, w := range before {
		switch f, value := c.flag(w); {
		case open != nil:
			open = nil
		case !only && w == "--":
			only = true
		case !only && isFlag(w):
			if f != nil && f.Takes != nil && !value {
				open = f
			}
		default:
			args = append(args, w)
		}
	}
	if open != nil {
		return open.Takes.answer(args, last)
	}
	if !only && strings.HasPrefix(last, "-") {
		if f, value := c.flag(last); f != nil && f.Takes != nil && value {
			_, typed, _ := strings.Cut(last, "=")
			return f.Takes.answer(args, typed)
		}
		return Answer{Words: begin(c.flags(), last)}
	}
	switch n := len(args); {
	case n < len(c.Args):
		return c.Args[n].answer(args, last)
	case c.More:
		return c.Args[len(c.Args)-1].answer(args, last)
	case last == "":
		return Answer{Words: c.flags()}
	}
	return Answer{}
}

func isFlag(w string) bool { return len(w) > 1 && w[0] == '-' }

// flag finds the flag that a word names, with one dash or two, and whether its value is in
// the word, too.
func (c *Command) flag(w string) (f *Flag, value bool) {
	if !isFlag(w) {
		return nil, false
	}
	name, _, value := strings.Cut(strings.TrimPrefix(w[1:], "-"), "=")
	for i := range c.Flags {
		if c.Flags[i].Name == name {
			return &c.Flags[i], value
		}
	}
	return nil, value
}

func (c *Command) flags() []Word {
	words := []Word{}
	for _, f := range c.Flags {
		dashes := "--"
		if len(f.Name) == 1 {
			dashes = "-"
		}
		words = append(words, Word{dashes + f.Name, f.Does})
	}
	return append(words, Word{"--help", "say what the command does, and list its flags"})
}

// answer offers what a value may be, of which some is typed.
func (v *Value) answer(args []string, typed string) Answer {
	words := v.Words
	if v.Of != nil {
		words = slices.Concat(words, v.Of(args))
	}
	a := Answer{Files: v.Files, Ends: v.Ends, Folders: v.Folders}
	for _, w := range words {
		a.Words = append(a.Words, Word{Text: w})
	}
	a.Words = begin(a.Words, typed)
	behind := strings.LastIndexByte(typed, '=') + 1
	for i := range a.Words {
		a.Words[i].Text = a.Words[i].Text[behind:]
	}
	return a
}

// begin are the words that begin as what is typed.
func begin(words []Word, typed string) []Word {
	return slices.DeleteFunc(words, func(w Word) bool { return !strings.HasPrefix(w.Text, typed) })
}

// join puts words together again that bash has cut at "=" and ":" (COMP_WORDBREAKS).
func join(line []string) []string {
	var out []string
	glue := false
	for _, w := range line {
		cut := w != "" && strings.Trim(w, "=:") == ""
		if (cut || glue) && len(out) > 0 {
			out[len(out)-1] += w
		} else {
			out = append(out, w)
		}
		glue = cut
	}
	return out
}

// Text is the answer for a shell's script: a line that says which files may stand there,
// "none", "folders", or "files" and what they end with; then a line for each word, with what
// it does behind a tab.
func (a Answer) Text() []byte {
	var b bytes.Buffer
	switch {
	case a.Files:
		b.WriteString("files")
		for _, e := range a.Ends {
			b.WriteString(" " + e)
		}
	case a.Folders:
		b.WriteString("folders")
	default:
		b.WriteString("none")
	}
	b.WriteByte('\n')
	words := slices.SortedStableFunc(slices.Values(a.Words), func(x, y Word) int { return cmp.Compare(x.Text, y.Text) })
	for _, w := range words {
		b.WriteString(w.Text + "\t" + w.Does + "\n")
	}
	return b.Bytes()
}
