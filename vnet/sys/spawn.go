package sys

import (
	"fmt"
	"slices"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/kern"
	"wireloom/vnet/signal"
)

// Processes that processes make. A child that ended stays in its parent's list,
// as a zombie, until the parent waits for it; the children of a process that ends
// have no parent any more, and their end is nobody's business.
//
//	Spawn ---> child ---ended---> zombie ---Waitpid---> gone
//	             \                  \------parent ends---^
//	              \---parent ends---> orphan ---ended----^

// A family is a process' parent and its children.
type family struct {
	parent   *Proc        // nil where nobody waits for it
	children []*Proc      // that it has not waited for, in the order of their start
	exits    kern.SelInfo // the kqueues that watch it end
	exit     Exit
}

// Options of Waitpid.
const (
	WNOHANG   = 1 // do not sleep
	WUNTRACED = 2 // also tell of stopped children: there are none
)

// Spawn is fork(2) and exec(2) in one: it starts argv[0], a program of the node by
// the name of its slot, or a command, with the process' files of fds as 0, 1 and 2
// (-1: /dev/null), and returns its process id. The child has the terminal, the
// process group and the ignored signals of its parent. EAGAIN where the node runs
// as many processes as it may; ENOMEM where the lab has no memory for another; ENOENT
// where there is no such program.
func (p *Proc) Spawn(argv, env []string, fds [3]int) (int, errno.Errno) {
	began := p.Now()
	pid, e := p.spawn(argv, env, fds)
	p.logCall(event.Event{Op: "spawn", N: int64(pid), Text: fmt.Sprintf("%s, %v", argvText(argv), fds)}, e, began)
	return pid, e
}

func argvText(argv []string) string {
	const shown = 8 // arguments, of 40 bytes each
	var b strings.Builder
	for i, a := range argv {
		switch {
		case i == shown:
			return b.String() + ", ...]"
		case i == 0:
			b.WriteByte('[')
		default:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%.40q", a)
	}
	if len(argv) == 0 {
		b.WriteByte('[')
	}
	return b.String() + "]"
}

func (p *Proc) spawn(argv, env []string, fds [3]int) (int, errno.Errno) {
	if len(argv) == 0 {
		return -1, errno.EINVAL
	}
	if CheckArgs(argv, env) != nil {
		return -1, errno.E2BIG
	}
	s := p.sys
	x, ok := s.host.Executable(argv[0])
	if !ok {
		return -1, errno.ENOENT
	}
	var files [3]*openFile
	for i, fd := range fds {
		if fd == -1 {
			continue
		}
		of, e := p.file(fd)
		if e != errno.OK {
			return -1, e
		}
		if _, ok := of.file.(*file.Kqueue); ok {
			return -1, errno.EBADF // a kqueue is its process' alone
		}
		files[i] = of
	}
	if len(s.procs)+s.zombies >= MaxProcs-ReservedProcs {
		p.once(limitProcs, "processes", fmt.Sprintf("the node runs %d processes and has %d that nobody waited for: a program can't start more", len(s.procs), s.zombies), MaxProcs-ReservedProcs)
		return -1, errno.EAGAIN
	}
	if memory, instance := x.begins(); memory+instance+ProcMemory > s.mem.Lab().Free() {
		p.outOfMemory(fmt.Sprintf("a process of %s begins with %d bytes", x.Name, memory+instance+ProcMemory))
		return -1, errno.ENOMEM
	}
	c, err := s.run(x, argv, env)
	if err != nil {
		return -1, errno.EAGAIN
	}
	for i, of := range files {
		if of == nil {
			of = &openFile{file: file.Null{}, path: "/dev/null", flags: kern.O_RDWR}
		} else {
			of.dups++
		}
		c.files[i] = of
	}
	c.stdin, c.caller.Thread.PGID = p.stdin, p.caller.Thread.PGID
	c.sig.Inherit(&p.sig)
	c.inheritRoot(p)
	p.begin(c, x)
	c.parent = p
	p.children = append(p.children, c)
	c.start()
	return c.pid, errno.OK
}

// Start makes a process of an executable under a name, and starts it.
func (s *System) Start(x Executable, name string, argv []string) (*Proc, error) {
	p, err := s.spawn(x, name, argv, x.Env)
	if err == nil {
		p.start()
	}
	return p, err
}

// spawn makes a process, which the caller starts.
func (s *System) spawn(x Executable, name string, argv, env []string) (*Proc, error) {
	if len(s.procs) >= MaxProcs {
		return nil, s.full(name)
	}
	if s.mem.Lab().Free() < ProcMemory {
		return nil, s.outOfMemory(name)
	}
	p := s.newProc(name, x, argv, env)
	s.procs = append(s.procs, p)
	return p, nil
}

// run is spawn under a name with a number, so that several may run.
func (s *System) run(x Executable, argv, env []string) (*Proc, error) {
	s.lastCmd++
	return s.spawn(x, fmt.Sprintf("%s.%d", x.Name, s.lastCmd), slices.Clone(argv), slices.Clone(env))
}

// full tells that the machine starts no more processes.
func (s *System) full(name string) error {
	s.log.Emit(event.Event{
		Kind: event.Limit, Node: s.name, Proc: name, Op: "processes", N: MaxProcs,
		Text: fmt.Sprintf("the node runs %d processes and starts no more", len(s.procs)),
	})
	return fmt.Errorf("node %s runs %d processes already: stop one first", s.name, len(s.procs))
}

// leaveFamily is what the end of a process means to its children and its parent.
func (p *Proc) leaveFamily() {
	s := p.sys
	for _, c := range p.children {
		c.parent = nil
		if c.state == procExited {
			c.letGo()
			s.zombies--
		}
	}
	p.children = nil
	p.files, p.scratch, p.redirect = nil, nil, nil
	if p.parent == nil {
		return
	}
	s.zombies++
	if p.parent.sig.Ignores(signal.SIGCHLD) {
		p.parent.reap(p) // it does not want to know: SA_NOCLDWAIT
	}
	q := p.parent
	if q == nil {
		return
	}
	s.kern.Wakeup(&q.children)
	q.Signal(signal.SIGCHLD)
}

// reap forgets a zombie.
func (p *Proc) reap(c *Proc) {
	p.children = slices.DeleteFunc(p.children, func(x *Proc) bool { return x == c })
	p.sys.zombies--
	p.sys.kern.Wakeup(&p.children)
	c.parent = nil
	c.letGo()
}

// zombie reports whether pid is an ended child that the process has not waited for.
func (p *Proc) zombie(pid int) bool {
	return slices.ContainsFunc(p.children, func(c *Proc) bool { return c.pid == pid && c.state == procExited })
}

// PPID is the process id of the parent: 0 where there is none.
func (p *Proc) PPID() int {
	if p.parent == nil {
		return 0
	}
	return p.parent.pid
}

// Waitpid is waitpid(2): it waits for a child to end (pid), for any (-1), or for one
// of a process group (0: the process' own, below -1: minus its number), and returns
// its process id and status: the exit code times 256, or the number of the signal
// that ended it. With WNOHANG it returns 0 where none has ended. ECHILD if there is
// no such child.
func (p *Proc) Waitpid(pid, options int) (child, status int, e errno.Errno) {
	began := p.enter("waitpid", noFD, forEver)
	child, status, e = p.waitpid(pid, options)
	text := fmt.Sprint(pid)
	if options&WNOHANG != 0 {
		text += ", WNOHANG"
	}
	if child > 0 {
		text += ", " + statusText(status)
	}
	p.logCall(event.Event{Op: "waitpid", N: int64(child), Text: text}, e, began)
	return child, status, e
}

func statusText(status int) string {
	if sig := status & 0x7f; sig != 0 {
		return "ended by " + signal.Name(sig)
	}
	return fmt.Sprintf("exit code %d", status>>8)
}

func (p *Proc) waitpid(pid, options int) (child, status int, e errno.Errno) {
	if options&^(WNOHANG|WUNTRACED) != 0 {
		return -1, 0, errno.EINVAL
	}
	for {
		any := false
		for _, c := range p.children {
			switch {
			case pid > 0 && c.pid != pid,
				pid == 0 && c.caller.Thread.PGID != p.caller.Thread.PGID,
				pid < -1 && c.caller.Thread.PGID != -pid:
				continue
			}
			any = true
			if c.state == procExited {
				p.reap(c)
				return c.pid, c.exit.status(), errno.OK
			}
		}
		switch {
		case !any:
			return -1, 0, errno.ECHILD
		case options&WNOHANG != 0:
			return 0, 0, errno.OK
		}
		if e := p.sys.kern.Sleep(&p.caller.Thread, &p.children, "wait", true); e != errno.OK {
			return -1, 0, e
		}
	}
}

// status is the end of a process as wait(2) tells it.
func (x Exit) status() int {
	if x.How != "exit" && x.Code > 128 {
		return (x.Code - 128) & 0x7f
	}
	return (x.Code & 0xff) << 8
}
