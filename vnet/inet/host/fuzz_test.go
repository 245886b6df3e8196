package host

import (
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet/inet"
	"wireloom/vnet/packet"
	"wireloom/vnet/packet/packettest"
)

// FuzzDeliver gives a host with sockets of every kind frames that anybody may have
// made, and the packets in them by a tun; it is a router. The input is a list of frames,
// each after its length: one gets the Ethernet header of a frame for the host, which it
// needs to go far, and one goes as it is.
func FuzzDeliver(f *testing.F) {
	me, peer := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	me6, peer6 := netip.MustParseAddr("fd00::1"), netip.MustParseAddr("fd00::2")
	add := func(packets ...[]byte) {
		var in []byte
		for _, p := range packets {
			in = append(append(in, byte(len(p)>>8), byte(len(p))), p...)
		}
		f.Add(in)
	}
	typed := func(t uint16) []byte { return []byte{byte(t >> 8), byte(t)} }
	arp := packettest.AppendARP(typed(packet.TypeARP), packet.ARPRequest, macOfHost(1), peer, packet.MAC{}, me)
	add(arp)
	echo, _ := packet.AppendIPv4(typed(packet.TypeIPv4), packet.IPv4Header{TTL: 9, Protocol: packet.ProtoICMP, Src: peer, Dst: me}, 12)
	echo, _ = packet.AppendICMPv4Echo(echo, false, 5, 5, []byte("data"))
	udp, _ := packet.AppendIPv4(typed(packet.TypeIPv4), packet.IPv4Header{TTL: 9, Protocol: packet.ProtoUDP, Src: peer, Dst: me}, 9)
	udp, _ = packet.AppendUDP(udp, peer, me, 99, 7, []byte("x"))
	add(arp, echo, udp)
	syn, _ := packet.AppendIPv4(typed(packet.TypeIPv4), packet.IPv4Header{TTL: 9, Protocol: packet.ProtoTCP, Src: peer, Dst: me}, packettest.TCPLen)
	syn = packettest.AppendTCP(syn, peer, me, packettest.TCPHeader{SrcPort: 99, DstPort: 80, Seq: 7, Flags: packettest.SYN, Window: 500}, nil)
	add(arp, syn, syn)
	e6 := packettest.AppendIPv6(typed(packet.TypeIPv6), packettest.IPv6Header{HopLimit: 255, NextHeader: packet.ProtoICMPv6, Src: peer6, Dst: me6}, 12)
	e6 = packettest.AppendICMPv6Echo(e6, peer6, me6, true, 1, 1, []byte("data"))
	add(e6)
	f.Fuzz(func(t *testing.T, in []byte) {
		w := newWorld(t, 1)
		h := w.hosts[0]
		tun, err := h.Attach(inet.StackNIC{Name: "tun0", IP: true, MTU: 1500, Addresses: []netip.Prefix{netip.MustParsePrefix("10.8.0.1/32")}})
		if err != nil {
			t.Fatal(err)
		}
		h.SetRoutes([]inet.StackRoute{
			{To: netip.MustParsePrefix("10.0.0.0/24")}, {To: netip.MustParsePrefix("fd00::/64")}, {To: netip.MustParsePrefix("0.0.0.0/0"), NIC: tun},
		})
		h.SetForwarding(true, true)
		h.listener()
		u := h.socket(inet.SocketUDP)
		u.Bind(ap("0.0.0.0:7"))
		p4, p6 := h.socket(inet.SocketICMP), h.socket(inet.SocketICMP6)
		p4.Bind(ap("0.0.0.0:1"))
		p6.Bind(ap("[::]:1"))
		h.socket(inet.SocketTCP).Connect(ap("10.0.0.2:99"))
		for range 64 {
			if len(in) < 2 {
				break
			}
			n := min(int(in[0])<<8|int(in[1]), len(in)-2)
			mac := macOfHost(0)
			h.Deliver(0, append(append(mac[:], "\x02\x00\x00\x00\x00\x02"...), in[2:2+n]...))
			h.Deliver(0, in[2:2+n])
			h.Deliver(tun, in[min(4, 2+n):2+n])
			in = in[2+n:]
		}
		w.run(10 * time.Second)
		w.close()
	})
}
