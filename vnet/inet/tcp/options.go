package tcp

import "encoding/binary"

// Kinds and lengths of options (RFC 9293, 3.2; RFC 7323; RFC 2018).
const (
	optEnd, optNop                           = 0, 1
	optMSS, optScale, optSACKOK, optSACK     = 2, 3, 4, 5
	optTimestamp                             = 8
	lenMSS, lenScale, lenSACKOK, lenTimstamp = 4, 3, 2, 10

	maxScale  = 14 // RFC 7323, 2.3
	maxBlocks = 4  // that fit in 40 bytes of options
)

// A span is a piece of the sequence space, end excluded.
type span struct{ start, end uint32 }

// options are those of a segment that matter here.
type options struct {
	mss                     uint16 // 0: not there
	scale                   uint8
	hasScale, sackOK, hasTS bool
	tsval, tsecr            uint32
	sack                    [maxBlocks]span
	blocks                  int
}

// parse reads the options of a segment. Those of a SYN are looked at in a SYN only, as
// every kernel does. What is cut off or of another length than its kind has is skipped.
func (o *options) parse(b []byte, syn bool) {
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
			o.mss = be.Uint16(b[2:])
		case kind == optScale && n == lenScale && syn:
			o.hasScale, o.scale = true, min(b[2], maxScale)
		case kind == optSACKOK && n == lenSACKOK && syn:
			o.sackOK = true
		case kind == optTimestamp && n == lenTimstamp:
			o.hasTS, o.tsval, o.tsecr = true, be.Uint32(b[2:]), be.Uint32(b[6:])
		case kind == optSACK && n > 2 && (n-2)%8 == 0 && !syn:
			o.blocks = 0
			for p := b[2:n]; len(p) > 0 && o.blocks < maxBlocks; p = p[8:] {
				o.sack[o.blocks] = span{be.Uint32(p), be.Uint32(p[4:])}
				o.blocks++
			}
		}
		b = b[n:]
	}
}

// synOptions are the options of a SYN to be built.
type synOptions struct {
	mss                  uint16
	scale                uint8
	hasScale, sackOK, ts bool
	tsval, tsecr         uint32
	ack                  bool // it is a SYN+ACK
}

// A layout is the order in which a kernel writes the options of a SYN.
type layout uint8

const (
	layoutFreeBSD   layout = iota // tcp_output.c, tcp_addoptions: mss, nop ws, sackOK, ts, each aligned by nops, ended by zeros
	layoutDragonFly               // tcp_output.c: mss, nop ws, nop nop sackOK, nop nop ts
	layoutNetBSD                  // tcp_output.c: mss, nop ws, sackOK nop nop, nop nop ts; tcp_input.c, syn_cache_respond: the timestamp before sackOK
	layoutLinux                   // tcp_output.c, tcp_options_write: mss, sackOK ts (or nops for the one that is missing), nop ws
)

func appendMSS(b []byte, mss uint16) []byte {
	return append(b, optMSS, lenMSS, byte(mss>>8), byte(mss))
}

func appendStamp(b []byte, val, ecr uint32) []byte {
	b = append(b, optTimestamp, lenTimstamp)
	b = binary.BigEndian.AppendUint32(b, val)
	return binary.BigEndian.AppendUint32(b, ecr)
}

// appendSYN appends the options of a SYN to b, which is otherwise empty.
func (l layout) appendSYN(b []byte, o *synOptions) []byte {
	start := len(b)
	b = appendMSS(b, o.mss)
	scale := func() {
		if o.hasScale {
			b = append(b, optNop, optScale, lenScale, o.scale)
		}
	}
	stamp := func(nops bool) {
		if o.ts {
			if nops {
				b = append(b, optNop, optNop)
			}
			b = appendStamp(b, o.tsval, o.tsecr)
		}
	}
	sackOK := func(before, behind int) {
		if o.sackOK {
			b = append(b, []byte{optNop, optNop}[:before]...)
			b = append(b, optSACKOK, lenSACKOK)
			b = append(b, []byte{optNop, optNop}[:behind]...)
		}
	}
	switch l {
	case layoutFreeBSD:
		scale()
		sackOK(0, 0)
		stamp(!o.sackOK)
	case layoutDragonFly:
		scale()
		sackOK(2, 0)
		stamp(true)
	case layoutNetBSD:
		scale()
		if o.ack {
			stamp(true)
		}
		sackOK(0, 2)
		if !o.ack {
			stamp(true)
		}
	case layoutLinux:
		if o.ts {
			sackOK(0, 0)
		} else {
			sackOK(2, 0)
		}
		stamp(!o.sackOK)
		scale()
	}
	for (len(b)-start)%4 != 0 {
		b = append(b, optEnd)
	}
	return b
}

// appendSACK appends the SACK option with as many blocks as there is room for, behind
// two nops as all four kernels have it.
func appendSACK(b []byte, start int, blocks []span) []byte {
	room := (40 - (len(b) - start) - 4) / 8
	if room <= 0 || len(blocks) == 0 {
		return b
	}
	blocks = blocks[:min(room, len(blocks))]
	b = append(b, optNop, optNop, optSACK, byte(2+8*len(blocks)))
	for _, s := range blocks {
		b = binary.BigEndian.AppendUint32(b, s.start)
		b = binary.BigEndian.AppendUint32(b, s.end)
	}
	return b
}
