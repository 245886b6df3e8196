package admin

import (
	"slices"

	"wireloom/vnet/inet"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// ARP is the command ARP.
func ARP() *command.Command {
	return command.New("arp", "show the addresses that were resolved",
		"arp [-n] hostname\n       arp [-n] -a", arpMain)
}

// arpMain is arp(8), without the forms that change the table.
func arpMain(p *command.Proc) sys.Exit {
	all := false
	g := command.Getopt{Args: p.Args()[1:]}
	for {
		opt, why := g.Next("an")
		if opt == 0 {
			break
		}
		switch opt {
		case 'a':
			all = true
		case 'n': // addresses are never turned into names here
		default:
			p.Warn("%s", why)
			return p.MisuseWith(1)
		}
	}
	if all && len(g.Args) != 0 || !all && len(g.Args) != 1 {
		return p.MisuseWith(1)
	}
	entries := neighbours(p.System())
	if all {
		for _, n := range entries {
			showNeighbour(p, n)
		}
		return command.Exit(0)
	}
	a, ok := p.Resolve(g.Args[0])
	if !ok || !a.Is4() {
		return p.Fail(1, "%s: Unknown host", g.Args[0])
	}
	found := false
	for _, n := range entries {
		if n.Addr == a {
			showNeighbour(p, n)
			found = true
		}
	}
	if !found {
		p.Printf("%s (%s) -- no entry\n", a, a)
		return command.Exit(1)
	}
	return command.Exit(0)
}

// neighbours are the node's ARP entries in the order of their addresses.
func neighbours(n *sys.System) []inet.Neighbour {
	s := n.Stack()
	if s == nil {
		return nil
	}
	return slices.DeleteFunc(s.Neighbours(), func(n inet.Neighbour) bool { return !n.Addr.Is4() })
}

// showNeighbour prints an entry as arp.c's print_entry does where there is no name
// for the address.
func showNeighbour(p *command.Proc, n inet.Neighbour) {
	mac := "(incomplete)"
	if !n.MAC.IsZero() {
		mac = n.MAC.String()
	}
	if n.Permanent {
		p.Printf("? (%s) at %s on %s permanent [ethernet]\n", n.Addr, mac, n.NIC)
		return
	}
	p.Printf("? (%s) at %s on %s [ethernet]\n", n.Addr, mac, n.NIC)
}
