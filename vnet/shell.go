package vnet

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
)

// The node's prompt: a line is commands with | between, each with its arguments
// and where its input comes from and its output goes.

// Limits of a line at a node's prompt.
const (
	MaxLine   = 16 << 10 // bytes
	MaxStages = 16       // commands with | between
)

// A stage is a command of a line.
type stage struct {
	argv []string
	to   []redirection
}

// A redirection is a file, or another descriptor, in the place of fd.
type redirection struct {
	fd    int
	path  string
	flags int
	same  int // the descriptor whose file it is; used where path is empty
}

// operators are what a word may be that is not quoted; the longest come first.
var operators = []struct {
	text string
	redirection
}{
	{"2>&1", redirection{fd: 2, same: 1}},
	{">&2", redirection{fd: 1, same: 2}},
	{"2>>", redirection{fd: 2, flags: kern.O_WRONLY | kern.O_CREAT | kern.O_APPEND}},
	{"2>", redirection{fd: 2, flags: kern.O_WRONLY | kern.O_CREAT | kern.O_TRUNC}},
	{">>", redirection{fd: 1, flags: kern.O_WRONLY | kern.O_CREAT | kern.O_APPEND}},
	{">", redirection{fd: 1, flags: kern.O_WRONLY | kern.O_CREAT | kern.O_TRUNC}},
	{"<", redirection{fd: 0, flags: kern.O_RDONLY}},
	{"|", redirection{}},
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
			op := slices.IndexFunc(operators, func(o struct {
				text string
				redirection
			},
			) bool {
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

// parseLine reads a line.
func parseLine(line string) ([]stage, error) {
	ts, err := tokens(line)
	if err != nil {
		return nil, err
	}
	stages := []stage{{}}
	for i := 0; i < len(ts); i++ {
		s := &stages[len(stages)-1]
		t := ts[i]
		switch {
		case !t.op:
			s.argv = append(s.argv, t.text)
		case t.text == "|":
			if len(s.argv) == 0 {
				return nil, errors.New("there is no command before a |")
			}
			stages = append(stages, stage{})
		default:
			k := slices.IndexFunc(operators, func(o struct {
				text string
				redirection
			},
			) bool {
				return o.text == t.text
			})
			r := operators[k].redirection
			if !strings.Contains(t.text, "&") {
				if i++; i == len(ts) || ts[i].op || ts[i].text == "" {
					return nil, fmt.Errorf("there is no file name after %s", t.text)
				}
				r.path = ts[i].text
			}
			s.to = append(s.to, r)
		}
	}
	if last := stages[len(stages)-1]; len(last.argv) == 0 {
		switch {
		case len(stages) > 1:
			return nil, errors.New("there is no command after the |")
		case len(last.to) > 0:
			return nil, errors.New("there is no command to redirect")
		}
		return nil, errors.New("the command line is empty")
	}
	if len(stages) > MaxStages {
		return nil, fmt.Errorf("the line has %d commands with | between; it may have %d", len(stages), MaxStages)
	}
	return stages, nil
}

// exec runs a line, as if typed at the node's prompt, and returns the name of the
// last of its processes. They are one process group and share a terminal.
func (n *Node) exec(stages []stage) (string, error) {
	xs := make([]executable, len(stages))
	for i, s := range stages {
		if err := checkArgs(s.argv, nil); err != nil {
			return "", err
		}
		x, ok := n.executable(s.argv[0])
		if !ok {
			return "", fmt.Errorf("%s: command not found; this node has %s", s.argv[0], strings.Join(n.commandNames(), ", "))
		}
		xs[i] = x
	}
	if len(n.procs)+len(stages) > MaxProcs {
		return "", n.full(xs[0].name)
	}
	if n.lab.mem.free() < int64(len(stages))*ProcMemory {
		return "", n.outOfMemory(xs[0].name)
	}
	if n.pipes+len(stages)-1 > MaxPipes || n.kern.Memory().Free() < int64(len(stages)-1)*file.PipeMemory {
		return "", fmt.Errorf("node %s has %d pipes: stop what uses them first", n.name, n.pipes)
	}
	ps := make([]*Proc, len(stages))
	for i, s := range stages {
		p, err := n.run(xs[i], s.argv, xs[i].conf.Env)
		if err != nil {
			return "", err // there is room: it does not happen
		}
		p.redirect = s.to
		ps[i] = p
	}
	last := ps[len(ps)-1]
	for _, p := range ps {
		p.caller.Thread.PGID = ps[0].pid
		if p == last {
			break
		}
		p.stdin = last.stdin
		for fd, of := range last.files[:3] { // of one terminal
			p.files[fd] = &openFile{file: of.file, path: of.path, flags: of.flags}
		}
	}
	for i, p := range ps[1:] {
		p.files[0], ps[i].files[1], _ = n.newPipe() // there is room
	}
	for _, p := range ps {
		p.start()
	}
	return last.name, nil
}

// openRedirected opens, as the process, the files of its redirections. Where one
// can't be, the process ends instead of running its program.
func (p *Proc) openRedirected() (Exit, bool) {
	for _, r := range p.redirect {
		what, fd, e := r.path, r.same, errno.OK
		if what == "" {
			what = "dup"
		} else {
			fd, e = p.Open(r.path, r.flags)
		}
		if e == errno.OK {
			_, e = p.Dup2(fd, r.fd)
		}
		if e == errno.OK && r.path != "" {
			e = p.Close(fd)
		}
		if e != errno.OK {
			p.Write(2, fmt.Appendf(nil, "sh: %s: %s\n", what, e.Message()))
			return Exit{Code: 1, How: "exit", Why: fmt.Sprintf("the shell could not open %s: %s", what, e.Message())}, false
		}
	}
	return Exit{}, true
}

// commandNames are what a line at the node's prompt may begin with.
func (n *Node) commandNames() []string {
	var names []string
	for c := range n.lab.rt.Commands {
		names = append(names, c)
	}
	for _, s := range n.slots {
		if s.prog != nil {
			names = append(names, s.conf.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
