package fuel

// An Image is what a memory begins with: the bytes of a module's data segments, where they
// go. The rewritten module has them no more, so that who instantiates it puts the image there:
// of many instances all may share what they don't change of it.
type Image struct {
	At    int // of the first byte in the memory
	Bytes []byte
}

// A segment is a data segment of the input.
type segment struct {
	bytes  []byte
	active bool
	fixed  bool // it says by a number where its bytes go,
	at     uint32
}

// number is the value of an expression that is a number and nothing else.
func number(expr []byte) (v uint32, ok bool) {
	r := &reader{b: expr, end: len(expr), fn: -1}
	if r.u8() != opI32Const {
		return 0, false
	}
	v = uint32(r.signed(32))
	return v, r.u8() == opEnd
}

// image makes an image of the active segments. It is nil where they are not worth one, or do
// not all lie in the memory, as an instance finds out when it begins.
func (m *meter) image(all []segment) *Image {
	from, to, sum := 0, 0, 0
	for _, x := range all {
		switch {
		case !x.active:
			continue
		case !x.fixed || m.mod.Memory == nil || uint64(x.at)+uint64(len(x.bytes)) > uint64(m.mod.Memory.Min)*pageSize:
			return nil
		case len(x.bytes) == 0:
			continue
		}
		if sum == 0 {
			from = int(x.at)
		}
		from, to = min(from, int(x.at)), max(to, int(x.at)+len(x.bytes))
		sum += len(x.bytes)
	}
	if m.o.Image == 0 || sum < m.o.Image || to-from > sparse*sum {
		return nil
	}
	im := &Image{from, make([]byte, to-from)}
	for _, x := range all { // in this order: a later one may lie on an earlier one
		if x.active && len(x.bytes) > 0 {
			copy(im.Bytes[int(x.at)-from:], x.bytes)
		}
	}
	return im
}

const (
	pageSize = 64 << 10
	sparse   = 2 // an image may be as many times as long as what is in it
)
