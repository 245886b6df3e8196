package packet

import "encoding/binary"

// Ethernet is a frame from its destination address on, without the frame check
// sequence. It may be an 802.3 frame too: then Type is a length below 0x600.
type Ethernet []byte

// ParseEthernet needs 14 bytes.
func ParseEthernet(b []byte) (Ethernet, error) {
	if len(b) < EthernetLen {
		return nil, tooShort("Ethernet", EthernetLen, len(b))
	}
	return Ethernet(b), nil
}

// Dst is the destination address.
func (e Ethernet) Dst() MAC { return MAC(e[0:6]) }

// Src is the source address.
func (e Ethernet) Src() MAC { return MAC(e[6:12]) }

// Type is the EtherType: [TypeVLAN] when a tag follows.
func (e Ethernet) Type() uint16 { return binary.BigEndian.Uint16(e[12:]) }

// Payload is what follows the header, padding included.
func (e Ethernet) Payload() []byte { return e[EthernetLen:] }

// AppendEthernet appends a 14-byte header.
func AppendEthernet(b []byte, dst, src MAC, typ uint16) []byte {
	b = append(b, dst[:]...)
	b = append(b, src[:]...)
	return binary.BigEndian.AppendUint16(b, typ)
}

// VLAN is an 802.1Q tag and what follows it: it starts after the EtherType that
// announced it.
type VLAN []byte

// ParseVLAN needs 4 bytes.
func ParseVLAN(b []byte) (VLAN, error) {
	if len(b) < VLANLen {
		return nil, tooShort("802.1Q", VLANLen, len(b))
	}
	return VLAN(b), nil
}

// TCI is the tag control information: priority (3 bits), drop eligibility (1) and VLAN
// identifier (12), which is 0 in a priority tag. IEEE 802.1Q-2018, 9.6.
func (v VLAN) TCI() uint16 { return binary.BigEndian.Uint16(v) }

// Type is the EtherType of the payload.
func (v VLAN) Type() uint16 { return binary.BigEndian.Uint16(v[2:]) }

// Payload is what follows the tag.
func (v VLAN) Payload() []byte { return v[VLANLen:] }
