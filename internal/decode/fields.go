package decode

import "slices"

// A proto is a kind of layer.
type proto uint8

const (
	pFrame proto = iota // the frame as a whole; not a layer
	pNull
	pEth
	pVLAN
	pARP
	pIPv4
	pIPv6
	pICMP
	pICMPv6
	pUDP
	pTCP
	pData
	// What follows is found in the data of the layers above: see messages.go.
	pSTag
	pLLC
	pSTP
	pIGMP
	pDNS
	pDHCP
)

// protos names the layers: Wireshark's name, a tree's label, a summary's Proto.
var protos = [...]struct{ name, label, short string }{
	pFrame:  {"frame", "Frame", "Frame"},
	pNull:   {"null", "Null/Loopback", "Null"},
	pEth:    {"eth", "Ethernet II", "Ethernet"},
	pVLAN:   {"vlan", "802.1Q VLAN tag", "802.1Q"},
	pARP:    {"arp", "Address Resolution Protocol", "ARP"},
	pIPv4:   {"ip", "Internet Protocol version 4", "IPv4"},
	pIPv6:   {"ipv6", "Internet Protocol version 6", "IPv6"},
	pICMP:   {"icmp", "Internet Control Message Protocol", "ICMP"},
	pICMPv6: {"icmpv6", "Internet Control Message Protocol v6", "ICMPv6"},
	pUDP:    {"udp", "User Datagram Protocol", "UDP"},
	pTCP:    {"tcp", "Transmission Control Protocol", "TCP"},
	pData:   {"data", "Data", "Data"},
	pSTag:   {"ieee8021ad", "802.1ad VLAN tag", "802.1ad"},
	pLLC:    {"llc", "Logical Link Control", "LLC"},
	pSTP:    {"stp", "Spanning Tree Protocol", "STP"},
	pIGMP:   {"igmp", "Internet Group Management Protocol", "IGMP"},
	pDNS:    {"dns", "Domain Name System", "DNS"},
	pDHCP:   {"dhcp", "Dynamic Host Configuration Protocol", "DHCP"},
}

// A kind is how a field's bytes are read and written.
type kind uint8

const (
	kUint   kind = iota // decimal
	kHex                // hexadecimal, 0x and all digits
	kBool               // a bit: 0 or 1
	kMAC                // six bytes
	kIPv4               // four bytes
	kIPv6               // sixteen bytes
	kBytes              // hex digits
	kStatus             // computed: 0 bad, 1 good, 2 unverified
	kText               // the same bytes as another field's, as text
	kName               // a name or another text
	kAge                // a time in 256ths of a second
)

var kindNames = [...]string{"uint", "hex", "bool", "mac", "ipv4", "ipv6", "bytes", "status", "text", "string", "seconds"}

// toEnd as a spec's n means: up to the end of the layer's header.
const toEnd = -1

// A spec is all that is known of a field; the table of them drives reading,
// building and matching, so that the three cannot disagree.
type spec struct {
	name, label string
	proto       proto
	kind        kind
	off, n      int    // bytes from the start of the layer, or of the option
	mask        uint64 // the field's bits in the big-endian number those bytes are; 0: all
	scale       uint64 // the value is the bits times this; 0: 1
	sub         bool   // shown inside the field before it
	opt         []byte // the field is in an option of the first kind in this list
	optLen      int    // that option's length, to build it
	names       map[uint64]string
	when        func(h []byte) bool // whether a header (at least two bytes) has this field; nil: always
	typ, code   int                 // ICMP type and code that building this field implies; typ 0: none
	doc         string
	readOnly    bool  // not for building
	over        proto // the field is there only behind a header of this protocol; pFrame: wherever it is
	hidden      bool  // not shown in a tree
	found       bool  // where it is tells internal/dissect; off says nothing
}

func types(ts ...byte) func(h []byte) bool {
	return func(h []byte) bool { return slices.Contains(ts, h[0]) }
}

var (
	etherTypes = map[uint64]string{0x0800: "IPv4", 0x0806: "ARP", 0x8100: "802.1Q", 0x88a8: "802.1ad", 0x86dd: "IPv6", 0x88cc: "LLDP"}
	ipProtos   = map[uint64]string{0: "hop-by-hop options", 1: "ICMP", 2: "IGMP", 4: "IPv4", 6: "TCP", 17: "UDP", 41: "IPv6", 43: "routing", 44: "fragment", 47: "GRE", 50: "ESP", 51: "AH", 58: "ICMPv6", 59: "no next header", 60: "destination options", 89: "OSPF", 132: "SCTP"}
	opcodes    = map[uint64]string{1: "request", 2: "reply", 3: "reverse request", 4: "reverse reply"}
	families   = map[uint64]string{2: "IPv4", 24: "IPv6 (NetBSD)", 28: "IPv6 (FreeBSD, DragonFly)", 30: "IPv6 (Darwin)"}
	icmpTypes  = map[uint64]string{0: "echo reply", 3: "destination unreachable", 4: "source quench", 5: "redirect", 8: "echo request", 9: "router advertisement", 10: "router solicitation", 11: "time exceeded", 12: "parameter problem", 13: "timestamp request", 14: "timestamp reply"}
	icmp6Types = map[uint64]string{1: "destination unreachable", 2: "packet too big", 3: "time exceeded", 4: "parameter problem", 128: "echo request", 129: "echo reply", 130: "multicast listener query", 131: "multicast listener report", 132: "multicast listener done", 133: "router solicitation", 134: "router advertisement", 135: "neighbor solicitation", 136: "neighbor advertisement", 137: "redirect", 143: "multicast listener report v2"}
	statuses   = map[uint64]string{0: "bad", 1: "good", 2: "unverified"}

	echo      = types(0, 8, 13, 14)
	echo6     = types(128, 129)
	isMTU     = func(h []byte) bool { return h[0] == 3 && h[1] == 4 }
	macIPv4   = func(h []byte) bool { return len(h) >= 6 && h[4] == 6 && h[5] == 4 }
	ndOptions = []byte{1, 2}
)

// specs are the known fields, by layer, in the order of the header; a whole
// field comes before its bits.
var specs = slices.Concat(headerSpecs, messageSpecs)

// headerSpecs are the fields of headers, which have their place.
var headerSpecs = []spec{
	{name: "frame.len", label: "Frame length", proto: pFrame, kind: kUint, readOnly: true, doc: "length of the whole frame in bytes"},
	{name: "frame.pad", label: "Padded length", proto: pFrame, kind: kUint, doc: "only for building: zeros are added until the frame has this many bytes"},

	{name: "null.family", label: "Family", proto: pNull, kind: kUint, n: 4, names: families, doc: "address family of a DLT_NULL frame"},

	{name: "eth.dst", label: "Destination", proto: pEth, kind: kMAC, n: 6, doc: "destination MAC address"},
	{name: "eth.src", label: "Source", proto: pEth, kind: kMAC, off: 6, n: 6, doc: "source MAC address"},
	{name: "eth.dst.lg", label: "Locally administered", proto: pEth, kind: kBool, n: 3, mask: 0x020000, hidden: true, readOnly: true, doc: "the destination was not given by a manufacturer"},
	{name: "eth.dst.ig", label: "Group", proto: pEth, kind: kBool, n: 3, mask: 0x010000, hidden: true, readOnly: true, doc: "the destination is a group or everybody"},
	{name: "eth.src.lg", label: "Locally administered", proto: pEth, kind: kBool, off: 6, n: 3, mask: 0x020000, hidden: true, readOnly: true, doc: "the source was not given by a manufacturer"},
	{name: "eth.src.ig", label: "Group", proto: pEth, kind: kBool, off: 6, n: 3, mask: 0x010000, hidden: true, readOnly: true, doc: "the source is a group, which no frame may have"},
	{name: "eth.type", label: "Type", proto: pEth, kind: kHex, off: 12, n: 2, names: etherTypes, doc: "EtherType", when: func(h []byte) bool { return len(h) < 13 || h[12] >= 6 }},
	{name: "eth.len", label: "Length", proto: pEth, kind: kUint, off: 12, n: 2, doc: "length of an 802.3 frame's payload, instead of a type", when: func(h []byte) bool { return len(h) >= 13 && h[12] < 6 }},
	{name: "eth.padding", label: "Padding", proto: pEth, kind: kBytes, readOnly: true, doc: "bytes after the packet that fill the frame up"},

	{name: "vlan.priority", label: "Priority", proto: pVLAN, kind: kUint, n: 2, mask: 0xe000, doc: "802.1Q priority, 0 to 7"},
	{name: "vlan.dei", label: "Drop eligible", proto: pVLAN, kind: kBool, n: 2, mask: 0x1000, doc: "802.1Q drop eligible indicator"},
	{name: "vlan.id", label: "VLAN identifier", proto: pVLAN, kind: kUint, n: 2, mask: 0x0fff, doc: "802.1Q VLAN identifier, 0 to 4095"},
	{name: "vlan.etype", label: "Type", proto: pVLAN, kind: kHex, off: 2, n: 2, names: etherTypes, when: func(h []byte) bool { return len(h) < 3 || h[2] >= 6 }, doc: "EtherType after the tag"},
	{name: "vlan.len", label: "Length", proto: pVLAN, kind: kUint, off: 2, n: 2, when: func(h []byte) bool { return len(h) >= 3 && h[2] < 6 }, readOnly: true, doc: "length of what is behind the tag, instead of a type"},

	{name: "arp.hw.type", label: "Hardware type", proto: pARP, kind: kUint, n: 2, names: map[uint64]string{1: "Ethernet"}, doc: "ARP hardware type"},
	{name: "arp.proto.type", label: "Protocol type", proto: pARP, kind: kHex, off: 2, n: 2, names: etherTypes, doc: "ARP protocol type"},
	{name: "arp.hw.size", label: "Hardware size", proto: pARP, kind: kUint, off: 4, n: 1, doc: "bytes in a hardware address"},
	{name: "arp.proto.size", label: "Protocol size", proto: pARP, kind: kUint, off: 5, n: 1, doc: "bytes in a protocol address"},
	{name: "arp.opcode", label: "Operation", proto: pARP, kind: kUint, off: 6, n: 2, names: opcodes, doc: "1 request, 2 reply"},
	{name: "arp.src.hw_mac", label: "Sender MAC address", proto: pARP, kind: kMAC, off: 8, n: 6, when: macIPv4, doc: "sender's MAC address"},
	{name: "arp.src.proto_ipv4", label: "Sender IP address", proto: pARP, kind: kIPv4, off: 14, n: 4, when: macIPv4, doc: "sender's IPv4 address"},
	{name: "arp.dst.hw_mac", label: "Target MAC address", proto: pARP, kind: kMAC, off: 18, n: 6, when: macIPv4, doc: "target's MAC address"},
	{name: "arp.dst.proto_ipv4", label: "Target IP address", proto: pARP, kind: kIPv4, off: 24, n: 4, when: macIPv4, doc: "target's IPv4 address"},

	{name: "ip.version", label: "Version", proto: pIPv4, kind: kUint, n: 1, mask: 0xf0, doc: "IP version, 4"},
	{name: "ip.hdr_len", label: "Header length", proto: pIPv4, kind: kUint, n: 1, mask: 0x0f, scale: 4, doc: "header length in bytes"},
	{name: "ip.dsfield", label: "Differentiated services", proto: pIPv4, kind: kHex, off: 1, n: 1, doc: "DSCP and ECN together"},
	{name: "ip.dsfield.dscp", label: "DSCP", proto: pIPv4, kind: kUint, off: 1, n: 1, mask: 0xfc, sub: true, doc: "differentiated services codepoint"},
	{name: "ip.dsfield.ecn", label: "ECN", proto: pIPv4, kind: kUint, off: 1, n: 1, mask: 0x03, sub: true, doc: "explicit congestion notification"},
	{name: "ip.len", label: "Total length", proto: pIPv4, kind: kUint, off: 2, n: 2, doc: "length of the packet in bytes"},
	{name: "ip.id", label: "Identification", proto: pIPv4, kind: kHex, off: 4, n: 2, doc: "identification"},
	{name: "ip.flags", label: "Flags", proto: pIPv4, kind: kHex, off: 6, n: 1, mask: 0xe0, doc: "the three flag bits together"},
	{name: "ip.flags.rb", label: "Reserved bit", proto: pIPv4, kind: kBool, off: 6, n: 1, mask: 0x80, sub: true, doc: "reserved bit"},
	{name: "ip.flags.df", label: "Don't fragment", proto: pIPv4, kind: kBool, off: 6, n: 1, mask: 0x40, sub: true, doc: "don't fragment"},
	{name: "ip.flags.mf", label: "More fragments", proto: pIPv4, kind: kBool, off: 6, n: 1, mask: 0x20, sub: true, doc: "more fragments"},
	{name: "ip.frag_offset", label: "Fragment offset", proto: pIPv4, kind: kUint, off: 6, n: 2, mask: 0x1fff, doc: "fragment offset in units of 8 bytes"},
	{name: "ip.ttl", label: "Time to live", proto: pIPv4, kind: kUint, off: 8, n: 1, doc: "time to live"},
	{name: "ip.proto", label: "Protocol", proto: pIPv4, kind: kUint, off: 9, n: 1, names: ipProtos, doc: "protocol of the payload"},
	{name: "ip.checksum", label: "Header checksum", proto: pIPv4, kind: kHex, off: 10, n: 2, doc: "header checksum"},
	{name: "ip.checksum.status", label: "Checksum status", proto: pIPv4, kind: kStatus, names: statuses, readOnly: true, doc: "good, bad or unverified"},
	{name: "ip.src", label: "Source", proto: pIPv4, kind: kIPv4, off: 12, n: 4, doc: "source address"},
	{name: "ip.dst", label: "Destination", proto: pIPv4, kind: kIPv4, off: 16, n: 4, doc: "destination address"},
	{name: "ip.options", label: "Options", proto: pIPv4, kind: kBytes, off: 20, n: toEnd, doc: "all options as bytes, at most 40; padded with zeros when built"},

	{name: "ipv6.version", label: "Version", proto: pIPv6, kind: kUint, n: 1, mask: 0xf0, doc: "IP version, 6"},
	{name: "ipv6.tclass", label: "Traffic class", proto: pIPv6, kind: kHex, n: 2, mask: 0x0ff0, doc: "traffic class"},
	{name: "ipv6.flow", label: "Flow label", proto: pIPv6, kind: kHex, n: 4, mask: 0xfffff, doc: "flow label"},
	{name: "ipv6.plen", label: "Payload length", proto: pIPv6, kind: kUint, off: 4, n: 2, doc: "payload length in bytes"},
	{name: "ipv6.nxt", label: "Next header", proto: pIPv6, kind: kUint, off: 6, n: 1, names: ipProtos, doc: "protocol of the payload, or of the first extension header"},
	{name: "ipv6.hlim", label: "Hop limit", proto: pIPv6, kind: kUint, off: 7, n: 1, doc: "hop limit"},
	{name: "ipv6.src", label: "Source", proto: pIPv6, kind: kIPv6, off: 8, n: 16, doc: "source address"},
	{name: "ipv6.dst", label: "Destination", proto: pIPv6, kind: kIPv6, off: 24, n: 16, doc: "destination address"},

	{name: "icmp.type", label: "Type", proto: pICMP, kind: kUint, n: 1, names: icmpTypes, doc: "8 echo request, 0 echo reply, 3 unreachable, 11 time exceeded"},
	{name: "icmp.code", label: "Code", proto: pICMP, kind: kUint, off: 1, n: 1, doc: "code within the type"},
	{name: "icmp.checksum", label: "Checksum", proto: pICMP, kind: kHex, off: 2, n: 2, doc: "checksum"},
	{name: "icmp.checksum.status", label: "Checksum status", proto: pICMP, kind: kStatus, names: statuses, readOnly: true, doc: "good, bad or unverified"},
	{name: "icmp.ident", label: "Identifier", proto: pICMP, kind: kUint, off: 4, n: 2, when: echo, doc: "an echo's identifier"},
	{name: "icmp.seq", label: "Sequence number", proto: pICMP, kind: kUint, off: 6, n: 2, when: echo, doc: "an echo's sequence number"},
	{name: "icmp.mtu", label: "MTU of next hop", proto: pICMP, kind: kUint, off: 6, n: 2, when: isMTU, typ: 3, code: 4, doc: "MTU in fragmentation needed (type 3, code 4)"},
	{name: "icmp.redir_gw", label: "Gateway address", proto: pICMP, kind: kIPv4, off: 4, n: 4, when: types(5), typ: 5, code: 1, doc: "gateway in a redirect (type 5)"},
	{name: "icmp.pointer", label: "Pointer", proto: pICMP, kind: kUint, off: 4, n: 1, when: types(12), typ: 12, doc: "offset of the offending byte in a parameter problem (type 12)"},

	{name: "icmpv6.type", label: "Type", proto: pICMPv6, kind: kUint, n: 1, names: icmp6Types, doc: "128 echo request, 129 echo reply, 135 neighbor solicitation, 136 advertisement"},
	{name: "icmpv6.code", label: "Code", proto: pICMPv6, kind: kUint, off: 1, n: 1, doc: "code within the type"},
	{name: "icmpv6.checksum", label: "Checksum", proto: pICMPv6, kind: kHex, off: 2, n: 2, doc: "checksum"},
	{name: "icmpv6.checksum.status", label: "Checksum status", proto: pICMPv6, kind: kStatus, names: statuses, readOnly: true, doc: "good, bad or unverified"},
	{name: "icmpv6.echo.identifier", label: "Identifier", proto: pICMPv6, kind: kUint, off: 4, n: 2, when: echo6, doc: "an echo's identifier"},
	{name: "icmpv6.echo.sequence_number", label: "Sequence number", proto: pICMPv6, kind: kUint, off: 6, n: 2, when: echo6, doc: "an echo's sequence number"},
	{name: "icmpv6.mtu", label: "MTU", proto: pICMPv6, kind: kUint, off: 4, n: 4, when: types(2), typ: 2, doc: "MTU in packet too big (type 2)"},
	{name: "icmpv6.nd.ra.cur_hop_limit", label: "Current hop limit", proto: pICMPv6, kind: kUint, off: 4, n: 1, when: types(134), typ: 134, doc: "hop limit a router advertises"},
	{name: "icmpv6.nd.ra.flag", label: "Flags", proto: pICMPv6, kind: kHex, off: 5, n: 1, when: types(134), doc: "the flags of a router advertisement together", readOnly: true},
	{name: "icmpv6.nd.ra.flag.m", label: "Managed addresses", proto: pICMPv6, kind: kBool, off: 5, n: 1, mask: 0x80, sub: true, when: types(134), typ: 134, doc: "addresses come from DHCPv6"},
	{name: "icmpv6.nd.ra.flag.o", label: "Other configuration", proto: pICMPv6, kind: kBool, off: 5, n: 1, mask: 0x40, sub: true, when: types(134), typ: 134, doc: "other configuration comes from DHCPv6"},
	{name: "icmpv6.nd.ra.router_lifetime", label: "Router lifetime", proto: pICMPv6, kind: kUint, off: 6, n: 2, when: types(134), typ: 134, doc: "seconds a router offers itself as default"},
	{name: "icmpv6.nd.ra.reachable_time", label: "Reachable time", proto: pICMPv6, kind: kUint, off: 8, n: 4, when: types(134), typ: 134, doc: "milliseconds that a neighbor is reachable after it was heard of, 0: not said"},
	{name: "icmpv6.nd.ra.retrans_timer", label: "Retransmission timer", proto: pICMPv6, kind: kUint, off: 12, n: 4, when: types(134), typ: 134, doc: "milliseconds between two solicitations, 0: not said"},
	{name: "icmpv6.nd.ns.target_address", label: "Target address", proto: pICMPv6, kind: kIPv6, off: 8, n: 16, when: types(135), typ: 135, doc: "whom a neighbor solicitation asks for"},
	{name: "icmpv6.nd.na.flag.r", label: "Router", proto: pICMPv6, kind: kBool, off: 4, n: 1, mask: 0x80, when: types(136), typ: 136, doc: "the sender of an advertisement is a router"},
	{name: "icmpv6.nd.na.flag.s", label: "Solicited", proto: pICMPv6, kind: kBool, off: 4, n: 1, mask: 0x40, when: types(136), typ: 136, doc: "an advertisement answers a solicitation"},
	{name: "icmpv6.nd.na.flag.o", label: "Override", proto: pICMPv6, kind: kBool, off: 4, n: 1, mask: 0x20, when: types(136), typ: 136, doc: "an advertisement overrides cached addresses"},
	{name: "icmpv6.nd.na.target_address", label: "Target address", proto: pICMPv6, kind: kIPv6, off: 8, n: 16, when: types(136), typ: 136, doc: "whose address a neighbor advertisement tells"},
	{name: "icmpv6.nd.rd.target_address", label: "Target address", proto: pICMPv6, kind: kIPv6, off: 8, n: 16, when: types(137), doc: "a redirect's better first hop", readOnly: true},
	{name: "icmpv6.rd.na.destination_address", label: "Destination address", proto: pICMPv6, kind: kIPv6, off: 24, n: 16, when: types(137), doc: "whom a redirect is about", readOnly: true},
	{name: "icmpv6.opt.linkaddr", label: "Link-layer address", proto: pICMPv6, kind: kMAC, off: 2, n: 6, opt: ndOptions, optLen: 8, when: types(133, 134, 135, 136), doc: "source or target link-layer address option"},

	{name: "udp.srcport", label: "Source port", proto: pUDP, kind: kUint, n: 2, doc: "source port"},
	{name: "udp.dstport", label: "Destination port", proto: pUDP, kind: kUint, off: 2, n: 2, doc: "destination port"},
	{name: "udp.length", label: "Length", proto: pUDP, kind: kUint, off: 4, n: 2, doc: "length in bytes, header included"},
	{name: "udp.checksum", label: "Checksum", proto: pUDP, kind: kHex, off: 6, n: 2, doc: "checksum; 0 over IPv4 means none"},
	{name: "udp.checksum.status", label: "Checksum status", proto: pUDP, kind: kStatus, names: statuses, readOnly: true, doc: "good, bad or unverified"},

	{name: "tcp.srcport", label: "Source port", proto: pTCP, kind: kUint, n: 2, doc: "source port"},
	{name: "tcp.dstport", label: "Destination port", proto: pTCP, kind: kUint, off: 2, n: 2, doc: "destination port"},
	{name: "tcp.seq_raw", label: "Sequence number", proto: pTCP, kind: kUint, off: 4, n: 4, doc: "sequence number as it is on the wire; tcp.seq is another name for it, as there are no relative numbers here"},
	{name: "tcp.ack_raw", label: "Acknowledgement number", proto: pTCP, kind: kUint, off: 8, n: 4, doc: "acknowledgement number as it is on the wire; tcp.ack is another name for it"},
	{name: "tcp.hdr_len", label: "Header length", proto: pTCP, kind: kUint, off: 12, n: 1, mask: 0xf0, scale: 4, doc: "header length in bytes"},
	{name: "tcp.flags", label: "Flags", proto: pTCP, kind: kHex, off: 12, n: 2, mask: 0x0fff, doc: "all control bits together; SYN is 0x002, SYN and ACK 0x012"},
	{name: "tcp.flags.ae", label: "Accurate ECN", proto: pTCP, kind: kBool, off: 12, n: 2, mask: 0x100, sub: true, doc: "accurate ECN"},
	{name: "tcp.flags.cwr", label: "Congestion window reduced", proto: pTCP, kind: kBool, off: 12, n: 2, mask: 0x80, sub: true, doc: "congestion window reduced"},
	{name: "tcp.flags.ece", label: "ECN echo", proto: pTCP, kind: kBool, off: 12, n: 2, mask: 0x40, sub: true, doc: "ECN echo"},
	{name: "tcp.flags.urg", label: "Urgent", proto: pTCP, kind: kBool, off: 12, n: 2, mask: 0x20, sub: true, doc: "URG"},
	{name: "tcp.flags.ack", label: "Acknowledgement", proto: pTCP, kind: kBool, off: 12, n: 2, mask: 0x10, sub: true, doc: "ACK"},
	{name: "tcp.flags.push", label: "Push", proto: pTCP, kind: kBool, off: 12, n: 2, mask: 0x08, sub: true, doc: "PSH"},
	{name: "tcp.flags.reset", label: "Reset", proto: pTCP, kind: kBool, off: 12, n: 2, mask: 0x04, sub: true, doc: "RST"},
	{name: "tcp.flags.syn", label: "Syn", proto: pTCP, kind: kBool, off: 12, n: 2, mask: 0x02, sub: true, doc: "SYN"},
	{name: "tcp.flags.fin", label: "Fin", proto: pTCP, kind: kBool, off: 12, n: 2, mask: 0x01, sub: true, doc: "FIN"},
	{name: "tcp.window_size_value", label: "Window", proto: pTCP, kind: kUint, off: 14, n: 2, doc: "window, unscaled"},
	{name: "tcp.checksum", label: "Checksum", proto: pTCP, kind: kHex, off: 16, n: 2, doc: "checksum"},
	{name: "tcp.checksum.status", label: "Checksum status", proto: pTCP, kind: kStatus, names: statuses, readOnly: true, doc: "good, bad or unverified"},
	{name: "tcp.urgent_pointer", label: "Urgent pointer", proto: pTCP, kind: kUint, off: 18, n: 2, doc: "urgent pointer"},
	{name: "tcp.options", label: "Options", proto: pTCP, kind: kBytes, off: 20, n: toEnd, doc: "all options as bytes, at most 40; padded with zeros when built"},
	{name: "tcp.options.mss_val", label: "Maximum segment size", proto: pTCP, kind: kUint, off: 2, n: 2, opt: []byte{2}, optLen: 4, sub: true, doc: "maximum segment size option"},
	{name: "tcp.options.wscale.shift", label: "Window scale", proto: pTCP, kind: kUint, off: 2, n: 1, opt: []byte{3}, optLen: 3, sub: true, doc: "window scale option"},
	{name: "tcp.options.timestamp.tsval", label: "Timestamp value", proto: pTCP, kind: kUint, off: 2, n: 4, opt: []byte{8}, optLen: 10, sub: true, doc: "timestamp option: value"},
	{name: "tcp.options.timestamp.tsecr", label: "Timestamp echo reply", proto: pTCP, kind: kUint, off: 6, n: 4, opt: []byte{8}, optLen: 10, sub: true, doc: "timestamp option: echo reply"},

	{name: "data.data", label: "Data", proto: pData, kind: kBytes, n: toEnd, doc: "payload of the innermost protocol, as hex bytes"},
	{name: "data.text", label: "Text", proto: pData, kind: kText, n: toEnd, doc: "payload of the innermost protocol, as text"},
	{name: "data.len", label: "Length", proto: pData, kind: kUint, doc: "length of the payload in bytes; built with it, the payload is data.data or data.text again and again, or 00 01 02 and so on, up to that length"},
}

// An alias is another name for a field, and of which protocol the field is then.
type alias struct {
	name string
	over proto
}

// aliases are other names for fields, Wireshark's where it has several.
var aliases = map[string]alias{
	"tcp.seq": {name: "tcp.seq_raw"}, "tcp.ack": {name: "tcp.ack_raw"}, "tcp.window_size": {name: "tcp.window_size_value"},
	"tcp.payload": {"data.data", pTCP}, "udp.payload": {"data.data", pUDP},
}

// byName finds a field by its name or an alias of it.
var byName = func() map[string]*spec {
	m := make(map[string]*spec, len(specs)+len(aliases))
	for i := range specs {
		m[specs[i].name] = &specs[i]
	}
	for other, a := range aliases {
		s := *m[a.name]
		s.over = a.over
		m[other] = &s
	}
	return m
}()
