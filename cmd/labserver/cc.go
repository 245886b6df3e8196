package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	goio "io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"wireloom/internal/terminal"
)

const ccHelp = `Compiles a C or C++ program for labs with the clang of this machine: that of a WASI SDK
(WASI_SDK_PATH, or /opt/wasi-sdk), else clang, else zig's. It adds the target, the SDK's
headers, and a stack of 256 KiB whose overflow is a trap; all options are the compiler's.

    labserver cc -O2 -Wall main.c -o mine.wasm`

// ccFlags come before the user's, who may say otherwise.
var ccFlags = []string{"--target=wasm32-wasi", "-Wl,-z,stack-size=262144", "-Wl,--stack-first"}

// uninstalled are what compilers say where a part of them is not installed, and what to do.
var uninstalled = []struct{ said, do string }{
	{"wasm-ld", "the linker for WebAssembly is missing: on Debian, apt install lld"},
	{"crt1", "the C library for WASI is missing: on Debian, apt install wasi-libc"},
	{"'stdio.h' file not found", "the C library for WASI is missing: on Debian, apt install wasi-libc"},
	{"bits/libc-header-start.h", "the C library for WASI is missing: on Debian, apt install wasi-libc"},
	{"builtins-wasm32", "clang's run-time library for WebAssembly is missing: on Debian, apt install libclang-rt-14-dev-wasm32, with clang's number"},
	{"-lc++", "the C++ library for WebAssembly is missing: on Debian, apt install libc++-14-dev-wasm32 libc++abi-14-dev-wasm32, with clang's number"},
}

// runCC compiles one program. Its headers are those that the binary holds, in a folder
// of their own for as long as it takes.
func runCC(ctx context.Context, args []string, io stdio) int {
	f := newFlags(io, "cc", "[OPTION...] FILE... -o OUT.wasm", ccHelp)
	if slices.ContainsFunc(args, func(a string) bool { return a == "--help" || a == "-h" }) {
		f.Usage()
		return exitOK
	}
	if len(args) == 0 {
		return wants(io, f, "the files to compile, and options of clang", args)
	}
	for _, a := range args { // the compiler would say it again as lines of its own
		if strings.ContainsAny(a, "\n\r") {
			return fail(io, fmt.Errorf("cc: there is a line break in %s: rename the file, or leave the option out", terminal.Line(a)))
		}
	}
	plus := slices.ContainsFunc(args, func(a string) bool { return slices.Contains([]string{".cc", ".cpp", ".cxx"}, filepath.Ext(a)) })
	compiler, err := findCompiler(plus)
	if err != nil {
		return fail(io, err)
	}
	dir, err := os.MkdirTemp("", "labserver-cc-")
	if err != nil {
		return fail(io, err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := writeSDK(dir, goio.Discard); err != nil {
		return fail(io, err)
	}
	line := append(compiler, ccFlags...)
	if plus {
		line = append(line, "-fno-exceptions")
	}
	line = append(append(line, "-I"+filepath.Join(dir, "include")), args...)
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, line[0], line[1:]...) //nolint:gosec // the user's compiler, with the user's options
	cmd.Stdout, cmd.Stderr = io.out, goio.MultiWriter(io.err, &said)
	err = cmd.Run()
	if err == nil {
		return exitOK
	}
	for _, l := range uninstalled {
		if strings.Contains(said.String(), l.said) {
			fmt.Fprintf(io.err, "labserver: %s\n", l.do)
			return exitError
		}
	}
	if ended := new(exec.ExitError); errors.As(err, &ended) {
		return exitFailed // the compiler has said why
	}
	return fail(io, fmt.Errorf("%s: %w", terminal.Line(line[0]), err))
}

// findCompiler returns the command of a compiler for C, or for C++.
func findCompiler(plus bool) ([]string, error) {
	clang, zig := "clang", "cc"
	if plus {
		clang, zig = "clang++", "c++"
	}
	for _, sdk := range []string{os.Getenv("WASI_SDK_PATH"), "/opt/wasi-sdk"} {
		if name, err := exec.LookPath(filepath.Join(sdk, "bin", clang)); sdk != "" && err == nil {
			return []string{name}, nil
		}
	}
	if name, err := exec.LookPath(clang); err == nil {
		return []string{name}, nil
	}
	if name, err := exec.LookPath("zig"); err == nil {
		return []string{name, zig}, nil
	}
	return nil, fmt.Errorf("no %s and no zig is in PATH: on Debian, apt install clang lld wasi-libc libclang-rt-14-dev-wasm32; elsewhere, unpack a WASI SDK and set WASI_SDK_PATH", clang)
}
