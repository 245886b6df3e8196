package verb

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"wireloom/internal/decode"
	"wireloom/internal/scenario/format"
	"wireloom/vnet/config"
)

// A Scope is what a verb may refer to: the lab, the steps before, the folder's files.
type Scope struct {
	Mistakes *format.Mistakes
	Lab      *config.Lab

	linked   func(format.End) bool
	file     func(name string, limit int64) ([]byte, error)
	captures map[string][]decode.Captured
	frames   int // bytes of the frames so far

	ends     map[string]bool
	endNames []string
	nodes    []string
	programs []string

	now   *Known
	known map[string]*Known
}

// NewScope is the scope of a file's steps. linked reports whether an end has a link; file
// reads a file of the scenario's folder.
func NewScope(p *format.Mistakes, lab *config.Lab, linked func(format.End) bool, file func(string, int64) ([]byte, error)) *Scope {
	s := &Scope{Mistakes: p, Lab: lab, linked: linked, file: file, captures: map[string][]decode.Captured{}, ends: map[string]bool{}}
	end := func(e format.End) {
		s.ends[e.String()] = true
		s.endNames = append(s.endNames, e.String())
	}
	for _, sw := range lab.Switches {
		for i := range sw.Ports {
			end(format.End{Switch: sw.Name, Port: i + 1})
		}
	}
	for _, n := range lab.Nodes {
		s.nodes = append(s.nodes, n.Name)
		for _, c := range n.NICs {
			end(format.End{Node: n.Name, Iface: c.Name})
		}
		for _, c := range n.Devices {
			end(format.End{Node: n.Name, Iface: c.Name})
		}
		for _, p := range n.Programs {
			s.programs = append(s.programs, n.Name+"."+p.Name)
		}
	}
	s.Begin()
	return s
}

// Begin forgets the steps so far: of a setup of a stage others can't refer to.
func (s *Scope) Begin() { s.known = map[string]*Known{} }

// A Known is what is known of a step that others refer to by its id.
type Known struct {
	ID     string
	Broken bool // it has mistakes of its shape: what refers to it is no mistake, too
	Checks bool

	sends   *Frame // the first
	expects bool
	results bool
}

// teller is a step that tells those after it something.
type teller interface{ tells(*Known) }

// Tells is embedded by a step that tells those after it a frame, or the result of a call.
type Tells struct {
	frame   *Frame
	expects bool
	results bool
}

// TellsFrame is that of what sends a frame.
func TellsFrame(f Frame) Tells { return Tells{frame: &f} }

// TellsMet is that of what expects a frame.
func TellsMet() Tells { return Tells{expects: true} }

// TellsResult is that of what makes calls.
func TellsResult() Tells { return Tells{results: true} }

func (t Tells) tells(k *Known) {
	if k.sends == nil {
		k.sends = t.frame
	}
	k.expects, k.results = k.expects || t.expects, k.results || t.results
}

// Next is what is known of the step that is read now.
func (s *Scope) Next(id string) *Known {
	s.now = &Known{ID: id}
	return s.now
}

// Add makes a step known that has been read; false where another one has its id.
func (s *Scope) Add(k *Known) bool {
	if k.ID == "" {
		return true
	}
	_, twice := s.known[k.ID]
	s.known[k.ID] = k
	return !twice
}

// Step is an earlier step by its id; nil where there is none.
func (s *Scope) Step(id string) *Known { return s.known[id] }

// Meant says which id of a step before is near to one that there is not.
func (s *Scope) Meant(id string) string {
	if near := format.Nearest(id, slices.Sorted(maps.Keys(s.known))); near != "" && near != id {
		return "; did you mean " + near + "?"
	}
	return ""
}

// StepID refers to another step.
var StepID = format.Word("the id of a step", format.NameKey, 32)

// missing reports a name that nothing has: which one is near, or which there are.
func (s *Scope) missing(v *format.Value, kind string, names []string) {
	const few = 12
	also := ""
	switch near := format.Nearest(v.Text, names); {
	case near != "":
		also = "; did you mean " + near + "?"
	case len(names) > few:
		also = fmt.Sprintf("; there are %s and %d more", strings.Join(names[:few], ", "), len(names)-few)
	case len(names) > 0:
		also = "; there is " + strings.Join(names, ", ")
	}
	s.Mistakes.At(v, "there is no %s %s in this scenario%s", kind, v.Text, also)
}

// End is the end of a link that stands at v, which must be there.
func (s *Scope) End(v *format.Value) format.End {
	if v == nil {
		return format.End{}
	}
	e := format.Read[format.End](v)
	if !s.ends[e.String()] {
		s.missing(v, "port", s.endNames)
		return format.End{}
	}
	return e
}

// File is what is in a file of the scenario's folder.
func (s *Scope) File(name string, limit int64) ([]byte, error) { return s.file(name, limit) }

// Linked reports whether something is plugged into an end.
func (s *Scope) Linked(e format.End) bool { return s.linked == nil || s.linked(e) }

// Device is the interface of a node that stands at v, which must be there; a tun or tap
// may come while the lab runs.
func (s *Scope) Device(v *format.Value) format.End {
	if v == nil {
		return format.End{}
	}
	e := format.Read[format.End](v)
	switch {
	case e.Node == "":
		s.Mistakes.At(v, "%s is a port of a switch, want NODE:INTERFACE", v.Text)
	case !slices.Contains(s.nodes, e.Node):
		s.Mistakes.At(v, "there is no node %s in this scenario", e.Node)
	case e.Driver() == format.NIC && !s.ends[e.String()]:
		s.Mistakes.At(v, "there is no interface %s in this scenario", v.Text)
	default:
		return e
	}
	return format.End{}
}

// Node is the name of a node that stands at v, which must be there.
func (s *Scope) Node(v *format.Value) string {
	if v == nil || slices.Contains(s.nodes, v.Text) {
		return v.String()
	}
	s.missing(v, "node", s.nodes)
	return ""
}

// Program is the program that stands at v, which must be there.
func (s *Scope) Program(v *format.Value) format.Slot {
	if v == nil {
		return format.Slot{}
	}
	sl := format.Read[format.Slot](v)
	if !slices.Contains(s.programs, sl.String()) {
		s.missing(v, "program", s.programs)
		return format.Slot{}
	}
	return sl
}

// LateText is a text in which ${step.field} may stand, with dollars doubled where they
// stand for themselves: what run.Tell takes.
func (s *Scope) LateText(v *format.Value) string {
	if v == nil {
		return ""
	}
	if !v.Late {
		return strings.ReplaceAll(v.Text, "${", "$${")
	}
	parts, err := format.Scan(v.Text)
	if err != nil {
		s.Mistakes.At(v, "%v", err)
		return ""
	}
	for _, pt := range parts {
		if pt.Expr == "" {
			continue
		}
		told, err := format.ParseTold(pt.Expr)
		if err != nil {
			s.Mistakes.At(v, "${%s}: %v", pt.Expr, err)
			continue
		}
		id, field := told.Step, told.Field
		st := s.known[id]
		switch {
		case st == nil:
			s.Mistakes.At(v, "${%s}: no step before this one has the id %s", pt.Expr, id)
		case st.Broken:
		case told.Add != "" && decode.KnownField(told.Add) != nil:
			s.Mistakes.At(v, "${%s}: %s", pt.Expr, trimPackage(decode.KnownField(told.Add)))
		case field == "result":
			if !st.results {
				s.Mistakes.At(v, "${%s}: step %s has no do", pt.Expr, id)
			} else if told.Slice {
				s.Mistakes.At(v, "${%s}: a result is a number, and has no bytes to choose from", pt.Expr)
			}
		case !st.expects && st.sends == nil:
			s.Mistakes.At(v, "${%s}: step %s neither expects nor sends a frame", pt.Expr, id)
		default:
			part := decode.Part{Slice: told.Slice, At: told.At, N: told.N, Plus: told.Plus, Form: told.Form}
			if told.Add != "" && part.Plus == 0 {
				part.Plus = 1 // something is
			}
			if err := part.Check(field); err != nil {
				s.Mistakes.At(v, "${%s}: %s", pt.Expr, trimPackage(err))
			}
		}
	}
	return v.Text
}

// LateTexts is LateText of the items of a list, or of one text.
func (s *Scope) LateTexts(v *format.Value) []string {
	var out []string
	for _, i := range v.Each() {
		out = append(out, s.LateText(i))
	}
	return out
}

// PlainText is what a text without ${step.field} says.
func PlainText(s string) string { return strings.ReplaceAll(s, "$${", "${") }

func trimPackage(err error) string { return strings.TrimPrefix(err.Error(), "decode: ") }
