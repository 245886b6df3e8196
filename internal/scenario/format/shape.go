// Package format reads scenario.yaml: the tree of its values with their places, the
// shapes that say what a value must look like, params and loops, and mistakes, which are
// data with a path. One table of shapes is both the parser's and the JSON Schema's, so
// that the two cannot say different things; a shape leaves in a value what it has read,
// so that nothing is read twice. docs/scenarios.md describes the language.
package format

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A Shape says what a value must look like, and what it is read as.
type Shape struct {
	kind    shapeKind
	fields  []Field        // of an object
	of      *Shape         // of each value of a map or item of a list
	text    *Shape         // of a value that may be a text instead of an object
	key     *regexp.Regexp // of a map
	keyDoc  string
	pattern *regexp.Regexp // of a text
	enum    []string
	min     int64
	max     int64 // of a number; items of a list or map
	want    string
	read    func(text string) (any, error) // of a scalar; nil where it is read as its text
	frame   *Fields                        // of a frame
	late    bool                           // ${step.field} may stand in it
	ref     string                         // the schema's definition of it
}

type shapeKind uint8

const (
	shapeText shapeKind = iota
	shapeInt
	shapeBool
	shapeDuration
	shapeSize // of memory
	shapeObject
	shapeMap
	shapeList
	shapeFields // of a frame
	shapeMany   // one, or a list of them
	shapeEither // a text, or the mapping of
	shapeAny    // whatever it is: it is looked at elsewhere
	shapeSteps  // the steps of a loop, which are looked at when it is unrolled
)

// A Field is a key of an object.
type Field struct {
	Name     string
	Shape    *Shape
	Required bool
	Doc      string // a sentence for who writes a scenario
}

// maxPlainText is how many bytes a text may have where a shape says no more of it.
const maxPlainText = 4096

// Text is any text of at most 4096 bytes, read as a string.
func Text(want string) *Shape { return &Shape{kind: shapeText, want: want, max: maxPlainText} }

// TextOf is a text of at most size bytes.
func TextOf(want string, size int64) *Shape { return &Shape{kind: shapeText, want: want, max: size} }

// Word is a text of at most size bytes that matches a pattern, read as a string.
func Word(want string, pattern *regexp.Regexp, size int64) *Shape {
	return &Shape{kind: shapeText, want: want, pattern: pattern, max: size}
}

// OneOf is one of some words, read as a string.
func OneOf(want string, words ...string) *Shape {
	return &Shape{kind: shapeText, enum: words, want: want}
}

// As is a text that is read as a T; what can't be read so is a mistake.
func As[T any](text *Shape, parse func(string) (T, error)) *Shape {
	c := *text
	c.read = func(s string) (any, error) { return parse(s) }
	return &c
}

// Number is a whole number, read as an int.
func Number(lo, hi int64) *Shape {
	return &Shape{kind: shapeInt, min: lo, max: hi, want: fmt.Sprintf("a whole number from %d to %d", lo, hi)}
}

// Duration is a time, read as a time.Duration.
func Duration(limit time.Duration) *Shape {
	return &Shape{kind: shapeDuration, max: int64(limit), want: fmt.Sprintf("a time such as 200ms or 1.5s, at most %v", limit)}
}

// Size is an amount of memory, read as an int64 of bytes; a number alone counts MiB.
func Size(lo, hi int64) *Shape {
	return &Shape{kind: shapeSize, min: lo, max: hi, want: fmt.Sprintf("a size such as 64MiB or 1GiB, from %dMiB to %dMiB", lo>>20, hi>>20)}
}

// Boolean is true or false, read as a bool.
var Boolean = &Shape{kind: shapeBool, want: "true or false"}

// Object is a mapping of some keys. It panics where a key stands twice in it: the parser
// and the schema would each take another of the two.
func Object(fields ...Field) *Shape {
	seen := map[string]bool{}
	for _, f := range fields {
		if seen[f.Name] {
			panic(fmt.Sprintf("format: the key %q stands twice in one shape", f.Name))
		}
		seen[f.Name] = true
	}
	return &Shape{kind: shapeObject, fields: fields, want: "a mapping"}
}

// MapOf is a mapping of any keys that match a pattern, to values of one shape.
func MapOf(key *regexp.Regexp, keyDoc string, of *Shape, entries int64) *Shape {
	return &Shape{kind: shapeMap, key: key, keyDoc: keyDoc, of: of, max: entries, want: "a mapping"}
}

// ListOf is a list of values of one shape.
func ListOf(of *Shape, items int64) *Shape {
	return &Shape{kind: shapeList, of: of, max: items, want: "a list"}
}

// Many is one value of a shape, or a list of them.
func Many(of *Shape, items int64) *Shape {
	return &Shape{kind: shapeMany, of: of, max: items, want: of.want + ", or a list"}
}

// Either is a text, or the mapping that says more.
func Either(want string, text, of *Shape) *Shape {
	return &Shape{kind: shapeEither, want: want, text: text, of: of}
}

// Any is whatever it is.
func Any(want string) *Shape { return &Shape{kind: shapeAny, want: want} }

// Fields are the fields of a frame by their names: what a mapping of them must be.
type Fields struct {
	Name   string                      // of their definition in the schema
	Check  func(*Value, *Mistakes) any // what it returns is what the value is read as
	Schema func(defs map[string]any) map[string]any
}

// FieldsOf is a mapping of fields of a frame.
func FieldsOf(want string, entries int64, f Fields) *Shape {
	return &Shape{kind: shapeFields, want: want, max: entries, frame: &f, ref: f.Name}
}

// Late lets ${step.field} stand in a shape's values.
func Late(s *Shape) *Shape {
	c := *s
	c.late = true
	return &c
}

// Named gives the shape a definition of its own in the schema.
func Named(name string, s *Shape) *Shape {
	c := *s
	c.ref = name
	return &c
}

// Keys are the keys of an object, or of each object of a list.
func (s *Shape) Keys() []Field {
	if s.kind == shapeList {
		return s.of.Keys()
	}
	return s.fields
}

// Want is what the shape wants, in words.
func (s *Shape) Want() string { return s.want }

// parseSize reads an amount of memory.
func parseSize(s string) (int64, error) {
	n := strings.TrimRight(s, "KMGiB")
	unit, ok := map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "": 1 << 20}[s[len(n):]]
	v, err := strconv.ParseInt(n, 10, 32)
	if err != nil || !ok {
		return 0, fmt.Errorf("%.40q is no size", s)
	}
	return v * unit, nil
}
