package filter

import (
	"fmt"
	"strconv"
	"strings"
)

// Show writes tests so that reading them again makes the same: brackets stand where an
// operator that binds less is inside one that binds more.

// bindings of what joins tests.
const (
	bindOr = iota
	bindXor
	bindAnd
	bindNot
)

// show is a test, in brackets if it binds less than what it stands in.
func show(t test, in int) string {
	switch t := t.(type) {
	case and:
		return joined(t, " and ", bindAnd, in)
	case or:
		return joined(t, " or ", bindOr, in)
	case xor:
		return joined(t, " xor ", bindXor, in)
	case not:
		return "not " + show(t.of, bindNot)
	case seen:
		return showOperand(t.of)
	case some:
		return showOperand(t.of)
	case *compare:
		op := t.op
		if t.match == "" && t.all && t.op == "==" {
			op = "==="
		} else if t.match == "" && !t.all && t.op == "!=" {
			op = "!=="
		}
		return quantified(t.match) + showOperand(t.left) + " " + op + " " + showOperand(t.right)
	case *matches:
		return quantified(t.match) + showOperand(t.of) + " matches " + quote(t.text)
	case *member:
		var set []string
		for _, e := range t.set {
			s := e.low.text
			if e.high != nil {
				s += ".." + e.high.text
			}
			set = append(set, s)
		}
		return quantified(t.match) + showOperand(t.of) + " in {" + strings.Join(set, ", ") + "}"
	}
	panic(fmt.Sprintf("filter: a test of type %T can't be shown", t))
}

func joined(of []test, with string, bind, in int) string {
	var parts []string
	for _, t := range of {
		parts = append(parts, show(t, bind+1))
	}
	s := strings.Join(parts, with)
	if bind < in {
		return "(" + s + ")"
	}
	return s
}

func quantified(match string) string {
	if match == "" {
		return ""
	}
	return match + " "
}

func showOperand(o operand) string {
	switch o := o.(type) {
	case *field:
		if o.layer > 0 {
			return o.key.Name + "#" + strconv.Itoa(o.layer)
		}
		return o.key.Name
	case *literal:
		return o.text
	case *slice:
		var parts []string
		for _, c := range o.cut {
			s := strconv.Itoa(c.from) + ":"
			if c.n != toEnd {
				s += strconv.Itoa(c.n)
			}
			parts = append(parts, s)
		}
		return showOperand(o.of) + "[" + strings.Join(parts, ",") + "]"
	case *masked:
		return showOperand(o.left) + " & " + showOperand(o.right)
	case *call:
		return o.fn.name + "(" + showOperand(o.of) + ")"
	}
	panic(fmt.Sprintf("filter: an operand of type %T can't be shown", o))
}

// quote is a text in double quotes, with escapes for what is not printable ASCII.
func quote(t string) string {
	var out strings.Builder
	out.WriteByte('"')
	for i := range len(t) {
		switch c := t[i]; {
		case c == '"' || c == '\\':
			out.WriteByte('\\')
			out.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&out, "\\x%02x", c)
		default:
			out.WriteByte(c)
		}
	}
	out.WriteByte('"')
	return out.String()
}
