package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	docItalic = regexp.MustCompile(`(?:^|[^*])\*([^*\s][^*]*)\*(?:[^*]|$)`)
	tsComment = regexp.MustCompile(`(?m)(^|\s)//.*$|/\*(?s:.*?)\*/`)
)

// A teacher and an operator who do what these pages say, word by word, find each of the words: what is in
// italics is on the page as it is written, as the text of a button, a tab, a field or a state.
func TestPagesOfDocsSayWhatIsOnThePage(t *testing.T) {
	var page strings.Builder
	err := filepath.WalkDir("../../web/src", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".tsx") || strings.HasSuffix(path, ".test.tsx") {
			return err
		}
		b, err := os.ReadFile(path)
		page.WriteString(tsComment.ReplaceAllString(string(b), " "))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	source := strings.Join(strings.Fields(page.String()), " ")
	for _, c := range []struct{ file, from, to string }{
		{"teaching-a-class.md", "# ", "\x00"},
		{"hosting.md", "**5. Make a class**", "\n"},
	} {
		b, err := os.ReadFile("../../docs/" + c.file)
		if err != nil {
			t.Fatal(err)
		}
		_, text, ok := strings.Cut(string(b), c.from)
		if !ok {
			t.Fatalf("%s has no %q", c.file, c.from)
		}
		text, _, _ = strings.Cut(text, c.to)
		text = strings.ReplaceAll(text, "**", "\n") // headings of steps are the doc's own
		words := docItalic.FindAllStringSubmatch(text, -1)
		if len(words) == 0 {
			t.Fatalf("%s names nothing of the page", c.file)
		}
		for _, w := range words {
			// Between what begins a text and what ends one; a number or a code may follow.
			said := regexp.MustCompile(fmt.Sprintf("[>\"`}] ?%s ?[<\"`{$]", regexp.QuoteMeta(strings.Join(strings.Fields(w[1]), " "))))
			if !said.MatchString(source) {
				t.Errorf("%s says *%s*, and no text of the page is so", c.file, w[1])
			}
		}
	}
}
