package decode

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// A Want is what a field of a frame must be. The zero value wants nothing that
// exists; make one with [NewWant].
type Want struct {
	Name string
	Text string // what is wanted, for people

	spec   *spec
	quoted bool // of the packet that an ICMP error quotes
	op     WantOp
	not    bool
	tests  []test // one must hold
}

// A WantOp says how the values of a Want are meant.
type WantOp uint8

// The operations.
const (
	WantIs       WantOp = iota // one of the values, each a value, a range, a prefix, any or absent
	WantNot                    // present, and none of them
	WantStarts                 // bytes that begin with the value
	WantContains               // bytes that the value is in
)

// MaxWants is how many values one Want may have.
const MaxWants = 64

// quotedPrefix stands before the name of a field of a quoted packet.
const quotedPrefix = "quoted."

// A test is one value of a Want.
type test struct {
	kind   testKind
	v      value
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
	w := Want{Name: name, op: op, not: op == WantNot}
	var err error
	if w.spec, w.quoted, err = fieldOf(name); err != nil {
		return w, err
	}
	if w.spec.name == "frame.pad" {
		return w, fmt.Errorf("%s: can be built, not matched; frame.len is the length", name)
	}
	if len(values) == 0 || len(values) > MaxWants {
		return w, fmt.Errorf("%s: %d values, want 1 to %d", name, len(values), MaxWants)
	}
	if strings.HasSuffix(w.spec.name, ".checksum") && slices.Contains([]string{"good", "bad", "unverified"}, values[0]) {
		w.spec = byName[w.spec.name+".status"]
	}
	for _, v := range values {
		t, err := w.parse(v)
		if err != nil {
			return w, err
		}
		w.tests = append(w.tests, t)
	}
	w.Text = strings.Join(values, " or ")
	if w.Text == "" {
		w.Text = "nothing"
	}
	switch op {
	case WantIs:
	case WantNot:
		w.Text = "not " + w.Text
	case WantStarts:
		w.Text = "starts with " + w.Text
	case WantContains:
		w.Text = "contains " + w.Text
	}
	return w, nil
}

func (w *Want) parse(text string) (test, error) {
	s, t := w.spec, strings.TrimSpace(text)
	if w.op == WantStarts || w.op == WantContains {
		if s.kind != kBytes && s.kind != kText {
			return test{}, fmt.Errorf("%s: only bytes can start with or contain something, such as data.data and data.text", w.Name)
		}
		v, err := s.parse(text)
		return test{v: v}, err
	}
	switch {
	case t == "any" && s.kind != kText:
		return test{kind: testAny}, nil
	case t == "absent" && s.kind != kText:
		return test{kind: testAbsent}, nil
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

// met reports whether a field's value satisfies the want. found is false where the
// frame has no such field.
func (w *Want) met(v value, found bool) bool {
	if w.spec == nil {
		return false
	}
	some := slices.ContainsFunc(w.tests, func(t test) bool { return w.holds(t, v, found) })
	if w.not {
		return !some && (found || w.tests[0].kind == testAbsent)
	}
	return some
}

func (w *Want) holds(t test, v value, found bool) bool {
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
	case testValue:
	}
	switch w.op {
	case WantStarts:
		return bytes.HasPrefix(v.b, t.v.b)
	case WantContains:
		return bytes.Contains(v.b, t.v.b)
	case WantIs, WantNot:
	}
	return v.equal(w.spec, t.v)
}

// An Outcome is a field of a frame beside what was wanted of it.
type Outcome struct {
	Name, Want string
	Got        string // "absent" where the frame has no such field
	Same       bool   // the want is met
}

// Compare compares a frame with what is wanted of it. A field is looked for in the
// first layer of its protocol, a quoted one in the packet that the first ICMP error
// quotes; a frame without payload has a payload of nothing. The outcomes are in the
// order of wants; ok says that all are met.
func Compare(link Link, b []byte, wants []Want) (ok bool, out []Outcome) {
	b, _ = clip(b)
	ls := walk(link, b)
	ok = true
	for i := range wants {
		w := &wants[i]
		o := Outcome{Name: w.Name, Want: w.Text, Got: "absent"}
		var v value
		var found bool
		if w.spec != nil {
			v, found = seek(w.spec, w.quoted, ls, b)
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
		o.Same = w.met(v, found)
		ok = ok && o.Same
		out = append(out, o)
	}
	return ok, out
}

// Meets reports what Compare does, without saying how the frame differs.
func Meets(link Link, b []byte, wants []Want) bool {
	b, _ = clip(b)
	ls := walk(link, b)
	for i := range wants {
		w := &wants[i]
		if w.spec == nil {
			return false
		}
		if v, found := seek(w.spec, w.quoted, ls, b); !w.met(v, found) {
			return false
		}
	}
	return true
}

// seek is find in the frame or in what it quotes.
func seek(s *spec, quoted bool, ls []layer, b []byte) (value, bool) {
	if quoted {
		i := slices.IndexFunc(ls, func(l layer) bool { return len(l.quoted) > 0 })
		if i < 0 {
			return value{}, false
		}
		ls = ls[i].quoted
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
	v, found := seek(s, quoted, walk(link, b), b)
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
