package userland

import (
	"fmt"
	"net/netip"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/sys"
)

func routeCommand() *command {
	return &command{
		name: "route", summary: "show or change the routes of the node", main: routeMain,
		usage: `route [-n] add [-net | -host] destination[/bits] gateway [-netmask mask]
       route [-n] add [-net | -host] destination[/bits] -interface interface
       route [-n] delete [-net | -host] destination[/bits]
       route [-n] get destination
       route [-n] show`,
	}
}

// A routeWords is a command line of route(8).
type routeWords struct {
	to    netip.Prefix
	name  string // the destination as it was given, without a prefix length
	host  bool
	via   netip.Addr
	dev   string
	words []string
}

// routeMain is route(8).
func routeMain(p *proc) sys.Exit {
	args := p.Args()[1:]
	for len(args) > 0 && args[0] == "-n" {
		args = args[1:]
	}
	if len(args) == 0 {
		return p.misuse()
	}
	switch op := args[0]; op {
	case "show":
		showRoutes(p)
		return exit(0)
	case "add", "delete", "get":
		w, why := parseRoute(p, args[1:])
		switch {
		case why != "":
			return p.fail(exNoHost, "%s", why)
		case !w.to.IsValid() || (op == "add") != (w.via.IsValid() || w.dev != "") && op != "delete":
			return p.misuse()
		case op == "get":
			return getRoute(p, w)
		}
		return changeRoute(p, op, w)
	}
	return p.misuse()
}

// parseRoute reads what follows add, delete or get; why is the error.
func parseRoute(p *proc, args []string) (w routeWords, why string) {
	net, bits, v6 := false, -1, false
	for len(args) > 0 {
		a := args[0]
		args = args[1:]
		value := func() string {
			if len(args) == 0 {
				return ""
			}
			v := args[0]
			args = args[1:]
			return v
		}
		switch a {
		case "-net":
			net = true
		case "-host":
			w.host = true
		case "-inet", "-static":
		case "-inet6":
			v6 = true
		case "-interface", "-iface", "-ifp":
			w.dev = value()
		case "-netmask":
			v := value()
			var ok bool
			if bits, ok = maskBits(v); !ok {
				return w, fmt.Sprintf("bad netmask: %s", v)
			}
		case "-prefixlen":
			v := value()
			var ok bool
			if bits, ok = maskBits(v); !ok {
				return w, fmt.Sprintf("bad prefixlen: %s", v)
			}
		default:
			w.words = append(w.words, a)
		}
	}
	if len(w.words) == 0 || len(w.words) > 2 {
		return w, ""
	}
	name, length, hasLength := strings.Cut(w.words[0], "/")
	w.name = name
	if name == "default" {
		name, bits = "0.0.0.0", 0
		if v6 {
			name = "::"
		}
	}
	a, ok := resolve(p, name)
	if !ok {
		return w, fmt.Sprintf("bad address: %s", w.name)
	}
	switch {
	case hasLength:
		pre, err := netip.ParsePrefix(name + "/" + length)
		if err != nil {
			return w, fmt.Sprintf("bad address: %s", w.words[0])
		}
		bits = pre.Bits()
	case bits < 0:
		bits = a.BitLen()
		if net && a.Is4() {
			bits = classBits(a)
		}
	}
	if bits > a.BitLen() {
		return w, fmt.Sprintf("bad netmask: %d", bits)
	}
	w.to = netip.PrefixFrom(a, bits).Masked()
	w.host = w.host || bits == a.BitLen()
	if len(w.words) == 2 {
		if w.via, ok = resolve(p, w.words[1]); !ok {
			return w, fmt.Sprintf("bad address: %s", w.words[1])
		}
	}
	return w, ""
}

// classBits is the length of the netmask of an address's class.
func classBits(a netip.Addr) int {
	switch b := a.As4()[0]; {
	case b < 128:
		return 8
	case b < 192:
		return 16
	}
	return 24
}

// resolve is the address of a name: a number, or a node of the lab.
func resolve(p *proc, name string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(name); err == nil {
		return a, a.Zone() == ""
	}
	return p.Lookup(name)
}

// changeRoute adds or deletes a route and says so as route.c, newroute does.
func changeRoute(p *proc, op string, w routeWords) sys.Exit {
	var e errno.Errno
	what := fmt.Sprintf("%s net %s", op, w.name)
	if w.host {
		what = fmt.Sprintf("%s host %s", op, w.name)
	}
	switch {
	case w.via.IsValid():
		what += fmt.Sprintf(": gateway %s", w.via)
	case w.dev != "":
		what += fmt.Sprintf(": gateway %s", w.dev)
	}
	if op == "add" {
		e = p.System().AddRoute(inet.Route{To: w.to, Via: w.via, Dev: w.dev})
	} else {
		e = p.System().RemoveRoute(w.to)
	}
	if e == errno.OK {
		p.printf("%s\n", what)
		return exit(0)
	}
	why := e.Message()
	if e == errno.EEXIST {
		why = "route already in table"
	} else if e == errno.ESRCH {
		why = "not in table"
	}
	p.warn("writing to routing socket: %s", e.Message())
	p.printf("%s: %s\n", what, why)
	return exit(1)
}

// getRoute shows the route that a packet takes.
func getRoute(p *proc, w routeWords) sys.Exit {
	var best *inet.Route
	routes := p.System().Routes()
	for i, r := range routes {
		if r.To.Contains(w.to.Addr()) && (best == nil || r.To.Bits() > best.To.Bits()) {
			best = &routes[i]
		}
	}
	if best == nil {
		return p.fail(1, "writing to routing socket: No such process")
	}
	p.printf("   route to: %s\n", w.name)
	dst := best.To.Addr().String()
	if best.To.Bits() == 0 {
		dst = "default"
	}
	p.printf("destination: %s\n", dst)
	if !best.To.IsSingleIP() && best.To.Addr().Is4() {
		p.printf("       mask: %s\n", dotted(best.To.Bits()))
	}
	flags := "UP"
	if best.Via.IsValid() {
		p.printf("    gateway: %s\n", best.Via)
		flags += ",GATEWAY"
	}
	if best.To.IsSingleIP() {
		flags += ",HOST"
	}
	flags += ",DONE"
	if strings.Contains(best.Flags, "S") {
		flags += ",STATIC"
	}
	p.printf("  interface: %s\n      flags: <%s>\n", best.Dev, flags)
	return exit(0)
}

// dotted is a netmask.
func dotted(bits int) netip.Addr {
	m := ^uint32(0) << (32 - bits)
	if bits == 0 {
		m = 0
	}
	return netip.AddrFrom4([4]byte{byte(m >> 24), byte(m >> 16), byte(m >> 8), byte(m)})
}
