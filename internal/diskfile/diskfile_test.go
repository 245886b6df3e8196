//go:build unix

package diskfile

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Nothing waits: not for who would write into a pipe, nor for the end of a device.
func TestReadTakesOrdinaryFilesAlone(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("file"), []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(at("pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"link": "file", "link-to-pipe": "pipe", "loop": "loop", "dangling": "nowhere"} {
		if err := os.Symlink(to, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("unix", at("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }() // the folder goes, too
	for _, tc := range []struct {
		name string
		most int64
		want string // the bytes, or part of the error
		err  bool
	}{
		{at("file"), 5, "hello", false},
		{at("link"), 5, "hello", false},
		{at("file"), 4, "it has more than 4 bytes", true},
		{at("pipe"), 5, "it is a pipe, and no ordinary file", true},
		{at("link-to-pipe"), 5, "it is a pipe, and no ordinary file", true},
		{at("socket"), 5, "it is a socket, and no ordinary file", true},
		{dir, 5, "it is a folder, and no ordinary file", true},
		{"/dev/zero", 5, "it is a device, and no ordinary file", true},
		{at("loop"), 5, "too many levels", true},
		{at("dangling"), 5, "no such file", true},
	} {
		b, err := Read(tc.name, tc.most)
		got := string(b)
		if err != nil {
			got = err.Error()
			var p *fs.PathError
			if !errors.As(err, &p) {
				t.Errorf("%s: %v is no PathError", tc.name, err)
			}
		}
		if (err != nil) != tc.err || !strings.Contains(got, tc.want) {
			t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
		}
		if usable := Usable(tc.name) == nil; usable != (!tc.err || tc.name == dir || tc.most == 4) {
			t.Errorf("%s: usable %t", tc.name, usable)
		}
	}
}
