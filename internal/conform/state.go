package main

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"wireloom/tapemu"
	"wireloom/tunemu"
	"wireloom/vnet/kern"
)

// A driver is one of those that recordings exist of.
type driver struct {
	dialect kern.Dialect
	base    string // of device and interface names
	module  func() kern.Module
	devfs   bool // nodes are made and shown as opens need them
	// ifKeys are what the state of an interface has beside name, unit, flags,
	// drv, mtu, type, baud, sigio, cnt, qlen, qmax, bpf and sel.
	ifKeys []string
	// devKeys are what the state of a node has; nil if nodes are not shown.
	devKeys []string
}

var drivers = map[string]driver{
	"netbsd-tap": {
		dialect: kern.NetBSD, base: "tap",
		module: func() kern.Module { return tapemu.NetBSD() },
		ifKeys: []string{"link", "mac", "atime", "mtime", "btime", "knotes"},
	},
	"dragonfly-tap": {
		dialect: kern.DragonFly, base: "tap", devfs: true,
		module:  func() kern.Module { return tapemu.DragonFly() },
		ifKeys:  []string{"owner", "mac", "remote", "devqlen", "devqdrops", "knotes", "addrs"},
		devKeys: []string{"name", "opens", "softc"},
	},
	"freebsd-tun": {
		dialect: kern.FreeBSD, base: "tun", devfs: true,
		module:  func() kern.Module { return tunemu.FreeBSD() },
		ifKeys:  []string{"link", "pid", "lastchange", "knotes", "addrs"},
		devKeys: []string{"name", "opens", "softc"},
	},
	"dragonfly-tun": {
		dialect: kern.DragonFly, base: "tun",
		module:  func() kern.Module { return tunemu.DragonFly() },
		ifKeys:  []string{"pid", "lastchange", "addrs"},
		devKeys: []string{"name", "opens"},
	},
}

func driverNames() []string { return sortedKeys(drivers) }

// state is the complete state, in the form of a recording.
func (m *machine) state() result {
	ms := m.mod.State()
	s := result{"loaded": m.k.Module(m.mod.Name()) != nil}
	for _, c := range ms.Counters {
		s[c.Name] = c.Value
	}
	m.sysctlState(s)
	if m.d.devKeys != nil {
		s["devs"] = m.devState()
	}
	if m.d.dialect == kern.NetBSD {
		m.fileState(s)
	}
	ifs := []result{}
	for _, u := range ms.Units {
		ifs = append(ifs, m.ifState(u))
	}
	s["ifs"] = ifs
	return s
}

// sysctlState: on NetBSD the units that have a node, else names and values.
func (m *machine) sysctlState(s result) {
	root := &kern.Thread{}
	if m.d.dialect != kern.NetBSD {
		vars := result{}
		for _, v := range m.k.Sysctls(root) {
			vars[v.Name] = json.Number(v.Value)
		}
		s["sysctl"] = vars
		return
	}
	names := []string{}
	for _, v := range m.k.Sysctls(root) {
		names = append(names, v.Name[strings.LastIndexByte(v.Name, '.')+1:])
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	s["sysctl"] = names
}

func (m *machine) devState() []result {
	devs := slices.Clone(m.k.Devs())
	slices.SortFunc(devs, func(a, b *kern.Cdev) int { return cmp.Compare(a.Unit, b.Unit) })
	out := []result{}
	for _, d := range devs {
		all := result{"name": d.Name, "opens": d.Opens, "softc": d.Drv1 != nil}
		out = append(out, only(all, m.d.devKeys))
	}
	return out
}

func (m *machine) fileState(s result) {
	opens := result{}
	for unit, d := range m.chars {
		if d.Opens > 0 {
			opens[strconv.Itoa(unit)] = d.Opens
		}
	}
	s["opens"] = opens
	fds := []result{}
	for _, f := range m.files {
		fds = append(fds, result{"fd": f.fd, "unit": f.unit})
	}
	s["fds"] = fds
}

func (m *machine) ifState(u kern.UnitState) result {
	i := u.If
	knotes := []int{}
	for _, kn := range u.Sel.Notes() {
		knotes = append(knotes, kn.Tag)
	}
	s := result{
		"link": i.Link.String(), "pid": u.PID, "owner": u.PID, "mac": i.MAC.String(), "remote": u.Remote.String(),
		"lastchange": seconds(i.Change), "atime": seconds(u.Accessed), "mtime": seconds(u.Modified), "btime": seconds(u.Created),
		"knotes": knotes, "addrs": m.addrState(i),
	}
	if u.DevQ != nil {
		s["devqlen"], s["devqdrops"] = u.DevQ.Len(), u.DevQ.Drops
	}
	s = only(s, m.d.ifKeys)
	maps.Copy(s, (result{
		"name": i.Name, "unit": i.Unit, "flags": i.Flags.Names(), "drv": u.Flags, "mtu": i.MTU, "type": i.Type, "baud": i.Baud,
		"sigio": u.Owner, "cnt": counters(i), "qlen": i.Snd.Len(), "qmax": i.Snd.Max, "bpf": i.BpfActive(), "sel": u.Sel.Recorded(),
	}))
	return s
}

func (m *machine) addrState(i *kern.Ifnet) []result {
	out := []result{}
	for _, a := range i.Addrs {
		if a.Null {
			out = append(out, result{"family": "null"})
			continue
		}
		family := m.k.Dialect.FamilyName(a.Family)
		out = append(out, result{"family": family, "addr": addrString(a.Addr), "dst": addrString(a.Dst)})
	}
	return out
}

func addrString(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func counters(i *kern.Ifnet) map[string]uint64 {
	c := i.Cnt
	all := map[string]uint64{
		"ipackets": c.Ipackets, "ierrors": c.Ierrors, "ibytes": c.Ibytes, "imcasts": c.Imcasts, "iqdrops": c.Iqdrops,
		"opackets": c.Opackets, "oerrors": c.Oerrors, "obytes": c.Obytes, "omcasts": c.Omcasts, "collisions": c.Collision,
		"snd_drops": i.Snd.Drops,
	}
	for k, v := range all {
		if v == 0 {
			delete(all, k)
		}
	}
	return all
}

func seconds(t kern.Time) int64 { return int64(t / time.Second) }

func only(all result, keys []string) result {
	out := result{}
	for _, k := range keys {
		out[k] = all[k]
	}
	return out
}
