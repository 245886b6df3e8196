package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A file is one that a package has. A folder is one whose name ends in a slash.
type file struct {
	name  string // without a slash in front: "usr/bin/labserver"
	mode  fs.FileMode
	body  []byte
	owner int // of an image; a .deb's are root's
}

// A tree is a package's files. What it is written as depends on nothing else: not on who
// writes it, when, or in which order the files came.
type tree []file

// sorted is the tree with all folders above its files, in the order of names.
func (t tree) sorted() tree {
	have := map[string]bool{}
	for _, f := range t {
		have[f.name] = true
	}
	all := slices.Clone(t)
	for _, f := range t {
		for dir := path.Dir(strings.TrimSuffix(f.name, "/")); dir != "."; dir = path.Dir(dir) {
			if !have[dir+"/"] {
				have[dir+"/"] = true
				all = append(all, file{name: dir + "/", mode: 0o755})
			}
		}
	}
	slices.SortFunc(all, func(a, b file) int { return cmp.Compare(a.name, b.name) })
	return all
}

// tar writes the tree as a tar archive, with all of one time.
func (t tree) tar(at time.Time) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range t.sorted() {
		h := &tar.Header{Name: f.name, Mode: int64(f.mode.Perm()), Size: int64(len(f.body)), ModTime: at, Typeflag: tar.TypeReg, Uid: f.owner, Gid: f.owner, Format: tar.FormatPAX}
		if f.mode&fs.ModeSticky != 0 {
			h.Mode |= 0o1000
		}
		if strings.HasSuffix(f.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.body); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// write writes the tree below a folder.
func (t tree) write(dir string, at time.Time) error {
	all := t.sorted()
	for _, f := range all {
		name := filepath.Join(dir, filepath.FromSlash(f.name))
		if strings.HasSuffix(f.name, "/") {
			if err := os.MkdirAll(name, 0o755); err != nil {
				return err
			}
			continue
		}
		if err := os.WriteFile(name, f.body, f.mode.Perm()); err != nil {
			return err
		}
		if err := os.Chmod(name, f.mode.Perm()); err != nil { // whatever the umask
			return err
		}
	}
	for _, f := range slices.Backward(all) { // what is in a folder changes its time
		name := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.Chtimes(name, at, at); err != nil {
			return err
		}
		if strings.HasSuffix(f.name, "/") {
			if err := os.Chmod(name, f.mode.Perm()); err != nil {
				return err
			}
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil { // it is in the package, too
		return err
	}
	return os.Chtimes(dir, at, at)
}

// zipped is b by gzip, without a name or a time.
func zipped(b []byte, level int) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, level)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
