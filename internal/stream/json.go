package stream

import (
	"encoding/hex"
	"strconv"
	"unicode/utf8"

	"wireloom/internal/decode"
	"wireloom/vnet/event"
)

// The JSON of events and states is appended to a buffer by hand: a lab makes tens
// of thousands of events a second, and reflection would be most of the work.

// An object appends the members of a JSON object; what is zero is left out.
type object struct {
	b     []byte
	empty bool // no member yet
}

func open(b []byte) object { return object{append(b, '{'), true} }

func (o *object) close() []byte { return append(o.b, '}') }

// name appends a member's name, which needs no escapes.
func (o *object) name(name string) {
	if !o.empty {
		o.b = append(o.b, ',')
	}
	o.empty = false
	o.b = append(o.b, '"')
	o.b = append(o.b, name...)
	o.b = append(o.b, '"', ':')
}

func (o *object) str(name, v string) {
	if v != "" {
		o.name(name)
		o.b = appendString(o.b, v)
	}
}

func (o *object) num(name string, v int64) {
	if v != 0 {
		o.int(name, v)
	}
}

// int is num for what is there even if it is zero.
func (o *object) int(name string, v int64) {
	o.name(name)
	o.b = strconv.AppendInt(o.b, v, 10)
}

func (o *object) bool(name string, v bool) {
	o.name(name)
	o.b = strconv.AppendBool(o.b, v)
}

func (o *object) float(name string, v float64) {
	o.name(name)
	o.b = strconv.AppendFloat(o.b, v, 'f', 4, 64)
}

// list is there even if it has no items.
func (o *object) list(name string, items []string) {
	o.name(name)
	o.b = append(o.b, '[')
	for i, v := range items {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendString(o.b, v)
	}
	o.b = append(o.b, ']')
}

func (o *object) hex(name string, v []byte) {
	if len(v) > 0 {
		o.name(name)
		o.b = appendHex(o.b, v)
	}
}

func appendHex(b, v []byte) []byte {
	return append(hex.AppendEncode(append(b, '"'), v), '"')
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string; bytes that are not UTF-8 become U+FFFD.
func appendString[T string | []byte](b []byte, s T) []byte {
	b = append(b, '"')
	plain := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
			if r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
			b = append(b, s[plain:i]...)
			b = append(b, "\ufffd"...)
			i++
			plain = i
			continue
		}
		b = append(b, s[plain:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		plain = i
	}
	b = append(b, s[plain:]...)
	return append(b, '"')
}

// Limits of an event as the page gets it.
const (
	maxData = 16 << 10 // bytes of a frame or a call; "size" says how many there are
	maxText = 8 << 10  // bytes of a sentence
)

// text appends what was written to a console, and its bytes if the text does not
// tell them.
func (o *object) text(v []byte) {
	o.name("text")
	o.b = appendString(o.b, v)
	if !utf8.Valid(v) {
		o.hex("data", v)
	}
}

// frameOf returns the frame that an event is about, if the event is what shows it: the
// frame of a command or a limit has an event of its own.
func frameOf(e *event.Event) (event.Packet, bool) {
	p, ok := e.Packet()
	return p, ok && e.Kind != event.Command && e.Kind != event.Limit
}

// textOf is the sentence of an event, which may name the frame that it is about.
func textOf(e *event.Event) string {
	s := e.Text
	if e.Kind == event.Limit && e.Frame != 0 {
		sum := decode.Summarize(e.Link, e.Data)
		s += ": " + sum.Proto + " " + sum.Info
	}
	if len(s) > maxText {
		s = s[:maxText-torn([]byte(s[:maxText]))] + "…"
	}
	return s
}
