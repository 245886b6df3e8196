// Package diskfile reads files that people name on a command line, or that strangers
// hand in: ordinary files alone, whole, and no longer than a limit. A pipe or a device
// of that name is refused at once, because reading it might wait for ever.
package diskfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// ErrNotOrdinary is the error, in a *fs.PathError, of what is no ordinary file.
var ErrNotOrdinary = errors.New("no ordinary file")

// kind is the error that says what something is instead of an ordinary file; nil for
// one.
func kind(mode fs.FileMode) error {
	what := ""
	switch {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		what = "it is a folder"
	case mode&fs.ModeNamedPipe != 0:
		what = "it is a pipe"
	case mode&fs.ModeSocket != 0:
		what = "it is a socket"
	case mode&fs.ModeDevice != 0:
		what = "it is a device"
	case mode&fs.ModeSymlink != 0:
		what = "it is a link"
	default:
		what = "it is something special"
	}
	return fmt.Errorf("%s, and %w", what, ErrNotOrdinary)
}

// Open opens an ordinary file for reading. It follows links. Errors are *fs.PathError;
// that of what is no ordinary file is ErrNotOrdinary.
func Open(name string) (*os.File, error) {
	// Looked at before, because to open a device may do something; and after, because
	// another file may have come there. Opened so, a pipe waits for nobody.
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if err := kind(info.Mode()); err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil {
		if err = kind(info.Mode()); err != nil {
			err = &fs.PathError{Op: "open", Path: name, Err: err}
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Read returns the bytes of an ordinary file. One with more than limit bytes is an error.
func Read(name string, limit int64) ([]byte, error) {
	f, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("it has more than %d bytes", limit)}
	}
	return b, nil
}

// Usable reports whether a name is an ordinary file or a folder, as an error that says
// what it is instead.
func Usable(name string) error {
	info, err := os.Stat(name)
	if err != nil || info.IsDir() {
		return err
	}
	if err := kind(info.Mode()); err != nil {
		return &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return nil
}
