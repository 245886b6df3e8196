package pcap

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"

	"wireloom/vnet/packet"
)

// Limits of what a capture takes.
const (
	SnapLen       = 256 << 10 // bytes kept of a frame; longer ones are cut
	MaxInterfaces = 1 << 16   // capture points in one file
	MaxName       = 255       // bytes of a capture point's name
	MaxComment    = 1024      // bytes of a comment; longer ones are cut
)

// statisticsSize is how long the statistics of an interface are, at most.
const statisticsSize = 20 + 7*12 + 8

// A Flow is the way of a packet past its interface, as epb_flags has it (4.3.1).
type Flow uint8

// The ways; zero where it isn't known.
const (
	Inbound  Flow = 1
	Outbound Flow = 2
)

// An Interface is a capture point as the file tells it.
type Interface struct {
	Name, Description string
	Comment           string
	Link              packet.Link
}

// A Packet is a frame as an interface saw it.
type Packet struct {
	At       time.Duration // since the lab began
	Frame    uint64        // its identity in the lab; 0 for none
	Flow     Flow
	Missing  uint64 // frames that are not in the capture since the one before
	Data     []byte
	Comments []string
}

// Statistics are what an interface has counted (4.6).
type Statistics struct {
	From     time.Duration // when it began to count
	Received uint64        // frames that passed
	Dropped  uint64        // frames that the lab lost there
	Accepted uint64        // of those that passed, or were lost, those that the filter took
	Missing  uint64        // frames that are not in the capture, since its reader was too slow or a limit is reached
	Written  uint64        // frames that are
}

// A Writer writes one capture. One goroutine may use it. After an error from
// the underlying writer every call returns that error.
type Writer struct {
	w      *bufio.Writer
	buf    block
	links  []packet.Link // of the interfaces
	limit  int64         // of bytes
	size   int64         // with room for the statistics of all interfaces
	full   bool
	failed error
}

// NewWriter starts a capture of at most limit bytes, or of any size if that is 0. The
// section header is written at once, so that a capture without frames is valid too.
func NewWriter(w io.Writer, limit int64) (*Writer, error) {
	c := &Writer{w: bufio.NewWriterSize(w, 64<<10), limit: limit}
	c.put(c.buf.section())
	c.size = int64(len(c.buf))
	return c, c.Flush()
}

func (w *Writer) put(b block) {
	w.buf = b
	if w.failed == nil {
		_, w.failed = w.w.Write(b)
	}
}

// room reports whether n bytes fit, and takes them.
func (w *Writer) room(n int) bool {
	if w.full = w.full || w.limit > 0 && w.size+int64(n) > w.limit; w.full {
		return false
	}
	w.size += int64(n)
	return true
}

// Interface adds a capture point and returns its number; -1 where the limit of bytes is
// reached.
func (w *Writer) Interface(i *Interface) (int, error) {
	switch _, known := linkTypes[i.Link]; {
	case w.failed != nil:
		return -1, w.failed
	case !known:
		return -1, fmt.Errorf("pcap: interface %q: unknown link type %d", i.Name, i.Link)
	case i.Name == "" || len(i.Name) > MaxName:
		return -1, fmt.Errorf("pcap: interface name of %d bytes: want 1 to %d", len(i.Name), MaxName)
	case len(w.links) >= MaxInterfaces:
		return -1, fmt.Errorf("pcap: interface %q: a capture has at most %d", i.Name, MaxInterfaces)
	}
	b := w.buf.iface(i)
	if w.buf = b; !w.room(len(b) + statisticsSize) {
		return -1, nil
	}
	w.put(b)
	w.links = append(w.links, i.Link)
	return len(w.links) - 1, w.failed
}

var errTime = errors.New("pcap: time is before the lab's start")

// Packet writes a packet that an interface saw, whose frames begin with link. It reports
// false where the limit of bytes is reached: what follows is not written either, so that
// what the file lacks is its end.
func (w *Writer) Packet(iface int, link packet.Link, p *Packet) (bool, error) {
	switch {
	case w.failed != nil:
		return false, w.failed
	case p.At < 0:
		return false, errTime
	case w.links[iface] != link:
		return false, fmt.Errorf("pcap: interface %d has link type %v: a frame of link type %v cannot be on it", iface, w.links[iface], link)
	}
	b := w.buf.packet(iface, p)
	if w.buf = b; !w.room(len(b)) {
		return false, nil
	}
	w.put(b)
	return true, w.failed
}

// Statistics writes what an interface has counted until a time. What is written last
// holds. They are no part of the limit, but once for each interface.
func (w *Writer) Statistics(iface int, at time.Duration, s *Statistics) error {
	w.put(w.buf.statistics(iface, at, s))
	return w.failed
}

// Flush hands what is buffered to the underlying writer. Call it before that is closed.
func (w *Writer) Flush() error {
	if w.failed == nil {
		w.failed = w.w.Flush()
	}
	return w.failed
}
