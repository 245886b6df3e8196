package format

import (
	"fmt"
	"regexp"
	"strconv"
)

// A Told is what ${step.field} asks for: the value of a field in the frame that a step saw,
// or the result of its call, and what is made of it.
type Told struct {
	Step, Field string
	Slice       bool // only N of its bytes, from At on
	At, N       int
	Add         string // another field of that frame, whose number is added; "": none
	Plus        int64
	Form        string // %04x and the like; "" where none is given
}

// toldForm is the form of what the run tells: STEP.FIELD, then [AT:N], +FIELD, +N or -N, and
// :%02x.
var toldForm = regexp.MustCompile(`^([^.]+)\.([^\[\]:+]+?)(\[([0-9]{1,5})(:([0-9]{1,5}))?\])?(?:\+([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+))?([+-][0-9]{1,9})?(:(%0?[0-9]?[dxX]))?$`)

// ParseTold reads what stands between ${ and }.
func ParseTold(expr string) (Told, error) {
	m := toldForm.FindStringSubmatch(expr)
	if m == nil {
		return Told{}, fmt.Errorf("want a field of a step such as ask.ip.id, and behind it [first byte:number of bytes], another field such as +data.len, +1 or -1, and a form such as :%%04x, as far as needed")
	}
	number := func(s string) int64 {
		n, _ := strconv.ParseInt(s, 10, 64) // nine digits at most, or none
		return n
	}
	t := Told{Step: m[1], Field: m[2], Slice: m[3] != "", At: int(number(m[4])), Add: m[7], Plus: number(m[8]), Form: m[10]}
	switch {
	case m[6] != "":
		t.N = int(number(m[6]))
	case t.Slice:
		t.N = 1
	}
	return t, nil
}
