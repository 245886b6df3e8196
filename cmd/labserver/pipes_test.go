//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A pipe that nobody writes to keeps no command waiting.
func TestPipesAreRefusedAtOnce(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe.wasm")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"grade", "ping", "--program", pipe},
		{"grade", "ping", "--program", "bob=" + pipe},
		{"grade", pipe},
		{"run", "ping", "--program", pipe},
		{"check", pipe},
		{"verify", pipe},
	} {
		code, out, errs := labserver(t, args...)
		if code == exitOK || !strings.Contains(out+errs, "it is a pipe, and no ordinary file") {
			t.Errorf("%v: code %d: %s%s", args, code, out, errs)
		}
	}
}
