package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A run's hash is the same on every machine: so each built-in scenario is graded by this
// one and by an emulated one of the other architecture, by both engines.
func TestHashesAreThoseOfAnotherArchitecture(t *testing.T) {
	other := map[string]struct{ arch, emulator string }{
		"amd64": {"arm64", "qemu-aarch64-static"},
		"arm64": {"amd64", "qemu-x86_64-static"},
	}[runtime.GOARCH]
	if other.arch == "" {
		t.Fatalf("the test knows no emulator for programs of another architecture than %s", runtime.GOARCH)
	}
	here := strings.Split(run(t, build(t, runtime.GOARCH)), "\n")
	there := strings.Split(run(t, other.emulator, build(t, other.arch)), "\n")
	if len(here) < 20 || len(there) != len(here) {
		t.Fatalf("%d lines here and %d on %s:\n%s", len(here), len(there), other.arch, strings.Join(there, "\n"))
	}
	for i, line := range here {
		if there[i] != line {
			t.Errorf("%s has %q, here it is %q", other.arch, there[i], line)
		}
	}
	compiled, interpreted := here[:len(here)/2], here[len(here)/2:]
	for i, line := range compiled {
		if strings.Replace(line, " compiled ", " interpreted ", 1) != interpreted[i] {
			t.Errorf("the engines differ: %q and %q", line, interpreted[i])
		}
	}
}

// build builds this program, without the race detector, which another architecture's has not.
func build(t *testing.T, arch string) string {
	file := filepath.Join(t.TempDir(), "onehash-"+arch)
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", file, ".")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building for %s: %v\n%s", arch, err, out)
	}
	return file
}

func run(t *testing.T, command ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}
