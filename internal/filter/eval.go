package filter

import (
	"bytes"
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"time"

	"wireloom/internal/decode"
)

// A test is something that a frame passes or not.
type test interface{ holds(f *decode.Frame) bool }

type (
	and  []test
	or   []test
	xor  []test
	not  struct{ of test }
	seen struct{ of operand } // the frame has it
	some struct{ of operand } // the frame has it, and it is not 0

	// compare compares each value of left with each of right.
	compare struct {
		op          string
		all         bool // all pairs, not one of them
		match       string
		left, right operand
	}
	// matches looks for a regular expression in the values.
	matches struct {
		all   bool
		match string
		of    operand
		text  string
		re    *regexp.Regexp
	}
	// member looks for the values in a set.
	member struct {
		all   bool
		match string
		of    operand
		set   []element
	}
)

// An element of a set is a value, or all from low to high.
type element struct {
	low, high *literal
}

func (t and) holds(f *decode.Frame) bool {
	for _, x := range t {
		if !x.holds(f) {
			return false
		}
	}
	return true
}

func (t or) holds(f *decode.Frame) bool {
	for _, x := range t {
		if x.holds(f) {
			return true
		}
	}
	return false
}

func (t xor) holds(f *decode.Frame) bool {
	odd := false
	for _, x := range t {
		odd = odd != x.holds(f)
	}
	return odd
}

func (t not) holds(f *decode.Frame) bool { return !t.of.holds(f) }

func (t seen) holds(f *decode.Frame) bool {
	_, sliced := t.of.(*slice)
	found := false
	t.of.each(f, func(v decode.Datum) bool {
		found = !sliced || len(v.Bytes) > 0
		return !found
	})
	return found
}

func (t some) holds(f *decode.Frame) bool {
	found := false
	t.of.each(f, func(v decode.Datum) bool {
		found = v.Num != 0
		return !found
	})
	return found
}

// each reports whether one of the values, or all of them, are as they should be. It is
// false where there is none.
func each(f *decode.Frame, o operand, all bool, is func(decode.Datum) bool) bool {
	any, every := false, true
	o.each(f, func(v decode.Datum) bool {
		if is(v) {
			any = true
			return all
		}
		every = false
		return !all
	})
	return any && (every || !all)
}

// maxPairs is how many values of the right side are compared, where that is a field: a
// frame that has more of both sides was made to cost.
const maxPairs = 256

func (t *compare) holds(f *decode.Frame) bool {
	if r, ok := t.right.(*literal); ok {
		return each(f, t.left, t.all, func(v decode.Datum) bool { return r.compare(t.op, v, t.left.kind()) })
	}
	var right []decode.Datum
	t.right.each(f, func(v decode.Datum) bool {
		right = append(right, v)
		return len(right) < maxPairs
	})
	if len(right) == 0 {
		return false
	}
	if l, ok := t.left.(*literal); ok { // 80 == tcp.port is tcp.port == 80
		is := func(v decode.Datum) bool { return l.compare(mirror(t.op), v, t.right.kind()) }
		if t.all {
			return !slices.ContainsFunc(right, func(v decode.Datum) bool { return !is(v) })
		}
		return slices.ContainsFunc(right, is)
	}
	return each(f, t.left, t.all, func(v decode.Datum) bool {
		is := func(w decode.Datum) bool { return holds(t.op, v, w, t.left.kind()) }
		if t.all {
			return !slices.ContainsFunc(right, func(w decode.Datum) bool { return !is(w) })
		}
		return slices.ContainsFunc(right, is)
	})
}

// mirror is the operator with its sides exchanged.
func mirror(op string) string {
	switch op {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return op
}

// holds compares two values.
func holds(op string, v, w decode.Datum, k decode.Type) bool {
	if op == "contains" {
		return bytes.Contains(v.Bytes, w.Bytes)
	}
	switch {
	case k.IsNumber():
		return ordered(op, cmp.Compare(v.Num, w.Num))
	case isBytes(k): // the longer is greater
		return ordered(op, cmp.Or(cmp.Compare(len(v.Bytes), len(w.Bytes)), bytes.Compare(v.Bytes, w.Bytes)))
	}
	return ordered(op, bytes.Compare(v.Bytes, w.Bytes))
}

func ordered(op string, c int) bool {
	switch op {
	case "==":
		return c == 0
	case "!=":
		return c != 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0 // ">="
}

// compare compares a value with the literal.
func (l *literal) compare(op string, v decode.Datum, k decode.Type) bool {
	if !l.net || op == "contains" {
		return holds(op, v, l.value, k)
	}
	a, ok := netip.AddrFromSlice(v.Bytes) // of a prefix: the address it begins with
	if !ok {
		return false
	}
	p, err := a.Prefix(l.bits)
	if err != nil {
		return false
	}
	return ordered(op, bytes.Compare(p.Addr().AsSlice(), l.value.Bytes))
}

func (t *matches) holds(f *decode.Frame) bool {
	return each(f, t.of, t.all, func(v decode.Datum) bool { return t.re.Match(latin1(v.Bytes)) })
}

// latin1 makes a character of each byte, so that \xff in a regular expression is a byte.
func latin1(b []byte) []byte {
	if i := slices.IndexFunc(b, func(c byte) bool { return c >= 0x80 }); i < 0 {
		return b
	}
	out := make([]byte, 0, len(b)+len(b)/2)
	for _, c := range b {
		if c < 0x80 {
			out = append(out, c)
		} else {
			out = append(out, 0xc0|c>>6, 0x80|c&0x3f)
		}
	}
	return out
}

func (t *member) holds(f *decode.Frame) bool {
	k := t.of.kind()
	return each(f, t.of, t.all, func(v decode.Datum) bool {
		return slices.ContainsFunc(t.set, func(e element) bool {
			if e.high == nil {
				return e.low.compare("==", v, k)
			}
			return e.low.compare(">=", v, k) && e.high.compare("<=", v, k)
		})
	})
}

// An operand has values in a frame: none, one or several.
type operand interface {
	kind() decode.Type
	each(f *decode.Frame, yield func(decode.Datum) bool)
}

type (
	field struct {
		key   *decode.Key
		layer int // 0: any
	}
	literal struct {
		typ   decode.Type
		value decode.Datum
		net   bool // a network, of which bits of the address count
		bits  int
		text  string // as it is shown
	}
	slice struct {
		of  operand
		cut []span
	}
	masked struct{ left, right operand }
	call   struct {
		fn *function
		of operand
	}
)

func (o *field) kind() decode.Type   { return o.key.Type }
func (o *literal) kind() decode.Type { return o.typ }
func (o *masked) kind() decode.Type  { return decode.Number }
func (o *call) kind() decode.Type    { return o.fn.result }

func (o *slice) kind() decode.Type {
	if o.of.kind() == decode.Text {
		return decode.Text
	}
	return decode.Bytes
}

func (o *field) each(f *decode.Frame, yield func(decode.Datum) bool) {
	f.Each(o.key, func(v decode.Datum, layer int) bool {
		return o.layer > 0 && layer != o.layer || yield(v)
	})
}

func (o *literal) each(_ *decode.Frame, yield func(decode.Datum) bool) { yield(o.value) }

// each makes nothing of the bytes that a value has not all of, as Wireshark does: so they
// are unlike any.
func (o *slice) each(f *decode.Frame, yield func(decode.Datum) bool) {
	o.of.each(f, func(v decode.Datum) bool {
		var out []byte
		for _, c := range o.cut {
			from, n := c.from, c.n
			if from < 0 {
				from += len(v.Bytes)
			}
			if n == toEnd {
				n = len(v.Bytes) - from
			}
			if from < 0 || n <= 0 || from+n > len(v.Bytes) {
				continue
			}
			if len(o.cut) == 1 {
				out = v.Bytes[from : from+n]
			} else {
				out = append(out, v.Bytes[from:from+n]...)
			}
		}
		return yield(decode.Datum{Bytes: out})
	})
}

func (o *masked) each(f *decode.Frame, yield func(decode.Datum) bool) {
	more := true
	o.left.each(f, func(v decode.Datum) bool {
		n := 0
		o.right.each(f, func(w decode.Datum) bool {
			n++
			more = yield(decode.Datum{Num: v.Num & w.Num})
			return more && n < maxPairs
		})
		return more
	})
}

// A function makes a value of one, or of how many there are.
type function struct {
	name   string
	takes  []decode.Type
	result decode.Type
	of     func(v decode.Datum, k decode.Type) decode.Datum // nil: how many there are
}

// functions are all of them.
var functions = []*function{
	{"len", []decode.Type{decode.Bytes, decode.Text, decode.Protocol, decode.MAC}, decode.Number, func(v decode.Datum, _ decode.Type) decode.Datum {
		return decode.Datum{Num: uint64(len(v.Bytes))}
	}},
	{"count", nil, decode.Number, nil},
	{"lower", []decode.Type{decode.Text}, decode.Text, func(v decode.Datum, _ decode.Type) decode.Datum {
		return decode.Datum{Bytes: mapASCII(v.Bytes, 'A', 'Z', 'a'-'A')}
	}},
	{"upper", []decode.Type{decode.Text}, decode.Text, func(v decode.Datum, _ decode.Type) decode.Datum {
		return decode.Datum{Bytes: mapASCII(v.Bytes, 'a', 'z', 256-('a'-'A'))}
	}},
	{"string", []decode.Type{decode.Number, decode.Bool, decode.Seconds, decode.MAC, decode.IPv4, decode.IPv6, decode.Bytes}, decode.Text, func(v decode.Datum, k decode.Type) decode.Datum {
		return decode.Datum{Bytes: []byte(text(v, k))}
	}},
}

// mapASCII is text with the letters from low to high moved.
func mapASCII(b []byte, low, high byte, by int) []byte {
	out := slices.Clone(b)
	for i, c := range out {
		if low <= c && c <= high {
			out[i] = byte(int(c) + by)
		}
	}
	return out
}

// text is a value as string() has it.
func text(v decode.Datum, k decode.Type) string {
	switch k {
	case decode.Number:
		return strconv.FormatUint(v.Num, 10)
	case decode.Bool:
		if v.Num != 0 {
			return "1"
		}
		return "0"
	case decode.Seconds:
		return seconds(v.Num)
	case decode.MAC, decode.Bytes:
		return hexText(v.Bytes)
	case decode.IPv4, decode.IPv6:
		a, _ := netip.AddrFromSlice(v.Bytes)
		return a.String()
	case decode.Text, decode.Protocol:
	}
	return string(v.Bytes)
}

// seconds is a time as decimal seconds, without zeros that say nothing.
func seconds(ns uint64) string {
	s := strconv.FormatUint(ns/uint64(time.Second), 10)
	frac := ns % uint64(time.Second)
	if frac == 0 {
		return s
	}
	digits := []byte(strconv.FormatUint(frac+uint64(time.Second), 10))
	digits[0] = '.'
	return s + string(bytes.TrimRight(digits, "0"))
}

func hexText(b []byte) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 3*len(b))
	for i, c := range b {
		if i > 0 {
			out = append(out, ':')
		}
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}

func (o *call) each(f *decode.Frame, yield func(decode.Datum) bool) {
	if o.fn.of != nil {
		o.of.each(f, func(v decode.Datum) bool { return yield(o.fn.of(v, o.of.kind())) })
		return
	}
	n := uint64(0)
	o.of.each(f, func(decode.Datum) bool {
		n++
		return true
	})
	if n > 0 {
		yield(decode.Datum{Num: n})
	}
}
