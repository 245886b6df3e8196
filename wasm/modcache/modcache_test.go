package modcache

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func open(t *testing.T, dir string, limit int64) *Cache {
	t.Helper()
	c, err := Open(dir, limit)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// folder is one that doesn't exist yet, so that its permissions are ours.
func folder(t *testing.T) string { return filepath.Join(t.TempDir(), "cache") }

// overhead is what an entry has besides the code, in put's names.
const overhead = int64(headSize + 1 + len("engine/x"))

// put stores size bytes as the code of a module; it was used a number of hours ago.
func put(t *testing.T, c *Cache, id string, size int, hours time.Duration) {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "engine"), 0o700); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("engine", "x")
	if err := os.WriteFile(filepath.Join(root, name), bytes.Repeat([]byte(id), size/len(id)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Store(id, root, name); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-hours * time.Hour)
	if err := os.Chtimes(c.code(id), at, at); err != nil {
		t.Fatal(err)
	}
}

// get returns the code of a module; "" where the cache has none.
func get(t *testing.T, c *Cache, id string) string {
	t.Helper()
	root := t.TempDir()
	name, ok := c.Load(id, root)
	if !ok {
		if _, err := Only(root); err == nil {
			t.Error("what was refused was written")
		}
		return ""
	}
	if name != filepath.Join("engine", "x") {
		t.Errorf("the file is %q", name)
	}
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func names(c *Cache) string {
	var ns []string
	for _, f := range list(c.code("")) {
		ns = append(ns, f.Name())
	}
	slices.Sort(ns)
	return strings.Join(ns, " ")
}

func TestPrune(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit int64
		use   string
		want  string
	}{
		{"everything fits", 3 * (100 + overhead), "", "a b c"},
		{"the oldest goes", 3*(100+overhead) - 1, "", "b c"},
		{"what was used stays", 3*(100+overhead) - 1, "a", "a c"},
		{"two go", 100 + overhead, "", "c"},
		{"nothing fits", 99 + overhead, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := open(t, folder(t), c.limit)
			put(t, k, "a", 100, 3)
			put(t, k, "b", 100, 2)
			put(t, k, "c", 100, 1)
			if c.use != "" && get(t, k, c.use) == "" {
				t.Errorf("%s is not there", c.use)
			}
			k.Prune()
			if got := names(k); got != c.want {
				t.Errorf("left is %q, want %q", got, c.want)
			}
			for _, id := range []string{"a", "b", "c"} {
				if got, want := get(t, k, id) != "", strings.Contains(c.want, id); got != want {
					t.Errorf("Load(%q) = %v, want %v", id, got, want)
				}
			}
		})
	}
}

func TestShared(t *testing.T) {
	dir := folder(t)
	one, two := open(t, dir, 0), open(t, dir, 0)
	put(t, one, "a", 10, 1)
	if got, want := get(t, two, "a"), "aaaaaaaaaa"; got != want {
		t.Errorf("the other server reads %q, want %q", got, want)
	}
	two.Forget("a")
	if get(t, one, "a") != "" || names(one) != "" {
		t.Error("what the other server deleted is still there")
	}
	put(t, one, "b", 10, 1)
	put(t, two, "b", 10, 1)
	if got, want := get(t, one, "b"), "bbbbbbbbbb"; got != want {
		t.Errorf("what both wrote reads %q, want %q", got, want)
	}
}

// TestDamaged: nothing comes out of an entry that is not what was stored for this
// module, and it is gone afterwards.
func TestDamaged(t *testing.T) {
	for _, c := range []struct {
		name string
		harm func(good, other []byte) []byte
	}{
		{"empty", func([]byte, []byte) []byte { return nil }},
		{"cut off in the head", func(good, _ []byte) []byte { return good[:headSize-1] }},
		{"cut off before the name", func(good, _ []byte) []byte { return good[:headSize] }},
		{"cut off in the name", func(good, _ []byte) []byte { return good[:headSize+3] }},
		{"cut off in the code", func(good, _ []byte) []byte { return good[:len(good)-1] }},
		{"something behind it", func(good, _ []byte) []byte { return append(good, 0) }},
		{"a bit of the code", func(good, _ []byte) []byte { good[len(good)-1] ^= 1; return good }},
		{"a bit of the hash", func(good, _ []byte) []byte { good[headSize-1] ^= 1; return good }},
		{"a bit of the magic", func(good, _ []byte) []byte { good[0] ^= 1; return good }},
		{"another file's name", func(good, _ []byte) []byte { good[headSize+1] ^= 1; return good }},
		{"a name that leads out", func(good, _ []byte) []byte { copy(good[headSize+1:], "../../aa"); return good }},
		{"another module's", func(_, other []byte) []byte { return other }},
		{"rubbish", func([]byte, []byte) []byte { return bytes.Repeat([]byte("rubbish "), 100) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := open(t, folder(t), 0)
			put(t, k, "a", 100, 1)
			put(t, k, "b", 100, 1)
			var entries [2][]byte
			for i, id := range []string{"a", "b"} {
				b, err := os.ReadFile(k.code(id))
				if err != nil {
					t.Fatal(err)
				}
				entries[i] = b
			}
			if err := os.WriteFile(k.code("a"), c.harm(entries[0], entries[1]), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := get(t, k, "a"); got != "" {
				t.Errorf("it was handed out: %q", got)
			}
			if got, want := names(k), "b"; got != want {
				t.Errorf("left is %q, want %q", got, want)
			}
		})
	}
}

func TestAbandoned(t *testing.T) {
	c := open(t, folder(t), 0)
	young, err := c.Scratch()
	if err != nil {
		t.Fatal(err)
	}
	old, err := c.Scratch()
	if err != nil {
		t.Fatal(err)
	}
	unfinished := c.code("x.tmp")
	for _, name := range []string{unfinished, filepath.Join(old, "file"), filepath.Join(young, "file")} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Now().Add(-2 * abandoned)
	for _, name := range []string{unfinished, old} {
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
	c.Prune()
	for _, name := range []string{unfinished, old} {
		if _, err := os.Stat(name); !os.IsNotExist(err) {
			t.Errorf("what nobody finishes any more is still there: %v", err)
		}
	}
	if _, err := os.Stat(filepath.Join(young, "file")); err != nil {
		t.Errorf("what somebody writes was deleted: %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(file, 0); err == nil || !strings.Contains(err.Error(), "the cache of compiled programs") {
		t.Errorf("a file as the folder: %v", err)
	}
	if _, err := Open(folder(t), -1); err == nil {
		t.Error("a negative limit was taken")
	}
}

func TestPrivate(t *testing.T) {
	dir := folder(t)
	open(t, dir, 0)
	if runtime.GOOS == "windows" {
		return // its permissions are not in a file's mode
	}
	for _, d := range []string{dir, filepath.Join(dir, layout), filepath.Join(dir, layout, "code")} {
		info, err := os.Stat(d)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o700 {
			t.Errorf("%s has the mode %v", d, got)
		}
		if err := os.Chmod(d, 0o770); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, 0); err == nil || !strings.Contains(err.Error(), "others may write to "+d) {
			t.Errorf("a folder that others may write to: %v", err)
		}
		if err := os.Chmod(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOnly(t *testing.T) {
	root := t.TempDir()
	if _, err := Only(root); err == nil {
		t.Error("nothing was taken for a file")
	}
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(root, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if name == "a" {
			if got, err := Only(root); err != nil || got != "a" {
				t.Errorf("got %q, %v", got, err)
			}
		}
	}
	if _, err := Only(root); err == nil {
		t.Error("two files were taken for one")
	}
}

func TestNotesAreCountedAndForgotten(t *testing.T) {
	dir := t.TempDir()
	open := func() *Cache {
		c, err := Open(dir, 0)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := open()
	for i := range 3 {
		if n := open().Note("aa"); n != i+1 {
			t.Errorf("the note counts as %d, want %d", n, i+1)
		}
	}
	c.Prune()
	if n := c.Note("aa"); n != 4 {
		t.Errorf("after pruning it counts as %d, want 4", n)
	}
	long := time.Now().Add(-2 * forgotten)
	if err := os.Chtimes(c.code("aa"+noted), long, long); err != nil {
		t.Fatal(err)
	}
	c.Prune()
	if n := c.Note("aa"); n != 1 {
		t.Errorf("after a long time it counts as %d, want 1", n)
	}
}
