package verb

import (
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
	name   string
	op     decode.WantOp
	values []*format.Value
	want   decode.Want // where the run need not tell first
	late   bool
}

func checkWanted(v *format.Value, p *format.Mistakes) any {
	var out []wish
	for _, e := range v.Keys {
		w, ok := readWish(e, p)
		if !ok {
			continue
		}
		var texts []string
		for _, x := range w.values {
			w.late = w.late || x.Late
			texts = append(texts, x.Text)
		}
		var err error
		if w.late {
			err = decode.KnownField(w.name)
		} else {
			w.want, err = decode.NewWant(w.name, w.op, texts...)
		}
		if err != nil {
			p.At(e.Key, "%s", trimPackage(err))
		}
		out = append(out, w)
	}
	return out
}

// wantOps are the keys of a field's value that is a mapping.
var wantOps = map[string]decode.WantOp{"not": decode.WantNot, "starts": decode.WantStarts, "contains": decode.WantContains}

// readWish reads the value of a field of an expectation: a scalar, a list of them, or a
// mapping of not, starts or contains to one or the other.
func readWish(e *format.Entry, p *format.Mistakes) (w wish, ok bool) {
	w.name = e.Key.Text
	v := e.Val
	if v.Kind == format.Map {
		if len(v.Keys) != 1 {
			p.At(v, "field %s has a mapping with %d keys, want one of not, starts or contains", w.name, len(v.Keys))
			return w, false
		}
		if w.op, ok = wantOps[v.Keys[0].Key.Text]; !ok {
			p.At(v.Keys[0].Key, "field %s has no key %q; it has not, starts and contains", w.name, v.Keys[0].Key.Text)
			return w, false
		}
		v = v.Keys[0].Val
	}
	switch v.Kind {
	case format.Scalar:
		w.values = []*format.Value{v}
		return w, true
	case format.List:
		for _, i := range v.Items {
			if i.Kind != format.Scalar {
				p.At(i, "field %s has %v in its list, want single values", w.name, i.Kind)
				return w, false
			}
		}
		if n := len(v.Items); n == 0 || n > decode.MaxWants {
			p.At(v, "field %s has a list of %d values, want 1 to %d", w.name, n, decode.MaxWants)
			return w, false
		}
		w.values = v.Items
		return w, true
	case format.Null, format.Map:
	}
	p.At(v, "field %s is %v, want a single value, a list of them, or a mapping such as {not: 0}", w.name, v.Kind)
	return w, false
}

// A Pattern is the fields that a frame must have.
type Pattern struct {
	fields []patternField
	wants  []decode.Want // where the run need not tell first
	late   bool
}

type patternField struct {
	name   string
	op     decode.WantOp
	values []string
}

// Pattern is the fields that stand at v; none where there is no value.
func (s *Scope) Pattern(v *format.Value) Pattern {
	var pt Pattern
	for _, w := range format.Read[[]wish](v) {
		f := patternField{name: w.name, op: w.op}
		for _, x := range w.values {
			f.values = append(f.values, s.LateText(x))
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
		values := make([]string, len(f.values))
		for i, v := range f.values {
			var err error
			if values[i], err = tell(v); err != nil {
				return nil, err
			}
		}
		w, err := decode.NewWant(f.name, f.op, values...)
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
		values := make([]string, len(f.values))
		for i, v := range f.values {
			values[i] = PlainText(v)
		}
		out = append(out, f.name+[...]string{" ", " not ", " starting with ", " containing "}[f.op]+strings.Join(values, " or "))
	}
	return strings.Join(out, ", ")
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
	list := map[string]any{"type": "array", "items": alone, "minItems": 1, "maxItems": decode.MaxWants}
	either := map[string]any{"anyOf": []any{alone, list}}
	props := map[string]any{}
	for op := range wantOps {
		props[op] = either
	}
	return map[string]any{"anyOf": []any{
		alone, list,
		map[string]any{"type": "object", "properties": props, "additionalProperties": false, "minProperties": 1, "maxProperties": 1},
	}}
}
