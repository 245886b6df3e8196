package format

import (
	"encoding/json"
)

// StepName is the name of the shape of a step (Named), which loops hold.
const StepName = "step"

// Schema writes a shape as JSON Schema (draft 2020-12), for editors. Where a file has
// a number or a word, a text with ${name} in it may stand too.
func Schema(root *Shape, title string) []byte {
	g := schemer{defs: map[string]any{}}
	m := g.schema(root)
	m["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	m["title"] = title
	g.defs["filled"] = map[string]any{"type": "string", "pattern": `\$\{`, "description": "A text with the value of a param, of a loop or of an earlier step in it."}
	m["$defs"] = g.defs
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		panic("format: the schema is not JSON: " + err.Error())
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

func (g *schemer) schema(s *Shape) map[string]any {
	if s.ref == "" {
		return g.plain(s)
	}
	if _, done := g.defs[s.ref]; !done {
		g.defs[s.ref] = nil // a shape may hold itself
		g.defs[s.ref] = g.plain(s)
	}
	return ref(s.ref)
}

func (g *schemer) plain(s *Shape) map[string]any {
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
		if s.enum != nil || s.pattern != nil || s.read != nil { // what is filled in may be shorter than what stands for it
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
		text := g.schema(s.text)
		text["description"] = s.want
		m["anyOf"] = []any{text, g.schema(s.of)}
	case shapeAny:
	case shapeSteps:
		return map[string]any{"type": "array", "items": ref(StepName), "maxItems": MaxSteps}
	case shapeMap:
		m["type"] = []string{"object", "null"}
		of := g.schema(s.of)
		m["patternProperties"] = map[string]any{s.key.String(): of, `\$\{`: of}
		m["additionalProperties"], m["maxProperties"] = false, s.max
	case shapeFields:
		return s.frame.Schema(g.defs)
	case shapeObject:
		props, required := map[string]any{}, []string{}
		for _, f := range s.fields {
			sub := g.schema(f.Shape)
			sub["description"] = f.Doc
			props[f.Name] = sub
			if f.Required {
				required = append(required, f.Name)
			}
		}
		m["type"], m["properties"], m["additionalProperties"] = "object", props, false
		if len(required) > 0 {
			m["required"] = required
		}
	}
	return m
}
