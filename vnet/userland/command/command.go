// Package command is what the commands of a node are made of: programs written in Go, each
// with its usage, getopt(3), and C's ways to print and to fail.
package command

import (
	"fmt"
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// Exit codes of <sysexits.h>.
const (
	ExUsage  = 64
	ExNoHost = 68
	ExOSErr  = 71
)

// A Command is a sys.Program that is part of the lab.
type Command struct {
	name    string
	Summary string // one line for people
	Usage   string // without "usage: "; lines after the first are indented under it
	Run     func(*Proc) sys.Exit
}

// New returns the command of that name.
func New(name, summary, usage string, run func(*Proc) sys.Exit) *Command {
	return &Command{name, summary, usage, run}
}

// Name implements sys.Program.
func (c *Command) Name() string { return c.name }

// ID implements sys.Program: a command has no bytes of its own.
func (c *Command) ID() string { return "" }

// Main implements sys.Program.
func (c *Command) Main(p *sys.Proc) sys.Exit { return c.Run(&Proc{Proc: p, cmd: c}) }

// In runs the command in the process of another, with arguments of its own.
func (c *Command) In(p *Proc, args ...string) sys.Exit {
	return c.Run(&Proc{Proc: p.Proc, cmd: c, argv: append([]string{c.name}, args...)})
}

// A Proc is a process that runs a command.
type Proc struct {
	*sys.Proc
	cmd  *Command
	argv []string // of a command that another runs in its process
}

// Command is the command that runs.
func (p *Proc) Command() *Command { return p.cmd }

// Args returns the arguments of the command that runs: those of the process, or
// those that another command runs it with.
func (p *Proc) Args() []string {
	if p.argv != nil {
		return p.argv
	}
	return p.Proc.Args()
}

// Printf writes to standard output.
func (p *Proc) Printf(format string, args ...any) {
	_, _ = p.Write(1, fmt.Appendf(nil, format, args...)) // a console takes everything
}

// Warn writes a line to standard error that begins with the command's name: warnx(3).
func (p *Proc) Warn(format string, args ...any) {
	_, _ = p.Write(2, fmt.Appendf(nil, p.cmd.name+": "+format+"\n", args...))
}

// Fail is Warn and the end: errx(3).
func (p *Proc) Fail(code int, format string, args ...any) sys.Exit {
	p.Warn(format, args...)
	return Exit(code)
}

// Misuse prints how the command is used, and ends it with EX_USAGE.
func (p *Proc) Misuse() sys.Exit { return p.MisuseWith(ExUsage) }

// MisuseWith is Misuse with another code: most commands end with 1.
func (p *Proc) MisuseWith(code int) sys.Exit {
	_, _ = p.Write(2, []byte("usage: "+p.cmd.Usage+"\n"))
	return Exit(code)
}

// Resolve is the address of a name: a number, or a node of the lab.
func (p *Proc) Resolve(name string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(name); err == nil {
		return a, a.Zone() == ""
	}
	return p.Lookup(name)
}

// ReadFile returns what a file holds; of one that is longer than limit, a little more than that.
func (p *Proc) ReadFile(limit int, name string) ([]byte, errno.Errno) {
	fd, e := p.Open(name, kern.O_RDONLY)
	if e != errno.OK {
		return nil, e
	}
	defer p.Close(fd)
	var out []byte
	buf := make([]byte, 4096)
	for len(out) <= limit {
		n, e := p.Read(fd, buf)
		if e != errno.OK || n == 0 {
			return out, e
		}
		out = append(out, buf[:n]...)
	}
	return out, errno.OK
}

// Exit is the end of a process with a code.
func Exit(code int) sys.Exit {
	return sys.Exit{Code: code, How: "exit", Why: fmt.Sprintf("exited with code %d", code)}
}
