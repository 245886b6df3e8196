package verb

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
)

// MaxWithin is the longest time that a step may give anything.
const MaxWithin = 10 * time.Minute

// regex is a regular expression whose program is bounded: RE2's counted repetition
// multiplies.
var regex = format.As(format.TextOf("a regular expression (RE2) of at most 1000 bytes", 1000), func(s string) (*regexp.Regexp, error) {
	if strings.Count(s, "{") > 20 {
		return nil, errors.New("it has more than 20 counted repetitions")
	}
	return regexp.Compile(s)
})

// Since is from when something counts: the beginning of a program or lab, or of the step.
var Since = format.OneOf("start or step", "start", "step")

var streams = []string{run.Both: "both", run.Out: "out", run.Err: "err"}

// TextKeys are the keys of what is expected of a text.
func TextKeys() []format.Field {
	text := func() *format.Shape { return format.Many(format.Text("a text"), 16) }
	return []format.Field{
		{Name: "contains", Shape: text(), Doc: "A text that is in it."},
		{Name: "lacks", Shape: text(), Doc: "A text that is not."},
		{Name: "matches", Shape: format.Many(regex, 16), Doc: "A regular expression (RE2) that it matches somewhere."},
		{Name: "equals", Shape: format.Text("a text"), Doc: "The whole of it."},
	}
}

// OutputKeys are the keys of what is expected of a program's output.
func OutputKeys() []format.Field {
	return append(TextKeys(), []format.Field{
		{Name: "within", Shape: format.Duration(MaxWithin), Doc: "How long to wait for it; 1s where it is not given."},
		{Name: "since", Shape: Since, Doc: "From when: start, of the program, or step; start where it is not given."},
		{Name: "stream", Shape: format.OneOf("both, out or err", streams...), Doc: "Which of its streams; both where it is not given."},
	}...)
}

// An Output is what a program is to print.
type Output struct {
	Texts
	Within    time.Duration
	SinceStep bool
	Stream    int // of run.Output
}

// Texts are what is expected of a text: of an output, or of a file.
type Texts struct {
	of, holds       string // what text it is, and how one says what is in it
	contains, lacks []string
	matches         []*regexp.Regexp
	equals          *string
}

// TextsOf reads what stands at v: TextKeys, of a text that is called of, and of which one says
// that it holds something, such as "printed was".
func TextsOf(v *format.Value, of, holds string) Texts {
	x := Texts{
		of: of, holds: holds, contains: format.Reads[string](v.Get("contains")), lacks: format.Reads[string](v.Get("lacks")), matches: format.Reads[*regexp.Regexp](v.Get("matches")),
	}
	if e := v.Get("equals"); e != nil {
		x.equals = &e.Text
	}
	return x
}

// None reports whether nothing is expected.
func (x *Texts) None() bool { return x.Negative() && len(x.lacks) == 0 }

// Output reads what stands at v: OutputKeys, and for a program of the file its name.
func (s *Scope) Output(v *format.Value) *Output {
	of := "the output"
	if p := v.Get("program"); p != nil {
		of += " of " + p.Text
	}
	x := &Output{
		Texts: TextsOf(v, of, printedWas), Within: format.Or(v.Get("within"), time.Second), SinceStep: v.Get("since").String() == "step", Stream: max(slices.Index(streams, v.Get("stream").String()), 0),
	}
	if x.None() {
		s.Mistakes.At(v, "stdout needs contains, lacks, matches or equals")
	}
	return x
}

// Negative reports whether all that is expected is that something is not printed.
func (x *Texts) Negative() bool { return len(x.contains)+len(x.matches) == 0 && x.equals == nil }

// Parts is how many texts must be printed; one where there is none.
func (x *Texts) Parts() int {
	n := len(x.contains) + len(x.matches)
	if x.equals != nil {
		n++
	}
	return max(n, 1)
}

// met is how many of them an output has.
func (x *Texts) met(out string) int {
	n := 0
	for _, t := range x.contains {
		if strings.Contains(out, t) {
			n++
		}
	}
	for _, re := range x.matches {
		if re.MatchString(out) {
			n++
		}
	}
	if x.equals != nil && out == *x.equals {
		n++
	}
	return n
}

// Lacks reports whether something must not be printed: until the time is over it can be.
func (x *Texts) Lacks() bool { return len(x.lacks) > 0 }

// Wrong says what is wrong with an output; "" when nothing is.
func (x *Texts) Wrong(out string) string {
	for _, t := range x.contains {
		if !strings.Contains(out, t) {
			return fmt.Sprintf("it lacks %q", t)
		}
	}
	for _, t := range x.lacks {
		if strings.Contains(out, t) {
			return fmt.Sprintf("it contains %q", t)
		}
	}
	for _, re := range x.matches {
		if !re.MatchString(out) {
			return "it does not match " + re.String()
		}
	}
	if x.equals != nil && out != *x.equals {
		return fmt.Sprintf("it is not %q", *x.equals)
	}
	return ""
}

// Finding compares an output with what it is to be.
func (x *Texts) Finding(out string) run.Finding {
	f := run.Finding{Expected: x.String(), Absent: out == ""}
	wrong := x.Wrong(out)
	f.OK, f.Actual = wrong == "", shown(out, x.holds)
	if !slices.ContainsFunc(x.lacks, func(t string) bool { return strings.Contains(out, t) }) { // what must not be there spoils the rest
		f.Met = x.met(out)
	}
	if !f.OK {
		f.Actual = wrong + "; " + f.Actual
	}
	return f
}

// String is what is expected, in words.
func (x *Texts) String() string {
	var parts []string
	for _, t := range x.contains {
		parts = append(parts, fmt.Sprintf("contains %q", t))
	}
	for _, t := range x.lacks {
		parts = append(parts, fmt.Sprintf("lacks %q", t))
	}
	for _, t := range x.matches {
		parts = append(parts, "matches "+t.String())
	}
	if x.equals != nil {
		parts = append(parts, fmt.Sprintf("is %q", *x.equals))
	}
	return x.of + " " + strings.Join(parts, " and ")
}

const printedWas = "printed was"

// Printed is an output for people: its end, where it is long.
func Printed(out string) string { return shown(out, printedWas) }

// shown is a text for people, behind the words for that it is there.
func shown(out, holds string) string {
	const limit = 400
	switch {
	case out == "" && holds == printedWas:
		return "nothing was printed"
	case out == "":
		return holds + " nothing"
	case len(out) > limit:
		return fmt.Sprintf("%s, last: %q", holds, out[len(out)-limit:])
	}
	return fmt.Sprintf("%s %q", holds, out)
}
