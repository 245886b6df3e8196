package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A Dir is the folder of all journals of a server: a folder for each lab, and one of the
// files that labs have in common, which these link to.
type Dir struct {
	root string
	open func(path string, flags int) (file, error)
}

const (
	poolName   = "files"
	reasonName = "quarantine.txt"
	tempPrefix = "new-"
	maxReason  = 4 << 10 // bytes
)

// OpenDir makes the folder where it is not there, and clears away what a server that was
// killed has left half made.
func OpenDir(root string) (*Dir, error) {
	d := &Dir{root: root, open: openFile}
	if err := os.MkdirAll(d.pool(), 0o700); err != nil {
		return nil, err
	}
	left, err := filepath.Glob(filepath.Join(d.pool(), tempPrefix+"*"))
	if err != nil {
		return nil, err
	}
	for _, path := range left {
		_ = os.Remove(path) // it takes place, and nothing else
	}
	return d, nil
}

func (d *Dir) pool() string { return filepath.Join(d.root, poolName) }

// idForm is a lab's id: rand.Text's, in either case.
var idForm = regexp.MustCompile(`^[0-9A-Za-z]{20,40}$`)

// path is the folder of a lab.
func (d *Dir) path(id string) (string, error) {
	if !idForm.MatchString(id) {
		return "", fmt.Errorf("%.60q is no lab's id", id)
	}
	return filepath.Join(d.root, id), nil
}

// Labs are the ids of the labs that have a folder.
func (d *Dir) Labs() ([]string, error) {
	all, err := os.ReadDir(d.root)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, e := range all {
		if e.IsDir() && idForm.MatchString(e.Name()) {
			ids = append(ids, e.Name())
		}
	}
	return ids, nil
}

// Has reports whether a lab has a folder.
func (d *Dir) Has(id string) bool {
	path, err := d.path(id)
	if err != nil {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Size is what a lab's folder takes of the disk, with files that other labs have too.
func (d *Dir) Size(id string) (bytes int64, err error) {
	path, err := d.path(id)
	if err != nil {
		return 0, err
	}
	all, err := os.ReadDir(path)
	for _, e := range all {
		if info, ierr := e.Info(); ierr == nil {
			bytes += info.Size()
		}
	}
	return bytes, err
}

// Remove deletes a lab's folder.
func (d *Dir) Remove(id string) error {
	path, err := d.path(id)
	if err != nil {
		return err
	}
	return os.RemoveAll(path)
}

// Sweep deletes the common files that no lab has any more. A lab that is about to link to one
// makes its own.
func (d *Dir) Sweep() (freed int64, err error) {
	all, err := os.ReadDir(d.pool())
	if err != nil {
		return 0, err
	}
	for _, e := range all {
		info, err := e.Info()
		if err != nil || strings.HasPrefix(e.Name(), tempPrefix) {
			continue // somebody else has it in hand
		}
		if alone(info) && os.Remove(filepath.Join(d.pool(), e.Name())) == nil {
			freed += info.Size()
		}
	}
	return freed, nil
}

// Quarantine notes why a lab does not come back, for people.
func (d *Dir) Quarantine(id, why string) error {
	path, err := d.path(id)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(path, reasonName), []byte(strings.ToValidUTF8(why[:min(len(why), maxReason)], "")+"\n"), 0o600)
}

// Reason is why a lab does not come back; "" if nothing is known to keep it.
func (d *Dir) Reason(id string) string {
	path, err := d.path(id)
	if err != nil {
		return ""
	}
	b, err := os.ReadFile(filepath.Join(path, reasonName))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(strings.ToValidUTF8(string(b[:min(len(b), maxReason)]), ""))
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Keep is session.Journal's. The file is on the disk when it returns.
func (j *Journal) Keep(hash string, b []byte) (path string, err error) {
	if !hashForm.MatchString(hash) {
		return "", fmt.Errorf("%.80q is no hash", hash)
	}
	path, common := filepath.Join(j.folder, hash), filepath.Join(j.pool, hash)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	// A file of that name that is damaged is nobody's program: it is made anew.
	if had, err := os.ReadFile(common); err != nil || !bytes.Equal(had, b) {
		if err := j.make(common, b); err != nil {
			return "", err
		}
	}
	err = os.Link(common, path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return path, nil
	case err != nil: // a file system without links, or with as many as a file may have
		if err = j.make(path, b); err != nil {
			return "", err
		}
	}
	return path, syncFolder(j.folder)
}

// make makes a file, whole or not at all.
func (j *Journal) make(path string, b []byte) (err error) {
	temp := filepath.Join(filepath.Dir(path), tempPrefix+filepath.Base(j.folder)+"-"+filepath.Base(path))
	f, err := j.open(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp) // it takes place, and nothing else
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder has the disk take the names in a folder.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
