package mutant

import (
	"strings"
	"testing"
)

const source = "one\ntwo\nthree\nfour\nfive\n"

const head = "Mistake: two is doubled.\nFails: a, b\n\n--- ../reference/main.c\n+++ ../reference/main.c\n"

func TestPatch(t *testing.T) {
	for _, c := range []struct {
		name, diff string
		want       string // the source with the mistake, or
		err        string // part of the error
	}{
		{"a line replaced", "@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n", "one\nTWO\nthree\nfour\nfive\n", ""},
		{"a line added", "@@ -2,0 +3 @@\n+two\n", "one\ntwo\ntwo\nthree\nfour\nfive\n", ""},
		{"a line removed, and another one", "@@ -1 +0,0 @@\n-one\n@@ -4,2 +3,1 @@\n four\n-five\n", "two\nthree\nfour\n", ""},
		{"another source", "@@ -1,2 +1,2 @@\n one\n-TWO\n+two\n", "", `is "two", the patch was made for "TWO"`},
		{"beyond the end", "@@ -9 +9 @@\n-two\n+TWO\n", "", "has no lines 9"},
		{"out of order", "@@ -4 +4 @@\n-four\n+FOUR\n@@ -1 +1 @@\n-one\n+ONE\n", "", "has no lines 1"},
		{"a hunk that is shorter than its head says", "@@ -1,3 +1,3 @@\n one\n-two\n", "", "its head says 3"},
		{"no hunk", "", "", "changes nothing"},
		{"something else than a hunk", "@@ what @@\n", "", "is not a hunk"},
		{"a line that is none of a hunk", "@@ -1,2 +1,2 @@\n one\nxtwo\n", "", "begins with neither"},
		{"a head that is no number", "@@ -a,2 +1,2 @@\n one\n two\n", "", "no line number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := ParsePatch("mutants/m.patch", head+c.diff)
			var got string
			if err == nil {
				got, err = p.Apply(source)
			}
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want an error with %q", err, c.err)
				}
				return
			}
			if err != nil || got != c.want {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
			if p.Name != "m" || p.Mistake != "two is doubled." || strings.Join(p.Fails, "+") != "a+b" || p.File != "../reference/main.c" {
				t.Errorf("got the head %+v", p)
			}
		})
	}
	for _, c := range []struct{ name, text, want string }{
		{"no mistake", "Fails: a\n--- x\n+++ x\n", "Mistake: "},
		{"no checks", "Mistake: m.\n--- x\n+++ x\n", "Fails: "},
		{"no diff", "Mistake: m.\nFails: a\n", "no unified diff"},
		{"too long", strings.Repeat("x", MaxPatch+1), "at most"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := ParsePatch("m.patch", c.text); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestMechanical(t *testing.T) {
	for _, c := range []struct {
		name, source string
		want         string // what each changed program is
	}{
		{"comparisons", "a == b; c < d;", "a != b; c < d;|a == b; c <= d;"},
		{"arithmetic, but no signs of a value", "a = -b - c;", "a = -b + c;"},
		{"a conjunction, but no address", "f = &a && b;", "f = &a || b;"},
		{"negations", "a = !b;", "a = b;"},
		{"a pointer's member is no operator", "a->b;", ""},
		{"numbers", "a = 7u;", "a = 8u;|a = 6u;"},
		{"hexadecimal ones keep their width", "a = 0x0806;", "a = 0x0807;|a = 0x0805;"},
		{"zero has one neighbour", "a = 0;", "a = 1;"},
		{"a constant's definition", "#define LEN 0x0f\n#include <a1.h>\n", "#define LEN 0x10\n#include <a1.h>\n|#define LEN 0x0e\n#include <a1.h>\n"},
		{"a call that is a statement", "{ f(a, g(b)); c = g(d); }", "{ ; c = g(d); }"},
		{"a call behind a condition", "if (a) f(b); else g(c);", "if (a) ; else g(c);|if (a) f(b); else ;"},
		{"no function's head, nor return", "static int f(int a) { return (a); }", ""},
		{"strings, characters and comments", "/* 1 == 1 */ a = \"1 \\\" 1\"; b = '\\''; // 1 + 1", ""},
		{"what is not ended", "a = \"1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, m := range Mechanical(c.source) {
				got = append(got, m.Apply(c.source))
			}
			if strings.Join(got, "|") != c.want {
				t.Errorf("got %q, want %q", strings.Join(got, "|"), c.want)
			}
		})
	}
	c := Mechanical("\n\tif (a == b)\n")[0]
	if got, want := c.String(), "2: == becomes !=: if (a == b)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzParsePatch(f *testing.F) {
	f.Add(head + "@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n")
	f.Add(head + "@@ -1 +0,0 @@\n-one\n@@ -4,2 +3,1 @@\n four\n-five\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePatch("m.patch", text)
		if err != nil {
			return
		}
		if _, err := p.Apply(source); err != nil && !strings.Contains(err.Error(), "m.patch:") {
			t.Errorf("the error does not say where: %v", err)
		}
	})
}

func FuzzMechanical(f *testing.F) {
	f.Add("int main(void) { f(1, \"a\"); return (0x0f == 'c'); }")
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range Mechanical(text) {
			if c.Apply(text) == text {
				t.Errorf("%v changes nothing", c)
			}
		}
	})
}
