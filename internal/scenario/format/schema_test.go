package format_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wireloom/internal/open"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
)

func TestSchemaIsOfTheFormat(t *testing.T) {
	var s struct {
		Schema     string                     `json:"$schema"`
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
	}
	if err := json.Unmarshal(scenario.Schema(), &s); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.Schema, "2020-12") || len(s.Properties) != 13 || len(s.Required) != 2 {
		t.Errorf("schema %q, %d properties, required %v", s.Schema, len(s.Properties), s.Required)
	}
}

// TestSchemaTakesTheBuiltins checks every built-in scenario, as it is written, against
// the schema, by a reader of schemas that knows nothing else of the format.
func TestSchemaTakesTheBuiltins(t *testing.T) {
	var root map[string]any
	if err := json.Unmarshal(scenario.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	sc := schemaChecker{root}
	for _, name := range open.Builtin() {
		t.Run(name, func(t *testing.T) {
			src, err := open.BuiltinScenario(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := sc.check(root, plainOf(tree(t, src.Source)), "/"); err != nil {
				t.Error(err)
			}
		})
	}
	for _, tc := range []struct{ name, src string }{
		{"an unknown key", "scenario: x\nnodez: {}\n"},
		{"an unknown key of a step", "scenario: x\nnodes: {}\nsteps: [{wiat: 1s}]\n"},
		{"an unknown key of a step in a loop", "scenario: x\nnodes: {}\nsteps: [{for: {times: 2, steps: [{wiat: 1s}]}}]\n"},
		{"an unknown field", "scenario: x\nnodes: {}\nsteps: [{expect: {port: s1.1, packet: {ip.tll: 3}}}]\n"},
		{"an unknown word", "scenario: x\nnodes: {a: {dialect: plan9}}\n"},
		{"a number that is too large", "scenario: x\nnodes: {}\nsteps: [{points: 5000, wait: 1s}]\n"},
		{"no scenario", "nodes: {}\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := sc.check(root, plainOf(tree(t, []byte(tc.src))), "/"); err == nil {
				t.Error("the schema takes it")
			}
		})
	}
}

// What a shape takes at its bounds and refuses beyond them, its schema does, too: of every
// shape of the format that has bounds.
func TestSchemaAndParserAgreeOnEveryBound(t *testing.T) {
	looked := 0
	for _, part := range format.Parts(scenario.FileShape) {
		within, beyond := part.Shape.Edges()
		if len(within)+len(beyond) == 0 {
			continue
		}
		looked++
		var root map[string]any
		if err := json.Unmarshal(format.Schema(part.Shape, "a part"), &root); err != nil {
			t.Fatal(err)
		}
		if defs := root["$defs"].(map[string]any); defs["step"] == nil {
			defs["step"] = map[string]any{}
		}
		for i, text := range append(within, beyond...) {
			v := tree(t, []byte("x: "+text+"\n")).Get("x")
			_, parser := part.Shape.Try(v)
			schema := schemaChecker{root}.check(root, plainOf(v), "/")
			if want := i < len(within); parser != want || (schema == nil) != want {
				t.Errorf("%s: of %.60s the parser takes it: %t, the schema says %v; want both %t", part.Path, text, parser, schema, want)
			}
		}
	}
	if looked < 40 {
		t.Errorf("only %d shapes with bounds were found", looked)
	}
}

// tree is the values of a file.
func tree(t *testing.T, src []byte) *format.Value {
	t.Helper()
	f, err := format.ReadFile("f", src)
	if err != nil {
		t.Fatal(err)
	}
	return f.Root
}

// plainOf is a value as JSON has it.
func plainOf(v *format.Value) any {
	switch v.Kind {
	case format.Map:
		m := map[string]any{}
		for _, e := range v.Keys {
			m[e.Key.Text] = plainOf(e.Val)
		}
		return m
	case format.List:
		l := []any{}
		for _, i := range v.Items {
			l = append(l, plainOf(i))
		}
		return l
	case format.Scalar:
		if n, err := strconv.ParseInt(v.Text, 0, 64); err == nil && !v.Quoted {
			return float64(n)
		}
		if b, err := strconv.ParseBool(v.Text); err == nil && !v.Quoted && len(v.Text) > 1 {
			return b
		}
		return v.Text
	case format.Null:
	}
	return nil
}

// A schemaChecker checks values against the part of JSON Schema that Schema uses; what
// it does not know is an error.
type schemaChecker struct{ root map[string]any }

func (c schemaChecker) check(schema any, v any, at string) error {
	m, ok := schema.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: %v is no schema", at, schema)
	}
	for key, arg := range m {
		if err := c.keyword(m, key, arg, v, at); err != nil {
			return err
		}
	}
	return nil
}

func (c schemaChecker) keyword(m map[string]any, key string, arg, v any, at string) error {
	object, isObject := v.(map[string]any)
	list, isList := v.([]any)
	text, isText := v.(string)
	number, isNumber := v.(float64)
	bad := func() error { return fmt.Errorf("%s: %v does not fit %s %v", at, v, key, arg) }
	switch key {
	case "$schema", "$defs", "title", "description":
	case "$ref":
		name, _ := strings.CutPrefix(arg.(string), "#/$defs/")
		return c.check(c.root["$defs"].(map[string]any)[name], v, at)
	case "type":
		types, many := arg.([]any)
		if !many {
			types = []any{arg}
		}
		for _, ty := range types {
			_, isBool := v.(bool)
			is := map[any]bool{"object": isObject, "array": isList, "string": isText, "number": isNumber, "integer": isNumber, "boolean": isBool, "null": v == nil}
			if is[ty] {
				return nil
			}
		}
		return bad()
	case "enum":
		if !slices.Contains(arg.([]any), v) {
			return bad()
		}
	case "const":
		if v != arg {
			return bad()
		}
	case "pattern":
		if isText && !regexp.MustCompile(arg.(string)).MatchString(text) {
			return bad()
		}
	case "maxLength":
		if float64(len(text)) > arg.(float64) {
			return bad()
		}
	case "minimum":
		if isNumber && number < arg.(float64) {
			return bad()
		}
	case "maximum":
		if isNumber && number > arg.(float64) {
			return bad()
		}
	case "maxItems":
		if float64(len(list)) > arg.(float64) {
			return bad()
		}
	case "minItems":
		if isList && float64(len(list)) < arg.(float64) {
			return bad()
		}
	case "maxProperties":
		if float64(len(object)) > arg.(float64) {
			return bad()
		}
	case "minProperties":
		if isObject && float64(len(object)) < arg.(float64) {
			return bad()
		}
	case "required":
		for _, r := range arg.([]any) {
			if _, there := object[r.(string)]; !there && isObject {
				return bad()
			}
		}
	case "items":
		for i, x := range list {
			if err := c.check(arg, x, fmt.Sprintf("%s%d/", at, i)); err != nil {
				return err
			}
		}
	case "anyOf":
		var errs []error
		for _, s := range arg.([]any) {
			err := c.check(s, v, at)
			if err == nil {
				return nil
			}
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	case "properties", "patternProperties":
		for k, s := range arg.(map[string]any) {
			for name, x := range object {
				if key == "properties" && k != name || key == "patternProperties" && !regexp.MustCompile(k).MatchString(name) {
					continue
				}
				if err := c.check(s, x, at+name+"/"); err != nil {
					return err
				}
			}
		}
	case "additionalProperties":
		props, _ := m["properties"].(map[string]any)
		patterns, _ := m["patternProperties"].(map[string]any)
		for name := range object {
			known := props[name] != nil
			for k := range patterns {
				known = known || regexp.MustCompile(k).MatchString(name)
			}
			if !known && arg == false {
				return fmt.Errorf("%s has no %q", at, name)
			}
		}
	default:
		return fmt.Errorf("%s: %s is not a keyword that is known here", at, key)
	}
	return nil
}

// The first example of the reference is a scenario.
func TestDocumentedExample(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "```yaml\n")
	src, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("there is no example")
	}
	if _, err := scenario.Parse("docs/scenarios.md", []byte(src)); err != nil {
		t.Error(err)
	}
	// Every key of every shape has its place on that page.
	for _, part := range format.Parts(scenario.FileShape) {
		for _, f := range part.Shape.Fields() {
			if !strings.Contains(string(doc), f.Name) {
				t.Errorf("docs/scenarios.md does not tell of %s", f.Name)
			}
		}
	}
}
