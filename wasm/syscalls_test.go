package wasm

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/syscalls.md has every function that guests can import, and no others.
func TestEveryHostFunctionIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/syscalls.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	name := regexp.MustCompile("`([a-z_0-9]+)`")
	for line := range strings.Lines(string(page)) {
		if cells := strings.Split(line, "|"); len(cells) == 7 {
			for _, m := range name.FindAllStringSubmatch(cells[4], -1) {
				documented[m[1]] = true
			}
		}
	}
	var there []string
	for _, module := range hostModules {
		for _, f := range hostFunctions(module) {
			there = append(there, f.name)
			if !documented[f.name] {
				t.Errorf("docs/syscalls.md has no row with the host function %s of %s", f.name, module)
			}
		}
	}
	for name := range documented {
		if !slices.Contains(there, name) {
			t.Errorf("docs/syscalls.md has the host function %s, which there is not", name)
		}
	}
}
