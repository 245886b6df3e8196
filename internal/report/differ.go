package report

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wireloom/internal/scenario/grade"
	"wireloom/internal/terminal"
)

// Limits of telling where two files differ.
const (
	maxEdits  = 1500 // pieces that are taken out or put in
	maxQuoted = 160  // letters of a piece that are told
)

// Differ says where a report's file is another than that of the run, which is now:
// each a sentence with the line in the file, what it has and what it should. Nil if not
// a byte differs. more is how many differences are not told.
func (f *File) Differ(now []byte) (said []string, more int) {
	if bytes.Equal(f.Unsigned, now) {
		return nil, 0
	}
	if s := wholly(f.Unsigned, now); s != "" {
		return []string{s}, 0
	}
	if f.Document != nil {
		said, more = f.differData(now)
	}
	if f.Format == JSON && len(said) > 0 {
		return said, more
	}
	for _, d := range differ(pieces(f.Format, f.Unsigned), pieces(f.Format, now)) {
		text, ok := d.String(), true
		if d.data() { // which has been told, value by value
			text, ok = "the data in the page differs in its bytes alone", len(said) == 0
		}
		switch {
		case !ok:
		case len(said) < maxDifferences:
			said = append(said, text)
		default:
			more++
		}
	}
	return said, more
}

// wholly says what was done to a file as a whole.
func wholly(then, now []byte) string {
	switch {
	case len(then) == 0:
		return "the file is empty"
	case bytes.Equal(then, append([]byte("\ufeff"), now...)):
		return "it begins with a byte order mark (U+FEFF), which labserver does not write"
	case bytes.Equal(bytes.ReplaceAll(then, []byte("\r\n"), []byte("\n")), now):
		return "its lines end with CR LF, which labserver does not write: take the file as labserver wrote it, not as a mail or an editor saved it"
	case bytes.HasPrefix(now, then):
		return fmt.Sprintf("it ends in the middle: it has %d bytes of %d", len(then), len(now))
	case bytes.HasPrefix(then, now):
		return fmt.Sprintf("%d bytes follow where it should end: %s", len(then)-len(now), quote(string(then[len(now):])))
	case bytes.HasSuffix(then, now):
		return fmt.Sprintf("%d bytes come before it: %s", len(then)-len(now), quote(string(then[:len(then)-len(now)])))
	}
	return ""
}

// differData compares the values of a document with those of the run's.
func (f *File) differData(now []byte) (said []string, more int) {
	other, err := Parse(now)
	if err != nil || other.Document == nil {
		panic(fmt.Sprintf("report: what was just written cannot be read: %v", err))
	}
	diffs, more := Compare(f.Document, other.Document)
	for _, d := range diffs {
		text := d.String()
		if f.Format == HTML {
			text = "in the page's data, " + text
		}
		said = append(said, text)
	}
	return said, more
}

// A change is a place where a file has other pieces than it should.
type change struct{ had, should []piece }

// data reports whether the change is in the data of a page.
func (c *change) data() bool {
	return len(c.had) == 1 && len(c.should) == 1 && c.had[0].kind == pieceData && c.should[0].kind == pieceData && strings.Contains(c.should[0].in, scriptID)
}

// String is the change in a sentence.
func (c *change) String() string {
	var b strings.Builder
	p := slices.Concat(c.had, c.should)[0]
	fmt.Fprintf(&b, "line %d", p.line)
	if p.in != "" && p.kind != pieceTag {
		fmt.Fprintf(&b, ", in %s", terminal.Fit(line(p.in), 80))
	}
	had, should := shownAll(c.had), shownAll(c.should)
	switch {
	case len(c.should) == 0:
		fmt.Fprintf(&b, ": it has %s, which does not belong there", quote(had))
	case len(c.had) == 0:
		fmt.Fprintf(&b, ": %s is missing", quote(should))
	default:
		h, s := quote(had), quote(should)
		if h == s || line(had) == line(should) { // they differ in what is not seen
			h, s = quote(rawAll(c.had)), quote(rawAll(c.should))
		}
		if ascii(should) && !ascii(had) { // letters that look alike
			h = strconv.QuoteToASCII(terminal.Fit(had, maxQuoted))
		}
		fmt.Fprintf(&b, ": it has %s and should have %s", h, s)
	}
	return b.String()
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// quote is a stranger's text in quotes, with escapes for what does not print.
func quote(s string) string {
	return strconv.Quote(terminal.Fit(strings.ToValidUTF8(s, "\ufffd"), maxQuoted))
}

func shownAll(ps []piece) string {
	var b strings.Builder
	for i := range ps {
		b.WriteString(ps[i].shown())
	}
	return b.String()
}

func rawAll(ps []piece) string {
	var b strings.Builder
	for i := range ps {
		b.WriteString(ps[i].raw)
	}
	return b.String()
}

// differ finds the changes between two lists of pieces: the least that make one of the
// other (Myers, An O(ND) Difference Algorithm, 1986). Where they are more than maxEdits,
// all between the first difference and the last is one change.
func differ(then, now []piece) []change {
	same := func(i, j int) bool { return then[i].raw == now[j].raw }
	start := 0
	for start < len(then) && start < len(now) && same(start, start) {
		start++
	}
	stop := 0
	for stop < len(then)-start && stop < len(now)-start && same(len(then)-1-stop, len(now)-1-stop) {
		stop++
	}
	a, b := then[start:len(then)-stop], now[start:len(now)-stop]
	trace, ok := edits(a, b)
	if !ok {
		return []change{{a, b}}
	}
	// Backwards from the end of both: each step takes a piece out, or puts one in, after
	// pieces that are the same.
	var out []change
	i, j := len(a), len(b)
	apart := true // a piece that is the same stands before the last change
	touch := func() *change {
		if apart {
			out, apart = append(out, change{}), false
		}
		return &out[len(out)-1]
	}
	for d := len(trace) - 1; d >= 0; d-- {
		v := trace[d]
		k := i - j
		from, put := k-1, false
		if k == -d || k != d && v.at(k-1) < v.at(k+1) {
			from, put = k+1, true
		}
		pi := v.at(from)
		pj := pi - from
		if d == 0 {
			pi, pj = 0, 0
		}
		for i > pi && j > pj {
			i, j, apart = i-1, j-1, true
		}
		switch {
		case d == 0:
		case put:
			j--
			c := touch()
			c.should = append(c.should, b[j])
		default:
			i--
			c := touch()
			c.had = append(c.had, a[i])
		}
	}
	slices.Reverse(out)
	for n := range out {
		slices.Reverse(out[n].had)
		slices.Reverse(out[n].should)
	}
	return out
}

// A frontier is how far one gets in a list with a number of edits, by diagonal.
type frontier struct {
	x   []int32
	mid int
}

func (f *frontier) at(k int) int { return int(f.x[f.mid+k]) }

// edits are the frontiers before each edit on the way from one list to the other; false
// where there are more than maxEdits.
func edits(a, b []piece) ([]frontier, bool) {
	var trace []frontier
	v := frontier{make([]int32, 2*maxEdits+3), maxEdits + 1}
	for d := 0; d <= min(len(a)+len(b), maxEdits); d++ {
		trace = append(trace, frontier{slices.Clone(v.x[v.mid-d-1 : v.mid+d+2]), d + 1})
		for k := -d; k <= d; k += 2 {
			x := v.at(k-1) + 1
			if k == -d || k != d && v.at(k-1) < v.at(k+1) {
				x = v.at(k + 1)
			}
			for x < len(a) && x-k < len(b) && a[x].raw == b[x-k].raw {
				x++
			}
			v.x[v.mid+k] = int32(x)
			if x >= len(a) && x-k >= len(b) {
				return trace, true
			}
		}
	}
	return nil, false
}

// SameScores reports whether a file shows the same as the run's where it says what was
// reached, whatever else differs: the points of another version's report.
func (f *File) SameScores(now []byte) bool {
	if f.Document != nil {
		other, err := Parse(now)
		if err != nil || other.Document == nil {
			panic(fmt.Sprintf("report: what was just written cannot be read: %v", err))
		}
		if !sameScores(f.Document, other.Document) {
			return false
		}
	}
	return slices.Equal(scores(f.Format, f.Unsigned), scores(f.Format, now))
}

// scores are the texts that say what was reached.
func scores(f Format, b []byte) []string {
	var out []string
	for _, p := range pieces(f, b) {
		if p.score != "" {
			out = append(out, p.score)
		}
	}
	return out
}

// sameScores compares what documents say was reached.
func sameScores(then, now *Document) bool {
	return equal(then.Passed, now.Passed) && equal(then.Score, now.Score) && equal(then.MaxScore, now.MaxScore) && equal(then.Bonus, now.Bonus) && then.Hidden == now.Hidden &&
		slices.EqualFunc(then.Checks, now.Checks, func(a, b grade.Check) bool {
			return a.ID == b.ID && a.Status == b.Status && a.Points == b.Points && a.Earned == b.Earned && a.Visible == b.Visible
		})
}

// equal compares two values that may be missing.
func equal[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
