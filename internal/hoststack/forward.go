package hoststack

import (
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"wireloom/vnet/packet"
)

// SetForwarding implements inet.Stack.
func (s *netStack) SetForwarding(v4, v6 bool) {
	if s.closed {
		return
	}
	changed := s.forward6 != v6
	s.forward4, s.forward6 = v4, v6
	if !changed {
		return
	}
	s.clock.set(s.host.Now())
	for _, l := range s.links {
		s.setForwarding6(l)
	}
	s.settle()
}

func (s *netStack) setForwarding6(l *link) {
	// Every interface speaks IPv6, so this does not fail.
	_, _ = s.st.SetNICForwarding(l.id, header.IPv6ProtocolNumber, s.forward6)
}

// admit decides whether netstack gets an IPv4 packet that came in on l, whose type
// says how its frame was addressed. It does what ip_input and ip_forward do otherwise
// than netstack, which forwards always here: a host takes packets for each of its
// addresses on any interface, and passes nothing on; a router passes on no directed
// broadcast, and says that a packet's time is over when its TTL is 1
// (google/gvisor#13521: netstack sends it on with 0).
func (s *netStack) admit(l *link, data []byte, typ tcpip.PacketType) bool {
	if l.kind == loLink {
		return true
	}
	p, err := packet.ParseIPv4(data)
	if err != nil {
		return true // netstack counts what is malformed
	}
	dst, src := tcpip.AddrFrom4(p.Dst().As4()), tcpip.AddrFrom4(p.Src().As4())
	switch {
	case s.own[dst] != nil, dst == header.IPv4Broadcast, header.IsV4MulticastAddress(dst), dst == header.IPv4Any,
		s.st.IsSubnetBroadcast(l.id, header.IPv4ProtocolNumber, dst):
		return true
	case !s.forward4, typ != tcpip.PacketHost, !canForward(dst), !canForward(src), s.broadcast(dst):
		return false
	case p.TTL() > 1:
		return true
	}
	if p.ChecksumOK() {
		s.timeExceeded(l, p)
	}
	return false
}

// canForward is in_canforward, and net 0 and loopback.
func canForward(a tcpip.Address) bool {
	b := a.As4()
	switch {
	case b[0] == 0, b[0] == 127, b[0] >= 224, b[0] == 169 && b[1] == 254:
		return false
	}
	return true
}

// timeExceeded tells the sender of a packet that its time to live is over: icmp_error.
// It is sent from the address of the interface that the packet came by.
func (s *netStack) timeExceeded(l *link, p packet.IPv4) {
	if p.FragmentOffset() != 0 || !s.st.AllowICMPMessage() {
		return
	}
	if p.Protocol() == packet.ProtoICMP {
		m, err := packet.ParseICMP(p.Payload())
		if err != nil || m.Type() != packet.ICMPEcho && m.Type() != packet.ICMPEchoReply && m.Type() < packet.ICMPTimestamp {
			return // no errors about errors
		}
	}
	r, err := s.st.FindRoute(l.id, tcpip.Address{}, tcpip.AddrFrom4(p.Src().As4()), header.IPv4ProtocolNumber, false)
	if err != nil {
		return
	}
	defer r.Release()
	const most = header.IPv4MinimumProcessableDatagramSize - header.IPv4MinimumSize - packet.ICMPLen // RFC 1812, 4.3.2.3
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{
		ReserveHeaderBytes: int(r.MaxHeaderLength()) + packet.ICMPLen,
		Payload:            buffer.MakeWithData(p[:min(len(p), most)]),
	})
	defer pkt.DecRef()
	pkt.TransportProtocolNumber = header.ICMPv4ProtocolNumber
	icmp := header.ICMPv4(pkt.TransportHeader().Push(packet.ICMPLen))
	icmp.SetType(header.ICMPv4TimeExceeded)
	icmp.SetChecksum(header.ICMPv4Checksum(icmp, pkt.Data().Checksum()))
	// What can't be sent is lost, as every such message may be.
	_ = r.WritePacket(stack.NetworkHeaderParams{Protocol: header.ICMPv4ProtocolNumber, TTL: defaultTTL}, pkt)
}
