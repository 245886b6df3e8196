package main

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

func number(s string) json.Number { return json.Number(s) }

// network is an operation on the interface's side.
func (m *machine) network(t *kern.Thread, o *op, i *kern.Ifnet) result {
	switch o.Op {
	case "output":
		return status(m.output(o, i))
	case "enqueue":
		return status(i.Enqueue(m.mbuf(o)))
	case "ifstart":
		i.Start()
	case "ifup":
		return status(m.k.IfUp(t, i.Name))
	case "ifdown":
		return status(m.k.IfDown(t, i.Name))
	case "altq":
		i.ALTQ = o.on()
	case "bpf":
		if i.Unlisten(listener{}); o.on() {
			i.Listen(listener{})
		}
	case "ifioctl":
		return m.ifioctl(t, o, i)
	}
	return status(errno.OK)
}

// listener is a bpf listener; the tracer sees what it is shown.
type listener struct{}

func (listener) Bpf(*kern.Ifnet, kern.Direction, int, *kern.Mbuf) {}

func (m *machine) mbuf(o *op) *kern.Mbuf {
	p := m.k.NewChain(o.payload(), o.Chain...)
	p.Mcast = o.Mcast
	return p
}

func (m *machine) output(o *op, i *kern.Ifnet) errno.Errno {
	if m.d.base == "tap" {
		if o.Ether {
			return i.Output(m.mbuf(o), kern.Sockaddr{})
		}
		return i.Transmit(m.mbuf(o))
	}
	return i.Output(m.mbuf(o), m.sockaddr(o))
}

// sockaddr is sa_len, family, two zero bytes, the destination and zeros.
func (m *machine) sockaddr(o *op) kern.Sockaddr {
	sa := kern.Sockaddr{Len: 16, Family: uint8(o.AF)}
	switch o.Family {
	case "inet":
		sa.Family = kern.AF_INET
	case "inet6":
		sa.Len, sa.Family = 28, uint8(m.k.Dialect.Inet6())
	case "ipx":
		sa.Family = kern.AF_IPX
	case "appletalk":
		sa.Family = kern.AF_APPLETALK
	case "unspec":
		sa.Family = kern.AF_UNSPEC
	}
	if a, err := netip.ParseAddr(o.Dst); err == nil {
		copy(sa.Data[2:], a.AsSlice())
	}
	if o.Family == "unspec" && m.d.dialect == kern.FreeBSD {
		binary.LittleEndian.PutUint32(sa.Data[:], uint32(o.AF))
	}
	return sa
}

// ifArg is the argument of an interface ioctl.
type ifArg struct {
	Family string `json:"family"`
	Addr   string `json:"addr"`
	Dst    string `json:"dst"`
	MTU    int    `json:"mtu"`
	MAC    string `json:"mac"`
}

func (m *machine) ifioctl(t *kern.Thread, o *op, i *kern.Ifnet) result {
	var a ifArg
	if len(o.Arg) > 0 {
		if err := json.Unmarshal(o.Arg, &a); err != nil {
			return result{"argument": err.Error()}
		}
	}
	cmd, ok := kern.ParseIoctl(o.Name)
	if !ok {
		cmd = kern.UnknownIoctl
	}
	r := kern.IfReq{Flags: i.Flags, MTU: a.MTU}
	r.Addr.Family = m.family(a.Family)
	r.Family = r.Addr.Family
	r.Addr.Null = a.Family == "null"
	r.Addr.Addr, _ = netip.ParseAddr(a.Addr) // not valid without one
	r.Addr.Dst, _ = netip.ParseAddr(a.Dst)
	mac, _ := hex.DecodeString(strings.ReplaceAll(a.MAC, ":", ""))
	copy(r.MAC[:], mac)
	err := errno.EPERM
	if cmd != kern.SIOCSIFFLAGS {
		err = m.k.Ifioctl(t, i.Name, cmd, &r)
	} else if t.Cred.Root() {
		// ifup and ifdown are what goes through the whole of ifioctl.
		err = i.DriverIoctl(t, cmd, &r)
	}
	res := status(err)
	if err == errno.OK {
		switch cmd {
		case kern.SIOCGIFSTATUS:
			res["ascii"] = r.Status
		case kern.SIOCGIFADDR:
			res["out"] = packet(r.MAC[:])
		}
	}
	return res
}

func (m *machine) family(name string) int {
	for _, af := range []int{kern.AF_INET, kern.AF_IPX, kern.AF_APPLETALK, kern.AF_LINK, m.k.Dialect.Inet6()} {
		if m.k.Dialect.FamilyName(af) == name {
			return af
		}
	}
	return kern.AF_UNSPEC
}

// info is the argument and the answer of TUNSIFINFO and its like.
type info struct {
	MTU      int64 `json:"mtu"`
	Type     int64 `json:"type"`
	Baudrate int64 `json:"baudrate"`
}

func (m *machine) ioctl(t *kern.Thread, o *op, ops kern.FileOps, err errno.Errno) result {
	if err != errno.OK {
		return status(err)
	}
	cmd, ok := kern.ParseIoctl(o.Name)
	if !ok {
		cmd = kern.UnknownIoctl
	}
	arg := make([]byte, max(kern.IoctlLen(cmd), 8))
	if bad := putArg(arg, cmd, o.Arg); bad != nil {
		return result{"argument": bad.Error()}
	}
	err = ops.Ioctl(t, cmd, arg)
	res := status(err)
	if err == errno.OK && kern.IoctlReads(cmd) {
		res["out"] = ioctlOut(cmd, arg)
	}
	return res
}

func putArg(arg []byte, cmd uint32, raw json.RawMessage) error {
	if len(raw) == 0 {
		return nil
	}
	switch {
	case cmd == kern.TUNSIFINFO:
		var v info
		if err := json.Unmarshal(raw, &v); err != nil {
			return err
		}
		kern.IfInfo{MTU: int16(v.MTU), Type: uint8(v.Type), Baudrate: int32(v.Baudrate)}.Put(arg)
	case raw[0] == '[':
		var names []string
		if err := json.Unmarshal(raw, &names); err != nil {
			return err
		}
		var f kern.IfFlags
		for _, n := range names {
			bit, _ := kern.ParseIfFlag(n)
			f |= bit
		}
		kern.PutInt(arg, int32(f))
	case raw[0] == '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		b, err := hex.DecodeString(strings.ReplaceAll(s, ":", ""))
		copy(arg, b)
		return err
	default:
		var v int64
		if err := json.Unmarshal(raw, &v); err != nil {
			return err
		}
		kern.PutInt(arg, int32(v))
	}
	return nil
}

func ioctlOut(cmd uint32, arg []byte) any {
	switch cmd {
	case kern.TUNGIFINFO:
		v := kern.ParseIfInfo(arg)
		return info{MTU: int64(v.MTU), Type: int64(v.Type), Baudrate: int64(v.Baudrate)}
	case kern.TAPGIFNAME:
		return strings.TrimRight(string(arg[:16]), "\x00")
	case kern.SIOCGIFFLAGS:
		return kern.IfFlags(binary.LittleEndian.Uint16(arg)).Names()
	case kern.OSIOCGIFADDR, kern.SIOCGIFADDR:
		return packet(arg[:6])
	}
	return kern.Int(arg)
}

var pollEvents = []struct {
	name string
	bit  int
}{
	{"IN", kern.POLLIN},
	{"PRI", kern.POLLPRI},
	{"OUT", kern.POLLOUT},
	{"ERR", kern.POLLERR},
	{"HUP", kern.POLLHUP},
	{"RDNORM", kern.POLLRDNORM},
}

func pollBits(names []string) int {
	bits := 0
	for _, e := range pollEvents {
		if slices.Contains(names, e.name) {
			bits |= e.bit
		}
	}
	if slices.Contains(names, "WRNORM") {
		bits |= kern.POLLWRNORM
	}
	return bits
}

func pollNames(bits int) []string {
	out := []string{}
	for _, e := range pollEvents {
		if bits&e.bit != 0 {
			out = append(out, e.name)
		}
	}
	return out
}
