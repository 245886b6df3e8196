package act

import (
	"fmt"
	"strings"

	"wireloom/internal/scenario/verb"
	"wireloom/vnet/errno"
	"wireloom/vnet/userland/byhand"
)

// An answer is what a call is to answer.
type answer struct {
	any, blocks bool
	errno       errno.Errno // OK: it succeeds
	count       *verb.Count // nil: whatever it returns
	more        string      // what it prints behind the number
}

// parseAnswer reads the answer wanted of a call.
func parseAnswer(text string) (answer, error) {
	first, more, _ := strings.Cut(text, " ")
	a := answer{more: strings.TrimSpace(more)}
	switch first {
	case "", "ok":
		return a, nil
	case "any":
		a.any = true
		return a, nil
	case "blocks":
		a.blocks = true
		return a, nil
	}
	if e, ok := errno.Parse(first); ok {
		a.errno = e
		return a, nil
	}
	c, err := verb.ParseCount(first)
	if err != nil {
		return a, fmt.Errorf("%.40q is no answer of a call: want a number, a range such as 1..60, the name of an error such as EWOULDBLOCK, ok, any or blocks", first)
	}
	a.count = &c
	return a, nil
}

// is reports whether what the command answered is that. A call that answers nothing, such
// as sysctl, succeeds.
func (a answer) is(got byhand.Answer) bool {
	switch {
	case got.Line == "":
		return a.count == nil && a.errno == errno.OK
	case a.any:
		return true
	case a.errno != errno.OK || got.Errno != errno.OK:
		return got.Errno == a.errno
	case a.count != nil && (got.N < 0 || !a.count.Has(uint64(got.N))):
		return false
	}
	return a.more == "" || got.More == a.more
}
