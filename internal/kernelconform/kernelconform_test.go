package main

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"

	"wireloom/internal/kernelconform/situation"
	"wireloom/vnet/kern"
)

// Each transcript has a situation that does what it says, and each row a text of every
// kernel that it is about.
func TestEachTranscriptHasItsSituation(t *testing.T) {
	files, err := fs.Glob(testdata, "testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, f := range files {
		if strings.HasPrefix(f, "testdata/linux.") {
			continue // what no situation does yet: nodes of Linux are not in the table
		}
		have[strings.TrimSuffix(strings.TrimPrefix(f, "testdata/"), ".txt")] = true
	}
	for _, s := range situation.All {
		for _, d := range []kern.Dialect{kern.FreeBSD, kern.NetBSD} {
			name := situation.Prefix(d) + "." + s.Name
			if s.Recorded(d) && !have[name] {
				t.Errorf("the situation %s has no transcript", name)
			}
			if s.Recorded(d) {
				delete(have, name)
			}
		}
	}
	for name := range have {
		t.Errorf("the transcript %s has no situation", name)
	}
}

func TestEachRowKnowsWhatItsKernelsDo(t *testing.T) {
	recorded := map[kern.Dialect]*runs{}
	for _, d := range dialects {
		recorded[d] = recordings(d)
	}
	seen := map[string]bool{}
	for i := range rows {
		w := &rows[i]
		if seen[w.part+w.what] {
			t.Errorf("%s: %s is there twice", w.part, w.what)
		}
		seen[w.part+w.what] = true
		for _, d := range dialects {
			if w.only != nil && w.only[0] != d {
				continue
			}
			if got := w.known(d, recorded); got == "" || strings.Contains(got, "(no step") {
				t.Errorf("%s: %s: %v is not known: %q", w.part, w.what, d, got)
			}
		}
	}
}

func TestUsage(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"an argument that nobody knows", []string{"x"}, "usage"},
		{"a situation that there is not", []string{"-show", "nothing"}, "no situation"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if code := run(tc.args, &out, &errs); code != 2 || !strings.Contains(errs.String(), tc.want) {
				t.Errorf("status %d, %q", code, errs.String())
			}
		})
	}
}
