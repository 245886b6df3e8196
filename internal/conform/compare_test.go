package main

import (
	"bytes"
	"os"
	"testing"
)

const comparisonFile = "testdata/drivers.md"

// The page that puts the drivers side by side is what they do today.
func TestComparisonPage(t *testing.T) {
	var out, errout bytes.Buffer
	if code := run([]string{"-compare"}, &out, &errout); code != 0 {
		t.Fatalf("exit code %d: %s", code, errout.String())
	}
	want, err := os.ReadFile(comparisonFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("%s is not what the drivers do: read the difference, then write it with\n\tgo run ./internal/conform -compare > internal/conform/%s\ngot:\n%s", comparisonFile, comparisonFile, out.String())
	}
}

// Every row says something of at least one driver, and names what it shows
// of the state of something that is there.
func TestComparisonRowsRun(t *testing.T) {
	for _, c := range comparisons {
		for _, r := range c.rows {
			empty := 0
			for i, name := range c.drivers {
				setup, ok := c.setups[i][r.setup]
				if !ok {
					t.Errorf("%s: no setup %q of %s", r.text, r.setup, name)
				}
				text, err := r.cell(name, setup)
				if err != nil {
					t.Errorf("%s: %v", r.text, err)
				}
				if text == "–" {
					empty++
				}
			}
			if empty == 2 {
				t.Errorf("%s: nothing to show of either driver", r.text)
			}
		}
	}
}
