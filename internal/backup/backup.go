// Package backup puts all that a server keeps into one tar, while the server may be running, and
// makes a data folder of one again: on the same kind of database, or on the other.
package backup

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"wireloom/internal/store"
)

// What a backup's tar has, in this order. The rows come first: files that they point to are never
// changed, and what is added while they are copied is no harm.
const (
	rowsName = "database.jsonl"
	dataName = "data/"       // the data folder's files
	endName  = "backup.json" // a Summary: a tar without it broke off
)

// format is the version of what a backup looks like.
const format = 1

// A Summary is what a backup has.
type Summary struct {
	Format  int       `json:"format"`
	Made    time.Time `json:"made"`
	Program string    `json:"program"` // the version that made it
	Rows    int64     `json:"rows"`
	Files   int64     `json:"files"`
	Bytes   int64     `json:"bytes"` // of the files
}

// stays reports whether a file of the data folder is no part of a backup: the database, which
// is there as rows, the lock, certificates that the server gets anew, what is half written.
func stays(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	base := name[strings.LastIndexByte(name, '/')+1:]
	return strings.HasPrefix(first, "wireloom.db") || first == "lock" || first == "acme" || strings.HasPrefix(base, "new-")
}

// Write writes a backup of a store, which a server may be using.
func Write(ctx context.Context, db *store.DB, program string, w io.Writer) (Summary, error) {
	s := Summary{Format: format, Made: time.Now().UTC().Truncate(time.Second), Program: program}
	out := tar.NewWriter(w)
	if err := s.database(ctx, db, out); err != nil {
		return s, err
	}
	root, err := os.OpenRoot(db.Dir())
	if err != nil {
		return s, err
	}
	defer root.Close()
	if err := s.files(ctx, root, out); err != nil {
		return s, err
	}
	end, err := json.Marshal(s)
	if err != nil {
		return s, err
	}
	if err := out.WriteHeader(header(endName, int64(len(end)), s.Made)); err != nil {
		return s, err
	}
	if _, err := out.Write(end); err != nil {
		return s, err
	}
	return s, out.Close()
}

func header(name string, size int64, made time.Time) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: made}
}

// database adds the rows. A tar wants to know their size first: they wait in a file of the data folder, where there
// must be room anyway.
func (s *Summary) database(ctx context.Context, db *store.DB, out *tar.Writer) error {
	f, err := os.CreateTemp(db.Dir(), "new-dump-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	err = db.Read(ctx, func(tx *store.Tx) (err error) {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if err := f.Truncate(0); err != nil {
			return err
		}
		s.Rows, err = tx.Dump(f)
		return err
	})
	if err != nil {
		return err
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := out.WriteHeader(header(rowsName, size, s.Made)); err != nil {
		return err
	}
	_, err = io.Copy(out, f)
	return err
}

// files adds the files of the data folder, each as long as it is now: what a journal gets
// meanwhile is not in it.
func (s *Summary) files(ctx context.Context, root *os.Root, out *tar.Writer) error {
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // it went meanwhile
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case name != "." && stays(name):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular():
			return nil
		}
		f, err := root.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if err := out.WriteHeader(header(dataName+name, info.Size(), info.ModTime())); err != nil {
			return err
		}
		n, err := io.Copy(out, io.LimitReader(f, info.Size()))
		if err != nil {
			return err
		}
		if n < info.Size() {
			return fmt.Errorf("%s became shorter while it was copied: try again", filepath.Join(root.Name(), name))
		}
		s.Files++
		s.Bytes += n
		return nil
	})
}
