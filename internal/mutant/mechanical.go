package mutant

import (
	"fmt"
	"strconv"
	"strings"
)

// A Change is a mechanical mistake: one token or call of a C program replaced.
type Change struct {
	Line int    // of the source, from 1
	What string // in words, such as "== becomes !="
	Text string // the line as it was, without the blanks around it

	from, to int // the bytes of the source that it replaces
	with     string
}

// Apply returns the source with the mistake in it.
func (c Change) Apply(source string) string { return source[:c.from] + c.with + source[c.to:] }

// String names the change.
func (c Change) String() string { return fmt.Sprintf("%d: %s: %s", c.Line, c.What, c.Text) }

// binary are the operators that are exchanged. Those in both of C's worlds, & and -
// for example, only where an operand stands before them.
var binary = map[string]string{
	"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">",
	"&&": "||", "||": "&&", "+": "-", "-": "+", "&": "|", "|": "&", "<<": ">>", ">>": "<<",
	"+=": "-=", "-=": "+=", "&=": "|=", "|=": "&=", "++": "--", "--": "++",
}

// unary are the operators that are left out.
var unary = map[string]bool{"!": true, "~": true}

// Mechanical returns every mechanical mistake in a C program, in the order of the
// source: an operator exchanged for its neighbour, or a negation left out; a whole
// number one more or one less, also in a #define; a call that is a statement left
// out. What is in comments, strings and #include is not touched.
func Mechanical(source string) []Change {
	toks := tokens(source)
	var out []Change
	add := func(from, to int, with, what string) {
		line := 1 + strings.Count(source[:from], "\n")
		begin := strings.LastIndexByte(source[:from], '\n') + 1
		text, _, _ := strings.Cut(source[begin:], "\n")
		out = append(out, Change{Line: line, What: what, Text: strings.TrimSpace(text), from: from, to: to, with: with})
	}
	for i, t := range toks {
		switch {
		case t.kind == number:
			for _, n := range beside(t.text) {
				add(t.at, t.end(), n, t.text+" becomes "+n)
			}
		case t.kind == name:
			if to, ok := callStatement(toks, i); ok {
				add(t.at, toks[to].at, "", "the call of "+t.text+" is left out")
			}
		case unary[t.text]:
			add(t.at, t.end(), "", t.text+" is left out")
		case t.text == "++" || t.text == "--" || binary[t.text] != "" && i > 0 && toks[i-1].operand():
			add(t.at, t.end(), binary[t.text], t.text+" becomes "+binary[t.text])
		}
	}
	return out
}

// beside returns a whole number's neighbours, written as it is.
func beside(text string) []string {
	digits := strings.TrimRight(text, "uUlL")
	suffix := text[len(digits):]
	n, err := strconv.ParseUint(digits, 0, 64)
	if err != nil {
		return nil
	}
	format := "%d"
	if len(digits) > 1 && (digits[1] == 'x' || digits[1] == 'X') {
		format = "0x%0" + strconv.Itoa(len(digits)-2) + "x"
	}
	out := []string{fmt.Sprintf(format, n+1) + suffix}
	if n > 0 {
		out = append(out, fmt.Sprintf(format, n-1)+suffix)
	}
	return out
}

// callStatement tells whether toks[i] begins a statement that is a call and nothing
// else, and returns its semicolon.
func callStatement(toks []token, i int) (int, bool) {
	if i == 0 || i+1 >= len(toks) || toks[i+1].text != "(" {
		return 0, false
	}
	switch prev := toks[i-1].text; prev {
	case ";", "{", "}", ")", "else":
	default:
		return 0, false
	}
	switch toks[i].text {
	case "if", "for", "while", "switch", "return", "sizeof":
		return 0, false
	}
	depth := 0
	for j := i + 1; j < len(toks); j++ {
		switch toks[j].text {
		case "(":
			depth++
		case ")":
			depth--
			if depth == 0 {
				return j + 1, j+1 < len(toks) && toks[j+1].text == ";"
			}
		case "{", ";":
			return 0, false
		}
	}
	return 0, false
}

// A token is a word of a C program.
type token struct {
	kind tokenKind
	at   int // its first byte in the source
	text string
}

type tokenKind uint8

const (
	other tokenKind = iota // an operator or other sign
	name
	number
	literal // a string or character
)

func (t token) end() int { return t.at + len(t.text) }

// operand tells whether a value ends with the token, so that an operator behind it
// has two of them.
func (t token) operand() bool {
	return t.kind == name && t.text != "return" || t.kind == number || t.text == ")" || t.text == "]"
}

// signs are the operators of more than one character, the longest first.
var signs = []string{"<<=", ">>=", "...", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="}

// tokens splits a C program into its words. Comments, #include and #if lines are
// left out; of a #define only what stands behind the name is there.
func tokens(src string) []token {
	var out []token
	for i := 0; i < len(src); {
		rest := src[i:]
		switch c := src[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\\':
			i++
		case strings.HasPrefix(rest, "/*"):
			i += upTo(rest, "*/")
		case strings.HasPrefix(rest, "//"):
			i += upTo(rest, "\n")
		case c == '#' && !strings.HasPrefix(rest, "#define"):
			i += upTo(rest, "\n")
		case c == '#':
			n := len("#define")
			for n < len(rest) && (rest[n] == ' ' || rest[n] == '\t') {
				n++
			}
			for n < len(rest) && wordByte(rest[n]) {
				n++
			}
			i += n
		case c == '"' || c == '\'':
			n := 1
			for n < len(rest) && rest[n] != c {
				if rest[n] == '\\' {
					n++
				}
				n++
			}
			n = min(n+1, len(rest))
			out = append(out, token{literal, i, rest[:n]})
			i += n
		case wordByte(c):
			n := 1
			for n < len(rest) && wordByte(rest[n]) {
				n++
			}
			kind := name
			if c >= '0' && c <= '9' {
				kind = number
			}
			out = append(out, token{kind, i, rest[:n]})
			i += n
		default:
			n := 1
			for _, s := range signs {
				if strings.HasPrefix(rest, s) {
					n = len(s)
					break
				}
			}
			out = append(out, token{other, i, rest[:n]})
			i += n
		}
	}
	return out
}

// upTo returns how many bytes of text there are up to and with its first end.
func upTo(text, end string) int {
	if i := strings.Index(text, end); i >= 0 {
		return i + len(end)
	}
	return len(text)
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
