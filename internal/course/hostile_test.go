package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wireloom/scenarios"
)

var update = flag.Bool("update", false, "rewrite testdata/hostile.txt")

// Programs that don't do what a lab is about get the points of testdata/hostile.txt,
// and where that is some, it has a reason.
func TestHostilePrograms(t *testing.T) {
	golden := filepath.Join("testdata", "hostile.txt")
	var got strings.Builder
	for _, lab := range scenarios.Builtin() {
		lines, err := harm(t.Context(), root, lab)
		if err != nil {
			t.Fatal(err)
		}
		got.WriteString(lines)
	}
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s\nIf that is right, go test ./internal/course -run TestHostile -update rewrites it", got.String(), want)
	}
	for line := range strings.Lines(got.String()) {
		if strings.HasSuffix(line, ": \n") {
			t.Errorf("%sno reason is given for these points", line)
		}
	}
}
