package stp

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// A BridgeID is a bridge's identifier: priority, and its address below it.
type BridgeID uint64

// MakeBridgeID makes one of a priority, which is a multiple of 4096, and an address.
func MakeBridgeID(priority uint16, mac [6]byte) BridgeID {
	var b [8]byte
	binary.BigEndian.PutUint16(b[:], priority)
	copy(b[2:], mac[:])
	return BridgeID(binary.BigEndian.Uint64(b[:]))
}

// address is the identifier without its priority.
func (id BridgeID) address() uint64 { return uint64(id) & (1<<48 - 1) }

// String is the identifier as bridge(8) prints it: 8000.020000000100.
func (id BridgeID) String() string { return fmt.Sprintf("%04x.%012x", uint64(id)>>48, id.address()) }

// A PortID is a port's identifier: four bits of priority, then its number.
type PortID uint16

// number is the identifier without its priority.
func (id PortID) number() uint16 { return uint16(id) & 0xfff }

// A Vector is a priority vector (17.5): what a BPDU says of the way to the root.
// Less is better.
type Vector struct {
	Root   BridgeID
	Cost   uint32
	Bridge BridgeID // designated
	Port   PortID   // designated
}

// Compare returns a negative number where v is better than o, 0 where it is the same.
func (v Vector) Compare(o Vector) int {
	return cmp.Or(cmp.Compare(v.Root, o.Root), cmp.Compare(v.Cost, o.Cost), cmp.Compare(v.Bridge, o.Bridge), cmp.Compare(v.Port, o.Port))
}

// Times are the timer parameters of a BPDU, in units of 1/256 s.
type Times struct {
	MessageAge, MaxAge, HelloTime, ForwardDelay uint16
}

// tick256 is the unit of times in a BPDU (9.2.8).
const tick256 = time.Second / 256

func to256(d time.Duration) uint16 { return uint16(min(max(d/tick256, 0), 0xffff)) }

// secondsOf is a time of a BPDU in whole seconds, rounded up: what the timers of
// clause 17 count in.
func secondsOf(t uint16) int { return (int(t) + 255) / 256 }

// Type is the type of a BPDU (9.3).
type Type uint8

// The types.
const (
	TypeConfig Type = 0x00
	TypeTCN    Type = 0x80
	TypeRST    Type = 0x02
)

// Flags of a BPDU (9.2.9, 9.3.3). A Config BPDU has the first and the last.
const (
	FlagTC         = 1 << 0
	FlagProposal   = 1 << 1
	flagRole       = 3 << 2 // 1 alternate or backup, 2 root, 3 designated
	FlagLearning   = 1 << 4
	FlagForwarding = 1 << 5
	FlagAgreement  = 1 << 6
	FlagTCAck      = 1 << 7
)

// Lengths of BPDUs behind the LLC header.
const (
	llcLen    = 3
	tcnLen    = 4
	configLen = 35
	rstLen    = 36
)

// A BPDU is a bridge protocol data unit (9.3).
type BPDU struct {
	Version uint8
	Type    Type
	Flags   uint8
	Vector  Vector
	Times   Times
}

// role is the role of the port that sent it (9.2.9). A Config BPDU comes from a
// designated port; an RST BPDU of unknown role, 0, is handled like one of an
// unknown port: as a Config BPDU.
func (b *BPDU) role() Role {
	if b.Type == TypeConfig {
		return DesignatedPort
	}
	switch b.Flags & flagRole >> 2 {
	case 1:
		return AlternatePort
	case 2:
		return RootPort
	case 3:
		return DesignatedPort
	}
	return DisabledPort
}

// Errors of Parse.
var (
	errNotBPDU = errors.New("it is no BPDU: the LLC header is not 42 42 03 with protocol 0")
	errShort   = errors.New("the BPDU is cut short")
	errType    = errors.New("the BPDU is of no type that this version has")
)

// Parse reads a BPDU from its LLC header on (9.3.4). What follows it, padding, is
// ignored.
func Parse(p []byte) (BPDU, error) {
	if len(p) < llcLen+tcnLen {
		return BPDU{}, errShort
	}
	if p[0] != 0x42 || p[1] != 0x42 || p[2] != 0x03 || p[3] != 0 || p[4] != 0 {
		return BPDU{}, errNotBPDU
	}
	p = p[llcLen:]
	b := BPDU{Version: p[2], Type: Type(p[3])}
	switch {
	case b.Type == TypeTCN:
		return b, nil
	case b.Type == TypeConfig && len(p) < configLen, b.Type == TypeRST && len(p) < rstLen:
		return BPDU{}, errShort
	case b.Type != TypeConfig && (b.Type != TypeRST || b.Version < 2):
		return BPDU{}, errType
	}
	be := binary.BigEndian
	b.Flags = p[4]
	b.Vector = Vector{Root: BridgeID(be.Uint64(p[5:])), Cost: be.Uint32(p[13:]), Bridge: BridgeID(be.Uint64(p[17:])), Port: PortID(be.Uint16(p[25:]))}
	b.Times = Times{be.Uint16(p[27:]), be.Uint16(p[29:]), be.Uint16(p[31:]), be.Uint16(p[33:])}
	return b, nil
}

// Append appends the BPDU to p, from its LLC header on.
func (b *BPDU) Append(p []byte) []byte {
	p = append(p, 0x42, 0x42, 0x03, 0, 0, b.Version, byte(b.Type))
	if b.Type == TypeTCN {
		return p
	}
	be := binary.BigEndian
	p = append(p, b.Flags)
	p = be.AppendUint64(p, uint64(b.Vector.Root))
	p = be.AppendUint32(p, b.Vector.Cost)
	p = be.AppendUint64(p, uint64(b.Vector.Bridge))
	p = be.AppendUint16(p, uint16(b.Vector.Port))
	for _, t := range [...]uint16{b.Times.MessageAge, b.Times.MaxAge, b.Times.HelloTime, b.Times.ForwardDelay} {
		p = be.AppendUint16(p, t)
	}
	if b.Type == TypeRST {
		p = append(p, 0) // version 1 length
	}
	return p
}
