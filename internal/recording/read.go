package recording

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"wireloom/internal/strictjson"
	"wireloom/vnet/config"
)

// A File is a recording that was read. Its programs stay in the file until they are
// needed.
type File struct {
	Recording
	programs map[string]*zip.File // by hash
	entered  *zip.File            // the frames that came in by doors; nil where none did
}

// Read reads a recording of size bytes, which may come from anybody. The file must
// stay open while Program is used. Every program that is in it is what its hash
// says; which it lacks is Replay's to find.
func Read(r io.ReaderAt, size int64) (*File, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, errors.New("recording: this is not a recording, which is a zip file")
	}
	if most := MaxPrograms + 4; len(z.File) > most {
		return nil, fmt.Errorf("recording: it holds %d files, at most %d are allowed", len(z.File), most)
	}
	files := map[string]*zip.File{}
	for _, f := range z.File {
		if files[f.Name] != nil {
			return nil, fmt.Errorf("recording: it holds %s twice", quote(f.Name))
		}
		files[f.Name] = f
	}
	text, err := part(files, textFile, maxText)
	if err != nil {
		return nil, err
	}
	l := &File{programs: map[string]*zip.File{}}
	if err := l.parse(text); err != nil {
		return nil, err
	}
	config, err := part(files, configFile, MaxConfig)
	if err != nil {
		return nil, err
	}
	if l.Config, err = parseConfig(config, l.Version); err != nil {
		return nil, err
	}
	if files[briefFile] != nil {
		brief, err := part(files, briefFile, maxBrief)
		if err != nil {
			return nil, err
		}
		l.Brief = string(brief)
	}
	left := int64(maxTotal)
	for _, f := range z.File {
		switch f.Name {
		case textFile, configFile, briefFile:
			continue
		case doorsFile:
			l.entered = f
			continue
		}
		hash, ok := strings.CutPrefix(f.Name, programFolder)
		hash, wasm := strings.CutSuffix(hash, programSuffix)
		if !ok || !wasm || !hashForm.MatchString(hash) {
			return nil, fmt.Errorf("recording: it holds %s, which does not belong there", quote(f.Name))
		}
		n, err := checkProgram(f, hash, min(MaxProgram, left))
		if err != nil {
			return nil, err
		}
		left -= n
		l.programs[hash] = f
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	return l, l.checkEntered()
}

// openEntered is a reader of the frames that came in by doors; nil where none did.
func (l *File) openEntered() (*enteredReader, io.Closer, error) {
	if l.entered == nil {
		return nil, nil, nil
	}
	r, err := l.entered.Open()
	if err != nil {
		return nil, nil, fmt.Errorf("recording: %s: %w", doorsFile, err)
	}
	return newEnteredReader(r), r, nil
}

// checkEntered reads the frames that came in by doors without keeping them.
func (l *File) checkEntered() error {
	if (l.entered != nil) != (l.Entered > 0) {
		return fmt.Errorf("recording: %d frames came in by doors, and %s, which has them, is there or not: %v", l.Entered, doorsFile, l.entered != nil)
	}
	r, file, err := l.openEntered()
	if r == nil {
		return err
	}
	defer file.Close()
	for {
		e, err := r.next()
		switch {
		case errors.Is(err, io.EOF) && r.n == l.Entered:
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("recording: %s has %d frames, and there are to be %d", doorsFile, r.n, l.Entered)
		case err != nil:
			return err
		case e.After > len(l.Commands):
			return fmt.Errorf("recording: %s: frame %d comes after command %d, and there are %d", doorsFile, r.n, e.After, len(l.Commands))
		}
	}
}

// parse reads recording.json.
func (l *File) parse(text []byte) error {
	var head struct {
		Format  int
		Version string
	}
	// The form may be one that is not known here: its version is what matters then.
	if json.Unmarshal(text, &head) == nil && head.Format != Format && head.Format != FormatDoors {
		what := ""
		if head.Format == 1 {
			what = ", which held the scenario's file instead of the lab's configuration"
		}
		return fmt.Errorf("recording: it is of format %d%s; this program reads formats %d and %d. It was made by labserver %s: replay it with that one",
			head.Format, what, Format, FormatDoors, quote(head.Version))
	}
	if err := strictjson.Decode(text, &l.Recording); err != nil {
		return fmt.Errorf("recording: %s: %w", textFile, err)
	}
	return nil
}

// parseConfig reads the configuration of a lab, which must be written exactly as this
// program writes it: the run's hash covers these bytes.
func parseConfig(b []byte, version string) (c config.Lab, err error) {
	if err := strictjson.Decode(b, &c); err != nil {
		return c, fmt.Errorf("recording: %s: %w", configFile, err)
	}
	again, err := canonical(c)
	if err != nil {
		return c, err
	}
	if !bytes.Equal(again, b) {
		return c, fmt.Errorf("recording: %s is not as this labserver writes it: it was changed, or labserver %s, which recorded it, writes it in another way", configFile, quote(version))
	}
	return c, nil
}

// part reads one of the files that a recording has.
func part(files map[string]*zip.File, name string, limit int64) ([]byte, error) {
	f := files[name]
	if f == nil {
		return nil, fmt.Errorf("recording: it holds no %s", name)
	}
	b, err := unpack(f, limit)
	if err != nil {
		return nil, fmt.Errorf("recording: %s: %w", name, err)
	}
	return b, nil
}

// unpack reads a file of the zip that may have limit bytes.
func unpack(f *zip.File, limit int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	err = errors.Join(err, r.Close())
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("it has more than the %d bytes that are allowed here", limit)
	}
	return b, err
}

// checkProgram reads a program without keeping it and returns how many bytes it has.
func checkProgram(f *zip.File, hash string, limit int64) (n int64, err error) {
	fail := func(err error) (int64, error) { return 0, fmt.Errorf("recording: %s: %w", f.Name, err) }
	r, err := f.Open()
	if err != nil {
		return fail(err)
	}
	sum := sha256.New()
	n, err = io.Copy(sum, io.LimitReader(r, limit+1))
	switch err = errors.Join(err, r.Close()); {
	case err != nil:
		return fail(err)
	case n > limit:
		return fail(fmt.Errorf("it has more than the %d bytes that are allowed here", limit))
	case hex.EncodeToString(sum.Sum(nil)) != hash:
		return fail(fmt.Errorf("it is not what its name says: its hash is %x", sum.Sum(nil)))
	}
	return n, nil
}

// Holds reports whether a program is in the recording, by its hash.
func (l *File) Holds(hash string) bool { return l.programs[hash] != nil }

// Program returns the bytes of a program that the recording holds; nil where it
// holds none of that hash.
func (l *File) Program(hash string) ([]byte, error) {
	f := l.programs[hash]
	if f == nil {
		return nil, nil
	}
	b, err := unpack(f, MaxProgram)
	if err != nil {
		return nil, fmt.Errorf("recording: %s: %w", f.Name, err)
	}
	return b, nil
}

// quote is what a stranger wrote, short and with escapes for what a terminal would
// obey.
func quote(s string) string {
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "") + "..."
	}
	return strconv.QuoteToGraphic(s)
}

// plain is quote without the quotation marks, for what is a name if it is honest.
func plain(s string) string {
	s = quote(s)
	return s[1 : len(s)-1]
}

// where is a slot's name for people.
func where(node, proc string) string { return plain(node) + ":" + plain(proc) }
