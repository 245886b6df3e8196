package verb

import (
	"fmt"
	"slices"
	"strings"

	"wireloom/internal/decode"
	"wireloom/internal/scenario/format"
)

// maxFields is how many fields of a frame may be named at once.
const maxFields = 64

// Given is the fields that a frame is built from, each with its value.
var Given = format.FieldsOf("a mapping of packet fields by Wireshark's names, such as {arp.opcode: 1}", maxFields, format.Fields{
	Name: "packet", Check: checkGiven, Schema: func(map[string]any) map[string]any { return packetSchema(false) },
})

// Wanted is the fields that a frame must have, each with what it must be: Scope.Pattern
// reads them.
var Wanted = format.FieldsOf("a mapping of packet fields by Wireshark's names, such as {arp.opcode: 2}", maxFields, format.Fields{
	Name: "fields", Check: checkWanted, Schema: func(defs map[string]any) map[string]any {
		defs["want"] = wantSchema()
		return packetSchema(true)
	},
})

func checkGiven(v *format.Value, p *format.Mistakes) any {
	for _, e := range v.Keys {
		if e.Val.Kind != format.Scalar {
			p.At(e.Val, "field %s is %v, want a single value", e.Key.Text, e.Val.Kind)
			continue
		}
		err := decode.ValidBuild(e.Key.Text, e.Val.Text)
		if e.Val.Late {
			err = decode.KnownField(e.Key.Text)
		}
		if err != nil {
			p.At(e.Key, "%s", trimPackage(err))
		}
	}
	return nil
}

// A wish is one field of a pattern, as it is written.
type wish struct {
	name  string
	conds []condition
	want  decode.Want // where the run need not tell first
	late  bool
}

// A condition is one way in which a field may be right, as it is written.
type condition struct {
	op     decode.WantOp
	values []*format.Value
	at     int
	mask   string
	not    []condition
}

// with is the condition with the texts of its values.
func (c *condition) with(text func(*format.Value) string) decode.Cond {
	out := decode.Cond{Op: c.op, At: c.at, Mask: c.mask}
	for _, v := range c.values {
		out.Values = append(out.Values, text(v))
	}
	for i := range c.not {
		out.Not = append(out.Not, c.not[i].with(text))
	}
	return out
}

// late reports whether a value is one that only the run tells.
func (c *condition) late() bool {
	return slices.ContainsFunc(c.values, func(v *format.Value) bool { return v.Late }) ||
		slices.ContainsFunc(c.not, func(n condition) bool { return n.late() })
}

func checkWanted(v *format.Value, p *format.Mistakes) any {
	var out []wish
	for _, e := range v.Keys {
		w := wish{name: e.Key.Text}
		var ok bool
		if w.conds, ok = readConditions(w.name, e.Val, p); !ok {
			continue
		}
		var conds []decode.Cond
		for i := range w.conds {
			w.late = w.late || w.conds[i].late()
			conds = append(conds, w.conds[i].with((*format.Value).String))
		}
		var err error
		if w.late {
			err = decode.KnownField(w.name)
		} else {
			w.want, err = decode.WantOneOf(w.name, conds...)
		}
		if err != nil {
			p.At(e.Key, "%s", trimPackage(err))
		}
		out = append(out, w)
	}
	return out
}

// conditionKeys are the keys of a field's value that is a mapping.
var conditionKeys = []struct {
	name string
	op   decode.WantOp
}{{"not", decode.WantNot}, {"starts", decode.WantStarts}, {"contains", decode.WantContains}, {"is", decode.WantIs}}

// readConditions reads what a field of an expectation must be: a single value, a mapping of
// not, starts, contains or is, or a list of these, of which one must hold.
func readConditions(name string, v *format.Value, p *format.Mistakes) ([]condition, bool) {
	switch v.Kind {
	case format.Scalar:
		return []condition{{values: []*format.Value{v}}}, true
	case format.Map:
		c, ok := readCondition(name, v, p)
		return []condition{c}, ok
	case format.List:
		if n := len(v.Items); n == 0 || n > decode.MaxWants {
			p.At(v, "field %s has a list of %d values, want 1 to %d", name, n, decode.MaxWants)
			return nil, false
		}
		var plain condition
		var out []condition
		for _, i := range v.Items {
			switch i.Kind {
			case format.Scalar:
				plain.values = append(plain.values, i)
			case format.Map:
				c, ok := readCondition(name, i, p)
				if !ok {
					return nil, false
				}
				out = append(out, c)
			default:
				p.At(i, "field %s has %v in its list, want single values or mappings such as {starts: ...}", name, i.Kind)
				return nil, false
			}
		}
		if len(plain.values) > 0 {
			out = append([]condition{plain}, out...)
		}
		return out, true
	case format.Null:
	}
	p.At(v, "field %s is %v, want a single value, a mapping such as {not: 0}, or a list of them", name, v.Kind)
	return nil, false
}

// readCondition reads a mapping: one of not, starts, contains and is, with what says where
// and in which bits.
func readCondition(name string, v *format.Value, p *format.Mistakes) (c condition, ok bool) {
	var what *format.Value
	said := 0
	for _, e := range v.Keys {
		switch key := e.Key.Text; key {
		case "at":
			n, isNumber := format.Number(0, decode.MaxFrame).Try(e.Val)
			if !isNumber {
				p.At(e.Val, "field %s: at is the number of a byte, from 0", name)
				return c, false
			}
			c.at = format.Read[int](n)
		case "mask":
			if e.Val.Kind != format.Scalar {
				p.At(e.Val, "field %s: mask is %v, want the bits that are looked at, such as 0f", name, e.Val.Kind)
				return c, false
			}
			c.mask = e.Val.Text
		default:
			i := slices.IndexFunc(conditionKeys, func(k struct {
				name string
				op   decode.WantOp
			},
			) bool {
				return k.name == key
			})
			if i < 0 {
				p.At(e.Key, "field %s has no key %q; it has not, starts, contains and is, with at and mask", name, key)
				return c, false
			}
			c.op, what = conditionKeys[i].op, e.Val
			said++
		}
	}
	at := v.Get("at") != nil
	switch {
	case said != 1:
		p.At(v, "field %s has a mapping with %d of not, starts, contains and is, want one", name, said)
		return c, false
	case at && c.op != decode.WantIs, c.mask != "" && c.op == decode.WantNot:
		p.At(v, "field %s: at stands beside is; mask beside is, starts or contains", name)
		return c, false
	case at:
		c.op = decode.WantAt
	}
	conds, ok := readConditions(name, what, p)
	if !ok {
		return c, false
	}
	for i := range conds {
		plain := len(conds[i].values) > 0 && conds[i].op == decode.WantIs && conds[i].mask == ""
		switch {
		case plain:
			c.values = conds[i].values
		case c.op == decode.WantNot:
			c.not = append(c.not, conds[i])
		default:
			p.At(what, "field %s has a mapping within a mapping; only not takes one", name)
			return c, false
		}
	}
	return c, true
}

// A Pattern is the fields that a frame must have.
type Pattern struct {
	fields []patternField
	wants  []decode.Want // where the run need not tell first
	late   bool
}

type patternField struct {
	name  string
	conds []decode.Cond
}

// Pattern is the fields that stand at v; none where there is no value.
func (s *Scope) Pattern(v *format.Value) Pattern {
	var pt Pattern
	for _, w := range format.Read[[]wish](v) {
		f := patternField{name: w.name}
		for i := range w.conds {
			f.conds = append(f.conds, w.conds[i].with(s.LateText))
		}
		pt.late = pt.late || w.late
		pt.fields, pt.wants = append(pt.fields, f), append(pt.wants, w.want)
	}
	return pt
}

// Wants is what is wanted of a frame, with what the run has told.
func (pt *Pattern) Wants(tell func(string) (string, error)) ([]decode.Want, error) {
	if !pt.late {
		return pt.wants, nil
	}
	var out []decode.Want
	for _, f := range pt.fields {
		conds := make([]decode.Cond, len(f.conds))
		for i, c := range f.conds {
			var err error
			if conds[i], err = c.Map(tell); err != nil {
				return nil, err
			}
		}
		w, err := decode.WantOneOf(f.name, conds...)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// String is the fields in words.
func (pt *Pattern) String() string {
	var out []string
	for _, f := range pt.fields {
		var ways []string
		for _, c := range f.conds {
			c, _ = c.Map(func(s string) (string, error) { return PlainText(s), nil }) // which never fails
			ways = append(ways, words(&c))
		}
		out = append(out, f.name+" "+strings.Join(ways, " or "))
	}
	return strings.Join(out, ", ")
}

// words is a condition behind the name of its field.
func words(c *decode.Cond) string {
	text := strings.Join(c.Values, " or ")
	for i := range c.Not {
		if text != "" {
			text += " or "
		}
		text += words(&c.Not[i])
	}
	switch c.Op {
	case decode.WantIs:
	case decode.WantNot:
		text = "not " + text
	case decode.WantStarts:
		text = "starting with " + text
	case decode.WantContains:
		text = "containing " + text
	case decode.WantAt:
		text = fmt.Sprintf("with %s at byte %d", text, c.At)
	}
	if c.Mask != "" {
		text += " in the bits " + c.Mask
	}
	return text
}

// packetSchema is that of the fields of a frame: of one that is sent, or of one that
// is expected.
func packetSchema(expected bool) map[string]any {
	scalar := []string{"string", "integer", "boolean"}
	props := map[string]any{}
	for _, f := range decode.FieldNames() {
		if expected && !f.Match || !expected && !f.Build {
			continue
		}
		m := map[string]any{"description": f.Doc, "type": scalar}
		if expected {
			m = map[string]any{"description": f.Doc, "$ref": "#/$defs/want"}
		}
		props[f.Name] = m
	}
	m := map[string]any{"type": "object", "properties": props, "additionalProperties": false, "maxProperties": maxFields}
	if expected {
		m["patternProperties"] = map[string]any{`^quoted\.`: map[string]any{"description": "a field of the packet that an ICMP error quotes", "$ref": "#/$defs/want"}}
	}
	return m
}

// wantSchema is that of what a field must be.
func wantSchema() map[string]any {
	alone := map[string]any{"type": []string{"string", "integer", "boolean"}}
	list := func(of any) map[string]any {
		return map[string]any{"type": "array", "items": of, "minItems": 1, "maxItems": decode.MaxWants}
	}
	values := map[string]any{"anyOf": []any{alone, list(alone)}}
	props := map[string]any{"at": map[string]any{"type": []string{"integer", "string"}}, "mask": alone}
	for _, k := range conditionKeys {
		props[k.name] = values
	}
	props["not"] = map[string]any{"$ref": "#/$defs/want"}
	mapping := map[string]any{"type": "object", "properties": props, "additionalProperties": false, "minProperties": 1}
	return map[string]any{"anyOf": []any{alone, mapping, list(map[string]any{"anyOf": []any{alone, mapping}})}}
}
