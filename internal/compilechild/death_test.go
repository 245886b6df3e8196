//go:build linux

package compilechild

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestDeathOfTheParent: a child that looks at nothing ends with its parent. The parent is
// this test in another process, the child a script that would go on for long; it holds
// a FIFO open, whose end is the child's.
func TestDeathOfTheParent(t *testing.T) {
	if dir := os.Getenv("WIRELOOM_TEST_PARENT"); dir != "" {
		_ = Worker{Executable: filepath.Join(dir, "deaf")}.Compile(t.Context(), nil, dir)
		return
	}
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\nexec 3>" + fifo + "\necho here >&3\nsleep 20 3>&-\necho late >&3\n"
	if err := os.WriteFile(filepath.Join(dir, "deaf"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	parent := exec.CommandContext(t.Context(), self(t).Executable, "-test.run=^TestDeathOfTheParent$")
	parent.Env = append(os.Environ(), "WIRELOOM_TEST_PARENT="+dir)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(fifo)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // was read only
	here := make([]byte, len("here\n"))
	if _, err := io.ReadFull(f, here); err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed
	rest, err := io.ReadAll(f)
	if err != nil || bytes.Contains(rest, []byte("late")) {
		t.Errorf("the child has outlived its parent: %q, %v", rest, err)
	}
}

// TestRunning: who runs is known while it does.
func TestRunning(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "waits"), []byte("#!/bin/sh\nread x < "+fifo+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- Worker{Executable: filepath.Join(dir, "waits")}.Compile(t.Context(), nil, dir) }()
	f, err := os.OpenFile(fifo, os.O_WRONLY, 0) // returns when the script reads
	if err != nil {
		t.Fatal(err)
	}
	if n := len(Running()); n != 1 {
		t.Errorf("%d children run, want 1", n)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	t.Log(<-done) // how it ends is not the question
	if n := len(Running()); n != 0 {
		t.Errorf("%d children run when it has ended", n)
	}
}
