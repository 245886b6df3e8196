package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wireloom/internal/product"
)

// handIn fills a folder of submissions.
func handIn(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "handed-in")
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// solved is the folder of a scenario that has a reference solution.
func solved(t *testing.T, yaml, reference string) string {
	t.Helper()
	lab := t.TempDir()
	scenarioFolder(t, lab, yaml)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(reference)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(lab, "reference.wasm.gz"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return lab
}

// Whatever lies in the folder, each thing has its row, and nobody gets what is
// somebody else's.
func TestGradeAllOfWhateverLiesThere(t *testing.T) {
	right := exitsWith(7) + "\x00\x02\x01r" // a section of its own: another file
	lab := solved(t, quitter, right)
	dir := handIn(t, map[string]string{
		"anna.wasm": exitsWith(7), "ben/main.wasm": exitsWith(7), "ben/main.c": "int main", "carl.wasm": right, "A.WASM": exitsWith(8), "a.wasm": exitsWith(8),
		"m\xfcller.wasm": exitsWith(7) + "\x00\x02\x01m", "line\nend\x1b[2J.wasm": exitsWith(7) + "\x00\x02\x01l", "lost.c": "int main", "packed.zip": "PK", "readme.txt": "hello",
		".DS_Store": "", "__MACOSX/._anna.wasm": "", "x.wasm/y.wasm": exitsWith(9), "two/a.wasm": exitsWith(7), "two/b.wasm": exitsWith(7),
	})
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "anna.wasm"), filepath.Join(dir, "thief.wasm")); err != nil {
		t.Skipf("no links here: %v", err)
	}
	if err := mkfifo(filepath.Join(dir, "pipe.wasm")); err != nil {
		t.Skipf("no FIFOs here: %v", err)
	}
	code, out, errs := labserver(t, "grade-all", lab, dir, "--format", "html")
	if code != exitFailed {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	rows := map[string]string{} // outcome, points and everything that is said, by name
	lines, err := csv.NewReader(bytes.NewReader(read(t, dir+"-results", "results.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines[1:] {
		rows[l[0]] = strings.Join(l[2:], "|")
	}
	for name, wants := range map[string][]string{
		"anna":             {"passed|2|2", "same file as ben"},
		"ben":              {"passed|2|2", "same file as anna", "main.c"},
		"carl":             {"passed|2|2", "same file as the reference solution"},
		"A":                {"not passed|0|2", "same file as a", "its name is nearly that of a"},
		"a":                {"not passed|0|2", "same file as A", "its name is nearly that of A"},
		`m\xfcller`:        {"passed|2|2"},
		`line\nend\x1b[2J`: {"passed|2|2"},
		"x":                {"not passed|0|2"},
		"two":              {"refused", "several files for one program: a.wasm, b.wasm"},
		"empty":            {"refused", "there is no .wasm file in it: it is empty"},
		"thief":            {"refused", "a link, not graded: hand in the file itself"},
		"pipe":             {"refused", "a FIFO (named pipe), not graded"},
		"lost.c":           {"refused", "it is no WebAssembly"},
		"packed.zip":       {"refused", "it is an archive"},
		"readme.txt":       {"not a submission", "it is no .wasm file"},
	} {
		for _, want := range wants {
			if !strings.Contains(rows[name], want) {
				t.Errorf("%s: %q is not in %q", name, want, rows[name])
			}
		}
	}
	if len(rows) != 15 {
		t.Errorf("%d rows, want 15: %v", len(rows), rows)
	}
	var results struct {
		Submissions []struct {
			Name, Status string
			Programs     []struct{ Hash string }
			Reports      []string
		}
		Others []struct{ Name string }
	}
	if err := json.Unmarshal(read(t, dir+"-results", "results.json"), &results); err != nil || len(results.Submissions) != 14 || len(results.Others) != 1 {
		t.Errorf("results.json: %v, %+v", err, results)
	}
	page := string(read(t, dir+"-results", "table.html"))
	for _, s := range results.Submissions {
		if s.Status == "graded" && (len(s.Programs) != 1 || len(s.Programs[0].Hash) != 64 || !strings.Contains(out, s.Programs[0].Hash[:8]) || !strings.Contains(page, s.Programs[0].Hash[:8])) {
			t.Errorf("%s: its program's hash is not everywhere: %v", s.Name, s.Programs)
		}
		for _, r := range s.Reports {
			read(t, dir+"-results", r)
		}
	}
	wantSafe(t, out+errs+page)
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The names of an export say whose a submission is, and so which values it gets.
func TestGradeAllOfAnExport(t *testing.T) {
	lab := t.TempDir()
	scenarioFolder(t, lab, "params: {n: {from: 1, to: 1000000}}\n"+strings.Replace(quitter, "it ends with 7", `"it ends with 7, and not ${n}"`, 1))
	code, _, errs := labserver(t, "grade", lab, "--program", file(t, "x.wasm", exitsWith(7)), "--student", "Zo\u00eb Fischer", "--format", "json", "--output", filepath.Join(lab, "own.json"))
	if code != exitOK {
		t.Fatal(errs)
	}
	dir := handIn(t, map[string]string{"Zoe\u0308 Fischer_7_assignsubmission_file_/x.wasm": exitsWith(7), "Ben_8_assignsubmission_file_/x.wasm": exitsWith(7)})
	code, out, errs := labserver(t, "grade-all", lab, dir, "--student-from", "auto", "--format", "json")
	if code != exitOK || !strings.Contains(errs, "students are found in names as for --student-from moodle") || !hasRow(out, "Zo\u00eb", "Fischer passed 2/2") || !strings.Contains(out, "same file as Ben") {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	var own, here struct {
		Student, Hash string
		Params        map[string]string
	}
	if err := json.Unmarshal(read(t, lab, "own.json"), &own); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(read(t, dir+"-results", "reports/Zo\u00eb Fischer_7.json"), &here); err != nil {
		t.Fatal(err)
	}
	if own.Student != here.Student || own.Hash != here.Hash || own.Params["n"] != here.Params["n"] || own.Student != "Zo\u00eb Fischer" {
		t.Errorf("alone %+v, in the folder %+v", own, here)
	}
	if code, _, errs := labserver(t, "grade-all", lab, dir, "--student-from", "blackboard"); code != exitError || !strings.Contains(errs, `there is no "blackboard"; there are none, name, moodle, canvas, gradescope, auto`) {
		t.Errorf("code %d: %s", code, errs)
	}
}

// A cache that can't be used is said once, and everything goes on without.
func TestACacheThatCannotBeUsed(t *testing.T) {
	lab := solved(t, quitter, exitsWith(7))
	dir := handIn(t, map[string]string{"a.wasm": exitsWith(7), "b.wasm": exitsWith(8), "c.wasm": exitsWith(9)})
	cache := file(t, "cache", "a file, where a folder must be made")
	t.Setenv("TMPDIR", t.TempDir())
	for _, args := range [][]string{
		{"grade", lab, "--cache", cache}, {"run", lab, "--for", "1ms", "--cache", cache + "/sub"}, {"grade-all", lab, dir, "--jobs", "2", "--cache", cache}, {"serve", "--addr", "127.0.0.1:0", "--cache", cache},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		if args[0] == "serve" {
			cancel() // it starts, and ends
		}
		var out, errs strings.Builder
		code := run(ctx, args, stdio{strings.NewReader(""), &out, &errs})
		cancel()
		if code != exitOK || strings.Count(errs.String(), "cannot be kept") != 1 || !strings.Contains(errs.String(), "not a directory") {
			t.Errorf("%v: code %d: %s%s", args, code, out.String(), errs.String())
		}
	}
	if code, _, errs := labserver(t, "compile", "--builtin", "--cache", cache); code != exitError || !strings.Contains(errs, "not a directory") {
		t.Errorf("compile has nothing to do without a cache: code %d: %s", code, errs)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("temporary folders are left: %v, %v", left, err)
	}
}

func TestWithoutAHome(t *testing.T) {
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", product.CacheEnv} {
		t.Setenv(name, "")
	}
	t.Setenv("TMPDIR", t.TempDir())
	if code, out, errs := labserver(t, "grade", solved(t, quitter, exitsWith(7))); code != exitOK || strings.Count(errs, "neither HOME nor XDG_CACHE_HOME") != 1 {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
}
