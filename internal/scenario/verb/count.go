package verb

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"wireloom/internal/scenario/format"
)

// A Count is how many there may be.
type Count struct{ Min, Max int64 }

// Unbounded is a Max beyond all that is counted.
const Unbounded = 1 << 62

var countForm = regexp.MustCompile(`^([0-9]{1,15}|[0-9]{1,15}\.\.([0-9]{1,15})?|\.\.[0-9]{1,15})$`)

// Counted is a number or a range of numbers, read as a Count.
var Counted = format.As(format.Word("a number such as 3, or a range such as 1..3, 2.. or ..5", countForm, 40), ParseCount)

// ParseCount reads a number or a range: "3", "1..3", "2.." or "..5".
func ParseCount(text string) (Count, error) {
	if !countForm.MatchString(text) {
		return Count{}, fmt.Errorf("%.40q is neither a number nor a range", text)
	}
	lo, hi, ranged := strings.Cut(text, "..")
	c := Count{0, Unbounded}
	if lo != "" {
		c.Min, _ = strconv.ParseInt(lo, 10, 64) // fifteen digits at most
	}
	switch {
	case !ranged:
		c.Max = c.Min
	case hi != "":
		c.Max, _ = strconv.ParseInt(hi, 10, 64)
	}
	return c, nil
}

// String is "3", "1..3" or "2..".
func (c Count) String() string {
	switch {
	case c.Min == c.Max:
		return fmt.Sprint(c.Min)
	case c.Max == Unbounded:
		return fmt.Sprintf("%d..", c.Min)
	}
	return fmt.Sprintf("%d..%d", c.Min, c.Max)
}

// Has reports whether n is as many as there may be.
func (c Count) Has(n uint64) bool {
	return n <= math.MaxInt64 && int64(n) >= c.Min && int64(n) <= c.Max
}

// Count is the count that stands at v; nil where none does.
func (s *Scope) Count(v *format.Value) *Count {
	if v == nil {
		return nil
	}
	c := format.Read[Count](v)
	if c.Min > c.Max {
		s.Mistakes.At(v, "the range %s ends before it begins", v.Text)
	}
	return &c
}
