// Package userland has the commands that every node of a lab has, as programs
// written in Go: ping, traceroute, arp, ifconfig, route, netstat, sysctl, nc, dhclient, syscall,
// cat, ls, rm, echo, help. They behave and print like those of FreeBSD 9.
package userland

import (
	"fmt"
	"slices"
	"strings"

	"wireloom/vnet/sys"
)

// Exit codes of <sysexits.h>.
const (
	exUsage  = 64
	exNoHost = 68
	exOSErr  = 71
)

// A command is a sys.Program that is part of the lab.
type command struct {
	name    string
	summary string
	usage   string // without "usage: "; lines after the first are indented under it
	main    func(*proc) sys.Exit
}

// Name implements sys.Program.
func (c *command) Name() string { return c.name }

// ID implements sys.Program: a command has no bytes of its own.
func (c *command) ID() string { return "" }

// Main implements sys.Program.
func (c *command) Main(p *sys.Proc) sys.Exit { return c.main(&proc{Proc: p, cmd: c}) }

// Commands returns the commands by name, for vnet.Runtime.
func Commands() map[string]sys.Program {
	all := []*command{
		pingCommand(), ping6Command(), arpCommand(), ifconfigCommand(), syscallCommand(), routeCommand(), netstatCommand(), sysctlCommand(), ncCommand(), tracerouteCommand(),
		catCommand(), lsCommand(), rmCommand(), echoCommand(), psCommand(), killCommand(), sleepCommand(), dhclientCommand(),
	}
	help := &command{name: "help", summary: "say what commands there are, or how to use one", usage: "help [command]"}
	all = append(all, help)
	help.main = func(p *proc) sys.Exit { return helpMain(p, all) }
	m := map[string]sys.Program{}
	for _, c := range all {
		m[c.name] = c
	}
	return m
}

// A proc is a process that runs a command: system calls, and C's ways to print.
type proc struct {
	*sys.Proc
	cmd  *command
	argv []string // of a command that another runs in its process
}

// printf writes to standard output.
func (p *proc) printf(format string, args ...any) {
	_, _ = p.Write(1, fmt.Appendf(nil, format, args...)) // a console takes everything
}

// warn writes a line to standard error that begins with the command's name: warnx(3).
func (p *proc) warn(format string, args ...any) {
	_, _ = p.Write(2, fmt.Appendf(nil, p.cmd.name+": "+format+"\n", args...))
}

// fail is warn and the end: errx(3).
func (p *proc) fail(code int, format string, args ...any) sys.Exit {
	p.warn(format, args...)
	return exit(code)
}

// misuse prints how the command is used.
func (p *proc) misuse() sys.Exit {
	_, _ = p.Write(2, []byte("usage: "+p.cmd.usage+"\n"))
	return exit(exUsage)
}

func exit(code int) sys.Exit {
	return sys.Exit{Code: code, How: "exit", Why: fmt.Sprintf("exited with code %d", code)}
}

func helpMain(p *proc, all []*command) sys.Exit {
	switch args := p.Args()[1:]; len(args) {
	case 0:
		sorted := slices.SortedFunc(slices.Values(all), func(a, b *command) int { return strings.Compare(a.name, b.name) })
		for _, c := range sorted {
			p.printf("%-11s%s\n", c.name, c.summary)
		}
		return exit(0)
	case 1:
		for _, c := range all {
			if c.name == args[0] {
				p.printf("%s - %s\nusage: %s\n", c.name, c.summary, c.usage)
				return exit(0)
			}
		}
		return p.fail(1, "%s: no such command", args[0])
	}
	return p.misuse()
}
