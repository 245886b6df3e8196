package site

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"wireloom/internal/open"
	"wireloom/internal/scenario"
)

func source(t *testing.T) Source {
	t.Helper()
	s := Source{
		Version: "test", Page: fstest.MapFS{"index.html": {Data: []byte(`<head><meta charset="utf-8" /></head>`)}, "placeholder.html": {Data: []byte("no page")}},
		Lab: fstest.MapFS{"lab.wasm": {Data: []byte("\x00asm")}, "wasm_exec.js": {Data: []byte("Go")}, "samples/echo.wasm": {Data: []byte("\x00asm")}},
		SDK: map[string][]byte{"include/tun.h": []byte("#pragma once\n")},
	}
	for _, name := range open.Builtin() {
		sc, err := open.BuiltinScenario(name)
		if err != nil {
			t.Fatal(err)
		}
		s.Scenarios = append(s.Scenarios, sc)
	}
	return s
}

// unpack adds the files of a file that is packed, and theirs, to all.
func unpack(t *testing.T, all map[string][]byte, name string, b []byte) {
	t.Helper()
	all[name] = b
	if z, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
		b, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		unpack(t, all, name+"/unpacked", b)
	}
	if !bytes.HasPrefix(b, []byte("PK\x03\x04")) {
		return
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		unpack(t, all, path.Join(name, f.Name), b)
	}
}

// What a site gives away has no solution in it, however it is packed, and nothing of the steps that
// students don't see.
func TestNothingIsGivenAway(t *testing.T) {
	s := source(t)
	files, err := Files(s)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for name, b := range files {
		unpack(t, all, name, b)
	}
	// Of a step nothing stands where its scenario is; that of another may have one of that name.
	leaks := func(what, of string, text []byte) {
		t.Helper()
		for name, b := range all {
			others := strings.HasPrefix(name, "scenarios/") && !strings.HasPrefix(name, "scenarios/"+of)
			if !others && bytes.Contains(b, text) {
				t.Errorf("%s is in %s", what, name)
			}
		}
	}
	hidden, references := 0, 0
	for _, sc := range s.Scenarios {
		for _, slot := range sc.Slots() {
			if module, err := sc.Reference(slot); err == nil {
				references++
				leaks("the solution for "+slot.String()+" of "+sc.Name, "", module)
			}
		}
		for i := range sc.Steps {
			if step := &sc.Steps[i]; !scenario.Student.Sees(step) && step.Title != "" {
				hidden++
				leaks("hidden step "+step.ID+" of "+sc.Name, sc.Name+".zip", []byte(step.Title))
				leaks("hidden step "+step.ID+" of "+sc.Name, sc.Name+".zip", []byte("id: "+step.ID+"\n"))
			}
		}
	}
	if hidden < 8 || references < 10 {
		t.Fatalf("%d hidden steps and %d solutions were looked for: that is not all", hidden, references)
	}
	for name := range all {
		if in, ok := strings.CutPrefix(name, "scenarios/"); ok && strings.Contains(in, "reference") {
			t.Errorf("%s is given away", name)
		}
	}
}

func TestAPageSaysWhatItIs(t *testing.T) {
	files, err := Files(source(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<meta name="wireloom-site" content="site.json" />`, `script-src 'self';`, `<link rel="manifest" href="manifest.webmanifest" />`} {
		if !bytes.Contains(files["index.html"], []byte(want)) {
			t.Errorf("index.html lacks %s", want)
		}
	}
	for name := range files {
		if name != "sw.js" && !bytes.Contains(files["sw.js"], []byte(`"`+name+`"`)) {
			t.Errorf("the service worker doesn't keep %s", name)
		}
	}
	if files["placeholder.html"] != nil {
		t.Error("the placeholder is part of the site")
	}
}

// Another file is another version, and the same files are the same.
func TestVersions(t *testing.T) {
	s := source(t)
	s.Scenarios = s.Scenarios[:1]
	worker := func() string {
		files, err := Files(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(files["sw.js"])
	}
	first := worker()
	if worker() != first {
		t.Error("the same files have another version")
	}
	s.SDK["include/tun.h"] = []byte("#pragma once\n\n")
	if worker() == first {
		t.Error("other files have the same version")
	}
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if err := Write(dir, map[string][]byte{"site.json": {}, "assets/old.js": {}, "sw.js": {}}); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, map[string][]byte{"site.json": {}, "assets/new.js": {}}); err != nil {
		t.Fatalf("over an older site: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "assets/old.js")); err == nil {
		t.Error("a file of the older site is still there")
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "thesis.tex"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(other, map[string][]byte{"site.json": {}}); err == nil || !strings.Contains(err.Error(), "name an empty folder") {
		t.Errorf("into a folder with other files: %v", err)
	}
}
