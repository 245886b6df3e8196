package report

import (
	"bytes"
	"html"
	"slices"
	"strings"
)

// A piece is a part of a report's file that a person can point at: a line, or of a page
// a tag, or the text between two.
type piece struct {
	raw   string
	kind  pieceKind
	line  int    // in the file, from 1
	in    string // of a page: the tag of the element that it stands in
	score string // what it says was reached; "" if nothing
}

type pieceKind uint8

const (
	pieceLine pieceKind = iota
	pieceTag
	pieceText
	pieceComment
	pieceData // what a script or style element holds
)

// pieces takes a file apart. All of it is in the pieces, in order.
func pieces(f Format, b []byte) []piece {
	switch f {
	case HTML:
		return markup(string(b), pageScore)
	case JUnit:
		return markup(string(b), junitScore)
	case JSON, Gradescope, Text:
	}
	var out []piece
	n := 0
	for l := range bytes.Lines(b) {
		n++
		out = append(out, piece{raw: string(l), line: n, score: lineScore(f, string(l))})
	}
	return out
}

// lineScore is what a line of a report says was reached. That of the JSON report is
// compared as values.
func lineScore(f Format, l string) string {
	l = strings.TrimSpace(l)
	word, _, _ := strings.Cut(l, " ")
	counts := false
	switch f {
	case Gradescope:
		counts = slices.Contains([]string{`"score":`, `"max_score":`, `"status":`, `"name":`, `"visibility":`}, word)
	case Text:
		counts = slices.Contains([]string{"ok", "part", "miss", "FAIL", "ERR", "skip"}, word) || verdictLine.MatchString("  "+l)
	case JSON, HTML, JUnit:
	}
	if counts {
		return l
	}
	return ""
}

// junitScore is what a tag of a JUnit report says was reached. Of an outcome that is its
// kind: the rest are words.
func junitScore(_ []string, kind pieceKind, raw string) string {
	if kind != pieceTag {
		return ""
	}
	switch name := tagName(raw); name {
	case "testsuites", "testsuite", "testcase":
		return raw
	case "failure", "error", "skipped":
		return name
	case "property":
		for _, p := range []string{`name="score"`, `name="max_score"`, `name="bonus"`, `name="max_bonus"`, `name="total"`, `.earned"`, `.points"`} {
			if strings.Contains(raw, p) {
				return raw
			}
		}
	}
	return ""
}

// pageScore is what a text on a page says was reached: the title, the verdict, the table
// of checks, the head of each check.
func pageScore(open []string, kind pieceKind, raw string) string {
	if kind != pieceText {
		return ""
	}
	for i, tag := range open {
		switch {
		case tagName(tag) == "title", strings.Contains(tag, `class="verdict"`), strings.Contains(tag, `class="checks"`),
			tagName(tag) == "summary" && i > 0 && strings.Contains(open[i-1], `class="check"`):
			return strings.TrimSpace(raw)
		}
	}
	return ""
}

// void are the elements of a page that have no end.
var void = map[string]bool{"meta": true, "rect": true, "br": true, "img": true, "input": true, "link": true, "hr": true}

// markup takes a page, or XML, apart: well enough to say where it was changed, whatever
// was done to it. Only bytes decide whether it was.
func markup(s string, score func(open []string, kind pieceKind, raw string) string) []piece {
	var out []piece
	var open []string // tags
	at := 1
	add := func(kind pieceKind, raw string) {
		p := piece{raw: raw, kind: kind, line: at}
		if len(open) > 0 {
			p.in = open[len(open)-1]
		}
		p.score = score(open, kind, raw)
		at += strings.Count(raw, "\n")
		out = append(out, p)
	}
	for s != "" {
		switch {
		case strings.HasPrefix(s, "<!--"):
			n := end(s, "-->")
			add(pieceComment, s[:n])
			s = s[n:]
		case s[0] == '<':
			n := end(s, ">")
			tag := s[:n]
			add(pieceTag, tag)
			s = s[n:]
			name := strings.ToLower(strings.Trim(strings.SplitN(strings.TrimLeft(tag, "</"), " ", 2)[0], "<>/! \n\t"))
			switch {
			case strings.HasPrefix(tag, "</"):
				for i := len(open) - 1; i >= 0; i-- {
					if tagName(open[i]) == name {
						open = open[:i]
						break
					}
				}
			case strings.HasPrefix(tag, "<!"), strings.HasPrefix(tag, "<?"), void[name], strings.HasSuffix(tag, "/>"):
			default:
				if len(open) < maxOpen {
					open = append(open, tag)
				}
				if name == "script" || name == "style" {
					n := strings.Index(strings.ToLower(s), "</"+name)
					if n < 0 {
						n = len(s)
					}
					if n > 0 {
						add(pieceData, s[:n])
						s = s[n:]
					}
				}
			}
		default:
			n := strings.IndexByte(s, '<')
			if n < 0 {
				n = len(s)
			}
			add(pieceText, s[:n])
			s = s[n:]
		}
	}
	return out
}

// maxOpen is how many elements in each other are kept.
const maxOpen = 64

// end is where a part of a page ends that ends with mark.
func end(s, mark string) int {
	if i := strings.Index(s, mark); i >= 0 {
		return i + len(mark)
	}
	return len(s)
}

func tagName(tag string) string {
	return strings.ToLower(strings.TrimRight(strings.SplitN(strings.TrimPrefix(tag, "<"), " ", 2)[0], ">"))
}

// shown is a piece as it is told.
func (p *piece) shown() string {
	switch p.kind {
	case pieceText:
		if strings.TrimSpace(p.raw) != "" {
			return html.UnescapeString(strings.TrimSpace(p.raw))
		}
	case pieceData, pieceLine, pieceTag, pieceComment:
	}
	return strings.Trim(p.raw, "\n")
}
