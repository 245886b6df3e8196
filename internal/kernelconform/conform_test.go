package main

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what docs/networking.md says of the differences")

// No behaviour of severity 1 or 2 is another than that of the recorded kernels, and each
// that is left has its reason.
func TestTheTable(t *testing.T) {
	var out, errs bytes.Buffer
	code := run(nil, &out, &errs)
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "**no**") && code != 0 {
			t.Error(line)
		}
	}
	if code != 0 || errs.Len() > 0 {
		t.Errorf("status %d %s", code, errs.String())
	}
	for _, x := range left(all()) {
		if x.row.reason == "" {
			t.Errorf("%s: %s: %v does %q, and should %q: there is no reason why", x.row.part, x.row.what, x.dialect, x.cell.got, x.cell.want)
		}
	}
}

// Each field of each frame is as it was recorded, or the table of what can't be says why;
// and nothing is in that table that is not needed.
func TestEveryField(t *testing.T) {
	recorded, node := all()
	found := differences(recorded, node)
	for _, line := range found.lines {
		t.Error(line)
	}
	for i, n := range found.excused {
		if n == 0 {
			t.Errorf("nothing is excused by %+v", cannot[i])
		}
	}
	for _, r := range node {
		if r.err != nil {
			t.Error(r.err)
		}
	}
}

// docs/networking.md says what differs, and no more.
func TestThePage(t *testing.T) {
	const (
		name   = "../../docs/networking.md"
		begins = "<!-- written by go test ./internal/kernelconform -update -->\n"
		ends   = "<!-- end -->\n"
	)
	doc, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(doc), begins)
	got, after, ok2 := strings.Cut(rest, ends)
	if !ok || !ok2 {
		t.Fatalf("%s has no part between %q and %q", name, begins, ends)
	}
	want, err := page()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(name, []byte(before+begins+want+ends+after), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if got != want {
		t.Errorf("%s is not what differs: go test ./internal/kernelconform -update, and read what changed\ngot\n%s\nwant\n%s", name, got, want)
	}
}
