package pcap

import (
	"encoding/binary"
	"strings"
	"time"

	"wireloom/vnet/packet"
)

// The blocks of a capture, as draft-ietf-opsawg-pcapng has them, little-endian. They are
// written here, since gopacket's writer begins with an interface, and its packets have no
// options. Each is its type, its length, its body, its length once more (3.1); options are
// code, length and value, padded to four bytes, up to the code 0 (3.5).
const (
	blockSection    = 0x0a0d0d0a // Section Header Block, 4.1
	blockInterface  = 1          // Interface Description Block, 4.2
	blockStatistics = 5          // Interface Statistics Block, 4.6
	blockPacket     = 6          // Enhanced Packet Block, 4.3

	byteOrder = 0x1a2b3c4d // 4.1: the order of the bytes of numbers, by how this one reads

	optEnd     = 0
	optComment = 1

	shbUserAppl = 4

	ifName        = 2
	ifDescription = 3
	ifTsResol     = 9  // a power of ten
	ifFCSLen      = 13 // frames of a lab have no checksum at their end: readers need not guess

	epbFlags     = 2 // 4.3.1
	epbDropCount = 4 // packets that are missing since the one before of this interface
	epbPacketID  = 5 // the same wherever the same packet was seen

	isbStartTime    = 2
	isbEndTime      = 3
	isbIfRecv       = 4
	isbIfDrop       = 5
	isbFilterAccept = 6
	isbOSDrop       = 7
	isbUsrDeliv     = 8
)

// linkTypes are the numbers of www.tcpdump.org/linktypes.html.
var linkTypes = map[packet.Link]uint16{packet.LinkNull: 0, packet.LinkEthernet: 1, packet.LinkRaw: 101}

var le = binary.LittleEndian

// A block is one that is being made, without the length at its end.
type block []byte

// begin makes b a new block of a type.
func (b block) begin(typ uint32) block { return b[:0].u32(typ).u32(0) }

func (b block) u16(v uint16) block { return le.AppendUint16(b, v) }
func (b block) u32(v uint32) block { return le.AppendUint32(b, v) }
func (b block) u64(v uint64) block { return le.AppendUint64(b, v) }

// time is a time since the lab began, in nanoseconds, the upper half first (4.3).
func (b block) time(at time.Duration) block { return b.u32(uint32(at >> 32)).u32(uint32(at)) }

// pad fills up to four bytes.
func (b block) pad() block { return append(b, "\x00\x00\x00"[:-len(b)&3]...) }

func (b block) option(code uint16, value string) block {
	return append(b.u16(code).u16(uint16(len(value))), value...).pad()
}

func (b block) option64(code uint16, v uint64) block { return b.u16(code).u16(8).u64(v) }

// text is an option that is text (UTF-8); none where there is nothing to say.
func (b block) text(code uint16, s string, limit int) block {
	if s == "" {
		return b
	}
	return b.option(code, strings.ToValidUTF8(s[:min(len(s), limit)], ""))
}

// end ends the options and the block.
func (b block) end() block {
	b = b.u32(optEnd)
	n := uint32(len(b) + 4)
	le.PutUint32(b[4:], n)
	return b.u32(n)
}

func (b block) section() block {
	const major, minor = 1, 0
	const unknown = ^uint64(0) // length of the section
	return b.begin(blockSection).u32(byteOrder).u16(major).u16(minor).u64(unknown).text(shbUserAppl, "wireloom", MaxName).end()
}

func (b block) iface(i *Interface) block {
	b = b.begin(blockInterface).u16(linkTypes[i.Link]).u16(0).u32(SnapLen)
	b = b.text(ifName, i.Name, MaxName).text(ifDescription, i.Description, MaxComment).text(optComment, i.Comment, MaxComment)
	return b.option(ifTsResol, "\x09").option(ifFCSLen, "\x00").end()
}

func (b block) packet(iface int, p *Packet) block {
	kept := p.Data[:min(len(p.Data), SnapLen)]
	b = b.begin(blockPacket).u32(uint32(iface)).time(p.At).u32(uint32(len(kept))).u32(uint32(len(p.Data)))
	b = append(b, kept...).pad()
	if p.Flow != 0 {
		b = b.u16(epbFlags).u16(4).u32(uint32(p.Flow))
	}
	if p.Missing > 0 {
		b = b.option64(epbDropCount, p.Missing)
	}
	if p.Frame > 0 {
		b = b.option64(epbPacketID, p.Frame)
	}
	for _, c := range p.Comments {
		b = b.text(optComment, c, MaxComment)
	}
	return b.end()
}

func (b block) statistics(iface int, at time.Duration, s *Statistics) block {
	b = b.begin(blockStatistics).u32(uint32(iface)).time(at)
	b = b.u16(isbStartTime).u16(8).time(s.From).u16(isbEndTime).u16(8).time(at)
	b = b.option64(isbIfRecv, s.Received).option64(isbIfDrop, s.Dropped).option64(isbFilterAccept, s.Accepted)
	return b.option64(isbOSDrop, s.Missing).option64(isbUsrDeliv, s.Written).end()
}
