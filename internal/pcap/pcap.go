// Package pcap writes a lab's frames as a pcapng capture: one interface per
// capture point, nanosecond times, and the same bytes on every machine.
package pcap

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"wireloom/vnet/event"
	"wireloom/vnet/packet"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// Limits of what a capture takes.
const (
	DefaultSnapLen = 256 << 10 // bytes kept of a frame; longer ones are cut
	MaxInterfaces  = 4096      // capture points in one file
	MaxName        = 255       // bytes of a capture point's name
	MaxComment     = 1024      // bytes of a frame's comment; longer ones are cut
)

// linkTypes are the numbers of pcapng, which gopacket's names don't all agree with.
var linkTypes = map[packet.Link]layers.LinkType{packet.LinkEthernet: layers.LinkTypeEthernet, packet.LinkRaw: 101, packet.LinkNull: layers.LinkTypeNull}

// Config is what can be chosen about a capture; the zero value is good.
type Config struct {
	Epoch   time.Time // the wall time of the lab's start; zero: 1970-01-01 00:00:00 UTC
	SnapLen int       // bytes kept of a frame; 0: DefaultSnapLen, which is also the most
}

// A Writer writes one capture. One goroutine may use it. After an error from
// the underlying writer every call returns that error.
type Writer struct {
	cfg    Config
	base   uint64 // the epoch in nanoseconds since 1970
	w      *bufio.Writer
	header *skipper
	ng     *pcapgo.NgWriter // nil until the first interface, as gopacket begins with one
	ifaces map[string]iface
	err    error
}

type iface struct {
	id   int
	link packet.Link
}

// options are fixed: gopacket's defaults tell the machine.
var options = pcapgo.NgWriterOptions{SectionInfo: pcapgo.NgSectionInfo{Application: "wireloom"}}

// New starts a capture that counts time from 1970.
func New(w io.Writer) (*Writer, error) { return NewConfig(w, Config{}) }

// NewConfig starts a capture. The section header is written at once, so that a
// capture without frames is valid too.
func NewConfig(w io.Writer, cfg Config) (*Writer, error) {
	if cfg.SnapLen < 0 || cfg.SnapLen > DefaultSnapLen {
		return nil, fmt.Errorf("pcap: snap length %d: want 0 to %d", cfg.SnapLen, DefaultSnapLen)
	}
	if cfg.SnapLen == 0 {
		cfg.SnapLen = DefaultSnapLen
	}
	if cfg.Epoch.IsZero() {
		cfg.Epoch = time.Unix(0, 0)
	}
	if s := cfg.Epoch.Unix(); s < 0 || s > math.MaxInt64/int64(2*time.Second) {
		return nil, fmt.Errorf("pcap: epoch %s: want a time from 1970 to 2116", cfg.Epoch.UTC().Format(time.DateOnly))
	}
	header, err := sectionHeader()
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(header); err != nil {
		return nil, fmt.Errorf("pcap: %w", err)
	}
	skip := &skipper{w: w, n: len(header)}
	return &Writer{
		cfg: cfg, base: uint64(cfg.Epoch.UnixNano()), header: skip,
		w: bufio.NewWriterSize(skip, 64<<10), ifaces: make(map[string]iface),
	}, nil
}

// sectionHeader is the first block gopacket writes. It writes an interface with
// it, which a capture does not have yet.
func sectionHeader() ([]byte, error) {
	var buf bytes.Buffer
	ng, err := pcapgo.NewNgWriterInterface(&buf, pcapgo.NgInterface{}, options)
	if err == nil {
		err = ng.Flush()
	}
	if err != nil {
		return nil, fmt.Errorf("pcap: section header: %w", err)
	}
	n := binary.LittleEndian.Uint32(buf.Bytes()[4:])
	return buf.Bytes()[:n], nil
}

// A skipper drops the first n bytes: the section header, which is out already.
type skipper struct {
	w io.Writer
	n int
}

// Write implements io.Writer.
func (s *skipper) Write(p []byte) (int, error) {
	drop := min(s.n, len(p))
	s.n -= drop
	n, err := s.w.Write(p[drop:])
	return drop + n, err
}

var errTime = errors.New("pcap: time is before the lab's start")

// Event writes the frame of an event that is one on a link, and nothing for others.
// What a driver put before a packet is not written: a capture point has one link type.
func (w *Writer) Event(e *event.Event, comment string) error {
	f, ok := e.FrameSent()
	if !ok {
		return nil
	}
	return w.Frame(e.At, f.From, f.Link, f.Data, comment)
}

// Frame writes a frame seen at a time since the lab's start on the capture
// point called iface, such as "s1.2" or "bob:tap0". A point is added to the
// capture with its first frame and keeps its link type. comment is shown with
// the frame; "" is none.
func (w *Writer) Frame(at time.Duration, iface string, link packet.Link, data []byte, comment string) error {
	if w.err != nil {
		return w.err
	}
	if at < 0 {
		return errTime
	}
	id, err := w.iface(iface, link)
	if err != nil {
		return err
	}
	kept := data[:min(len(data), w.cfg.SnapLen)]
	if comment != "" {
		w.err = w.commented(w.base+uint64(at), id, kept, len(data), comment)
		return w.err
	}
	w.err = w.ng.WritePacket(gopacket.CaptureInfo{
		Timestamp: w.cfg.Epoch.Add(at), CaptureLength: len(kept), Length: len(data), InterfaceIndex: id,
	}, kept)
	return w.err
}

// iface is the number of a capture point, which is added when it is new.
func (w *Writer) iface(name string, link packet.Link) (int, error) {
	if f, ok := w.ifaces[name]; ok {
		if f.link != link {
			return 0, fmt.Errorf("pcap: interface %q has link type %v: a frame of link type %v cannot be on it", name, f.link, link)
		}
		return f.id, nil
	}
	switch {
	case linkTypes[link] == 0 && link != packet.LinkNull: // whose number is 0
		return 0, fmt.Errorf("pcap: interface %q: unknown link type %d", name, link)
	case name == "" || len(name) > MaxName:
		return 0, fmt.Errorf("pcap: interface name of %d bytes: want 1 to %d", len(name), MaxName)
	case len(w.ifaces) >= MaxInterfaces:
		return 0, fmt.Errorf("pcap: interface %q: a capture has at most %d", name, MaxInterfaces)
	}
	desc := pcapgo.NgInterface{Name: name, LinkType: linkTypes[link], SnapLength: uint32(w.cfg.SnapLen), TimestampResolution: 9}
	id := 0
	if w.ng == nil {
		// Over a bufio.Writer gopacket makes no buffer of its own, so commented may write to ours.
		w.ng, w.err = pcapgo.NewNgWriterInterface(w.w, desc, options)
	} else {
		id, w.err = w.ng.AddInterface(desc)
	}
	if w.err != nil {
		return 0, w.err
	}
	w.ifaces[name] = iface{id: id, link: link}
	return id, nil
}

// commented writes an enhanced packet block with an opt_comment, which
// gopacket's writer cannot (draft-ietf-opsawg-pcapng, section 4.3).
func (w *Writer) commented(ns uint64, id int, data []byte, length int, comment string) error {
	const enhancedPacket, optComment, fixed = 6, 1, 28
	comment = comment[:min(len(comment), MaxComment)]
	padded := func(n int) int { return (n + 3) &^ 3 }
	total := fixed + padded(len(data)) + 4 + padded(len(comment)) + 4 + 4
	le := binary.LittleEndian
	b := make([]byte, 0, total)
	b = le.AppendUint32(b, enhancedPacket)
	b = le.AppendUint32(b, uint32(total))
	b = le.AppendUint32(b, uint32(id))
	b = le.AppendUint32(b, uint32(ns>>32))
	b = le.AppendUint32(b, uint32(ns))
	b = le.AppendUint32(b, uint32(len(data)))
	b = le.AppendUint32(b, uint32(length))
	b = append(b, data...)
	b = b[:fixed+padded(len(data))]
	b = le.AppendUint16(b, optComment)
	b = le.AppendUint16(b, uint16(len(comment)))
	b = append(b, comment...)
	b = append(b, make([]byte, padded(len(comment))-len(comment))...)
	b = le.AppendUint32(b, 0) // opt_endofopt
	b = le.AppendUint32(b, uint32(total))
	_, err := w.w.Write(b)
	return err
}

// Flush hands what is buffered to the underlying writer. Call it before that is closed.
func (w *Writer) Flush() error {
	if w.err == nil {
		w.err = w.w.Flush()
	}
	return w.err
}
