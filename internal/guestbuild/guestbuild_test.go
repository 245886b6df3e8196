package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const hello = "//go:build wasip1\n\npackage main\n\nfunc main() { println(\"hello\") }\n"

// plant writes files below a new module's root and returns it.
func plant(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	write(t, root, "go.mod", "module wireloom\n\ngo 1.26\n")
	for name, text := range files {
		write(t, root, name, text)
	}
	return root
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	file := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// build runs guestbuild in root and returns what it printed.
func build(t *testing.T, root string) string {
	t.Helper()
	t.Chdir(root)
	var out bytes.Buffer
	if err := run(t.Context(), nil, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func read(t *testing.T, root, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDiscover(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string
		want  string // outputs, or
		err   string // part of the error
	}{
		{"nothing", nil, "", ""},
		{"a sample", []string{"wasm/guest/programs/echo/main.go"}, "bin/guests/echo.wasm", ""},
		{"a reference", []string{"scenarios/ping/reference/main.c", "scenarios/ping/scenario.yaml"}, "scenarios/ping/reference.wasm.gz", ""},
		{
			"a reference for each slot",
			[]string{"scenarios/nat/reference/a.left/main.go", "scenarios/nat/reference/b.right/main.c"},
			"scenarios/nat/reference.a.left.wasm.gz scenarios/nat/reference.b.right.wasm.gz", "",
		},
		{
			"a reference in both languages, starters and a mutant",
			[]string{
				"scenarios/arp/reference/main.c", "scenarios/arp/reference/main.go", "scenarios/arp/starter/main.c", "scenarios/arp/starter/main.go",
				"scenarios/arp/mutants/off.patch",
			},
			"scenarios/arp/reference.wasm.gz bin/lessons/arp.reference-go.wasm bin/lessons/arp.starter-c.wasm bin/lessons/arp.starter-go.wasm bin/lessons/arp.mutant-off.wasm", "",
		},
		{"a scenario without programs", []string{"scenarios/quiet/scenario.yaml"}, "", ""},
		{"a slot without its node", []string{"scenarios/nat/reference/left/main.go"}, "", "NODE.PROGRAM"},
		{"no source", []string{"wasm/guest/programs/echo/README"}, "", "no program there"},
		{"two languages", []string{"wasm/guest/programs/echo/a.go", "wasm/guest/programs/echo/b.c"}, "", "Go and C sources"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string]string{}
			for _, name := range c.files {
				files[name] = "x"
				if strings.HasSuffix(name, ".patch") {
					files[name] = "Mistake: m\nFails: a\n--- ../reference/main.c\n+++ ../reference/main.c\n@@ -1 +1 @@\n-x\n+y\n"
				}
			}
			programs, err := discover(plant(t, files))
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want an error with %q", err, c.err)
				}
				return
			}
			var got []string
			for _, p := range programs {
				got = append(got, p.out)
			}
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestBuildIsReproducibleAndIncremental(t *testing.T) {
	const source, output = "scenarios/ping/reference/main.go", "scenarios/ping/reference.wasm.gz"
	root := plant(t, map[string]string{source: hello})
	if out := build(t, root); !strings.Contains(out, ": built, ") {
		t.Errorf("the first run printed %q", out)
	}
	first := read(t, root, output)
	z, err := gzip.NewReader(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	module, err := io.ReadAll(z)
	if err != nil || !bytes.HasPrefix(module, []byte("\x00asm")) {
		t.Errorf("the output is not a module: %v", err)
	}

	if out := build(t, root); out != "" {
		t.Errorf("nothing changed, but the run printed %q", out)
	}

	t.Setenv("GOFLAGS", "-tags=other")
	elsewhere := plant(t, map[string]string{source: hello})
	build(t, elsewhere)
	if !bytes.Equal(read(t, elsewhere, output), first) {
		t.Error("the same source gives other bytes in another folder")
	}

	write(t, root, source, strings.Replace(hello, "hello", "goodbye", 1))
	if out := build(t, root); !strings.Contains(out, ": built, ") || bytes.Equal(read(t, root, output), first) {
		t.Errorf("the source changed, but the output did not; printed %q", out)
	}
	write(t, root, source, hello)
	if out := build(t, root); strings.Contains(out, ": built, ") || !bytes.Equal(read(t, root, output), first) {
		t.Errorf("the old source is in the cache, but the run printed %q", out)
	}
}

func TestStaleOutputIsRemoved(t *testing.T) {
	root := plant(t, map[string]string{"scenarios/gone/reference.wasm.gz": "x", "scenarios/gone/brief.md": "x", "bin/guests/gone.wasm": "x"})
	build(t, root)
	for name, want := range map[string]bool{"scenarios/gone/reference.wasm.gz": false, "bin/guests/gone.wasm": false, "scenarios/gone/brief.md": true} {
		if _, err := os.Stat(filepath.Join(root, name)); (err == nil) != want {
			t.Errorf("%s exists: got %v, want %v", name, err == nil, want)
		}
	}
}

// The key of a C program covers its own files, the SDK's headers, the compiler
// and its flags, and nothing else.
func TestKeyOfC(t *testing.T) {
	files := map[string]string{
		"wasm/guest/build.mjs":                "flags",
		"wasm/guest/package-lock.json":        "compiler",
		"wasm/guest/include/net/if_tun.h":     "header",
		"wasm/guest/programs/echo/echo.c":     "source",
		"wasm/guest/programs/echo/inner/in.h": "inner header",
		"wasm/guest/programs/echo/README":     "text",
	}
	keyOf := func(files map[string]string) string {
		root := plant(t, files)
		programs, err := discover(root)
		if err != nil {
			t.Fatal(err)
		}
		if err := hashC(root, programs); err != nil {
			t.Fatal(err)
		}
		return programs[0].key
	}
	before := keyOf(files)
	for name := range files {
		changed := map[string]string{}
		maps.Copy(changed, files)
		changed[name] += "!"
		if got, want := keyOf(changed) != before, name != "wasm/guest/programs/echo/README"; got != want {
			t.Errorf("%s changes the key: got %v, want %v", name, got, want)
		}
	}
}

// A mutant's source is the reference's with the patch, and its key covers both. It is
// built on demand alone.
func TestMutantSource(t *testing.T) {
	files := map[string]string{
		"wasm/guest/build.mjs":           "flags",
		"wasm/guest/package-lock.json":   "compiler",
		"scenarios/arp/reference/a.h":    "header",
		"scenarios/arp/reference/main.c": "one\ntwo\n",
		"scenarios/arp/mutants/m.patch":  "Mistake: m\nFails: a\n--- ../reference/main.c\n+++ ../reference/main.c\n@@ -2 +2 @@\n-two\n+TWO\n",
	}
	source := func(files map[string]string) (key, text string, err error) {
		root := plant(t, files)
		programs, err := discover(root)
		if err != nil {
			return "", "", err
		}
		if err := hashC(root, programs); err != nil {
			return "", "", err
		}
		m := programs[len(programs)-1]
		to := filepath.Join(root, "work")
		if err := patch(root, m, to); err != nil {
			return "", "", err
		}
		if got := string(read(t, to, "a.h")); got != "header" {
			t.Errorf("the header is %q", got)
		}
		return m.key, string(read(t, to, "main.c")), nil
	}
	key, text, err := source(files)
	if err != nil || text != "one\nTWO\n" {
		t.Errorf("got %q, %v", text, err)
	}
	const m = "scenarios/arp/mutants/m.patch"
	files[m] = strings.Replace(files[m], "TWO", "zwei", 1)
	if other, _, err := source(files); err != nil || other == key {
		t.Errorf("another patch has the same key: %v", err)
	}
	files[m] = strings.Replace(files[m], "-two", "-to", 1)
	if _, _, err := source(files); err == nil || !strings.Contains(err.Error(), "write it anew") {
		t.Errorf("got %v, want an error: the patch does not fit", err)
	}
	files[m] = strings.Replace(files[m], "--- ../reference/main.c", "--- ../../ping/reference/main.c", 1)
	if _, _, err := source(files); err == nil || !strings.Contains(err.Error(), "a mutant is made of") {
		t.Errorf("got %v, want an error: another scenario's source", err)
	}
}

func TestPruneKeepsWhatIsInUse(t *testing.T) {
	c := cache{dir: t.TempDir()}
	used := &program{key: "used", out: "x.wasm"}
	for i := range maxEntries + 5 {
		write(t, c.dir, strconv.Itoa(i)+".wasm", "x")
	}
	write(t, c.dir, "used.wasm", "x")
	if err := c.prune([]*program{used}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != maxEntries+1 || !c.has(used) {
		t.Errorf("got %d entries, used one kept: %v; want %d, true", len(entries), c.has(used), maxEntries+1)
	}
}

func TestBadUse(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		args  []string
		want  string
	}{
		{"no program at a time", nil, []string{"-p", "0"}, "at least one"},
		{"a library", map[string]string{"wasm/guest/programs/lib/lib.go": "package lib\n"}, nil, "package main"},
		{"code that does not compile", map[string]string{"wasm/guest/programs/bad/main.go": "package main\n\nfunc main() { x() }\n"}, nil, "undefined: x"},
		{"C without the compiler's lock file", map[string]string{"wasm/guest/programs/c/c.c": "int main(void){return 0;}"}, nil, "package-lock.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(plant(t, c.files))
			err := run(t.Context(), c.args, io.Discard)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}
