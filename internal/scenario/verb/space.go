package verb

import (
	"errors"
	"strings"
	"time"

	"wireloom/internal/scenario/format"
)

// A Space is how long it may be from one frame to the next.
type Space struct{ Min, Max time.Duration }

// Spaced is a time or a range of times, read as a Space.
var Spaced = format.As(format.TextOf("a time such as 10ms, or a range such as 9ms..11ms", 40), ParseSpace)

// ParseSpace reads a time or a range of times: "10ms", "9ms..11ms", "5ms.." or "..1s".
func ParseSpace(text string) (Space, error) {
	lo, hi, ranged := strings.Cut(text, "..")
	s := Space{0, MaxWithin}
	var err error
	if lo != "" {
		s.Min, err = time.ParseDuration(lo)
	}
	switch {
	case err != nil:
		return s, err
	case !ranged:
		s.Max = s.Min
	case hi != "":
		s.Max, err = time.ParseDuration(hi)
	}
	if err == nil && (lo == "" && hi == "" || s.Min < 0 || s.Min > s.Max || s.Max > MaxWithin) {
		err = errors.New("it ends before it begins, or is too long")
	}
	return s, err
}

// String is "10ms" or "9ms..11ms".
func (s Space) String() string {
	if s.Min == s.Max {
		return s.Min.String()
	}
	return s.Min.String() + ".." + s.Max.String()
}

// Has reports whether a time is as long as it may be.
func (s Space) Has(d time.Duration) bool { return s.Min <= d && d <= s.Max }
