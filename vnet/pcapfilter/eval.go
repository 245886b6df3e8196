package pcapfilter

import "encoding/binary"

// A machine is the state of one decision.
type machine struct {
	data    []byte
	size    uint32
	refused bool // something was loaded that is not there: the packet is not taken
}

// load is what size bytes at an offset are, big-endian.
func (m *machine) load(off uint32, size int) uint32 {
	if uint64(off)+uint64(size) > uint64(len(m.data)) {
		m.refused = true
		return 0
	}
	b := m.data[off:]
	switch size {
	case 1:
		return uint32(b[0])
	case 2:
		return uint32(binary.BigEndian.Uint16(b))
	}
	return binary.BigEndian.Uint32(b)
}

// A node is a part of a filter that is true or false of a packet. Once something was
// refused its value means nothing.
type node interface {
	eval(m *machine) bool
}

type (
	and   struct{ a, b node }
	or    struct{ a, b node }
	not   struct{ x node }
	truth bool
)

func (n and) eval(m *machine) bool { return n.a.eval(m) && !m.refused && n.b.eval(m) }
func (n or) eval(m *machine) bool  { return n.a.eval(m) || !m.refused && n.b.eval(m) }
func (n not) eval(m *machine) bool { return !n.x.eval(m) }
func (n truth) eval(*machine) bool { return bool(n) }

// all and anyOf join nodes in their order.
func all(nodes ...node) node {
	x := nodes[0]
	for _, y := range nodes[1:] {
		x = and{x, y}
	}
	return x
}

func anyOf(nodes ...node) node {
	x := nodes[0]
	for _, y := range nodes[1:] {
		x = or{x, y}
	}
	return x
}

// A relation is how two numbers compare.
type relation uint8

const (
	equal relation = iota
	notEqual
	greater
	greaterEqual
	less
	lessEqual
	someBits // the one has a bit of the other
)

func (r relation) holds(a, b uint32) bool {
	switch r {
	case equal:
		return a == b
	case notEqual:
		return a != b
	case greater:
		return a > b
	case greaterEqual:
		return a >= b
	case less:
		return a < b
	case lessEqual:
		return a <= b
	case someBits:
	}
	return a&b != 0
}

// A field is a number at a fixed place: from the packet's beginning, or behind the IPv4
// header that begins at ip.
type field struct {
	off   uint32
	size  int
	mask  uint32 // 0: all of it
	none  bool   // of a mask of 0: only whether it is there counts
	rel   relation
	value uint32
	tran  bool // off counts from the end of the IPv4 header
	ip    uint32
}

func (f field) eval(m *machine) bool {
	off := f.off
	if f.tran {
		off += f.ip + 4*(m.load(f.ip, 1)&0xf)
	}
	v := m.load(off, f.size)
	switch {
	case f.none:
		v = 0
	case f.mask != 0:
		v &= f.mask
	}
	return !m.refused && f.rel.holds(v, f.value)
}

// A compare is a relation of two sums, looked at where the protocols are that they speak of.
type compare struct {
	guard node // nil for none
	rel   relation
	a, b  sum
}

func (c compare) eval(m *machine) bool {
	if c.guard != nil && !c.guard.eval(m) || m.refused {
		return false
	}
	a := c.a.value(m)
	b := c.b.value(m)
	return !m.refused && c.rel.holds(a, b)
}

// A sum is a number that is computed of a packet.
type sum interface {
	value(m *machine) uint32
}

type (
	number32 uint32
	length   struct{}
	negative struct{ x sum }
	binary2  struct {
		op   byte // '<' and '>' are shifts
		a, b sum
	}
	// bytesAt are bytes behind base, which tran says is an IPv4 header to skip.
	bytesAt struct {
		base  uint32
		tran  bool
		index sum
		size  int
	}
)

func (n number32) value(*machine) uint32 { return uint32(n) }
func (length) value(m *machine) uint32   { return m.size }
func (n negative) value(m *machine) uint32 {
	return -n.x.value(m)
}

func (n binary2) value(m *machine) uint32 {
	a, b := n.a.value(m), n.b.value(m)
	switch n.op {
	case '+':
		return a + b
	case '-':
		return a - b
	case '*':
		return a * b
	case '&':
		return a & b
	case '|':
		return a | b
	case '^':
		return a ^ b
	case '<':
		return a << b // beyond 31 bits it is 0, as in bpf_filter
	case '>':
		return a >> b
	}
	if b == 0 { // a division by nothing refuses the packet
		m.refused = true
		return 0
	}
	if n.op == '%' {
		return a % b
	}
	return a / b
}

func (n bytesAt) value(m *machine) uint32 {
	off := n.index.value(m) + n.base // wraps, as in a BPF machine
	if n.tran {
		off += 4 * (m.load(n.base, 1) & 0xf)
	}
	return m.load(off, n.size)
}
