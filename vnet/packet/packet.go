// Package packet is the bytes of the protocols that a lab itself speaks, on its
// switches and links, at the edge of its stacks and in its commands: Ethernet II, 802.1Q,
// ARP, IPv4, IPv6, ICMP for both and UDP. What tests build and check beyond that is in packettest.
//
// A view ([Ethernet], [IPv4], ...) is a []byte that a Parse function has checked:
// its accessors cannot go out of range, copy nothing and allocate nothing. A view
// aliases the bytes it was parsed from and is good for as long as they are left
// alone. An Append function writes one header (or one whole message, where a
// checksum covers the payload) to the end of a slice, with its lengths and
// checksums right.
//
// Packets are built from the outside in, as each header is told the length of
// what follows it:
//
//	b := packet.AppendEthernet(nil, dst, src, packet.TypeIPv4)
//	b, err := packet.AppendIPv4(b, packet.IPv4Header{Protocol: packet.ProtoUDP, Src: s, Dst: d}, packet.UDPLen+len(data))
//	b, err = packet.AppendUDP(b, s, d, 4444, 53, data)
//
// The package keeps no state. Nothing in it panics on any input.
package packet

import "fmt"

// Lengths of headers in bytes, without options.
const (
	EthernetLen = 14
	VLANLen     = 4
	ARPLen      = 28
	IPv4Len     = 20
	IPv6Len     = 40
	ICMPLen     = 8 // ICMPv4 and ICMPv6: type, code, checksum and four bytes by type
	UDPLen      = 8
)

// EtherTypes (IANA ieee-802-numbers).
const (
	TypeIPv4 uint16 = 0x0800
	TypeARP  uint16 = 0x0806
	TypeVLAN uint16 = 0x8100 // 802.1Q customer tag
	TypeQinQ uint16 = 0x88a8 // 802.1ad service tag
	TypeIPv6 uint16 = 0x86dd
)

// IP protocol numbers (IANA protocol-numbers).
const (
	ProtoHopByHop uint8 = 0
	ProtoICMP     uint8 = 1
	ProtoIGMP     uint8 = 2
	ProtoTCP      uint8 = 6
	ProtoUDP      uint8 = 17
	ProtoRouting  uint8 = 43
	ProtoFragment uint8 = 44
	ProtoICMPv6   uint8 = 58
	ProtoDestOpts uint8 = 60
)

// An Error says why bytes are not the header they were parsed as, or why a
// header cannot be built.
type Error struct {
	Header string // "Ethernet", "IPv4", "ICMP", ...
	Need   int    // bytes the header needed; 0 when length was not the trouble
	Have   int    // bytes there were; meaningful when Need is not 0
	Why    string // what was wrong; "" when the bytes were simply too few
}

// Error is for example "packet: IPv4: 20 bytes needed, have 7".
func (e *Error) Error() string {
	switch {
	case e.Need == 0:
		return fmt.Sprintf("packet: %s: %s", e.Header, e.Why)
	case e.Why == "":
		return fmt.Sprintf("packet: %s: %d bytes needed, have %d", e.Header, e.Need, e.Have)
	default:
		return fmt.Sprintf("packet: %s: %s: %d bytes needed, have %d", e.Header, e.Why, e.Need, e.Have)
	}
}

func tooShort(header string, need, have int) error {
	return &Error{Header: header, Need: need, Have: have}
}

func bad(header, format string, args ...any) error {
	return &Error{Header: header, Why: fmt.Sprintf(format, args...)}
}
