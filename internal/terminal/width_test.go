package terminal

import "testing"

func TestTextIsCutBetweenLetters(t *testing.T) {
	for _, c := range []struct {
		name, in string
		limit    int
		want     string
	}{
		{"it is short", "short", 5, "short"},
		{"it is long", "longer", 4, "long..."},
		{"the limit is within a letter", "aéé", 2, "a..."},
		{"nothing may be left", "x", 0, "..."},
	} {
		if got := Cut(c.in, c.limit); got != c.want {
			t.Errorf("%s: Cut(%q, %d) = %q, want %q", c.name, c.in, c.limit, got, c.want)
		}
	}
}

func TestTextIsAsWideAsItsColumn(t *testing.T) {
	for _, c := range []struct {
		name, in  string
		n         int
		fit, padd string
	}{
		{"it is narrower", "né", 4, "né", "né  "},
		{"it is as wide", "année", 5, "année", "année"},
		{"it is wider", "années", 5, "anné…", "anné…"},
		{"a column of one letter", "ab", 1, "…", "…"},
	} {
		if got := Fit(c.in, c.n); got != c.fit {
			t.Errorf("%s: Fit(%q, %d) = %q, want %q", c.name, c.in, c.n, got, c.fit)
		}
		if got := Pad(c.in, c.n); got != c.padd {
			t.Errorf("%s: Pad(%q, %d) = %q, want %q", c.name, c.in, c.n, got, c.padd)
		}
	}
}
