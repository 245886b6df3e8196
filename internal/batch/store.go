package batch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"wireloom/internal/report"
)

// rowFormat is the number of the form in which rows are kept. A row of another is
// graded again.
const rowFormat = 2

// Folders of the results, under the one that is given.
const (
	rowsDir    = "rows"    // what Run keeps, NAME.json each
	ReportsDir = "reports" // the other forms, NAME.SUFFIX each
)

// save keeps a row, and what else is made of it before. Each file is whole or not
// there, whenever this is interrupted: it is written under another name, and gets
// its own when it is on the disk.
func save(out string, row *Row) error {
	for _, dir := range []string{rowsDir, ReportsDir} {
		if err := os.MkdirAll(filepath.Join(out, dir), 0o755); err != nil {
			return err
		}
	}
	for suffix, b := range row.Files {
		if err := WriteFile(filepath.Join(out, ReportsDir, row.stem+suffix), b); err != nil {
			return err
		}
	}
	b, err := json.MarshalIndent(row, "", "  ")
	if err != nil {
		return err
	}
	return WriteFile(filepath.Join(out, rowsDir, row.stem+".json"), append(b, '\n'))
}

// WriteFile writes a file so that it is whole or not there.
func WriteFile(name string, b []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Chmod(0o644), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// load returns the row that was kept of a submission. What cannot be read is as if
// it were not there: the submission is graded again.
func load(out, stem string) *Row {
	f, err := os.Open(filepath.Join(out, rowsDir, stem+".json"))
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, report.MaxDocument+1))
	if err != nil || len(b) > report.MaxDocument {
		return nil
	}
	row := &Row{}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(row); err != nil || row.Format != rowFormat || row.Status == Graded && row.Report == nil {
		return nil
	}
	return row
}

// Prepare makes the folder for results. One that holds something else is refused,
// so that nothing is mixed up.
func Prepare(out string) error {
	entries, err := os.ReadDir(out)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return os.MkdirAll(out, 0o755)
	case err != nil:
		return err
	}
	for _, e := range entries {
		if e.Name() == rowsDir && e.IsDir() {
			return nil
		}
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s holds something else than results: give another folder", out)
	}
	return nil
}
