package decode

import (
	"encoding/binary"
	"slices"

	"wireloom/internal/dissect"
)

// A place is where a field is that has no fixed one.
type place struct {
	spec  *spec
	off   int // in the frame
	n     int
	value []byte // where it is not those bytes
}

// messageOf says what the data behind a UDP header is, by its ports.
func messageOf(src, dst uint16) proto {
	for _, p := range []uint16{src, dst} {
		switch p {
		case 53:
			return pDNS
		case 67, 68:
			return pDHCP
		}
	}
	return pData
}

// whole are the layers of a frame with the messages in them. ls stays as it is.
func whole(ls []layer, b []byte) []layer {
	out := make([]layer, 0, len(ls)+2)
	for i := range ls {
		l := ls[i]
		if len(l.quoted) > 0 {
			l.quoted = whole(l.quoted, b)
		}
		if l.proto != pData && i+1 < len(ls) && ls[i+1].proto == pData {
			l.payOff, l.payLen = ls[i+1].off, ls[i+1].hdr
		}
		before := len(out) - 1
		switch {
		case before >= 0 && l.proto == pData && out[before].noData(b):
			continue
		case l.proto == pVLAN && l.service:
			l.proto = pSTag
		case l.proto == pData && l.of == pICMPv6 && before >= 0: // its header goes on
			out[before].hdr += l.hdr
			out[before].payLen = 0
			continue
		case l.proto == pData && l.of > pData:
			out = l.messages(out, b)
			continue
		}
		out = append(out, l)
	}
	reach := 0
	for i := range slices.Backward(out) {
		l := &out[i]
		l.find(b)
		reach = max(reach, l.off+l.hdr, l.payOff+l.payLen)
		if len(l.quoted) > 0 {
			reach = max(reach, l.quoted[0].reach)
		}
		if l.reach = reach; l.proto == pEth {
			l.reach = len(b)
		}
	}
	return out
}

// noData reports whether what is behind a header is not what it carries: in a reset it is a
// reason (RFC 9293, 3.10.7), and a datagram may claim less than its header.
func (l *layer) noData(b []byte) bool {
	return l.proto == pTCP && b[l.off+13]&4 != 0 || l.proto == pUDP && binary.BigEndian.Uint16(b[l.off+4:]) < 8
}

// messages appends the layers that data is.
func (l *layer) messages(out []layer, b []byte) []layer {
	off, end := l.off, l.off+l.hdr
	if l.of == pLLC {
		m := dissect.LLC(b[off:end])
		out = append(out, layer{proto: pLLC, off: off, hdr: m.N, payOff: off + m.N, payLen: end - off - m.N})
		bpdu := dissect.IsBPDU(b[off:end])
		if off += m.N; off == end {
			return out
		}
		if !bpdu {
			return append(out, layer{proto: pData, off: off, hdr: end - off})
		}
		return append(out, layer{proto: pSTP, off: off, hdr: end - off})
	}
	return append(out, layer{proto: l.of, off: off, hdr: end - off, cut: l.cut})
}

// find finds the fields of a layer that have no fixed place.
func (l *layer) find(b []byte) {
	h := b[l.off : l.off+l.hdr]
	var m dissect.Message
	switch l.proto { //nolint:exhaustive // the others have none
	case pLLC:
		m = dissect.LLC(h)
	case pSTP:
		m = dissect.BPDU(h)
	case pIGMP:
		m = dissect.IGMP(h)
	case pDNS:
		m = dissect.DNS(h)
	case pDHCP:
		m = dissect.DHCP(h)
	case pTCP:
		if len(h) <= 20 {
			return
		}
		m = dissect.TCPOptions(h)
	case pICMPv6:
		switch typ := typeOf(h); {
		case neighborHeader[typ] > 0 && len(h) > neighborHeader[typ]:
			m = dissect.NDOptions(h, neighborHeader[typ])
		case typ >= 130 && typ <= 132 || typ == 143:
			m = dissect.MLD(h)
		}
	}
	if m.Bad != "" && l.bad == "" && !l.cut {
		l.bad = m.Bad
	}
	for _, p := range m.Places {
		if s, ok := byName[p.Name]; ok {
			l.places = append(l.places, place{s, l.off + p.Off, p.N, p.Value})
		}
	}
}

// typeOf is the first byte of a message, 0 where there is none.
func typeOf(h []byte) byte {
	if len(h) == 0 {
		return 0
	}
	return h[0]
}

// read is the value that is at a place of a frame.
func (p *place) read(b []byte) value {
	if p.value != nil {
		if p.spec.isNumber() {
			return p.spec.read(p.value)
		}
		return value{b: p.value}
	}
	return p.spec.read(b[p.off : p.off+p.n])
}

// payload is what a layer carries.
func (l *layer) payload(b []byte) []byte { return b[l.payOff : l.payOff+l.payLen] }
