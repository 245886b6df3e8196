package batch

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"wireloom/internal/terminal"
)

// maxStem is how many bytes of a name files of results begin with: a file's name may
// have 255, and more comes behind.
const maxStem = 180

// nameAll gives each submission a name for people, and one for the files of its result,
// which no two have: not on a file system that takes a and A for one, or an accent's two
// forms; and not if one student tries to be called as another's result is.
func nameAll(subs []Submission) {
	same := map[string]int{} // how many have a name
	for i := range subs {
		s := &subs[i]
		s.Name, _ = cutWasm(s.raw)
		same[s.Name]++
	}
	for i := range subs {
		s := &subs[i]
		if same[s.Name] > 1 {
			s.Name = s.raw // a.wasm, and a
		}
		s.Name = norm.NFC.String(s.Name)
	}
	alike := map[string]int{}
	for i := range subs {
		alike[fold(subs[i].Name)]++
	}
	taken := map[string]bool{}
	give := func(s *Submission, stem string) {
		for n := 2; taken[fold(stem)]; n++ {
			stem = fmt.Sprintf("%s~%d", marked(s.Name, s.raw), n)
		}
		s.stem = stem
		taken[fold(stem)] = true
	}
	// Those whose names can't be the files' go first: theirs can't be foreseen.
	for _, plain := range []bool{false, true} {
		for i := range subs {
			s := &subs[i]
			stem := s.Name
			if fits := alike[fold(stem)] == 1 && fitsFile(stem); fits != plain {
				continue
			}
			if !plain || taken[fold(stem)] {
				stem = marked(s.Name, s.raw)
			}
			give(s, stem)
		}
	}
	for i := range subs {
		subs[i].Name = terminal.Line(subs[i].Name)
	}
	slices.SortStableFunc(subs, func(a, b Submission) int { return strings.Compare(a.Name, b.Name) })
}

// fold is a name as file systems compare names that are careless in that.
func fold(name string) string { return strings.ToLower(norm.NFC.String(name)) }

// awkward are letters that some file systems don't take in a name.
const awkward = `<>:"/\|?*`

// fitsFile reports whether a file of results may be called so.
func fitsFile(name string) bool {
	return utf8.ValidString(name) && terminal.Line(name) == name && !strings.ContainsAny(name, awkward) && len(name) <= maxStem &&
		strings.TrimRight(name, ". ") == name && name != ""
}

// marked is a name for files of results, with what no other name has.
func marked(name, raw string) string {
	b := []byte{}
	for _, r := range name {
		if r == utf8.RuneError || strings.ContainsRune(awkward, r) || terminal.Line(string(r)) != string(r) {
			r = '_'
		}
		if len(b)+utf8.RuneLen(r) > maxStem {
			break
		}
		b = utf8.AppendRune(b, r)
	}
	return fmt.Sprintf("%s~%.16s", b, sum([]byte(raw)))
}

// noteTwins notes what is easily taken for another, and students who have several.
func noteTwins(subs []Submission) {
	alike, of := map[string][]int{}, map[string][]int{}
	for i := range subs {
		base, _ := cutWasm(fold(subs[i].raw))
		alike[base] = append(alike[base], i)
		of[subs[i].Student] = append(of[subs[i].Student], i)
	}
	for i := range subs {
		s := &subs[i]
		base, _ := cutWasm(fold(s.raw))
		twins := alike[base]
		s.note("its name is nearly that of ", subs, i, twins)
		if more := of[s.Student]; s.Student != "" && len(more) > len(twins) {
			s.note("its student's id is also that of ", subs, i, more)
		}
	}
}

// note notes the others of a list, by their numbers, in which submission i is, too.
func (s *Submission) note(lead string, subs []Submission, i int, list []int) {
	var first []string // a whole class may have one name
	for _, k := range list {
		if k != i && len(first) < maxListed {
			first = append(first, subs[k].Name)
		}
		if len(first) == maxListed {
			break
		}
	}
	if len(list) > 1 {
		s.notes = append(s.notes, listedOf(lead, first, len(list)-1))
	}
}
