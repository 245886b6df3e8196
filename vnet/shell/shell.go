// Package shell reads what is typed at a prompt: a line is commands with | between, each
// with its arguments and where its input comes from and its output goes.
package shell

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"wireloom/vnet/kern"
)

// Limits of a line.
const (
	MaxLine   = 16 << 10 // bytes
	MaxStages = 16       // commands with | between
)

// A Stage is a command of a line.
type Stage struct {
	Argv []string
	To   []Redirection
}

// A Redirection is a file, or another descriptor, in the place of FD.
type Redirection struct {
	FD    int
	Path  string
	Flags int // of open(2)
	Same  int // the descriptor whose file it is; used where Path is empty
}

// An operator is what a word may be that is not quoted.
type operator struct {
	text string
	Redirection
}

// operators are all there are; the longest come first.
var operators = []operator{
	{"2>&1", Redirection{FD: 2, Same: 1}},
	{">&2", Redirection{FD: 1, Same: 2}},
	{"2>>", Redirection{FD: 2, Flags: kern.O_WRONLY | kern.O_CREAT | kern.O_APPEND}},
	{"2>", Redirection{FD: 2, Flags: kern.O_WRONLY | kern.O_CREAT | kern.O_TRUNC}},
	{">>", Redirection{FD: 1, Flags: kern.O_WRONLY | kern.O_CREAT | kern.O_APPEND}},
	{">", Redirection{FD: 1, Flags: kern.O_WRONLY | kern.O_CREAT | kern.O_TRUNC}},
	{"<", Redirection{FD: 0, Flags: kern.O_RDONLY}},
	{"|", Redirection{}},
}

// A token is a word of a line, or an operator.
type token struct {
	text string
	op   bool
}

// tokens splits a line at blanks and operators, with '...' and "..." around what is
// to be taken as it is, and \ in front of it.
func tokens(line string) ([]token, error) {
	if len(line) > MaxLine {
		return nil, fmt.Errorf("the command line has %d bytes; it may have %d", len(line), MaxLine)
	}
	var out []token
	var b strings.Builder
	in := false // in a word
	end := func() {
		if in {
			out = append(out, token{text: b.String()})
			b.Reset()
			in = false
		}
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch c {
		case ' ', '\t', '\r', '\n':
			end()
			continue
		case '\\':
			if i++; i == len(line) {
				return nil, errQuotation
			}
			c = line[i]
		case '\'', '"':
			for i++; i < len(line) && line[i] != c; i++ {
				if c == '"' && line[i] == '\\' && i+1 < len(line) {
					i++
				}
				b.WriteByte(line[i])
			}
			if i == len(line) {
				return nil, errQuotation
			}
			in = true
			continue
		case ';', '&', '`', '(', ')':
			return nil, fmt.Errorf("this prompt has no %c: it takes commands with | between, and <, >, >> and 2> for files; put quotes around a %c that is meant", c, c)
		default:
			op := slices.IndexFunc(operators, func(o operator) bool {
				return strings.HasPrefix(line[i:], o.text) && (c != '2' || !in)
			})
			if op >= 0 {
				end()
				out = append(out, token{operators[op].text, true})
				i += len(operators[op].text) - 1
				continue
			}
		}
		b.WriteByte(c)
		in = true
	}
	end()
	return out, nil
}

var errQuotation = errors.New("the command line ends inside a quotation")

// Parse reads a line. It returns at least one stage, each with a command.
func Parse(line string) ([]Stage, error) {
	ts, err := tokens(line)
	if err != nil {
		return nil, err
	}
	stages := []Stage{{}}
	for i := 0; i < len(ts); i++ {
		s := &stages[len(stages)-1]
		t := ts[i]
		switch {
		case !t.op:
			s.Argv = append(s.Argv, t.text)
		case t.text == "|":
			if len(s.Argv) == 0 {
				return nil, errors.New("there is no command before a |")
			}
			stages = append(stages, Stage{})
		default:
			k := slices.IndexFunc(operators, func(o operator) bool { return o.text == t.text })
			r := operators[k].Redirection
			if !strings.Contains(t.text, "&") {
				if i++; i == len(ts) || ts[i].op || ts[i].text == "" {
					return nil, fmt.Errorf("there is no file name after %s", t.text)
				}
				r.Path = ts[i].text
			}
			s.To = append(s.To, r)
		}
	}
	if last := stages[len(stages)-1]; len(last.Argv) == 0 {
		switch {
		case len(stages) > 1:
			return nil, errors.New("there is no command after the |")
		case len(last.To) > 0:
			return nil, errors.New("there is no command to redirect")
		}
		return nil, errors.New("the command line is empty")
	}
	if len(stages) > MaxStages {
		return nil, fmt.Errorf("the line has %d commands with | between; it may have %d", len(stages), MaxStages)
	}
	return stages, nil
}
