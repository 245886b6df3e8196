package wasm

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// codeFiles are the files of compiled code below a cache folder.
func codeFiles(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(name, "wazero-") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// withCache compiles one module with an engine of its own on a cache folder.
func withCache(t *testing.T, dir string, meanwhile func()) {
	t.Helper()
	e, err := NewEngine(t.Context(), Options{CacheDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if meanwhile != nil {
		meanwhile()
	}
	r := newRig(t, nil, program{name: "p", prog: compile(t, e, tiny(nil, 0x41, 1, 0x1a))})
	r.run(t)
	if x := r.exits["p"]; x.Op != "exit" || x.N != 0 {
		t.Errorf("the program ended %q with %d", x.Op, x.N)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func TestDiskCache(t *testing.T) {
	dir := t.TempDir()
	withCache(t, dir, nil)
	files := codeFiles(t, dir)
	if len(files) != 1 {
		t.Fatalf("after one module the cache holds %q", files)
	}
	good, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		harm func() error
	}{
		{"nothing happened", func() error { return nil }},
		{"the file is cut off", func() error { return os.WriteFile(files[0], good[:len(good)/2], 0o600) }},
		{"the file is rubbish", func() error { return os.WriteFile(files[0], []byte(strings.Repeat("rubbish", 100)), 0o600) }},
		{"the index has gone", func() error { return os.RemoveAll(filepath.Join(dir, "v1", "index")) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.harm(); err != nil {
				t.Fatal(err)
			}
			withCache(t, dir, nil)
			if got, err := os.ReadFile(files[0]); err != nil || string(got) != string(good) {
				t.Errorf("the cache was not repaired: %d bytes, %v", len(got), err)
			}
		})
	}
	t.Run("the folder vanishes while it is used", func(t *testing.T) {
		withCache(t, dir, func() {
			if err := os.RemoveAll(filepath.Join(dir, "v1")); err != nil {
				t.Fatal(err)
			}
		})
	})
}
