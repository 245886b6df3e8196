package hoststack

import (
	"encoding/binary"
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
	if len(msg) < packet.ICMPLen || checksumOf(msg, sum) != 0xffff {
		return
	}
	reply, mine := k.concerns(msg)
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
func (k *icmpSocket) concerns(msg []byte) (reply, mine bool) {
	ident := func(m []byte) bool { return binary.BigEndian.Uint16(m[4:]) == k.ident }
	if k.v6() {
		switch {
		case msg[0] == packet.ICMPv6EchoReply:
			return true, ident(msg)
		case msg[0] >= packet.ICMPv6Echo:
			return false, false
		}
		quote := msg[packet.ICMPLen:]
		return false, len(quote) >= packet.IPv6Len+packet.ICMPLen && quote[6] == packet.ProtoICMPv6 &&
			quote[packet.IPv6Len] == packet.ICMPv6Echo && ident(quote[packet.IPv6Len:])
	}
	switch msg[0] {
	case packet.ICMPEchoReply:
		return true, ident(msg)
	case packet.ICMPUnreachable, 4 /* source quench */, packet.ICMPRedirect, packet.ICMPTimeExceeded, packet.ICMPParamProblem:
	default:
		return false, false
	}
	quote := msg[packet.ICMPLen:]
	if len(quote) < packet.IPv4Len || quote[9] != packet.ProtoICMP {
		return false, false
	}
	hlen := int(quote[0]&15) * 4
	return false, hlen >= packet.IPv4Len && len(quote) >= hlen+packet.ICMPLen && quote[hlen] == packet.ICMPEcho && ident(quote[hlen:])
}

// checksumOf is the one's complement sum of b on top of sum.
func checksumOf(b []byte, sum uint16) uint16 {
	s := uint32(sum) + uint32(^packet.Checksum(b))
	return uint16(s>>16 + s&0xffff)
}
