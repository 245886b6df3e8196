package admin

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// A tableRow is a row of netstat -r.
type tableRow struct {
	to                   netip.Prefix
	dest, gateway, flags string
	dev                  string
	mtu, expire          int // 0: none
}

// showRoutes prints the tables as each kernel's netstat does (route.c, routepr), of one
// family or both.
func showRoutes(p *command.Proc, family string) {
	var b bytes.Buffer
	b.WriteString("Routing tables\n")
	rows := tableRows(p)
	for _, v6 := range []bool{false, true} {
		mine := slices.DeleteFunc(slices.Clone(rows), func(r tableRow) bool { return r.to.Addr().Is6() != v6 })
		if len(mine) == 0 || family == "inet" && v6 || family == "inet6" && !v6 {
			continue
		}
		name := "Internet"
		if v6 {
			name = "Internet6"
		}
		fmt.Fprintf(&b, "\n%s:\n", name)
		if p.System().Net.Dialect() == dialect.NetBSD {
			tableNetBSD(&b, mine, v6)
		} else {
			tableFreeBSD(&b, mine, v6)
		}
	}
	p.Printf("%s", b.Bytes())
}

// tableFreeBSD is also DragonFly's: FreeBSD shows neither references nor uses of IPv6.
func tableFreeBSD(b *bytes.Buffer, rows []tableRow, v6 bool) {
	line := func(format string, args ...any) {
		b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
	}
	if v6 {
		line("%-33s %-29s %-6s  %8s %s", "Destination", "Gateway", "Flags", "Netif", "Expire")
	} else {
		line("%-18s %-18s %-6s %6s %8s %6s %s", "Destination", "Gateway", "Flags", "Refs", "Use", "Netif", "Expire")
	}
	for _, r := range rows {
		expire := ""
		if r.expire > 0 {
			expire = fmt.Sprintf("%6d", r.expire)
		}
		if v6 {
			line("%-33s %-29s %-6s %8s %s", r.dest, r.gateway, r.flags, r.dev, expire)
		} else {
			line("%-18s %-18s %-6s %6d %8d %6s %s", r.dest, r.gateway, r.flags, 0, 0, r.dev, expire)
		}
	}
}

// tableNetBSD: what a sysctl cannot say, references and uses, are dashes.
func tableNetBSD(b *bytes.Buffer, rows []tableRow, v6 bool) {
	dest, gateway := 18, 18
	if v6 {
		dest, gateway = 39, 30
	}
	fmt.Fprintf(b, "%-*s %-*s %-6s%7s %8s %6s %s\n", dest, "Destination", gateway, "Gateway", "Flags", "Refs", "Use", "Mtu", "Interface")
	for _, r := range rows {
		mtu := "-"
		if r.mtu > 0 {
			mtu = fmt.Sprint(r.mtu)
		}
		fmt.Fprintf(b, "%-*s %-*s %-6s%7s %8s %6s  %s\n", dest, r.dest, gateway, r.gateway, r.flags, "-", "-", mtu, r.dev)
	}
}

// tableRows are the routes that the node was given, those that it learned, and on
// DragonFly, where a neighbour is a route, the neighbours.
func tableRows(p *command.Proc) []tableRow {
	s := p.System()
	d := s.Net.Dialect()
	var out []tableRow
	for _, r := range s.Routes() {
		out = append(out, tableRow{to: r.To, dest: destination(d, r.To, r.Link), gateway: gateway(s, r), flags: routeFlags(d, r), dev: r.Dev})
	}
	if s.Stack() != nil {
		for _, l := range s.Stack().Learned() {
			nic := nicName(s, l.NIC)
			if !l.Dynamic && l.MTU != 0 && d == dialect.FreeBSD {
				continue // it has them in a cache of their own
			}
			r := tableRow{to: l.To, dest: destination(d, l.To, nic), gateway: linkName(s, nic), flags: "U", dev: nic, mtu: l.MTU}
			if l.Via.IsValid() {
				r.gateway, r.flags = scoped(l.Via, nic), "UG"
			}
			if l.To.IsSingleIP() {
				r.flags += "H"
			}
			if l.Dynamic {
				r.flags += "D"
			}
			if l.Expires != 0 {
				r.expire = max(left(p, l.Expires), 0)
			}
			out = append(out, r)
		}
		if d == dialect.DragonFly {
			out = append(out, neighbourRows(p)...)
		}
	}
	slices.SortStableFunc(out, func(a, b tableRow) int {
		return cmp.Or(a.to.Addr().Compare(b.to.Addr()), cmp.Compare(a.to.Bits(), b.to.Bits()))
	})
	return out
}

// neighbourRows are DragonFly's neighbours: routes cloned from those of their networks.
func neighbourRows(p *command.Proc) []tableRow {
	var out []tableRow
	for _, n := range p.System().Stack().Neighbours() {
		if n.Own { // among the routes already
			continue
		}
		r := tableRow{to: netip.PrefixFrom(n.Addr.WithZone(""), n.Addr.BitLen()), dest: scoped(n.Addr, n.NIC), gateway: linkName(p.System(), n.NIC), flags: "UHLW", dev: n.NIC}
		if !n.MAC.IsZero() {
			r.gateway = n.MAC.String()
		}
		if n.Permanent {
			r.flags = "UHLS"
		} else if n.Addr.Is4() {
			r.expire = max(left(p, n.Expires), 0)
		}
		out = append(out, r)
	}
	return out
}

// routeFlags are the letters by which each kernel's netstat knows a route.
func routeFlags(d dialect.Dialect, r inet.Route) string {
	own := r.Link != r.Dev
	switch d {
	case dialect.DragonFly:
		switch {
		case own:
			return "UHL"
		case r.Flags == "U":
			return "UC"
		case r.Flags == "US":
			return "UCSc"
		case r.Flags == "UGS":
			return "UGSc"
		}
	case dialect.NetBSD:
		switch {
		case own:
			return "UHl"
		case r.Flags == "U":
			return "UC"
		}
	case dialect.FreeBSD, dialect.Linux:
	}
	return r.Flags
}

// destination is the name of a route's network, trimmed as the kernel's netstat does.
func destination(d dialect.Dialect, to netip.Prefix, nic string) string {
	a := to.Addr()
	switch {
	case to.Bits() == 0:
		return "default"
	case to.IsSingleIP():
		return scoped(a, nic)
	case a.Is6():
		return fmt.Sprintf("%s/%d", scoped(a, nic), to.Bits())
	case d == dialect.FreeBSD || d == dialect.Linux:
		return to.String()
	}
	// The zeros at the end go, and on DragonFly the length of the address' class.
	text := a.String()
	for strings.HasSuffix(text, ".0") {
		text = strings.TrimSuffix(text, ".0")
	}
	if d == dialect.DragonFly && to.Bits() == classBits(a) {
		return text
	}
	return fmt.Sprintf("%s/%d", text, to.Bits())
}

func gateway(s *sys.System, r inet.Route) string {
	d := s.Net.Dialect()
	i := s.Kernel().Ifnet(r.Link)
	switch {
	case r.Via.IsValid():
		return scoped(r.Via, r.Dev)
	case i == nil:
		return r.Dev
	case d == dialect.DragonFly && r.Link != r.Dev && i.Type == kern.IFT_ETHER:
		return i.MAC.String()
	}
	return linkName(s, r.Link)
}

// linkName is an interface as a gateway.
func linkName(s *sys.System, name string) string {
	if i := s.Kernel().Ifnet(name); i != nil {
		return fmt.Sprintf("link#%d", i.Index)
	}
	return name
}
