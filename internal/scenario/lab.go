package scenario

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/kern"
	"wireloom/vnet/memory"
	"wireloom/vnet/packet"
)

// A builder makes a Scenario of values whose shapes are right.
type builder struct {
	p     *format.Mistakes
	sc    *Scenario
	links map[format.End]*config.Link // by each of its ends
	order []*config.Link
	files int // bytes of the nodes' files so far
}

func (b *builder) build(root *format.Value) {
	sc := b.sc
	whole := b.p.Total() == 0
	if b.p.Outside(root.Get("steps"), root.Get("stages")) {
		return // what is connected to what is not known
	}
	sc.Name, sc.Title, sc.Goal, sc.Course = root.Get("scenario").String(), root.Get("title").String(), root.Get("goal").String(), format.Read[int](root.Get("course"))
	sc.words, sc.Captures = map[Slot]string{}, nil
	sc.Lab = config.Lab{Name: sc.Name, Seed: sc.Seed, Memory: format.Read[int64](root.Get("memory"))}
	b.links = map[format.End]*config.Link{}
	for _, e := range root.Get("switches").Entries() {
		sc.Lab.Switches = append(sc.Lab.Switches, switchOf(e))
		b.doors(e)
	}
	for _, e := range root.Get("nodes").Entries() {
		b.node(e)
	}
	for _, e := range root.Get("links").Entries() {
		at, err := format.ParseEnd(e.Key.Text)
		if err != nil {
			continue // its form has been checked
		}
		if to := e.Val.Get("to"); to != nil {
			b.connect(to, at, format.Read[format.End](to))
		}
		l := b.links[at]
		if l == nil {
			b.p.At(e.Key, "nothing is plugged into %s: give a NIC or device this port, or say where the link goes with to", at)
			continue
		}
		l.Delay = format.Read[time.Duration](e.Val.Get("delay"))
		b.impair(l, at, e.Val)
	}
	for _, l := range b.order {
		sc.Lab.Links = append(sc.Lab.Links, *l)
	}
	b.rings(root.Get("links"))
	b.twins(root)
	if whole && b.p.Total() == 0 {
		for _, m := range sc.Lab.Check() {
			b.p.At(placeOf(root, m.Path), "%s", m.Say)
		}
	}
	b.steps(root)
}

// connect plugs a cable in; at is where that stands.
func (b *builder) connect(at *format.Value, a, to format.End) {
	if a == to {
		b.p.At(at, "a cable has two ends, and %s cannot be both", a)
		return
	}
	for _, e := range []format.End{a, to} {
		if l := b.links[e]; l != nil {
			other := l.A
			if l.A == e.String() {
				other = l.B
			}
			b.p.At(at, "%s has a link already, to %s", e, other)
			return
		}
	}
	l := &config.Link{A: a.String(), B: to.String()}
	b.links[a], b.links[to] = l, l
	b.order = append(b.order, l)
}

// twins remarks on addresses that two interfaces have, and on a tun in a switch: a lesson may
// want one, and who does not would look for long.
func (b *builder) twins(root *format.Value) {
	macs, ips := map[packet.MAC]string{}, map[netip.Addr]string{}
	look := func(node, list, iface string, mac packet.MAC, addresses []netip.Prefix) {
		name := node + ":" + iface
		if other := macs[mac]; other != "" && !mac.IsZero() {
			b.p.Remark(placeOf(root, []string{"nodes", node, list, iface}), "%s and %s have one Ethernet address, %v: a switch sends what is for it to whichever has spoken last", other, name, mac)
		}
		macs[mac] = name
		for _, a := range addresses {
			if other := ips[a.Addr()]; other != "" {
				b.p.Remark(placeOf(root, []string{"nodes", node, list, iface}), "%s and %s have one IP address, %v: who asks for it hears both", other, name, a.Addr())
			}
			ips[a.Addr()] = name
		}
	}
	for i := range b.sc.Lab.Nodes {
		n := &b.sc.Lab.Nodes[i]
		for _, f := range n.NICs {
			look(n.Name, "nics", f.Name, f.MAC, f.Addresses)
		}
		for _, f := range n.Devices {
			look(n.Name, "devices", f.Name, f.MAC, f.Addresses)
			end := format.End{Node: n.Name, Iface: f.Name}
			if l := b.links[end]; l != nil && end.Driver() == format.Tun {
				b.p.Remark(placeOf(root, []string{"nodes", n.Name, "devices", f.Name}), "a tun has IP packets without an Ethernet header, and %s is plugged in: no switch and no NIC takes anything of it. A tap has frames", end)
			}
		}
	}
}

// rings remarks on links that make rings of switches: a lesson may want one, and who
// does not is to know before frames go round.
func (b *builder) rings(links *format.Value) {
	for _, r := range b.sc.Lab.Rings() {
		if !slices.ContainsFunc(r, b.floods) {
			continue // its spanning tree opens it
		}
		at := links // the last of its cables: without it there is none
		for _, e := range links.Entries() {
			if slices.ContainsFunc(r, func(c vnet.Cable) bool { return e.Key.Text == c.Out || e.Key.Text == c.In }) {
				at = e.Key
			}
		}
		b.p.Remark(at, "these cables are a loop: %s. A switch sends a broadcast on by all its ports, so it goes round for ever; leave one of them out unless that is the lesson", r)
	}
}

// floods reports whether no spanning tree runs where a cable leaves.
func (b *builder) floods(c vnet.Cable) bool {
	return slices.ContainsFunc(b.sc.Lab.Switches, func(s config.Switch) bool {
		return strings.HasPrefix(c.Out, s.Name+".") && s.Tree == nil
	})
}

// find returns the value in v, or the key, that is this text.
func find(v *format.Value, text string) *format.Value {
	if v == nil || v.Kind == format.Scalar && v.Text == text {
		return v
	}
	for _, e := range v.Keys {
		if e.Key.Text == text {
			return e.Key
		}
		if f := find(e.Val, text); f != nil {
			return f
		}
	}
	for _, i := range v.Items {
		if f := find(i, text); f != nil {
			return f
		}
	}
	return nil
}

// placeOf is where in the file the thing of a path is: the innermost that is there.
func placeOf(root *format.Value, path []string) *format.Value {
	if len(path) == 2 && path[0] == "links" { // an end, which is written where it is plugged in
		for _, part := range []string{"nodes", "links"} {
			if v := find(root.Get(part), path[1]); v != nil {
				return v
			}
		}
	}
	at, in := root, root
	for i := 0; i+1 < len(path); i += 2 {
		tree := in.Get(path[i])
		if tree == nil {
			break
		}
		for _, e := range tree.Keys {
			if e.Key.Text == path[i+1] {
				at, in = e.Key, e.Val
			}
		}
	}
	return at
}

func (b *builder) node(e *format.Entry) {
	v := e.Val
	n := config.Node{Name: e.Key.Text, Dialect: format.Read[kern.Dialect](v.Get("dialect")), Forward: format.Read[bool](v.Get("forward"))}
	for _, f := range v.Get("nics").Entries() {
		n.NICs = append(n.NICs, config.NIC{
			Name: f.Key.Text, MAC: b.mac(f.Val), Addresses: append(format.Reads[netip.Prefix](f.Val.Get("addresses")), format.Reads[netip.Prefix](f.Val.Get("address"))...),
		})
		b.plug(n.Name, f)
	}
	for _, f := range v.Get("devices").Entries() {
		n.Devices = append(n.Devices, config.Device{
			Name: f.Key.Text, MAC: b.mac(f.Val), Down: format.Read[bool](f.Val.Get("down")), Peer: format.Read[netip.Addr](f.Val.Get("peer")),
			Addresses: append(format.Reads[netip.Prefix](f.Val.Get("address")), format.Reads[netip.Prefix](f.Val.Get("addresses"))...),
		})
		b.plug(n.Name, f)
	}
	for _, r := range v.Get("routes").List() {
		n.Routes = append(n.Routes, route(r))
	}
	for _, f := range v.Get("programs").Entries() {
		n.Programs = append(n.Programs, b.program(n.Name, f))
	}
	n.Files = b.nodeFiles(v.Get("files"))
	b.sc.Lab.Nodes = append(b.sc.Lab.Nodes, n)
}

// mac is the Ethernet address of an interface.
func (b *builder) mac(iface *format.Value) packet.MAC {
	v := iface.Get("mac")
	m := format.Read[packet.MAC](v)
	if v != nil && m.IsMulticast() {
		b.p.At(v, "%s is a group address, which no interface can have", v.Text)
	}
	return m
}

// plug plugs an interface into its port.
func (b *builder) plug(node string, iface *format.Entry) {
	if port := iface.Val.Get("port"); port != nil {
		b.connect(port, format.End{Node: node, Iface: iface.Key.Text}, format.Read[format.End](port))
	}
}

// route is a static route; default is that of the gateway's family.
func route(v *format.Value) config.Route {
	c := config.Route{To: format.Read[netip.Prefix](v.Get("to")), Via: format.Read[netip.Addr](v.Get("via")), Dev: v.Get("dev").String()}
	if c.Via.Is6() && v.Get("to").String() == format.Default {
		c.To = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	return c
}

func (b *builder) program(node string, e *format.Entry) config.Program {
	v := e.Val
	c := config.Program{
		Name: e.Key.Text, Argv: format.Reads[string](v.Get("argv")), Env: format.Reads[string](v.Get("env")), Command: v.Get("command").String(),
		Memory: format.Read[int64](v.Get("memory")), Fuel: int64(format.Read[int](v.Get("fuel"))), Start: format.Or(v.Get("start"), true), Slot: v.Get("slot") != nil,
	}
	if all := cmp.Or(b.sc.Lab.Memory, memory.DefaultLab); c.Memory > all {
		b.p.At(v.Get("memory"), "program %s may use %d MiB, and all programs of the lab together %d MiB: raise memory at the top of the file", c.Name, c.Memory>>20, all>>20)
	}
	if c.Slot == (c.Command != "") {
		b.p.At(e.Key, "program %s needs either a slot or a command", c.Name)
	}
	if c.Slot {
		b.sc.words[Slot{Node: node, Proc: c.Name}] = v.Get("slot").String()
	}
	return c
}
