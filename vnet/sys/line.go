package sys

import (
	"fmt"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/shell"
)

// Exec runs a line, as if typed at the node's prompt, and returns the name of the
// last of its processes. They are one process group and share a terminal.
func (s *System) Exec(stages []shell.Stage) (string, error) {
	xs := make([]Executable, len(stages))
	for i, st := range stages {
		if err := CheckArgs(st.Argv, nil); err != nil {
			return "", err
		}
		x, ok := s.host.Executable(st.Argv[0])
		if !ok {
			return "", fmt.Errorf("%s: command not found; this node has %s", st.Argv[0], strings.Join(s.host.Executables(), ", "))
		}
		xs[i] = x
	}
	if len(s.procs)+len(stages) > MaxProcs {
		return "", s.full(xs[0].Name)
	}
	if s.mem.Lab().Free() < int64(len(stages))*ProcMemory {
		return "", s.outOfMemory(xs[0].Name)
	}
	if s.pipes+len(stages)-1 > MaxPipes || s.kern.Memory().Free() < int64(len(stages)-1)*file.PipeMemory {
		return "", fmt.Errorf("node %s has %d pipes: stop what uses them first", s.name, s.pipes)
	}
	ps := make([]*Proc, len(stages))
	for i, st := range stages {
		p, err := s.run(xs[i], st.Argv, xs[i].Env)
		if err != nil {
			return "", err // there is room: it does not happen
		}
		p.redirect = st.To
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
		p.files[0], ps[i].files[1], _ = s.newPipe() // there is room
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
		what, fd, e := r.Path, r.Same, errno.OK
		if what == "" {
			what = "dup"
		} else {
			fd, e = p.Open(r.Path, r.Flags)
		}
		if e == errno.OK {
			_, e = p.Dup2(fd, r.FD)
		}
		if e == errno.OK && r.Path != "" {
			e = p.Close(fd)
		}
		if e != errno.OK {
			p.Write(2, fmt.Appendf(nil, "sh: %s: %s\n", what, e.Message()))
			return Exit{Code: 1, How: "exit", Why: fmt.Sprintf("the shell could not open %s: %s", what, e.Message())}, false
		}
	}
	return Exit{}, true
}
