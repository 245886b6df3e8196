package modcache

import (
	"os"
	"path/filepath"
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

// put writes a file as wazero does and tells the cache of it; it was used a number
// of hours ago.
func put(t *testing.T, c *Cache, id string, size int, hours time.Duration) {
	t.Helper()
	before := c.Files()
	name := filepath.Join(c.Code(), "code of "+id)
	if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-hours * time.Hour)
	if err := os.Chtimes(name, at, at); err != nil {
		t.Fatal(err)
	}
	c.Made(id, before)
}

func names(c *Cache) string {
	var ns []string
	for n := range c.Files() {
		ns = append(ns, strings.TrimPrefix(n, "code of "))
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
		{"everything fits", 300, "", "a b c"},
		{"the oldest goes", 299, "", "b c"},
		{"what was used stays", 299, "a", "a c"},
		{"two go", 100, "", "c"},
		{"nothing fits", 99, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := open(t, t.TempDir(), c.limit)
			put(t, k, "a", 100, 3)
			put(t, k, "b", 100, 2)
			put(t, k, "c", 100, 1)
			if c.use != "" && !k.Use(c.use) {
				t.Errorf("%s is not there", c.use)
			}
			k.Prune()
			if got := names(k); got != c.want {
				t.Errorf("left is %q, want %q", got, c.want)
			}
			for _, id := range []string{"a", "b", "c"} {
				if got, want := k.Use(id), strings.Contains(c.want, id); got != want {
					t.Errorf("Use(%q) = %v, want %v", id, got, want)
				}
			}
		})
	}
}

func TestShared(t *testing.T) {
	dir := t.TempDir()
	one, two := open(t, dir, 0), open(t, dir, 0)
	put(t, one, "a", 10, 1)
	if !two.Use("a") {
		t.Error("the other server doesn't see the file")
	}
	two.Forget("a")
	if one.Use("a") || names(one) != "" {
		t.Error("a file that the other server deleted is still there")
	}
	before := one.Files()
	put(t, two, "b", 10, 1)
	put(t, two, "c", 10, 1)
	one.Made("d", before) // which of the two it was can't be told
	if one.Use("d") {
		t.Error("a file of the other server's was taken for our own")
	}
	one.Prune()
	if !two.Use("b") || !two.Use("c") {
		t.Error("pruning below the limit deleted something")
	}
}

func TestUnfinished(t *testing.T) {
	c := open(t, t.TempDir(), 0)
	old, young := filepath.Join(c.Code(), "x.1.tmp"), filepath.Join(c.Code(), "x.2.tmp")
	for _, name := range []string{old, young} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Now().Add(-2 * abandoned)
	if err := os.Chtimes(old, at, at); err != nil {
		t.Fatal(err)
	}
	c.Prune()
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("what nobody finishes any more is still there: %v", err)
	}
	if _, err := os.Stat(young); err != nil {
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
	if _, err := Open(t.TempDir(), -1); err == nil {
		t.Error("a negative limit was taken")
	}
}
