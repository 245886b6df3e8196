package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wireloom/internal/product"
)

// A program that nobody has compiled is graded without that, and one that computes for long
// with it. Neither changes the result.
func TestGradeCompilesOnlyWhatComputes(t *testing.T) {
	lab := t.TempDir()
	scenarioFolder(t, lab, quitter+"  - wait: 1s\n")
	for _, c := range []struct {
		name, module string
		compiled     bool
	}{
		{"it ends at once", exitsWith(7), false},
		{"it ends at once, and wrongly", exitsWith(8), false},
		{"it traps", endsBy("\x00"), false},
		{"it computes for ever", endsBy("\x03\x40\x0c\x00\x0b"), true},
		{"it asks for memory for ever", endsBy("\x03\x40\x41\x01\x40\x00\x1a\x0c\x00\x0b"), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			cache := t.TempDir()
			t.Setenv(product.CacheEnv, cache)
			program := file(t, "x.wasm", c.module)
			_, tried, errs := labserver(t, "grade", lab, "--program", program, "--json")
			if got := hasCode(t, cache); got != c.compiled {
				t.Errorf("after the first grading there is code in the cache: %v, want %v\n%s", got, c.compiled, errs)
			}
			_, compiled, errs := labserver(t, "grade", lab, "--program", program, "--json", "--repeat", "2")
			if !hasCode(t, cache) || tried != compiled {
				t.Errorf("tried it is graded\n%s\ncompiled\n%s\n%s", tried, compiled, errs)
			}
		})
	}
}

// hasCode says whether a cache has the code of a program.
func hasCode(t *testing.T, cache string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(cache, "*", "code", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && !strings.HasSuffix(f, ".noted") && info.Size() > 0 {
			return true
		}
	}
	return false
}
