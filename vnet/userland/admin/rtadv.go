package admin

import (
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// Rtsol is the command rtsol: it asks for routers, and ends when one has answered or after three
// times, 4 s apart.
func Rtsol() *command.Command {
	return command.New("rtsol", "ask for routers of IPv6", "rtsol interface ...", rtsolMain)
}

// rtsolMain is rtsol(8), in the foreground.
func rtsolMain(p *command.Proc) sys.Exit {
	g := command.Getopt{Args: p.Args()[1:]}
	if opt, why := g.Next(""); opt != 0 {
		p.Warn("%s", why)
		return p.MisuseWith(1)
	}
	if len(g.Args) == 0 {
		return p.MisuseWith(1)
	}
	net := p.System().Net
	if !net.Values().IP6.AcceptRA {
		return p.Fail(1, "kernel is configured not to accept RAs")
	}
	for _, name := range g.Args {
		if e := net.Solicit(name); e != errno.OK {
			return p.Fail(1, "%s: %s", name, e.Message())
		}
		const each, times = 100 * time.Millisecond, 130 // 1 s, and three times 4 s
		for i := 0; i < times && !net.HasRouter(name); i++ {
			if e := p.Sleep(each); e != errno.OK {
				return command.Exit(1)
			}
		}
	}
	return command.Exit(0)
}

// Rtadvd is the command rtadvd: it has interfaces advertise the node as a router, with their own
// prefixes, from then on.
func Rtadvd() *command.Command {
	return command.New("rtadvd", "advertise a router of IPv6 on interfaces", "rtadvd interface ...",
		func(p *command.Proc) sys.Exit { return advertise(p, p.Args()[1:], true) })
}

// Rtadvctl is the command rtadvctl, of FreeBSD 9: it ends what rtadvd began, or begins it again.
func Rtadvctl() *command.Command {
	return command.New("rtadvctl", "end the advertising of rtadvd", "rtadvctl enable | disable interface ...",
		func(p *command.Proc) sys.Exit {
			args := p.Args()[1:]
			if len(args) == 0 || args[0] != "enable" && args[0] != "disable" {
				return p.MisuseWith(1)
			}
			return advertise(p, args[1:], args[0] == "enable")
		})
}

// advertise begins or ends advertising, of which the node's stack does the rest: there is no
// process that stays.
func advertise(p *command.Proc, names []string, on bool) sys.Exit {
	if len(names) == 0 {
		return p.MisuseWith(1)
	}
	for _, name := range names {
		switch e := p.System().Net.Advertise(name, on); e {
		case errno.OK:
		case errno.EPERM:
			return p.Fail(1, "IPv6 forwarding is disabled: sysctl net.inet6.ip6.forwarding=1")
		default:
			return p.Fail(1, "%s: %s", name, e.Message())
		}
	}
	return command.Exit(0)
}
