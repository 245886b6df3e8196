package inet

import (
	"wireloom/vnet/inet/arp"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip4"
	"wireloom/vnet/inet/ip6"
	"wireloom/vnet/inet/tcp"
)

// Values are the tunables of a machine's stack: what its kernel compiles in, and what
// sysctl(8) changes while it runs.
type Values struct {
	ARP     arp.Values
	IP4     ip4.Values
	IP6     ip6.Values
	TCP     tcp.Values
	Sockets SocketValues
}

// ValuesOf are those of a kernel.
func ValuesOf(d dialect.Dialect) *Values {
	return &Values{ARP: arp.ValuesOf(d), IP4: ip4.ValuesOf(d), IP6: ip6.ValuesOf(d), TCP: tcp.ValuesOf(d), Sockets: socketValues[d]}
}

// Ports says in which order the ports are tried that a socket gets by itself.
type Ports uint8

// The orders.
const (
	PortsUp     Ports = iota // one above the last one: DragonFly in_pcb.c, in_pcbbind
	PortsRandom              // upward from a random one: FreeBSD 9.1 in_pcb.c, in_pcb_lport; so it was measured on NetBSD, too
)

// SocketValues are those of datagram sockets, and of what all sockets share.
type SocketValues struct {
	UDPRecvSpace int  // bytes, net.inet.udp.recvspace
	UDPChecksum  bool // net.inet.udp.checksum: datagrams of IPv4 have one
	UDPBlackhole bool // net.inet.udp.blackhole (FreeBSD, DragonFly): nothing is said of a closed port
	UDPLogInVain bool // net.inet.udp.log_in_vain: the console hears of who asks at a closed port
	TCPLogInVain bool // net.inet.tcp.log_in_vain
	RawRecvSpace int  // bytes, of an ICMP socket
	MaxBuffer    int  // bytes, kern.ipc.maxsockbuf, kern.sbmax

	// What a datagram that waits takes of a receive buffer besides its bytes: the buffer
	// has room for Efficiency times as many bytes of mbufs (sbreserve, sb_mbmax).
	Efficiency int
	Mbuf       int  // bytes of an mbuf, MSIZE
	Inside     int  // bytes of a packet that an mbuf holds itself; more are in clusters of 2,048
	Clusters   bool // a packet that came in by a wire is in clusters, however short it is

	Ports               Ports
	FirstPort, LastPort int  // the ephemeral ports
	LoopbackMTU         int  // bytes: LOMTU
	MultiConnected      bool // a connected datagram socket may send to others too (Linux); else EISCONN
}

// socketValues are by dialect. Sources: FreeBSD 9.1 udp_usrreq.c (udp_recvspace of a kernel
// without INET6, as the one that was measured: 40 datagrams of 1,024 bytes and their
// addresses), raw_ip.c, uipc_sockbuf.c, in_pcb.c, if_loop.c; DragonFly of 2008, the same files;
// NetBSD 7.99 udp_usrreq.c, raw_ip.c, uipc_socket2.c (sbreserve), if_loop.c.
var socketValues = [...]SocketValues{
	dialect.FreeBSD: {
		UDPRecvSpace: 40 * (1024 + 16), UDPChecksum: true, RawRecvSpace: 9216,
		MaxBuffer: 2 << 20, Efficiency: 8, Mbuf: 256, Inside: 168, Clusters: true,
		Ports: PortsRandom, FirstPort: 10000, LastPort: 65535,
	},
	dialect.DragonFly: {
		UDPRecvSpace: 40 * (1024 + 28), UDPChecksum: true, RawRecvSpace: 8192,
		MaxBuffer: 256 << 10, Efficiency: 8, Mbuf: 256, Inside: 168, Clusters: true,
		Ports: PortsUp, FirstPort: 1024, LastPort: 5000,
	},
	dialect.NetBSD: {
		UDPRecvSpace: 40 * (1024 + 16), UDPChecksum: true, RawRecvSpace: 8192,
		MaxBuffer: 256 << 10, Efficiency: 2, Mbuf: 512, Inside: 424,
		Ports: PortsRandom, FirstPort: 49152, LastPort: 65535,
	},
	dialect.Linux: { // net/core/sock.c: 212,992 bytes of skb->truesize
		UDPRecvSpace: 212992, UDPChecksum: true, RawRecvSpace: 212992,
		MaxBuffer: 212992 * 2, Efficiency: 1, Mbuf: 768, Inside: 420,
		Ports: PortsRandom, FirstPort: 32768, LastPort: 60999, MultiConnected: true,
	},
}
