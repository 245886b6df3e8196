package open

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"wireloom/scenarios"
)

// Limits of a scenario's folder that is packed: of what strangers send, and how far it
// may grow when it is unpacked.
const (
	MaxUpload  = 16 << 20  // bytes of the zip
	maxPacked  = 128 << 20 // bytes of all its files
	maxEntries = 1000      // files
)

// A Folder is a scenario's folder as it is kept: a zip of our own making, and the SHA-256 of the
// names and bytes in it, whatever way they were packed.
type Folder struct {
	Hash string
	Zip  []byte
}

// PackBuiltin packs a scenario that is part of the program.
func PackBuiltin(name string) (Folder, error) {
	if !IsBuiltin(name) {
		return Folder{}, fmt.Errorf("there is no built-in scenario %q", name)
	}
	dir, err := fs.Sub(scenarios.FS, name)
	if err != nil {
		return Folder{}, err
	}
	return pack(dir)
}

// PackUpload packs the folder in a zip that a stranger sent anew, so that nothing of how that was
// made is kept. Its error is for them.
func PackUpload(b []byte) (Folder, error) {
	if len(b) > MaxUpload {
		return Folder{}, fmt.Errorf("the zip has more than %d bytes", MaxUpload)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return Folder{}, errors.New("this is no zip: put the scenario's folder, with scenario.yaml in it, into a zip file")
	}
	if len(z.File) > maxEntries { // before its folders are put in order
		return Folder{}, fmt.Errorf("the zip has more than %d files", maxEntries)
	}
	dir, err := folderOf(z)
	if err != nil {
		return Folder{}, err
	}
	return pack(dir)
}

// pack makes a zip of a folder's files, in the order of their names. What begins with a dot
// stays out, as folderOf has it.
func pack(dir fs.FS) (Folder, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	sum := sha256.New()
	files, left := 0, int64(maxPacked)
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case strings.HasPrefix(d.Name(), ".") || d.Name() == "__MACOSX":
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			return fmt.Errorf("%.100q is no ordinary file", name)
		}
		if files++; files > maxEntries {
			return fmt.Errorf("it has more than %d files", maxEntries)
		}
		b, err := readUpTo(dir, name, left)
		if err != nil {
			return err
		}
		left -= int64(len(b))
		fmt.Fprintf(sum, "file %q %d\n", name, len(b))
		sum.Write(b)
		return store(w, name, b)
	})
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return Folder{}, err
	}
	return Folder{hex.EncodeToString(sum.Sum(nil)), out.Bytes()}, nil
}

// readUpTo reads a file of at most so many bytes. What a zip says of sizes is not believed.
func readUpTo(dir fs.FS, name string, limit int64) ([]byte, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%.100q cannot be unpacked: %w", name, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("unpacked, its files have more than %d bytes", int64(maxPacked))
	}
	return b, nil
}

func store(w *zip.Writer, name string, b []byte) error {
	f, err := w.Create(name)
	if err == nil {
		_, err = f.Write(b)
	}
	return err
}
