package admin

import (
	"slices"
	"strconv"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// Sysctl is the command Sysctl.
func Sysctl() *command.Command {
	return command.New("sysctl", "show or set variables of the kernel",
		`sysctl [-deNnqw] name[=value] ...
       sysctl [-deNnq] -a`, sysctlMain)
}

// A sysctlCommand is one run of sysctl(8).
type sysctlCommand struct {
	*command.Proc
	netbsd                                      bool
	all, describe, equals, names, bare, quietly bool
	set                                         bool // -w
}

// sysctlMain is sysctl(8).
func sysctlMain(p *command.Proc) sys.Exit {
	c := &sysctlCommand{Proc: p, netbsd: p.System().Net.Dialect() == dialect.NetBSD}
	flags := map[byte]*bool{'a': &c.all, 'd': &c.describe, 'e': &c.equals, 'N': &c.names, 'n': &c.bare, 'q': &c.quietly, 'w': &c.set}
	g := command.Getopt{Args: p.Args()[1:]}
	for {
		opt, why := g.Next("adeNnqw")
		if opt == 0 {
			break
		}
		f := flags[opt]
		if f == nil {
			p.Warn("%s", why)
			return p.MisuseWith(1)
		}
		*f = true
	}
	if c.all == (len(g.Args) > 0) || c.names && c.bare {
		return p.MisuseWith(1)
	}
	if c.all {
		for _, s := range p.System().Kernel().Sysctls(p.Thread()) {
			c.show(s.Name, s.Value)
		}
		return command.Exit(0)
	}
	code := 0
	for _, a := range g.Args {
		name, value, set := strings.Cut(a, "=")
		var ok bool
		switch {
		case !set:
			ok = c.read(name)
		case c.netbsd && !c.set:
			return p.Fail(1, "Must specify -w to set variables")
		default:
			ok = c.change(name, value)
		}
		if !ok {
			code = 1
		}
	}
	return command.Exit(code)
}

// show prints a variable: NetBSD with =, the others with a colon.
func (c *sysctlCommand) show(name, value string) {
	between := ": "
	switch {
	case c.equals:
		between = "="
	case c.netbsd && !c.describe:
		between = " = "
	}
	if c.describe {
		value = descriptions[name]
		if value == "" && c.netbsd {
			value = "(no description)"
		}
	}
	switch {
	case c.names:
		c.Printf("%s\n", name)
	case c.bare:
		c.Printf("%s\n", value)
	default:
		c.Printf("%s%s%s\n", name, between, value)
	}
}

// below are the variables under a name that is a node of the tree.
func (c *sysctlCommand) below(name string) []kern.Sysctl {
	return slices.DeleteFunc(c.System().Kernel().Sysctls(c.Thread()), func(s kern.Sysctl) bool { return !strings.HasPrefix(s.Name, name+".") })
}

// read shows a variable, or all that are under a node.
func (c *sysctlCommand) read(name string) bool {
	value, e := c.System().Kernel().Sysctl(c.Thread(), name, nil)
	switch {
	case e == errno.OK:
		c.show(name, value)
		return true
	case e != errno.ENOENT:
		c.Warn("%s: %s", name, e.Message())
		return false
	}
	under := c.below(strings.TrimSuffix(name, "."))
	for _, s := range under {
		c.show(s.Name, s.Value)
	}
	if len(under) == 0 {
		c.unknown(name)
	}
	return len(under) > 0
}

// change sets a variable and shows what it was and is.
func (c *sysctlCommand) change(name, value string) bool {
	k := c.System().Kernel()
	now, e := k.Sysctl(c.Thread(), name, nil)
	switch {
	case e == errno.ENOENT && len(c.below(name)) > 0 && !c.netbsd:
		c.Warn("oid '%s' isn't a leaf node", name)
		return false
	case e == errno.ENOENT:
		c.unknown(name)
		return false
	case e != errno.OK:
		c.Warn("%s: %s", name, e.Message())
		return false
	}
	if _, err := strconv.ParseInt(now, 10, 64); err == nil && !c.netbsd {
		if _, err := strconv.ParseInt(value, 0, 64); err != nil {
			c.Warn("invalid integer '%s'", value)
			return false
		}
	}
	old, e := k.Sysctl(c.Thread(), name, &value)
	if e != errno.OK {
		c.Warn("%s: %s", name, e.Message())
		return false
	}
	if now, e = k.Sysctl(c.Thread(), name, nil); e != errno.OK {
		now = value
	}
	if c.netbsd && !c.bare {
		c.Printf("%s: %s -> %s\n", name, old, now)
		return true
	}
	c.describe = false
	c.show(name, old+" -> "+now)
	return true
}

// unknown says that a name is none: NetBSD which part of it.
func (c *sysctlCommand) unknown(name string) {
	if c.quietly {
		return
	}
	if !c.netbsd {
		c.Warn("unknown oid '%s'", name)
		return
	}
	levels := []string{"top", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"}
	parts := strings.Split(name, ".")
	at := 0
	for at < len(parts)-1 && len(c.below(strings.Join(parts[:at+1], "."))) > 0 {
		at++
	}
	c.Warn("%s level name '%s' in '%s' is invalid", levels[min(at, len(levels)-1)], parts[at], name)
}
