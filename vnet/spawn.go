package vnet

import (
	"fmt"
	"path"
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
	const most = 8 // arguments, of 40 bytes, are shown
	var b strings.Builder
	for i, a := range argv {
		switch {
		case i == most:
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
	if checkArgs(argv, env) != nil {
		return -1, errno.E2BIG
	}
	n := p.node
	x, ok := n.executable(argv[0])
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
	if len(n.procs)+n.zombies >= MaxProcs-ReservedProcs {
		p.once(limitProcs, "processes", fmt.Sprintf("the node runs %d processes and has %d that nobody waited for: a program can't start more", len(n.procs), n.zombies), MaxProcs-ReservedProcs)
		return -1, errno.EAGAIN
	}
	if memory, instance := x.begins(); memory+instance+ProcMemory > n.lab.mem.Free() {
		p.outOfMemory(fmt.Sprintf("a process of %s begins with %d bytes", x.name, memory+instance+ProcMemory))
		return -1, errno.ENOMEM
	}
	c, err := n.run(x, argv, env)
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

// An executable is what a name stands for on a node.
type executable struct {
	name   string
	prog   Program
	native bool
	conf   ProgramConfig // of the slot; zero for a command
}

// executable finds a program by its slot's name or a command; a folder before it
// does not matter.
func (n *Node) executable(name string) (executable, bool) {
	name = path.Base(name)
	if s := n.slot(name); s != nil && s.prog != nil {
		return executable{name, s.prog, s.conf.Command != "", s.conf}, true
	}
	if c := n.lab.rt.Commands[name]; c != nil {
		return executable{name: name, prog: c, native: true}, true
	}
	return executable{}, false
}

// run makes a process of an executable, which the caller starts. Its name has a
// number, so that several may run.
func (n *Node) run(x executable, argv, env []string) (*Proc, error) {
	n.lastCmd++
	p, err := n.spawn(nil, fmt.Sprintf("%s.%d", x.name, n.lastCmd), x.prog, x.native, slices.Clone(argv), slices.Clone(env))
	if err != nil {
		return nil, err
	}
	p.limit(x.conf)
	return p, nil
}

// limit gives a process the limits of a slot.
func (p *Proc) limit(c ProgramConfig) {
	if c.Memory > 0 {
		p.memoryLimit = c.Memory
	}
	p.fuelLimit = c.Fuel
}

// leaveFamily is what the end of a process means to its children and its parent.
func (p *Proc) leaveFamily() {
	n := p.node
	for _, c := range p.children {
		c.parent = nil
		if c.state == procExited {
			c.letGo()
			n.zombies--
		}
	}
	p.children = nil
	p.files, p.scratch, p.redirect = nil, nil, nil
	if p.parent == nil {
		return
	}
	n.zombies++
	if p.parent.sig.Ignores(signal.SIGCHLD) {
		p.parent.reap(p) // it does not want to know: SA_NOCLDWAIT
	}
	q := p.parent
	if q == nil {
		return
	}
	n.kern.Wakeup(&q.children)
	q.Signal(signal.SIGCHLD)
}

// reap forgets a zombie.
func (p *Proc) reap(c *Proc) {
	p.children = slices.DeleteFunc(p.children, func(x *Proc) bool { return x == c })
	p.node.zombies--
	p.node.kern.Wakeup(&p.children)
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
	began := p.Now()
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
		if e := p.node.kern.Sleep(&p.caller.Thread, &p.children, "wait", true); e != errno.OK {
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
