package scenarios

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"wireloom/internal/decode"
	"wireloom/vnet"
	"wireloom/vnet/kern"
	"wireloom/vnet/memory"
	"wireloom/vnet/packet"
)

// A builder makes a Scenario of values whose shapes are right.
type builder struct {
	p     *problems
	sc    *Scenario
	links map[string]*vnet.LinkConfig // by each of its ends

	ids       map[string]*Step // of the steps so far
	bytes     int              // of the frames so far
	fileBytes int              // of the nodes' files so far
	caps      map[string][]decode.Captured
	visible   Audience // of the last step
	stage     bool     // the steps are a stage's setup
}

func str(v *value) string {
	if v == nil {
		return ""
	}
	return v.text
}

func num(v *value, or int) int {
	if v == nil {
		return or
	}
	n, _ := strconv.ParseInt(v.text, 0, 64) // its shape has been checked
	return int(n)
}

func dur(v *value, or time.Duration) time.Duration {
	if v == nil {
		return or
	}
	d, _ := time.ParseDuration(v.text) // its shape has been checked
	return d
}

// bytes is an amount of memory.
func sizeOf(v *value) int64 {
	if v == nil {
		return 0
	}
	n, _ := parseSize(v.text) // its shape has been checked
	return n
}

func texts(v *value) []string {
	if v == nil {
		return nil
	}
	out := make([]string, 0, len(v.items))
	for _, i := range v.items {
		out = append(out, i.text)
	}
	return out
}

func (b *builder) build(root *value) {
	sc := b.sc
	whole := b.p.total() == 0
	if b.p.outside(root.get("steps"), root.get("stages")) {
		return // what is connected to what is not known
	}
	sc.Name, sc.Title, sc.Course = str(root.get("scenario")), str(root.get("title")), num(root.get("course"), 0)
	sc.words = map[Slot]string{}
	sc.Lab = vnet.Config{Name: sc.Name, Seed: sc.Seed, Memory: sizeOf(root.get("memory"))}
	b.links = map[string]*vnet.LinkConfig{}
	if sw := root.get("switches"); sw != nil {
		for _, e := range sw.keys {
			sc.Lab.Switches = append(sc.Lab.Switches, vnet.SwitchConfig{Name: e.key.text, Ports: num(e.val.get("ports"), 0)})
		}
	}
	var order []*vnet.LinkConfig
	connect := func(at *value, a, to string) {
		if a == to {
			b.p.at(at, "a cable has two ends, and %s cannot be both", a)
			return
		}
		for _, e := range []string{a, to} {
			if b.links[e] != nil {
				b.p.at(at, "%s has a link already, to %s", e, other(b.links[e], e))
				return
			}
		}
		l := &vnet.LinkConfig{A: a, B: to}
		b.links[a], b.links[to] = l, l
		order = append(order, l)
	}
	for _, e := range root.get("nodes").keys {
		b.node(e, connect)
	}
	if links := root.get("links"); links != nil {
		for _, e := range links.keys {
			if to := e.val.get("to"); to != nil {
				connect(to, e.key.text, to.text)
			}
			l := b.links[e.key.text]
			if l == nil {
				b.p.at(e.key, "nothing is plugged into %s: give a NIC or device this port, or say where the link goes with to", e.key.text)
				continue
			}
			l.Delay = dur(e.val.get("delay"), 0)
		}
	}
	for _, l := range order {
		sc.Lab.Links = append(sc.Lab.Links, *l)
	}
	b.rings(root.get("links"))
	if whole && b.p.total() == 0 {
		for _, m := range sc.Lab.Check() {
			b.p.at(placeOf(root, m.Path), "%s", m.Say)
		}
	}
	b.allSteps(root)
}

// rings remarks on links that make rings of switches: a lesson may want one, and who
// does not is to know before frames go round.
func (b *builder) rings(links *value) {
	for _, r := range b.sc.Lab.Rings() {
		at := links // the last of its cables: without it there is none
		for _, e := range links.keys {
			if slices.ContainsFunc(r, func(c vnet.Cable) bool { return e.key.text == c.Out || e.key.text == c.In }) {
				at = e.key
			}
		}
		b.p.remark(at, "these cables are a loop: %s. A switch sends a broadcast on by all its ports, so it goes round for ever; leave one of them out unless that is the lesson", r)
	}
}

// find returns the value in v, or the key, that is this text.
func find(v *value, text string) *value {
	if v == nil || v.kind == kindScalar && v.text == text {
		return v
	}
	for _, e := range v.keys {
		if e.key.text == text {
			return e.key
		}
		if f := find(e.val, text); f != nil {
			return f
		}
	}
	for _, i := range v.items {
		if f := find(i, text); f != nil {
			return f
		}
	}
	return nil
}

// placeOf is where in the file the thing of a path is: the innermost that is there.
func placeOf(root *value, path []string) *value {
	if len(path) == 2 && path[0] == "links" { // an end, which is written where it is plugged in
		for _, part := range []string{"nodes", "links"} {
			if v := find(root.get(part), path[1]); v != nil {
				return v
			}
		}
	}
	at, in := root, root
	for i := 0; i+1 < len(path); i += 2 {
		tree := in.get(path[i])
		if tree == nil {
			break
		}
		for _, e := range tree.keys {
			if e.key.text == path[i+1] {
				at, in = e.key, e.val
			}
		}
	}
	return at
}

func other(l *vnet.LinkConfig, e string) string {
	if l.A == e {
		return l.B
	}
	return l.A
}

func (b *builder) node(e *entry, connect func(at *value, a, to string)) {
	v := e.val
	n := vnet.NodeConfig{Name: e.key.text}
	switch str(v.get("dialect")) {
	case "dragonfly":
		n.Dialect = kern.DragonFly
	case "netbsd":
		n.Dialect = kern.NetBSD
	}
	mac := func(v *value) (m packet.MAC) {
		if v != nil {
			m, _ = packet.ParseMAC(v.text) // its shape has been checked
			if m.IsMulticast() {
				b.p.at(v, "%s is a group address, which no interface can have", v.text)
			}
		}
		return m
	}
	if nics := v.get("nics"); nics != nil {
		for _, f := range nics.keys {
			c := vnet.NICConfig{Name: f.key.text, MAC: mac(f.val.get("mac"))}
			for _, a := range append(texts(f.val.get("addresses")), str(f.val.get("address"))) {
				if a != "" {
					pre, _ := netip.ParsePrefix(a) // its shape has been checked
					c.Addresses = append(c.Addresses, pre)
				}
			}
			n.NICs = append(n.NICs, c)
			if port := f.val.get("port"); port != nil {
				connect(port, n.Name+":"+f.key.text, port.text)
			}
		}
	}
	if devs := v.get("devices"); devs != nil {
		for _, f := range devs.keys {
			c := vnet.DeviceConfig{Name: f.key.text, MAC: mac(f.val.get("mac")), Down: str(f.val.get("down")) == "true"}
			for _, a := range append([]string{str(f.val.get("address"))}, texts(f.val.get("addresses"))...) {
				if a != "" {
					pre, _ := parseHost(a) // its shape has been checked
					c.Addresses = append(c.Addresses, pre)
				}
			}
			if peer := f.val.get("peer"); peer != nil {
				c.Peer, _ = netip.ParseAddr(peer.text)
			}
			n.Devices = append(n.Devices, c)
			if port := f.val.get("port"); port != nil {
				connect(port, n.Name+":"+f.key.text, port.text)
			}
		}
	}
	if routes := v.get("routes"); routes != nil {
		for _, r := range routes.items {
			c := vnet.RouteConfig{Dev: str(r.get("dev"))}
			c.To, _ = parseNetwork(str(r.get("to"))) // its shape has been checked
			if via := r.get("via"); via != nil {
				c.Via, _ = netip.ParseAddr(via.text)
				if str(r.get("to")) == "default" && c.Via.Is6() {
					c.To = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
				}
			}
			n.Routes = append(n.Routes, c)
		}
	}
	n.Forward = str(v.get("forward")) == "true"
	if progs := v.get("programs"); progs != nil {
		for _, f := range progs.keys {
			c := vnet.ProgramConfig{
				Name: f.key.text, Argv: texts(f.val.get("argv")), Env: texts(f.val.get("env")), Command: str(f.val.get("command")),
				Memory: sizeOf(f.val.get("memory")), Fuel: int64(num(f.val.get("fuel"), 0)), Start: str(f.val.get("start")) != "false", Slot: f.val.get("slot") != nil,
			}
			if all := cmp.Or(b.sc.Lab.Memory, memory.DefaultLab); c.Memory > all {
				b.p.at(f.val.get("memory"), "program %s may use %d MiB, and all programs of the lab together %d MiB: raise memory at the top of the file", f.key.text, c.Memory>>20, all>>20)
			}
			if c.Slot == (c.Command != "") {
				b.p.at(f.key, "program %s needs either a slot or a command", f.key.text)
			}
			if c.Slot {
				b.sc.words[Slot{n.Name, c.Name}] = str(f.val.get("slot"))
			}
			n.Programs = append(n.Programs, c)
		}
	}
	n.Files = b.files(v.get("files"))
	b.sc.Lab.Nodes = append(b.sc.Lab.Nodes, n)
}

// hasEnd returns the name of an end of a link that there is.
func (b *builder) hasEnd(v *value) string {
	if v == nil {
		return ""
	}
	for _, s := range b.sc.Lab.Switches {
		if name, port, ok := strings.Cut(v.text, "."); ok && name == s.Name {
			if n, err := strconv.Atoi(port); err == nil && n <= s.Ports {
				return v.text
			}
		}
	}
	if b.interfaceOf(v.text) {
		return v.text
	}
	b.missing(v, "port", b.ends())
	return ""
}

// ends are the names of all ends of links.
func (b *builder) ends() []string {
	var out []string
	for _, s := range b.sc.Lab.Switches {
		for i := range s.Ports {
			out = append(out, fmt.Sprintf("%s.%d", s.Name, i+1))
		}
	}
	for _, n := range b.sc.Lab.Nodes {
		for _, c := range n.NICs {
			out = append(out, n.Name+":"+c.Name)
		}
		for _, c := range n.Devices {
			out = append(out, n.Name+":"+c.Name)
		}
	}
	return out
}

// missing reports a name that nothing has: which one is near, or which there are.
func (b *builder) missing(v *value, kind string, names []string) {
	const few = 12
	also := ""
	switch near := nearest(v.text, names); {
	case near != "":
		also = "; did you mean " + near + "?"
	case len(names) > few:
		also = fmt.Sprintf("; there are %s and %d more", strings.Join(names[:few], ", "), len(names)-few)
	case len(names) > 0:
		also = "; there is " + strings.Join(names, ", ")
	}
	b.p.at(v, "there is no %s %s in this scenario%s", kind, v.text, also)
}

// interfaceOf reports whether there is such an interface when the lab begins.
func (b *builder) interfaceOf(name string) bool {
	node, f, _ := strings.Cut(name, ":")
	n := b.nodeOf(node)
	return n != nil && (slices.ContainsFunc(n.NICs, func(c vnet.NICConfig) bool { return c.Name == f }) ||
		slices.ContainsFunc(n.Devices, func(c vnet.DeviceConfig) bool { return c.Name == f }))
}

// hasDevice returns the name of an interface of a node that there is; a tun or tap
// may come while the lab runs.
func (b *builder) hasDevice(v *value) string {
	if v == nil {
		return ""
	}
	node, f, ok := strings.Cut(v.text, ":")
	switch {
	case !ok:
		b.p.at(v, "%s is a port of a switch, want NODE:INTERFACE", v.text)
	case b.nodeOf(node) == nil:
		b.p.at(v, "there is no node %s in this scenario", node)
	case !strings.HasPrefix(f, "tun") && !strings.HasPrefix(f, "tap") && !b.interfaceOf(v.text):
		b.p.at(v, "there is no interface %s in this scenario", v.text)
	default:
		return v.text
	}
	return ""
}

func (b *builder) nodeOf(name string) *vnet.NodeConfig {
	for i := range b.sc.Lab.Nodes {
		if b.sc.Lab.Nodes[i].Name == name {
			return &b.sc.Lab.Nodes[i]
		}
	}
	return nil
}

// hasNode returns the name of a node that there is.
func (b *builder) hasNode(v *value) string {
	if v == nil || b.nodeOf(v.text) != nil {
		return str(v)
	}
	var names []string
	for i := range b.sc.Lab.Nodes {
		names = append(names, b.sc.Lab.Nodes[i].Name)
	}
	b.missing(v, "node", names)
	return ""
}

// hasProc returns a program that there is.
func (b *builder) hasProc(v *value) Slot {
	if v == nil {
		return Slot{}
	}
	node, proc, _ := strings.Cut(v.text, ".")
	if n := b.nodeOf(node); n != nil && slices.ContainsFunc(n.Programs, func(p vnet.ProgramConfig) bool { return p.Name == proc }) {
		return Slot{node, proc}
	}
	var names []string
	for _, n := range b.sc.Lab.Nodes {
		for _, p := range n.Programs {
			names = append(names, n.Name+"."+p.Name)
		}
	}
	b.missing(v, "program", names)
	return Slot{}
}

func (b *builder) hasProcs(v *value) []Slot {
	var out []Slot
	for _, i := range v.each() {
		out = append(out, b.hasProc(i))
	}
	return out
}

// list is the items of a list, none where there is no value.
func (v *value) list() []*value {
	if v == nil {
		return nil
	}
	return v.items
}

// each is the items of a list, or the one value that is not a list.
func (v *value) each() []*value {
	switch {
	case v == nil:
		return nil
	case v.kind == kindList:
		return v.items
	}
	return []*value{v}
}
