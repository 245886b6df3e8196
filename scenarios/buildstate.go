package scenarios

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// state builds what a step asks of the state of the lab.
func (b *builder) state(v *value, s *Step) {
	for _, x := range v.get("budget").each() {
		g := Budget{
			Slot: b.hasProc(x.get("program")), Fuel: int64(num(x.get("fuel"), 0)), Memory: int64(num(x.get("memory"), 0)),
			PerPacket: int64(num(x.get("per_packet"), 0)), SinceStep: str(x.get("since")) == "step",
		}
		if g.Fuel == 0 && g.Memory == 0 && g.PerPacket == 0 {
			b.p.at(x, "budget needs fuel, memory or per_packet")
		}
		s.Budget = append(s.Budget, g)
	}
	for _, x := range v.get("counters").each() {
		c := Counters{Interface: b.hasDevice(x.get("interface")), SinceStep: str(x.get("since")) == "step"}
		for _, n := range counterNames {
			if w := x.get(n); w != nil {
				c.Want = append(c.Want, CounterWant{n, b.count(w)})
			}
		}
		if len(c.Want) == 0 {
			b.p.at(x, "counters names no counter; there are %s", strings.Join(counterNames[:], ", "))
		}
		s.Counters = append(s.Counters, c)
	}
	for _, x := range v.get("mac_table").each() {
		s.MACTable = append(s.MACTable, b.macTable(x))
	}
	for _, x := range v.get("arp_table").each() {
		s.ARPTable = append(s.ARPTable, b.arpTable(x))
	}
	for _, x := range v.get("routes").each() {
		r := Routes{Node: b.hasNode(x.get("node")), Has: routes(x.get("has")), Lacks: routes(x.get("lacks"))}
		if len(r.Has)+len(r.Lacks) == 0 {
			b.p.at(x, "routes needs has or lacks")
		}
		s.Routes = append(s.Routes, r)
	}
	for _, x := range v.get("device").each() {
		s.Device = append(s.Device, b.device(x))
	}
}

func (b *builder) macTable(x *value) MACTable {
	t := MACTable{Switch: str(x.get("switch")), Count: b.countOf(x.get("count"))}
	found := false
	for _, sw := range b.sc.Lab.Switches {
		found = found || sw.Name == t.Switch
	}
	if !found {
		b.p.at(x.get("switch"), "there is no switch %s in this scenario", t.Switch)
	}
	if has := x.get("has"); has != nil {
		for _, e := range has.keys {
			m, err := packet.ParseMAC(e.key.text)
			if err != nil {
				b.p.at(e.key, "%s is no MAC address", shown(e.key))
			}
			t.Has = append(t.Has, [2]string{m.String(), b.hasEnd(e.val)})
		}
	}
	for _, l := range x.get("lacks").list() {
		m, _ := packet.ParseMAC(l.text) // its shape has been checked
		t.Lacks = append(t.Lacks, m.String())
	}
	if len(t.Has)+len(t.Lacks) == 0 && t.Count == nil {
		b.p.at(x, "mac_table needs has, lacks or count")
	}
	return t
}

func (b *builder) arpTable(x *value) ARPTable {
	t := ARPTable{Node: b.hasNode(x.get("node")), Count: b.countOf(x.get("count"))}
	if has := x.get("has"); has != nil {
		for _, e := range has.keys {
			a, err := netip.ParseAddr(e.key.text)
			if err != nil {
				b.p.at(e.key, "%s is no IP address", shown(e.key))
			}
			m, _ := packet.ParseMAC(e.val.text) // its shape has been checked
			t.Has = append(t.Has, Resolved{a, m.String()})
		}
	}
	for _, l := range x.get("lacks").list() {
		a, _ := netip.ParseAddr(l.text) // its shape has been checked
		t.Lacks = append(t.Lacks, a)
	}
	if len(t.Has)+len(t.Lacks) == 0 && t.Count == nil {
		b.p.at(x, "arp_table needs has, lacks or count")
	}
	return t
}

func routes(v *value) []Route {
	var out []Route
	for _, x := range v.list() {
		r := Route{Dev: str(x.get("dev"))}
		to, _ := parseNetwork(str(x.get("to"))) // its shape has been checked
		r.To = to.Masked()
		if via := x.get("via"); via != nil {
			r.Via, _ = netip.ParseAddr(via.text) // likewise
		}
		out = append(out, r)
	}
	return out
}

func (b *builder) device(x *value) Device {
	d := Device{
		Name: b.hasDevice(x.get("name")), Missing: str(x.get("exists")) == "false", Link: str(x.get("link")),
		MTU: b.countOf(x.get("mtu")), Queue: b.countOf(x.get("queue")), Flags: b.flags(x.get("flags")), LacksFlags: b.flags(x.get("lacks_flags")),
	}
	if o := x.get("open"); o != nil {
		is := o.text == "true"
		d.Open = &is
	}
	if m := x.get("mac"); m != nil {
		mac, _ := packet.ParseMAC(m.text) // its shape has been checked
		d.MAC = mac.String()
	}
	for _, a := range x.get("address").each() {
		addr, _ := netip.ParseAddr(a.text) // likewise
		d.Addresses = append(d.Addresses, addr)
	}
	if d.Missing && len(x.keys) > 2 {
		b.p.at(x, "a device that must not exist has no state")
	}
	return d
}

func (b *builder) flags(v *value) []string {
	var out []string
	for _, f := range v.list() {
		if _, ok := kern.ParseIfFlag(f.text); !ok {
			b.p.at(f, "%s is no flag of an interface: UP, RUNNING, OACTIVE, POINTOPOINT and so on are", shown(f))
		}
		out = append(out, f.text)
	}
	return out
}

// do builds the calls by hand.
func (b *builder) do(v *value) Do {
	d := Do{Node: b.hasNode(v.get("node")), Process: str(v.get("process")), Within: within(v, time.Second)}
	if d.Process == "" {
		d.Process = "hand"
	}
	for _, x := range v.get("calls").list() {
		var c Call
		at := x
		if x.kind == kindScalar {
			call, want, _ := strings.Cut(b.lateText(x), " = ")
			c = Call{Text: strings.TrimSpace(call), Result: strings.TrimSpace(want)}
		} else {
			at = x.get("call")
			c = Call{Text: strings.TrimSpace(b.lateText(at)), Result: b.lateText(x.get("result")), Prints: b.lateText(x.get("prints"))}
			if strings.Contains(c.Text, " = ") {
				b.p.at(at, "the answer of a call that is a mapping stands behind result")
			}
			if pk := x.get("packet"); pk != nil {
				pt := b.pattern(pk)
				c.Packet = &pt
			}
			if hx := x.get("hex"); hx != nil {
				raw, _ := unhex(hx.text) // its shape has been checked
				c.Hex = fmt.Sprintf("%x", raw)
			}
		}
		if c.Text == "" || strings.ContainsAny(c.Text, "\n;") {
			b.p.at(at, "a call is one line, such as: read 4 = EWOULDBLOCK")
		}
		if !strings.Contains(c.Result, "${") {
			if _, err := parseAnswer(c.Result); err != nil {
				b.p.at(at, "%v", err)
			}
		}
		d.Calls = append(d.Calls, c)
	}
	if len(d.Calls) == 0 {
		b.p.at(v.get("calls"), "there are no calls to make")
	}
	return d
}

// describe is the expectation in words.
func (x *Expect) describe() string {
	what := "a frame"
	switch {
	case x.List:
		what = fmt.Sprintf("%d frames", len(x.Patterns))
		if x.Strict {
			what += " in this order"
		}
	case x.Counted && x.Count.Max == 0:
		what = "no frame"
	case x.Counted && x.Count == Count{1, 1}:
		what = "exactly one frame"
	case x.Counted && x.Count.Min == x.Count.Max:
		what = fmt.Sprintf("exactly %d frames", x.Count.Min)
	case x.Counted:
		what = x.Count.String() + " frames"
	}
	if x.ReplyTo != "" {
		what += " in reply to " + x.ReplyTo
	}
	var pats []string
	for i := range x.Patterns {
		if t := x.Patterns[i].String(); t != "" {
			pats = append(pats, t)
		}
	}
	at := " at " + x.Port + x.Device
	if x.Direction != "both" {
		at += " going " + x.Direction
	}
	at += fmt.Sprintf(" within %v", x.Within)
	if len(pats) > 1 { // a line for each
		if x.Only {
			at += ", and no other"
		}
		return what + at + ":\n- " + strings.Join(pats, "\n- ")
	}
	if len(pats) > 0 {
		what += " with " + pats[0]
	}
	if x.Only {
		what += ", and no other,"
	}
	return what + at
}

// String is the fields in words.
func (pt *Pattern) String() string {
	var out []string
	for _, f := range pt.fields {
		values := make([]string, len(f.values))
		for i, v := range f.values {
			values[i], _ = plainText(v) // it never fails
		}
		out = append(out, f.name+[...]string{" ", " not ", " starting with ", " containing "}[f.op]+strings.Join(values, " or "))
	}
	return strings.Join(out, ", ")
}
