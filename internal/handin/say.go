package handin

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// maxModules is how many files without .wasm are looked into.
const maxModules = 50

// say says what is wrong where a part has no file, or several. hits are those of its
// name, programs all programs that count, all what was handed in.
func say(dir string, parts []Part, p *Part, hits, programs, all []entry) string {
	if len(hits) > 1 {
		if len(parts) == 1 && !p.names(hits[0].base) {
			return fmt.Sprintf("there are %d .wasm files: %s. One program is graded: hand in that one alone, or call it %s", len(hits), names(hits), p.file())
		}
		return fmt.Sprintf("there are %d files for one program: %s. Hand in one of them", len(hits), names(hits))
	}
	said := "there is no .wasm file in what was handed in"
	todo := "Build your program, and hand in the .wasm file that comes out"
	if len(parts) > 1 {
		said = fmt.Sprintf("%s is missing. This lab takes %d programs: %s", p.file(), len(parts), wanted(parts))
		todo = "Hand in a file of that name for each"
	}
	out := []string{said}
	switch meant, what := guess(dir, parts, p, programs, all); {
	case meant != nil:
		out = append(out, name(meant.path)+" "+what)
	case len(all) == 0:
		out = append(out, "The folder is empty", todo)
	default:
		out = append(out, "Handed in was "+names(all), todo)
	}
	return strings.Join(out, ". ")
}

// wanted are the files of a hand-in with several parts.
func wanted(parts []Part) string {
	var out []string
	for i := range parts {
		out = append(out, fmt.Sprintf("%s (for %s)", parts[i].file(), strings.Join(parts[i].Slots, " and ")))
	}
	return strings.Join(out, ", ")
}

// guess finds the file that was meant for a part, and says what is wrong with it; nil if
// none looks so.
func guess(dir string, parts []Part, p *Part, programs, all []entry) (*entry, string) {
	rename := func(e *entry) string { return "may be meant: call it " + path.Join(path.Dir(e.path), p.file()) }
	for i := range all { // what has the right name and is no file
		if e := &all[i]; e.wasm && e.wrong != "" && (len(parts) == 1 || p.names(e.base)) {
			return e, e.wrong + ": hand in the file itself"
		}
	}
	var left []*entry // programs that no part has the name of
	for i := range programs {
		if e := &programs[i]; !slices.ContainsFunc(parts, func(q Part) bool { return q.names(e.base) }) {
			left = append(left, e)
		}
	}
	for _, e := range left {
		if near(e.base, p.Word) || slices.ContainsFunc(p.Slots, func(s string) bool { return near(e.base, s) }) {
			return e, rename(e)
		}
	}
	if len(left) > 0 {
		if len(parts) > 1 {
			return left[0], fmt.Sprintf("has the name of none of them: call it as the program that it is. One file is not taken for %d programs", len(parts))
		}
		return nil, ""
	}
	looked := 0
	for i := range all { // a program without .wasm, and a packed one
		e := &all[i]
		if e.wasm || e.wrong != "" {
			continue
		}
		if looked++; looked > maxModules {
			break
		}
		if isModule(filepath.Join(dir, filepath.FromSlash(e.path))) {
			want := strings.TrimSuffix(path.Base(e.path), path.Ext(e.path)) + ".wasm"
			if len(parts) > 1 {
				want = p.file()
			}
			return e, "is a WebAssembly module, but its name does not end in .wasm: call it " + name(want)
		}
		switch strings.ToLower(path.Ext(e.path)) {
		case ".zip", ".gz", ".tgz", ".tar", ".xz", ".bz2", ".7z", ".rar":
			return e, "is packed: unpack it, and hand in the .wasm file that is in it"
		}
	}
	return nil, ""
}

// near reports whether a name is another with one or two letters wrong, or with other
// letters between its words.
func near(a, b string) bool {
	fold := func(s string) string {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(" ._-()", r) {
				return -1
			}
			return r
		}, strings.ToLower(s))
	}
	a, b = fold(a), fold(b)
	if len(a) > 64 || len(b) > 64 || b == "" {
		return false
	}
	return strings.HasPrefix(a, b) || distance([]rune(a), []rune(b)) <= min(2, len(b)/3)
}

// distance is how many letters must be put in, taken out or changed to make b of a
// (Levenshtein).
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// names lists files in a sentence.
func names(es []entry) string {
	var out []string
	for i, e := range es {
		if i == maxNamed {
			out = append(out, fmt.Sprintf("and %d more", len(es)-i))
			break
		}
		out = append(out, name(e.path))
	}
	return strings.Join(out, ", ")
}

// maxName is how many bytes of a file's name a sentence has.
const maxName = 100

// name is a file's name in a sentence: in quotes where it has blanks or letters that do
// not print.
func name(s string) string {
	if len(s) > maxName {
		s = strings.ToValidUTF8(s[:maxName], "") + "..."
	}
	if q := strconv.Quote(s); q != `"`+s+`"` || strings.ContainsAny(s, " ,") {
		return q
	}
	return s
}
