package main

import (
	"fmt"
	"slices"
	"strings"

	"wireloom/vnet/kern"
)

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
func (s step) with(key string) string {
	if v, ok := s.res[key]; ok && s.err() == "OK" {
		if names, ok := v.([]string); ok {
			v = list(names)
		}
		return fmt.Sprintf("OK, %v", v)
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

// written is all there is to say of a write.
func (s step) written() string { return join(s.err(), s.counted(), s.input()) }

// refusal is why there is no knote, "" if there is one.
func (s step) refusal() string {
	if s.res["result"] == 1 {
		return "refused (a_result is 1)"
	}
	if s.err() == "OK" {
		return ""
	}
	return s.err()
}

// out is the bytes that an ioctl returns.
func (s step) out() string {
	p, ok := s.res["out"].(result)
	if !ok {
		return s.err()
	}
	return fmt.Sprintf("`%v`", p["hex"])
}

// times are owner and times of a stat.
func (s step) times() string {
	st, ok := s.res["stat"].(result)
	if !ok {
		return s.err()
	}
	return fmt.Sprintf("uid %v, gid %v; accessed %v s, modified %v s, changed and born %v s, %v s", st["uid"], st["gid"], st["atime"], st["mtime"], st["ctime"], st["birthtime"])
}

// mtuOf is the MTU in the answer to TUNGIFINFO and TAPGIFINFO.
func mtuOf(s step) string {
	v, ok := s.res["out"].(info)
	if !ok {
		return s.err()
	}
	return fmt.Sprintf("%s, MTU %d", s.err(), v.MTU)
}
