package ip6

import (
	"encoding/binary"
	"net/netip"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

// A Header is what a sender decides about a packet.
type Header struct {
	Src, Dst     netip.Addr // Src unspecified or invalid: the layer chooses
	Proto        uint8
	HopLimit     int // 0 or less: the interface's, or 1 to a group
	TrafficClass uint8
	FlowLabel    uint32 // 20 bits
	NIC          int    // Any: the routes decide. A link-local Dst needs one
	DontFragment bool
}

// Output sends a payload, in which the transport's checksum is right: so ask Source first. What
// the path does not take whole goes in fragments. The errno is NoRoute's, EADDRNOTAVAIL for a
// source that is not the host's or where there is none, EMSGSIZE, ENETDOWN.
func (l *Layer) Output(now time.Duration, h Header, payload []byte, a *Acts) errno.Errno {
	src, dst := h.Src.WithZone(""), h.Dst.WithZone("")
	if !src.IsValid() || src.IsUnspecified() {
		var no errno.Errno
		if src, _, no = l.Source(dst, h.NIC); no != errno.OK {
			l.stats.NoRoute++
			return no
		}
	} else if !l.Local(src, Any) {
		return errno.EADDRNOTAVAIL
	}
	if len(payload) > wire.MaxPacket {
		return errno.EMSGSIZE
	}
	hops := uint8(min(max(h.HopLimit, 0), 255))
	if hops == 0 && dst.IsMulticast() {
		hops = 1
	}
	b := wire.AppendHeader(l.scratch[:0], uint32(h.TrafficClass)<<20|h.FlowLabel&0xfffff, len(payload), h.Proto, hops, src, dst)
	b = append(b, payload...)
	l.scratch = b
	return l.emit(now, h.NIC, b, h.DontFragment, a)
}

// FlowLabel is a label for a socket that connects, which keeps it: 0 where the dialect sets none
// (in6_src.c, ip6_randomflowlabel).
func (l *Layer) FlowLabel() uint32 {
	if !l.v.FlowLabels {
		return 0
	}
	return l.random32() & 0xfffff
}

// emit sends a packet that lies in scratch: to the host itself, or out, in fragments if need be.
// A hop limit of 0 is filled in.
func (l *Layer) emit(now time.Duration, number int, b []byte, whole bool, a *Acts) errno.Errno {
	p := packet.IPv6(b)
	dst := p.Dst()
	if dst == wire.Loopback || l.Local(dst, number) {
		if p[7] == 0 {
			p[7] = l.v.HopLimit
		}
		l.stats.Sent++
		o := a.out(Loopback, dst)
		o.Data = append(o.Data, b...)
		return errno.OK
	}
	h, no := l.route(dst, number)
	if no != errno.OK {
		l.stats.NoRoute++
		return no
	}
	if p[7] == 0 {
		p[7] = h.nic.hops
	}
	if src := p.Src(); src == wire.Loopback || src.IsLinkLocalUnicast() && l.own(src, h.nic) == nil {
		return errno.EADDRNOTAVAIL // it may not leave by this interface
	}
	if dst.IsMulticast() && h.nic.groups.Has(dst) {
		o := a.out(Loopback, dst) // members hear themselves
		o.Data = append(o.Data, b...)
	}
	mtu := l.pathMTU(h.nic, dst)
	r := l.byDst[dst]
	if len(b) <= mtu && (r == nil || !r.atomic) {
		l.stats.Sent++
		l.transmit(now, h.nic, h.ip, b, a)
		return errno.OK
	}
	if whole && len(b) > mtu || mtu < packet.IPv6Len+wire.FragmentLen+8 {
		l.stats.CantFragment++
		return errno.EMSGSIZE
	}
	l.split(now, h, b, max(mtu, wire.MinMTU), a)
	return errno.OK
}

// split sends a packet in fragments (ip6_output.c).
func (l *Layer) split(now time.Duration, h hop, b []byte, mtu int, a *Acts) {
	mtu = min(mtu, max(h.nic.mtu(), packet.IPv6Len+wire.FragmentLen+8))
	id := l.random32()
	most := (mtu - packet.IPv6Len - wire.FragmentLen) &^ 7
	data := b[packet.IPv6Len:]
	l.stats.Sent++
	l.stats.Fragmented++
	for off := 0; off == 0 || off < len(data); off += most {
		part, more := data[off:], uint16(0)
		if len(part) > most {
			part, more = part[:most], 1
		}
		f := append(l.piece[:0], b[:packet.IPv6Len]...)
		binary.BigEndian.PutUint16(f[4:], uint16(wire.FragmentLen+len(part)))
		f[6] = packet.ProtoFragment
		f = binary.BigEndian.AppendUint16(append(f, b[6], 0), uint16(off)|more)
		f = binary.BigEndian.AppendUint32(f, id)
		l.piece = append(f, part...)
		l.stats.FragsSent++
		l.transmit(now, h.nic, h.ip, l.piece, a)
	}
}
