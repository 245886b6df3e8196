package hoststack

import (
	"slices"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"wireloom/vnet/packet"
)

// replies is the socket as an endpoint for ICMPv6 echo replies: a raw endpoint is
// not shown those that came in fragments.
type replies struct{ k *icmpSocket }

var _ stack.TransportEndpoint = replies{}

// HandlePacket implements stack.TransportEndpoint.
func (r replies) HandlePacket(_ stack.TransportEndpointID, pkt *stack.PacketBuffer) {
	r.k.handle(pkt, true)
}

// HandleError implements stack.TransportEndpoint; the raw endpoint has seen it.
func (replies) HandleError(stack.TransportError, *stack.PacketBuffer) {}

// Abort implements stack.TransportEndpoint.
func (replies) Abort() {}

// Wait implements stack.TransportEndpoint.
func (replies) Wait() {}

// HandlePacket implements stack.RawTransportEndpoint: netstack shows each ICMP
// packet to it that the interface takes, whole or in part and for whomever.
func (k *icmpSocket) HandlePacket(pkt *stack.PacketBuffer) { k.handle(pkt, !k.v6()) }

// handle queues a message that concerns the socket. wantReplies says whether
// replies come this way.
func (k *icmpSocket) handle(pkt *stack.PacketBuffer, wantReplies bool) {
	if !k.bound || k.closed || k.shut[0] || k.s.st.CheckLocalAddress(0, k.network, pkt.Network().DestinationAddress()) == 0 {
		return
	}
	msg := slices.Concat(pkt.TransportHeader().Slice(), pkt.Data().AsRange().ToSlice())
	m := icmpMessage{data: msg, from: pkt.Network().SourceAddress()}
	sum := uint16(0)
	if k.v6() {
		m.ttl = header.IPv6(pkt.NetworkHeader().Slice()).HopLimit()
		sum = header.PseudoHeaderChecksum(k.proto, m.from, pkt.Network().DestinationAddress(), uint16(len(msg)))
	} else {
		m.ttl = header.IPv4(pkt.NetworkHeader().Slice()).TTL()
	}
	icmp, err := packet.ParseICMP(msg)
	if err != nil || checksumOf(msg, sum) != 0xffff {
		return
	}
	reply, mine := k.concerns(icmp)
	if !mine || reply && !wantReplies {
		return
	}
	if reply && k.remote != (tcpip.Address{}) && k.remote != m.from {
		return
	}
	if reply && k.route != nil && k.route.RemoteAddress() == m.from {
		k.route.ConfirmReachable()
	}
	if k.bytes+len(msg) > maxDatagrams || len(k.queue) >= maxWaiting {
		return // sbappendaddr: no space, the message is lost
	}
	k.queue = append(k.queue, m)
	k.bytes += len(msg)
	k.s.wake(k.socket)
}

// concerns reports whether a message is a reply to the socket's requests, or an
// error about one.
func (k *icmpSocket) concerns(m packet.ICMP) (reply, mine bool) {
	if k.v6() {
		switch {
		case m.Type() == packet.ICMPv6EchoReply:
			return true, m.ID() == k.ident
		case !m.IsError6():
			return false, false
		}
		p, err := packet.ParseIPv6Header(m.Payload())
		return false, err == nil && p.NextHeader() == packet.ProtoICMPv6 && k.asked(p.Payload(), packet.ICMPv6Echo)
	}
	switch {
	case m.Type() == packet.ICMPEchoReply:
		return true, m.ID() == k.ident
	case !m.IsError4():
		return false, false
	}
	p, err := packet.ParseIPv4Header(m.Payload())
	return false, err == nil && p.Protocol() == packet.ProtoICMP && k.asked(p.Payload(), packet.ICMPEcho)
}

// asked reports whether b begins with a request of the socket's.
func (k *icmpSocket) asked(b []byte, echo uint8) bool {
	m, err := packet.ParseICMP(b)
	return err == nil && m.Type() == echo && m.ID() == k.ident
}

// checksumOf is the one's complement sum of b on top of sum.
func checksumOf(b []byte, sum uint16) uint16 {
	s := uint32(sum) + uint32(^packet.Checksum(b))
	return uint16(s>>16 + s&0xffff)
}
