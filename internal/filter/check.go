package filter

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"wireloom/internal/decode"
)

// A checker makes tests of nodes: names become keys, texts values of the type that they
// are compared with.
type checker struct {
	f       *Filter
	text    string
	nodes   int
	regexps int
	program int // instructions of the regular expressions
}

func (c *checker) fail(n *node, format string, args ...any) error {
	return place(c.text, n.at, n.size, format, args...)
}

func (c *checker) test(n *node) (test, error) {
	c.nodes++
	switch n.op {
	case "and", "or", "xor":
		var of []test
		for _, s := range n.sub {
			t, err := c.test(s)
			if err != nil {
				return nil, err
			}
			of = append(of, t)
		}
		switch n.op {
		case "and":
			return and(of), nil
		case "or":
			return or(of), nil
		}
		return xor(of), nil
	case "not":
		t, err := c.test(n.sub[0])
		if err != nil {
			return nil, err
		}
		return not{t}, nil
	case "()":
		return c.test(n.sub[0])
	case "in":
		return c.member(n)
	case "matches":
		return c.matches(n)
	}
	if isComparison(n.op) {
		return c.compare(n)
	}
	return c.alone(n)
}

// alone is a field, or some bits of one, without a comparison.
func (c *checker) alone(n *node) (test, error) {
	o, err := c.operand(n)
	if err != nil {
		return nil, err
	}
	if o == nil {
		if n.kind == tWord {
			return nil, c.unknown(n)
		}
		return nil, c.fail(n, "a value alone is no condition: compare a field with it")
	}
	switch x := o.(type) {
	case *masked:
		return some{o}, nil
	case *call:
		return nil, c.fail(n, "%s(...) is a %s and no condition: compare it, as in %s(...) > 1", x.fn.name, x.kind(), x.fn.name)
	}
	return seen{o}, nil
}

// unknown says that a word is no field.
func (c *checker) unknown(n *node) error {
	if _, err := decode.FindKey(n.text); err != nil {
		return c.fail(n, "%v", err)
	}
	return nil
}

// isName reports whether a word can be nothing but a name.
func isName(t string) bool {
	first := t[0] | 0x20
	return strings.Contains(t, ".") && first >= 'a' && first <= 'z' && !strings.Contains(t, ":") || strings.Contains(t, "_")
}

// operand makes a node that is no test an operand; nil of a value, which needs a type
// from what it is compared with.
func (c *checker) operand(n *node) (operand, error) {
	c.nodes++
	switch n.op {
	case "":
		if n.kind != tWord {
			return nil, nil
		}
		k, err := decode.FindKey(n.text)
		if err != nil {
			if n.layer > 0 || isName(n.text) && !looksLikeBytes(n.text) {
				return nil, c.fail(n, "%v", err)
			}
			return nil, nil
		}
		return &field{k, n.layer}, nil
	case "slice":
		of, err := c.needs(n.sub[0], "a slice is taken")
		if err != nil {
			return nil, err
		}
		if of.kind().IsNumber() {
			return nil, c.fail(n.sub[0], "%s is a %s, and has no bytes to choose from: use & for its bits", c.show(n.sub[0]), of.kind())
		}
		return &slice{of, n.cut}, nil
	case "&":
		return c.masked(n)
	case "call":
		return c.call(n)
	}
	return nil, c.fail(n, "%s is a condition, and no value", n.op)
}

// looksLikeBytes reports whether a word with dots may be bytes, as in 00.11.22 or
// aabb.ccdd.eeff.
func looksLikeBytes(t string) bool {
	_, err := parseBytes(t)
	return err == nil
}

func (c *checker) show(n *node) string {
	if n.at+n.size <= len(c.text) && n.size > 0 {
		return c.text[n.at : n.at+n.size]
	}
	return n.text
}

// needs is operand where a value will not do.
func (c *checker) needs(n *node, why string) (operand, error) {
	o, err := c.operand(n)
	if err == nil && o == nil {
		if n.kind == tWord {
			if err = c.unknown(n); err != nil {
				return nil, err
			}
		}
		err = c.fail(n, "%s of a field", why)
	}
	return o, err
}

func (c *checker) masked(n *node) (operand, error) {
	left, err := c.operand(n.sub[0])
	if err != nil {
		return nil, err
	}
	right, err := c.operand(n.sub[1])
	if err != nil {
		return nil, err
	}
	if left == nil && right == nil {
		return nil, c.fail(n, "& needs a field on one side at least")
	}
	for i, o := range []*operand{&left, &right} {
		if *o == nil {
			if *o, err = c.number(n.sub[i], 1<<64-1, nil); err != nil {
				return nil, err
			}
		}
		if (*o).kind() != decode.Number && (*o).kind() != decode.Bool {
			return nil, c.fail(n.sub[i], "& is for numbers, and %s is a %s", c.show(n.sub[i]), (*o).kind())
		}
	}
	return &masked{left, right}, nil
}

func (c *checker) call(n *node) (operand, error) {
	var names []string
	for _, f := range functions {
		names = append(names, f.name)
	}
	i := slices.Index(names, n.text)
	if i < 0 {
		return nil, c.fail(n, "there is no function %s: there are %s", n.text, strings.Join(names, ", "))
	}
	fn := functions[i]
	if len(n.sub) != 1 {
		return nil, c.fail(n, "%s takes one field, as in %s(dns.qry.name)", fn.name, fn.name)
	}
	of, err := c.needs(n.sub[0], fn.name+" is")
	if err != nil {
		return nil, err
	}
	if _, isField := of.(*field); fn.of == nil && !isField {
		return nil, c.fail(n.sub[0], "%s takes one field, as in %s(ip.addr)", fn.name, fn.name)
	}
	if fn.takes != nil && !slices.Contains(fn.takes, of.kind()) {
		var those []string
		for _, t := range fn.takes {
			those = append(those, t.String())
		}
		return nil, c.fail(n.sub[0], "%s takes %s, and %s is a %s", fn.name, strings.Join(those, " or "), c.show(n.sub[0]), of.kind())
	}
	return &call{fn, of}, nil
}

// both are the operands of a comparison, of types that can be compared.
func (c *checker) both(n *node) (left, right operand, err error) {
	if left, err = c.operand(n.sub[0]); err != nil {
		return nil, nil, err
	}
	if right, err = c.operand(n.sub[1]); err != nil {
		if s := n.sub[1]; left != nil && left.kind() == decode.Text && s.op == "" && s.kind == tWord { // a text without quotes
			_, err = c.literal(s, left, n.op)
		}
		return nil, nil, err
	}
	switch {
	case left == nil && right == nil:
		for _, s := range n.sub {
			if s.kind == tWord && s.text[0] > '9' {
				return nil, nil, c.unknown(s)
			}
		}
		return nil, nil, c.fail(n, "neither side is a field")
	case left == nil:
		left, err = c.literal(n.sub[0], right, n.op)
	case right == nil:
		right, err = c.literal(n.sub[1], left, n.op)
	case !alike(left.kind(), right.kind()):
		err = c.fail(n, "%s is a %s, and %s a %s: they can't be compared", c.show(n.sub[0]), left.kind(), c.show(n.sub[1]), right.kind())
	}
	return left, right, err
}

func isBytes(t decode.Type) bool {
	return t == decode.MAC || t == decode.Bytes || t == decode.Protocol
}

func alike(a, b decode.Type) bool {
	return a == b || isBytes(a) && isBytes(b) || a <= decode.Bool && b <= decode.Bool
}

func (c *checker) compare(n *node) (test, error) {
	left, right, err := c.both(n)
	if err != nil {
		return nil, err
	}
	t := &compare{op: n.op, match: n.match, left: left, right: right}
	switch n.op {
	case "contains":
		if k := left.kind(); !isBytes(k) && k != decode.Text {
			return nil, c.fail(n.sub[0], "contains looks into bytes and text, and %s is a %s: string(%s) is its text", c.show(n.sub[0]), k, c.show(n.sub[0]))
		}
	case "!=":
		t.all = true
	case "===":
		t.op, t.all = "==", true
	case "!==":
		t.op = "!="
	}
	if k := left.kind(); k == decode.Protocol && n.op != "contains" {
		return nil, c.fail(n.sub[0], "%s is a protocol: look into it with contains or matches, or take a slice", c.show(n.sub[0]))
	}
	if n.match != "" {
		t.all = n.match == "all"
	}
	return t, nil
}

func (c *checker) matches(n *node) (test, error) {
	of, err := c.needs(n.sub[0], "matches looks into the text")
	if err != nil {
		return nil, err
	}
	if k := of.kind(); !isBytes(k) && k != decode.Text {
		return nil, c.fail(n.sub[0], "matches looks into bytes and text, and %s is a %s: string(%s) is its text", c.show(n.sub[0]), k, c.show(n.sub[0]))
	}
	s := n.sub[1]
	if s.kind != tString || s.op != "" {
		return nil, c.fail(s, "a regular expression stands in double quotes, as in dns.qry.name matches \"^www\"")
	}
	re, cost, err := compile(s.text)
	if err != nil {
		return nil, c.fail(s, "%v", err)
	}
	c.regexps++
	c.program += cost
	c.f.cost += cost
	if c.regexps > maxRegexps || c.program > maxProgram {
		return nil, c.fail(s, "the regular expressions of this filter are too large together: at most %d, and repeat less in them", maxRegexps)
	}
	return &matches{all: n.match == "all", match: n.match, of: of, text: s.text, re: re}, nil
}

// compile makes a regular expression, in which a character is a byte and the case of
// letters does not matter.
func compile(text string) (*regexp.Regexp, int, error) {
	if len(text) > maxRegexp {
		return nil, 0, fmt.Errorf("a regular expression of %d bytes: at most %d are read", len(text), maxRegexp)
	}
	pattern := "(?i)" + string(latin1([]byte(text)))
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, 0, fmt.Errorf("regular expression: %s; RE2's are read, docs/filters.md says what Wireshark's have besides", regexpError(err))
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, 0, fmt.Errorf("regular expression: %s", regexpError(err))
	}
	if len(prog.Inst) > maxProgram {
		return nil, 0, fmt.Errorf("the regular expression is too large: repeat less in it")
	}
	re, err := regexp.Compile(pattern)
	return re, len(prog.Inst), err
}

// regexpError is what is wrong with a regular expression, in its own words.
func regexpError(err error) string {
	var e *syntax.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	return fmt.Sprintf("%s: %s", e.Code, strings.TrimPrefix(e.Expr, "(?i)"))
}

func (c *checker) member(n *node) (test, error) {
	of, err := c.needs(n.sub[0], "in looks up the value")
	if err != nil {
		return nil, err
	}
	if of.kind() == decode.Protocol {
		return nil, c.fail(n.sub[0], "%s is a protocol, and in no set: take a slice of it", c.show(n.sub[0]))
	}
	t := &member{all: n.match == "all", match: n.match, of: of}
	for _, b := range n.set {
		var e element
		for _, end := range []struct {
			n  *node
			to **literal
		}{{b.low, &e.low}, {b.high, &e.high}} {
			if end.n == nil {
				continue
			}
			o, err := c.operand(end.n)
			if err == nil && o != nil {
				err = c.fail(end.n, "a set has values, and %s is a field", c.show(end.n))
			}
			if err != nil {
				return nil, err
			}
			l, err := c.literal(end.n, of, "in")
			if err != nil {
				return nil, err
			}
			*end.to = l
		}
		if e.high != nil && (e.low.net || e.high.net) {
			return nil, c.fail(b.low, "a range is between two addresses, not two networks")
		}
		if e.high != nil && !holds("<=", e.low.value, e.high.value, of.kind()) {
			return nil, c.fail(b.low, "a range has its lower end first")
		}
		t.set = append(t.set, e)
	}
	return t, nil
}

// literal reads a value that is compared with an operand.
func (c *checker) literal(n *node, with operand, op string) (*literal, error) {
	c.nodes++
	k := with.kind()
	limit, names := uint64(1<<64-1), map[uint64]string(nil)
	if f, ok := with.(*field); ok {
		limit, names = f.key.Max, f.key.Names
	}
	lit := &literal{typ: k}
	var err error
	switch k {
	case decode.Number:
		return c.number(n, limit, names)
	case decode.Bool:
		return c.boolean(n)
	case decode.Seconds:
		lit.value.Num, err = parseSeconds(n.text)
		lit.text = n.text
		if n.kind != tWord || err != nil {
			return nil, c.fail(n, "%s is a time: compare it with seconds, such as 2 or 0.5", showOperand(with))
		}
		return lit, nil
	case decode.IPv4, decode.IPv6:
		if n.kind == tWord {
			lit.value.Bytes, lit.bits, lit.net, err = parseAddress(n.text, k == decode.IPv4)
			lit.text = n.text
		}
		if n.kind != tWord || err != nil {
			return nil, c.fail(n, "%s is an %s: compare it with one, such as %s, or with a network", showOperand(with), k, map[bool]string{true: "10.0.0.1", false: "fd00::1"}[k == decode.IPv4])
		}
		return lit, nil
	case decode.MAC:
		lit.value.Bytes, err = parseBytes(n.text)
		if n.kind != tWord || err != nil || len(lit.value.Bytes) != 6 && op != "contains" {
			return nil, c.fail(n, "%s is a MAC address: compare it with one, such as 02:00:00:00:00:01, or take a slice of it", showOperand(with))
		}
		lit.text = hexText(lit.value.Bytes)
		if len(lit.value.Bytes) == 1 {
			lit.text += ":"
		}
		return lit, nil
	case decode.Bytes, decode.Protocol:
		if n.kind == tString || n.kind == tChar {
			lit.value.Bytes, lit.text = []byte(n.text), quote(n.text)
			return lit, nil
		}
		if len(n.text) == 2 && n.text[0] >= '1' && n.text[0] <= '9' && n.text[1] >= '0' && n.text[1] <= '9' {
			return nil, c.fail(n, "%s may be meant as 0x%s or as %s: Wireshark's versions differ; write 0x%s or 0x%x", n.text, n.text, n.text, n.text, decimal(n.text))
		}
		if lit.value.Bytes, err = bytesOf(n.text); err != nil {
			return nil, c.fail(n, "%s is bytes: compare it with some in hex, such as de:ad or \"text\"", showOperand(with))
		}
		if lit.text = hexText(lit.value.Bytes); len(lit.value.Bytes) == 1 {
			lit.text += ":"
		}
		return lit, nil
	case decode.Text:
	}
	if n.kind == tWord {
		return nil, c.fail(n, "%s is text: compare it with one in double quotes, such as %s", showOperand(with), quote(n.text))
	}
	lit.value.Bytes, lit.text = []byte(n.text), quote(n.text)
	return lit, nil
}

// number reads a number: decimal, 0x hex, 0 octal, 0b binary, a character, or the name of
// a value in quotes.
func (c *checker) number(n *node, limit uint64, names map[uint64]string) (*literal, error) {
	lit := &literal{typ: decode.Number}
	switch n.kind { //nolint:exhaustive // a value is one of the three
	case tChar:
		lit.value.Num, lit.text = uint64(n.text[0]), strconv.Itoa(int(n.text[0]))
	case tString:
		for _, u := range sortedKeys(names) {
			if strings.EqualFold(names[u], n.text) {
				lit.value.Num, lit.text = u, strconv.FormatUint(u, 10)
				return lit, nil
			}
		}
		if len(names) == 0 {
			return nil, c.fail(n, "this is a number, and its values have no names")
		}
		var those []string
		for _, u := range sortedKeys(names) {
			those = append(those, strconv.Quote(names[u]))
		}
		return nil, c.fail(n, "no value is called that: there are %s, and numbers", strings.Join(those[:min(len(those), 8)], ", "))
	default:
		u, err := parseNumber(n.text)
		if err != nil {
			if isName(n.text) || n.text[0] > '9' {
				if _, err := decode.FindKey(n.text); err != nil {
					return nil, c.fail(n, "this is no number, and %v", err)
				}
			}
			return nil, c.fail(n, "this is no number: write 80, 0x50 or 0b1010000")
		}
		lit.value.Num, lit.text = u, n.text
	}
	if lit.value.Num > limit {
		return nil, c.fail(n, "%s is too large: the field holds at most %d", lit.text, limit)
	}
	return lit, nil
}

// decimal is a number of two digits.
func decimal(t string) int { return 10*int(t[0]-'0') + int(t[1]-'0') }

func sortedKeys(m map[uint64]string) []uint64 {
	var out []uint64
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func (c *checker) boolean(n *node) (*literal, error) {
	for _, b := range []struct {
		words string
		num   uint64
	}{{"1 true set", 1}, {"0 false", 0}} {
		if (n.kind == tWord || n.kind == tString) && slices.Contains(strings.Fields(b.words), strings.ToLower(n.text)) {
			return &literal{typ: decode.Bool, value: decode.Datum{Num: b.num}, text: strconv.FormatUint(b.num, 10)}, nil
		}
	}
	if u, err := parseNumber(n.text); n.kind == tWord && err == nil && u > 1 {
		return nil, c.fail(n, "this is one bit: compare it with 1 or 0")
	}
	return nil, c.fail(n, "this is one bit: compare it with 1 or 0, True or False")
}

// parseNumber reads a number as C writes it.
func parseNumber(t string) (uint64, error) {
	if strings.Contains(t, "_") || strings.HasPrefix(t, "0o") || strings.HasPrefix(t, "0O") {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseUint(t, 0, 64)
}

// parseSeconds reads decimal seconds, exactly.
func parseSeconds(t string) (uint64, error) {
	whole, frac, _ := strings.Cut(t, ".")
	if len(whole) > 9 || len(frac) > 9 || whole == "" || strings.HasSuffix(t, ".") {
		return 0, strconv.ErrSyntax
	}
	s, err := strconv.ParseUint(whole, 10, 64)
	if err != nil {
		return 0, err
	}
	ns, err := strconv.ParseUint(frac+strings.Repeat("0", 9-len(frac)), 10, 64)
	return s*uint64(time.Second) + ns, err
}

// parseAddress reads an address, or a network, of which it returns the first address.
func parseAddress(t string, v4 bool) (b []byte, bits int, net bool, err error) {
	if strings.Contains(t, "/") {
		p, err := netip.ParsePrefix(t)
		if err != nil || p.Addr().Is4() != v4 {
			return nil, 0, false, errors.New("no such network")
		}
		return p.Masked().Addr().AsSlice(), p.Bits(), true, nil
	}
	a, err := netip.ParseAddr(t)
	if err != nil || a.Is4() != v4 || a.Zone() != "" {
		return nil, 0, false, errors.New("no such address")
	}
	return a.AsSlice(), 0, false, nil
}

// bytesOf reads bytes, also one that is written as a number.
func bytesOf(t string) ([]byte, error) {
	if b, err := parseBytes(t); err == nil {
		return b, nil
	}
	u, err := parseNumber(t)
	if err != nil || u > 0xff {
		return nil, strconv.ErrSyntax
	}
	return []byte{byte(u)}, nil
}

// parseBytes reads aa:bb, aa-bb, aa.bb, aabb.ccdd and aa:.
func parseBytes(t string) ([]byte, error) {
	t = strings.TrimPrefix(t, ":")
	sep, size := byte(0), 0
	for _, try := range []struct {
		sep  byte
		size int
	}{{':', 2}, {'-', 2}, {'.', 2}, {'.', 4}} {
		if i := strings.IndexByte(t, try.sep); i == try.size {
			sep, size = try.sep, try.size
		}
	}
	if sep == 0 {
		if len(t) != 2 || t[0] <= '9' && t[1] <= '9' { // two digits are a number
			return nil, strconv.ErrSyntax
		}
		return hex.DecodeString(t)
	}
	var out []byte
	parts := strings.Split(t, string(sep))
	if last := len(parts) - 1; last > 0 && parts[last] == "" {
		parts = parts[:last]
	}
	for _, p := range parts {
		b, err := hex.DecodeString(p)
		if err != nil || len(p) != size {
			return nil, strconv.ErrSyntax
		}
		out = append(out, b...)
	}
	return out, nil
}
