package session

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFilesOfServersThatAreGone: the system takes a lock back when its owner ends,
// which is as if the file were closed.
func TestFilesOfServersThatAreGone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "with [odd] *name")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	open := func(cleared int) *Files {
		t.Helper()
		f, n, err := OpenFiles(dir)
		if err != nil || n != cleared {
			t.Fatalf("%d folders were removed, %v, want %d", n, err, cleared)
		}
		if err := os.MkdirAll(filepath.Join(f.Path(), "wireloom-lab-1"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(f.Path(), "wireloom-lab-1", "frames-1"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		return f
	}
	mkdir := func(name string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	lives := open(0)
	killed := open(0)
	if err := killed.lock.Close(); err != nil { // its process has ended
		t.Fatal(err)
	}
	empty := mkdir(filesPrefix + "empty") // killed before it had a lock
	other := mkdir("wireloom-notes")
	unlocked := mkdir(filesPrefix + "notes") // not made by a server
	if err := os.WriteFile(filepath.Join(unlocked, "text"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	if err := os.WriteFile(filepath.Join(elsewhere, lockName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, filesPrefix+"link")
	if err := os.Symlink(elsewhere, link); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, filesPrefix+"file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}

	next := open(2)
	left, err := filepath.Glob(escapeGlob(dir) + "/*")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{lives.Path(), next.Path(), other, unlocked, link, file}
	slices.Sort(want)
	if !slices.Equal(left, want) {
		t.Errorf("left are %q, want %q: not %s and %s", left, want, killed.Path(), empty)
	}
	if _, err := os.Stat(filepath.Join(elsewhere, lockName)); err != nil {
		t.Errorf("what a link leads to is gone: %v", err)
	}
	if err := lives.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(lives.Path()); !os.IsNotExist(err) {
		t.Errorf("a server that ends leaves its folder: %v", err)
	}
	if err := next.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFilesAreTriedAtTheStart(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, dir, want string }{
		{"a folder that is not there", filepath.Join(dir, "nothing"), "no such file or directory: make that folder"},
		{"a file", file, "not a directory: name another"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := OpenFiles(c.dir)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Count(err.Error(), c.dir) != 1 {
				t.Errorf("got %v, want %q in it, and the folder once", err, c.want)
			}
		})
	}
}
