package hoststack

import (
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/packet"
)

// bare returns the interface that a datagram to 255.255.255.255 leaves by where the
// host has no address to send it from yet: the one that the socket is bound to, or
// where no interface has an address the first that is up. nil if netstack can send it.
func (k *socket) bare() *link {
	hasAddress := func(l *link) bool {
		for _, a := range l.addrs {
			if a.Protocol == header.IPv4ProtocolNumber {
				return true
			}
		}
		return false
	}
	if k.device != nil {
		if k.device.kind != etherLink || hasAddress(k.device) {
			return nil
		}
		return k.device
	}
	var first *link
	for _, l := range k.s.links {
		switch {
		case l.kind != etherLink || l.detached || !l.up:
		case hasAddress(l):
			return nil
		case first == nil:
			first = l
		}
	}
	return first
}

// sendBare broadcasts a datagram from 0.0.0.0, as a DHCP client does to get an address
// (RFC 2131, 4.1). netstack would need one to send it from.
func (k *socket) sendBare(l *link, p []byte, port uint16) (int, errno.Errno) {
	so := k.ep.SocketOptions()
	switch {
	case !so.GetBroadcast():
		return 0, errno.EACCES
	case len(p) > int(l.MTU())-packet.IPv4Len-packet.UDPLen:
		return 0, errno.EMSGSIZE // a broadcast is not fragmented: ip_output
	}
	local, err := k.ep.GetLocalAddress()
	if err == nil && local.Port == 0 {
		if err = k.ep.Bind(tcpip.FullAddress{}); err == nil {
			local, err = k.ep.GetLocalAddress()
		}
	}
	if err != nil {
		return 0, errnoOf(err)
	}
	ttl, e := k.Option(inet.IP_TTL)
	if e != errno.OK {
		return 0, e
	}
	src, dst := netip.IPv4Unspecified(), netip.AddrFrom4([4]byte{255, 255, 255, 255})
	f := packet.AppendEthernet(nil, packet.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, macOf(l.addr), packet.TypeIPv4)
	f, bad := packet.AppendIPv4(f, packet.IPv4Header{TTL: uint8(ttl), Protocol: packet.ProtoUDP, Src: src, Dst: dst}, packet.UDPLen+len(p))
	if bad == nil {
		f, bad = packet.AppendUDP(f, src, dst, local.Port, port, p)
	}
	if bad != nil {
		return 0, errno.EMSGSIZE
	}
	k.s.queue(frame{l: l, data: f})
	if e := k.s.settleSent(); e != errno.OK {
		return 0, e
	}
	return len(p), errno.OK
}
