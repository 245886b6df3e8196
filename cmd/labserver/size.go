package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A size is a number of bytes, as people write it: 500, 64KiB, 1.5GiB.
type size int64

var sizeUnits = []struct {
	name string
	n    float64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"B", 1}, {"", 1}}

// String is the size in the largest unit of which it is a whole number.
func (s size) String() string {
	for i := len(sizeUnits) - 3; i >= 0; i-- {
		if n := size(sizeUnits[i].n); s >= n && s%n == 0 {
			return fmt.Sprintf("%d%s", s/n, sizeUnits[i].name)
		}
	}
	return fmt.Sprintf("%d bytes", int64(s))
}

// Set implements flag.Value.
func (s *size) Set(text string) error {
	for _, u := range sizeUnits {
		number, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(n >= 0) || n*u.n >= math.MaxInt64 {
			break
		}
		*s = size(n * u.n)
		return nil
	}
	return errors.New("want a number of bytes, like 500000, 64KiB, 200MiB or 1GiB")
}

func sizeFlag(f *flag.FlagSet, name string, or int64, usage string) *size {
	s := size(or)
	f.Var(&s, name, usage)
	return &s
}
