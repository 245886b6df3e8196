// Package bridge is an Ethernet switch as a value: what comes in is decided here, and
// nothing is sent, logged or timed. Who owns the switch carries out what it is told.
package bridge

import (
	"cmp"
	"maps"
	"time"

	"wireloom/vnet/fabric/stp"
	"wireloom/vnet/packet"
)

// Limits of a switch.
const (
	MaxMACs  = 1024              // addresses that it remembers in each VLAN, unless its configuration says otherwise
	MaxVLANs = 4094              // 1 to 4094: IEEE 802.1Q-2018, table 9-2
	Ageing   = 300 * time.Second // how long an address is remembered (IEEE 802.1D-2004, table 7-5)
)

// Dialect says whose switch it is, where the standard and a kernel disagree.
type Dialect uint8

// The dialects. docs/switches.md has the differences, one in a row.
const (
	Standard Dialect = iota // IEEE 802.1Q-2018
	Linux                   // the bridge of a Linux 6.1 kernel
)

// Tag protocol identifiers.
const (
	TPID8021Q  = 0x8100 // customer VLAN tag
	TPID8021AD = 0x88a8 // service VLAN tag
)

// Config describes a switch. Its zero value with ports is a switch that knows no VLANs
// and forgets after Ageing.
type Config struct {
	Dialect   Dialect
	MAC       packet.MAC // its own address: frames to it go nowhere else
	Ports     []PortConfig
	Filtering bool          // VLAN-aware: IEEE 802.1Q; else tags are payload
	TPID      uint16        // of the tags that it knows; TPID8021Q if 0
	Ageing    time.Duration // 300 s if 0; no learning if below 0
	MaxMACs   int           // in each VLAN; MaxMACs if 0
	Shared    bool          // shared learning: one table for all VLANs (802.1Q, 8.8.8)
	STP       bool          // a spanning tree runs: BPDUs are its own
	GroupMask uint16        // bit n: forward 01:80:c2:00:00:0n all the same; 0 to 2 never (Linux: group_fwd_mask)
	Hub       bool          // no table: each frame goes out of every other port
	Snooping  bool          // IGMP and MLD snooping (RFC 4541)
	Querier   bool          // it asks for members itself, where it snoops
	VLANs     []uint16      // Linux: those that the bridge's own interface is a member of
}

// PortConfig describes a port.
type PortConfig struct {
	MAC      packet.MAC // its own address
	VLANs    []VLAN     // that it is a member of; none of them means none
	Isolated bool       // no frame passes between two isolated ports
	Hairpin  bool       // frames may leave by the port that they came in by
	Locked   bool       // only sources that the table has at this port may send
	NoLearn  bool       // sources are not learned
	Ingress             // which frames come in, where the switch knows VLANs
	NoFlood  Flood      // what is not flooded to it
	MTU      int        // bytes behind the Ethernet header, an outer tag not counted; no limit if 0
	Storm    int        // frames a second that it may flood, of those that came in by it; no limit if 0
	MirrorTo int        // number of the port, from 1, that gets a copy of what passes here; 0 for none
	Mirror   Mirror     // which way, where MirrorTo is set
}

// Ingress says which frames a port takes.
type Ingress struct {
	Lenient bool   // no ingress filtering: frames of VLANs that it is no member of come in (802.1Q, 8.6.2)
	Accept  Accept // by their tag
}

// Accept is a port's acceptable frame types: IEEE 802.1Q-2018, 6.9.
type Accept uint8

// The acceptable frame types.
const (
	AcceptAll      Accept = iota
	AcceptTagged          // only those with a VLAN in a tag
	AcceptUntagged        // only those without: no tag, or a priority tag
)

// VLAN is a port's membership.
type VLAN struct {
	VID      uint16
	PVID     bool // what comes in without a tag belongs to it
	Untagged bool // it leaves without a tag
}

// Flood is a set of kinds of frames that a switch floods.
type Flood uint8

// The kinds.
const (
	FloodUnicast   Flood = 1 << iota // to an address that it does not know
	FloodMulticast                   // to a group
	FloodBroadcast
)

// Mirror is a set of directions of a mirrored port.
type Mirror uint8

// The directions.
const (
	MirrorIn  Mirror = 1 << iota // what came in by it, as it came
	MirrorOut                    // what leaves by it, as it leaves
)

// An ActKind says what is to be done.
type ActKind uint8

// The kinds of act.
const (
	Send   ActKind = iota // the frame leaves by Port: as Frame, or as it came in where that is nil
	Drop                  // the frame ends here, and Why
	Learn                 // MAC is now known to be behind Port
	Forget                // MAC is no longer known to be behind Port, and Why
	Full                  // the table takes no further address, of the VLAN
	BPDU                  // the frame is for the spanning tree
	Copy                  // Send of a mirror port
)

// An Act is one thing that the switch wants done, in the order in which it says so.
type Act struct {
	Kind  ActKind
	Port  int
	VLAN  uint16 // 0 where the switch knows none
	MAC   packet.MAC
	Why   Reason
	Frame []byte // the frame's own bytes, changed: acts of one frame may share them
}

// A Reason is a slug that says why a frame was dropped or an address forgotten.
type Reason string

// The reasons.
const (
	TooShort  Reason = "too-short"       // no Ethernet header
	BadTag    Reason = "truncated-tag"   // it ends within a VLAN tag
	BadSource Reason = "bad-source"      // its source is a group, or all zero
	Reserved  Reason = "reserved"        // to an address that no bridge forwards
	SamePort  Reason = "same-port"       // its destination is where it came from
	Nowhere   Reason = "nowhere"         // there is no other port
	NotMember Reason = "not-member"      // the port is not a member of the frame's VLAN
	FrameType Reason = "frame-type"      // with a tag, or without, at a port that does not take such
	NoPVID    Reason = "no-pvid"         // without a tag, at a port without a VLAN for such
	Blocked   Reason = "blocked"         // the port's state lets nothing pass
	Unlearned Reason = "locked"          // an unknown source at a locked port
	ForBridge Reason = "for-the-switch"  // to the switch's own address
	BadGroup  Reason = "malformed-group" // an IGMP or MLD message that is none
	Storm     Reason = "storm-limit"     // more than the port may flood in a second

	Aged     Reason = "aged"
	Moved    Reason = "moved"
	PortDown Reason = "port-down"
	Left     Reason = "vlan-left" // the port is no longer a member
	Flushed  Reason = "flushed"
	Changed  Reason = "topology-change"
)

var texts = map[Reason]string{
	TooShort:  "the frame is shorter than an Ethernet header",
	BadTag:    "the frame ends within its VLAN tag",
	BadSource: "a group address or 00:00:00:00:00:00 is nobody's source",
	Reserved:  "a switch does not forward 01:80:c2:00:00:00 to 0f",
	SamePort:  "the destination is behind the port that the frame came from",
	Nowhere:   "the switch has no other port to send it to",
	NotMember: "the port is not a member of the frame's VLAN",
	FrameType: "the port takes frames with a tag alone, or without one alone, and this is none of them",
	NoPVID:    "the frame has no tag, and the port has no VLAN for such frames",
	Blocked:   "the port's spanning-tree state lets no frame pass",
	Unlearned: "the port is locked, and the frame's source is not in the table there",
	ForBridge: "the frame is for the switch itself",
	BadGroup:  "an IGMP or MLD message that is malformed: a switch that snoops drops it",
	Storm:     "the port has flooded as many frames as it may in this second",
}

// Text is the reason that a frame was dropped in a sentence, for people.
func (r Reason) Text() string { return texts[r] }

// A Bridge learns the port behind which a source address is, forwards a frame to the
// port of its destination, and floods it to all others where it doesn't know that or
// the destination is a group (IEEE 802.1Q-2018, 8.6 to 8.8). With Filtering it does so
// in each VLAN for itself.
//
//	      a frame from it                  Ageing without one: aged
//	unknown ----------> learned at port p -------------------------> unknown
//	                      |  ^              its port goes down: port-down
//	                      `--' a frame from it by another port: moved
//
// Ports are numbered from 0. No method keeps the frame that it is given, and what one
// returns is good until the next call.
type Bridge struct {
	conf  Config
	self  addr // its own
	ports []port
	table table
	asked groups
	acts  []Act
	made  rewritten     // of the frame that is decided about
	group snooped       // of it, where the switch snoops
	seen  time.Duration // the latest time that it was told
	addrs bool          // ports have addresses of their own
}

// A port is a port's state.
type port struct {
	conf    PortConfig
	member  map[uint16]VLAN
	pvid    uint16
	up      bool      // its link
	absent  bool      // it has left the switch: Linux's nomaster
	state   stp.State // what the spanning tree, or a hand, made of it
	settles time.Duration
	short   shortAge
	flooded int           // in the second that began at window
	window  time.Duration //
	from    found         // the latest source of its frames
	to      found         // their latest destination
	stream  stream        // of its latest frame, if that was of one
	Counters
}

// Counters of a port.
type Counters struct {
	In, Out                 uint64            // frames that came in, that left
	Learned, Flooded, Moved uint64            // addresses learned, frames flooded, addresses that moved here
	Dropped                 map[Reason]uint64 // of those that came in
}

// New returns a switch whose ports have no link.
func New(c Config) *Bridge {
	c.TPID = cmp.Or(c.TPID, TPID8021Q)
	c.Ageing = cmp.Or(c.Ageing, Ageing)
	c.MaxMACs = cmp.Or(c.MaxMACs, MaxMACs)
	b := &Bridge{conf: c, self: addrOf(c.MAC), ports: make([]port, len(c.Ports))}
	b.table.init()
	for i, pc := range c.Ports {
		p := &b.ports[i]
		*p = port{conf: pc, member: map[uint16]VLAN{}, state: stp.Forwarding, settles: never}
		b.addrs = b.addrs || !pc.MAC.IsZero()
		for _, v := range pc.VLANs {
			p.join(v)
		}
	}
	return b
}

// never is a time that does not come.
const never = time.Duration(-1)

// Ports is how many ports the switch has.
func (b *Bridge) Ports() int { return len(b.ports) }

// Dialect is whose switch it is.
func (b *Bridge) Dialect() Dialect { return b.conf.Dialect }

// MaxMACs is how many addresses it learns in each VLAN.
func (b *Bridge) MaxMACs() int { return b.conf.MaxMACs }

// Count returns a copy of a port's counters.
func (b *Bridge) Count(port int) Counters {
	c := b.ports[port].Counters
	c.Dropped = maps.Clone(c.Dropped)
	return c
}

// begin begins what changes the switch, or may.
func (b *Bridge) begin(now time.Duration) {
	b.changed()
	b.restart(now)
}

// changed says that a frame like an earlier one may be decided about in another way.
func (b *Bridge) changed() { b.table.changes++ }

func (b *Bridge) restart(now time.Duration) {
	b.acts = b.acts[:0]
	b.seen = now
	if b.made.any() {
		b.made = rewritten{}
	}
	if b.conf.Dialect == Linux {
		b.settle(now)
	}
}

// act adds an act that is to be filled in: a literal is made elsewhere and copied.
func (b *Bridge) act(k ActKind) *Act {
	b.acts = append(b.acts, Act{})
	a := &b.acts[len(b.acts)-1]
	a.Kind = k
	return a
}

// drop is not inlined: with it in many places the way of a frame that is not dropped is
// longer than a processor's cache of instructions.
//
//go:noinline
func (b *Bridge) drop(in int, vlan uint16, why Reason) []Act {
	p := &b.ports[in]
	if p.Dropped == nil {
		p.Dropped = map[Reason]uint64{}
	}
	p.Dropped[why]++
	b.acts = append(b.acts, Act{Kind: Drop, Port: in, VLAN: vlan, Why: why})
	return b.acts
}
