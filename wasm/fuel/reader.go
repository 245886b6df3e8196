package fuel

import (
	"fmt"
	"unicode/utf8"
)

// An Error says why a module is refused, and where.
type Error struct {
	Offset  int    // byte offset in the input
	Section string // section being read; empty in the header
	Func    int    // function index in the input, imports counted; -1 outside code
	Name    string // that function's name, when the module has one
	Reason  string
}

func (e *Error) Error() string {
	s := fmt.Sprintf("wasm module refused at byte %#x", e.Offset)
	if e.Section != "" {
		s += ", " + e.Section + " section"
	}
	if e.Func >= 0 {
		s += fmt.Sprintf(", function %d", e.Func)
		if e.Name != "" {
			s += " (" + e.Name + ")"
		}
	}
	return s + ": " + e.Reason
}

// A reader walks a part of the input. Its methods panic with an *Error, which
// Rewrite recovers, so that parsing code reads straight down.
type reader struct {
	b       []byte // the whole input, so that offsets are the file's
	p, end  int
	section string
	fn      int
	name    string
}

func (r *reader) fail(format string, a ...any) { r.failAt(r.p, format, a...) }

func (r *reader) failAt(at int, format string, a ...any) {
	panic(&Error{Offset: at, Section: r.section, Func: r.fn, Name: r.name, Reason: fmt.Sprintf(format, a...)})
}

// proposal refuses a feature of WebAssembly that no engine setting of ours offers.
func (r *reader) proposal(at int, name string) {
	r.failAt(at, "uses the %s proposal, which this lab does not offer", name)
}

func (r *reader) more() bool { return r.p < r.end }

func (r *reader) u8() byte {
	if r.p >= r.end {
		r.fail("truncated: ends in the middle of an item")
	}
	c := r.b[r.p]
	r.p++
	return c
}

// skip passes n bytes and returns them.
func (r *reader) skip(n uint32) []byte {
	if uint64(n) > uint64(r.end-r.p) {
		r.fail("truncated: %d bytes announced, %d left", n, r.end-r.p)
	}
	b := r.b[r.p : r.p+int(n)]
	r.p += int(n)
	return b
}

// u32 reads an unsigned LEB128 of at most 32 bits. As the specification allows,
// it may be padded, up to five bytes in all.
func (r *reader) u32() uint32 {
	if r.p < r.end && r.b[r.p] < 0x80 { // nearly always
		r.p++
		return uint32(r.b[r.p-1])
	}
	at := r.p
	var v uint32
	for s := 0; s < 35; s += 7 {
		c := r.u8()
		if s == 28 && c > 0x0f {
			break
		}
		v |= uint32(c&0x7f) << s
		if c < 0x80 {
			return v
		}
	}
	r.failAt(at, "integer is longer or larger than 32 bits allow")
	return 0
}

// signed reads a signed LEB128 of at most bits bits (32, 33 or 64).
func (r *reader) signed(bits int) int64 {
	at := r.p
	var v int64
	for s := 0; s < bits; s += 7 {
		c := r.u8()
		v |= int64(c&0x7f) << s
		if left := bits - s; left < 7 {
			// The bits beyond the type must repeat its sign.
			if ext := int8(c<<1) >> left; c >= 0x80 || ext != 0 && ext != -1 {
				break
			}
		}
		if c < 0x80 {
			if s+7 < 64 {
				v = v << (57 - s) >> (57 - s)
			}
			return v
		}
	}
	r.failAt(at, "integer is longer or larger than %d bits allow", bits)
	return 0
}

// count reads the length of a vector whose items take at least size bytes each.
func (r *reader) count(what string, size, limit int) int {
	at := r.p
	n := r.u32()
	if uint64(n)*uint64(size) > uint64(r.end-r.p) {
		r.failAt(at, "truncated: %d %s announced, %d bytes left", n, what, r.end-r.p)
	}
	if uint64(n) > uint64(limit) {
		r.failAt(at, "%d %s, at most %d are allowed", n, what, limit)
	}
	return int(n)
}

// index reads an index that must be below n. The engine would find a wrong one
// too, but not one that hits what the rewriter adds behind the guest's own.
func (r *reader) index(what string, n int) uint32 {
	at := r.p
	v := r.u32()
	if uint64(v) >= uint64(n) {
		r.failAt(at, "no %s %d, the module has %d", what, v, n)
	}
	return v
}

func (r *reader) string(what string) string {
	at := r.p
	b := r.skip(r.u32())
	if !utf8.Valid(b) {
		r.failAt(at, "%s is not UTF-8", what)
	}
	return string(b)
}

// done refuses bytes left over in a section or body.
func (r *reader) done() {
	if r.p != r.end {
		r.fail("%d bytes left over", r.end-r.p)
	}
}

func putU(w []byte, v uint32) []byte {
	for v >= 0x80 {
		w = append(w, byte(v)|0x80)
		v >>= 7
	}
	return append(w, byte(v))
}

func putS(w []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(w, c)
		}
		w = append(w, c|0x80)
	}
}

func putString(w []byte, s string) []byte { return append(putU(w, uint32(len(s))), s...) }
