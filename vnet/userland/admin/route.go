package admin

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// Route is the command Route.
func Route() *command.Command {
	return command.New("route", "show or change the routes of the node",
		`route [-nq] add [-net | -host] destination[/bits] gateway [-netmask mask]
       route [-nq] add [-net | -host] destination[/bits] -interface interface
       route [-nq] change [-net | -host] destination[/bits] gateway
       route [-nq] delete [-net | -host] destination[/bits]
       route [-nq] flush [-inet | -inet6]
       route [-n] get destination
       route [-n] show [-inet | -inet6]`, routeMain)
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
	quiet := false
	g := command.Getopt{Args: p.Args()[1:]}
	for {
		opt, why := g.Next("nqv")
		if opt == 0 {
			break
		}
		switch opt {
		case 'n', 'v':
		case 'q':
			quiet = true
		default:
			p.Warn("%s", why)
			return p.Misuse()
		}
	}
	if len(g.Args) == 0 {
		return p.Misuse()
	}
	op, args := g.Args[0], g.Args[1:]
	switch op {
	case "show", "flush":
		family := ""
		switch {
		case len(args) == 0:
		case len(args) == 1 && (args[0] == "-inet" || args[0] == "-inet6"):
			family = args[0][1:]
		default:
			return p.Misuse()
		}
		if op == "flush" {
			return flushRoutes(p, family, quiet)
		}
		showRoutes(p, family)
		return command.Exit(0)
	case "add", "change", "delete", "get":
		w, why := parseRoute(p, args)
		toSomewhere := w.via.IsValid() || w.dev != ""
		switch {
		case why != "":
			return p.Fail(command.ExNoHost, "%s", why)
		case !w.to.IsValid(), (op == "add" || op == "change") && !toSomewhere, op == "get" && toSomewhere:
			return p.Misuse()
		case op == "get":
			return getRoute(p, w)
		}
		return changeRoute(p, op, w, quiet)
	}
	p.Warn("bad keyword: %s", op)
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

// changeRoute adds, changes or deletes a route and says so as route.c, newroute does.
func changeRoute(p *command.Proc, op string, w routeWords, quiet bool) sys.Exit {
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
	var e errno.Errno
	route := inet.Route{To: w.to, Via: w.via, Dev: w.dev}
	switch op {
	case "add":
		e = p.System().AddRoute(route)
	case "change":
		e = replaceRoute(p.System(), route)
	default:
		e = removeRoute(p.System(), w.to)
	}
	if e == errno.OK {
		if !quiet {
			p.Printf("%s\n", what)
		}
		return command.Exit(0)
	}
	why := e.Message()
	switch {
	case e == errno.EEXIST:
		why = "route already in table"
	case e == errno.ESRCH:
		why = "not in table"
	case e == errno.ENOBUFS:
		why = "routing table overflow"
	}
	p.Warn("writing to routing socket: %s", e.Message())
	if !quiet {
		p.Printf("%s: %s\n", what, why)
	}
	return command.Exit(1)
}

// removeRoute takes away a route that was added, or one that was learned.
func removeRoute(s *sys.System, to netip.Prefix) errno.Errno {
	e := s.RemoveRoute(to)
	if e == errno.ESRCH && to.IsSingleIP() && s.Stack() != nil {
		return s.Stack().Forget(to.Addr())
	}
	return e
}

// replaceRoute gives a static route another way; where there is none it stays as it was.
func replaceRoute(s *sys.System, r inet.Route) errno.Errno {
	i := slices.IndexFunc(s.Routes(), func(x inet.Route) bool { return x.To == r.To && strings.Contains(x.Flags, "S") && x.Link == x.Dev })
	if i < 0 {
		return errno.ESRCH
	}
	old := s.Routes()[i]
	if e := s.RemoveRoute(old.To); e != errno.OK {
		return e
	}
	e := s.AddRoute(r)
	if e != errno.OK {
		s.AddRoute(old)
	}
	return e
}

// flushRoutes deletes what goes to a gateway, as route.c's flushroutes does.
func flushRoutes(p *command.Proc, family string, quiet bool) sys.Exit {
	d := p.System().Net.Dialect()
	for _, r := range tableRows(p) {
		if !strings.Contains(r.flags, "G") || family == "inet" && r.to.Addr().Is6() || family == "inet6" && r.to.Addr().Is4() {
			continue
		}
		if removeRoute(p.System(), r.to) == errno.OK && !quiet {
			p.Printf("%-20.20s %-20.20s done\n", destination(d, r.to, r.dev), r.gateway)
		}
	}
	return command.Exit(0)
}

// getRoute shows the route that a packet takes: one that was given, or learned for that host.
func getRoute(p *command.Proc, w routeWords) sys.Exit {
	s := p.System()
	best := lookUp(s, w.to.Addr())
	learned, mtu, expire := false, 0, 0
	if s.Stack() != nil {
		for _, l := range s.Stack().Learned() {
			if !l.To.Contains(w.to.Addr()) || best != nil && l.To.Bits() <= best.To.Bits() {
				continue
			}
			if l.Expires != 0 {
				expire = max(left(p, l.Expires), 0)
			}
			if mtu = l.MTU; l.Dynamic || best == nil {
				nic := nicName(s, l.NIC)
				best, learned = &inet.Route{To: l.To, Via: l.Via, Dev: nic, Link: nic}, l.Dynamic
			}
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
	switch {
	case best.To.IsSingleIP():
	case best.To.Addr().Is4():
		p.Printf("       mask: %s\n", dotted(best.To.Bits()))
	case best.To.Bits() > 0:
		p.Printf("       mask: %s\n", netip.PrefixFrom(allOnes, best.To.Bits()).Masked().Addr())
	}
	flags := "UP"
	if best.Via.IsValid() {
		p.Printf("    gateway: %s\n", scoped(best.Via, best.Dev))
		flags += ",GATEWAY"
	}
	if best.To.IsSingleIP() {
		flags += ",HOST"
	}
	flags += ",DONE"
	if strings.Contains(best.Flags, "S") {
		flags += ",STATIC"
	}
	if learned {
		flags += ",DYNAMIC"
	}
	p.Printf("  interface: %s\n      flags: <%s>\n", best.Dev, flags)
	if i := s.Kernel().Ifnet(best.Dev); mtu == 0 && i != nil && s.Net.Dialect() == dialect.FreeBSD {
		mtu = int(i.MTU)
	}
	head, cells := " recvpipe  sendpipe  ssthresh  rtt,msec    rttvar  hopcount      mtu     expire", []int{0, 0, 0, 0, 0, 0, mtu, expire}
	if d := s.Net.Dialect(); d == dialect.FreeBSD || d == dialect.Linux {
		head, cells = " recvpipe  sendpipe  ssthresh  rtt,msec    mtu        weight    expire", []int{0, 0, 0, 0, mtu, 1, expire}
	}
	p.Printf("%s\n", head)
	for _, c := range cells {
		p.Printf("%8d  ", c)
	}
	p.Printf("\n")
	return command.Exit(0)
}

var allOnes = netip.AddrFrom16([16]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255})

// dotted is a netmask.
func dotted(bits int) netip.Addr {
	m := ^uint32(0) << (32 - bits)
	if bits == 0 {
		m = 0
	}
	return netip.AddrFrom4([4]byte{byte(m >> 24), byte(m >> 16), byte(m >> 8), byte(m)})
}
