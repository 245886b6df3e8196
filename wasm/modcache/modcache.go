// Package modcache keeps a folder of compiled modules below a size: those used
// least recently go first. wazero reads and writes the files; this package only
// learns which file belongs to which module, marks what is used, and deletes.
//
// Several servers may share a folder. Every file is written under another name
// and renamed, deleting one that a server has open does no harm, and a file that
// another server has deleted is not an error. A folder that can't be read or
// written makes programs start slower and nothing else.
package modcache

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// layout names the folder of everything that this version understands.
const layout = "v1"

// DefaultLimit is the size in bytes of a cache where none is given.
const DefaultLimit = 1 << 30

// abandoned is how old an unfinished file is when nobody finishes it any more.
const abandoned = time.Hour

// A Cache is a folder of compiled modules.
type Cache struct {
	dir   string
	limit int64
}

// Open makes the folder where it is missing. limit is in bytes, DefaultLimit if 0.
func Open(dir string, limit int64) (*Cache, error) {
	if limit < 0 {
		return nil, fmt.Errorf("the cache of compiled programs: a limit of %d bytes; it must not be negative", limit)
	}
	if limit == 0 {
		limit = DefaultLimit
	}
	c := &Cache{dir: filepath.Join(dir, layout), limit: limit}
	for _, d := range []string{c.Code(), c.index("")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("the cache of compiled programs: %w", err)
		}
	}
	return c, nil
}

// Code is the folder that is wazero's: below it, one for each of its versions.
func (c *Cache) Code() string { return filepath.Join(c.dir, "code") }

// index is the file that holds the path, below Code, of the code of a module.
func (c *Cache) index(id string) string { return filepath.Join(c.dir, "index", id) }

// Files lists the finished files of code, relative to Code.
func (c *Cache) Files() map[string]bool {
	files := map[string]bool{}
	for _, f := range c.scan() {
		files[f.name] = true
	}
	return files
}

// Made tells the cache that the module id, a hash in hexadecimal, was compiled
// since before was taken with Files. Where other servers wrote files in between,
// it can't be told which is the module's: it then ages from its making, however
// often it is used.
func (c *Cache) Made(id string, before map[string]bool) {
	made := ""
	for _, f := range c.scan() {
		if before[f.name] {
			continue
		}
		if made != "" {
			return
		}
		made = f.name
	}
	if made == "" {
		return
	}
	tmp, err := os.CreateTemp(c.index(""), "*.tmp")
	if err != nil {
		return
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // unless it was renamed
	_, err = tmp.WriteString(made)
	if cerr := tmp.Close(); err == nil && cerr == nil {
		_ = os.Rename(tmp.Name(), c.index(id)) // without it the file only ages faster
	}
}

// Use marks the code of a module as used now, and reports whether it is there.
func (c *Cache) Use(id string) bool {
	name, ok := c.lookup(id)
	if !ok {
		return false
	}
	now := time.Now()
	if os.Chtimes(filepath.Join(c.Code(), name), now, now) != nil {
		_ = os.Remove(c.index(id)) // the file has gone
		return false
	}
	return true
}

// Forget deletes the code of a module: it can't be read.
func (c *Cache) Forget(id string) {
	if name, ok := c.lookup(id); ok {
		_ = os.Remove(filepath.Join(c.Code(), name))
		_ = os.Remove(c.index(id))
		return
	}
	for _, f := range c.scan() { // which it is isn't known: begin again
		_ = os.Remove(filepath.Join(c.Code(), f.name))
	}
}

func (c *Cache) lookup(id string) (string, bool) {
	b, err := os.ReadFile(c.index(id))
	if err != nil || !filepath.IsLocal(string(b)) {
		return "", false
	}
	return string(b), true
}

// A file is one module's code.
type file struct {
	name string // relative to Code
	size int64
	used time.Time
}

// scan lists the finished files; what vanishes meanwhile is left out.
func (c *Cache) scan() []file {
	var files []file
	root := c.Code()
	_ = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".tmp") {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		if rel, err := filepath.Rel(root, name); err == nil {
			files = append(files, file{rel, info.Size(), info.ModTime()})
		}
		return nil
	})
	return files
}

// Prune deletes what was used least recently until the rest is within the limit,
// the index of what is gone, and what was never finished.
func (c *Cache) Prune() {
	files := c.scan()
	var total int64
	for _, f := range files {
		total += f.size
	}
	slices.SortFunc(files, func(a, b file) int { return a.used.Compare(b.used) })
	kept := map[string]bool{}
	for _, f := range files {
		if total > c.limit {
			_ = os.Remove(filepath.Join(c.Code(), f.name))
			total -= f.size
			continue
		}
		kept[f.name] = true
	}
	ids, _ := os.ReadDir(c.index("")) // none where it can't be read
	for _, d := range ids {
		if name, ok := c.lookup(d.Name()); ok && !kept[name] && !strings.HasSuffix(d.Name(), ".tmp") {
			_ = os.Remove(c.index(d.Name()))
		}
	}
	old := time.Now().Add(-abandoned)
	_ = filepath.WalkDir(c.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".tmp") {
			return nil
		}
		if info, err := d.Info(); err == nil && info.ModTime().Before(old) {
			_ = os.Remove(name)
		}
		return nil
	})
}
