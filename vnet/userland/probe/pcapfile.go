package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/pcapfilter"
	"wireloom/vnet/tcpdump"
)

// Files of packets as tcpdump writes them: pcap, pcap-savefile(5). internal/pcap writes the
// pcapng of a lab; here is the old form, which a program of a few lines reads.

const (
	pcapMagic     = 0xa1b2c3d4
	pcapNanoMagic = 0xa1b23c4d
	pcapHeader    = 24
	pcapRecord    = 16
)

// pcapLinks are the links' numbers in files; a tun is DLT_NULL.
var pcapLinks = map[pcapfilter.Link]uint32{pcapfilter.Null: 0, pcapfilter.Ethernet: 1, pcapfilter.Raw: 101}

// appendHeader appends the beginning of a file.
func appendHeader(b []byte, link pcapfilter.Link, snap int) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, pcapMagic)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 4)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	b = le.AppendUint32(b, uint32(snap))
	return le.AppendUint32(b, pcapLinks[link])
}

// appendRecord appends a packet.
func appendRecord(b []byte, k tcpdump.Packet) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, uint32(k.At/time.Second))
	b = le.AppendUint32(b, uint32(k.At%time.Second/time.Microsecond))
	b = le.AppendUint32(b, uint32(len(k.Data)))
	b = le.AppendUint32(b, uint32(k.Size))
	return append(b, k.Data...)
}

// A pcapReader reads a file.
type pcapReader struct {
	read  func(b []byte) (int, errno.Errno)
	order binary.ByteOrder
	tick  time.Duration
	link  pcapfilter.Link
	snap  uint32
}

// fill reads len(b) bytes; n is how many there were.
func (r *pcapReader) fill(b []byte) (n int, err error) {
	for n < len(b) {
		m, e := r.read(b[n:])
		if e != errno.OK {
			return n, errors.New(e.Message())
		}
		if m == 0 {
			break
		}
		n += m
	}
	return n, nil
}

// begin reads the file's header.
func (r *pcapReader) begin() error {
	var b [pcapHeader]byte
	n, err := r.fill(b[:])
	if err != nil {
		return err
	}
	if n < len(b) {
		return fmt.Errorf("truncated dump file; tried to read %d file header bytes, only got %d", len(b), n)
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(b[:]) {
		case pcapMagic:
			r.order, r.tick = order, time.Microsecond
		case pcapNanoMagic:
			r.order, r.tick = order, time.Nanosecond
		}
	}
	if r.order == nil {
		return errors.New("unknown file format")
	}
	r.snap = r.order.Uint32(b[16:])
	switch dlt := r.order.Uint32(b[20:]) & 0xffff; dlt {
	case 0:
		r.link = pcapfilter.Null
	case 1:
		r.link = pcapfilter.Ethernet
	case 12, 14, 101: // what DLT_RAW is to one system or another
		r.link = pcapfilter.Raw
	default:
		return fmt.Errorf("packets printing is not supported for link type %d: use -w", dlt)
	}
	return nil
}

// next reads a packet; ok is false at the end.
func (r *pcapReader) next() (k tcpdump.Packet, ok bool, err error) {
	var b [pcapRecord]byte
	n, err := r.fill(b[:])
	switch {
	case err != nil || n == 0:
		return k, false, err
	case n < len(b):
		return k, false, fmt.Errorf("truncated dump file; tried to read %d header bytes, only got %d", len(b), n)
	}
	kept := r.order.Uint32(b[8:])
	if kept > maxSnap {
		return k, false, fmt.Errorf("bogus savefile header: a packet of %d bytes, more than %d", kept, maxSnap)
	}
	k = tcpdump.Packet{
		Link: r.link, Size: int(r.order.Uint32(b[12:])), Data: make([]byte, kept),
		At: time.Duration(r.order.Uint32(b[:]))*time.Second + time.Duration(r.order.Uint32(b[4:]))*r.tick,
	}
	if n, err = r.fill(k.Data); err == nil && n < len(k.Data) {
		err = fmt.Errorf("truncated dump file; tried to read %d captured bytes, only got %d", kept, n)
	}
	return k, err == nil, err
}
