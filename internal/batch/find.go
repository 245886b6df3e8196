package batch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wireloom/internal/terminal"
)

// Limits of a folder of submissions.
const (
	maxSubmissions = 100_000
	maxInside      = 1000 // files and folders of one submission's folder
	maxDepth       = 8    // folders that have nothing but a folder in them
)

// A Part is a program that each submission consists of: it runs in one slot, or in
// several.
type Part struct {
	Slots []string // each NODE.PROC
	Names []string // what its file may be called, without .wasm
}

// A Submission is what somebody handed in.
type Submission struct {
	Name    string // for people, on one line
	Student string // the id; "" if it isn't known
	Who     string // whose it is, for people; "" where the name says it best
	Late    bool   // it was handed in late, as the export's names say

	raw      string // what it is called in the folder
	stem     string // what files of its result are called, each with a suffix
	programs []Program
	also     []string // what else its author handed in
	notes    []string // for who grades
	problem  error    // why it cannot be graded
}

// An Other is something that nobody handed in to be graded.
type Other struct {
	Name string `json:"name"` // for people, on one line
	Why  string `json:"why"`
}

// A Folder is all that is in a folder of submissions, but for what is there by no will
// of anybody's: names that begin with a dot, __MACOSX, Thumbs.db, desktop.ini.
type Folder struct {
	Dir         string
	Submissions []Submission // in the order of their names
	Others      []Other      // likewise
	From        From         // what names were understood as
}

// Find finds the submissions in a folder: its .wasm files, where a submission is one
// program, its folders, and what should have been one. out is the folder of results,
// which is no submission wherever it is.
func Find(dir string, parts []Part, from From, out string) (*Folder, error) {
	t, err := openTree(dir)
	if err != nil {
		return nil, fmt.Errorf("submissions: %w", err)
	}
	defer t.close()
	names, err := t.names(maxSubmissions)
	if err != nil {
		return nil, fmt.Errorf("submissions: %s: %w", dir, err)
	}
	slices.Sort(names)
	metadata := slices.Contains(names, metadataFile)
	results, _ := os.Stat(out) // nil where there are none yet
	names = slices.DeleteFunc(names, func(n string) bool { return ignored(n) || n == metadataFile || sameFolder(t, n, results) })
	var things []thing
	var offered []string
	for _, n := range names {
		x := look(t, n)
		things = append(things, x)
		if x.kind != document {
			offered = append(offered, n)
		}
	}
	f := &Folder{Dir: dir, From: from.choose(offered, metadata)}
	var people map[string]person
	if metadata && f.From == FromGradescope {
		if people, err = readMetadata(t); err != nil {
			return nil, fmt.Errorf("submissions: %w", err)
		}
	}
	groups := together(things, f.From, people)
	beside := byBase(groups)
	for _, g := range groups {
		if why := g.other(beside); why != "" {
			f.Others = append(f.Others, Other{terminal.Line(g.things[0].name), why})
			continue
		}
		f.Submissions = append(f.Submissions, g.submission(t, parts))
	}
	nameAll(f.Submissions)
	noteTwins(f.Submissions)
	if len(f.Submissions) == 0 {
		var have []string
		for _, o := range f.Others {
			have = append(have, o.Name)
		}
		return nil, fmt.Errorf("submissions: there is none in %s: %s%s", dir, wanted(parts), listed("; in it is ", have))
	}
	return f, nil
}

// ignored reports whether something is there by no will of anybody's.
func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || name == "__MACOSX" || strings.EqualFold(name, "Thumbs.db") || strings.EqualFold(name, "desktop.ini")
}

func sameFolder(t *tree, name string, folder fs.FileInfo) bool {
	if folder == nil {
		return false
	}
	here, err := t.root.Lstat(name)
	return err == nil && os.SameFile(here, folder)
}

// What a thing in a folder can be.
type kind int

const (
	program  kind = iota // a .wasm file, by its name
	folder               // a folder
	oddity               // neither a file nor a folder, or nothing that can be looked at
	source               // a program's source text
	archive              // a packed folder
	document             // any other file
)

// A thing is a file, a folder or an oddity.
type thing struct {
	path string // below the folder of submissions
	name string // as its author called it
	kind kind
	why  error // of an oddity
}

// look finds out what something is, and follows no link for that.
func look(t *tree, name string) thing {
	x := thing{path: name, name: name}
	info, err := t.root.Lstat(name)
	if err == nil {
		err = ordinary(info.Mode())
	}
	_, wasm := cutWasm(name)
	ext := strings.ToLower(filepath.Ext(name))
	switch {
	case err != nil:
		x.kind, x.why = oddity, plainly(err)
	case info.IsDir():
		x.kind = folder
	case wasm:
		x.kind = program
	case slices.Contains(sources, ext):
		x.kind = source
	case slices.Contains(archives, ext):
		x.kind = archive
	default:
		x.kind = document
	}
	return x
}

var (
	sources  = []string{".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".go", ".rs", ".zig", ".ts", ".d", ".nim", ".wat", ".wast", ".o", ".a", ".exe"}
	archives = []string{".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar"}
)

// instead says what to do with something that is no program.
func (k kind) instead() string {
	switch k {
	case source:
		return "is no WebAssembly: hand in the .wasm file that is built of it"
	case archive:
		return "is an archive: hand in the .wasm file that is in it"
	case program, folder, oddity, document:
	}
	return "is no .wasm file"
}

// cutWasm is the name of a program's file without .wasm, or .WASM.
func cutWasm(name string) (base string, ok bool) {
	ext := filepath.Ext(name)
	if !strings.EqualFold(ext, ".wasm") {
		return name, false
	}
	return strings.TrimSuffix(name, ext), true
}

// A group is what one student, or several together, handed in.
type group struct {
	owner
	things []thing
}

// together finds out what belongs together, in the order of names.
func together(things []thing, from From, people map[string]person) []*group {
	var groups []*group
	at := map[string]*group{}
	for _, x := range things {
		o := from.owner(x.name, people)
		o.settle()
		if x.kind != folder {
			x.name = o.rest
		}
		g := at[o.key]
		if g == nil {
			g = &group{owner: o}
			at[o.key] = g
			groups = append(groups, g)
		}
		g.late = g.late || o.late
		g.things = append(g.things, x)
	}
	return groups
}

// alone reports whether the name says nothing of an owner.
func (g *group) alone() bool { return strings.HasPrefix(g.key, "/") }

// byBase is the names of programs and folders that are submissions by themselves,
// without .wasm.
func byBase(groups []*group) map[string]bool {
	at := map[string]bool{}
	for _, g := range groups {
		if k := g.things[0].kind; g.alone() && (k == program || k == folder) {
			base, _ := cutWasm(g.things[0].name)
			at[base] = true
		}
	}
	return at
}

// other says why a group is no submission; "" if it is one. A text never is, and
// nothing that lies beside a submission with its name, such as anna.c beside anna.wasm.
func (g *group) other(beside map[string]bool) string {
	x := g.things[0]
	if !g.alone() {
		return ""
	}
	switch x.kind {
	case document:
		return "it " + x.kind.instead()
	case source, archive:
		if base := strings.TrimSuffix(x.name, filepath.Ext(x.name)); beside[base] {
			return "it lies beside the submission " + terminal.Line(base)
		}
	case program, folder, oddity:
	}
	return ""
}

// submission makes one of a group.
func (g *group) submission(t *tree, parts []Part) Submission {
	s := Submission{raw: strings.TrimPrefix(g.key, "/"), Student: g.student, Who: g.who, Late: g.late}
	one := g.things[0]
	flat := g.alone() && one.kind != folder
	switch {
	case flat && one.kind == oddity:
		s.problem = one.why
	case flat && one.kind != program:
		s.problem = fmt.Errorf("it %s", one.kind.instead())
	case flat && len(parts) > 1:
		s.problem = errors.New(wanted(parts))
	case flat:
		s.programs = []Program{{Slots: parts[0].Slots, path: one.path}}
	default:
		var inside []thing
		for _, x := range g.things {
			if x.kind != folder {
				inside = append(inside, x)
				continue
			}
			more, err := contents(t, x.path, 0)
			if err != nil {
				s.problem = err
				return s
			}
			inside = append(inside, more...)
		}
		s.pick(inside, parts)
	}
	return s
}

// contents is what is in a submission's folder. Where that is nothing but a folder, as
// when a zip was unpacked, it is what is in that.
func contents(t *tree, path string, depth int) ([]thing, error) {
	sub, err := t.folder(path)
	if err != nil {
		return nil, plainly(err)
	}
	defer sub.close()
	names, err := sub.names(maxInside)
	if err != nil {
		return nil, plainly(err)
	}
	slices.Sort(names)
	var out []thing
	for _, n := range names {
		if ignored(n) {
			continue
		}
		x := look(sub, n)
		x.path = filepath.Join(path, n)
		out = append(out, x)
	}
	if len(out) == 1 && out[0].kind == folder && depth < maxDepth {
		return contents(t, out[0].path, depth+1)
	}
	return out, nil
}

// pick finds the programs of a submission among its files.
func (s *Submission) pick(things []thing, parts []Part) {
	taken := map[string]bool{}
	for _, p := range parts {
		var hits, all []thing
		for _, x := range things {
			base, wasm := cutWasm(x.name)
			switch {
			case !wasm || x.kind != program && x.kind != oddity:
				continue
			case slices.Contains(p.Names, base):
				hits = append(hits, x)
			}
			all = append(all, x)
		}
		if len(hits) == 0 && len(parts) == 1 {
			hits = all
		}
		switch {
		case len(hits) == 0:
			s.problem = lacks(p, parts, things)
			return
		case len(hits) > 1:
			var names []string
			for _, x := range hits {
				names = append(names, terminal.Line(x.name))
			}
			s.problem = fmt.Errorf("it has several files for one program%s: hand in one, or call it %s.wasm", listed(": ", names), p.Names[0])
			return
		case hits[0].kind == oddity:
			s.problem = fmt.Errorf("%s in it is %w", terminal.Line(hits[0].name), hits[0].why)
			return
		}
		taken[hits[0].path] = true
		s.programs = append(s.programs, Program{Slots: p.Slots, path: hits[0].path})
	}
	for _, x := range things {
		if !taken[x.path] {
			s.also = append(s.also, terminal.Line(x.name))
		}
	}
}

// lacks says that a program is missing, and what is there instead.
func lacks(p Part, parts []Part, things []thing) error {
	what := "no .wasm file"
	if len(parts) > 1 {
		what = "no " + p.Names[0] + ".wasm"
	}
	if len(things) == 0 {
		return fmt.Errorf("there is %s in it: it is empty", what)
	}
	for _, x := range things { // what comes nearest
		if x.kind == oddity {
			return fmt.Errorf("there is %s in it, but %s, which is %w", what, terminal.Line(x.name), x.why)
		}
	}
	for _, k := range []kind{archive, source} {
		for _, x := range things {
			if x.kind == k {
				return fmt.Errorf("there is %s in it, but %s, which %s", what, terminal.Line(x.name), k.instead())
			}
		}
	}
	var names []string
	for _, x := range things {
		names = append(names, terminal.Line(x.name))
	}
	return fmt.Errorf("there is %s in it%s", what, listed(": it has ", names))
}

// wanted says what a submission looks like.
func wanted(parts []Part) string {
	if len(parts) == 1 {
		return "a submission is a .wasm file, or a folder with one"
	}
	var names []string
	for _, p := range parts {
		names = append(names, p.Names[0]+".wasm")
	}
	return "a submission is a folder with " + strings.Join(names, ", ")
}

// maxListed is how many names a sentence has.
const maxListed = 8

// listed is names with what leads to them; "" where there are none.
func listed(lead string, names []string) string { return listedOf(lead, names, len(names)) }

// listedOf is listed where of all names only the first are there.
func listedOf(lead string, first []string, total int) string {
	if total == 0 {
		return ""
	}
	first = first[:min(len(first), maxListed)]
	more := ""
	if n := total - len(first); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return lead + strings.Join(first, ", ") + more
}
