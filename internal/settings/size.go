package settings

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Size is a number of bytes, as people write it: 500, 64KiB, 1.5GiB.
type Size int64

var sizeUnits = []struct {
	name string
	n    float64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"B", 1}, {"", 1}}

// String is the size in the largest unit of which it is a whole number.
func (s Size) String() string {
	for i := len(sizeUnits) - 3; i >= 0; i-- {
		if n := Size(sizeUnits[i].n); s >= n && s%n == 0 {
			return fmt.Sprintf("%d%s", s/n, sizeUnits[i].name)
		}
	}
	return fmt.Sprintf("%d bytes", int64(s))
}

// Set implements flag.Value.
func (s *Size) Set(text string) error {
	number := strings.TrimSuffix(text, " bytes") // as String has it
	for _, u := range sizeUnits {
		number, ok := strings.CutSuffix(number, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(n >= 0) || n*u.n >= math.MaxInt64 {
			break
		}
		*s = Size(n * u.n)
		return nil
	}
	return errors.New("want a number of bytes, like 500000, 64KiB, 200MiB or 1GiB")
}

// SizeFlag adds a flag that is a number of bytes.
func SizeFlag(f *flag.FlagSet, name string, or int64, usage string) *Size {
	s := Size(or)
	f.Var(&s, name, usage)
	return &s
}

// An Amount is the value of a flag that limits something, -1 for no limit. 0 in To stands
// for its default until it is set.
type Amount struct {
	To        *int64
	Otherwise int64
	Bytes     bool
}

// String implements flag.Value.
func (a *Amount) String() string {
	if a.To == nil {
		return ""
	}
	n := *a.To
	if n == 0 {
		n = a.Otherwise
	}
	if a.Bytes && n > 0 {
		for i := len(units) - 1; i >= 0; i-- {
			if n%units[i].bytes == 0 {
				return strconv.FormatInt(n/units[i].bytes, 10) + units[i].name
			}
		}
	}
	return strconv.FormatInt(n, 10)
}

var units = []struct {
	name  string
	bytes int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}}

// Set implements flag.Value.
func (a *Amount) Set(v string) error {
	unit := int64(1)
	digits := v
	if a.Bytes {
		for _, u := range units {
			for _, suffix := range []string{u.name, u.name[:1]} {
				if rest, ok := strings.CutSuffix(v, suffix); ok {
					digits, unit = rest, u.bytes
				}
			}
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	want := "want 1 or more, or -1 for no limit"
	if a.Bytes {
		want = "want a number of bytes such as 8GiB or 500MiB, or -1 for no limit"
	}
	if err != nil || n < -1 || n == 0 || n > math.MaxInt64/unit {
		return errors.New(want)
	}
	*a.To = n
	if n > 0 {
		*a.To = n * unit
	}
	return nil
}
