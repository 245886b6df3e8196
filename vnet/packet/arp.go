package packet

import (
	"encoding/binary"
	"net/netip"
)

// ARP operations (RFC 826).
const (
	ARPRequest uint16 = 1
	ARPReply   uint16 = 2
)

// ARP is an ARP packet for IPv4 over Ethernet, exactly 28 bytes.
type ARP []byte

// ParseARP needs 28 bytes and refuses other hardware and protocols than
// Ethernet and IPv4. Padding is cut off.
func ParseARP(b []byte) (ARP, error) {
	if len(b) < ARPLen {
		return nil, tooShort("ARP", ARPLen, len(b))
	}
	hw, proto := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	switch {
	case hw != 1:
		return nil, bad("ARP", "hardware type %d, want 1 (Ethernet)", hw)
	case proto != TypeIPv4:
		return nil, bad("ARP", "protocol type 0x%04x, want 0x0800 (IPv4)", proto)
	case b[4] != 6 || b[5] != 4:
		return nil, bad("ARP", "address sizes %d and %d, want 6 and 4", b[4], b[5])
	}
	return ARP(b[:ARPLen:ARPLen]), nil
}

// Op is the operation, [ARPRequest] or [ARPReply].
func (a ARP) Op() uint16 { return binary.BigEndian.Uint16(a[6:]) }

// SenderIP is the sender's protocol address.
func (a ARP) SenderIP() netip.Addr { return netip.AddrFrom4([4]byte(a[14:18])) }

// TargetIP is the target's protocol address.
func (a ARP) TargetIP() netip.Addr { return netip.AddrFrom4([4]byte(a[24:28])) }
