package recording

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"wireloom/vnet/config"
)

// Stored is a program that a recording is to hold.
type Stored struct {
	Hash string
	Open func() (io.ReadCloser, error)
}

// copyTo writes the program's bytes.
func (p Stored) copyTo(w io.Writer) error {
	r, err := p.Open()
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, r.Close())
}

// CheckConfig says why the lab of a configuration could not be recorded.
func CheckConfig(c config.Lab) error {
	_, err := canonical(c)
	return err
}

// canonical is a configuration as the run's hash covers it.
func canonical(c config.Lab) ([]byte, error) {
	b, err := json.Marshal(c)
	switch {
	case err != nil:
		return nil, fmt.Errorf("recording: the configuration of lab %q: %w", c.Name, err)
	case len(b) > MaxConfig:
		return nil, fmt.Errorf("recording: the configuration of lab %q has %d bytes, at most %d are allowed", c.Name, len(b), MaxConfig)
	}
	return b, nil
}

// Write writes a recording as a zip. programs are opened and read one after the
// other, while it is written: who reads it slowly holds one of them. entered are the
// frames that came in by doors, as Entered.AppendTo has them, r.Entered of them; nil for
// none. The same recording gives the same bytes.
func Write(w io.Writer, r *Recording, programs []Stored, entered io.Reader) error {
	z := zip.NewWriter(w)
	put := func(name string, write func(io.Writer) error) error {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err == nil {
			err = write(f)
		}
		if err != nil {
			return fmt.Errorf("recording: %s: %w", name, err)
		}
		return nil
	}
	whole := func(b []byte) func(io.Writer) error {
		return func(w io.Writer) error {
			_, err := w.Write(b)
			return err
		}
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	config, err := canonical(r.Config)
	if err != nil {
		return err
	}
	if err := put(textFile, whole(append(text, '\n'))); err != nil {
		return err
	}
	if err := put(configFile, whole(config)); err != nil {
		return err
	}
	if r.Brief != "" {
		if err := put(briefFile, whole([]byte(r.Brief))); err != nil {
			return err
		}
	}
	for _, p := range programs {
		if err := put(programFolder+p.Hash+programSuffix, p.copyTo); err != nil {
			return err
		}
	}
	if entered != nil {
		err := put(doorsFile, func(w io.Writer) error {
			_, err := io.Copy(w, entered)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("recording: %w", err)
	}
	return nil
}
