package report

import (
	"fmt"

	"wireloom/internal/strictjson"
)

// An Altered is the error of what is a report, and not as labserver writes one: somebody
// has changed it, or another version of labserver has made it.
type Altered struct {
	Say     string
	Version string // that it says made it; "" if it doesn't say
}

// Error says what is wrong.
func (a *Altered) Error() string { return a.Say }

func altered(format string, args ...any) *Altered { return &Altered{Say: fmt.Sprintf(format, args...)} }

// strictly decodes JSON that a stranger may have changed. encoding/json takes a key that
// is there twice, or with other capitals, and so would say another thing than a person
// or another program reads in the same file. The error is an *Altered, with the version
// that the bytes say made them.
func strictly(b []byte, into any) error {
	err := strictjson.Decode(b, into)
	if err == nil {
		return nil
	}
	return told(altered("%s", line(err.Error())), b)
}
