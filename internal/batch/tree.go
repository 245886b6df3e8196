package batch

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"wireloom/internal/scenario"
)

// A tree is a folder that strangers filled. What is in it is looked at and opened
// without following a link, opening what is no ordinary file, or waiting for one, even
// if somebody changes it meanwhile: what was opened is compared with what was looked at.
type tree struct{ root *os.Root }

// openTree opens a folder. It may be a link itself: who grades has named it.
func openTree(dir string) (*tree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &tree{root}, nil
}

func (t *tree) close() { _ = t.root.Close() } // was only read

var (
	errLink    = errors.New("a link, not graded: hand in the file itself")
	errFolder  = errors.New("a folder where a file was")
	errChanged = errors.New("it changed while it was looked at: try again")
)

// ordinary says what is wrong with what is neither a folder nor an ordinary file.
func ordinary(mode fs.FileMode) error {
	what := "no ordinary file"
	switch {
	case mode.IsRegular(), mode.IsDir():
		return nil
	case mode&fs.ModeSymlink != 0:
		return errLink
	case mode&fs.ModeNamedPipe != 0:
		what = "a FIFO (named pipe)"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	case mode&fs.ModeDevice != 0:
		what = "a device"
	}
	return fmt.Errorf("%s, not graded: hand in a .wasm file", what)
}

// folder opens the folder at a path below the tree.
func (t *tree) folder(path string) (*tree, error) {
	at := t.root
	for name := range strings.SplitSeq(path, string(filepath.Separator)) {
		next, err := step(at, name)
		if at != t.root {
			_ = at.Close() // was only passed through
		}
		if err != nil {
			return nil, err
		}
		at = next
	}
	return &tree{at}, nil
}

// step opens a folder in a folder.
func step(at *os.Root, name string) (*os.Root, error) {
	seen, err := at.Lstat(name)
	if err != nil {
		return nil, err
	}
	if err := ordinary(seen.Mode()); err != nil {
		return nil, err
	}
	next, err := at.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	is, err := next.Stat(".")
	if err == nil && !os.SameFile(seen, is) {
		err = errChanged
	}
	if err != nil {
		_ = next.Close() // nothing was done with it
		return nil, err
	}
	return next, nil
}

// names are what is in the tree's folder, in no order; an error where that is more than
// limit.
func (t *tree) names(limit int) ([]string, error) {
	f, err := t.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(limit + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(names) > limit {
		return nil, fmt.Errorf("more than %d files and folders are in it", limit)
	}
	return names, nil
}

// open opens the file at a path below the tree. Reading it never waits.
func (t *tree) open(path string) (*os.File, error) {
	dir, name := filepath.Split(path)
	if dir = strings.TrimRight(dir, string(filepath.Separator)); dir != "" {
		sub, err := t.folder(dir)
		if err != nil {
			return nil, err
		}
		defer sub.close()
		t = sub
	}
	seen, err := t.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if err := ordinary(seen.Mode()); err != nil {
		return nil, err
	}
	if seen.IsDir() {
		return nil, errFolder
	}
	f, err := t.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe would wait for its writer
	if err != nil {
		return nil, err
	}
	is, err := f.Stat()
	if err == nil && (!is.Mode().IsRegular() || !os.SameFile(seen, is)) {
		err = errChanged
	}
	if err != nil {
		_ = f.Close() // nothing was read
		return nil, err
	}
	return f, nil
}

// hash is the SHA-256 of the program at a path, in hexadecimal, and its size.
func (t *tree) hash(path string) (string, int64, error) {
	f, err := t.open(path)
	if err != nil {
		return "", 0, plainly(err)
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(f, scenario.MaxReference+1))
	if err == nil && n > scenario.MaxReference {
		err = errLarge
	}
	if err != nil {
		return "", 0, plainly(err)
	}
	return hex.EncodeToString(h.Sum(nil)), n, nil
}

var errLarge = fmt.Errorf("its program has more than %d bytes", scenario.MaxReference)

// ReadProgram reads a program of a job, from the folder of all submissions, as Run's
// processes must: without following a link or waiting for anybody.
func ReadProgram(dir, path string) ([]byte, error) {
	t, err := openTree(dir)
	if err != nil {
		return nil, plainly(err)
	}
	defer t.close()
	f, err := t.open(path)
	if err != nil {
		return nil, plainly(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, scenario.MaxReference+1))
	if err == nil && len(b) > scenario.MaxReference {
		err = errLarge
	}
	if err != nil {
		return nil, plainly(err)
	}
	return b, nil
}

// plainly is an error without the path, which the row's name stands for.
func plainly(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("its program cannot be read: %w", p.Err)
	}
	return err
}
