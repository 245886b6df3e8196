package scenario

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"wireloom/internal/decode"
	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet/config"
	"wireloom/vnet/fabric/bridge"
	"wireloom/vnet/packet"
)

// What a scenario says of its switches; docs/switches.md is the guide.

var portNumber = regexp.MustCompile(`^[1-9][0-9]{0,3}$`)

var switchShape = format.Object(
	format.Field{Name: "ports", Shape: format.Number(1, config.MaxPorts), Required: true, Doc: "How many ports it has; they are named NAME.1, NAME.2 and so on."},
	format.Field{Name: "dialect", Shape: format.OneOf("standard or linux", "standard", "linux"), Doc: "Whose switch it is where IEEE 802.1Q and a Linux bridge differ; standard where it is not given."},
	format.Field{Name: "vlans", Shape: format.Boolean, Doc: "It knows VLANs, also where no port says so: ports of which nothing is said have access to VLAN 1."},
	format.Field{Name: "learning", Shape: format.OneOf("independent, shared or off", "independent", "shared", "off"), Doc: "A table for each VLAN, one for all, or none; independent where it is not given."},
	format.Field{Name: "hub", Shape: format.Boolean, Doc: "It has no table: each frame leaves by every other port."},
	format.Field{Name: "ageing", Shape: format.Duration(1_000_000 * time.Second), Doc: "How long it remembers an address; 300s where it is not given."},
	format.Field{Name: "addresses", Shape: format.Number(1, config.MaxTable), Doc: fmt.Sprintf("How many addresses it learns, in each VLAN; %d where it is not given.", bridge.MaxMACs)},
	format.Field{Name: "snooping", Shape: format.OneOf("on or querier", "on", "querier"), Doc: "IGMP and MLD snooping: groups go where they were asked for; a querier asks itself."},
	format.Field{Name: "stp", Shape: format.Either("rstp, stp, or {mode: ...}", format.OneOf("rstp or stp", "rstp", "stp"), treeShape), Doc: "Its spanning tree; none where it is not given."},
	format.Field{Name: "port", Shape: format.MapOf(portNumber, "a port's number", switchPortShape, config.MaxPorts), Doc: "What is to be said of its ports, by number."},
	format.Field{Name: "static", Shape: format.ListOf(staticShape, config.MaxStatic), Doc: "Entries of its table that do not age."},
)

var treeShape = format.Object(
	format.Field{Name: "mode", Shape: format.OneOf("rstp or stp", "rstp", "stp"), Required: true, Doc: "The protocol: rstp (802.1D-2004), or stp (802.1D-1998)."},
	format.Field{Name: "priority", Shape: format.Number(0, 61440), Doc: "Of the switch, in steps of 4096: the least is the root; 32768 where it is not given."},
	format.Field{Name: "hello", Shape: format.Duration(10 * time.Second), Doc: "Between two BPDUs of a root; 2s where it is not given."},
	format.Field{Name: "max_age", Shape: format.Duration(40 * time.Second), Doc: "After which what a BPDU said is no longer true; 20s where it is not given."},
	format.Field{Name: "forward_delay", Shape: format.Duration(30 * time.Second), Doc: "In each of two states on the way to forwarding, where nobody agrees to go sooner; 15s where it is not given."},
)

var staticShape = format.Object(
	format.Field{Name: "mac", Shape: format.MAC, Required: true, Doc: "The address."},
	format.Field{Name: "port", Shape: format.Number(1, config.MaxPorts), Required: true, Doc: "The number of the port that it is behind."},
	format.Field{Name: "vlan", Shape: format.Number(1, bridge.MaxVLANs), Doc: "Its VLAN; all that the port is a member of where it is not given."},
)

var doorShape = format.Object(
	format.Field{Name: "file", Shape: format.Text("the name of a capture file in the scenario's folder, such as captures/x.pcapng"), Required: true, Doc: "A capture, pcap or pcapng, whose frames come in with its timing from the lab's beginning on."},
)

var switchPortShape = format.Object(append(verb.VLANFields(),
	format.Field{Name: "down", Shape: format.Boolean, Doc: "It is switched off when the lab starts."},
	format.Field{Name: "speed", Shape: format.Number(1, 1_000_000), Doc: "Mbit/s, for the cost of its path; 1000 where it is not given. What slows frames is the link's netem."},
	format.Field{Name: "cost", Shape: format.Number(1, 200_000_000), Doc: "Of its path in the spanning tree; by the speed where it is not given."},
	format.Field{Name: "priority", Shape: format.Number(0, 240), Doc: "In the spanning tree, in steps of 16; 128 where it is not given."},
	format.Field{Name: "edge", Shape: format.OneOf("yes, auto or no", "yes", "auto", "no"), Doc: "Nobody else speaks a spanning tree there, so that it forwards at once; auto, where it is not given, finds that out."},
	format.Field{Name: "link", Shape: format.OneOf("point-to-point or shared", "point-to-point", "shared"), Doc: "A shared link has no proposals; point-to-point where it is not given."},
	format.Field{Name: "bpdu_guard", Shape: format.Boolean, Doc: "A BPDU that comes in shuts the port until its link comes up again."},
	format.Field{Name: "root_guard", Shape: format.Boolean, Doc: "The port never leads to the root."},
	format.Field{Name: "tc_guard", Shape: format.Boolean, Doc: "Changes of the topology that are told there go no further."},
	format.Field{Name: "isolated", Shape: format.Boolean, Doc: "No frame passes between two isolated ports."},
	format.Field{Name: "locked", Shape: format.Boolean, Doc: "Only sources of which the table has an entry at this port may send."},
	format.Field{Name: "learning", Shape: format.Boolean, Doc: "Whether sources are learned there; true where it is not given."},
	format.Field{Name: "storm", Shape: format.Number(1, 1_000_000_000), Doc: "Frames a second that may be flooded of those that come in there; no limit where it is not given."},
	format.Field{Name: "door", Shape: format.Either("websocket, c2w, stream, tap, or {file: ...}", format.OneOf("websocket, c2w, stream or tap", "websocket", "c2w", "stream", "tap"), doorShape), Doc: "Nothing of the lab is plugged in there, but a peer from outside may be, where the server allows it."},
	format.Field{Name: "mirror", Shape: verb.Mirror, Doc: "Another port gets a copy of what passes here."},
)...)

func switchOf(e *format.Entry) config.Switch {
	v := e.Val
	learning := v.Get("learning").String()
	c := config.Switch{
		Name: e.Key.Text, Ports: format.Read[int](v.Get("ports")), VLANs: format.Read[bool](v.Get("vlans")), Shared: learning == "shared",
		Hub: format.Read[bool](v.Get("hub")), Ageing: format.Read[time.Duration](v.Get("ageing")), MaxMACs: format.Read[int](v.Get("addresses")),
		Snooping: v.Get("snooping") != nil, Querier: v.Get("snooping").String() == "querier", Tree: treeOf(v.Get("stp")),
	}
	if v.Get("dialect").String() == "linux" {
		c.Dialect = "linux"
	}
	if learning == "off" {
		c.Ageing = -1
	}
	for _, p := range v.Get("port").Entries() {
		c.Set = append(c.Set, switchPortOf(p))
	}
	for _, s := range v.Get("static").List() {
		c.Static = append(c.Static, config.Static{
			Port: format.Read[int](s.Get("port")), MAC: format.Read[packet.MAC](s.Get("mac")), VLAN: uint16(format.Read[int](s.Get("vlan"))),
		})
	}
	return c
}

func treeOf(v *format.Value) *config.Tree {
	switch {
	case v == nil:
		return nil
	case v.Kind == format.Scalar:
		return &config.Tree{Mode: v.Text}
	}
	return &config.Tree{
		Mode: v.Get("mode").String(), Priority: optional(v.Get("priority")), Hello: format.Read[time.Duration](v.Get("hello")),
		MaxAge: format.Read[time.Duration](v.Get("max_age")), ForwardDelay: format.Read[time.Duration](v.Get("forward_delay")),
	}
}

// optional is the number that stands at v; nil where none does.
func optional(v *format.Value) *int {
	if v == nil {
		return nil
	}
	n := format.Read[int](v)
	return &n
}

func switchPortOf(e *format.Entry) config.Port {
	v := e.Val
	flag := func(name string) bool { return format.Read[bool](v.Get(name)) }
	number, _ := strconv.Atoi(e.Key.Text) // its form has been checked
	edge := v.Get("edge").String()
	return config.Port{
		Port: number, VLAN: verb.VLANOf(v), Mirror: verb.MirrorOf(v.Get("mirror")), Down: flag("down"),
		Speed: uint64(format.Read[int](v.Get("speed"))) * 1_000_000, Cost: uint32(format.Read[int](v.Get("cost"))), Priority: optional(v.Get("priority")),
		Edge: edge == "yes", NoAuto: edge == "no", Shared: v.Get("link").String() == "shared", BPDUGuard: flag("bpdu_guard"), RootGuard: flag("root_guard"),
		TCGuard: flag("tc_guard"), Isolated: flag("isolated"), Locked: flag("locked"), NoLearn: !format.Or(v.Get("learning"), true),
		Storm: format.Read[int](v.Get("storm")), Door: doorOf(v.Get("door")),
	}
}

func doorOf(v *format.Value) *config.Door {
	switch {
	case v == nil:
		return nil
	case v.Kind == format.Scalar:
		return &config.Door{Kind: config.DoorKind(v.Text)}
	}
	return &config.Door{Kind: config.Capture, File: v.Get("file").String()}
}

// doors reads the captures of a switch's doors.
func (b *builder) doors(e *format.Entry) {
	for _, p := range e.Val.Get("port").Entries() {
		file := p.Val.Get("door").Get("file")
		if file == nil {
			continue
		}
		src, err := b.sc.readFile(file.Text, verb.MaxCapture)
		if err != nil {
			b.p.At(file, "%v", err)
			continue
		}
		if _, err := decode.ReadTimed(src); err != nil {
			b.p.At(file, "%s: %v", file.Text, err)
			continue
		}
		if b.sc.Captures == nil {
			b.sc.Captures = map[string][]byte{}
		}
		b.sc.Captures[file.Text] = src
	}
}

// impair says what a link does to frames, in both directions. at is the end by which the
// link stands in the file.
func (b *builder) impair(l *config.Link, at format.End, v *format.Value) {
	both, out, in := v.Get("netem"), v.Get("netem_out"), v.Get("netem_in")
	if both != nil && (out != nil || in != nil) {
		b.p.At(both, "netem is for both directions, netem_out and netem_in for one each: say one or the other")
		return
	}
	if both != nil {
		out, in = both, both
	}
	from, to := &l.AtoB, &l.BtoA
	if l.A != at.String() {
		from, to = to, from
	}
	*from, *to = verb.Words(out, b.p), verb.Words(in, b.p)
}
