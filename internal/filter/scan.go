package filter

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A kind is what a token is.
type kind uint8

const (
	tEnd    kind = iota
	tWord        // a name, or a value without quotes
	tString      // a quoted value
	tChar        // a character constant
	tRange       // what stands in the brackets of a slice
	tOp          // everything else, by its canonical text
)

// A token is a part of a filter's text.
type token struct {
	kind     kind
	text     string // of tString and tChar: what is inside, unescaped
	at, size int    // bytes
}

// words are the operators that are words, and signs that have another name.
var words = map[string]string{
	"and": "and", "&&": "and", "or": "or", "||": "or", "xor": "xor", "^^": "xor", "not": "not", "!": "not",
	"eq": "==", "any_eq": "==", "==": "==", "ne": "!=", "all_ne": "!=", "!=": "!=", "all_eq": "===", "===": "===",
	"any_ne": "!==", "!==": "!==", "~=": "!==", "gt": ">", ">": ">", "ge": ">=", ">=": ">=", "lt": "<", "<": "<", "le": "<=", "<=": "<=",
	"contains": "contains", "matches": "matches", "~": "matches", "in": "in", "any": "any", "all": "all",
	"&": "&", "bitwise_and": "&", "bitand": "&",
	"(": "(", ")": ")", "{": "{", "}": "}", ",": ",", "..": "..", "[": "[", "]": "]", "#": "#",
}

// signs are the operators that are no words, the longest first.
var signs = []string{"===", "!==", "==", "!=", ">=", "<=", "~=", "&&", "||", "^^", "..", "~", "!", ">", "<", "&", "(", ")", "{", "}", ",", "[", "]", "#"}

// missing are operators of Wireshark that are not in this language.
var missing = map[byte]string{
	'+': "sums are not in this language", '*': "products are not in this language", '%': "remainders are not in this language",
	'-': "there are no negative numbers in frames, and differences are not in this language", '/': "quotients are not in this language",
	'$': "references to the selected frame are not in this language", '@': "raw bytes of a field are not in this language: slice it, as in eth.src[0:6]",
	'=': "= is no comparison: write ==", '|': "| is not in this language: write || or or",
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == ':' || c == '.'
}

// scan cuts a text into tokens; the last is tEnd.
func scan(text string) ([]token, *Error) {
	if len(text) > MaxText {
		return nil, &Error{Column: 1, Say: fmt.Sprintf("a filter of %d bytes: at most %d are read", len(text), MaxText)}
	}
	if !utf8.ValidString(text) {
		return nil, &Error{Column: 1, Say: "the filter is not UTF-8 text: write bytes as hex, such as de:ad, or \\xde in quotes"}
	}
	s := scanner{text: text}
	for {
		t, err := s.next()
		if err != nil {
			return nil, err
		}
		s.all = append(s.all, t)
		if t.kind == tEnd {
			return s.all, nil
		}
	}
}

type scanner struct {
	text string
	at   int
	all  []token
}

func (s *scanner) fail(at, size int, format string, args ...any) *Error {
	return place(s.text, at, size, format, args...)
}

// place is an error about some bytes of a text.
func place(text string, at, size int, format string, args ...any) *Error {
	at = min(at, len(text))
	return &Error{
		Column: utf8.RuneCountInString(text[:at]) + 1,
		Width:  utf8.RuneCountInString(text[at:min(at+size, len(text))]),
		Say:    fmt.Sprintf(format, args...),
	}
}

func (s *scanner) next() (token, *Error) {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.at]) >= 0 {
		s.at++
	}
	rest := s.text[s.at:]
	if rest == "" {
		return token{kind: tEnd, at: len(s.text)}, nil
	}
	switch c := rest[0]; {
	case c == '"':
		return s.quoted(0)
	case (c == 'r' || c == 'R') && len(rest) > 1 && rest[1] == '"':
		return s.quoted(1)
	case c == '\'':
		return s.char()
	case isWord(c) && !strings.HasPrefix(rest, ".."):
		return s.word(), nil
	}
	for _, sign := range signs {
		if strings.HasPrefix(rest, sign) {
			t := token{kind: tOp, text: words[sign], at: s.at, size: len(sign)}
			s.at += len(sign)
			if sign == "[" {
				s.all = append(s.all, t)
				return s.inside()
			}
			return t, nil
		}
	}
	if why := missing[rest[0]]; why != "" {
		return token{}, s.fail(s.at, 1, "%s", why)
	}
	r, n := utf8.DecodeRuneInString(rest)
	return token{}, s.fail(s.at, n, "%q has no meaning here", r)
}

// word is a name or a value: letters, digits, dots and colons, and inside it - and /. Two
// dots end it.
func (s *scanner) word() token {
	start := s.at
	for s.at < len(s.text) {
		c := s.text[s.at]
		inside := s.at > start && (c == '-' || c == '/') && s.at+1 < len(s.text) && isWord(s.text[s.at+1])
		if !isWord(c) && !inside || strings.HasPrefix(s.text[s.at:], "..") {
			break
		}
		s.at++
	}
	t := token{kind: tWord, text: s.text[start:s.at], at: start, size: s.at - start}
	if op, ok := words[t.text]; ok {
		t.kind, t.text = tOp, op
	}
	return t
}

// inside is what stands between the brackets of a slice, of which the first was read.
func (s *scanner) inside() (token, *Error) {
	n := strings.IndexByte(s.text[s.at:], ']')
	if n < 0 {
		return token{}, s.fail(s.at-1, 1, "this bracket is not closed: write ] behind the bytes, as in eth.src[0:3]")
	}
	t := token{kind: tRange, text: s.text[s.at : s.at+n], at: s.at, size: n}
	s.at += n
	return t, nil
}

// quoted reads a string. In a raw one, as regular expressions have it, backslashes stay.
func (s *scanner) quoted(prefix int) (token, *Error) {
	start, raw := s.at, prefix == 1
	var out strings.Builder
	for i := s.at + prefix + 1; i < len(s.text); i++ {
		c := s.text[i]
		switch {
		case c == '"':
			s.at = i + 1
			return token{kind: tString, text: out.String(), at: start, size: s.at - start}, nil
		case c != '\\':
			out.WriteByte(c)
		case i+1 == len(s.text):
		case raw:
			out.WriteString(s.text[i : i+2])
			i++
		default:
			n, err := s.escape(i, &out)
			if err != nil {
				return token{}, err
			}
			i += n - 1
		}
	}
	return token{}, s.fail(start, 1, "this quote is not closed")
}

// escapes are those of C.
var escapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'a': '\a', 'b': '\b', 'f': '\f', 'v': '\v', '\\': '\\', '"': '"', '\'': '\''}

// escape reads what a backslash begins, and returns how many bytes that is.
func (s *scanner) escape(i int, out *strings.Builder) (int, *Error) {
	rest := s.text[i+1:]
	if c, ok := escapes[rest[0]]; ok {
		out.WriteByte(c)
		return 2, nil
	}
	digits := func(from, limit int, set string) int {
		n := 0
		for n < limit && from+n < len(rest) && strings.IndexByte(set, rest[from+n]) >= 0 {
			n++
		}
		return n
	}
	if rest[0] == 'x' {
		if n := digits(1, 2, "0123456789abcdefABCDEF"); n > 0 {
			u, _ := strconv.ParseUint(rest[1:1+n], 16, 8)
			out.WriteByte(byte(u))
			return 2 + n, nil
		}
	}
	if n := digits(0, 3, "01234567"); n > 0 {
		if u, err := strconv.ParseUint(rest[:n], 8, 8); err == nil {
			out.WriteByte(byte(u))
			return 1 + n, nil
		}
	}
	return 0, s.fail(i, 2, "there is no escape like this: a backslash is \\\\, a byte \\x41")
}

// char reads a character constant, which is a number.
func (s *scanner) char() (token, *Error) {
	start := s.at
	rest := s.text[start+1:]
	var out strings.Builder
	n := 1
	switch {
	case len(rest) > 1 && rest[0] == '\\':
		var err *Error
		if n, err = s.escape(start+1, &out); err != nil {
			return token{}, err
		}
	case rest != "" && rest[0] != '\'' && rest[0] < utf8.RuneSelf:
		out.WriteByte(rest[0])
	}
	if out.Len() != 1 || n >= len(rest) || rest[n] != '\'' {
		return token{}, s.fail(start, 1, "a character is one byte in single quotes; a text stands in double quotes")
	}
	s.at = start + n + 2
	return token{kind: tChar, text: out.String(), at: start, size: s.at - start}, nil
}
