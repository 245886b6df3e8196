package wire

import "encoding/binary"

// Kinds and lengths of options (RFC 9293, 3.2; RFC 7323; RFC 2018).
const (
	optEnd, optNop                           = 0, 1
	optMSS, optScale, optSACKOK, optSACK     = 2, 3, 4, 5
	optTimestamp                             = 8
	lenMSS, lenScale, lenSACKOK, lenTimstamp = 4, 3, 2, 10
)

// Limits of options.
const (
	MaxOptions = 40 // bytes
	MaxScale   = 14 // RFC 7323, 2.3
	MaxBlocks  = 4  // of SACK, that fit
)

// A Span is a piece of the sequence space, end excluded.
type Span struct{ Start, End uint32 }

// Options are those of a segment that matter here.
type Options struct {
	MSS                     uint16 // 0: not there
	Scale                   uint8
	HasScale, SACKOK, HasTS bool
	TSVal, TSEcr            uint32
	SACK                    [MaxBlocks]Span
	Blocks                  int // of SACK
}

// Parse reads the options of a segment. Those of a SYN are looked at in a SYN only, as
// every kernel does. What is cut off or of another length than its kind has is skipped.
func (o *Options) Parse(b []byte, syn bool) {
	be := binary.BigEndian
	for len(b) > 0 {
		kind := b[0]
		if kind == optEnd {
			return
		}
		if kind == optNop {
			b = b[1:]
			continue
		}
		if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
			return
		}
		n := int(b[1])
		switch {
		case kind == optMSS && n == lenMSS && syn:
			o.MSS = be.Uint16(b[2:])
		case kind == optScale && n == lenScale && syn:
			o.HasScale, o.Scale = true, min(b[2], MaxScale)
		case kind == optSACKOK && n == lenSACKOK && syn:
			o.SACKOK = true
		case kind == optTimestamp && n == lenTimstamp:
			o.HasTS, o.TSVal, o.TSEcr = true, be.Uint32(b[2:]), be.Uint32(b[6:])
		case kind == optSACK && n > 2 && (n-2)%8 == 0 && !syn:
			o.Blocks = 0
			for p := b[2:n]; len(p) > 0 && o.Blocks < MaxBlocks; p = p[8:] {
				o.SACK[o.Blocks] = Span{be.Uint32(p), be.Uint32(p[4:])}
				o.Blocks++
			}
		}
		b = b[n:]
	}
}

// SYNOptions are the options of a SYN to be built.
type SYNOptions struct {
	MSS                  uint16
	Scale                uint8
	HasScale, SACKOK, TS bool
	TSVal, TSEcr         uint32
	ACK                  bool // it is a SYN+ACK
}

// A Layout is the order in which a kernel writes the options of a SYN.
type Layout uint8

// The layouts.
const (
	LayoutFreeBSD   Layout = iota // tcp_output.c, tcp_addoptions: mss, nop ws, sackOK, ts, each aligned by nops, ended by zeros
	LayoutDragonFly               // tcp_output.c: mss, nop ws, nop nop sackOK, nop nop ts
	LayoutNetBSD                  // tcp_output.c: mss, nop ws, sackOK nop nop, nop nop ts; tcp_input.c, syn_cache_respond: the timestamp before sackOK
	LayoutLinux                   // tcp_output.c, tcp_options_write: mss, sackOK ts (or nops for the one that is missing), nop ws
)

func appendMSS(b []byte, mss uint16) []byte {
	return append(b, optMSS, lenMSS, byte(mss>>8), byte(mss))
}

// AppendStamp appends a timestamp option behind two nops, as it is in a segment that is no SYN.
func AppendStamp(b []byte, val, ecr uint32) []byte {
	return appendStamp(append(b, optNop, optNop), val, ecr)
}

func appendStamp(b []byte, val, ecr uint32) []byte {
	b = append(b, optTimestamp, lenTimstamp)
	b = binary.BigEndian.AppendUint32(b, val)
	return binary.BigEndian.AppendUint32(b, ecr)
}

// AppendSYN appends the options of a SYN to b, which is otherwise empty.
func (l Layout) AppendSYN(b []byte, o *SYNOptions) []byte {
	start := len(b)
	b = appendMSS(b, o.MSS)
	scale := func() {
		if o.HasScale {
			b = append(b, optNop, optScale, lenScale, o.Scale)
		}
	}
	stamp := func(nops bool) {
		if o.TS {
			if nops {
				b = append(b, optNop, optNop)
			}
			b = appendStamp(b, o.TSVal, o.TSEcr)
		}
	}
	sackOK := func(before, behind int) {
		if o.SACKOK {
			b = append(b, []byte{optNop, optNop}[:before]...)
			b = append(b, optSACKOK, lenSACKOK)
			b = append(b, []byte{optNop, optNop}[:behind]...)
		}
	}
	switch l {
	case LayoutFreeBSD:
		scale()
		sackOK(0, 0)
		stamp(!o.SACKOK)
	case LayoutDragonFly:
		scale()
		sackOK(2, 0)
		stamp(true)
	case LayoutNetBSD:
		scale()
		if o.ACK {
			stamp(true)
		}
		sackOK(0, 2)
		if !o.ACK {
			stamp(true)
		}
	case LayoutLinux:
		if o.TS {
			sackOK(0, 0)
		} else {
			sackOK(2, 0)
		}
		stamp(!o.SACKOK)
		scale()
	}
	for (len(b)-start)%4 != 0 {
		b = append(b, optEnd)
	}
	return b
}

// AppendSACK appends the SACK option with as many blocks as there is room for, behind
// two nops as all four kernels have it.
func AppendSACK(b []byte, start int, blocks []Span) []byte {
	room := (MaxOptions - (len(b) - start) - 4) / 8
	if room <= 0 || len(blocks) == 0 {
		return b
	}
	blocks = blocks[:min(room, len(blocks))]
	b = append(b, optNop, optNop, optSACK, byte(2+8*len(blocks)))
	for _, s := range blocks {
		b = binary.BigEndian.AppendUint32(b, s.Start)
		b = binary.BigEndian.AppendUint32(b, s.End)
	}
	return b
}
