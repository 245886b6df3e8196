package act

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"wireloom/vnet/config"
	"wireloom/vnet/event"
	"wireloom/vnet/packet"
)

// That ping prints a reply does not say who has sent it. The node may have answered
// itself, because a program has given it the address; a program may have sent the
// node's own answer back to it; a router may have answered in place of the host behind
// it. An answered follows the replies of one ping, and counts those that have come the
// way that replies come: in to the node by a link, or by a program that writes to one
// of its devices, and where a node of the file has the address, from that node. What
// is on the way between them is no matter: so a reply is known by its number and the
// beginning of its data, with the time in it, which nobody on the way may change.
type answered struct {
	node   string // that pings
	to     netip.Addr
	owners []string // the nodes that must have answered; none: any other one

	sent  map[reply]bool // by an owner
	own   map[reply]bool // by the node that pings
	came  map[reply]bool // as they have to
	stray string         // where the first came from that has not
}

// A reply is an ICMP echo reply: its number and its data up to here.
type reply struct {
	seq  uint16
	data [replyData]byte
}

const replyData = 16

// follow returns what follows the replies to a ping, nil where any will do.
func (x *pinging) follow() *answered {
	a := &answered{node: x.node, to: x.to, owners: x.owners, sent: map[reply]bool{}, own: map[reply]bool{}, came: map[reply]bool{}}
	if x.from != "" {
		a.owners = []string{x.from}
	}
	if x.from == fromAny || x.to.IsLoopback() || x.replies == 0 || slices.Contains(a.owners, x.node) {
		return nil // or it answers itself
	}
	return a
}

// owners are the nodes of a lab that have an address.
func owners(lab *config.Lab, addr netip.Addr) []string {
	var out []string
	for _, n := range lab.Nodes {
		var all []netip.Prefix
		for _, i := range n.NICs {
			all = append(all, i.Addresses...)
		}
		for _, d := range n.Devices {
			all = append(all, d.Addresses...)
		}
		if slices.ContainsFunc(all, func(p netip.Prefix) bool { return p.Addr() == addr }) {
			out = append(out, n.Name)
		}
	}
	return out
}

// Observe is called for each event while the ping is on. Many look at each, one for each node
// that pings: so what has nothing to do with it is passed over first.
func (a *answered) Observe(e *event.Event) {
	switch e.Kind {
	case event.Frame:
		pings, owns, into := endOf(e.Port, a.node), a.owned(e.Port), endOf(e.Peer, a.node)
		if !pings && !owns && !into {
			return
		}
		if f, ok := e.FrameSent(); ok && f.How == event.Sent { // others are a step's own
			a.passes(pings, owns, into, f.From, f.Packet)
		}
	case event.Call:
		pings, owns := e.Node == a.node, slices.Contains(a.owners, e.Node)
		if !pings && !owns {
			return
		}
		switch m, ok := e.Moved(); {
		case !ok, m.Write && !pings:
		case m.Write:
			a.passes(false, false, true, m.Node+":"+m.Proc, m.Packet)
		default: // what the kernel has sent
			a.passes(pings, owns, false, "", m.Packet)
		}
	default:
	}
}

// owned reports whether an end of a link is an owner's.
func (a *answered) owned(end string) bool {
	for _, node := range a.owners {
		if endOf(end, node) {
			return true
		}
	}
	return false
}

// endOf reports whether an end of a link, NODE:INTERFACE or SWITCH.PORT, is a node's.
func endOf(end, node string) bool {
	return len(end) > len(node) && end[len(node)] == ':' && end[:len(node)] == node
}

// passes notes what goes from one node to the next: whether it comes from the node that pings,
// or one that owns the address, and goes into the one that pings. by is who sends it.
func (a *answered) passes(pings, owns, into bool, by string, p event.Packet) {
	src, r, ok := echoReply(p)
	if !ok {
		return
	}
	if pings {
		a.own[r] = true
	}
	if owns {
		a.sent[r] = true
	}
	if !into || src != a.to {
		return
	}
	if a.own[r] || len(a.owners) > 0 && !a.sent[r] {
		if a.stray == "" {
			a.stray = by
		}
		return
	}
	a.came[r] = true
}

// finding says that fewer replies than wanted came as they have to; false where enough
// did.
func (a *answered) finding(x *pinging) (string, bool) {
	if a == nil || len(a.came) >= x.replies {
		return "", false
	}
	why := fmt.Sprintf(", but %d of the replies came to %s from outside", len(a.came), x.node)
	if len(a.owners) > 0 {
		why = fmt.Sprintf(", but %d of the replies are of %s", len(a.came), strings.Join(a.owners, " or "))
		if x.from == "" {
			why += fmt.Sprintf(", which has %v", x.to)
		}
	}
	switch {
	case a.stray != "":
		why += "; others came from " + a.stray
		if len(a.own) > 0 {
			why += ", or are answers of " + x.node + " that were sent back to it"
		}
	case len(a.came) == 0:
		why += fmt.Sprintf(": %s has answered itself. Does it have the address %v?", x.node, x.to)
	}
	return why, true
}

// echoReply returns the source of an ICMP echo reply, of IPv4 or IPv6, and what it is
// known by. Of fragments it is the first.
func echoReply(p event.Packet) (src netip.Addr, r reply, ok bool) {
	b := p.Data
	if p.Link == packet.LinkEthernet {
		e, err := packet.ParseEthernet(b)
		if err != nil {
			return src, r, false
		}
		b = e.Payload()
	}
	if len(b) == 0 {
		return src, r, false
	}
	var typ uint8
	switch b[0] >> 4 {
	case 4:
		ip, err := packet.ParseIPv4Header(b)
		if err != nil || ip.Protocol() != packet.ProtoICMP || ip.FragmentOffset() != 0 {
			return src, r, false
		}
		if total := ip.TotalLen(); total >= ip.HeaderLen()+packet.ICMPLen && total < len(ip) {
			ip = ip[:total] // a short frame is filled up
		}
		src, b, typ = ip.Src(), ip.Payload(), packet.ICMPEchoReply
	case 6:
		ip, err := packet.ParseIPv6Header(b)
		if err != nil || ip.NextHeader() != packet.ProtoICMPv6 {
			return src, r, false
		}
		src, b, typ = ip.Src(), ip.Payload(), packet.ICMPv6EchoReply
	default:
		return src, r, false
	}
	m, err := packet.ParseICMP(b)
	if err != nil || m.Type() != typ {
		return src, r, false
	}
	r.seq = m.Seq()
	copy(r.data[:], m.Payload())
	return src, r, true
}
