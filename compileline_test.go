package wireloom_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// compileLine is a command that makes a program for labs with a clang of one's own. The
// clang.mjs of the SDK and `labserver cc` add the options themselves.
var compileLine = regexp.MustCompile(`clang(\+\+)?(-\d+)? --target=wasm32-wasi`)

// The linker gives a program a stack of 64 KiB above its data, and a program that overflows
// it writes over its data and goes on. So whoever is told how to compile is told to ask for
// more, below the data, where an overflow is a trap.
func TestCompileLinesMakeAnOverflowTrap(t *testing.T) {
	seen := map[string]int{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "dist" || strings.HasPrefix(d.Name(), ".") && name != ".") {
			return filepath.SkipDir
		}
		if filepath.Ext(name) != ".md" && name != filepath.Join("cmd", "labserver", "sdk.go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			if !compileLine.MatchString(line) {
				continue
			}
			seen[filepath.ToSlash(name)]++
			for _, option := range []string{"-Wl,-z,stack-size=", "-Wl,--stack-first"} {
				if !strings.Contains(line, option) {
					t.Errorf("%s:%d: compiles without %s: %s", name, n, option, strings.TrimSpace(line))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// Where a student looks for it: a page that lost its line is no success.
	for _, name := range []string{"README.md", "docs/c.md", "docs/teaching.md", "docs/ports.md", "docs/samples.md", "scenarios/first-io/brief.md", "scenarios/dhcp/brief.md", "cmd/labserver/sdk.go"} {
		if seen[name] == 0 {
			t.Errorf("%s shows no line that compiles: the pattern of this test is not that of the pages any more", name)
		}
	}
}
