package decode

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/google/gopacket/layers"
)

// A layer is one header found in a frame.
type layer struct {
	proto proto
	off   int // of its first byte in the frame
	hdr   int // bytes in its header, options included, that are there
	bad   string
	check status

	padOff, padLen int      // Ethernet: bytes after the packet
	options        []option // TCP and neighbor discovery
	quoted         []layer  // the packet an ICMP error is about
	of             proto    // data: the message that it is, pData if none is known
	service        bool     // a VLAN tag: of a provider's, 0x88a8
	cut            bool     // in what an ICMP error quotes: cut short by nature

	// Of whole:
	payOff, payLen int // what it carries
	reach          int // where it ends, with all that is in it
	places         []place
}

// A status is what came of verifying a layer's checksum.
type status struct {
	known     bool // there is a checksum and it could be verified
	got, want uint16
}

func (c status) value() value {
	switch {
	case !c.known:
		return value{u: 2}
	case c.got == c.want:
		return value{u: 1}
	}
	return value{}
}

// An option is one in a list of options, at off from its layer's start.
type option struct {
	kind   byte
	off, n int
}

// maxTags is how many 802.1Q tags are walked.
const maxTags = 4

// walker carries what the layers have to know of each other.
type walker struct {
	*reader
	b      []byte // the frame
	layers []layer
	quoted bool // inside an ICMP error: cut short by nature, so checksums cannot be verified
}

// walk finds the layers of b, outermost first. Offsets count from the start of b.
func walk(link Link, b []byte) []layer {
	r, _ := readers.Get().(*reader)
	defer readers.Put(r)
	return r.walk(link, b, make([]layer, 0, usual))
}

// glance is walk for who is done with the layers when f returns.
func glance(link Link, b []byte, f func(ls []layer)) {
	r, _ := readers.Get().(*reader)
	defer readers.Put(r)
	ls := r.walk(link, b, r.found[:0])
	f(ls)
	clear(ls)
	r.found = ls
}

// usual is how many layers nearly all frames have at most: a tag, IP, TCP and data.
const usual = 6

// walk appends the layers of b to ls, which is empty.
func (r *reader) walk(link Link, b []byte, ls []layer) []layer {
	w := walker{reader: r, b: b, layers: ls}
	switch link {
	case Ethernet:
		w.ethernet()
	case Raw:
		w.packet(0, len(b))
	case Null:
		w.null()
	default:
		w.data(0, len(b))
	}
	return w.layers
}

func (w *walker) add(l layer) *layer {
	w.layers = append(w.layers, l)
	return &w.layers[len(w.layers)-1]
}

// stop ends the walk at a header that could not be decoded.
func (w *walker) stop(p proto, off, end int, why string) {
	w.add(layer{proto: p, off: off, hdr: end - off, bad: why})
}

func (w *walker) data(off, end int) { w.message(pData, off, end) }

// message adds data that is a message of a protocol.
func (w *walker) message(of proto, off, end int) {
	if end > off {
		w.add(layer{proto: pData, of: of, off: off, hdr: end - off, cut: w.quoted})
	}
}

func (w *walker) null() {
	if len(w.b) < 4 {
		w.stop(pNull, 0, len(w.b), fmt.Sprintf("4 bytes needed, have %d", len(w.b)))
		return
	}
	w.add(layer{proto: pNull, hdr: 4})
	switch binary.LittleEndian.Uint32(w.b) {
	case 2:
		w.ipv4(4, len(w.b))
	case 24, 28, 30:
		w.ipv6(4, len(w.b))
	default:
		w.data(4, len(w.b))
	}
}

func (w *walker) ethernet() {
	if why := w.parse(w.parsers.eth, w.b); why != "" {
		w.stop(pEth, 0, len(w.b), fmt.Sprintf("14 bytes needed, have %d", len(w.b)))
		return
	}
	w.add(layer{proto: pEth, hdr: 14})
	typ, off, end := binary.BigEndian.Uint16(w.b[12:]), 14, len(w.b)
	if typ < 0x600 { // 802.3: a length
		if int(typ) > end-off {
			w.layers[0].bad = fmt.Sprintf("length %d, but %d bytes follow", typ, end-off)
		}
		end = min(end, off+int(typ))
		w.message(pLLC, off, end)
		w.pad(end)
		return
	}
	for range maxTags {
		if typ != 0x8100 && typ != 0x88a8 {
			break
		}
		q := &w.reader.dot1q
		*q = layers.Dot1Q{}
		if why := w.parse(w.parsers.dot1q, w.b[off:]); why != "" {
			w.stop(pVLAN, off, end, why)
			return
		}
		w.add(layer{proto: pVLAN, off: off, hdr: 4, service: typ == 0x88a8})
		typ, off = uint16(q.Type), off+4
	}
	if typ < 0x600 {
		end = min(end, off+int(typ))
		w.message(pLLC, off, end)
		w.pad(end)
		return
	}
	switch typ {
	case 0x0800:
		end = w.ipv4(off, end)
	case 0x86dd:
		end = w.ipv6(off, end)
	case 0x0806:
		end = w.arp(off, end)
	default:
		w.data(off, end)
	}
	w.pad(end)
}

// pad notes the bytes from end on as the Ethernet header's padding.
func (w *walker) pad(end int) { w.layers[0].padOff, w.layers[0].padLen = end, len(w.b)-end }

// packet walks an IP packet by the version it claims.
func (w *walker) packet(off, end int) {
	switch {
	case off >= end:
		w.data(off, end)
	case w.b[off]>>4 == 4:
		end2 := w.ipv4(off, end)
		w.trailing(end2, end)
	case w.b[off]>>4 == 6:
		end2 := w.ipv6(off, end)
		w.trailing(end2, end)
	default:
		w.add(layer{proto: pData, off: off, hdr: end - off, bad: fmt.Sprintf("not an IP packet: version %d", w.b[off]>>4)})
	}
}

// trailing marks bytes after a packet that no link-level padding explains.
func (w *walker) trailing(from, end int) {
	if from < end && !w.quoted {
		w.layers[0].bad = first(w.layers[0].bad, fmt.Sprintf("%d bytes follow the packet", end-from))
	}
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// arp and the other methods below return where their packet ends.
func (w *walker) arp(off, end int) int {
	a := &w.reader.arp
	*a = layers.ARP{}
	why := w.parse(w.parsers.arp, w.b[off:end])
	if end-off < 8 {
		w.stop(pARP, off, end, fmt.Sprintf("8 bytes needed, have %d", end-off))
		return end
	}
	// gopacket adds the sizes up in a byte, which overflows.
	n := 8 + 2*int(a.HwAddressSize) + 2*int(a.ProtAddressSize)
	if n > end-off {
		w.stop(pARP, off, end, fmt.Sprintf("%d bytes needed, have %d", n, end-off))
		return end
	}
	if n > 255 {
		why = "malformed header"
	}
	w.add(layer{proto: pARP, off: off, hdr: n, bad: why})
	return off + n
}

func (w *walker) ipv4(off, end int) int {
	ip := &w.reader.ip4
	*ip = layers.IPv4{}
	b := w.b[off:end]
	why := w.parse(w.parsers.ip4, b)
	if len(b) < 20 {
		w.stop(pIPv4, off, end, fmt.Sprintf("20 bytes needed, have %d", len(b)))
		return end
	}
	hdr, total := int(ip.IHL)*4, int(binary.BigEndian.Uint16(b[2:]))
	switch { // gopacket takes a length of 0 for segmentation offload, which no lab has
	case ip.Version != 4:
		why = fmt.Sprintf("version %d, should be 4", ip.Version)
	case hdr < 20:
		why = fmt.Sprintf("header length %d, should be at least 20", hdr)
	case total < hdr:
		why = fmt.Sprintf("total length %d is less than the header's %d", total, hdr)
	case hdr > len(b):
		why = fmt.Sprintf("header of %d bytes, but only %d are there", hdr, len(b))
	default:
		l := w.add(layer{proto: pIPv4, off: off, hdr: hdr, bad: why})
		if total > len(b) && !w.quoted {
			l.bad = first(why, fmt.Sprintf("total length %d, but only %d bytes are there", total, len(b)))
		}
		l.check = verify(b[:hdr], 10, 0)
		short := total > len(b)
		end = min(end, off+total)
		if ip.Flags&layers.IPv4MoreFragments != 0 || ip.FragOffset != 0 {
			w.data(off+hdr, end)
		} else {
			w.transport(byte(ip.Protocol), off+hdr, end, pseudo(b[12:20]), short, true)
		}
		return end
	}
	w.stop(pIPv4, off, end, why)
	return end
}

func (w *walker) ipv6(off, end int) int {
	ip := &w.reader.ip6
	*ip = layers.IPv6{}
	b := w.b[off:end]
	w.parse(w.parsers.ip6, b) // its complaints about lengths and extension headers are made below
	if len(b) < 40 {
		w.stop(pIPv6, off, end, fmt.Sprintf("40 bytes needed, have %d", len(b)))
		return end
	}
	if ip.Version != 6 {
		w.stop(pIPv6, off, end, fmt.Sprintf("version %d, should be 6", ip.Version))
		return end
	}
	l := w.add(layer{proto: pIPv6, off: off, hdr: 40})
	total := 40 + int(ip.Length)
	short := total > len(b)
	if short && !w.quoted {
		l.bad = fmt.Sprintf("payload length %d, but only %d bytes are there", ip.Length, len(b)-40)
	}
	end = min(end, off+total)
	w.extensions(len(w.layers)-1, byte(ip.NextHeader), off+40, end, pseudo(b[8:40]), short)
	return end
}

// extensions skips up to eight extension headers, which count as header of
// layer ip, and walks on to the upper layer.
func (w *walker) extensions(ip int, next byte, off, end int, acc uint32, short bool) {
	for range 8 {
		n := 0
		switch next {
		case 0, 43, 60:
			if end-off >= 2 {
				n = 8 + int(w.b[off+1])*8
			}
		case 44:
			n = 8
			if end-off >= 8 && binary.BigEndian.Uint16(w.b[off+2:])&0xfff9 != 0 {
				w.layers[ip].hdr += 8
				w.data(off+8, end)
				return
			}
		default:
			w.transport(next, off, end, acc, short, false)
			return
		}
		if n == 0 || n > end-off {
			if !w.quoted {
				w.layers[ip].bad = first(w.layers[ip].bad, "extension header is cut short")
			}
			w.data(off, end)
			return
		}
		next, off = w.b[off], off+n
		w.layers[ip].hdr += n
	}
	w.data(off, end)
}

// transport walks what an IP packet carries. acc is the sum of its addresses;
// short means that the packet is not all there.
func (w *walker) transport(p byte, off, end int, acc uint32, short, v4 bool) {
	switch {
	case p == 1 && v4:
		w.icmp(off, end, short)
	case p == 58 && !v4:
		w.icmp6(off, end, acc, short)
	case p == 17:
		w.udp(off, end, acc, short, v4)
	case p == 6:
		w.tcp(off, end, acc, short)
	case p == 2 && v4:
		w.message(pIGMP, off, end)
	default:
		w.data(off, end)
	}
}

// cut handles a transport header that did not decode: in a quoted packet that
// is no fault, as the first eight bytes are all that has to be there.
func (w *walker) cut(p proto, off, end int, why string) {
	if w.quoted {
		why = ""
	}
	if end > off || why != "" {
		w.stop(p, off, end, why)
	}
}

func (w *walker) icmp(off, end int, short bool) {
	m := &w.reader.icmp
	*m = layers.ICMPv4{}
	b := w.b[off:end]
	if why := w.parse(w.parsers.icmp, b); why != "" {
		w.cut(pICMP, off, end, fmt.Sprintf("8 bytes needed, have %d", len(b)))
		return
	}
	l := w.add(layer{proto: pICMP, off: off, hdr: 8})
	if !short && !w.quoted {
		l.check = verify(b, 2, 0)
	}
	switch m.TypeCode.Type() {
	case 3, 4, 5, 11, 12:
		w.quote(len(w.layers)-1, off+8, end)
	default:
		w.data(off+8, end)
	}
}

func (w *walker) icmp6(off, end int, acc uint32, short bool) {
	m := &w.reader.icmp6
	*m = layers.ICMPv6{}
	b := w.b[off:end]
	if why := w.parse(w.parsers.icmp6, b); why != "" || len(b) < 8 {
		w.cut(pICMPv6, off, end, fmt.Sprintf("8 bytes needed, have %d", len(b)))
		return
	}
	l := w.add(layer{proto: pICMPv6, off: off, hdr: 8})
	if !short && !w.quoted {
		l.check = verify(b, 2, acc+58+uint32(len(b)))
	}
	t := m.TypeCode.Type()
	fixed := neighborHeader[t]
	switch {
	case t >= 1 && t <= 4:
		w.quote(len(w.layers)-1, off+8, end)
	case t >= 130 && t <= 132 || t == 143:
		w.message(pICMPv6, off+8, end)
	case fixed == 0:
		w.data(off+8, end)
	case fixed > len(b):
		l.hdr = len(b)
		if !w.quoted {
			l.bad = fmt.Sprintf("%d bytes needed, have %d", fixed, len(b))
		}
	default:
		l.hdr = len(b)
		for at := fixed; at+2 <= len(b) && len(l.options) < maxOptions; {
			n := int(b[at+1]) * 8
			if n == 0 || at+n > len(b) {
				l.bad = "neighbor discovery option is cut short"
				break
			}
			l.options = append(l.options, option{kind: b[at], off: at, n: n})
			at += n
		}
	}
}

// neighborHeader is how long a neighbor discovery message is before its options
// (RFC 4861, 4).
var neighborHeader = map[byte]int{133: 8, 134: 16, 135: 24, 136: 24, 137: 40}

// maxOptions is how many options of a header are kept.
const maxOptions = 64

// quote walks the packet that the error at index i is about.
func (w *walker) quote(i, off, end int) {
	if w.quoted || off >= end {
		w.data(off, end)
		return
	}
	in := walker{reader: w.reader, b: w.b, quoted: true}
	in.packet(off, end)
	w.layers[i].quoted = in.layers
}

func (w *walker) udp(off, end int, acc uint32, short, v4 bool) {
	u := &w.reader.udp
	*u = layers.UDP{}
	b := w.b[off:end]
	why := w.parse(w.parsers.udp, b)
	if len(b) < 8 {
		w.cut(pUDP, off, end, fmt.Sprintf("8 bytes needed, have %d", len(b)))
		return
	}
	l := w.add(layer{proto: pUDP, off: off, hdr: 8})
	n := int(u.Length)
	switch {
	case why != "" || n < 8: // gopacket takes 0 for a jumbogram
		l.bad = fmt.Sprintf("length %d, should be at least 8", n)
		w.data(off+8, end)
		return
	case n > len(b):
		if !w.quoted {
			l.bad = fmt.Sprintf("length %d, but only %d bytes are there", n, len(b))
		}
		n = len(b)
	case short || w.quoted:
	case u.Checksum == 0 && v4: // the sender computed none
	default:
		l.check = verify(b[:n], 6, acc+17+uint32(n))
		if l.check.want == 0 {
			l.check.want = 0xffff // RFC 768: 0 is for "none"
		}
	}
	w.message(messageOf(binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])), off+8, off+n)
}

func (w *walker) tcp(off, end int, acc uint32, short bool) {
	t := &w.reader.tcp
	*t = layers.TCP{}
	b := w.b[off:end]
	why := w.parse(w.parsers.tcp, b)
	hdr := int(t.DataOffset) * 4
	switch {
	case len(b) < 20:
		w.cut(pTCP, off, end, fmt.Sprintf("20 bytes needed, have %d", len(b)))
		return
	case hdr < 20:
		w.stop(pTCP, off, end, fmt.Sprintf("header length %d, should be at least 20", hdr))
		return
	case hdr > len(b):
		w.cut(pTCP, off, end, fmt.Sprintf("header of %d bytes, but only %d are there", hdr, len(b)))
		return
	}
	l := w.add(layer{proto: pTCP, off: off, hdr: hdr, bad: why, cut: w.quoted})
	at := 20
	for _, o := range t.Options {
		n := max(int(o.OptionLength), 1)
		if at+n > hdr {
			break
		}
		l.options = append(l.options, option{kind: byte(o.OptionType), off: at, n: n})
		at += n
	}
	if !short && !w.quoted {
		l.check = verify(b, 16, acc+6+uint32(len(b)))
	}
	w.data(off+hdr, end)
}

// pseudo is the sum of a packet's two addresses.
func pseudo(addresses []byte) uint32 { return sum(0, addresses) }

// verify compares the checksum at off in b with what it should be; acc is the
// sum of the pseudo-header.
func verify(b []byte, off int, acc uint32) status {
	want := ^fold(sum(sum(acc, b[:off]), b[off+2:]))
	return status{known: true, got: binary.BigEndian.Uint16(b[off:]), want: want}
}

// sum adds the 16-bit words of b to acc; a frame is too short to overflow it.
func sum(acc uint32, b []byte) uint32 {
	for len(b) >= 2 {
		acc += uint32(b[0])<<8 | uint32(b[1])
		b = b[2:]
	}
	if len(b) == 1 {
		acc += uint32(b[0]) << 8
	}
	return uint32(fold(acc))
}

func fold(acc uint32) uint16 {
	for acc > 0xffff {
		acc = acc>>16 + acc&0xffff
	}
	return uint16(acc)
}

// fault is the first thing wrong with a layer, checksum included; "" when nothing is.
func (l *layer) fault() string {
	if l.bad != "" {
		return protos[l.proto].short + ": " + l.bad
	}
	if l.check.known && l.check.got != l.check.want {
		return fmt.Sprintf("%s: checksum 0x%04x, should be 0x%04x", protos[l.proto].short, l.check.got, l.check.want)
	}
	return ""
}

// minHeader is how long a header that has a checksum is at least.
var minHeader = [len(protos)]int{pIPv4: 20, pICMP: 8, pICMPv6: 8, pUDP: 8, pTCP: 20}

// place is where in the frame a field is; ok is false when the layer lacks it.
func (l *layer) place(s *spec, b []byte) (off, n int, ok bool) {
	if s.found {
		return 0, 0, false
	}
	h := b[l.off : l.off+l.hdr]
	if s.when != nil && (len(h) < 2 || !s.when(h)) {
		return 0, 0, false
	}
	if len(s.opt) > 0 {
		for _, o := range l.options {
			if slices.Contains(s.opt, o.kind) && s.off+s.n <= o.n {
				return l.off + o.off + s.off, s.n, true
			}
		}
		return 0, 0, false
	}
	switch {
	case s.name == "eth.padding":
		return l.padOff, l.padLen, l.padLen > 0
	case s.kind == kStatus: // beside a checksum, which lies in the first 18 bytes
		return l.off, 0, l.hdr >= minHeader[l.proto]
	case s.n == 0: // computed
		return l.off, l.hdr, true
	case s.n == toEnd:
		return l.off + s.off, l.hdr - s.off, l.hdr > s.off
	}
	return l.off + s.off, s.n, s.off+s.n <= l.hdr
}

// value is a field's value; ok as in place.
func (l *layer) value(s *spec, b []byte) (v value, off, n int, ok bool) {
	off, n, ok = l.place(s, b)
	switch {
	case !ok:
	case s.kind == kStatus:
		v = l.check.value()
	case s.kind == kUint && s.n == 0:
		v.u = uint64(l.hdr)
	default:
		v = s.read(b[off : off+n])
	}
	return v, off, n, ok
}
