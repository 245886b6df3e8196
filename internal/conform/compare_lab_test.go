package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"wireloom/vnet/kern"
)

// A lab is a kernel with one driver on which a row of the page does what it
// is about. Its steps are the operations of recordings, so that a row can be
// as short as its sentence.
type lab struct {
	t    *testing.T
	m    *machine
	line int
	unit int // of what the steps are about
	fd   int // the cloner's file that they go through (NetBSD), 0 the newest
	next map[string]int
}

func newLab(t *testing.T, driver string) *lab {
	m := newMachine(drivers[driver])
	t.Cleanup(m.close)
	return &lab{t: t, m: m}
}

// fresh is another kernel with the same driver.
func (l *lab) fresh() *lab {
	m := newMachine(l.m.d)
	l.t.Cleanup(m.close)
	return &lab{t: l.t, m: m}
}

// as makes the steps that follow those of another process.
func (l *lab) as(pid int) *lab { l.m.pid = pid; return l }

// user makes the steps that follow those of somebody who is not root.
func (l *lab) user() *lab { l.m.root = false; return l }

// fail makes the n-th of something fail within the next step, as memory or a
// copy from the process does.
func (l *lab) fail(what string, n int) *lab { l.next = map[string]int{what: n}; return l }

// A step is an operation that has been done and what came of it.
type step struct {
	l    *lab
	line int
	res  result
	cnt  []string // counters that moved, and by how much
}

func (l *lab) do(o op) step {
	l.line++
	o.Unit, o.Inject, l.next = l.unit, l.next, nil
	o.FD = l.fd
	before := l.counters()
	s := step{l: l, line: l.line, res: l.m.step(l.line, &o)}
	after := l.counters()
	for _, name := range sortedKeys(after) {
		if d := int64(after[name] - before[name]); d != 0 {
			s.cnt = append(s.cnt, fmt.Sprintf("%s %+d", name, d))
		}
	}
	for _, key := range []string{"argument", "unknown operation"} {
		if bad, ok := s.res[key]; ok {
			l.t.Errorf("%s: %v", o.String(), bad)
		}
	}
	return s
}

func (l *lab) name() string { return fmt.Sprintf("%s%d", l.m.d.base, l.unit) }

func (l *lab) ifnet() *kern.Ifnet { return l.m.k.Ifnet(l.name()) }

func (l *lab) counters() map[string]uint64 {
	if i := l.ifnet(); i != nil {
		return counters(i)
	}
	return nil
}

func (l *lab) netbsd() bool { return l.m.d.dialect == kern.NetBSD }

// loaded, opened, made and ready are where rows begin: a driver; unit 0 open;
// an interface made by ifconfig and up; unit 0 open and its interface up.
func (l *lab) loaded() *lab { l.do(op{Op: "load"}); return l }

func (l *lab) opened() *lab {
	l.loaded()
	if l.netbsd() {
		l.create("tap0")
	}
	l.open(l.name())
	return l
}

func (l *lab) made() *lab {
	l.loaded().create(l.name())
	l.up()
	return l
}

func (l *lab) ready() *lab {
	l.opened()
	if l.m.d.base == "tun" {
		l.addr("10.0.0.1", "10.0.0.2")
	} else {
		l.up()
	}
	return l
}

// The steps.

func (l *lab) open(path string) step    { return l.do(op{Op: "open", Path: path}) }
func (l *lab) close() step              { return l.do(op{Op: "close"}) }
func (l *lab) create(name string) step  { return l.do(op{Op: "create", Name: name}) }
func (l *lab) destroy(name string) step { return l.do(op{Op: "destroy", Name: name}) }
func (l *lab) unload() step             { return l.do(op{Op: "unload"}) }
func (l *lab) read(n int) step          { return l.do(op{Op: "read", Len: &n}) }
func (l *lab) nonblock() step           { return l.do(op{Op: "read", Nonblock: true}) }
func (l *lab) write(n int) step         { return l.do(op{Op: "write", Gen: &gen{N: n, Seed: 69}}) }
func (l *lab) writeHex(hex string) step { return l.do(op{Op: "write", Hex: hex}) }
func (l *lab) up() step                 { return l.do(op{Op: "ifup"}) }
func (l *lab) down() step               { return l.do(op{Op: "ifdown"}) }
func (l *lab) poll(events ...string) step {
	return l.do(op{Op: "poll", Events: events})
}
func (l *lab) kqueue(filter string) step { return l.do(op{Op: "kqfilter", Filter: filter}) }
func (l *lab) kevent(kn int) step        { return l.do(op{Op: "kqevent", Kn: kn}) }
func (l *lab) listen()                   { l.do(op{Op: "bpf"}) }
func (l *lab) altq()                     { l.do(op{Op: "altq"}) }
func (l *lab) ifstart() step             { return l.do(op{Op: "ifstart"}) }
func (l *lab) signal(s step) step        { return l.do(op{Op: "signal", Line: s.line}) }
func (l *lab) stat() step                { return l.do(op{Op: "stat"}) }

// sysctl reads a variable, or sets it where there is a value.
func (l *lab) sysctl(name string, set ...string) step {
	o := op{Op: "sysctl", Name: name}
	if len(set) > 0 {
		o.Set = set[0]
	}
	return l.do(o)
}

// out is a packet of n bytes that the stack sends, IPv4 to 10.0.0.2 on a tun.
func (l *lab) out(n int) step { return l.send("inet", n) }

func (l *lab) send(family string, n int) step {
	return l.do(op{Op: "output", Family: family, Dst: "10.0.0.2", Gen: &gen{N: n, Seed: 69}})
}

// outs is that many packets, and returns the last.
func (l *lab) outs(count, n int) (s step) {
	for range count {
		s = l.out(n)
	}
	return s
}

// ether is a frame that goes through ether_output.
func (l *lab) ether(n int) step {
	return l.do(op{Op: "output", Ether: true, Gen: &gen{N: n, Seed: 2}})
}

// chain is a packet in mbufs of these lengths and one with the rest.
func (l *lab) chain(n int, lens ...int) step {
	return l.do(op{Op: "output", Family: "inet", Gen: &gen{N: n, Seed: 69}, Chain: lens})
}

func (l *lab) ioctl(name string, arg ...any) step {
	return l.do(op{Op: "ioctl", Name: name, Arg: l.json(arg)})
}

func (l *lab) ifioctl(name string, arg ...any) step {
	return l.do(op{Op: "ifioctl", Name: name, Arg: l.json(arg)})
}

func (l *lab) json(arg []any) json.RawMessage {
	if len(arg) == 0 {
		return nil
	}
	data, err := json.Marshal(arg[0])
	if err != nil {
		l.t.Fatal(err)
	}
	return data
}

func (l *lab) mtu(n int) step { return l.ifioctl("SIOCSIFMTU", ifArg{MTU: n}) }

func (l *lab) addr(addr, dst string) step {
	return l.ifioctl("SIOCSIFADDR", ifArg{Family: "inet", Addr: addr, Dst: dst})
}

// answered are the ioctls that a new open device knows, or those that it
// does not.
func (l *lab) answered(names []string, known bool) string {
	var out []string
	for _, name := range names {
		if (l.fresh().opened().ioctl(name).err() != "ENOTTY") == known {
			out = append(out, name)
		}
	}
	return list(out)
}

// What a step answered.

// err is the errno, or where the call sleeps.
func (s step) err() string {
	if why := s.l.m.k.Dead(); why != "" {
		return "the kernel panics: " + why
	}
	if ch, ok := s.res["sleep"].(string); ok {
		return "sleeps in " + ch
	}
	return s.res["errno"].(string)
}

// with is the errno, and the value of a field of the result if it is OK.
func (s step) with(key, unit string) string {
	if v, ok := s.res[key]; ok && s.err() == "OK" {
		return fmt.Sprintf("OK, %v%s", v, unit)
	}
	return s.err()
}

// opened is the errno and the unit.
func (s step) opened() string {
	if unit, ok := s.res["unit"]; ok && s.err() == "OK" {
		return fmt.Sprintf("%s%v", s.l.m.d.base, unit)
	}
	return s.err()
}

// data is the errno and how many bytes were read.
func (s step) data() string { return dataOf(s.res) }

func dataOf(res result) string {
	if ch, ok := res["sleep"].(string); ok {
		return "sleeps in " + ch
	}
	if d, ok := res["data"].(result); ok {
		return fmt.Sprintf("%v bytes", d["len"])
	}
	return res["errno"].(string)
}

// hex is the first bytes that were read.
func (s step) hex(n int) string {
	d, ok := s.res["data"].(result)
	if !ok {
		return s.err()
	}
	h := d["hex"].(string)
	return "`" + h[:min(2*n, len(h))] + "`"
}

// left is how many bytes of a write were not taken.
func (s step) left() string { return fmt.Sprintf("%v bytes left", s.res["resid"]) }

func (s step) revents() string {
	if names, ok := s.res["revents"].([]string); ok {
		return list(names)
	}
	return s.err()
}

// note is what a knote says.
func (s step) note() string {
	if s.err() != "OK" {
		return s.err()
	}
	state := "inactive"
	if s.res["active"] == true {
		state = "active"
	}
	return fmt.Sprintf("%s, data %v", state, s.res["data"])
}

// counted is what moved among the counters.
func (s step) counted() string {
	if len(s.cnt) == 0 {
		return "nothing counted"
	}
	return strings.Join(s.cnt, ", ")
}

// events are those of some names, in order.
func (s step) events(names ...string) string {
	var out []string
	for _, e := range s.res["events"].([]result) {
		if slices.Contains(names, e["ev"].(string)) {
			out = append(out, eventText(e))
		}
	}
	return list(out)
}

// told is who is told of something.
func (s step) told() string {
	if t := s.events("wakeup", "cv_broadcast", "selwakeup", "selnotify", "knote", "sigio"); t != "nothing" {
		return t
	}
	return "nobody is told"
}

// input is where a packet that was written goes.
func (s step) input() string {
	if in := s.events("netisr", "if_input", "ether_input", "ether_input_drop"); in != "nothing" {
		return in
	}
	return "passed on to nobody"
}

// done is what became of calls that slept.
func (s step) done() string {
	all, _ := s.res["completed"].([]result)
	var out []string
	for _, c := range all {
		out = append(out, dataOf(c))
	}
	if len(out) == 0 {
		return "it sleeps on"
	}
	return strings.Join(out, ", then ")
}

func eventText(e result) string {
	length := func() any { return e["pkt"].(result)["len"] }
	name := e["ev"].(string)
	switch name {
	case "wakeup", "cv_broadcast", "selwakeup":
		return fmt.Sprintf("%s(%v)", name, e["woken"])
	case "selnotify":
		return fmt.Sprintf("selnotify(%v)", e["woken"].(int)+len(e["list"].([]result)))
	case "knote":
		return fmt.Sprintf("knote(%d)", len(e["list"].([]result)))
	case "sigio":
		text := fmt.Sprintf("SIGIO to %v", e["pgid"])
		if code, ok := e["code"]; ok {
			text += fmt.Sprintf(" (%v)", code)
		}
		return text
	case "ifq_purge", "devq_drain", "if_purgeaddrs":
		return fmt.Sprintf("%s(%v)", name, e["count"])
	case "if_up", "if_down":
		if n, ok := e["flushed"]; ok {
			return fmt.Sprintf("%s, %v flushed", name, n)
		}
		return name
	case "rtinit":
		kind := "network route"
		if e["host"] == 1 {
			kind = "host route"
		}
		return fmt.Sprintf("%v %v of %v", e["cmd"], kind, e["family"])
	case "netisr":
		return fmt.Sprintf("netisr %v, %v bytes", e["isr"], length())
	case "ether_input", "if_input":
		return fmt.Sprintf("%s, %v bytes", name, length())
	case "ether_input_drop":
		return fmt.Sprintf("ether_input drops it (%v)", e["why"])
	case "bpf":
		text := fmt.Sprintf("%v bytes", length())
		if af, ok := e["af"]; ok {
			text += fmt.Sprintf(" with family %v", af)
		}
		if dir, ok := e["dir"]; ok {
			text += fmt.Sprintf(", direction %v", dir)
		}
		return text
	case "rt_ifannouncemsg":
		return fmt.Sprintf("announced: %v", e["what"])
	case "link_state":
		return fmt.Sprintf("link %v", e["state"])
	case "log":
		return fmt.Sprintf("log: %q", strings.TrimSpace(e["text"].(string)))
	}
	return name
}

// What there is.

func (l *lab) flags() string {
	if i := l.ifnet(); i != nil {
		return list(i.Flags.Names())
	}
	return "no interface"
}

func (l *lab) link() string {
	if i := l.ifnet(); i != nil {
		return "link " + i.Link.String()
	}
	return "no interface"
}

func (l *lab) queued() string { return fmt.Sprintf("%d queued", l.ifnet().Snd.Len()) }

// devq is the queue of frames that a read takes from: the interface's, or
// DragonFly tap's own.
func (l *lab) devq() string {
	if u := l.state(); u.DevQ != nil {
		return fmt.Sprintf("%d queued", u.DevQ.Len())
	}
	return l.queued()
}

// state is what the driver knows of the unit.
func (l *lab) state() kern.UnitState {
	for _, u := range l.m.mod.State().Units {
		if u.If.Unit == l.unit {
			return u
		}
	}
	l.t.Fatalf("%s is not there", l.name())
	return kern.UnitState{}
}

// info is MTU, type and baud rate.
func (l *lab) info() string {
	i := l.ifnet()
	return fmt.Sprintf("MTU %d, type %d, baud rate %d", i.MTU, i.Type, i.Baud)
}

func (l *lab) modes() string { return list(l.state().Flags) }

func (l *lab) addrs() string {
	var out []string
	for _, a := range l.ifnet().Addrs {
		out = append(out, addrString(a.Addr))
	}
	return list(out)
}

func (l *lab) interfaces() string {
	var out []string
	for _, i := range l.m.k.Ifnets() {
		out = append(out, i.Name)
	}
	slices.Sort(out)
	return "interfaces: " + list(out)
}

func (l *lab) nodes() string {
	var out []string
	for _, d := range l.m.k.Devs() {
		out = append(out, d.Name)
	}
	slices.Sort(out)
	return "nodes: " + list(out)
}

// module is what the module counts.
func (l *lab) module() string {
	var out []string
	for _, c := range l.m.mod.State().Counters {
		out = append(out, fmt.Sprintf("%s %v", c.Name, c.Value))
	}
	return list(out)
}

func (l *lab) sysctls() string {
	var out []string
	for _, v := range l.m.k.Sysctls(&kern.Thread{}) {
		out = append(out, fmt.Sprintf("%s = %s", v.Name, v.Value))
	}
	return list(out)
}

func list(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// join puts several outcomes into one cell.
func join(parts ...string) string { return strings.Join(parts, "; ") }

// status is what SIOCGIFSTATUS says.
func (s step) status() string {
	text, ok := s.res["ascii"].(string)
	if !ok {
		return s.err()
	}
	return fmt.Sprintf("%q", strings.TrimSpace(text))
}
