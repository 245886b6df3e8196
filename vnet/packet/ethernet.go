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

// SetDst changes the destination address in place.
func (e Ethernet) SetDst(m MAC) { copy(e[0:6], m[:]) }

// SetSrc changes the source address in place.
func (e Ethernet) SetSrc(m MAC) { copy(e[6:12], m[:]) }

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

// Priority is the priority code point, 0 to 7.
func (v VLAN) Priority() uint8 { return v[0] >> 5 }

// DropEligible is the drop eligible indicator.
func (v VLAN) DropEligible() bool { return v[0]&0x10 != 0 }

// ID is the VLAN identifier, 0 to 4095. 0 means a priority tag, no VLAN.
func (v VLAN) ID() uint16 { return binary.BigEndian.Uint16(v) & 0xfff }

// Type is the EtherType of the payload.
func (v VLAN) Type() uint16 { return binary.BigEndian.Uint16(v[2:]) }

// Payload is what follows the tag.
func (v VLAN) Payload() []byte { return v[VLANLen:] }

// AppendVLAN appends a tag. Of priority the low 3 bits count, of id the low 12.
func AppendVLAN(b []byte, priority uint8, dropEligible bool, id, typ uint16) []byte {
	tci := uint16(priority&7)<<13 | id&0xfff
	if dropEligible {
		tci |= 0x1000
	}
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, tci), typ)
}
