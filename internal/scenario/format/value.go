package format

import (
	"slices"
	"strconv"
)

// A Value is a YAML value with its place in the file, whatever the parser calls it. A
// file is read once into values that nobody changes; filling values in makes copies, and
// a shape that checks a copy leaves in it what it has read.
type Value struct {
	Kind   Kind
	Line   int    // from 1
	Col    int    // from 1
	Text   string // of a scalar
	Quoted bool   // the scalar is a string in quotes or a block
	Filled bool   // a value was put into it where ${...} stood
	Late   bool   // it holds a ${step.field}, which only the run tells
	Keys   []*Entry
	Items  []*Value

	read        any    // what its shape made of it
	in          *Value // what it is a part of, where it was measured
	name        string // there: its key, or the number of the item
	first, last int    // its extent, where it was measured
}

// An Entry is a key of a mapping with what stands behind it.
type Entry struct{ Key, Val *Value }

// Kind is what a value is.
type Kind uint8

// The kinds.
const (
	Null Kind = iota
	Scalar
	Map
	List
)

// String is the kind as messages have it.
func (k Kind) String() string {
	return [...]string{"nothing", "a single value", "a mapping", "a list"}[k]
}

// Get returns the value of a key, nil if it is not there.
func (v *Value) Get(key string) *Value {
	if v == nil {
		return nil
	}
	for _, e := range v.Keys {
		if e.Key.Text == key {
			return e.Val
		}
	}
	return nil
}

// String is the text of a scalar; "" where there is no value.
func (v *Value) String() string {
	if v == nil {
		return ""
	}
	return v.Text
}

// Entries are the keys of a mapping; none where there is no value.
func (v *Value) Entries() []*Entry {
	if v == nil {
		return nil
	}
	return v.Keys
}

// List is the items of a list; none where there is no value.
func (v *Value) List() []*Value {
	if v == nil {
		return nil
	}
	return v.Items
}

// Each is the items of a list, or the one value that is not a list.
func (v *Value) Each() []*Value {
	switch {
	case v == nil:
		return nil
	case v.Kind == List:
		return v.Items
	}
	return []*Value{v}
}

// Read returns what the shape of a value made of it when it was checked: the zero value
// where there is no value, or one that only the run tells.
func Read[T any](v *Value) T {
	var zero T
	return Or(v, zero)
}

// Or is Read, with what is meant where there is no value.
func Or[T any](v *Value, or T) T {
	if v == nil {
		return or
	}
	if v.read == nil {
		if t, is := any(v.Text).(T); is {
			return t
		}
		return or
	}
	return v.read.(T) //nolint:errcheck // another type is a mistake of the shape, which the first test of its key meets
}

// Reads is Read of the items of a list, or of the one value that is not a list.
func Reads[T any](v *Value) []T {
	var out []T
	for _, i := range v.Each() {
		out = append(out, Read[T](i))
	}
	return out
}

// holds reports whether a line of the file belongs to a value.
func (v *Value) holds(line int) bool {
	if v == nil {
		return false
	}
	first, last := v.extent()
	return first <= line && line <= last
}

// extent is the first and last line that the parts of a value begin in.
func (v *Value) extent() (first, last int) {
	first, last = v.Line, v.Line
	grow := func(x *Value) {
		f, l := x.extent()
		first, last = min(first, f), max(last, l)
	}
	for _, e := range v.Keys {
		grow(e.Key)
		grow(e.Val)
	}
	for _, i := range v.Items {
		grow(i)
	}
	return first, last
}

// measure keeps the extent of a value and of what is in it, and where each part stands.
func (v *Value) measure() {
	if v == nil {
		return
	}
	v.first, v.last = v.extent()
	for _, e := range v.Keys {
		e.Key.in, e.Key.name = v, e.Key.Text
		e.Val.in, e.Val.name = v, e.Key.Text
		e.Key.measure()
		e.Val.measure()
	}
	for n, i := range v.Items {
		i.in, i.name = v, strconv.Itoa(n)
		i.measure()
	}
}

// Spans is holds for a value of the tree as it was read, which was measured.
func (v *Value) Spans(line int) bool { return v != nil && v.first <= line && line <= v.last }

// Path is where the value stands in its file: keys, and the numbers of items from 0. Of
// a step that a loop repeats it is where the step is written.
func (v *Value) Path() []string {
	var path []string
	for at := v; at != nil && at.in != nil; at = at.in {
		path = append(path, at.name)
	}
	slices.Reverse(path)
	return path
}
