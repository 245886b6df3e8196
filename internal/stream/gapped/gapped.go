// Package gapped is a text of any length of which the beginning and the end are kept.
package gapped

import (
	"bytes"
	"unicode/utf8"
)

// A Text is what was written, or its beginning and its end if it is more than Limit bytes.
type Text struct {
	Limit int

	head []byte // at most half of the limit
	tail []byte
	all  Size // that was written
}

// A Size is how much of a text.
type Size struct{ Bytes, Lines uint64 }

// Write appends to the text.
func (g *Text) Write(b []byte) {
	g.all.Bytes += uint64(len(b))
	g.all.Lines += uint64(bytes.Count(b, []byte{'\n'}))
	n := min(g.Limit/2-len(g.head), len(b))
	g.head = append(g.head, b[:n]...)
	b = b[n:]
	if len(b) > g.Limit {
		g.tail, b = g.tail[:0], b[len(b)-g.Limit:]
	}
	g.tail = append(g.tail, b...)
	if len(g.tail) > 2*g.Limit { // seldom, so that little is copied
		g.tail = g.tail[:copy(g.tail, g.tail[len(g.tail)-g.Limit:])]
	}
}

// Parts returns what is shown and how much is left out between the two. Both parts
// end and begin with whole lines, if they have any, or else with whole characters.
// Where nothing is left out tail is nil.
func (g *Text) Parts() (head, tail []byte, left Size) {
	if g.all.Bytes <= uint64(g.Limit) {
		return append(g.head[:len(g.head):len(g.head)], g.tail...), nil, Size{}
	}
	head = g.head
	from := max(len(g.tail)-g.Limit/2, 0)
	tail = g.tail[from:]
	if i := bytes.LastIndexByte(head, '\n'); i >= 0 {
		head = head[:i+1]
	} else {
		head = head[:len(head)-Torn(head)]
	}
	switch i := bytes.IndexByte(tail, '\n'); {
	case from > 0 && g.tail[from-1] == '\n': // it begins with a whole line
	case i >= 0 && i < len(tail)-1:
		tail = tail[i+1:]
	default:
		for n := 0; n < utf8.UTFMax && len(tail) > 0 && !utf8.RuneStart(tail[0]); n++ {
			tail = tail[1:]
		}
	}
	left.Bytes = g.all.Bytes - uint64(len(head)+len(tail))
	left.Lines = g.all.Lines - uint64(bytes.Count(head, []byte{'\n'})+bytes.Count(tail, []byte{'\n'}))
	return head, tail, left
}

// Torn is how many bytes at the end of b begin a character that goes on behind it.
func Torn(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}
