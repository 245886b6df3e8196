package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Who has the binary and compilers, but not this tree, builds programs in C and Go.
func TestSDK(t *testing.T) {
	dir := t.TempDir()
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"sdk", filepath.Join(dir, "sdk")}, stdio{nil, &out, &errs}); code != exitOK {
		t.Fatalf("got code %d, %s", code, errs.String())
	}
	if !strings.Contains(out.String(), "files.") {
		t.Errorf("got %q, want how many files", out.String())
	}
	clang := exec.Command("clang", "--target=wasm32-wasi", "-Isdk/include", "-O2", "sdk/examples/c/tapecho/tapecho.c", "-o", "c.wasm")
	clang.Dir = dir
	if text, err := clang.CombinedOutput(); err != nil {
		t.Errorf("C: %v\n%s(needs what Debian has in clang, lld, wasi-libc and libclang-rt-14-dev-wasm32)", err, text)
	}
	for name, text := range map[string]string{
		"go.mod":  "module student\n\ngo 1.24\n\nrequire wireloom v0.0.0\n\nreplace wireloom => ./sdk/go\n",
		"main.go": "package main\n\nimport \"wireloom/wasm/guest/tuntap\"\n\nfunc main() {\n\tu, err := tuntap.Uname()\n\tprintln(u.Sysname, err)\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-o", "go.wasm", ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOPROXY=off")
	if text, err := build.CombinedOutput(); err != nil {
		t.Errorf("Go: %v\n%s", err, text)
	}
	if code := run(t.Context(), []string{"sdk"}, stdio{nil, &out, &errs}); code != exitError {
		t.Errorf("without a folder: got code %d, want %d", code, exitError)
	}
}
