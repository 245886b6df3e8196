package packet

import "encoding/binary"

// ICMPv4 types (RFC 792).
const (
	ICMPEchoReply    uint8 = 0
	ICMPUnreachable  uint8 = 3
	ICMPSourceQuench uint8 = 4
	ICMPRedirect     uint8 = 5
	ICMPEcho         uint8 = 8
	ICMPTimeExceeded uint8 = 11
	ICMPParamProblem uint8 = 12
	ICMPTimestamp    uint8 = 13
)

// ICMPv6 types (RFC 4443, RFC 2710).
const (
	ICMPv6Echo             uint8 = 128
	ICMPv6EchoReply        uint8 = 129
	ICMPv6ListenerQuery    uint8 = 130
	ICMPv6ListenerReport   uint8 = 131
	ICMPv6ListenerDone     uint8 = 132
	ICMPv6ListenerReportV2 uint8 = 143
	ICMPv6RouterPresence   uint8 = 151 // a multicast router's advertisement: RFC 4286
)

// ICMP is a message of ICMPv4 or of ICMPv6: the whole payload of a packet. Both have one
// form. What a type means, and what the checksum covers, depends on the version.
type ICMP []byte

// ParseICMP needs 8 bytes.
func ParseICMP(b []byte) (ICMP, error) {
	if len(b) < ICMPLen {
		return nil, tooShort("ICMP", ICMPLen, len(b))
	}
	return ICMP(b), nil
}

// Type is the message type.
func (m ICMP) Type() uint8 { return m[0] }

// Code is the code within the type.
func (m ICMP) Code() uint8 { return m[1] }

// Rest is the four bytes whose meaning depends on the type: the MTU of "too
// big", the gateway of a redirect, identifier and sequence number of an echo.
func (m ICMP) Rest() uint32 { return binary.BigEndian.Uint32(m[4:]) }

// ID is an echo's identifier.
func (m ICMP) ID() uint16 { return binary.BigEndian.Uint16(m[4:]) }

// Seq is an echo's sequence number.
func (m ICMP) Seq() uint16 { return binary.BigEndian.Uint16(m[6:]) }

// Payload is what follows the eight-byte header: an echo's data, the packet an
// error quotes.
func (m ICMP) Payload() []byte { return m[ICMPLen:] }

// SetEcho makes the header that of an echo. Its checksum is 0, for who sends it to fill
// in.
func (m ICMP) SetEcho(typ uint8, id, seq uint16) {
	m[0], m[1], m[2], m[3] = typ, 0, 0, 0
	binary.BigEndian.PutUint16(m[4:], id)
	binary.BigEndian.PutUint16(m[6:], seq)
}

// SetID changes an echo's identifier.
func (m ICMP) SetID(id uint16) { binary.BigEndian.PutUint16(m[4:], id) }

// SetChecksum changes the checksum field.
func (m ICMP) SetChecksum(c uint16) { binary.BigEndian.PutUint16(m[2:], c) }

// IsError4 reports whether an ICMPv4 message is an error, which quotes a packet and
// must never be answered by another error (RFC 1122 section 3.2.2).
func (m ICMP) IsError4() bool {
	switch m.Type() {
	case ICMPUnreachable, ICMPSourceQuench, ICMPRedirect, ICMPTimeExceeded, ICMPParamProblem:
		return true
	}
	return false
}

// IsError6 reports whether an ICMPv6 message is an error: types below 128 are (RFC 4443
// section 2.1).
func (m ICMP) IsError6() bool { return m.Type() < ICMPv6Echo }

// AppendICMPv4 appends an ICMPv4 message of any type; rest is as in [ICMP.Rest].
func AppendICMPv4(b []byte, typ, code uint8, rest uint32, payload []byte) ([]byte, error) {
	if n := 0xffff - IPv4Len - ICMPLen; len(payload) > n {
		return b, bad("ICMP", "payload of %d bytes, want at most %d", len(payload), n)
	}
	start := len(b)
	b = append(b, typ, code, 0, 0)
	b = append(binary.BigEndian.AppendUint32(b, rest), payload...)
	ICMP(b[start:]).SetChecksum(Checksum(b[start:]))
	return b, nil
}

// AppendICMPv4Echo appends an echo request, or the reply to one.
func AppendICMPv4Echo(b []byte, reply bool, id, seq uint16, data []byte) ([]byte, error) {
	typ := ICMPEcho
	if reply {
		typ = ICMPEchoReply
	}
	return AppendICMPv4(b, typ, 0, uint32(id)<<16|uint32(seq), data)
}
