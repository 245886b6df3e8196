package look

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

func init() { verb.Register(verb.States, 7, device{}) }

// device is the state of an interface.
type device struct{}

func (device) Name() string { return "device" }
func (device) Doc() string  { return "The state of a tun, a tap or another interface." }

var flag = format.TextOf("a flag of an interface, such as UP or RUNNING", 16)

func (device) Shape() *format.Shape {
	return format.Many(format.Object(
		format.Field{Name: "name", Shape: format.LinkEnd, Required: true, Doc: "NODE:INTERFACE, such as bob:tap0."},
		format.Field{Name: "exists", Shape: format.Boolean, Doc: "Whether there is one; true where it is not given."},
		format.Field{Name: "open", Shape: format.Boolean, Doc: "Whether a program has it open."},
		format.Field{Name: "flags", Shape: format.ListOf(flag, 32), Doc: "Flags that it has."},
		format.Field{Name: "lacks_flags", Shape: format.ListOf(flag, 32), Doc: "Flags that it has not."},
		format.Field{Name: "link", Shape: format.OneOf("up, down or unknown", "up", "down", "unknown"), Doc: "The state of its link."},
		format.Field{Name: "mtu", Shape: verb.Counted, Doc: "Its MTU."},
		format.Field{Name: "mac", Shape: format.MAC, Doc: "Its Ethernet address."},
		format.Field{Name: "queue", Shape: verb.Counted, Doc: "How many packets wait to be read."},
		format.Field{Name: "address", Shape: format.Many(format.Address, 16), Doc: "An address that it has."},
	), 16)
}

func (device) Parse(v *format.Value, s *verb.Scope) verb.Step {
	x := &stateOf{
		name: s.Device(v.Get("name")), missing: !format.Or(v.Get("exists"), true), link: v.Get("link").String(), mtu: s.Count(v.Get("mtu")), queue: s.Count(v.Get("queue")),
		flags: flags(v.Get("flags"), s), lacksFlags: flags(v.Get("lacks_flags"), s), addresses: format.Reads[netip.Addr](v.Get("address")),
	}
	if o := v.Get("open"); o != nil {
		open := format.Read[bool](o)
		x.open = &open
	}
	if m := v.Get("mac"); m != nil {
		mac := format.Read[packet.MAC](m)
		x.mac = &mac
	}
	if x.missing && len(v.Keys) > 2 {
		s.Mistakes.At(v, "a device that must not exist has no state")
	}
	return x
}

func flags(v *format.Value, s *verb.Scope) []string {
	var out []string
	for _, f := range v.List() {
		if _, ok := kern.ParseIfFlag(f.Text); !ok {
			s.Mistakes.At(f, "%s is no flag of an interface: UP, RUNNING, OACTIVE, POINTOPOINT and so on are", format.Shown(f))
		}
		out = append(out, f.Text)
	}
	return out
}

// A stateOf is what an interface is to be; what is nil or empty is not looked at.
type stateOf struct {
	verb.State
	name       format.End
	missing    bool // there must be none
	open       *bool
	flags      []string
	lacksFlags []string
	link       string
	mtu, queue *verb.Count
	mac        *packet.MAC
	addresses  []netip.Addr
}

func (x *stateOf) Proof() verb.Proof { return verb.Strong }

func (x *stateOf) Run(r *run.Run) error {
	i := ifnet(r, x.name)
	if x.missing || i == nil {
		f := run.Finding{OK: x.missing == (i == nil), Expected: "there is an interface " + x.name.String(), Actual: "there is one"}
		if x.missing {
			f.Expected = "there is no interface " + x.name.String()
		}
		if i == nil {
			f.Actual = "there is none"
		}
		r.Find(f)
		return nil
	}
	open, waiting := opened(r.Lab.Node(x.name.Node).Kernel(), x.name.Iface)
	r.Find(x.compare(i, open, waiting))
	return nil
}

func (x *stateOf) compare(i *kern.Ifnet, open bool, waiting int) run.Finding {
	var t table
	yes := func(b bool, word string) string {
		if b {
			return word
		}
		return "not " + word
	}
	if x.open != nil {
		t.want(*x.open == open, yes(*x.open, "open"), yes(open, "open"))
	}
	names := i.Flags.Names()
	for _, f := range x.flags {
		t.want(slices.Contains(names, f), f, "no "+f)
	}
	for _, f := range x.lacksFlags {
		t.want(!slices.Contains(names, f), "no "+f, f)
	}
	if x.link != "" {
		t.want(i.Link.String() == x.link, "link "+x.link, "link "+i.Link.String())
	}
	if x.mtu != nil {
		t.want(x.mtu.Has(i.MTU), "MTU "+x.mtu.String(), fmt.Sprintf("MTU %d", i.MTU))
	}
	if x.mac != nil {
		t.want(i.MAC == *x.mac, "MAC "+x.mac.String(), "MAC "+i.MAC.String())
	}
	if x.queue != nil {
		n := i.Snd.Len() + waiting
		t.want(x.queue.Has(uint64(n)), x.queue.String()+" packets waiting", fmt.Sprintf("%d packets waiting", n))
	}
	for _, a := range x.addresses {
		t.want(slices.ContainsFunc(i.Addrs, func(o *kern.Addr) bool { return o.Addr == a }), "the address "+a.String(), "not the address "+a.String())
	}
	if len(t.wants) == 0 {
		t.wants = []string{"to be there"}
	}
	return t.finding(x.name.String(), []string{strings.Join(append(names, "link "+i.Link.String(), fmt.Sprintf("MTU %d", i.MTU), yes(open, "open")), " ")})
}

// opened reports whether a program has a device open, and how many packets wait in
// its driver besides the interface's own queue.
func opened(k *kern.Kernel, name string) (open bool, waiting int) {
	if d := k.Dev(name); d != nil && d.Opens > 0 {
		open = true
	}
	for _, m := range k.Modules() {
		for _, u := range m.State().Units {
			if u.If == nil || u.If.Name != name {
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
