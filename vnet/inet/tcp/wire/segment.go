// Package wire is TCP on the wire: a segment and its options, as bytes and as a value, and
// order in the sequence space. It keeps no state, and nothing in it panics on any input.
package wire

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"

	"wireloom/vnet/packet"
)

// Flags are the control bits of a segment (RFC 9293, 3.1).
type Flags uint8

// The control bits.
const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// String is for example "SYN|ACK", or "none".
func (f Flags) String() string {
	if f == 0 {
		return "none"
	}
	var names []string
	for i, n := range [...]string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"} {
		if f&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, "|")
}

// HeaderLen is the length of a TCP header without options, in bytes.
const HeaderLen = 20

// A Segment is one TCP segment. What is not of the wire's header (DF, ID) is what its
// dialect wants of IPv4; it means nothing in a segment that came in.
type Segment struct {
	Src, Dst netip.AddrPort
	Seq, Ack uint32
	Flags    Flags
	Window   uint16 // as on the wire: not scaled
	Urgent   uint16
	DF       bool   // IPv4's don't-fragment bit
	HasID    bool   // ID is IPv4's identification; else the IP layer chooses
	ID       uint16 // see HasID
	Options  []byte // as on the wire, padded to 32-bit words
	Data     []byte
}

// Len is the length of the segment's message in bytes: what IP carries.
func (s *Segment) Len() int { return HeaderLen + len(s.Options) + len(s.Data) }

// Length is what the segment takes of the sequence space.
func (s *Segment) Length() uint32 {
	n := uint32(len(s.Data))
	if s.Flags&SYN != 0 {
		n++
	}
	if s.Flags&FIN != 0 {
		n++
	}
	return n
}

// Append appends the whole TCP message, its checksum right.
func (s *Segment) Append(b []byte) []byte {
	start := len(b)
	be := binary.BigEndian
	b = be.AppendUint16(b, s.Src.Port())
	b = be.AppendUint16(b, s.Dst.Port())
	b = be.AppendUint32(b, s.Seq)
	b = be.AppendUint32(b, s.Ack)
	b = append(b, byte((HeaderLen+len(s.Options))/4)<<4, byte(s.Flags))
	b = be.AppendUint16(b, s.Window)
	b = append(b, 0, 0)
	b = be.AppendUint16(b, s.Urgent)
	b = append(b, s.Options...)
	b = append(b, s.Data...)
	check := packet.TransportChecksum(s.Src.Addr(), s.Dst.Addr(), packet.ProtoTCP, b[start:])
	be.PutUint16(b[start+16:], check)
	return b
}

// Why Parse refuses a message.
var (
	ErrChecksum = errors.New("tcp: wrong checksum")
	ErrHeader   = errors.New("tcp: the header is longer than the message, or shorter than 20 bytes")
)

// Parse reads a TCP message that came from src to dst. The segment aliases p. The
// error is ErrChecksum or ErrHeader; a host counts it.
func Parse(src, dst netip.Addr, p []byte) (Segment, error) {
	if len(p) < HeaderLen {
		return Segment{}, ErrHeader
	}
	if packet.TransportChecksum(src, dst, packet.ProtoTCP, p) != 0 {
		return Segment{}, ErrChecksum
	}
	off := int(p[12]>>4) * 4
	if off < HeaderLen || off > len(p) {
		return Segment{}, ErrHeader
	}
	be := binary.BigEndian
	return Segment{
		Src: netip.AddrPortFrom(src, be.Uint16(p)), Dst: netip.AddrPortFrom(dst, be.Uint16(p[2:])),
		Seq: be.Uint32(p[4:]), Ack: be.Uint32(p[8:]), Flags: Flags(p[13]), Window: be.Uint16(p[14:]), Urgent: be.Uint16(p[18:]),
		Options: p[HeaderLen:off], Data: p[off:],
	}, nil
}

// Before tells whether a comes before b in the sequence space, which wraps.
func Before(a, b uint32) bool { return int32(a-b) < 0 }

// After tells whether a comes behind b.
func After(a, b uint32) bool { return int32(a-b) > 0 }

// Later is the one that comes behind the other.
func Later(a, b uint32) uint32 {
	if After(a, b) {
		return a
	}
	return b
}

// Earlier is the one that comes before the other.
func Earlier(a, b uint32) uint32 {
	if Before(a, b) {
		return a
	}
	return b
}
