package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"wireloom/internal/store"
)

// Restore makes a data folder, which must not be there or be empty, and the rows of a database,
// which must have none, of a backup. If it fails, the folder is as empty as it was.
func Restore(ctx context.Context, r io.Reader, o store.Options) (Summary, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return Summary{}, err
	}
	entries, err := os.ReadDir(o.Dir)
	if err != nil {
		return Summary{}, err
	}
	if len(entries) > 0 {
		return Summary{}, fmt.Errorf("the folder %s is not empty: a backup is restored into a new one; move what is there away first", o.Dir)
	}
	s, err := restore(ctx, r, o)
	if err != nil {
		return s, errors.Join(err, empty(o.Dir))
	}
	return s, nil
}

// empty removes what is in a folder.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

func restore(ctx context.Context, r io.Reader, o store.Options) (Summary, error) {
	u, err := unpack(ctx, r, o.Dir)
	if err != nil {
		return Summary{}, err
	}
	db, err := store.Open(ctx, o)
	if err != nil {
		return u.said, err
	}
	err = load(ctx, db, filepath.Join(o.Dir, rowsName), u.said.Rows)
	if err := errors.Join(err, db.Close()); err != nil {
		return u.said, err
	}
	return u.said, os.Remove(filepath.Join(o.Dir, rowsName))
}

// load stores the rows.
func load(ctx context.Context, db *store.DB, name string, want int64) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("the backup has no rows: %w", err)
	}
	defer f.Close()
	return db.Write(ctx, func(tx *store.Tx) error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		n, err := tx.Load(f)
		if err != nil {
			return err
		}
		if n != want {
			return fmt.Errorf("the backup says that it has %d rows, and has %d", want, n)
		}
		return tx.LabsAsAfterAKill()
	})
}

// An unpacking is a backup on its way into a folder.
type unpacking struct {
	root *os.Root
	dirs map[string]bool // that were made
	has  Summary         // what came
	said Summary         // what its end says
}

func unpack(ctx context.Context, r io.Reader, dir string) (*unpacking, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	u := &unpacking{root: root, dirs: map[string]bool{".": true}}
	in := tar.NewReader(r)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("this is no backup, or not all of one: %w", err)
		}
		if err := u.entry(h, in); err != nil {
			return nil, fmt.Errorf("%.100q in the backup: %w", h.Name, err)
		}
	}
	switch {
	case u.said.Format == 0:
		return nil, errors.New("the backup breaks off: its end is missing; restore another one")
	case u.said.Files != u.has.Files || u.said.Bytes != u.has.Bytes:
		return nil, fmt.Errorf("the backup says that it has %d files of %d bytes, and has %d of %d", u.said.Files, u.said.Bytes, u.has.Files, u.has.Bytes)
	}
	for d := range u.dirs {
		if err := u.sync(d); err != nil {
			return nil, err
		}
	}
	return u, nil
}

func (u *unpacking) sync(dir string) error {
	f, err := u.root.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// entry takes one of the tar's. A backup may have been somewhere else since it was made: nothing
// that it names is written outside of the folder.
func (u *unpacking) entry(h *tar.Header, in io.Reader) error {
	if h.Typeflag != tar.TypeReg {
		return errors.New("it is no ordinary file")
	}
	name, isData := strings.CutPrefix(h.Name, dataName)
	switch {
	case u.said.Format != 0:
		return errors.New("it comes after the end")
	case h.Name == endName:
		b, err := io.ReadAll(io.LimitReader(in, 1<<16))
		if err != nil {
			return err
		}
		if err := json.Unmarshal(b, &u.said); err != nil {
			return err
		}
		if u.said.Format != format {
			return fmt.Errorf("the backup is of format %d, and this Wireloom knows %d", u.said.Format, format)
		}
		return nil
	case h.Name == rowsName:
		_, err := u.file(rowsName, in)
		return err
	case !isData || !fs.ValidPath(name) || name == "." || stays(name) || name == rowsName:
		return errors.New("no backup has such a file")
	}
	n, err := u.file(name, in)
	u.has.Files++
	u.has.Bytes += n
	return err
}

// file writes a file. A blob's name says what must be in it.
func (u *unpacking) file(name string, in io.Reader) (int64, error) {
	dir := path.Dir(name)
	if err := u.root.MkdirAll(dir, 0o700); err != nil {
		return 0, err
	}
	for d := dir; !u.dirs[d]; d = path.Dir(d) {
		u.dirs[d] = true
	}
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), in)
	if err != nil {
		return n, err
	}
	if strings.HasPrefix(name, "blobs/") && hex.EncodeToString(sum.Sum(nil)) != path.Base(name) {
		return n, errors.New("it is damaged: its SHA-256 is not its name")
	}
	return n, f.Sync()
}
