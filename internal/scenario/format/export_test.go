package format

import (
	"fmt"
	"strings"
)

// A ShapePart is a part of a shape, for tests that walk all of them.
type ShapePart struct {
	Path  string
	Shape *Shape
}

// Parts are the shape and all that are in it, each at its first path.
func Parts(s *Shape) []ShapePart {
	var out []ShapePart
	seen := map[*Shape]bool{}
	var walk func(path string, s *Shape)
	walk = func(path string, s *Shape) {
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		out = append(out, ShapePart{path, s})
		for _, f := range s.fields {
			walk(path+"/"+f.Name, f.Shape)
		}
		walk(path+"/", s.text)
		walk(path+"/*", s.of)
	}
	walk("", s)
	return out
}

// Fields are the keys of an object.
func (s *Shape) Fields() []Field { return s.fields }

// Edges are texts in YAML just within the bounds of a shape, and just beyond them; none
// of a shape without bounds that a schema can tell.
func (s *Shape) Edges() (within, beyond []string) {
	switch s.kind {
	case shapeInt:
		if s.max >= 1<<53 { // JSON's numbers are not exact there
			return []string{fmt.Sprint(s.min), fmt.Sprint(s.max)}, []string{fmt.Sprint(s.min - 1), fmt.Sprint(2 * s.max)}
		}
		return []string{fmt.Sprint(s.min), fmt.Sprint(s.max)}, []string{fmt.Sprint(s.min - 1), fmt.Sprint(s.max + 1)}
	case shapeSize:
		return []string{fmt.Sprint(s.min >> 20), fmt.Sprint(s.max >> 20)}, []string{fmt.Sprint(s.min>>20 - 1), fmt.Sprint(s.max>>20 + 1)}
	case shapeText:
		if s.pattern != nil || s.enum != nil || s.read != nil {
			return nil, nil
		}
		return []string{strings.Repeat("x", int(s.max))}, []string{strings.Repeat("x", int(s.max)+1)}
	case shapeList, shapeMany:
		item, ok := s.of.sample()
		if !ok {
			return nil, nil
		}
		list := func(n int64) string { return "[" + strings.TrimSuffix(strings.Repeat(item+", ", int(n)), ", ") + "]" }
		return []string{list(s.max)}, []string{list(s.max + 1)}
	case shapeMap:
		item, ok := s.of.sample()
		if !ok || !s.key.MatchString("em1") {
			return nil, nil
		}
		table := func(n int64) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, "em%d: %s, ", i+1, item)
			}
			return "{" + strings.TrimSuffix(b.String(), ", ") + "}"
		}
		return []string{table(s.max)}, []string{table(s.max + 1)}
	default:
		return nil, nil
	}
}

// sample is a short value that has the shape, where a simple one is found.
func (s *Shape) sample() (string, bool) {
	for _, text := range []string{"1", "x", "{}", "a.b", "s1.1", "10.0.0.1", "10.0.0.1/24", `"02:00:00:00:00:01"`} {
		f, err := ReadFile("f", []byte("x: "+text+"\n"))
		if err != nil {
			continue
		}
		if _, ok := s.Try(f.Root.Get("x")); ok {
			return text, true
		}
	}
	return "", false
}
