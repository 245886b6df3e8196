package admin

import (
	"fmt"
	"net/netip"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// ARP is the command ARP.
func ARP() *command.Command {
	return command.New("arp", "show or change the table of resolved addresses",
		`arp [-n] [-i interface] hostname
       arp [-n] [-i interface] -a
       arp -d hostname
       arp -d [-i interface] -a
       arp -s hostname ether_addr [temp] [pub]
       arp -S hostname ether_addr [temp] [pub]
       arp -f filename`, arpMain)
}

// An arpCommand is one run of arp(8).
type arpCommand struct {
	*command.Proc
	on      string // -i
	verbose bool   // NetBSD's -v
}

func (a *arpCommand) netbsd() bool { return a.System().Net.Dialect() == dialect.NetBSD }

// arpMain is arp(8).
func arpMain(p *command.Proc) sys.Exit {
	a := &arpCommand{Proc: p}
	all, what := false, byte(0)
	spec := "adfi:nsS"
	if a.netbsd() {
		spec = "adfi:nsSv"
	}
	g := command.Getopt{Args: p.Args()[1:]}
	for {
		opt, why := g.Next(spec)
		if opt == 0 {
			break
		}
		switch opt {
		case 'a':
			all = true
		case 'd', 'f', 's', 'S':
			if what != 0 {
				return p.MisuseWith(1)
			}
			what = opt
		case 'i':
			if a.on = g.Arg; p.System().Iface(a.on) == nil {
				return p.Fail(1, "interface %s does not exist", a.on)
			}
		case 'n': // addresses are never turned into names here
		case 'v':
			a.verbose = true
		default:
			p.Warn("%s", why)
			return p.MisuseWith(1)
		}
	}
	switch {
	case what == 'd' && all && len(g.Args) == 0:
		return a.flush()
	case what == 0 && all && len(g.Args) == 0:
		for _, n := range entries(p.System(), false, a.on) {
			a.show(n)
		}
		return command.Exit(0)
	case all:
	case what == 0 && len(g.Args) == 1:
		return a.get(g.Args[0])
	case what == 'd' && (len(g.Args) == 1 || len(g.Args) == 2 && strings.HasPrefix(g.Args[1], "pub")):
		return command.Exit(a.remove(g.Args[0]))
	case what == 'f' && len(g.Args) == 1:
		return a.file(g.Args[0])
	case (what == 's' || what == 'S') && len(g.Args) >= 2:
		return command.Exit(a.set(g.Args, what == 'S'))
	}
	return p.MisuseWith(1)
}

// host is the address of a name, which is IPv4's.
func (a *arpCommand) host(name string) (netip.Addr, bool) {
	addr, ok := a.Resolve(name)
	if !ok || !addr.Is4() {
		a.Warn("%s: Unknown host", name)
		return addr, false
	}
	return addr, true
}

// show prints an entry as arp.c's print_entry does where there is no name for the address.
func (a *arpCommand) show(n inet.Neighbour) {
	mac := "(incomplete)"
	if !n.MAC.IsZero() {
		mac = n.MAC.String()
	}
	line := "? (" + n.Addr.String() + ") at " + mac + " on " + n.NIC
	d := a.System().Net.Dialect()
	permanent := n.Permanent || n.Own
	if permanent {
		line += " permanent"
	}
	if !permanent && (d == dialect.FreeBSD || d == dialect.Linux) {
		line += expiry(a.Proc, n)
	}
	if n.Published {
		line += " published"
	}
	if d != dialect.NetBSD {
		line += " [ethernet]"
	}
	a.Printf("%s\n", line)
}

// expiry is how FreeBSD's arp says how long an entry stays. A Linux node's have no such time.
func expiry(p *command.Proc, n inet.Neighbour) string {
	switch s := left(p, n.Expires); {
	case n.Expires == 0 && !n.MAC.IsZero():
		return ""
	case s > 0:
		return fmt.Sprintf(" expires in %d seconds", s)
	}
	return " expired"
}

// get shows the entries of one host.
func (a *arpCommand) get(name string) sys.Exit {
	addr, ok := a.host(name)
	if !ok {
		return command.Exit(1)
	}
	found := false
	for _, n := range entries(a.System(), false, a.on) {
		if n.Addr == addr {
			a.show(n)
			found = true
		}
	}
	if found {
		return command.Exit(0)
	}
	on := ""
	if a.on != "" {
		on = " on interface " + a.on
	}
	a.Printf("%s (%s) -- no entry%s\n", name, addr, on)
	return command.Exit(1)
}

// remove takes an entry away; it returns the exit code.
func (a *arpCommand) remove(name string) int {
	addr, ok := a.host(name)
	if !ok {
		return 1
	}
	found, e := false, errno.ENOENT
	for _, n := range entries(a.System(), false, a.on) {
		if x := a.System().Iface(n.NIC); n.Addr == addr && x != nil {
			found = true
			if e = a.System().Stack().DeleteNeighbour(x.NIC, addr); e == errno.OK {
				break
			}
		}
	}
	switch {
	case !found:
		a.Warn("delete: cannot locate %s", name)
		return 1
	case e != errno.OK:
		a.Warn("writing to routing socket: %s", e.Message())
		return 1
	}
	a.deleted(name, addr)
	return 0
}

// deleted says that an entry went, NetBSD's only when it is asked for.
func (a *arpCommand) deleted(name string, addr netip.Addr) {
	if !a.netbsd() || a.verbose {
		a.Printf("%s (%s) deleted\n", name, addr)
	}
}

// flush takes away all that are not the node's own.
func (a *arpCommand) flush() sys.Exit {
	for _, n := range entries(a.System(), false, a.on) {
		if x := a.System().Iface(n.NIC); x != nil && !n.Own && a.System().Stack().DeleteNeighbour(x.NIC, n.Addr) == errno.OK {
			a.deleted(n.Addr.String(), n.Addr)
		}
	}
	return command.Exit(0)
}

// set makes an entry of a host, a MAC and flags; it returns the exit code.
func (a *arpCommand) set(args []string, replace bool) int {
	name := args[0]
	addr, ok := a.host(name)
	if !ok {
		return 1
	}
	permanent, published := true, false
	for _, w := range args[2:] {
		switch {
		case w == "temp":
			permanent = false
		case strings.HasPrefix(w, "pub"):
			published = true
		default:
			a.MisuseWith(1)
			return 1
		}
	}
	x := onLink(a.System(), addr)
	mac, ok := linkAddr(args[1])
	switch {
	case args[1] == "auto" && x != nil && published: // the node's own: it answers for the host
		mac = x.If.MAC
	case args[1] == "auto":
		a.Printf("no interface found for %s\n", addr)
		return 1
	case !ok:
		a.Warn("invalid Ethernet address '%s'", args[1])
		return 1
	}
	if x == nil {
		if a.netbsd() {
			a.Warn("cannot intuit interface index and type for %s", name)
		} else {
			a.Printf("cannot intuit interface index and type for %s\n", name)
		}
		return 1
	}
	stack := a.System().Stack()
	if replace {
		stack.DeleteNeighbour(x.NIC, addr)
	}
	if e := stack.AddNeighbour(x.NIC, addr, mac, permanent, published); e != errno.OK {
		a.Warn("writing to routing socket: %s", e.Message())
		return 1
	}
	if a.netbsd() && a.verbose {
		a.Printf("%s (%s) added\n", name, args[1])
	}
	return 0
}

// maxTable is how long a file of entries may be.
const maxTable = 64 << 10

// file sets what a file's lines say.
func (a *arpCommand) file(name string) sys.Exit {
	text, e := a.ReadFile(maxTable, name)
	switch {
	case e != errno.OK:
		return a.Fail(1, "cannot open %s: %s", name, e.Message())
	case len(text) > maxTable:
		return a.Fail(1, "%s: %s", name, errno.EFBIG.Message())
	}
	code := 0
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0][0] == '#':
			continue
		case len(words) < 2:
			a.Warn("bad line: %s", strings.TrimRight(line, "\n"))
			code = 1
			continue
		}
		code = max(code, a.set(words, false))
	}
	return command.Exit(code)
}
