package bridge

import (
	"encoding/binary"
	"time"

	"wireloom/vnet/fabric/stp"
	"wireloom/vnet/packet"
)

// Receive decides about a frame that came in by a port.
func (b *Bridge) Receive(now time.Duration, in int, frame []byte) []Act {
	b.restart(now)
	p := &b.ports[in]
	p.In++
	if b.again(now, p, frame) {
		return b.acts
	}
	e, err := packet.ParseEthernet(frame)
	if err != nil {
		return b.drop(in, 0, TooShort)
	}
	var f incoming // field by field: a literal is made elsewhere and copied, which takes longer than to decide
	f.port, f.frame = in, e
	f.dst, f.src = addr(binary.BigEndian.Uint64(e)>>16), addr(binary.BigEndian.Uint64(e[4:]))&broadcast
	b.mirror(in, MirrorIn, frame)
	if p.absent {
		return b.drop(in, 0, Nowhere)
	}
	if e.Type() == TPID8021Q || e.Type() == TPID8021AD {
		if f.tag, err = packet.ParseVLAN(e.Payload()); err != nil || b.conf.Dialect == Linux && len(e.Payload()) < linuxTagged {
			return b.drop(in, 0, BadTag)
		}
	}
	switch {
	case f.src.isGroup() || f.src == nobody:
		return b.drop(in, 0, BadSource)
	case b.keeps(f.dst):
		return b.reserved(now, &f)
	case !p.state.Learns():
		return b.drop(in, 0, Blocked)
	}
	if why := b.classify(&f); why != "" {
		return b.drop(in, 0, why)
	}
	if p.conf.Locked {
		if known := b.table.get(keyOf(b.fid(f.vlan), f.src)); known == nil || known.port() != in {
			return b.drop(in, f.vlan, Unlearned)
		}
	}
	b.learn(now, &f)
	if why := b.snoop(now, &f); why != "" {
		return b.drop(in, f.vlan, why)
	}
	if !p.state.Forwards() {
		return b.drop(in, f.vlan, Blocked)
	}
	return b.forward(now, &f)
}

// linuxTagged is how many bytes must stand behind the first type of a frame with a tag: a
// tag, the type behind it, and two of what that is (Linux, skb_vlan_untag).
const linuxTagged = packet.VLANLen + 2

// keeps reports whether frames to an address go no further than this switch: the
// reserved addresses (802.1Q-2018, table 8-1), but for those that it is told to pass.
// A Linux bridge without a spanning tree takes BPDUs for ordinary frames.
func (b *Bridge) keeps(dst addr) bool {
	if dst&^0xf != reservedGroups {
		return false
	}
	n := dst & 0xf
	if n == 0 && b.conf.Dialect == Linux && !b.conf.STP || b.conf.TPID == TPID8021AD && passedByProvider>>n&1 == 1 {
		return false
	}
	return n == 1 || b.conf.GroupMask>>n&1 == 0
}

// reservedGroups is the first of the reserved addresses, and pauseGroup that of pause
// frames.
const reservedGroups, pauseGroup addr = 0x0180c2000000, reservedGroups + 1

// passedByProvider are the reserved addresses that a switch of service tags passes on:
// they are the business of its customers' switches (802.1Q-2018, table 8-2).
const passedByProvider = 1<<0x0 | 1<<0xb | 1<<0xc | 1<<0xd | 1<<0xf

// treeGroup is the address that BPDUs are sent to: a bridge of service tags has another
// one than its customers'.
func (b *Bridge) treeGroup() addr {
	if b.conf.TPID == TPID8021AD {
		return reservedGroups + 8
	}
	return reservedGroups
}

// reserved is what becomes of a frame to a reserved address. Its source is learned:
// what is learned comes before what is filtered (802.1Q-2018, 8.6.1 and 8.6.3). A pause
// frame ends in the port.
func (b *Bridge) reserved(now time.Duration, f *incoming) []Act {
	if f.dst != pauseGroup && b.ports[f.port].state.Learns() && b.classify(f) == "" {
		b.learn(now, f)
	}
	if f.dst == b.treeGroup() && b.conf.STP && f.tag == nil {
		b.acts = append(b.acts, Act{Kind: BPDU, Port: f.port})
		return b.acts
	}
	return b.drop(f.port, f.vlan, Reserved)
}

// forward sends a frame where it belongs.
func (b *Bridge) forward(now time.Duration, f *incoming) []Act {
	if !f.dst.isGroup() && !b.conf.Hub {
		if b.own(f.dst, f.vlan) {
			return b.drop(f.port, f.vlan, ForBridge)
		}
		if e := b.table.find(keyOf(b.fid(f.vlan), f.dst), &b.ports[f.port].to); e != nil {
			port := e.port()
			switch {
			case b.passes(f, port):
				b.send(f, port)
				b.remember(f, port)
				return b.acts
			case port == f.port:
				return b.drop(f.port, f.vlan, SamePort)
			}
			return b.drop(f.port, f.vlan, Nowhere)
		}
	}
	if !b.mayFlood(now, f.port) {
		return b.drop(f.port, f.vlan, Storm)
	}
	only := b.wanted(now, f)
	before := len(b.acts)
	for i := range b.ports {
		p := &b.ports[i]
		switch {
		case only != nil && !only[i], only == nil && p.conf.NoFlood&kindOf(f.dst) != 0, !b.passes(f, i):
		default:
			b.send(f, i)
		}
	}
	if len(b.acts) == before {
		return b.drop(f.port, f.vlan, Nowhere)
	}
	b.ports[f.port].Flooded++
	return b.acts
}

func kindOf(dst addr) Flood {
	switch {
	case dst == broadcast:
		return FloodBroadcast
	case dst.isGroup():
		return FloodMulticast
	}
	return FloodUnicast
}

// passes reports whether a frame may leave by a port: its link is up, its state and
// VLANs allow it, and it is not where the frame came from.
func (b *Bridge) passes(f *incoming, out int) bool {
	p, q := &b.ports[f.port], &b.ports[out]
	switch {
	case !q.up || q.absent || q.state != stp.Forwarding,
		out == f.port && !q.conf.Hairpin,
		p.conf.Isolated && q.conf.Isolated,
		!q.fits(f):
		return false
	}
	if b.conf.Filtering {
		_, ok := q.member[f.vlan]
		return ok
	}
	return true
}

func (b *Bridge) send(f *incoming, out int) {
	b.ports[out].Out++
	changed := b.leaving(f, out)
	a := b.act(Send)
	a.Port, a.VLAN, a.Frame = out, f.vlan, changed
	if changed == nil {
		changed = f.frame
	}
	b.mirror(out, MirrorOut, changed)
}

// mirror copies what passes a port to the port that watches it. A copy passes no
// further rule: not the watching port's state, nor its VLANs.
func (b *Bridge) mirror(at int, way Mirror, frame []byte) {
	if p := &b.ports[at]; p.conf.MirrorTo > 0 && p.conf.Mirror&way != 0 {
		b.copy(p.conf.MirrorTo-1, frame)
	}
}

//go:noinline
func (b *Bridge) copy(to int, frame []byte) {
	if b.ports[to].up {
		b.ports[to].Out++
		b.acts = append(b.acts, Act{Kind: Copy, Port: to, Frame: append([]byte(nil), frame...)})
	}
}

// mayFlood counts a frame that is to be flooded against what its port may flood in a
// second.
func (b *Bridge) mayFlood(now time.Duration, in int) bool {
	p := &b.ports[in]
	if p.conf.Storm == 0 {
		return true
	}
	if now-p.window >= time.Second {
		p.window, p.flooded = now.Truncate(time.Second), 0
	}
	p.flooded++
	return p.flooded <= p.conf.Storm
}
