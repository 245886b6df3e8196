package pcapfilter

// A service is a name for a port of /etc/services: what is usual in a lab.
type service struct {
	port     uint16
	tcp, udp bool
}

var services = map[string]service{
	"echo": {7, true, true}, "discard": {9, true, true}, "daytime": {13, true, true}, "chargen": {19, true, true}, "ftp-data": {20, true, false},
	"ftp": {21, true, false}, "ssh": {22, true, false}, "telnet": {23, true, false}, "smtp": {25, true, false}, "time": {37, true, true},
	"domain": {53, true, true}, "bootps": {67, false, true}, "bootpc": {68, false, true}, "tftp": {69, false, true}, "http": {80, true, false},
	"pop3": {110, true, false}, "sunrpc": {111, true, true}, "ntp": {123, false, true}, "snmp": {161, true, true},
	"snmp-trap": {162, true, true}, "bgp": {179, true, false}, "https": {443, true, true}, "syslog": {514, false, true}, "route": {520, false, true},
}

// PortName is the name of a port in the lab's /etc/services; "" for none.
func PortName(port uint16, tcp bool) string {
	for name, s := range services {
		if s.port == port && (tcp && s.tcp || !tcp && s.udp) {
			return name
		}
	}
	return ""
}

// ipProtocols are the names of /etc/protocols.
var ipProtocols = map[string]uint32{
	"ip": 0, "icmp": 1, "igmp": 2, "ipencap": 4, "tcp": 6, "egp": 8, "igp": 9, "udp": 17, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44, "rsvp": 46,
	"gre": 47, "esp": 50, "ah": 51, "ipv6-icmp": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "eigrp": 88, "ospf": 89, "pim": 103, "vrrp": 112,
	"l2tp": 115, "sctp": 132, "udplite": 136,
}

// etherProtocols are the names that libpcap has for what an Ethernet frame carries.
var etherProtocols = map[string]uint32{
	"ip": typeIP, "ip6": typeIP6, "arp": typeARP, "rarp": typeRARP, "mopdl": 0x6001, "moprc": 0x6002, "decnet": 0x6003, "lat": 0x6004,
	"sca": 0x6007, "atalk": typeAtalk, "aarp": typeAarp, "loopback": 0x9000,
}

// llcProtocols are those that are known by their access point of 802.2.
var llcProtocols = map[string]uint32{"iso": sapISO, "stp": sapSTP, "ipx": sapIPX, "netbeui": sapNetBEUI}
