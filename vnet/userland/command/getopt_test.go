package command

import (
	"strings"
	"testing"
)

func FuzzGetopt(f *testing.F) {
	for _, s := range []string{"-c 3 host", "-c3 -q host", "-qc 3 -- -host", "-", "--", "-q", "-c", "-x", "-: y", "host -c 3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Split(line, " ")
		g := Getopt{Args: words}
		for range len(line) + 1 {
			opt, why := g.Next("c:q")
			switch opt {
			case 0:
				if len(g.Args) > len(words) {
					t.Fatalf("%q: more words are left than there were", line)
				}
				return
			case 'c', 'q':
			case '?':
				if why == "" {
					t.Fatalf("%q: refused without a word", line)
				}
			default:
				t.Fatalf("%q: option %q, which there is not", line, opt)
			}
		}
		t.Fatalf("%q: no end", line)
	})
}
