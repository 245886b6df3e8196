package admin

import (
	"bytes"
	"fmt"
	"net/netip"

	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// Netstat is the command Netstat.
func Netstat() *command.Command {
	return command.New("netstat", "show routes, interfaces or sockets",
		"netstat [-an]\n       netstat -i [-n]\n       netstat -r [-n]", netstatMain)
}

// netstatMain is netstat(1). Addresses are never turned into names here.
func netstatMain(p *command.Proc) sys.Exit {
	all, ifaces, routes := false, false, false
	g := command.Getopt{Args: p.Args()[1:]}
	for {
		opt, why := g.Next("ainr")
		if opt == 0 {
			break
		}
		switch opt {
		case 'a':
			all = true
		case 'i':
			ifaces = true
		case 'n':
		case 'r':
			routes = true
		default:
			p.Warn("%s", why)
			return p.Misuse()
		}
	}
	switch {
	case len(g.Args) > 0 || ifaces && routes:
		return p.Misuse()
	case routes:
		showRoutes(p)
	case ifaces:
		showInterfaces(p)
	default:
		showSockets(p, all)
	}
	return command.Exit(0)
}

// showRoutes prints the table as route.c, routepr does.
func showRoutes(p *command.Proc) {
	var b bytes.Buffer
	b.WriteString("Routing tables\n")
	routes := p.System().Routes()
	for _, f := range []struct {
		name  string
		bits  int
		width int
	}{{"Internet", 32, 18}, {"Internet6", 128, 33}} {
		first := true
		for _, r := range routes {
			if r.To.Addr().BitLen() != f.bits {
				continue
			}
			if first {
				fmt.Fprintf(&b, "\n%s:\n%-*s %-*s %-6s %6s %8s %6s %s\n", f.name, f.width, "Destination", f.width, "Gateway", "Flags", "Refs", "Use", "Netif", "Expire")
				first = false
			}
			fmt.Fprintf(&b, "%-*s %-*s %-6s %6d %8d %6s\n", f.width, destination(r), f.width, gateway(p, r), r.Flags, 0, 0, r.Dev)
		}
	}
	p.Printf("%s", b.Bytes())
}

func destination(r inet.Route) string {
	switch {
	case r.To.Bits() == 0:
		return "default"
	case r.To.IsSingleIP():
		return r.To.Addr().String()
	}
	return r.To.String()
}

func gateway(p *command.Proc, r inet.Route) string {
	if r.Via.IsValid() {
		return r.Via.String()
	}
	if i := p.System().Kernel().Ifnet(r.Link); i != nil {
		return fmt.Sprintf("link#%d", i.Index)
	}
	return r.Dev
}

// showInterfaces prints them as if.c, intpr does. What each address has had of the
// packets is not counted.
func showInterfaces(p *command.Proc) {
	var b bytes.Buffer
	row := func(cols ...any) {
		fmt.Fprintf(&b, "%-5s %5v %-13s %-17s %8v %5v %5v %8v %5v %5v\n", cols...)
	}
	row("Name", "Mtu", "Network", "Address", "Ipkts", "Ierrs", "Idrop", "Opkts", "Oerrs", "Coll")
	for _, i := range p.System().Kernel().Ifnets() {
		c := i.Cnt
		mac := ""
		if i.Type == kern.IFT_ETHER {
			mac = i.MAC.String()
		}
		row(i.Name, i.MTU, fmt.Sprintf("<Link#%d>", i.Index), mac, c.Ipackets, c.Ierrors, c.Iqdrops, c.Opackets, c.Oerrors, c.Collision)
		for _, a := range i.Addrs {
			if !a.Valid() {
				continue
			}
			network := i.Prefix(a).Masked().String()
			if a.Dst.IsValid() {
				network = a.Dst.String()
			}
			row(i.Name, i.MTU, network, a.Addr, "-", "-", "-", "-", "-", "-")
		}
	}
	p.Printf("%s", b.Bytes())
}

// showSockets prints them as inet.c, protopr does.
func showSockets(p *command.Proc, all bool) {
	var b bytes.Buffer
	b.WriteString("Active Internet connections")
	if all {
		b.WriteString(" (including servers)")
	}
	fmt.Fprintf(&b, "\n%-5s %-6s %-6s  %-22s %-22s %s\n", "Proto", "Recv-Q", "Send-Q", "Local Address", "Foreign Address", "(state)")
	if s := p.System().Stack(); s != nil {
		for _, k := range s.Sockets() {
			if !all && !k.Remote.IsValid() {
				continue
			}
			proto := map[inet.SocketKind]string{inet.SocketTCP: "tcp4", inet.SocketUDP: "udp4", inet.SocketTCP6: "tcp6", inet.SocketUDP6: "udp6"}[k.Kind]
			fmt.Fprintf(&b, "%-5s %6d %6d  %-22s %-22s %s\n", proto, k.RecvQ, k.SendQ, endpoint(k.Local), endpoint(k.Remote), k.State)
		}
	}
	p.Printf("%s", b.Bytes())
}

// endpoint is an address and port with a dot between, * for any.
func endpoint(a netip.AddrPort) string {
	addr, port := "*", "*"
	if a.Addr().IsValid() && !a.Addr().IsUnspecified() {
		addr = a.Addr().String()
	}
	if a.Port() != 0 {
		port = fmt.Sprint(a.Port())
	}
	return addr + "." + port
}
