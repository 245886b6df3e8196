// Package modcache keeps a folder of compiled modules below a size: those used
// least recently go first.
//
// Several servers may share a folder. Every entry is written under another name and
// renamed, deleting one that a server has open does no harm, and one that another
// server has deleted is not an error. An entry holds its module's id and the SHA-256
// of the code; Load hands out nothing that does not match both, so that what was cut
// off, damaged or put under another name is never executed. Who may write to the
// folder may run code all the same, since he can compute a hash: so it is its owner's
// alone, which Open sees to.
package modcache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// layout names the folder of everything that this version understands.
const layout = "v2"

// DefaultLimit is the size in bytes of a cache where none is given.
const DefaultLimit = 4 << 30 // some 350 Go programs: a course and its students

// abandoned is how old a scratch folder or an unfinished entry is when nobody needs
// it any more.
const abandoned = time.Hour

// A Cache is a folder of compiled modules.
type Cache struct {
	dir   string
	limit int64
}

// room is how many bytes a disk must have left for a cache to be opened: less than a
// small program's code is none.
const room = 1 << 20

// Open makes the folder where it is missing. limit is in bytes, DefaultLimit if 0.
// A folder that others than the user may write to is refused, and one on a full disk.
func Open(dir string, limit int64) (*Cache, error) {
	if limit < 0 {
		return nil, fmt.Errorf("the cache of compiled programs: a limit of %d bytes; it must not be negative", limit)
	}
	if limit == 0 {
		limit = DefaultLimit
	}
	c := &Cache{dir: filepath.Join(dir, layout), limit: limit}
	for _, d := range []string{dir, c.dir, c.code(""), c.scratch()} {
		err := os.MkdirAll(d, 0o700)
		if err == nil {
			err = private(d)
		}
		if err != nil {
			return nil, fmt.Errorf("the cache of compiled programs: %w", err)
		}
	}
	if err := c.try(); err != nil {
		return nil, fmt.Errorf("the cache of compiled programs: %w", err)
	}
	return c, nil
}

// try writes as much as an entry may have, and deletes it.
func (c *Cache) try() error {
	f, err := os.CreateTemp(c.scratch(), "try-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, room))
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// private refuses a folder in which others could replace what is executed.
func private(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", dir)
	}
	if !owned(info) {
		return fmt.Errorf("%s belongs to another user, who could make this program run anything: give another folder", dir)
	}
	if others := info.Mode().Perm() & 0o022; permissions && others != 0 {
		return fmt.Errorf("others may write to %s (%v), and so make this program run anything: chmod go-w it, or give another folder", dir, info.Mode().Perm())
	}
	return nil
}

func (c *Cache) code(id string) string { return filepath.Join(c.dir, "code", id) }
func (c *Cache) scratch() string       { return filepath.Join(c.dir, "scratch") }

// Scratch makes a folder for files that are nobody else's. It is on the disk of the
// cache; the caller removes it.
func (c *Cache) Scratch() (string, error) {
	if err := os.MkdirAll(c.scratch(), 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(c.scratch(), "")
}

// An entry is a head, the name of the code's file, and the code.
//
//	magic | SHA-256 of the id | SHA-256 of what follows | length of the name (1 byte) | name | code
const (
	magic    = "wireloom code 2\n"
	headSize = len(magic) + 2*sha256.Size
)

var errDamaged = errors.New("the entry is damaged")

// Store copies the file name, a path relative to root, into the entry of the module
// id, which is a hash in hexadecimal.
func (c *Cache) Store(id, root, name string) error {
	if len(name) > 255 || !filepath.IsLocal(name) {
		return fmt.Errorf("the cache of compiled programs: %q is no name of a file", name)
	}
	err := c.store(id, root, name)
	if err != nil {
		return fmt.Errorf("the cache of compiled programs: %w", err)
	}
	return nil
}

func (c *Cache) store(id, root, name string) (err error) {
	from, err := os.Open(filepath.Join(root, name))
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // was read only
	if err := os.MkdirAll(c.code(""), 0o700); err != nil {
		return err
	}
	to, err := os.CreateTemp(c.code(""), "*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, to.Close())
		if err == nil {
			err = os.Rename(to.Name(), c.code(id))
		}
		if err != nil {
			_ = os.Remove(to.Name()) // what is left of it, Prune takes
		}
	}()
	if _, err := to.Write(make([]byte, headSize)); err != nil {
		return err
	}
	sum := sha256.New()
	w := io.MultiWriter(to, sum)
	if _, err := w.Write(append([]byte{byte(len(name))}, filepath.ToSlash(name)...)); err != nil {
		return err
	}
	if _, err := io.Copy(w, from); err != nil {
		return err
	}
	_, err = to.WriteAt(head(id, sum), 0)
	return err
}

func head(id string, sum hash.Hash) []byte {
	owner := sha256.Sum256([]byte(id))
	return sum.Sum(append([]byte(magic), owner[:]...))
}

// Load writes the code of a module to the file below root that it came from, marks
// it as used now, and returns the file's name and whether it is there. An entry that
// is damaged or another module's is deleted.
func (c *Cache) Load(id, root string) (name string, ok bool) {
	f, err := os.Open(c.code(id))
	if err != nil {
		return "", false
	}
	name, err = load(f, id, root)
	_ = f.Close() // was read only
	if errors.Is(err, errDamaged) {
		c.Forget(id)
	}
	if err != nil {
		return "", false
	}
	now := time.Now()
	_ = os.Chtimes(c.code(id), now, now) // without it the entry only ages faster
	return name, true
}

func load(f io.Reader, id, root string) (name string, err error) {
	have := make([]byte, headSize+1)
	if _, err := io.ReadFull(f, have); err != nil {
		return "", errDamaged
	}
	sum := sha256.New()
	sum.Write(have[headSize:])
	path := make([]byte, have[headSize])
	if _, err := io.ReadFull(f, path); err != nil {
		return "", errDamaged
	}
	sum.Write(path)
	name = filepath.FromSlash(string(path))
	if !filepath.IsLocal(name) {
		return "", errDamaged
	}
	to := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return "", err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(io.MultiWriter(out, sum), f)
	err = errors.Join(err, out.Close())
	if err == nil && !bytes.Equal(have[:headSize], head(id, sum)) {
		err = errDamaged
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(to))
	}
	return name, nil
}

// Forget deletes the entry of a module, if there is one.
func (c *Cache) Forget(id string) { _ = os.Remove(c.code(id)) }

// Note counts, in the folder, how often it was called for a module, and returns that: 1 at
// first. Where that can't be kept it is 1 again. Two at once may count as one.
func (c *Cache) Note(id string) int {
	f, err := os.OpenFile(c.code(id)+noted, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 1
	}
	defer f.Close()
	if _, err := f.Write([]byte{'.'}); err != nil {
		return 1
	}
	info, err := f.Stat()
	if err != nil {
		return 1
	}
	return int(min(info.Size(), maxNoted))
}

// A module's notes are a file with a byte for each. forgotten is how old one is that is
// deleted.
const (
	noted     = ".noted"
	maxNoted  = 1 << 20
	forgotten = 30 * 24 * time.Hour
)

// Prune deletes what was used least recently until the rest is within the limit, and
// what was never finished or removed. What vanishes meanwhile, another server has
// deleted.
func (c *Cache) Prune() {
	old := time.Now().Add(-abandoned)
	var files []fs.FileInfo
	var total int64
	for _, info := range list(c.code("")) {
		if strings.HasSuffix(info.Name(), ".tmp") {
			if info.ModTime().Before(old) {
				_ = os.Remove(c.code(info.Name()))
			}
			continue
		}
		if strings.HasSuffix(info.Name(), noted) && time.Since(info.ModTime()) > forgotten {
			_ = os.Remove(c.code(info.Name()))
			continue
		}
		files = append(files, info)
		total += info.Size()
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files {
		if total <= c.limit {
			break
		}
		_ = os.Remove(c.code(f.Name()))
		total -= f.Size()
	}
	for _, info := range list(c.scratch()) {
		if info.ModTime().Before(old) {
			_ = os.RemoveAll(filepath.Join(c.scratch(), info.Name()))
		}
	}
}

// list is what is in a folder; nothing where it can't be read.
func list(dir string) []fs.FileInfo {
	entries, _ := os.ReadDir(dir)
	infos := make([]fs.FileInfo, 0, len(entries))
	for _, d := range entries {
		if info, err := d.Info(); err == nil {
			infos = append(infos, info)
		}
	}
	return infos
}

// Fingerprint names a machine by what it made of a module: the name of its file and
// what is in it. Two machines with the same one understand each other's code.
func Fingerprint(root, name string) (string, error) {
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	sum.Write([]byte(filepath.ToSlash(name)))
	sum.Write([]byte{0})
	sum.Write(b)
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// Only returns the one finished file below root, as a path relative to it.
func Only(root string) (string, error) {
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".tmp") {
			return err
		}
		rel, err := filepath.Rel(root, path)
		found = append(found, rel)
		return err
	})
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("%d files where one was to be written", len(found))
	}
	if err != nil {
		return "", fmt.Errorf("the cache of compiled programs: %w", err)
	}
	return found[0], nil
}
