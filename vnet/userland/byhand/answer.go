package byhand

import (
	"strconv"
	"strings"

	"wireloom/vnet/errno"
)

// A Answer is what the syscall command answered to a call that was typed.
type Answer struct {
	Refused string      // why the call was not made; "" where it was
	Line    string      // the answer as it is printed, behind its "= "; "" where the call prints none
	N       int64       // what the call returned
	Errno   errno.Errno // how it failed
	More    string      // what else came out of it, printed behind N
}

// ReadAnswer reads back what the syscall command printed of one call (answer), up to
// its next prompt. What else the call printed, such as a dump, is not looked at.
func ReadAnswer(out string) (a Answer) {
	for l := range strings.Lines(out) {
		l = strings.TrimSpace(l)
		if line, ok := strings.CutPrefix(l, "= "); ok {
			a.Line = line
			break
		}
		if why, ok := strings.CutPrefix(l, "syscall: "); ok {
			return Answer{Refused: why}
		}
	}
	n, more, _ := strings.Cut(a.Line, " ")
	a.N, _ = strconv.ParseInt(n, 10, 64) // 0 where there is no answer
	a.More = strings.TrimSpace(more)
	if name, _, _ := strings.Cut(a.More, " "); a.N == -1 {
		if e, ok := errno.Parse(name); ok {
			a.Errno, a.More = e, ""
		}
	}
	return a
}
