package admin

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// NDP is the command NDP.
func NDP() *command.Command {
	return command.New("ndp", "show or change the table of IPv6 neighbours",
		`ndp [-n] hostname
       ndp [-n] -a | -c | -p | -r
       ndp [-n] -d hostname
       ndp [-n] -s hostname ether_addr`, ndpMain)
}

// ndpMain is ndp(8).
func ndpMain(p *command.Proc) sys.Exit {
	what := byte(0)
	g := command.Getopt{Args: p.Args()[1:]}
	for {
		opt, why := g.Next("acdnprs")
		if opt == 0 {
			break
		}
		switch opt {
		case 'n': // addresses are never turned into names here
		case '?':
			p.Warn("%s", why)
			return p.MisuseWith(1)
		default:
			if what != 0 {
				return p.MisuseWith(1)
			}
			what = opt
		}
	}
	switch n := len(g.Args); {
	case what == 'a' && n == 0:
		ndpHead(p)
		for _, x := range neighbours6(p.System()) {
			showNeighbour6(p, x)
		}
		return command.Exit(0)
	case what == 'c' && n == 0:
		for _, x := range entries(p.System(), true, "") {
			if i := p.System().Iface(x.NIC); i != nil && !x.Own && p.System().Stack().DeleteNeighbour(i.NIC, x.Addr) == errno.OK {
				p.Printf("%s (%s) deleted\n", scoped(x.Addr, x.NIC), scoped(x.Addr, x.NIC))
			}
		}
		return command.Exit(0)
	case what == 'p' && n == 0:
		showPrefixes(p)
		return command.Exit(0)
	case what == 'r' && n == 0:
		showRouters(p)
		return command.Exit(0)
	case what == 'd' && n == 1:
		return ndpDelete(p, g.Args[0])
	case what == 's' && n == 2:
		return ndpSet(p, g.Args[0], g.Args[1])
	case what == 0 && n == 1:
		return ndpGet(p, g.Args[0])
	}
	return p.MisuseWith(1)
}

// host6 is the address of a name, which is IPv6's; that of a link may say its interface.
func host6(p *command.Proc, name string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(name)
	if err != nil {
		a, _ = p.Lookup(name)
	}
	if !a.Is6() || a.Is4In6() || a.Zone() != "" && p.System().Iface(a.Zone()) == nil {
		p.Warn("%s: hostname nor servname provided, or not known", name)
		return a, false
	}
	return a, true
}

// scoped is an address as ndp writes it: one of a link with its interface.
func scoped(a netip.Addr, nic string) string {
	if a.IsLinkLocalUnicast() || a.IsLinkLocalMulticast() {
		return a.WithZone(nic).String()
	}
	return a.String()
}

// neighbours6 are the IPv6 entries, the node's own addresses among them.
func neighbours6(s *sys.System) []inet.Neighbour {
	out := entries(s, true, "")
	if s.Stack() == nil {
		return nil
	}
	had := map[netip.Addr]bool{}
	for _, n := range out {
		had[n.Addr.WithZone(n.NIC)] = true
	}
	var own []inet.Neighbour
	for _, i := range s.Kernel().Ifnets() {
		x := s.Iface(i.Name)
		if x == nil || x.NIC < 0 {
			continue
		}
		for _, a := range i.Addrs {
			if a.Addr.Is6() && !had[a.Addr.WithZone(i.Name)] {
				own = append(own, inet.Neighbour{NIC: i.Name, Addr: a.Addr, MAC: i.MAC, State: "reachable", Permanent: true, Own: true})
			}
		}
	}
	return append(out, own...)
}

const ndpAddr, ndpLink, ndpIf = 36, 17, 6

func ndpHead(p *command.Proc) {
	p.Printf("%-*s %-*s %*s %-9s %1s %5s\n", ndpAddr, "Neighbor", ndpLink, "Linklayer Address", ndpIf, "Netif", "Expire", "S", "Flags")
}

// showNeighbour6 prints an entry as ndp.c's dump does: what is wider than its column
// takes from the next ones.
func showNeighbour6(p *command.Proc, n inet.Neighbour) {
	addr, mac := scoped(n.Addr, n.NIC), "(incomplete)"
	if !n.MAC.IsZero() {
		mac = n.MAC.String()
	}
	addrWidth := max(len(addr), ndpAddr)
	macWidth := max(len(mac), ndpAddr+ndpLink-addrWidth)
	ifWidth := max(len(n.NIC), ndpAddr+ndpLink+ndpIf-addrWidth-macWidth)
	expire := "expired"
	switch s := left(p, n.Expires); {
	case n.Permanent || n.Expires == 0:
		expire = "permanent"
	case s > 0:
		expire = seconds(s)
	}
	state := "?"
	if n.State != "" {
		state = strings.ToUpper(n.State[:1])
	}
	flags := ""
	if n.Router {
		flags = "R"
	}
	if n.Published {
		flags += "p"
	}
	p.Printf("%-*s %-*s %*s %-9.9s %s %s\n", addrWidth, addr, macWidth, mac, ifWidth, n.NIC, expire, state, flags)
}

// seconds is a time as ndp writes it: 1d2h3m4s, without what is 0 in front.
func seconds(s int) string {
	var out string
	for _, u := range []struct {
		name string
		of   int
	}{{"d", 24 * 3600}, {"h", 3600}, {"m", 60}} {
		if s >= u.of || out != "" {
			out += fmt.Sprint(s/u.of) + u.name
		}
		s %= u.of
	}
	return out + fmt.Sprint(s) + "s"
}

func ndpGet(p *command.Proc, name string) sys.Exit {
	a, ok := host6(p, name)
	if !ok {
		return command.Exit(1)
	}
	found := false
	for _, n := range neighbours6(p.System()) {
		if n.Addr.WithZone("") == a.WithZone("") && (a.Zone() == "" || a.Zone() == n.NIC) {
			if !found {
				ndpHead(p)
			}
			showNeighbour6(p, n)
			found = true
		}
	}
	if !found {
		p.Printf("%s (%s) -- no entry\n", name, a)
		return command.Exit(1)
	}
	return command.Exit(0)
}

func ndpDelete(p *command.Proc, name string) sys.Exit {
	a, ok := host6(p, name)
	if !ok {
		return command.Exit(1)
	}
	for _, n := range neighbours6(p.System()) {
		i := p.System().Iface(n.NIC)
		if i == nil || n.Addr.WithZone("") != a.WithZone("") || a.Zone() != "" && a.Zone() != n.NIC {
			continue
		}
		e := errno.EPERM
		if !n.Own {
			e = p.System().Stack().DeleteNeighbour(i.NIC, n.Addr)
		}
		if e != errno.OK {
			return p.Fail(1, "writing to routing socket: %s", e.Message())
		}
		p.Printf("%s (%s) deleted\n", name, scoped(n.Addr, n.NIC))
		return command.Exit(0)
	}
	return p.Fail(1, "delete: cannot locate %s", name)
}

func ndpSet(p *command.Proc, name, link string) sys.Exit {
	a, ok := host6(p, name)
	if !ok {
		return command.Exit(1)
	}
	mac, ok := linkAddr(link)
	if !ok {
		return p.Fail(1, "invalid Ethernet address '%s'", link)
	}
	i := onLink(p.System(), a)
	if i == nil {
		p.Printf("cannot intuit interface index and type for %s\n", name)
		return command.Exit(1)
	}
	if e := p.System().Stack().AddNeighbour(i.NIC, a.WithZone(""), mac, true, false); e != errno.OK {
		return p.Fail(1, "writing to routing socket: %s", e.Message())
	}
	return command.Exit(0)
}

// nicName is the name of the interface that the stack knows by a number.
func nicName(s *sys.System, nic int) string {
	for _, i := range s.Kernel().Ifnets() {
		if x := s.Iface(i.Name); x != nil && x.NIC == nic {
			return i.Name
		}
	}
	return "?"
}

// showRouters prints the default routers as ndp.c's rtrlist does.
func showRouters(p *command.Proc) {
	stack := p.System().Stack()
	if stack == nil {
		return
	}
	for _, r := range stack.Routers() {
		nic, flags := nicName(p.System(), r.NIC), ""
		if r.Flags&0x80 != 0 {
			flags = "M"
		}
		if r.Flags&0x40 != 0 {
			flags += "O"
		}
		p.Printf("%s if=%s, flags=%s, pref=%s, expire=%s\n", scoped(r.IP, nic), nic, flags,
			[...]string{"medium", "high", "rsv", "low"}[r.Flags>>3&3], until(p, r.Expires))
	}
}

// showPrefixes prints what routers have said of prefixes, as ndp.c's plist does; an own
// address' lifetimes are ifconfig's.
func showPrefixes(p *command.Proc) {
	stack := p.System().Stack()
	if stack == nil {
		return
	}
	for _, r := range stack.Prefixes() {
		flags := ""
		if r.OnLink {
			flags = "L"
		}
		if r.Auto {
			flags += "A"
		}
		if r.OnLink {
			flags += "O"
		}
		p.Printf("%s if=%s\nflags=%s, expire=%s\n", r.Prefix, nicName(p.System(), r.NIC), flags, until(p, r.Valid))
	}
}

func until(p *command.Proc, t time.Duration) string {
	if t == 0 {
		return "Never"
	}
	return seconds(max(left(p, t), 0))
}
