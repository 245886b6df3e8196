package main

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"

	"wireloom/vnet/kern"
)

// tracer turns what a kernel tells into the events of a recording.
type tracer struct {
	m *machine
}

func (t *tracer) add(ev string, pairs ...any) {
	e := result{"ev": ev}
	for i := 0; i < len(pairs); i += 2 {
		e[pairs[i].(string)] = pairs[i+1]
	}
	*t.m.events = append(*t.m.events, e)
}

// packet is how recordings show bytes: those of a long packet by their hash.
func packet(p []byte) result {
	const whole = 512
	if len(p) <= whole {
		return result{"len": len(p), "hex": hex.EncodeToString(p)}
	}
	h := fnv.New64a()
	h.Write(p)
	return result{"len": len(p), "fnv64a": fmt.Sprintf("%016x", h.Sum64())}
}

func noteList(notes []kern.NoteState) []result {
	out := []result{}
	for _, n := range notes {
		out = append(out, result{"kn": n.Tag, "active": n.Active, "data": n.Data})
	}
	return out
}

func (t *tracer) Wakeup(op string, woken int) { t.add(op, "woken", woken) }
func (t *tracer) SelRecord(pid int)           { t.add("selrecord", "pid", pid) }
func (t *tracer) SelWakeup(woken int)         { t.add("selwakeup", "woken", woken) }
func (t *tracer) SelNotify(woken int, notes []kern.NoteState) {
	t.add("selnotify", "woken", woken, "list", noteList(notes))
}
func (t *tracer) Knotes(notes []kern.NoteState) { t.add("knote", "list", noteList(notes)) }

func (t *tracer) Signal(s kern.Signal) {
	if s.Code == "" {
		t.add("sigio", "pgid", s.ID, "sig", s.Sig)
	} else {
		t.add("sigio", "pgid", s.ID, "sig", s.Sig, "code", s.Code, "band", s.Band)
	}
}

func (t *tracer) LinkState(i *kern.Ifnet) { t.add("link_state", "state", i.Link.String()) }

func (t *tracer) Interface(i *kern.Ifnet, op string, n int) {
	switch op {
	case "arrival", "departure":
		t.add("rt_ifannouncemsg", "if", i.Name, "what", op)
	case "if_up":
		if t.m.d.dialect == kern.DragonFly {
			t.add(op, "if", i.Name, "flushed", n)
		} else {
			t.add(op, "if", i.Name)
		}
	case "if_down":
		t.add(op, "if", i.Name, "flushed", n)
	case "ifq_purge", "devq_drain", "if_purgeaddrs":
		t.add(op, "count", n)
	case "arp_ifinit":
		t.add(op)
	case "set_sadl":
		t.add(op, "mac", i.MAC.String())
	default:
		t.add(op, "if", i.Name)
	}
}

func (t *tracer) Route(_ *kern.Ifnet, cmd string, a *kern.Addr, host bool) {
	h := 0
	if host {
		h = 1
	}
	addr := ""
	if a.Addr.IsValid() {
		addr = a.Addr.String()
	}
	t.add("rtinit", "cmd", cmd, "family", t.m.k.Dialect.FamilyName(a.Family), "addr", addr, "host", h)
}

func (t *tracer) Bpf(_ *kern.Ifnet, dir kern.Direction, af int, m *kern.Mbuf) {
	switch {
	case af >= 0:
		t.add("bpf", "af", af, "pkt", packet(m.Bytes()))
	case t.m.d.dialect == kern.NetBSD:
		t.add("bpf", "dir", dir.String(), "pkt", packet(m.Bytes()))
	default:
		t.add("bpf", "pkt", packet(m.Bytes()))
	}
}

func (t *tracer) Input(i *kern.Ifnet, af int, m *kern.Mbuf) {
	isr := map[int]string{
		kern.AF_INET: "ip", t.m.k.Dialect.Inet6(): "ip6", kern.AF_IPX: "ipx", kern.AF_APPLETALK: "atalk2",
	}
	switch {
	case af != 0:
		t.add("netisr", "isr", isr[af], "rcvif", i.Name, "pkthdr_len", m.Len(), "pkt", packet(m.Bytes()))
	case t.m.d.dialect == kern.NetBSD:
		t.add("if_input", "rcvif", i.Name, "pkthdr_len", m.Len(), "pkt", packet(m.Bytes()))
	default:
		t.add("ether_input", "rcvif", i.Name, "pkthdr_len", m.Len(), "pkt", packet(m.Bytes()))
	}
}

// Drop is an event where DragonFly's ether_input drops a frame.
func (t *tracer) Drop(_ *kern.Ifnet, why kern.DropReason, m *kern.Mbuf) {
	if t.m.d.dialect != kern.DragonFly || m.Rcvif == nil {
		return
	}
	reasons := map[kern.DropReason]string{kern.DropDown: "down", kern.DropShort: "short"}
	if reason := reasons[why]; reason != "" {
		t.add("ether_input_drop", "why", reason, "pkt", packet(m.Bytes()))
	}
}

func (t *tracer) Device(op string, d *kern.Cdev) {
	switch {
	case op == "make_autoclone_dev":
		t.add(op, "name", d.Name, "mode", d.Mode)
	case op != "destroy_dev":
		t.add(op, "name", d.Name, "uid", d.UID, "gid", d.GID, "mode", d.Mode)
	case t.m.d.dialect == kern.DragonFly:
		t.add(op, "name", d.Name, "opens", d.Opens)
	default:
		t.add(op, "name", d.Name)
	}
}

func (t *tracer) Fact(op, name string, n int) {
	switch op {
	case "clone_cleanup", "dev_ops_remove_all":
		t.add(op, "devs", n)
	case "fd_abort", "drain_dev_clone_events", "random_harvest", "sysctl_teardown":
		t.add(op)
	default:
		t.add(op, "name", name)
	}
}

func (t *tracer) Log(text string) { t.add("log", "text", text) }
func (t *tracer) Panic(string)    {}
