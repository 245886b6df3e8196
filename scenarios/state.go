package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
)

// A baseline is what was counted when a step began.
type baseline struct {
	fuel     map[Slot]int64
	reads    map[Slot]int64
	pids     map[Slot]int
	counters map[string]kern.Counters
}

// takeBaseline counts what the step asks for since its beginning.
func (g *grader) takeBaseline(s *Step) baseline {
	var b baseline
	for _, x := range s.Budget {
		if x.SinceStep && b.fuel == nil {
			b.fuel, b.reads, b.pids = map[Slot]int64{}, map[Slot]int64{}, map[Slot]int{}
			for _, p := range g.lab.Status().Procs {
				sl := Slot{p.Node, p.Name}
				b.fuel[sl], b.reads[sl], b.pids[sl] = p.Fuel, g.reads[sl], p.PID
			}
		}
	}
	for _, x := range s.Counters {
		if i := g.iface(x.Interface); x.SinceStep && i != nil {
			if b.counters == nil {
				b.counters = map[string]kern.Counters{}
			}
			b.counters[x.Interface] = i.Cnt
		}
	}
	return b
}

// iface is an interface of a node by NODE:INTERFACE, nil if there is none.
func (g *grader) iface(name string) *kern.Ifnet {
	node, f, _ := strings.Cut(name, ":")
	if n := g.lab.Node(node); n != nil {
		return n.Kernel().Ifnet(f)
	}
	return nil
}

// state looks at what holds at the end of a step.
func (g *grader) state(s *Step, v *verdict) {
	for _, sl := range s.Running {
		f := finding{ok: g.alive(sl), expected: sl.String() + " runs", actual: "it runs"}
		if e := g.ended[sl]; !f.ok && e != nil {
			f.actual = e.told()
		} else if !f.ok {
			f.actual = "it has not been started"
		}
		v.add(f)
	}
	for i := range s.Budget {
		g.budget(&s.Budget[i], v)
	}
	for i := range s.Counters {
		g.counters(&s.Counters[i], v)
	}
	for i := range s.MACTable {
		v.add(g.macTable(&s.MACTable[i]))
	}
	for i := range s.ARPTable {
		v.add(g.arpTable(&s.ARPTable[i]))
	}
	for i := range s.Routes {
		v.add(g.routes(&s.Routes[i]))
	}
	for i := range s.Device {
		v.add(g.deviceState(&s.Device[i]))
	}
}

func (g *grader) budget(x *Budget, v *verdict) {
	for _, p := range g.lab.Status().Procs {
		sl := Slot{p.Node, p.Name}
		if sl != x.Slot || p.PID == 0 && p.Exit == nil {
			continue
		}
		fuel, reads, when := p.Fuel, g.reads[sl], "since it began"
		if x.SinceStep {
			when = "in this step"
			if g.base.pids[sl] == p.PID {
				fuel, reads = fuel-g.base.fuel[sl], reads-g.base.reads[sl]
			}
		}
		most := func(what string, used, limit int64) {
			if limit > 0 {
				v.add(finding{
					ok: used <= limit, expected: fmt.Sprintf("%s uses at most %d %s", sl, limit, what), actual: fmt.Sprintf("it used %d %s %s", used, what, when),
				})
			}
		}
		most("units of fuel", fuel, x.Fuel)
		most("bytes of memory", p.Memory, x.Memory)
		switch {
		case x.PerPacket > 0 && reads == 0:
			v.add(finding{expected: fmt.Sprintf("%s uses at most %d units of fuel a packet", sl, x.PerPacket), actual: "it read no packet " + when})
		case x.PerPacket > 0:
			v.add(finding{
				ok: fuel <= x.PerPacket*reads, expected: fmt.Sprintf("%s uses at most %d units of fuel a packet", sl, x.PerPacket),
				actual: fmt.Sprintf("it used %d units for %d packets %s, %d each", fuel, reads, when, fuel/reads),
			})
		}
		return
	}
	v.add(finding{expected: x.Slot.String() + " stays within its budget", actual: "it has not been started"})
}

// numbersOf are the counters in the order of counterNames.
func numbersOf(c kern.Counters) [len(counterNames)]uint64 {
	return [...]uint64{c.Ipackets, c.Ierrors, c.Ibytes, c.Imcasts, c.Iqdrops, c.Opackets, c.Oerrors, c.Obytes, c.Omcasts, c.Collision}
}

func (g *grader) counters(x *Counters, v *verdict) {
	i := g.iface(x.Interface)
	if i == nil {
		v.add(finding{expected: "there is an interface " + x.Interface, actual: "there is none"})
		return
	}
	now, then := numbersOf(i.Cnt), numbersOf(g.base.counters[x.Interface])
	var wants, gots []string
	f := finding{ok: true}
	for _, w := range x.Want {
		k := slices.Index(counterNames[:], w.Name)
		n := now[k] - then[k]
		wants, gots = append(wants, w.Name+" "+w.Count.String()), append(gots, fmt.Sprintf("%s %d", w.Name, n))
		f.ok = f.ok && w.Count.has(n)
	}
	f.expected, f.actual = x.Interface+" has "+strings.Join(wants, ", "), "it has "+strings.Join(gots, ", ")
	v.add(f)
}

// table collects what is wrong with a table.
type table struct{ wants, wrong []string }

func (t *table) want(ok bool, want, got string) {
	t.wants = append(t.wants, want)
	if !ok {
		t.wrong = append(t.wrong, got)
	}
}

func (t *table) finding(what string, entries []string) finding {
	const most = 12
	if len(entries) > most {
		entries = append(entries[:most:most], fmt.Sprintf("and %d more", len(entries)-most))
	}
	has := "it is empty"
	if len(entries) > 0 {
		has = "it has " + strings.Join(entries, ", ")
	}
	f := finding{ok: len(t.wrong) == 0, expected: what + " has " + strings.Join(t.wants, ", "), actual: has}
	if !f.ok {
		f.actual = strings.Join(t.wrong, "; ") + "; " + has
	}
	return f
}

func (g *grader) macTable(x *MACTable) finding {
	at := map[string]string{}
	var entries []string
	for _, e := range g.lab.MACs(x.Switch) {
		at[e.MAC] = e.Port
		entries = append(entries, e.MAC+" at "+e.Port)
	}
	var t table
	for _, h := range x.Has {
		got := "there is no " + h[0]
		if at[h[0]] != "" {
			got = h[0] + " is at " + at[h[0]]
		}
		t.want(at[h[0]] == h[1], h[0]+" at "+h[1], got)
	}
	for _, l := range x.Lacks {
		t.want(at[l] == "", "no "+l, l+" is at "+at[l])
	}
	if x.Count != nil {
		t.want(x.Count.has(uint64(len(entries))), "entries: "+x.Count.String(), fmt.Sprintf("entries: %d", len(entries)))
	}
	return t.finding("the table of "+x.Switch, entries)
}

func (g *grader) arpTable(x *ARPTable) finding {
	var all []inet.Neighbour
	if s := g.lab.Node(x.Node).Stack(); s != nil {
		all = slices.DeleteFunc(s.Neighbours(), func(n inet.Neighbour) bool { return n.MAC.IsZero() })
	}
	var entries []string
	for _, n := range all {
		entries = append(entries, n.Addr.String()+" is "+n.MAC.String())
	}
	find := func(r Resolved) (mac string) {
		for _, n := range all {
			if n.Addr == r.Addr {
				return n.MAC.String()
			}
		}
		return ""
	}
	var t table
	for _, h := range x.Has {
		got := fmt.Sprintf("%v is not resolved", h.Addr)
		if m := find(h); m != "" {
			got = fmt.Sprintf("%v is %s", h.Addr, m)
		}
		t.want(find(h) == h.MAC, fmt.Sprintf("%v as %s", h.Addr, h.MAC), got)
	}
	for _, l := range x.Lacks {
		m := find(Resolved{Addr: l})
		t.want(m == "", fmt.Sprintf("no %v", l), fmt.Sprintf("%v is %s", l, m))
	}
	if x.Count != nil {
		t.want(x.Count.has(uint64(len(entries))), "entries: "+x.Count.String(), fmt.Sprintf("entries: %d", len(entries)))
	}
	return t.finding("the ARP table of "+x.Node, entries)
}

// String is the route in words.
func (r Route) String() string {
	s := r.To.String()
	if r.Via.IsValid() {
		s += " via " + r.Via.String()
	}
	if r.Dev != "" {
		s += " on " + r.Dev
	}
	return s
}

func (g *grader) routes(x *Routes) finding {
	all := g.lab.Node(x.Node).Routes()
	var entries []string
	for _, r := range all {
		entries = append(entries, Route{r.To, r.Via, r.Dev}.String())
	}
	has := func(w Route) bool {
		return slices.ContainsFunc(all, func(r inet.Route) bool {
			return r.To == w.To && (!w.Via.IsValid() || r.Via == w.Via) && (w.Dev == "" || r.Dev == w.Dev)
		})
	}
	var t table
	for _, w := range x.Has {
		t.want(has(w), w.String(), "there is no "+w.String())
	}
	for _, w := range x.Lacks {
		t.want(!has(w), "no "+w.String(), "there is "+w.String())
	}
	return t.finding("the route table of "+x.Node, entries)
}

// opened reports whether a program has a device open, and how many packets wait in
// its driver besides the interface's own queue.
func (g *grader) opened(name string) (open bool, waiting int) {
	node, f, _ := strings.Cut(name, ":")
	k := g.lab.Node(node).Kernel()
	if d := k.Dev(f); d != nil && d.Opens > 0 {
		open = true
	}
	for _, m := range k.Modules() {
		for _, u := range m.State().Units {
			if u.If == nil || u.If.Name != f {
				continue
			}
			open = open || slices.Contains(u.Flags, "OPEN") || slices.Contains(u.Flags, "INUSE")
			if u.DevQ != nil {
				waiting = u.DevQ.Len()
			}
		}
	}
	return open, waiting
}

func (g *grader) deviceState(x *Device) finding {
	i := g.iface(x.Name)
	if x.Missing || i == nil {
		f := finding{ok: x.Missing == (i == nil), expected: "there is an interface " + x.Name, actual: "there is one"}
		if x.Missing {
			f.expected = "there is no interface " + x.Name
		}
		if i == nil {
			f.actual = "there is none"
		}
		return f
	}
	var t table
	open, waiting := g.opened(x.Name)
	yes := func(b bool, word string) string {
		if b {
			return word
		}
		return "not " + word
	}
	if x.Open != nil {
		t.want(*x.Open == open, yes(*x.Open, "open"), yes(open, "open"))
	}
	flags := i.Flags.Names()
	for _, f := range x.Flags {
		t.want(slices.Contains(flags, f), f, "no "+f)
	}
	for _, f := range x.LacksFlags {
		t.want(!slices.Contains(flags, f), "no "+f, f)
	}
	if x.Link != "" {
		t.want(i.Link.String() == x.Link, "link "+x.Link, "link "+i.Link.String())
	}
	if x.MTU != nil {
		t.want(x.MTU.has(i.MTU), "MTU "+x.MTU.String(), fmt.Sprintf("MTU %d", i.MTU))
	}
	if x.MAC != "" {
		t.want(i.MAC.String() == x.MAC, "MAC "+x.MAC, "MAC "+i.MAC.String())
	}
	if x.Queue != nil {
		n := i.Snd.Len() + waiting
		t.want(x.Queue.has(uint64(n)), x.Queue.String()+" packets waiting", fmt.Sprintf("%d packets waiting", n))
	}
	for _, a := range x.Addresses {
		t.want(slices.ContainsFunc(i.Addrs, func(o *kern.Addr) bool { return o.Addr == a }), "the address "+a.String(), "not the address "+a.String())
	}
	if len(t.wants) == 0 {
		t.wants = []string{"to be there"}
	}
	return t.finding(x.Name, []string{strings.Join(append(flags, "link "+i.Link.String(), fmt.Sprintf("MTU %d", i.MTU), yes(open, "open")), " ")})
}

// expects is what a step checks, in words.
func (s *Step) expects() string {
	var out []string
	for i := range s.Do {
		out = append(out, fmt.Sprintf("%d calls at %s answer as they should", len(s.Do[i].Calls), s.Do[i].Node))
	}
	for i := range s.Run {
		out = append(out, strings.Join(s.Run[i].Command, " ")+" at "+s.Run[i].Node)
	}
	for i := range s.Ping {
		out = append(out, s.Ping[i].String())
	}
	for i := range s.Expect {
		out = append(out, s.Expect[i].Text)
	}
	for i := range s.Stdout {
		out = append(out, s.Stdout[i].String())
	}
	for i := range s.Exit {
		out = append(out, s.Exit[i].String())
	}
	for _, sl := range s.Running {
		out = append(out, sl.String()+" runs")
	}
	if n := len(s.Budget) + len(s.Counters) + len(s.MACTable) + len(s.ARPTable) + len(s.Routes) + len(s.Device); n > 0 {
		out = append(out, "the state that it asks for")
	}
	return strings.Join(out, "\n")
}
