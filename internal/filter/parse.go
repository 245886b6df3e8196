package filter

import (
	"slices"
	"strconv"
	"strings"
)

// A node is a part of a filter as it was written: names and values are still texts.
type node struct {
	token
	op    string  // "and", "or", "xor", "not", a comparison, "in", "&", "slice", "call"; "" of a name or a value
	match string  // "any" or "all" of a comparison, "" if neither was written
	sub   []*node // what op joins
	set   []bounds
	cut   []span // of "slice"
	layer int    // of a name: which layer of its protocol, 0 for any
}

// bounds are an element of a set: a value, or two with .. between them.
type bounds struct{ low, high *node }

// A span is bytes of a value: from, and how many; to its end if n is toEnd. A negative
// from counts from the end.
type span struct{ from, n int }

const toEnd = -1

type parser struct {
	text  string
	all   []token
	at    int
	depth int
	nodes int
}

// parse makes a tree of a filter; nil of an empty one.
func parse(text string) (*node, error) {
	all, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := &parser{text: text, all: all}
	if p.now().kind == tEnd {
		return nil, nil
	}
	n, err := p.joined(0)
	if err == nil && p.now().kind != tEnd {
		err = p.unexpected()
	}
	if err != nil {
		return nil, err
	}
	return n, nil
}

func (p *parser) now() token { return p.all[p.at] }

// is reports whether the next token is an operator, and goes past it if so.
func (p *parser) is(op string) bool {
	if t := p.now(); t.kind == tOp && t.text == op {
		p.at++
		return true
	}
	return false
}

func (p *parser) fail(t token, format string, args ...any) *Error {
	return place(p.text, t.at, t.size, format, args...)
}

// unexpected says what can't stand here.
func (p *parser) unexpected() *Error {
	t := p.now()
	switch {
	case t.kind == tEnd:
		return p.fail(t, "the filter ends too early: a field, a value or a bracket is missing")
	case t.kind == tWord && slices.Contains([]string{"AND", "OR", "NOT", "XOR", "CONTAINS", "MATCHES", "IN"}, t.text):
		return p.fail(t, "%s is written in small letters: %s", t.text, strings.ToLower(t.text))
	case p.at > 0 && p.all[p.at-1].text == ")" && t.kind == tOp && (isComparison(t.text) || t.text == "&"):
		return p.fail(t, "round brackets stand around conditions only: write tcp.flags & 2 == 2 without them")
	}
	return p.fail(t, "%s can't stand here: join conditions with and, or, xor", p.text[t.at:t.at+t.size])
}

// node makes one, within the limit.
func (p *parser) node(n node) (*node, *Error) {
	if p.nodes++; p.nodes > maxNodes {
		return nil, p.fail(n.token, "the filter has more than %d parts", maxNodes)
	}
	return &n, nil
}

// nest goes a level deeper, within the limit; the caller comes back up.
func (p *parser) nest() *Error {
	if p.depth++; p.depth > maxDepth {
		return p.fail(p.now(), "brackets and nots are more than %d deep here", maxDepth)
	}
	return nil
}

// levels are the operators that join conditions, those that bind least first.
var levels = [...]string{"or", "xor", "and"}

// joined reads conditions joined by the operators of a level and of those that bind more.
func (p *parser) joined(level int) (*node, *Error) {
	if level == len(levels) {
		return p.negated()
	}
	left, err := p.joined(level + 1)
	for err == nil {
		t := p.now()
		if !p.is(levels[level]) {
			return left, nil
		}
		var right *node
		if right, err = p.joined(level + 1); err != nil {
			break
		}
		if left.op == levels[level] && left.match == "" { // a and b and c is one node
			left.sub = append(left.sub, right)
			continue
		}
		left, err = p.node(node{token: t, op: levels[level], sub: []*node{left, right}})
	}
	return nil, err
}

func (p *parser) negated() (*node, *Error) {
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	t := p.now()
	switch {
	case p.is("not"):
		of, err := p.negated()
		if err != nil {
			return nil, err
		}
		return p.node(node{token: t, op: "not", sub: []*node{of}})
	case p.is("("):
		n, err := p.joined(0)
		if err != nil {
			return nil, err
		}
		if !p.is(")") {
			if p.now().kind != tEnd {
				return nil, p.unexpected()
			}
			return nil, p.fail(t, "this bracket is not closed")
		}
		return p.node(node{token: t, op: "()", sub: []*node{n}})
	}
	return p.relation()
}

func isComparison(op string) bool {
	return slices.Contains([]string{"==", "!=", "===", "!==", "<", "<=", ">", ">=", "contains", "matches"}, op)
}

// relation reads a comparison, a chain of them, a test of a set, or a field alone.
func (p *parser) relation() (*node, *Error) {
	match := ""
	first := p.now()
	for _, m := range []string{"any", "all"} {
		if match == "" && p.is(m) {
			match = m
		}
	}
	left, err := p.bits()
	if err != nil {
		return nil, err
	}
	var chain *node
	for {
		t := p.now()
		if t.kind != tOp {
			break
		}
		var n *node
		switch {
		case isComparison(t.text):
			p.at++
			right, err := p.bits()
			if err != nil {
				return nil, err
			}
			if n, err = p.node(node{token: t, op: t.text, match: match, sub: []*node{left, right}}); err != nil {
				return nil, err
			}
			left = right
		case chain == nil && (t.text == "in" || t.text == "not" && p.all[p.at+1].text == "in" && p.all[p.at+1].kind == tOp):
			return p.member(left, match)
		default:
			if chain == nil && match != "" {
				return nil, p.fail(first, "%s stands before a comparison", match)
			}
			if chain == nil {
				return left, nil
			}
			return chain, nil
		}
		if chain == nil {
			chain = n
			continue
		}
		if slices.Contains([]string{"contains", "matches"}, n.op) || slices.Contains([]string{"contains", "matches"}, chain.op) {
			return nil, p.fail(t, "%s can't be part of a chain of comparisons: join two with and", n.op)
		}
		if chain, err = p.node(node{token: t, op: "and", match: "chain", sub: []*node{chain, n}}); err != nil {
			return nil, err
		}
	}
	if chain == nil && match != "" {
		return nil, p.fail(first, "%s stands before a comparison", match)
	}
	if chain == nil {
		return left, nil
	}
	return chain, nil
}

// member reads what follows in `in`.
func (p *parser) member(left *node, match string) (*node, *Error) {
	t := p.now()
	negated := p.is("not")
	p.is("in")
	if !p.is("{") {
		return nil, p.fail(p.now(), "a set stands in braces: in {80, 443, 8000..8080}")
	}
	n, err := p.node(node{token: t, op: "in", match: match, sub: []*node{left}})
	if err != nil {
		return nil, err
	}
	for {
		var b bounds
		if b.low, err = p.value(); err != nil {
			return nil, err
		}
		if p.is("..") {
			if b.high, err = p.value(); err != nil {
				return nil, err
			}
		}
		n.set = append(n.set, b)
		if p.is("}") {
			break
		}
		if !p.is(",") {
			return nil, p.fail(p.now(), "values of a set have commas between them, and } behind the last")
		}
	}
	if negated {
		return p.node(node{token: t, op: "not", sub: []*node{n}})
	}
	return n, nil
}

// bits reads a value, or values joined by &.
func (p *parser) bits() (*node, *Error) {
	left, err := p.value()
	for err == nil {
		t := p.now()
		if !p.is("&") {
			return left, nil
		}
		var right *node
		if right, err = p.value(); err != nil {
			break
		}
		left, err = p.node(node{token: t, op: "&", sub: []*node{left, right}})
	}
	return nil, err
}

// value reads a name, a value or a call, and the slices behind it.
func (p *parser) value() (*node, *Error) {
	if err := p.nest(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	t := p.now()
	if t.kind != tWord && t.kind != tString && t.kind != tChar {
		return nil, p.unexpected()
	}
	p.at++
	n, err := p.node(node{token: t})
	if err == nil && t.kind == tWord && p.is("(") {
		err = p.call(n)
	}
	if err == nil && t.kind == tWord && n.op == "" && p.is("#") {
		c := p.now()
		u, bad := strconv.ParseUint(c.text, 10, 8)
		if c.kind != tWord || bad != nil || u == 0 {
			return nil, p.fail(c, "behind # stands which layer is meant, from 1: ip.addr#1")
		}
		n.layer = int(u)
		n.size = c.at + c.size - n.at
		p.at++
	}
	for err == nil && p.is("[") {
		r := p.now()
		var cut []span
		if cut, err = p.spans(r); err != nil {
			break
		}
		p.at += 2
		n, err = p.node(node{token: token{at: n.at, size: r.at + r.size + 1 - n.at}, op: "slice", sub: []*node{n}, cut: cut})
	}
	return n, err
}

func (p *parser) call(n *node) *Error {
	n.op = "call"
	if p.is(")") {
		return nil
	}
	for {
		arg, err := p.bits()
		if err != nil {
			return err
		}
		n.sub = append(n.sub, arg)
		if p.is(")") {
			return nil
		}
		if !p.is(",") {
			return p.fail(p.now(), "arguments have commas between them, and ) behind the last")
		}
	}
}

// maxSpans is how many parts a slice may have.
const maxSpans = 16

// spans reads what is in the brackets of a slice: 2, 0:3, 1-4, :2, 3:, -2:, and several
// with commas.
func (p *parser) spans(t token) ([]span, *Error) {
	var out []span
	for part := range strings.SplitSeq(t.text, ",") {
		s, ok := parseSpan(strings.TrimSpace(part))
		if !ok || len(out) == maxSpans {
			return nil, p.fail(t, "a slice is [first byte:how many], [first-last], [byte], [:how many] or [first:], as in eth.src[0:3]")
		}
		out = append(out, s)
	}
	return out, nil
}

func parseSpan(t string) (span, bool) {
	number := func(t string) (int, bool) {
		u, err := strconv.ParseInt(t, 0, 32)
		return int(u), err == nil && u >= -decodeMax && u <= decodeMax && !strings.HasPrefix(t, "+") && !strings.Contains(t, "_")
	}
	if from, n, ok := strings.Cut(t, ":"); ok {
		s := span{n: toEnd}
		okFrom, okN := true, true
		if from = strings.TrimSpace(from); from != "" {
			s.from, okFrom = number(from)
		}
		if n = strings.TrimSpace(n); n != "" {
			s.n, okN = number(n)
			okN = okN && s.n > 0
		}
		return s, okFrom && okN && (from != "" || n != "")
	}
	if i := strings.IndexByte(strings.TrimPrefix(t, "-"), '-'); i > 0 {
		i += len(t) - len(strings.TrimPrefix(t, "-"))
		from, ok1 := number(strings.TrimSpace(t[:i]))
		to, ok2 := number(strings.TrimSpace(t[i+1:]))
		if !ok1 || !ok2 || (from < 0) != (to < 0) || to < from {
			return span{}, false
		}
		return span{from, to - from + 1}, true
	}
	from, ok := number(t)
	return span{from, 1}, ok
}

// decodeMax is more than any frame has.
const decodeMax = 1 << 20
