package inet_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/ip6"
	"wireloom/vnet/kern"
	"wireloom/vnet/kern/kerntest"
	"wireloom/vnet/packet"
)

// A desk is a machine with a card and a stack that writes down what it is told.
type desk struct {
	t     *testing.T
	net   *inet.Net
	m     *kerntest.Machine
	em0   *inet.Iface
	soon  []func()
	said  []string
	facts []string
	auto  []ip6.Address
}

func (d *desk) Now() time.Duration                          { return 0 }
func (d *desk) Random([]byte)                               {}
func (d *desk) After(time.Duration, func()) (cancel func()) { return func() {} }
func (d *desk) Soon(f func())                               { d.soon = append(d.soon, f) }
func (d *desk) Emit(e event.Event)                          { d.facts = append(d.facts, e.Text) }
func (d *desk) NewFrame() uint64                            { return 1 }
func (d *desk) say(format string, args ...any)              { d.said = append(d.said, fmt.Sprintf(format, args...)) }

func (d *desk) Deliver(nic int, data []byte) bool {
	d.say("deliver %d %x", nic, data)
	return true
}
func (d *desk) Detach(nic int)                                    { d.say("detach %d", nic) }
func (d *desk) SetUp(nic int, up bool)                            { d.say("up %d %v", nic, up) }
func (d *desk) SetMTU(int, int)                                   {}
func (d *desk) SetMAC(int, packet.MAC)                            {}
func (d *desk) SetForwarding(v4, v6 bool)                         { d.say("forward %v %v", v4, v6) }
func (d *desk) Neighbours() []inet.Neighbour                      { return nil }
func (d *desk) Learned() []inet.LearnedRoute                      { return nil }
func (d *desk) Forget(netip.Addr) errno.Errno                     { return errno.ESRCH }
func (d *desk) Addresses6() []ip6.Address                         { return d.auto }
func (d *desk) Advertise(int, *ip6.RA) errno.Errno                { return errno.OK }
func (d *desk) Solicit(int) errno.Errno                           { return errno.OK }
func (d *desk) Routers() []ip6.Router                             { return nil }
func (d *desk) Prefixes() []ip6.Prefix                            { return nil }
func (d *desk) Stats() inet.Stats                                 { return inet.Stats{} }
func (d *desk) DeleteNeighbour(int, netip.Addr) errno.Errno       { return errno.ENOENT }
func (d *desk) Sockets() []inet.SocketStatus                      { return nil }
func (d *desk) Close()                                            { d.say("close") }
func (d *desk) Socket(inet.SocketKind) (inet.Socket, errno.Errno) { return nil, errno.EPROTONOSUPPORT }

func (d *desk) Attach(n inet.StackNIC) (int, error) {
	d.say("attach %s", n.Name)
	return 0, nil
}

func (d *desk) AddAddress(nic int, a netip.Prefix, late bool) errno.Errno {
	if late {
		d.say("add %d %v late", nic, a)
	} else {
		d.say("add %d %v", nic, a)
	}
	return errno.OK
}

func (d *desk) AddNeighbour(int, netip.Addr, packet.MAC, bool, bool) errno.Errno { return errno.OK }

func (d *desk) RemoveAddress(nic int, a netip.Addr) errno.Errno {
	d.say("remove %d %v", nic, a)
	return errno.OK
}

func (d *desk) SetRoutes(rs []inet.StackRoute) {
	var words []string
	for _, r := range rs {
		words = append(words, r.To.String())
	}
	d.say("routes %s", strings.Join(words, " "))
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, m: kerntest.New(kern.FreeBSD)}
	d.net = inet.New("a", d, d.m.K, func(inet.StackHost, []inet.StackNIC) (inet.Stack, error) { return d, nil })
	d.em0 = &inet.Iface{If: d.m.K.AttachEther("em0", packet.MAC{2}, 1500, func(p *kern.Mbuf) { p.Free() })}
	d.net.Add(d.em0)
	d.m.K.OnIfChange(func(ifp *kern.Ifnet, c kern.IfChange) {
		if x := d.net.Iface(ifp.Name); x != nil && d.net.Touches(x, c.IP()) {
			d.net.Changed()
		}
	})
	d.net.Begin()
	return d
}

// want checks what the stack was told since the last want.
func (d *desk) want(what string, lines ...string) {
	d.t.Helper()
	if got, want := strings.Join(d.said, "; "), strings.Join(lines, "; "); got != want {
		d.t.Errorf("%s: the stack was told\n%s\nwant\n%s", what, got, want)
	}
	d.said = nil
}

func (d *desk) address(text string) {
	d.t.Helper()
	p := netip.MustParsePrefix(text)
	if e := d.net.AddAddress(d.m.Root, "em0", kern.Addr{Addr: p.Addr(), Bits: p.Bits()}); e != errno.OK {
		d.t.Fatal(e)
	}
}

// The stack is made by the first address and follows each change once: never in the
// middle of it, and at the latest when what runs now is done.
func TestTheStackFollows(t *testing.T) {
	d := newDesk(t)
	d.want("a machine without addresses has no stack")
	d.address("10.0.0.1/24")
	d.want("the first address makes it", "attach em0", "up 0 true", "add 0 10.0.0.1/24", "routes 10.0.0.0/24 10.0.0.1/32", "forward false false")
	d.em0.If.SetFlags(0, kern.IFF_UP)
	d.em0.If.SetFlags(kern.IFF_UP, 0)
	d.em0.If.SetFlags(0, kern.IFF_UP)
	d.want("a change is not followed at once")
	for _, f := range d.soon {
		f()
	}
	d.want("three are followed together", "up 0 false", "routes ", "forward false false")
	d.em0.If.SetFlags(kern.IFF_UP, 0)
	d.net.Deliver(d.em0, []byte{1})
	d.want("what the stack is given comes after what has changed", "up 0 true", "routes 10.0.0.0/24 10.0.0.1/32", "forward false false", "deliver 0 01")
	if e := d.net.RemoveAddress(d.m.Root, "em0", netip.MustParseAddr("10.0.0.1")); e != errno.OK {
		t.Fatal(e)
	}
	d.want("an address that goes takes its routes along", "up 0 true", "remove 0 10.0.0.1", "routes ", "forward false false")
	d.net.Off()
	d.em0.If.SetFlags(0, kern.IFF_UP)
	d.net.Sync()
	d.want("a machine that is off follows nothing", "close")
}

func TestRoutes(t *testing.T) {
	d := newDesk(t)
	d.address("10.0.0.1/24")
	route := func(to, via, dev string) inet.Route {
		r := inet.Route{To: netip.MustParsePrefix(to), Dev: dev}
		if via != "" {
			r.Via = netip.MustParseAddr(via)
		}
		return r
	}
	for _, c := range []struct {
		name string
		r    inet.Route
		want errno.Errno
	}{
		{"by a gateway on a network of ours", route("10.9.0.0/16", "10.0.0.9", ""), errno.OK},
		{"the same again", route("10.9.0.0/16", "10.0.0.8", ""), errno.EEXIST},
		{"to what an address makes already", route("10.0.0.0/24", "10.0.0.9", ""), errno.EEXIST},
		{"by a gateway that is nowhere", route("10.8.0.0/16", "10.5.0.9", ""), errno.ENETUNREACH},
		{"by a gateway of the other family", route("10.8.0.0/16", "fe80::1", ""), errno.EINVAL},
		{"by nothing", route("10.8.0.0/16", "", ""), errno.EINVAL},
		{"by an interface", route("10.7.0.0/16", "", "em0"), errno.OK},
		{"by an interface that is not", route("10.6.0.0/16", "", "em9"), errno.ENXIO},
	} {
		if e := d.net.AddRoute(c.r); e != c.want {
			t.Errorf("%s: %v, want %v", c.name, e, c.want)
		}
	}
	if e := d.net.RemoveRoute(netip.MustParsePrefix("10.9.0.0/16")); e != errno.OK {
		t.Error(e)
	}
	if e := d.net.RemoveRoute(netip.MustParsePrefix("10.9.0.0/16")); e != errno.ESRCH {
		t.Errorf("a route is removed twice: %v", e)
	}
	d.net.RemoveAddress(d.m.Root, "em0", netip.MustParseAddr("10.0.0.1"))
	want := "route to 10.9.0.0/16 via 10.0.0.9 (em0) added; route to 10.7.0.0/16 on em0 added; route to 10.9.0.0/16 via 10.0.0.9 (em0) removed; route to 10.7.0.0/16 on em0 removed"
	if got := strings.Join(d.facts, "; "); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestAddressesOfTheStacksOwn: what a stack gives an interface by itself is shown as the
// kernel's, and what it takes away goes; an address is late where the interface was up before.
func TestAddressesOfTheStacksOwn(t *testing.T) {
	d := newDesk(t)
	soon := func() {
		for len(d.soon) > 0 {
			f := d.soon[0]
			d.soon = d.soon[1:]
			f()
		}
		d.said = nil
	}
	addresses := func() string { return fmt.Sprint(d.net.Addresses("em0")) }
	d.address("10.0.0.1/24")
	d.want("the interface comes up with its first address", "attach em0", "up 0 true", "add 0 10.0.0.1/24", "routes 10.0.0.0/24 10.0.0.1/32", "forward false false")
	d.address("10.0.1.1/24")
	d.want("the second is late", "up 0 true", "add 0 10.0.1.1/24 late", "routes 10.0.0.0/24 10.0.0.1/32 10.0.1.0/24 10.0.1.1/32", "forward false false")
	d.auto = []ip6.Address{{NIC: 0, Prefix: netip.MustParsePrefix("fe80::1/64"), Auto: true}, {NIC: 0, Prefix: netip.MustParsePrefix("fd00::1/64")}}
	d.net.Configured()
	soon()
	if got := addresses(); got != "[10.0.0.1/24 10.0.1.1/24 fe80::1/64]" {
		t.Errorf("addresses %s", got)
	}
	d.auto = nil
	d.net.Configured()
	soon()
	if got := addresses(); got != "[10.0.0.1/24 10.0.1.1/24]" {
		t.Errorf("after it is gone: %s", got)
	}
}
