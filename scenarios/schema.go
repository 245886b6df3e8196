package scenarios

import (
	"encoding/json"

	"wireloom/internal/decode"
)

// Schema is the JSON Schema (draft 2020-12) of scenario.yaml, for editors. It is
// written from the shapes that the parser checks a file against. Where the file has
// a number or a word, a text with ${name} in it may stand too.
func Schema() []byte {
	g := schemer{defs: map[string]any{}}
	m := g.schema(format)
	m["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	m["title"] = "Wireloom scenario"
	g.defs["filled"] = map[string]any{"type": "string", "pattern": `\$\{`, "description": "A text with the value of a param, of a loop or of an earlier step in it."}
	g.defs["want"] = wantSchema()
	m["$defs"] = g.defs
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		panic("scenarios: the schema is not JSON: " + err.Error())
	}
	return append(b, '\n')
}

// A schemer writes shapes as JSON Schema. Shapes that have a name are definitions,
// written once.
type schemer struct {
	defs map[string]any
}

func ref(name string) map[string]any { return map[string]any{"$ref": "#/$defs/" + name} }

// orFilled is a schema, or a text with ${...} in it.
func orFilled(m map[string]any) map[string]any {
	return map[string]any{"anyOf": []any{m, ref("filled")}}
}

func (g *schemer) schema(s *shape) map[string]any {
	name := s.ref
	switch s.kind {
	case shapePacket:
		name = "packet"
	case shapeFields:
		name = "fields"
	case shapeText, shapeInt, shapeBool, shapeDuration, shapeSize, shapeObject, shapeMap, shapeList, shapeMany, shapeEither, shapeAny:
	}
	if name == "" {
		return g.plain(s)
	}
	if _, done := g.defs[name]; !done {
		g.defs[name] = nil // a shape may hold itself
		g.defs[name] = g.plain(s)
	}
	return ref(name)
}

func (g *schemer) plain(s *shape) map[string]any {
	m := map[string]any{}
	switch s.kind {
	case shapeText:
		m["type"] = []string{"string", "number", "boolean"}
		if s.enum != nil {
			m["type"], m["enum"] = "string", s.enum
		}
		if s.pattern != nil {
			m["pattern"] = s.pattern.String() // of what YAML takes for text
		}
		if s.max > 0 {
			m["maxLength"] = s.max
		}
		if s.enum != nil || s.pattern != nil {
			return orFilled(m)
		}
	case shapeInt:
		m["type"], m["minimum"], m["maximum"] = "integer", s.min, s.max
		return orFilled(m)
	case shapeBool:
		m["type"] = "boolean"
		return orFilled(m)
	case shapeDuration:
		m["type"], m["pattern"] = "string", `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`
		return map[string]any{"anyOf": []any{m, map[string]any{"const": 0}, ref("filled")}}
	case shapeSize:
		m["type"], m["pattern"] = "string", `^[0-9]+([KMG]iB)?$`
		return map[string]any{"anyOf": []any{m, map[string]any{"type": "integer", "minimum": s.min >> 20, "maximum": s.max >> 20}, ref("filled")}}
	case shapeList:
		m["type"], m["items"], m["maxItems"] = "array", g.schema(s.of), s.max
	case shapeMany:
		of := g.schema(s.of)
		m["anyOf"] = []any{of, map[string]any{"type": "array", "items": of, "maxItems": s.max}}
	case shapeEither:
		m["anyOf"] = []any{map[string]any{"type": "string", "description": s.want}, g.schema(s.of)}
	case shapeAny:
		if s.ref == "steps" {
			return map[string]any{"type": "array", "items": ref("step"), "maxItems": MaxSteps}
		}
	case shapeMap:
		m["type"] = []string{"object", "null"}
		of := g.schema(s.of)
		m["patternProperties"] = map[string]any{s.key.String(): of, `\$\{`: of}
		m["additionalProperties"], m["maxProperties"] = false, s.max
	case shapePacket:
		return packetSchema(false)
	case shapeFields:
		return packetSchema(true)
	case shapeObject:
		props, required := map[string]any{}, []string{}
		for _, f := range s.fields {
			sub := g.schema(f.shape)
			sub["description"] = f.doc
			props[f.name] = sub
			if f.required {
				required = append(required, f.name)
			}
		}
		m["type"], m["properties"], m["additionalProperties"] = "object", props, false
		if len(required) > 0 {
			m["required"] = required
		}
	}
	return m
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
	m := map[string]any{"type": "object", "properties": props, "additionalProperties": false, "maxProperties": 64}
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
