// Package userland has the commands that every node of a lab has, as programs
// written in Go. They behave and print like those of FreeBSD 9, except where the node's
// kernel is another and its own command says something else. The commands themselves are in
// rooms below: admin shows and sets what a node is, probe asks the network, byhand makes
// system calls, man has the manual; here are those on files and processes, and the few that talk.
package userland

import (
	"slices"
	"strings"

	"wireloom/vnet/sys"
	"wireloom/vnet/userland/admin"
	"wireloom/vnet/userland/byhand"
	"wireloom/vnet/userland/command"
	"wireloom/vnet/userland/man"
	"wireloom/vnet/userland/probe"
)

// Commands returns the commands by name, for vnet.Runtime.
func Commands() map[string]sys.Program {
	all := []*command.Command{
		probe.Ping(), probe.Ping6(), probe.Traceroute(), probe.Traceroute6(), probe.Tcpdump(), byhand.Command(),
		admin.ARP(), admin.NDP(), admin.Ifconfig(), admin.Route(), admin.Netstat(), admin.Sysctl(), admin.Rtsol(), admin.Rtadvd(), admin.Rtadvctl(),
		ncCommand(), dhclientCommand(),
		catCommand(), lsCommand(), rmCommand(), echoCommand(), psCommand(), killCommand(), sleepCommand(),
	}
	help := command.New("help", "say what commands there are, or how to use one", "help [command]", nil)
	all = append(all, help, man.Command(func() []*command.Command { return all }))
	help.Run = func(p *command.Proc) sys.Exit { return helpMain(p, all) }
	m := map[string]sys.Program{}
	for _, c := range all {
		m[c.Name()] = c
	}
	return m
}

func helpMain(p *command.Proc, all []*command.Command) sys.Exit {
	switch args := p.Args()[1:]; len(args) {
	case 0:
		sorted := slices.SortedFunc(slices.Values(all), func(a, b *command.Command) int { return strings.Compare(a.Name(), b.Name()) })
		for _, c := range sorted {
			p.Printf("%-12s%s\n", c.Name(), c.Summary)
		}
		return command.Exit(0)
	case 1:
		for _, c := range all {
			if c.Name() == args[0] {
				p.Printf("%s - %s\nusage: %s\n", c.Name(), c.Summary, c.Usage)
				return command.Exit(0)
			}
		}
		return p.Fail(1, "%s: no such command", args[0])
	}
	return p.Misuse()
}
