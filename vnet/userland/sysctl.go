package userland

import (
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/sys"
)

func sysctlCommand() *command {
	return &command{
		name: "sysctl", summary: "show or set variables of the kernel", main: sysctlMain,
		usage: "sysctl [-n] name[=value] ...\n       sysctl [-n] -a",
	}
}

// sysctlMain is sysctl(8).
func sysctlMain(p *proc) sys.Exit {
	all, bare := false, false
	g := getopt{args: p.Args()[1:]}
	for {
		opt, why := g.next("anw")
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
			p.warn("%s", why)
			_ = p.misuse()
			return exit(1)
		}
	}
	if all == (len(g.args) > 0) {
		_ = p.misuse()
		return exit(1)
	}
	k, t := p.System().Kernel(), p.Thread()
	show := func(name, value string) {
		if !bare {
			value = name + ": " + value
		}
		p.printf("%s\n", value)
	}
	if all {
		for _, s := range k.Sysctls(t) {
			show(s.Name, s.Value)
		}
		return exit(0)
	}
	code := 0
	for _, a := range g.args {
		name, value, set := strings.Cut(a, "=")
		var want *string
		if set {
			want = &value
		}
		old, e := k.Sysctl(t, name, want)
		switch {
		case e == errno.ENOENT:
			p.warn("unknown oid '%s'", name)
			code = 1
		case e != errno.OK:
			p.warn("%s: %s", name, e.Message())
			code = 1
		case set:
			now, _ := k.Sysctl(t, name, nil)
			show(name, old+" -> "+now)
		default:
			show(name, old)
		}
	}
	return exit(code)
}
