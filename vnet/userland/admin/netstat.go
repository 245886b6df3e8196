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
	return command.New("netstat", "show routes, interfaces, sockets or statistics",
		`netstat [-an] [-f family] [-p protocol]
       netstat -i [-n] [-I interface]
       netstat -r [-n] [-f family]
       netstat -s [-f family] [-p protocol]`, netstatMain)
}

// netstatMain is netstat(1). Addresses are never turned into names here.
func netstatMain(p *command.Proc) sys.Exit {
	all, what := false, byte(0)
	family, proto, on := "", "", ""
	g := command.Getopt{Args: p.Args()[1:]}
	for {
		opt, why := g.Next("af:I:inp:rs")
		if opt == 0 {
			break
		}
		switch opt {
		case 'a':
			all = true
		case 'f':
			family = g.Arg
			if family != "inet" && family != "inet6" {
				return p.Fail(1, "%s: unknown address family", family)
			}
		case 'I':
			on, what = g.Arg, 'i'
		case 'n':
		case 'p':
			proto = g.Arg
			if !knownProtocol(proto) {
				return p.Fail(1, "%s: unknown or uninstrumented protocol", proto)
			}
		case 'i', 'r', 's':
			if what != 0 && what != opt {
				return p.Misuse()
			}
			what = opt
		default:
			p.Warn("%s", why)
			return p.Misuse()
		}
	}
	switch {
	case len(g.Args) > 0:
		return p.Misuse()
	case what == 'r':
		showRoutes(p, family)
	case what == 'i':
		showInterfaces(p, on)
	case what == 's':
		showStats(p, family, proto)
	case proto != "" && !all: // BSD's: -p alone is the protocol's statistics
		showStats(p, family, proto)
	default:
		showSockets(p, all, family, proto)
	}
	return command.Exit(0)
}

// showInterfaces prints them as if.c, intpr does. What each address has had of the
// packets is not counted.
func showInterfaces(p *command.Proc, on string) {
	var b bytes.Buffer
	row := func(cols ...any) {
		fmt.Fprintf(&b, "%-5s %5v %-13s %-17s %8v %5v %5v %8v %5v %5v\n", cols...)
	}
	row("Name", "Mtu", "Network", "Address", "Ipkts", "Ierrs", "Idrop", "Opkts", "Oerrs", "Coll")
	for _, i := range p.System().Kernel().Ifnets() {
		if on != "" && i.Name != on {
			continue
		}
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
func showSockets(p *command.Proc, all bool, family, proto string) {
	var b bytes.Buffer
	b.WriteString("Active Internet connections")
	if all {
		b.WriteString(" (including servers)")
	}
	fmt.Fprintf(&b, "\n%-5s %-6s %-6s  %-22s %-22s %s\n", "Proto", "Recv-Q", "Send-Q", "Local Address", "Foreign Address", "(state)")
	if s := p.System().Stack(); s != nil {
		for _, k := range s.Sockets() {
			name := map[inet.SocketKind]string{
				inet.SocketTCP: "tcp4", inet.SocketUDP: "udp4", inet.SocketTCP6: "tcp6", inet.SocketUDP6: "udp6", inet.SocketICMP: "icm4", inet.SocketICMP6: "icm6",
			}[k.Kind]
			v6 := k.Kind >= inet.SocketUDP6
			switch {
			case !all && !k.Remote.IsValid(), family == "inet" && v6, family == "inet6" && !v6:
				continue
			case proto != "" && proto != k.Kind.String() && proto+"6" != k.Kind.String():
				continue
			}
			fmt.Fprintf(&b, "%-5s %6d %6d  %-22s %-22s %s\n", name, k.RecvQ, k.SendQ, endpoint(k.Local), endpoint(k.Remote), k.State)
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
