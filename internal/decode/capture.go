package decode

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"time"

	"wireloom/vnet/packet"
)

// MaxCaptured is how many frames are read from a capture.
const MaxCaptured = 10_000

// A Captured is a frame of a capture file.
type Captured struct {
	Link Link
	Data []byte        // a part of the file's bytes
	Cut  int           // how long the frame was, where the capture has only its beginning; else 0
	At   time.Duration // when it was captured, since 1970; 0 where that is not known
}

// Noun is what frames of a link type are, for people.
func Noun(l Link) string {
	switch l { //nolint:exhaustive // NoLink is no frame
	case Ethernet:
		return "an Ethernet frame"
	case Raw:
		return "an IP packet"
	case Null:
		return "a packet with its address family"
	}
	return fmt.Sprintf("a frame of link type %d", uint8(l))
}

// linkTypes are those of pcap that are known here.
var linkTypes = map[uint32]Link{1: Ethernet, 12: Raw, 14: Raw, 101: Raw, 228: Raw, 229: Raw, 0: Null}

// ReadCapture reads the frames of a capture file, pcap or pcapng. They are parts of
// b, which must not change. Every length is checked against what is there; what is
// no frame, as statistics and names, is skipped.
func ReadCapture(b []byte) ([]Captured, error) {
	if len(b) < 4 {
		return nil, errors.New("the file is too short for a capture")
	}
	switch binary.LittleEndian.Uint32(b) {
	case 0x0a0d0d0a:
		return readNG(b)
	case 0xa1b2c3d4, 0xa1b23c4d:
		return readPcap(b, binary.LittleEndian)
	case 0xd4c3b2a1, 0x4d3cb2a1:
		return readPcap(b, binary.BigEndian)
	}
	if b[0] == 0x1f && b[1] == 0x8b {
		return nil, errors.New("the file is packed with gzip: unpack it, with gunzip")
	}
	return nil, errors.New("the file is neither pcap nor pcapng")
}

// add appends a frame of a link type's number. whole is how long it was on the wire.
func add(out []Captured, link uint32, data []byte, whole uint32, at time.Duration) ([]Captured, error) {
	l, ok := linkTypes[link]
	switch {
	case link == 113 || link == 276: // LINKTYPE_LINUX_SLL and its second version
		return nil, fmt.Errorf("frame %d was captured on all interfaces at once (Linux cooked capture), so that its link header is gone: capture on one, with tcpdump -i NAME", len(out)+1)
	case !ok:
		return nil, fmt.Errorf("frame %d has link type %d; Ethernet, raw IP and null are read", len(out)+1, link)
	case len(data) > MaxFrame:
		return nil, fmt.Errorf("frame %d has %d bytes, at most %d are read", len(out)+1, len(data), MaxFrame)
	case len(out) >= MaxCaptured:
		return nil, fmt.Errorf("there are more than %d frames", MaxCaptured)
	}
	c := Captured{Link: l, Data: data, At: at}
	if uint64(whole) > uint64(len(data)) {
		c.Cut = int(whole)
	}
	return append(out, c), nil
}

// fcsKnown is the bit of a classic capture's link type that says that frames end with a
// frame check sequence; the four highest say of how many 16-bit words
// (draft-ietf-opsawg-pcap, 4).
const fcsKnown = 1 << 26

// withoutFCS takes a frame check sequence of so many bytes off a frame, of which a capture
// may have a part, or nothing.
func withoutFCS(data []byte, whole, fcs uint32) ([]byte, uint32) {
	whole -= min(fcs, whole)
	return data[:min(uint64(len(data)), uint64(whole))], whole
}

// readPcap reads the classic format.
func readPcap(b []byte, order binary.ByteOrder) (out []Captured, err error) {
	if len(b) < 24 {
		return nil, errors.New("the file ends within its header")
	}
	word := order.Uint32(b[20:])
	link, fcs := word&0xffff, uint32(0)
	if word&fcsKnown != 0 {
		fcs = 2 * (word >> 28)
	}
	unit := time.Microsecond
	if order.Uint32(b) == 0xa1b23c4d {
		unit = time.Nanosecond
	}
	for b = b[24:]; len(b) > 0; {
		if len(b) < 16 {
			return nil, fmt.Errorf("the file ends within the header of frame %d", len(out)+1)
		}
		n := order.Uint32(b[8:])
		if uint64(n) > uint64(len(b)-16) {
			return nil, fmt.Errorf("frame %d claims %d bytes, and %d are left", len(out)+1, n, len(b)-16)
		}
		at := time.Duration(order.Uint32(b))*time.Second + time.Duration(order.Uint32(b[4:]))*unit
		data, whole := b[16:16+n], order.Uint32(b[12:])
		if fcs > 0 {
			data, whole = withoutFCS(data, max(whole, n), fcs)
		}
		if out, err = add(out, link, data, whole, at); err != nil {
			return nil, err
		}
		b = b[16+n:]
	}
	return out, nil
}

// An ngInterface is one that a section of a pcapng describes.
type ngInterface struct {
	link, snap uint32 // snap: how much of a frame is kept; 0: all
	ticks      uint64 // a second
	offset     int64  // in seconds, of its times
	fcs        uint32 // bytes of a frame check sequence behind each frame
}

// describe reads the options of an interface that say what its times and frames are
// (draft-ietf-opsawg-pcapng, 4.2).
func (i *ngInterface) describe(options []byte, order binary.ByteOrder) {
	i.ticks = 1_000_000
	for len(options) >= 4 {
		code, n := order.Uint16(options), int(order.Uint16(options[2:]))
		options = options[4:]
		if code == 0 || n > len(options) {
			return
		}
		value := options[:n]
		switch {
		case code == 9 && n == 1 && value[0]&0x80 != 0 && value[0]&0x7f < 63:
			i.ticks = 1 << (value[0] & 0x7f)
		case code == 9 && n == 1 && value[0] <= 18:
			i.ticks = 1
			for range value[0] {
				i.ticks *= 10
			}
		case code == 13 && n == 1:
			i.fcs = uint32(value[0])
		case code == 14 && n == 8:
			i.offset = int64(order.Uint64(value))
		}
		options = options[min((n+3)&^3, len(options)):]
	}
}

// at is when a frame of the interface was captured; 0 where that is beyond what a
// Duration holds, as no clock says it.
func (i *ngInterface) at(ticks uint64) time.Duration {
	seconds := int64(ticks/i.ticks) + i.offset
	if seconds < 0 || seconds > 1<<33 {
		return 0
	}
	hi, lo := bits.Mul64(ticks%i.ticks, uint64(time.Second))
	ns, _ := bits.Div64(hi, lo, i.ticks) // what is divided is less than a second's worth of ticks
	return time.Duration(seconds)*time.Second + time.Duration(ns)
}

// ReadTimed reads a capture file whose frames are to be sent as they came, and with its
// timing: At is the time since the first, and no frame comes before the one that stands
// before it.
func ReadTimed(b []byte) ([]Captured, error) {
	out, err := ReadCapture(b)
	if err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, errors.New("it has no frame")
	}
	first, at := out[0].At, time.Duration(0)
	for i := range out {
		switch c := &out[i]; {
		case c.Link != Ethernet:
			return nil, fmt.Errorf("frame %d is %s, and Ethernet frames are sent", i+1, Noun(c.Link))
		case c.Cut > 0:
			return nil, fmt.Errorf("frame %d is only the first %d of %d bytes: capture whole frames (tcpdump -s 0)", i+1, len(c.Data), c.Cut)
		case len(c.Data) < packet.EthernetLen:
			return nil, fmt.Errorf("frame %d has %d bytes, which is no Ethernet header", i+1, len(c.Data))
		default:
			at = max(at, c.At-first)
			c.At = at
		}
	}
	return out, nil
}

// maxInterfaces is how many interfaces a section may describe.
const maxInterfaces = 4096

// readNG reads pcapng (draft-ietf-opsawg-pcapng).
func readNG(b []byte) (out []Captured, err error) {
	var order binary.ByteOrder = binary.LittleEndian
	var ifaces []ngInterface
	for at := 0; at < len(b); {
		block := b[at:]
		if len(block) < 12 {
			return nil, fmt.Errorf("the file ends within a block at byte %d", at)
		}
		if binary.LittleEndian.Uint32(block) == 0x0a0d0d0a {
			switch binary.LittleEndian.Uint32(block[8:]) {
			case 0x1a2b3c4d:
				order = binary.LittleEndian
			case 0x4d3c2b1a:
				order = binary.BigEndian
			default:
				return nil, fmt.Errorf("the section at byte %d has no byte order", at)
			}
			ifaces = nil
		}
		typ, n := order.Uint32(block), order.Uint32(block[4:])
		if n < 12 || n%4 != 0 || uint64(n) > uint64(len(block)) {
			return nil, fmt.Errorf("the block at byte %d claims %d bytes, and %d are left", at, n, len(block))
		}
		body := block[8 : n-4]
		at += int(n)
		switch {
		case typ == 1 && len(body) >= 8:
			if len(ifaces) >= maxInterfaces {
				return nil, fmt.Errorf("more than %d interfaces are described", maxInterfaces)
			}
			i := ngInterface{link: uint32(order.Uint16(body)), snap: order.Uint32(body[4:])}
			i.describe(body[8:], order)
			ifaces = append(ifaces, i)
		case (typ == 6 || typ == 2) && len(body) >= 20: // enhanced; and the packet block that was before it
			number, size, whole := order.Uint32(body), order.Uint32(body[12:]), order.Uint32(body[16:])
			if typ == 2 {
				number = uint32(order.Uint16(body))
			}
			if uint64(number) >= uint64(len(ifaces)) || uint64(size) > uint64(len(body)-20) {
				return nil, fmt.Errorf("frame %d is not whole, or of an interface that is not described", len(out)+1)
			}
			i := &ifaces[number]
			data := body[20 : 20+size]
			if i.fcs > 0 {
				data, whole = withoutFCS(data, max(whole, size), i.fcs)
			}
			out, err = add(out, i.link, data, whole, i.at(uint64(order.Uint32(body[4:]))<<32|uint64(order.Uint32(body[8:]))))
		case typ == 3 && len(body) >= 4:
			if len(ifaces) == 0 {
				return nil, fmt.Errorf("frame %d is of an interface that is not described", len(out)+1)
			}
			whole := order.Uint32(body)
			size := min(uint64(whole), uint64(len(body)-4))
			if snap := ifaces[0].snap; snap > 0 {
				size = min(size, uint64(snap))
			}
			data := body[4 : 4+size]
			if fcs := ifaces[0].fcs; fcs > 0 {
				data, whole = withoutFCS(data, whole, fcs)
			}
			out, err = add(out, ifaces[0].link, data, whole, 0)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
