package decode

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// A Want is what a field of a frame must be. The zero value wants nothing that
// exists; make one with [NewWant] or [WantOneOf].
type Want struct {
	Name string
	Text string // what is wanted, for people

	spec   *spec
	quoted bool   // of the packet that an ICMP error quotes
	conds  []cond // one must hold
	when   *Want  // nothing is wanted where this one is not met; nil: always
}

// A WantOp says how the values of a Want are meant.
type WantOp uint8

// The operations.
const (
	WantIs       WantOp = iota // one of the values, each a value, a range, a prefix, any or absent
	WantNot                    // present, and none of them
	WantStarts                 // bytes that begin with the value
	WantContains               // bytes that the value is in
	WantAt                     // bytes that are the value from an offset on
)

// A Cond is one way in which a field may be right.
type Cond struct {
	Op     WantOp
	Values []string // one of them
	At     int      // of WantAt: which byte is the first, from 0
	Mask   string   // the bits that are looked at, as a number or as bytes in hex; "" for all
	Not    []Cond   // of WantNot, beside Values: none of these
}

// Map is the condition with each of its values changed.
func (c Cond) Map(f func(string) (string, error)) (Cond, error) {
	var err error
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		if values[i], err = f(v); err != nil {
			return c, err
		}
	}
	not := make([]Cond, len(c.Not))
	for i, n := range c.Not {
		if not[i], err = n.Map(f); err != nil {
			return c, err
		}
	}
	c.Values, c.Not = values, not
	return c, nil
}

// values is how many values there are in all.
func (c *Cond) values() int {
	n := len(c.Values)
	for i := range c.Not {
		n += c.Not[i].values()
	}
	return n
}

// String is the condition in words.
func (c *Cond) String() string {
	text := strings.Join(c.Values, " or ")
	if text == "" && len(c.Not) == 0 {
		text = "nothing"
	}
	for i := range c.Not {
		if text != "" {
			text += " or "
		}
		text += c.Not[i].String()
	}
	switch c.Op {
	case WantIs:
	case WantNot:
		text = "not " + text
	case WantStarts:
		text = "starts with " + text
	case WantContains:
		text = "contains " + text
	case WantAt:
		text = fmt.Sprintf("has %s at byte %d", text, c.At)
	}
	if c.Mask != "" {
		text += " in the bits " + c.Mask
	}
	return text
}

// MaxWants is how many values one Want may have.
const MaxWants = 64

// quotedPrefix stands before the name of a field of a quoted packet.
const quotedPrefix = "quoted."

// A cond is a Cond whose values have been read.
type cond struct {
	op    WantOp
	at    int
	tests []test // one must hold; of WantNot, and of not: none
	not   []cond
}

// A test is one value of a Want.
type test struct {
	kind   testKind
	v      value
	mask   value // the bits that are looked at; zero for all
	lo, hi uint64
	prefix netip.Prefix
}

type testKind uint8

const (
	testValue testKind = iota
	testRange
	testPrefix
	testAny
	testAbsent
	testPayload // the bytes of the payload from lo on
)

// field finds a field by name, which may be one of a quoted packet.
func fieldOf(name string) (s *spec, quoted bool, err error) {
	plain, quoted := strings.CutPrefix(name, quotedPrefix)
	s, err = lookup(plain)
	if err == nil && quoted && (s.proto < pIPv4 || s.name == "data.len") {
		return nil, true, fmt.Errorf("%s: what an ICMP error quotes is an IP packet, and has no such field", name)
	}
	return s, quoted, err
}

// NewWant reads what a field must be. The error says what was expected.
func NewWant(name string, op WantOp, values ...string) (Want, error) {
	return WantOneOf(name, Cond{Op: op, Values: values})
}

// WantOneOf reads what a field must be: one of the conditions.
func WantOneOf(name string, conds ...Cond) (Want, error) {
	w := Want{Name: name}
	var err error
	if w.spec, w.quoted, err = fieldOf(name); err != nil {
		return w, err
	}
	if w.spec.name == "frame.pad" {
		return w, fmt.Errorf("%s: can be built, not matched; frame.len is the length", name)
	}
	n := 0
	for i := range conds {
		n += conds[i].values()
	}
	if n == 0 || n > MaxWants {
		return w, fmt.Errorf("%s: %d values, want 1 to %d", name, n, MaxWants)
	}
	if first := conds[0].Values; strings.HasSuffix(w.spec.name, ".checksum") && len(first) > 0 && slices.Contains([]string{"good", "bad", "unverified"}, first[0]) {
		w.spec = byName[w.spec.name+".status"]
	}
	var texts []string
	for i := range conds {
		c, err := w.read(&conds[i])
		if err != nil {
			return w, err
		}
		w.conds, texts = append(w.conds, c), append(texts, conds[i].String())
	}
	w.Text = strings.Join(texts, " or ")
	return w, nil
}

// read reads the values of a condition.
func (w *Want) read(from *Cond) (cond, error) {
	c := cond{op: from.Op, at: from.At}
	if from.At < 0 || from.At > MaxFrame {
		return c, fmt.Errorf("%s: byte %d is in no frame", w.Name, from.At)
	}
	for _, text := range from.Values {
		t, err := w.parse(c.op, text)
		if err == nil && from.Mask != "" {
			err = w.masked(&t, from.Mask)
		}
		if err != nil {
			return c, err
		}
		if c.op == WantContains && len(t.mask.b) > maxMasked {
			return c, w.spec.wrong(text, fmt.Sprintf("at most %d bytes, where not all bits of them are looked at", maxMasked))
		}
		c.tests = append(c.tests, t)
	}
	for i := range from.Not {
		n, err := w.read(&from.Not[i])
		if err != nil {
			return c, err
		}
		c.not = append(c.not, n)
	}
	return c, nil
}

// maxMasked is how many bytes may be looked for anywhere in a frame by some of their bits.
const maxMasked = 64

func (w *Want) parse(op WantOp, text string) (test, error) {
	s, t := w.spec, strings.TrimSpace(text)
	if op >= WantStarts {
		if s.kind == kBytes {
			return w.pattern(text)
		}
		if s.kind == kText {
			v, err := s.parse(text)
			return test{v: v}, err
		}
		what := "start with or contain something"
		if op == WantAt {
			what = "have something at a byte"
		}
		return test{}, fmt.Errorf("%s: only bytes can %s, such as data.data and data.text", w.Name, what)
	}
	switch {
	case t == "any" && s.kind != kText:
		return test{kind: testAny}, nil
	case t == "absent" && s.kind != kText:
		return test{kind: testAbsent}, nil
	case s.kind == kBytes && strings.Contains(t, "."):
		return w.pattern(text)
	case s.isNumber() && strings.Contains(t, ".."):
		return w.bounds(text)
	case (s.kind == kIPv4 || s.kind == kIPv6) && strings.Contains(t, "/"):
		p, err := netip.ParsePrefix(t)
		if err != nil || p.Addr().Is4() != (s.kind == kIPv4) {
			return test{}, s.wrong(text, "an address, or a prefix such as 10.0.0.0/24")
		}
		return test{kind: testPrefix, prefix: p.Masked()}, nil
	}
	v, err := s.parse(text)
	return test{v: v}, err
}

// pattern reads bytes in hex in which a dot stands for any digit; half a byte may be the
// last.
func (w *Want) pattern(text string) (test, error) {
	digits := strings.NewReplacer(" ", "", ":", "", "-", "", "\n", "").Replace(strings.TrimPrefix(strings.TrimSpace(text), "0x"))
	odd := len(digits)%2 == 1
	if !odd && !strings.Contains(digits, ".") {
		v, err := w.spec.parse(text)
		return test{v: v}, err
	}
	if odd {
		digits += "."
	}
	b, err := hex.DecodeString(strings.ReplaceAll(digits, ".", "0"))
	if err != nil || len(b) > MaxFrame {
		return test{}, w.spec.wrong(text, "bytes in hex such as de:ad:be:ef or deadbeef, a dot for any digit")
	}
	mask := make([]byte, len(b))
	for i := range digits {
		if digits[i] != '.' {
			mask[i/2] |= 0xf0 >> (4 * (i % 2))
		}
	}
	return test{v: value{b: b}, mask: value{b: mask}}, nil
}

// masked makes a test look at some bits only.
func (w *Want) masked(t *test, mask string) error {
	s := w.spec
	switch {
	case t.kind != testValue:
		return fmt.Errorf("%s: mask is for a value, not for a range, a prefix, any or absent", w.Name)
	case s.isNumber():
		u, err := parseUint(mask)
		if err != nil || u == 0 {
			return s.wrong(mask, "a mask, such as 0xf0")
		}
		t.mask.u = u
		return nil
	}
	b, err := hexBytes(mask)
	if err != nil || len(b) != len(t.v.b) {
		return s.wrong(mask, fmt.Sprintf("a mask of as many bytes as the value has, %d, in hex", len(t.v.b)))
	}
	for i := range t.mask.b { // what a dot leaves open stays open
		b[i] &= t.mask.b[i]
	}
	t.mask.b = b
	return nil
}

// bounds reads 1..5, 1.. or ..5.
func (w *Want) bounds(text string) (test, error) {
	lo, hi, _ := strings.Cut(strings.TrimSpace(text), "..")
	t := test{kind: testRange, hi: w.spec.limit()}
	for _, e := range []struct {
		text string
		to   *uint64
	}{{lo, &t.lo}, {hi, &t.hi}} {
		if e.text == "" {
			continue
		}
		v, err := w.spec.parse(e.text)
		if err != nil {
			return t, w.spec.wrong(text, "a range such as 1..5, 1.. or ..5")
		}
		*e.to = v.u
	}
	if lo == "" && hi == "" || t.lo > t.hi {
		return t, w.spec.wrong(text, "a range such as 1..5, its lower end first")
	}
	return t, nil
}

// A looked is a frame that is looked at.
type looked struct {
	ls []layer
	b  []byte
}

// applies reports whether anything is wanted of a frame.
func (w *Want) applies(f *looked) bool {
	if w.when == nil {
		return true
	}
	v, found := f.seek(w.when.spec, w.when.quoted)
	return w.when.met(v, found, f)
}

// met reports whether a field's value satisfies the want. found is false where the
// frame has no such field.
func (w *Want) met(v value, found bool, f *looked) bool {
	return w.spec != nil && slices.ContainsFunc(w.conds, func(c cond) bool { return w.fits(&c, v, found, f) })
}

// fits reports whether a field's value is as a condition says.
func (w *Want) fits(c *cond, v value, found bool, f *looked) bool {
	some := slices.ContainsFunc(c.tests, func(t test) bool { return w.holds(c, t, v, found, f) })
	if c.op != WantNot {
		return some
	}
	some = some || slices.ContainsFunc(c.not, func(n cond) bool { return w.fits(&n, v, found, f) })
	return !some && (found || len(c.tests) > 0 && c.tests[0].kind == testAbsent)
}

func (w *Want) holds(c *cond, t test, v value, found bool, f *looked) bool {
	if !found {
		return t.kind == testAbsent
	}
	switch t.kind {
	case testAny:
		return true
	case testAbsent:
		return false
	case testRange:
		return t.lo <= v.u && v.u <= t.hi
	case testPrefix:
		a, _ := netip.AddrFromSlice(v.b)
		return t.prefix.Contains(a)
	case testPayload:
		p, _ := f.seek(byName["data.data"], false)
		return len(p.b) > int(t.lo) && t.same(p.b[t.lo:], v.b)
	case testValue:
	}
	switch c.op {
	case WantStarts:
		return t.same(v.b, t.v.b)
	case WantAt:
		return len(v.b) >= c.at && t.same(v.b[c.at:], t.v.b)
	case WantContains:
		if t.mask.b == nil {
			return strings.Contains(string(v.b), string(t.v.b))
		}
		for i := 0; i+len(t.v.b) <= len(v.b); i++ {
			if t.same(v.b[i:], t.v.b) {
				return true
			}
		}
		return false
	case WantIs, WantNot:
	}
	if w.spec.isNumber() && t.mask.u != 0 {
		return (v.u^t.v.u)&t.mask.u == 0
	}
	if t.mask.b != nil {
		return len(v.b) == len(t.v.b) && t.same(v.b, t.v.b)
	}
	return v.equal(w.spec, t.v)
}

// same reports whether bytes begin with some, as far as the mask goes.
func (t *test) same(b, begin []byte) bool {
	if len(b) < len(begin) {
		return false
	}
	for i := range begin {
		m := byte(0xff)
		if t.mask.b != nil {
			m = t.mask.b[i]
		}
		if (b[i]^begin[i])&m != 0 {
			return false
		}
	}
	return true
}

// An Outcome is a field of a frame beside what was wanted of it.
type Outcome struct {
	Name, Want string
	Got        string // "absent" where the frame has no such field
	Same       bool   // the want is met
}

// Same reports whether two wants are of one field, whatever it is called.
func (w *Want) Same(o *Want) bool {
	return w.quoted == o.quoted && w.spec != nil && o.spec != nil && strings.TrimSuffix(w.spec.name, ".status") == strings.TrimSuffix(o.spec.name, ".status")
}

// Compare compares a frame with what is wanted of it. A field is looked for in the
// first layer of its protocol, a quoted one in the packet that the first ICMP error
// quotes; a frame without payload has a payload of nothing. The outcomes are in the
// order of wants; ok says that all are met.
func Compare(link Link, b []byte, wants []Want) (ok bool, out []Outcome) {
	b, _ = clip(b)
	f := looked{walk(link, b), b}
	ok = true
	for i := range wants {
		w := &wants[i]
		if !w.applies(&f) {
			continue
		}
		o := Outcome{Name: w.Name, Want: w.Text, Got: "absent"}
		var v value
		var found bool
		if w.spec != nil {
			v, found = f.best(w)
		}
		if found {
			val, text := w.spec.format(v)
			switch o.Got = val; {
			case w.spec.kind == kStatus:
				o.Got = text
			case text != "" && w.spec.kind != kBool:
				o.Got += " (" + text + ")"
			case val == "":
				o.Got = "nothing"
			}
		}
		o.Same = w.met(v, found, &f)
		ok = ok && o.Same
		out = append(out, o)
	}
	return ok, out
}

// Meets reports what Compare does, without saying how the frame differs.
func Meets(link Link, b []byte, wants []Want) (ok bool) {
	b, _ = clip(b)
	glance(link, b, func(ls []layer) {
		f := looked{ls, b}
		ok = f.meets(wants)
	})
	return ok
}

func (f *looked) meets(wants []Want) bool {
	for i := range wants {
		w := &wants[i]
		if w.spec == nil {
			return false
		}
		if !w.applies(f) {
			continue
		}
		if v, found := f.best(w); !w.met(v, found, f) {
			return false
		}
	}
	return true
}

// best is the value of the field that a want is about: of several, as the addresses in a
// DNS response are, the first that is as wanted, or, where it is said what they must not be,
// the first that is so; else the first.
func (f *looked) best(w *Want) (value, bool) {
	v, found := f.seek(w.spec, w.quoted)
	if !found || !w.spec.found || w.quoted {
		return v, found
	}
	not := slices.ContainsFunc(w.conds, func(c cond) bool { return c.op == WantNot })
	for _, l := range whole(f.ls, f.b) {
		for i := range l.places {
			if p := &l.places[i]; p.spec == w.spec {
				if x := p.read(f.b); w.met(x, true, f) != not {
					return x, true
				}
			}
		}
	}
	return v, true
}

// seek is find in the frame or in what it quotes.
func (f *looked) seek(s *spec, quoted bool) (value, bool) {
	ls, b := f.ls, f.b
	if quoted {
		i := slices.IndexFunc(ls, func(l layer) bool { return len(l.quoted) > 0 })
		if i < 0 {
			return value{}, false
		}
		ls = ls[i].quoted
	}
	if s.over != 0 { // what comes right behind the header of that layer
		i := slices.IndexFunc(ls, func(l layer) bool { return l.proto == s.over })
		if i < 0 {
			return value{}, false
		}
		ls = ls[i:min(i+2, len(ls))]
	}
	v, found := find(s, ls, b)
	if !found && s.proto == pData {
		return value{}, slices.ContainsFunc(ls, func(l layer) bool { return l.proto != pData })
	}
	return v, found
}

// Value returns the whole value of a field, as [Build] and [NewWant] take it; false
// where the frame has no such field.
func Value(link Link, b []byte, name string) (string, bool) {
	s, quoted, err := fieldOf(name)
	if err != nil {
		return "", false
	}
	b, _ = clip(b)
	f := looked{walk(link, b), b}
	v, found := f.seek(s, quoted)
	switch {
	case !found:
		return "", false
	case s.kind == kBytes:
		return hex.EncodeToString(v.b), true
	case s.kind == kText:
		return string(v.b), true
	case s.kind == kUint || s.kind == kStatus:
		return strconv.FormatUint(v.u, 10), true
	}
	text, _ := s.format(v)
	return text, true
}

// KnownField reports why there is no field of that name, quoted or not.
func KnownField(name string) error {
	_, _, err := fieldOf(name)
	return err
}
