package stream

import (
	"bytes"
	"unicode/utf8"
)

// A gapped text is what a process wrote, or its beginning and its end if it wrote
// more than limit bytes.
type gapped struct {
	limit int
	head  []byte // at most half of the limit
	tail  []byte
	all   count // bytes and lines written
}

func (g *gapped) write(b []byte) {
	g.all.bytes += uint64(len(b))
	g.all.lines += uint64(bytes.Count(b, []byte{'\n'}))
	n := min(g.limit/2-len(g.head), len(b))
	g.head = append(g.head, b[:n]...)
	b = b[n:]
	if len(b) > g.limit {
		g.tail, b = g.tail[:0], b[len(b)-g.limit:]
	}
	g.tail = append(g.tail, b...)
	if len(g.tail) > 2*g.limit { // seldom, so that little is copied
		g.tail = g.tail[:copy(g.tail, g.tail[len(g.tail)-g.limit:])]
	}
}

// parts returns what is shown and how much is left out between the two. Both parts
// end and begin with whole lines, if they have any, or else with whole characters.
// Where nothing is left out tail is nil.
func (g *gapped) parts() (head, tail []byte, left count) {
	if g.all.bytes <= uint64(g.limit) {
		return append(g.head[:len(g.head):len(g.head)], g.tail...), nil, count{}
	}
	head = g.head
	from := max(len(g.tail)-g.limit/2, 0)
	tail = g.tail[from:]
	if i := bytes.LastIndexByte(head, '\n'); i >= 0 {
		head = head[:i+1]
	} else {
		head = head[:len(head)-torn(head)]
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
	left.bytes = g.all.bytes - uint64(len(head)+len(tail))
	left.lines = g.all.lines - uint64(bytes.Count(head, []byte{'\n'})+bytes.Count(tail, []byte{'\n'}))
	return head, tail, left
}

// torn is how many bytes at the end of b begin a character that goes on behind it.
func torn(b []byte) int {
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
