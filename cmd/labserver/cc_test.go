package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCC(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return name
	}
	c := write("main.c", "#include <err.h>\n#include <net/if_tap.h>\nint main(void) { errx(7, \"%d\", TAPMRU); }\n", 0o600)
	plus := write("main.cpp", "#include <net/if_tap.h>\n#include <vector>\nint main() { return int(std::vector<int>(3).size()); }\n", 0o600)
	wrong := write("wrong.c", "int main(void) { return x; }\n", 0o600)
	out := filepath.Join(dir, "out.wasm")
	write("lacks/clang", "#!/bin/sh\necho 'clang: error: unable to execute command: Executable \"wasm-ld\" doesn'\"'\"'t exist!' >&2\nexit 1\n", 0o700)
	write("shows/bin/clang", "#!/bin/sh\necho \"$@\"\n", 0o700)
	empty := filepath.Join(dir, "empty")

	for _, x := range []struct {
		name, path, sdk string // PATH, and WASI_SDK_PATH
		args            []string
		code            int
		says            string // a part of what it prints
	}{
		{"C", os.Getenv("PATH"), "", []string{"-Wall", "-Werror", c, "-o", out}, exitOK, ""},
		{"C++", os.Getenv("PATH"), "", []string{"-std=c++17", plus, "-o", out}, exitOK, ""},
		{"a mistake in the program", os.Getenv("PATH"), "", []string{wrong, "-o", out}, exitFailed, "undeclared identifier 'x'"},
		{"no compiler", empty, "", []string{c, "-o", out}, exitError, "no clang and no zig is in PATH: on Debian, apt install clang lld wasi-libc"},
		{"no linker", filepath.Join(dir, "lacks"), "", []string{c, "-o", out}, exitError, "apt install lld"},
		{"a WASI SDK goes first", os.Getenv("PATH"), filepath.Join(dir, "shows"), []string{c, "-o", out}, exitOK, "--target=wasm32-wasi -Wl,-z,stack-size=262144 -Wl,--stack-first -I"},
		{"nothing", os.Getenv("PATH"), "", nil, exitError, "takes the files to compile"},
		{"help", os.Getenv("PATH"), "", []string{"--help"}, exitOK, "usage: labserver cc"},
	} {
		t.Run(x.name, func(t *testing.T) {
			_ = os.Remove(out)
			t.Setenv("PATH", x.path)
			t.Setenv("WASI_SDK_PATH", x.sdk)
			code, said, errs := labserver(t, append([]string{"cc"}, x.args...)...)
			if code != x.code || !strings.Contains(said+errs, x.says) {
				t.Errorf("got code %d, %s%s, want %d and %q", code, said, errs, x.code, x.says)
			}
			if _, err := os.Stat(out); x.says == "" && err != nil {
				t.Errorf("no module is there: %v", err)
			}
		})
	}
}
