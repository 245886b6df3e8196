package format

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Check checks v against the shape, and leaves in v and its parts what they are read as
// (Read). what is the place in words. v is a copy that nobody else has: the file's own
// values are shared by all that fill it in.
func (s *Shape) Check(v *Value, what string, p *Mistakes) {
	v.read = nil
	if v.Late {
		if !s.late && s.kind != shapeMany && s.kind != shapeEither && s.kind != shapeAny {
			p.At(v, "%s cannot hold ${step.field}, which only the run tells: the values of packets and the texts of stdin, run and do can", what)
			return
		}
		if s.late {
			return // it is looked at when the run has told
		}
	}
	switch s.kind {
	case shapeAny, shapeSteps:
	case shapeMany:
		if v.Kind != List {
			s.of.Check(v, what, p)
			return
		}
		s.items(v, what, p)
	case shapeEither:
		if v.Kind == Scalar {
			s.text.Check(v, what, p)
			return
		}
		s.of.Check(v, what, p)
	case shapeObject, shapeMap, shapeFields:
		if v.Kind == Map {
			s.mapping(v, what, p)
		} else if v.Kind != Null || s.kind == shapeFields { // null is an empty mapping
			p.At(v, "%s is %v, want %s", what, v.Kind, s.want)
		}
	case shapeList:
		if v.Kind == List {
			s.items(v, what, p)
			return
		}
		also := ""
		if v.Kind == Scalar && !strings.Contains(s.want, "[") {
			also = fmt.Sprintf(", such as [%.40s]", v.Text)
		}
		p.At(v, "%s is %v, want %s%s", what, v.Kind, s.want, also)
	case shapeText, shapeInt, shapeBool, shapeDuration, shapeSize:
		if v.Kind != Scalar {
			p.At(v, "%s is %v, want %s", what, v.Kind, s.want)
			return
		}
		s.scalar(v, what, p)
	}
}

// Try checks a copy of v, and returns it; false where v does not have the shape.
func (s *Shape) Try(v *Value) (*Value, bool) {
	var p Mistakes
	c := v.clone()
	s.Check(c, "", &p)
	return c, p.Total() == 0
}

// Shown is the text of a value for a message.
func Shown(v *Value) string {
	const limit = 40
	return strconv.Quote(Clip(v.Text, limit))
}

// Clip is a text of so many bytes at most, and dots where there were more.
func Clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "..."
}

func (s *Shape) limit(v *Value, n int, what string, p *Mistakes) {
	if int64(n) > s.max {
		p.At(v, "%s has %d entries, at most %d are allowed", what, n, s.max)
	}
}

// items checks a list.
func (s *Shape) items(v *Value, what string, p *Mistakes) {
	s.limit(v, len(v.Items), what, p)
	for i, item := range v.Items {
		s.of.Check(item, fmt.Sprintf("item %d of %s", i+1, what), p)
	}
}

// mapping checks a mapping.
func (s *Shape) mapping(v *Value, what string, p *Mistakes) {
	switch s.kind {
	case shapeObject:
		s.object(v, what, p)
	case shapeMap:
		s.limit(v, len(v.Keys), what, p)
		for _, e := range v.Keys {
			if !s.key.MatchString(e.Key.Text) {
				p.At(e.Key, "%q is not %s", e.Key.Text, s.keyDoc)
				continue
			}
			s.of.Check(e.Val, e.Key.Text, p)
		}
	default:
		s.limit(v, len(v.Keys), what, p)
		v.read = s.frame.Check(v, p)
	}
}

// scalar checks a single value and reads it.
func (s *Shape) scalar(v *Value, what string, p *Mistakes) {
	var ok bool
	switch s.kind {
	case shapeInt:
		n, err := strconv.ParseInt(v.Text, 0, 64)
		ok = err == nil && v.plain() && n >= s.min && n <= s.max
		v.read = int(n)
	case shapeBool:
		ok = v.plain() && (v.Text == "true" || v.Text == "false")
		v.read = v.Text == "true"
	case shapeDuration:
		d, err := time.ParseDuration(v.Text)
		ok = err == nil && d >= 0 && int64(d) <= s.max
		v.read = d
	case shapeSize:
		n, err := parseSize(v.Text)
		ok = err == nil && n >= s.min && n <= s.max
		v.read = n
	default:
		ok = (s.max == 0 || int64(len(v.Text)) <= s.max) && (s.pattern == nil || s.pattern.MatchString(v.Text)) && (s.enum == nil || slices.Contains(s.enum, v.Text))
		if ok && s.read != nil {
			var err error
			v.read, err = s.read(v.Text)
			ok = err == nil
		}
	}
	if ok {
		return
	}
	v.read = nil
	also := ""
	if near := Nearest(v.Text, s.enum); near != "" {
		also = fmt.Sprintf("; did you mean %s?", near)
	}
	p.At(v, "%s is %s, want %s%s", what, Shown(v), s.want, also)
}

// plain reports whether YAML, or a value that was filled in, may be something else than
// a text.
func (v *Value) plain() bool { return !v.Quoted || v.Filled }

func (s *Shape) object(v *Value, what string, p *Mistakes) {
	for _, e := range v.Keys {
		i := slices.IndexFunc(s.fields, func(f Field) bool { return f.Name == e.Key.Text })
		if i < 0 {
			var names []string
			for _, f := range s.fields {
				names = append(names, f.Name)
			}
			hint := "it has " + strings.Join(names, ", ")
			if near := Nearest(e.Key.Text, names); near != "" {
				hint = "did you mean " + near + "?"
			}
			p.At(e.Key, "%s has no key %q; %s", what, e.Key.Text, hint)
			continue
		}
		if e.Val.Kind == Null && s.fields[i].Shape.kind != shapeObject && s.fields[i].Shape.kind != shapeMap {
			p.At(e.Key, "%s has nothing behind it, want %s", e.Key.Text, s.fields[i].Shape.want)
			continue
		}
		s.fields[i].Shape.Check(e.Val, e.Key.Text, p)
	}
	for _, f := range s.fields {
		if f.Required && v.Get(f.Name) == nil {
			p.At(v, "%s lacks %q: %s", what, f.Name, f.Doc)
		}
	}
}
