package format

import (
	"fmt"
	"regexp"
	"strings"
)

// twice is what the YAML parser says of a key that a mapping has already.
var twice = regexp.MustCompile(`^mapping key "([^"]*)" already defined at \[(\d+):`)

// advise says what is wrong with a file that is no YAML, for somebody who writes one
// by hand: the parser's words, and where its lines show a usual mistake what to do. line
// counts from 1.
func advise(message string, lines []string, line int) string {
	text := ""
	if line >= 1 && line <= len(lines) {
		text = lines[line-1]
	}
	said := "not valid YAML: " + message
	lead := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	if m := twice.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf(`key "%s" is there twice; the first is in line %s. Does a "- " lack, with which an item of a list begins?`, m[1], m[2])
	}
	switch {
	case strings.Contains(lead, "\t"):
		return "a tab: YAML is indented with blanks"
	case strings.Contains(text, "\u00a0"):
		return said + "; the line has a no-break space (U+00A0) in it, as web pages and word processors write: make it a blank"
	case strings.Contains(message, "mapping value is not allowed"):
		if next := after(lines, line); strings.Contains(text, ": ") && indent(next) > indent(text) {
			return said + "; the line after it is indented deeper: keys that belong together begin in the same column"
		}
		return said + "; a text with a colon and a blank in it needs quotes"
	case strings.Contains(message, "pre-defined"):
		if open := unclosed(lines, line); open > 0 {
			return fmt.Sprintf("%s; is the quote that begins in line %d closed?", said, open)
		}
		return said + "; quotes go around the whole text"
	case strings.Contains(message, "value is not allowed in this context"):
		if before := before(lines, line); before != "" && indent(before) != indent(text) {
			return fmt.Sprintf("%s; it is indented by %d columns, the line before by %d: keys that belong together begin in the same column", said, indent(text), indent(before))
		}
	case strings.Contains(message, "must be specified"):
		return said + "; between { and }, [ and ], entries are parted by commas, quotes are closed, and texts with ${...} need quotes"
	case strings.Contains(message, "non-map value is specified"):
		return said + "; is it KEY: VALUE, with a blank after the colon, in the column of its neighbours?"
	}
	return said
}

// unclosed is the last line before one that has an odd number of double quotes, 0 if
// there is none.
func unclosed(lines []string, line int) int {
	for i := min(line-2, len(lines)-1); i >= 0; i-- {
		if strings.Count(lines[i], `"`)%2 == 1 {
			return i + 1
		}
	}
	return 0
}

// indent is the column of the first key of a line: a "- " before it counts as blanks.
func indent(line string) int {
	rest := strings.TrimLeft(line, " ")
	for strings.HasPrefix(rest, "- ") {
		rest = strings.TrimLeft(rest[1:], " ")
	}
	return len(line) - len(rest)
}

// before is the last line before one that says something, "" if there is none.
func before(lines []string, line int) string {
	for i := min(line-2, len(lines)-1); i >= 0; i-- {
		if says(lines[i]) {
			return lines[i]
		}
	}
	return ""
}

// after is the first line after one that says something, "" if there is none.
func after(lines []string, line int) string {
	for i := max(line, 0); i < len(lines); i++ {
		if says(lines[i]) {
			return lines[i]
		}
	}
	return ""
}

func says(line string) bool {
	t := strings.TrimSpace(line)
	return t != "" && t[0] != '#'
}
