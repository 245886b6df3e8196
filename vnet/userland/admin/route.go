package admin

import (
	"fmt"
	"net/netip"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// Route is the command Route.
func Route() *command.Command {
	return command.New("route", "show or change the routes of the node",
		`route [-n] add [-net | -host] destination[/bits] gateway [-netmask mask]
       route [-n] add [-net | -host] destination[/bits] -interface interface
       route [-n] delete [-net | -host] destination[/bits]
       route [-n] get destination
       route [-n] show`, routeMain)
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
func routeMain(p *command.Proc) sys.Exit {
	args := p.Args()[1:]
	for len(args) > 0 && args[0] == "-n" {
		args = args[1:]
	}
	if len(args) == 0 {
		return p.Misuse()
	}
	switch op := args[0]; op {
	case "show":
		showRoutes(p)
		return command.Exit(0)
	case "add", "delete", "get":
		w, why := parseRoute(p, args[1:])
		switch {
		case why != "":
			return p.Fail(command.ExNoHost, "%s", why)
		case !w.to.IsValid() || (op == "add") != (w.via.IsValid() || w.dev != "") && op != "delete":
			return p.Misuse()
		case op == "get":
			return getRoute(p, w)
		}
		return changeRoute(p, op, w)
	}
	return p.Misuse()
}

// parseRoute reads what follows add, delete or get; why is the error.
func parseRoute(p *command.Proc, args []string) (w routeWords, why string) {
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
	a, ok := p.Resolve(name)
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
		if w.via, ok = p.Resolve(w.words[1]); !ok {
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

// changeRoute adds or deletes a route and says so as route.c, newroute does.
func changeRoute(p *command.Proc, op string, w routeWords) sys.Exit {
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
		p.Printf("%s\n", what)
		return command.Exit(0)
	}
	why := e.Message()
	if e == errno.EEXIST {
		why = "route already in table"
	} else if e == errno.ESRCH {
		why = "not in table"
	}
	p.Warn("writing to routing socket: %s", e.Message())
	p.Printf("%s: %s\n", what, why)
	return command.Exit(1)
}

// getRoute shows the route that a packet takes.
func getRoute(p *command.Proc, w routeWords) sys.Exit {
	var best *inet.Route
	routes := p.System().Routes()
	for i, r := range routes {
		if r.To.Contains(w.to.Addr()) && (best == nil || r.To.Bits() > best.To.Bits()) {
			best = &routes[i]
		}
	}
	if best == nil {
		return p.Fail(1, "writing to routing socket: No such process")
	}
	p.Printf("   route to: %s\n", w.name)
	dst := best.To.Addr().String()
	if best.To.Bits() == 0 {
		dst = "default"
	}
	p.Printf("destination: %s\n", dst)
	if !best.To.IsSingleIP() && best.To.Addr().Is4() {
		p.Printf("       mask: %s\n", dotted(best.To.Bits()))
	}
	flags := "UP"
	if best.Via.IsValid() {
		p.Printf("    gateway: %s\n", best.Via)
		flags += ",GATEWAY"
	}
	if best.To.IsSingleIP() {
		flags += ",HOST"
	}
	flags += ",DONE"
	if strings.Contains(best.Flags, "S") {
		flags += ",STATIC"
	}
	p.Printf("  interface: %s\n      flags: <%s>\n", best.Dev, flags)
	return command.Exit(0)
}

// dotted is a netmask.
func dotted(bits int) netip.Addr {
	m := ^uint32(0) << (32 - bits)
	if bits == 0 {
		m = 0
	}
	return netip.AddrFrom4([4]byte{byte(m >> 24), byte(m >> 16), byte(m >> 8), byte(m)})
}
