package batch

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"wireloom/scenarios"
)

// Limits of a folder of submissions.
const (
	maxSubmissions = 100_000
	maxName        = 230 // bytes of a name: files of results are called by it, and a suffix
)

// A Part is a program that each submission consists of: it runs in one slot, or in
// several.
type Part struct {
	Slots []string // each NODE.PROC
	Names []string // what its file may be called, without .wasm
}

// A Submission is what somebody handed in.
type Submission struct {
	Name     string            // of its file without .wasm, or of its folder
	Programs map[string]string // file by slot
	problem  error             // why it cannot be graded
}

// Find finds the submissions in a folder, in the order of their names: its .wasm
// files, where a submission is one program, and its folders. others are the names
// of what is neither.
func Find(dir string, parts []Part) (subs []Submission, others []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("submissions: %w", err)
	}
	if len(entries) > maxSubmissions {
		return nil, nil, fmt.Errorf("submissions: %s has %d entries, at most %d are allowed", dir, len(entries), maxSubmissions)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path) // of what a link leads to
		name, wasm := cutWasm(e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."), e.Name() == "__MACOSX": // which macOS puts into each zip
		case err != nil:
			others = append(others, e.Name())
		case info.IsDir():
			subs = append(subs, folder(path, e.Name(), parts))
		case wasm && name != "" && len(parts) == 1 && info.Mode().IsRegular():
			subs = append(subs, Submission{Name: name, Programs: parts[0].of(path)})
		default:
			others = append(others, e.Name())
		}
	}
	for i := range subs {
		if len(subs[i].Name) > maxName {
			subs[i].problem = fmt.Errorf("its name has %d bytes, at most %d are allowed", len(subs[i].Name), maxName)
		}
	}
	slices.SortFunc(subs, func(a, b Submission) int { return strings.Compare(a.Name, b.Name) })
	seen := map[string]string{} // some file systems take a and A for one name
	for _, s := range subs {
		if other, twice := seen[strings.ToLower(s.Name)]; twice {
			return nil, nil, fmt.Errorf("submissions: %s has two with one name: %s and %s", dir, other, s.Name)
		}
		seen[strings.ToLower(s.Name)] = s.Name
	}
	if len(subs) == 0 {
		return nil, others, fmt.Errorf("submissions: there is none in %s: %s", dir, wanted(parts))
	}
	return subs, others, nil
}

// cutWasm is the name of a program's file without .wasm, or .WASM.
func cutWasm(name string) (base string, ok bool) {
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext), strings.EqualFold(ext, ".wasm")
}

// of is the part's file, for each of its slots.
func (p *Part) of(file string) map[string]string {
	m := map[string]string{}
	for _, s := range p.Slots {
		m[s] = file
	}
	return m
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

// folder is the submission in a folder.
func folder(dir, name string, parts []Part) Submission {
	s := Submission{Name: name, Programs: map[string]string{}}
	entries, err := os.ReadDir(dir)
	if err != nil {
		s.problem = err
		return s
	}
	var files []string
	for _, e := range entries {
		if base, ok := cutWasm(e.Name()); ok && base != "" && !strings.HasPrefix(base, ".") && !e.IsDir() {
			files = append(files, e.Name())
		}
	}
	for _, p := range parts {
		var hits []string
		for _, f := range files {
			if base, _ := cutWasm(f); slices.Contains(p.Names, base) {
				hits = append(hits, f)
			}
		}
		if len(hits) == 0 && len(parts) == 1 {
			hits = files
		}
		switch len(hits) {
		case 1:
			maps.Copy(s.Programs, p.of(filepath.Join(dir, hits[0])))
		case 0:
			s.problem = fmt.Errorf("there is no %s.wasm in it", p.Names[0])
			if len(parts) == 1 {
				s.problem = errors.New("there is no .wasm file in it")
			}
			return s
		default:
			s.problem = fmt.Errorf("it has several files for one program: %s", strings.Join(hits, ", "))
			return s
		}
	}
	return s
}

// hash returns what the submission is: its programs' hashes by slot, in order.
func (s *Submission) hash() ([]string, error) {
	if s.problem != nil {
		return nil, s.problem
	}
	var out []string
	for slot, file := range s.Programs {
		h, err := hashFile(file)
		if err != nil {
			return nil, err
		}
		out = append(out, slot+" "+h)
	}
	slices.Sort(out)
	return out, nil
}

func hashFile(name string) (string, error) {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no ordinary file")
	}
	if err != nil {
		return "", plainly(err)
	}
	f, err := os.Open(name)
	if err != nil {
		return "", plainly(err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(f, scenarios.MaxReference+1))
	if err == nil && n > scenarios.MaxReference {
		err = fmt.Errorf("its program has more than %d bytes", scenarios.MaxReference)
	}
	if err != nil {
		return "", plainly(err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// plainly is an error without the path, which the row's name stands for.
func plainly(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("its program cannot be read: %w", p.Err)
	}
	return err
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
