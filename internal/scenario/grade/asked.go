package grade

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Asked is how many hints that take points somebody has asked for, by check.
type Asked map[string]int

// String is "reply=2,busy=1", in the order of the checks' ids.
func (a Asked) String() string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(a)) {
		out = append(out, fmt.Sprintf("%s=%d", id, a[id]))
	}
	return strings.Join(out, ",")
}

// Set adds what String writes; an id alone is one hint more of it. With String it makes
// the value of a flag.
func (a *Asked) Set(s string) error {
	if *a == nil {
		*a = Asked{}
	}
	for part := range strings.SplitSeq(s, ",") {
		id, count, given := strings.Cut(part, "=")
		n := 1
		if given {
			var err error
			if n, err = strconv.Atoi(count); err != nil || n < 1 || n > 100 {
				return fmt.Errorf("%.40q is no number of hints", count)
			}
		}
		if id == "" || len(id) > 64 {
			return fmt.Errorf("%.40q names no check", part)
		}
		(*a)[id] += n
	}
	return nil
}
