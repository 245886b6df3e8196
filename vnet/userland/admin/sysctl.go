package admin

import (
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// Sysctl is the command Sysctl.
func Sysctl() *command.Command {
	return command.New("sysctl", "show or set variables of the kernel",
		"sysctl [-n] name[=value] ...\n       sysctl [-n] -a", sysctlMain)
}

// sysctlMain is sysctl(8).
func sysctlMain(p *command.Proc) sys.Exit {
	all, bare := false, false
	g := command.Getopt{Args: p.Args()[1:]}
	for {
		opt, why := g.Next("anw")
		if opt == 0 {
			break
		}
		switch opt {
		case 'a':
			all = true
		case 'n':
			bare = true
		case 'w': // to set was asked for by this once
		default:
			p.Warn("%s", why)
			return p.MisuseWith(1)
		}
	}
	if all == (len(g.Args) > 0) {
		return p.MisuseWith(1)
	}
	k, t := p.System().Kernel(), p.Thread()
	show := func(name, value string) {
		if !bare {
			value = name + ": " + value
		}
		p.Printf("%s\n", value)
	}
	if all {
		for _, s := range k.Sysctls(t) {
			show(s.Name, s.Value)
		}
		return command.Exit(0)
	}
	code := 0
	for _, a := range g.Args {
		name, value, set := strings.Cut(a, "=")
		var want *string
		if set {
			want = &value
		}
		old, e := k.Sysctl(t, name, want)
		switch {
		case e == errno.ENOENT:
			p.Warn("unknown oid '%s'", name)
			code = 1
		case e != errno.OK:
			p.Warn("%s: %s", name, e.Message())
			code = 1
		case set:
			now, _ := k.Sysctl(t, name, nil)
			show(name, old+" -> "+now)
		default:
			show(name, old)
		}
	}
	return command.Exit(code)
}
