package transcript

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Tolerance is how far times may be apart, in seconds.
const Tolerance = 0.2

// A Difference is where two transcripts are not the same.
type Difference struct {
	Line      int    // of the recorded one
	Step      string // the step's title
	Field     string // "time", "frame" (one has it, one has not), "note", "title", or a frame's field
	Got, Want string // now, and as it was recorded
}

// String is a line for people.
func (d Difference) String() string {
	return fmt.Sprintf("%d: %.60s: %s: recorded %s, now %s", d.Line, d.Step, d.Field, d.Want, d.Got)
}

// Compare returns where a transcript is not as one that was recorded. What no run can
// repeat is made relative first: see canonical. A transcript may go on beyond the
// recorded one, which ended early.
func Compare(got, want *Transcript) []Difference {
	var out []Difference
	if !strings.HasSuffix(want.Name, ".v6") {
		got, want = got.quiet(), want.quiet()
	}
	g, w := canonical(got), canonical(want)
	for i := range want.Steps {
		ws := &want.Steps[i]
		if i >= len(got.Steps) {
			out = append(out, Difference{ws.Line, ws.Title, "title", "(not done)", ws.Title})
			continue
		}
		gs := &got.Steps[i]
		add := func(line int, name, got, want string) {
			out = append(out, Difference{line, ws.Title, name, got, want})
		}
		if strings.HasPrefix(ws.Title, "[('") {
			compareValues(gs.Title, ws.Title, func(name, got, want string) { add(ws.Line, name, got, want) })
		} else if !Same(gs.Title, ws.Title) {
			add(ws.Line, "title", gs.Title, ws.Title)
		}
		compareFrames(g, w, gs.Frames, ws.Frames, ws.Line, add)
		align(len(gs.Notes), len(ws.Notes), func(i, j int) bool { return firstWords(gs.Notes[i]) == firstWords(ws.Notes[j]) }, func(i, j int) {
			switch {
			case i < 0:
				add(ws.Line, "note", "(nothing)", ws.Notes[j])
			case j < 0:
				add(ws.Line, "note", gs.Notes[i], "(nothing)")
			case !Same(gs.Notes[i], ws.Notes[j]):
				add(ws.Line, "note", gs.Notes[i], ws.Notes[j])
			}
		})
	}
	return out
}

var namedValue = regexp.MustCompile(`\('([^']+)', 'e=(\d+) v=([^']*)'\)`)

// compareValues compares two lists of sysctls. A number that the suite could not read
// whole (ENOMEM) it has all the same.
func compareValues(got, want string, add func(name, got, want string)) {
	now := map[string]string{}
	for _, m := range namedValue.FindAllStringSubmatch(got, -1) {
		now[m[1]] = m[3]
		if m[2] != "0" && m[2] != "12" {
			now[m[1]] = "(none)"
		}
	}
	for _, m := range namedValue.FindAllStringSubmatch(want, -1) {
		if now[m[1]] != m[3] {
			add(m[1], now[m[1]], m[3])
		}
	}
}

func compareFrames(g, w *canon, got, want []Frame, line int, add func(line int, name, got, want string)) {
	align(len(got), len(want), func(i, j int) bool { return g.shape(&got[i]) == w.shape(&want[j]) }, func(i, j int) {
		switch {
		case i < 0:
			add(want[j].Line, "frame", "(not sent)", fmt.Sprintf("+%.3f %s", want[j].At, want[j].Text))
			return
		case j < 0:
			add(line, "frame", fmt.Sprintf("+%.3f %s", got[i].At, got[i].Text), "(not sent)")
			return
		}
		a, b := &got[i], &want[j]
		if math.Abs(a.At-b.At) > Tolerance {
			add(b.Line, "time", fmt.Sprintf("%.3f", a.At), fmt.Sprintf("%.3f", b.At))
		}
		for _, x := range b.fields {
			if gv := a.Get(x.name); !g.same(w, a, b, x.name, gv, x.value) {
				add(b.Line, x.name, gv, x.value)
			}
		}
		for _, x := range a.fields {
			if b.Get(x.name) == "" && x.value != "" {
				add(b.Line, x.name, x.value, "(none)")
			}
		}
	})
}

// quiet leaves out what an interface that comes up says of IPv6: reports and a probe at
// times of chance. The transcript v6 has them.
func (t *Transcript) quiet() *Transcript {
	c := &Transcript{Name: t.Name, Steps: slices.Clone(t.Steps)}
	for i := range c.Steps {
		c.Steps[i].Frames = slices.DeleteFunc(slices.Clone(c.Steps[i].Frames), func(f Frame) bool { return f.Proto == "ICMP6" })
	}
	return c
}

// align walks two lists side by side, the longest common part paired: pair is called with
// an index of each, of which one is -1 where the other list has no such thing.
func align(n, m int, same func(i, j int) bool, pair func(i, j int)) {
	common := make([][]int, n+1)
	for i := range common {
		common[i] = make([]int, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if same(i, j) {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < n || j < m {
		switch {
		case i < n && j < m && same(i, j) && common[i][j] == common[i+1][j+1]+1:
			pair(i, j)
			i, j = i+1, j+1
		case j == m || i < n && common[i+1][j] >= common[i][j+1]:
			pair(i, -1)
			i++
		default:
			pair(-1, j)
			j++
		}
	}
}

// firstWords says what a note is about.
func firstWords(s string) string {
	words := slices.DeleteFunc(strings.Fields(plain(s)), func(w string) bool { return strings.HasPrefix(w, "+") }) // times
	if len(words) > 0 && strings.HasPrefix(words[0], "arp") {
		return "arp" // then comes what is in its table
	}
	return strings.Join(words[:min(len(words), 2)], " ")
}

// volatile is what differs from one run to the next, and by what it is replaced.
var volatile = []struct {
	is *regexp.Regexp
	by string
}{
	{regexp.MustCompile(`\([A-Z]+\)`), ""},                      // an errno's name on the machine of the recording
	{regexp.MustCompile(`(e=[1-9][0-9]*) sent=\d+`), "$1"},      // FreeBSD's suite shows what it asked for
	{regexp.MustCompile(`'?ICMP6 [^']*',? ?`), ""},              // see quiet
	{regexp.MustCompile(`(log \[).*`), "${1}a message]"},        // our kernels use words of their own
	{regexp.MustCompile(`([0-9a-f]{2}:){5}[0-9a-f]{2}`), "MAC"}, //
	{regexp.MustCompile(`\b((?:10|127|0)\.0\.0\.[01])([: ])[1-9]\d{4}\b`), "$1${2}EPHEMERAL"},
	{regexp.MustCompile(`\bck[0-9a-f]{4}\b`), "ck"},             // of a header with such a port
	{regexp.MustCompile(`\bid[1-9]\d*\b`), "id"},                // the frames' own lines have it
	{regexp.MustCompile(`\bseq\d{5,}\b`), "seq"},                //
	{regexp.MustCompile(`(ip hdr .{8}).{4}(.{8}).{4}`), "$1$2"}, // id and checksum
	{regexp.MustCompile(`(ip hdr .*440c0900).{8}`), "$1"},       // the time in a timestamp option
	{regexp.MustCompile(`ts=[0-9a-f]{8}`), "ts="},
	{regexp.MustCompile(`0{9,}`), "0*"}, // data of zeros: the suite cut its lines
	{regexp.MustCompile(`([0-9a-f]{8} flags=2008) asked=\d+ numheld=\d+ exp=-?\d+`), "$1"},
	{regexp.MustCompile(`;?[0-9a-f]{8} flags=(?:e|2000) [^;]*`), ""}, // what is no neighbour, or not known
	{regexp.MustCompile(`;+$|(arp:? );`), "$1"},
	{regexp.MustCompile(`\(\d+\.\d+, \d+, (\d+, )?'`), "(ISN '"}, // and the port
	{regexp.MustCompile(`\(ISN '[0-9a-f]{8}'`), "(ISN ts"},
	{regexp.MustCompile(`flow 60[0-9a-f]{6}`), "flow"},
	{regexp.MustCompile(`first/last \S+ \S+`), ""},
}

var idList = regexp.MustCompile(`(?:ip ids|request with \w+|UDP ip ids).*`)

// plain is a line without that.
func plain(s string) string {
	for _, v := range volatile {
		s = v.is.ReplaceAllString(s, v.by)
	}
	if at := idList.FindStringIndex(s); at != nil {
		first := 0
		number := plainNumber
		if strings.Contains(s[at[0]:], "(") {
			number = firstNumber
		}
		s = s[:at[0]] + number.ReplaceAllStringFunc(s[at[0]:], func(m string) string {
			n, _ := strconv.Atoi(m[1:]) // digits
			if n == 0 {
				return m
			}
			if first == 0 {
				first = n
			}
			return fmt.Sprintf("%c+%d", m[0], n-first)
		})
	}
	return s
}

// An identification in a list of them: of numbers, of an id with DF and TTL each.
var (
	plainNumber = regexp.MustCompile(`[\[ ]\d+\b`)
	firstNumber = regexp.MustCompile(`\(\d+\b`)
)

var decimal = regexp.MustCompile(`^(.*?)(-?\d+\.\d+)(s?\W*)$`)

// Same compares lines word by word: numbers with a point are times in seconds.
func Same(a, b string) bool {
	x, y := strings.Fields(plain(a)), strings.Fields(plain(b))
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		m, n := decimal.FindStringSubmatch(x[i]), decimal.FindStringSubmatch(y[i])
		if m == nil || n == nil || m[1] != n[1] || m[3] != n[3] {
			if x[i] != y[i] {
				return false
			}
			continue
		}
		p, _ := strconv.ParseFloat(m[2], 64) // digits
		q, _ := strconv.ParseFloat(n[2], 64)
		if math.Abs(p-q) > Tolerance {
			return false
		}
	}
	return true
}
