package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// key hashes the inputs of a build. Each part is preceded by its length, so
// that moving bytes from one part to the next changes the sum.
type key struct{ h hash.Hash }

func newKey(kind string) *key {
	k := &key{sha256.New()}
	k.text("guestbuild 1", kind) // count up when the format of the outputs changes
	return k
}

func (k *key) text(parts ...string) {
	for _, s := range parts {
		fmt.Fprintf(k.h, "%d:%s", len(s), s)
	}
}

// file adds a file's contents under a name that is the same on every machine.
func (k *key) file(name, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	k.text(name, string(data))
	return nil
}

func (k *key) sum() string { return hex.EncodeToString(k.h.Sum(nil)[:16]) }

// cache holds finished outputs by key, so that going back to an older source
// builds nothing.
type cache struct{ dir string }

// maxEntries bounds the cache; entries in use are never removed.
const maxEntries = 512

func (c *cache) path(p *program) string {
	suffix := ".wasm"
	if p.compressed() {
		suffix = ".wasm.gz"
	}
	return filepath.Join(c.dir, p.key+suffix)
}

func (c *cache) has(p *program) bool {
	_, err := os.Stat(c.path(p))
	return err == nil
}

// temp makes a folder on the cache's file system.
func (c *cache) temp() (string, error) {
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return "", err
	}
	return os.MkdirTemp(c.dir, "build-")
}

// put stores a module that was just built and returns its uncompressed size.
func (c *cache) put(p *program, module string) (int, error) {
	data, err := os.ReadFile(module)
	if err != nil {
		return 0, err
	}
	n := len(data)
	if p.compressed() {
		if data, err = compress(data); err != nil {
			return 0, err
		}
	}
	return n, writeFile(c.path(p), data)
}

// install makes dst the cached output and tells whether it was another one. An
// equal file is left alone, so that make and go build see nothing new.
func (c *cache) install(p *program, dst string) (changed bool, err error) {
	want, err := os.ReadFile(c.path(p))
	if err != nil {
		return false, err
	}
	now := time.Now()
	if err := os.Chtimes(c.path(p), now, now); err != nil { // used: pruned last
		return false, err
	}
	if got, err := os.ReadFile(dst); err == nil && bytes.Equal(got, want) {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(dst), 0o755); err != nil {
		return false, err
	}
	return true, writeFile(dst, want)
}

// prune removes the entries that were used longest ago, beyond maxEntries.
func (c *cache) prune(programs []*program) error {
	entries, err := os.ReadDir(c.dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	type entry struct {
		path string
		used time.Time
	}
	var old []entry
	for _, e := range entries {
		name := filepath.Join(c.dir, e.Name())
		if e.IsDir() || slices.ContainsFunc(programs, func(p *program) bool { return c.path(p) == name }) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		old = append(old, entry{name, info.ModTime()})
	}
	slices.SortFunc(old, func(a, b entry) int { return b.used.Compare(a.used) })
	for _, e := range old[min(len(old), maxEntries):] {
		if err := os.Remove(e.path); err != nil {
			return err
		}
	}
	return nil
}

// removeStale removes outputs whose source is gone; a leftover would be
// embedded and graded.
func removeStale(root string, programs []*program) error {
	patterns := []string{scenarios + "/*/reference*.wasm.gz", lessonsOut + "/*.wasm"}
	for _, from := range plain {
		patterns = append(patterns, from.out+"/*.wasm")
	}
	for _, pattern := range patterns {
		outputs, err := fs.Glob(os.DirFS(root), pattern)
		if err != nil {
			return err
		}
		for _, out := range outputs {
			if slices.ContainsFunc(programs, func(p *program) bool { return p.out == out }) {
				continue
			}
			if err := os.Remove(filepath.Join(root, out)); err != nil {
				return err
			}
		}
	}
	return nil
}

// compress is gzip without the time or the name, which would make two builds
// differ.
func compress(data []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// writeFile writes a file whole or not at all.
func writeFile(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), strings.TrimSuffix(filepath.Base(name), ".gz")+".tmp-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(data); err != nil {
		f.Close()
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
