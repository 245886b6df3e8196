package scenarios

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"wireloom/internal/decode"
	"wireloom/vnet"
	"wireloom/vnet/kern"
	"wireloom/vnet/wire"
)

// A builder makes a Scenario of values whose shapes are right.
type builder struct {
	p     *problems
	sc    *Scenario
	links map[string]*vnet.LinkConfig // by each of its ends
	ids   map[string]bool
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
	sc.Name, sc.Title = str(root.get("scenario")), str(root.get("title"))
	if v := root.get("seed"); v != nil {
		sc.Seed = uint64(num(v, 1))
	}
	sc.Lab = vnet.Config{Name: sc.Name, Seed: sc.Seed}
	b.links = map[string]*vnet.LinkConfig{}
	if sw := root.get("switches"); sw != nil {
		for _, e := range sw.keys {
			sc.Lab.Switches = append(sc.Lab.Switches, vnet.SwitchConfig{Name: e.key.text, Ports: num(e.val.get("ports"), 0)})
		}
	}
	var order []*vnet.LinkConfig
	connect := func(at *value, a, to string) {
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
	if len(b.p.list) > 0 {
		return
	}
	if err := sc.Lab.Check(); err != nil {
		for m := range strings.SplitSeq(err.Error(), "\n") {
			b.p.at(root, "%s", m)
		}
		return
	}
	b.ids = map[string]bool{}
	if steps := root.get("steps"); steps != nil {
		for _, v := range steps.items {
			b.step(v)
		}
	}
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
	mac := func(v *value) (m wire.MAC) {
		if v != nil {
			m, _ = wire.ParseMAC(v.text) // its shape has been checked
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
			n.Devices = append(n.Devices, vnet.DeviceConfig{Name: f.key.text, MAC: mac(f.val.get("mac")), Down: str(f.val.get("down")) == "true"})
			if port := f.val.get("port"); port != nil {
				connect(port, n.Name+":"+f.key.text, port.text)
			}
		}
	}
	if progs := v.get("programs"); progs != nil {
		for _, f := range progs.keys {
			c := vnet.ProgramConfig{
				Name: f.key.text, Argv: texts(f.val.get("argv")), Env: texts(f.val.get("env")), Command: str(f.val.get("command")),
				Memory: int64(num(f.val.get("memory"), 0)) << 20, Start: str(f.val.get("start")) != "false", Slot: f.val.get("slot") != nil,
			}
			if c.Slot == (c.Command != "") {
				b.p.at(f.key, "program %s needs either a slot or a command", f.key.text)
			}
			n.Programs = append(n.Programs, c)
		}
	}
	b.sc.Lab.Nodes = append(b.sc.Lab.Nodes, n)
}

func (b *builder) hasEnd(v *value) {
	if v == nil {
		return
	}
	for _, s := range b.sc.Lab.Switches {
		if name, port, ok := strings.Cut(v.text, "."); ok && name == s.Name {
			if n, err := strconv.Atoi(port); err == nil && n <= s.Ports {
				return
			}
		}
	}
	node, f, _ := strings.Cut(v.text, ":")
	for _, n := range b.sc.Lab.Nodes {
		if n.Name != node {
			continue
		}
		for _, c := range n.NICs {
			if c.Name == f {
				return
			}
		}
		for _, c := range n.Devices {
			if c.Name == f {
				return
			}
		}
	}
	b.p.at(v, "there is no port %s in this scenario", v.text)
}

func (b *builder) hasProc(v *value) string {
	if v == nil {
		return ""
	}
	node, proc, _ := strings.Cut(v.text, ".")
	for _, n := range b.sc.Lab.Nodes {
		for _, p := range n.Programs {
			if n.Name == node && p.Name == proc {
				return v.text
			}
		}
	}
	b.p.at(v, "there is no program %s in this scenario", v.text)
	return ""
}

func fields(v *value) []decode.KV {
	var kv []decode.KV
	if v != nil {
		for _, e := range v.keys {
			kv = append(kv, decode.KV{Name: e.key.text, Value: e.val.text})
		}
	}
	return kv
}

func (b *builder) step(v *value) {
	s := Step{
		ID: str(v.get("id")), Title: str(v.get("title")), Why: str(v.get("why")), Hint: str(v.get("hint")), Points: num(v.get("points"), 0),
		Needs: texts(v.get("needs")), Line: v.line, Start: b.hasProc(v.get("start")), Stop: b.hasProc(v.get("stop")), Kill: b.hasProc(v.get("kill")),
		Wait: dur(v.get("wait"), 0),
	}
	acts := 0
	for _, k := range []string{"start", "stop", "kill", "wait", "send", "expect", "ping"} {
		if v.get(k) != nil {
			acts++
		}
	}
	if acts == 0 {
		b.p.at(v, "a step needs something to do: start, stop, kill, wait, send, expect or ping")
	}
	if s.Points > 0 && s.ID == "" {
		b.p.at(v.get("points"), "a step that gives points needs an id")
	}
	checks := v.get("expect") != nil || v.get("ping") != nil
	if s.Points > 0 && !checks {
		b.p.at(v.get("points"), "points are given for expect or ping; this step checks nothing")
	}
	if v.get("expect") != nil && v.get("ping") != nil {
		b.p.at(v.get("ping"), "a step checks one thing: make two of expect and ping")
	}
	if s.ID != "" {
		if b.ids[s.ID] {
			b.p.at(v.get("id"), "another step has the id %s", s.ID)
		}
	}
	for _, n := range v.get("needs").list() {
		if !b.ids[n.text] {
			b.p.at(n, "no step before this one checks something and has the id %s", n.text)
		}
	}
	if checks && s.ID != "" {
		b.ids[s.ID] = true
	}
	if x := v.get("send"); x != nil {
		s.Send = b.send(x)
	}
	if x := v.get("expect"); x != nil {
		b.hasEnd(x.get("port"))
		s.Expect = &Expect{
			Port: str(x.get("port")), Direction: "both", Within: dur(x.get("within"), time.Second), Count: num(x.get("count"), -1), Packet: fields(x.get("packet")),
		}
		if d := x.get("direction"); d != nil {
			s.Expect.Direction = d.text
		}
	}
	if x := v.get("ping"); x != nil {
		s.Ping = b.ping(x)
	}
	b.sc.Steps = append(b.sc.Steps, s)
}

func (v *value) list() []*value {
	if v == nil {
		return nil
	}
	return v.items
}

func (b *builder) send(v *value) *Send {
	b.hasEnd(v.get("port"))
	s := &Send{Port: str(v.get("port"))}
	pk, hx := v.get("packet"), v.get("hex")
	if (pk == nil) == (hx == nil) {
		b.p.at(v, "send needs the frame as packet or as hex, one of them")
		return s
	}
	var err error
	at := pk
	if hx != nil {
		at = hx
		s.Frame, err = unhex(hx.text)
	} else {
		s.Frame, err = decode.Build(decode.Ethernet, fields(pk))
	}
	if err != nil {
		b.p.at(at, "%s", trimPackage(err))
	} else if len(s.Frame) > vnet.MaxFrame {
		b.p.at(at, "the frame has %d bytes, at most %d are allowed", len(s.Frame), vnet.MaxFrame)
	}
	return s
}

func (b *builder) ping(v *value) *Ping {
	g := &Ping{Node: str(v.get("node")), Count: num(v.get("count"), 3), Size: num(v.get("size"), 56)}
	g.To, _ = netip.ParseAddr(str(v.get("to"))) // its shape has been checked
	g.Replies = num(v.get("replies"), g.Count)
	if g.Replies > g.Count {
		b.p.at(v.get("replies"), "%d replies cannot come to %d requests", g.Replies, g.Count)
	}
	for _, n := range b.sc.Lab.Nodes {
		if n.Name == g.Node {
			for _, f := range n.NICs {
				if len(f.Addresses) > 0 {
					return g
				}
			}
			b.p.at(v.get("node"), "node %s has no address to ping from", g.Node)
			return g
		}
	}
	b.p.at(v.get("node"), "there is no node %s in this scenario", g.Node)
	return g
}
