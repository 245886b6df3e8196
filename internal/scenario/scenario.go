// Package scenario is a scenario as it is read from its folder: the lab that it sets up,
// the programs that it takes, its stages and steps, and the values of one student. Package
// format reads its file, package verb what its steps do; package grade runs them.
// docs/scenarios.md describes the language.
package scenario

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"wireloom/internal/scenario/format"
	"wireloom/vnet/config"
)

// A Scenario is a topology, the programs that run on it, steps, expectations and
// points: the contents of one folder, with the values of one student. Its fields are the
// sections of the file, and what is read beside it.
type Scenario struct {
	Name    string
	Title   string
	Goal    string // what is to be reached, in a sentence
	Course  int    // its position in the course, from 1; 0 where it is not part of it
	Brief   string // brief.md
	Seed    uint64
	Source  []byte // scenario.yaml
	File    string // its name, for messages
	Lab     config.Lab
	Stages  []Stage
	Steps   []Step
	Tries   []Try
	Student string            // whose values it has; "" for nobody's in particular
	Params  map[string]string // the values
	Remarks []format.Mistake  // on what is no mistake, but may not be meant

	// Abridged says that steps were taken out of the folder, which students don't see: a grade has
	// no total.
	Abridged bool

	Captures map[string][]byte // the files of doors that are captures, by name

	words      map[Slot]string
	references map[Slot][]byte
	unbuilt    bool // part of the program, and its references have not been built

	file *format.File
	dir  fs.FS             // the folder; nil where there is none
	read map[string][]byte // the files of it that were read to build this, besides the two
}

// A Slot is a program that the student supplies.
type Slot = format.Slot

// A Stage is a part of a scenario that can be graded alone.
type Stage struct {
	Name, Title string
	Reference   []Slot // what runs the reference solution then
	Setup       []Step
}

// Slots returns the programs that a submission consists of, in the order of the
// file. Slots with the same word take the same program.
func (s *Scenario) Slots() []Slot {
	var out []Slot
	for _, n := range s.Lab.Nodes {
		for _, p := range n.Programs {
			if p.Slot {
				out = append(out, Slot{Node: n.Name, Proc: p.Name})
			}
		}
	}
	return out
}

// Word is what the file calls the program that goes into a slot.
func (s *Scenario) Word(sl Slot) string { return s.words[sl] }

// Words returns what the file calls the programs of a submission, each once, in the
// order of the file.
func (s *Scenario) Words() []string {
	var out []string
	for _, sl := range s.Slots() {
		if w := s.words[sl]; !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// SlotsFor returns the slots that take the same program as what a person names:
// NODE.PROGRAM, a NODE with one slot, the word for the program; "" where there is
// only one.
func (s *Scenario) SlotsFor(where string) ([]Slot, error) {
	var words, all []string
	for _, sl := range s.Slots() {
		w := s.words[sl]
		all = append(all, sl.String())
		if (where == "" || sl.String() == where || sl.Node == where || w == where) && !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	switch {
	case len(all) == 0:
		return nil, fmt.Errorf("scenario %s has no slot for a program", s.Name)
	case len(words) == 0:
		return nil, fmt.Errorf("scenario %s has no slot for a program there; it has %s", s.Name, strings.Join(all, ", "))
	case len(words) > 1 && where == "":
		return nil, fmt.Errorf("scenario %s takes several programs: say which one it is: %s", s.Name, strings.Join(words, ", "))
	case len(words) > 1:
		return nil, fmt.Errorf("node %s has several slots: name one of %s", where, strings.Join(all, ", "))
	}
	var out []Slot
	for _, sl := range s.Slots() {
		if s.words[sl] == words[0] {
			out = append(out, sl)
		}
	}
	return out, nil
}

// Stage returns a stage by name, nil if there is none.
func (s *Scenario) Stage(name string) *Stage {
	i := slices.IndexFunc(s.Stages, func(st Stage) bool { return st.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Stages[i]
}

// Config returns the lab's configuration with a seed: the scenario's own if nil.
func (s *Scenario) Config(seed *uint64) config.Lab {
	c := s.Lab
	if seed != nil {
		c.Seed = *seed
	}
	return c
}

// StudentID is a student's id as results have it. Two ids that look the same are one
// student: an accent may be a part of its letter, as keyboards write it, or a mark of its
// own, as names of files on a Mac have it (NFC, NFD).
func StudentID(student string) string { return norm.NFC.String(student) }

// For returns the scenario with the values of a student: those that the params have
// for this id (StudentID) and the seed, which is the scenario's own where seed is nil. A
// lab must be built from it, and graded with it. It may be called from several goroutines.
func (s *Scenario) For(student string, seed *uint64) (*Scenario, error) {
	student = StudentID(student)
	if !utf8.ValidString(student) {
		return nil, errors.New("the student's id is not UTF-8 text")
	}
	if len(student) > MaxStudent {
		return nil, fmt.Errorf("the student's id has %d bytes, at most %d are allowed", len(student), MaxStudent)
	}
	c := *s
	c.Student, c.read = student, maps.Clone(s.read)
	if seed != nil {
		c.Seed = *seed
	}
	if s.file.Varies() {
		p := s.file.Mistakes()
		c.fill(p, format.NewRoom(), s.file.Chosen(student, c.Seed))
		if err := p.Err(); err != nil {
			return nil, err
		}
	}
	c.Lab.Seed = c.Seed
	return &c, nil
}

// MaxStudent is how many bytes a student's id may have.
const MaxStudent = 256

// readFile reads a file of the folder and remembers it.
func (s *Scenario) readFile(name string, limit int64) ([]byte, error) {
	if b, ok := s.read[name]; ok {
		return b, nil
	}
	if !fs.ValidPath(name) {
		return nil, fmt.Errorf("%q is an invalid path: want one inside the scenario's folder, without . and ..", name)
	}
	if s.dir == nil {
		return nil, errors.New("a scenario without a folder has no files")
	}
	b, err := readLimited(s.dir, name, limit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s in the scenario's folder", name)
	}
	if err != nil {
		return nil, err
	}
	s.read[name] = b
	return b, nil
}

// Parse reads a scenario file that stands alone. file is its name, for messages. The
// error is a *format.Error with every mistake in it.
func Parse(file string, src []byte) (*Scenario, error) { return parse(file, src, nil) }

// parse reads a scenario file. dir is its folder, where there is one.
func parse(file string, src []byte, dir fs.FS) (*Scenario, error) {
	f, err := format.ReadFile(file, src)
	if err != nil {
		return nil, err
	}
	sc := &Scenario{File: file, Source: f.Source, Seed: 1, file: f, dir: dir, read: map[string][]byte{}}
	if seed := f.Root.Get("seed"); seed != nil {
		if v, ok := seedShape.Try(seed); ok {
			sc.Seed = uint64(format.Read[int](v))
		}
	}
	p, room := f.Mistakes(), format.NewRoom()
	sc.fill(p, room, f.Chosen("", sc.Seed))
	// What only other students would meet is a mistake too.
	for e := range f.Trials() {
		if p.Total() > 0 {
			break
		}
		p.With(e)
		c := *sc
		c.fill(p, room, e)
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	sc.Remarks = p.Remarks()
	return sc, nil
}

// fill fills values in and builds the scenario of the result.
func (s *Scenario) fill(p *format.Mistakes, room *format.Room, e format.Env) {
	full := s.file.Fill(e, room, p)
	if full == nil {
		return
	}
	FileShape.Check(full, "the scenario", p)
	b := builder{p: p, sc: s}
	b.build(full)
	s.Params = e.Values()
}

// Mistakes collects what is wrong with the scenario's file that others find out. Parse has
// found all that the file tells.
func (s *Scenario) Mistakes() *format.Mistakes { return s.file.Mistakes() }

// Place is the innermost value of the file on a path of a part of the lab and its name, in
// turns, such as nodes, bob, devices, tap0.
func (s *Scenario) Place(path ...string) *format.Value { return placeOf(s.file.Root, path) }
