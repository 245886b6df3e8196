package open

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A scenario's zip has its files at the top or in one folder, whatever a Mac adds to it.
func TestZips(t *testing.T) {
	for _, c := range []struct {
		name, wrong string
		files       []string
	}{
		{"at the top", "", []string{"scenario.yaml"}},
		{"in a folder", "", []string{"mine/scenario.yaml"}},
		{"made on a Mac", "", []string{"mine/scenario.yaml", "mine/.DS_Store", "__MACOSX/mine/._scenario.yaml", "__MACOSX/._mine", ".DS_Store", "._mine"}},
		{"two folders", "no scenario.yaml at its top or in its one folder", []string{"mine/scenario.yaml", "other/scenario.yaml"}},
		{"what a Mac adds alone", "no scenario.yaml at its top or in its one folder", []string{"__MACOSX/scenario.yaml"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "mine.zip")
			f, err := os.Create(file)
			if err != nil {
				t.Fatal(err)
			}
			z := zip.NewWriter(f)
			for _, name := range c.files {
				w, err := z.Create(name)
				if err == nil {
					_, err = w.Write([]byte("scenario: mine\nnodes: {a: {}}\n"))
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			switch _, err := Scenario(file); {
			case c.wrong == "" && err != nil:
				t.Error(err)
			case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
				t.Errorf("error %v, want one with %q", err, c.wrong)
			}
		})
	}
}
