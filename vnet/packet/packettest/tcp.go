package packettest

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"wireloom/vnet/packet"
)

// TCPLen is the length of a header without options, in bytes.
const TCPLen = 20

// TCPFlags are the control bits of a segment.
type TCPFlags uint16

// The control bits (RFC 9293 section 3.1, RFC 3168).
const (
	FIN TCPFlags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
	AE // accurate ECN, once NS
)

// TCP is a segment: the whole payload of an IP packet.
type TCP []byte

// ParseTCP checks the data offset. It does not look at the options.
func ParseTCP(b []byte) (TCP, bool) {
	if len(b) < TCPLen {
		return nil, false
	}
	t := TCP(b)
	return t, t.HeaderLen() >= TCPLen && t.HeaderLen() <= len(b)
}

// SrcPort is the source port.
func (t TCP) SrcPort() uint16 { return binary.BigEndian.Uint16(t) }

// DstPort is the destination port.
func (t TCP) DstPort() uint16 { return binary.BigEndian.Uint16(t[2:]) }

// Seq is the sequence number.
func (t TCP) Seq() uint32 { return binary.BigEndian.Uint32(t[4:]) }

// Ack is the acknowledgement number.
func (t TCP) Ack() uint32 { return binary.BigEndian.Uint32(t[8:]) }

// HeaderLen is the header's length in bytes, options included: 20 to 60.
func (t TCP) HeaderLen() int { return int(t[12]>>4) * 4 }

// Flags are the nine control bits.
func (t TCP) Flags() TCPFlags { return TCPFlags(binary.BigEndian.Uint16(t[12:]) & 0x1ff) }

// Window is the window field, unscaled.
func (t TCP) Window() uint16 { return binary.BigEndian.Uint16(t[14:]) }

// Urgent is the urgent pointer.
func (t TCP) Urgent() uint16 { return binary.BigEndian.Uint16(t[18:]) }

// Options is the bytes between the fixed header and the payload.
func (t TCP) Options() []byte { return t[TCPLen:t.HeaderLen()] }

// Payload is what follows the header.
func (t TCP) Payload() []byte { return t[t.HeaderLen():] }

// ChecksumOK reports whether the checksum is right for a segment from src to dst.
func (t TCP) ChecksumOK(src, dst netip.Addr) bool {
	return packet.TransportChecksum(src, dst, packet.ProtoTCP, t) == 0
}

// A TCPHeader is what a caller decides about a segment.
type TCPHeader struct {
	SrcPort, DstPort uint16
	Seq, Ack         uint32
	Flags            TCPFlags
	Window           uint16
	Urgent           uint16
	Options          []byte // at most 40 bytes, a multiple of 4
}

// AppendTCP appends a segment from src to dst, addresses of one family.
func AppendTCP(b []byte, src, dst netip.Addr, h TCPHeader, payload []byte) []byte {
	hdr := TCPLen + len(h.Options)
	if len(h.Options) > 40 || len(h.Options)%4 != 0 || h.Flags > 0x1ff {
		panic(fmt.Sprintf("packettest: no TCP header has %d bytes of options and flags 0x%x", len(h.Options), uint16(h.Flags)))
	}
	start := len(b)
	b = binary.BigEndian.AppendUint16(b, h.SrcPort)
	b = binary.BigEndian.AppendUint16(b, h.DstPort)
	b = binary.BigEndian.AppendUint32(b, h.Seq)
	b = binary.BigEndian.AppendUint32(b, h.Ack)
	b = binary.BigEndian.AppendUint16(b, uint16(hdr/4)<<12|uint16(h.Flags))
	b = binary.BigEndian.AppendUint16(b, h.Window)
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint16(b, h.Urgent)
	b = append(b, h.Options...)
	b = append(b, payload...)
	binary.BigEndian.PutUint16(b[start+16:], packet.TransportChecksum(src, dst, packet.ProtoTCP, b[start:]))
	return b
}
