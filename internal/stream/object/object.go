// Package object appends JSON to a buffer by hand: a lab makes tens of thousands of events
// a second, and reflection would be most of the work.
package object

import (
	"encoding/hex"
	"strconv"
	"unicode/utf8"
)

// An Object appends the members of a JSON object; what is zero is left out.
type Object struct {
	B     []byte // what was appended so far
	empty bool   // no member yet
}

// Open begins an object behind b.
func Open(b []byte) Object { return Object{append(b, '{'), true} }

// Inside goes on with an object that has members already.
func Inside(b []byte) Object { return Object{B: b} }

// Close ends the object.
func (o *Object) Close() []byte { return append(o.B, '}') }

// Name appends a member's name, which needs no escapes.
func (o *Object) Name(name string) {
	if !o.empty {
		o.B = append(o.B, ',')
	}
	o.empty = false
	o.B = append(o.B, '"')
	o.B = append(o.B, name...)
	o.B = append(o.B, '"', ':')
}

// Str appends a text, unless it is empty.
func (o *Object) Str(name, v string) {
	if v != "" {
		o.Name(name)
		o.B = AppendString(o.B, v)
	}
}

// Num appends a number, unless it is 0.
func (o *Object) Num(name string, v int64) {
	if v != 0 {
		o.Int(name, v)
	}
}

// Int is Num for what is there even if it is zero.
func (o *Object) Int(name string, v int64) {
	o.Name(name)
	o.B = strconv.AppendInt(o.B, v, 10)
}

// Bool is there also where it is false.
func (o *Object) Bool(name string, v bool) {
	o.Name(name)
	o.B = strconv.AppendBool(o.B, v)
}

// Float appends a number with four places.
func (o *Object) Float(name string, v float64) {
	o.Name(name)
	o.B = strconv.AppendFloat(o.B, v, 'f', 4, 64)
}

// List is there even if it has no items.
func (o *Object) List(name string, items []string) {
	o.Name(name)
	o.B = append(o.B, '[')
	for i, v := range items {
		if i > 0 {
			o.B = append(o.B, ',')
		}
		o.B = AppendString(o.B, v)
	}
	o.B = append(o.B, ']')
}

// Hex appends bytes, two digits each, unless there are none.
func (o *Object) Hex(name string, v []byte) {
	if len(v) > 0 {
		o.Name(name)
		o.B = AppendHex(o.B, v)
	}
}

// AppendHex appends bytes as a JSON string, two digits each.
func AppendHex(b, v []byte) []byte {
	return append(hex.AppendEncode(append(b, '"'), v), '"')
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string; bytes that are not UTF-8 become U+FFFD.
func AppendString[T string | []byte](b []byte, s T) []byte {
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
