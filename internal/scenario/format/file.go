package format

import (
	"bytes"
	"iter"
	"strings"
)

// A File is a scenario file as it is written: values are not filled in, loops not
// unrolled. Several goroutines may fill it in at once.
type File struct {
	Name   string // for messages
	Source []byte
	Root   *Value

	params []param
	lines  []string
}

// ReadFile reads a file's tree and its params. The error is an *Error with every mistake
// in it.
func ReadFile(name string, src []byte) (*File, error) {
	src = bytes.TrimPrefix(src, []byte("\ufeff")) // which editors on Windows begin a file with
	f := &File{Name: name, Source: src, lines: strings.Split(string(src), "\n")}
	p := f.Mistakes()
	f.Root = parseTree(src, p)
	f.Root.measure()
	if f.Root == nil || p.Total() > 0 {
		return nil, p.Err()
	}
	if f.Root.Kind != Map {
		p.At(f.Root, "the file is %v, want a mapping", f.Root.Kind)
		return nil, p.Err()
	}
	if v := f.Root.Get("params"); v != nil {
		if Params.Check(v, "params", p); p.Total() == 0 {
			f.params = readParams(v, p)
		}
	}
	return f, p.Err()
}

// Mistakes collects what is wrong with the file.
func (f *File) Mistakes() *Mistakes { return &Mistakes{file: f.Name, lines: f.lines} }

// Line is a line of the file, from 1, without blanks around it; "" where there is none.
func (f *File) Line(n int) string {
	if n < 1 || n > len(f.lines) {
		return ""
	}
	return strings.TrimSpace(f.lines[n-1])
}

// Varies reports whether the file has params.
func (f *File) Varies() bool { return len(f.params) > 0 }

// Chosen is the values of the params for a student.
func (f *File) Chosen(student string, seed uint64) Env {
	e := make(Env, 0, len(f.params))
	for i := range f.params {
		e = append(e, binding{f.params[i].name, f.params[i].choose(student, seed)})
	}
	return e
}

// Trials are sets of values that show every item of every list, and the ends of every
// range; none where there are no params.
func (f *File) Trials() iter.Seq[Env] {
	return func(yield func(Env) bool) {
		if len(f.params) == 0 {
			return
		}
		for n := range trials(f.params) {
			e := make(Env, 0, len(f.params))
			for i := range f.params {
				e = append(e, binding{f.params[i].name, f.params[i].trial(n)})
			}
			if !yield(e) {
				return
			}
		}
	}
}

// A Room is how many bytes a file may still grow to, with all sets of values that it is
// filled in with.
type Room int

// NewRoom is the room of one reading.
func NewRoom() *Room {
	r := Room(maxExpanded)
	return &r
}

// Fill makes of the file the one for given values: a copy with the values in its texts
// and its loops unrolled. It is nil where that is beyond a limit.
func (f *File) Fill(e Env, room *Room, p *Mistakes) *Value {
	ids := map[string]bool{}
	collectIDs(f.Root.Get("steps"), ids, 0)
	x := &expander{p: p, left: room, ids: ids}
	full := &Value{Kind: Map, Line: f.Root.Line, Col: f.Root.Col}
	for _, k := range f.Root.Keys {
		v := k.Val
		switch k.Key.Text {
		case "params":
			v = v.clone()
		case "steps":
			v = x.steps(v, e)
		case "stages":
			v = x.stages(v, e)
		default:
			v = x.expand(v, e)
		}
		full.Keys = append(full.Keys, &Entry{k.Key, v})
	}
	if x.full {
		return nil
	}
	return full
}

// clone is a copy with copies of all that is in it.
func (v *Value) clone() *Value {
	c := *v
	c.Keys, c.Items = nil, nil
	for _, e := range v.Keys {
		c.Keys = append(c.Keys, &Entry{e.Key, e.Val.clone()})
	}
	for _, i := range v.Items {
		c.Items = append(c.Items, i.clone())
	}
	return &c
}
