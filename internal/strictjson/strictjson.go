// Package strictjson reads JSON that strangers wrote. It takes what encoding/json
// takes for a Go value and refuses what two readers could read in two ways: a key
// twice or in another spelling, a key that the value has not, null where there is a
// value, bytes that are not UTF-8, and what follows the value. Its errors say where
// something is wrong and what is wanted in plain words, never by the names of Go's
// types.
package strictjson

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"wireloom/internal/terminal"
)

// MaxDepth is how deep lists and objects may be in each other. Nothing that this
// program reads comes near it.
const MaxDepth = 32

// MaxValues is how many values a text may have: lists, objects and what is in them.
// A value of a few bytes may take some hundred bytes of memory, so that a limit of
// bytes alone is none.
const MaxValues = 1 << 20

// shownText is how many bytes of what a stranger wrote are put into an error.
const shownText = 40

// Decode reads the one JSON value that b is into v, a pointer. Where it returns an
// error, what v points to may have been changed in part.
func Decode(b []byte, v any) error {
	if !utf8.Valid(b) {
		return errors.New("it is not UTF-8 text")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	w := walk{text: b, d: d}
	if err := w.value(reflect.TypeOf(v).Elem(), 0); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	if err := json.Unmarshal(b, v); err != nil {
		// The walk has looked for all that can be wrong. If it missed something, that
		// is said without encoding/json's words, which name Go types.
		return errors.New("it is not what is wanted here")
	}
	return nil
}

// A walk goes through the tokens of a text along the Go type that it is for.
type walk struct {
	text   []byte
	d      *json.Decoder
	path   []string // the keys and the numbers of items that lead to where it is
	values int
}

// fail is an error about the value where the walk is.
func (w *walk) fail(format string, args ...any) error {
	what := fmt.Errorf(format, args...)
	if len(w.path) == 0 {
		return fmt.Errorf("it %w", what)
	}
	return fmt.Errorf("%s %w", strings.TrimPrefix(strings.Join(w.path, ""), "."), what)
}

// token is the next token; what isn't JSON is an error.
func (w *walk) token() (json.Token, error) {
	t, err := w.d.Token()
	switch {
	case err == nil:
		return t, nil
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("it ends in the middle: the JSON is not complete")
	}
	return nil, fmt.Errorf("it is not JSON: something is wrong at byte %d", w.d.InputOffset())
}

var (
	textType  = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonType  = reflect.TypeFor[json.Unmarshaler]()
	bytesType = reflect.TypeFor[[]byte]()
	rawType   = reflect.TypeFor[json.RawMessage]()
)

// value checks the next value against a type.
func (w *walk) value(t reflect.Type, depth int) error {
	if w.values++; w.values > MaxValues {
		return fmt.Errorf("it has more than %d values", MaxValues)
	}
	if depth > MaxDepth {
		return w.fail("is more than %d lists and objects deep", MaxDepth)
	}
	start := w.d.InputOffset()
	tok, err := w.token()
	if err != nil {
		return err
	}
	for t.Kind() == reflect.Pointer {
		if tok == nil {
			return nil
		}
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Interface || t == rawType:
		return w.anything(tok, depth)
	case reflect.PointerTo(t).Implements(jsonType):
		return w.own(tok, t, start, depth)
	case reflect.PointerTo(t).Implements(textType):
		s, ok := tok.(string)
		if !ok {
			return w.fail("is %s, want a text", kindOf(tok))
		}
		if err := reflect.New(t).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)); err != nil {
			return w.fail("is %s, which cannot be read as what is wanted there", quote(s))
		}
		return nil
	case t == bytesType:
		if tok == nil {
			return nil
		}
		s, ok := tok.(string)
		if !ok {
			return w.fail("is %s, want bytes in base64", kindOf(tok))
		}
		if _, err := base64.StdEncoding.Strict().DecodeString(s); err != nil {
			return w.fail("is not base64")
		}
		return nil
	}
	switch t.Kind() { //nolint:exhaustive // the others are of no value that is read
	case reflect.String:
		if _, ok := tok.(string); !ok {
			return w.fail("is %s, want a text", kindOf(tok))
		}
		return nil
	case reflect.Bool:
		if _, ok := tok.(bool); !ok {
			return w.fail("is %s, want true or false", kindOf(tok))
		}
		return nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return w.number(tok, t)
	case reflect.Slice, reflect.Array:
		if tok == nil && t.Kind() == reflect.Slice {
			return nil
		}
		if tok != json.Delim('[') {
			return w.fail("is %s, want a list", kindOf(tok))
		}
		return w.list(t.Elem(), depth)
	case reflect.Map:
		if tok == nil {
			return nil
		}
		if tok != json.Delim('{') {
			return w.fail("is %s, want an object", kindOf(tok))
		}
		return w.object(depth, func(string) (reflect.Type, string) { return t.Elem(), "" })
	case reflect.Struct:
		if tok != json.Delim('{') {
			return w.fail("is %s, want an object", kindOf(tok))
		}
		fields := fieldsOf(t)
		return w.object(depth, func(key string) (reflect.Type, string) {
			if f, ok := fields[key]; ok {
				return f, ""
			}
			for name := range fields {
				if strings.EqualFold(name, key) {
					return nil, fmt.Sprintf(", but %q", name)
				}
			}
			return nil, ""
		})
	}
	panic("strictjson: nothing is known of " + t.String())
}

// own checks a value of a type that reads its own JSON, from behind the token before
// it on. Such a type is strict itself, and its errors are in plain words: it uses this
// package.
func (w *walk) own(tok json.Token, t reflect.Type, start int64, depth int) error {
	if err := w.anything(tok, depth); err != nil {
		return err
	}
	raw := bytes.TrimLeft(w.text[start:w.d.InputOffset()], " \t\r\n,:")
	if err := reflect.New(t).Interface().(json.Unmarshaler).UnmarshalJSON(raw); err != nil {
		return w.fail("is wrong: %w", err)
	}
	return nil
}

func (w *walk) number(tok json.Token, t reflect.Type) error {
	n, ok := tok.(json.Number)
	if !ok {
		return w.fail("is %s, want a number", kindOf(tok))
	}
	var err error
	switch t.Kind() { //nolint:exhaustive // value calls it for numbers
	case reflect.Float32, reflect.Float64:
		if _, err = strconv.ParseFloat(n.String(), t.Bits()); err != nil {
			return w.fail("is %s, want a smaller number", quote(n.String()))
		}
		return nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		_, err = strconv.ParseUint(n.String(), 10, t.Bits())
	default:
		_, err = strconv.ParseInt(n.String(), 10, t.Bits())
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, strconv.ErrRange):
		return w.fail("is %s, which is too large a number", clip(n.String()))
	case strings.HasPrefix(n.String(), "-") && !strings.ContainsAny(n.String(), ".eE"):
		return w.fail("is %s, want 0 or more", clip(n.String()))
	}
	return w.fail("is %s, want a whole number", clip(n.String()))
}

// list checks items up to the end of a list.
func (w *walk) list(t reflect.Type, depth int) error {
	at := len(w.path)
	for i := 0; w.d.More(); i++ {
		w.path = append(w.path[:at], "["+strconv.Itoa(i)+"]")
		if err := w.value(t, depth+1); err != nil {
			return err
		}
	}
	w.path = w.path[:at]
	_, err := w.token()
	return err
}

// object checks members up to the end of an object; of is the type of a key's value,
// nil where there is no such key, with a hint which was meant.
func (w *walk) object(depth int, of func(key string) (t reflect.Type, hint string)) error {
	at := len(w.path)
	seen := map[string]bool{}
	for w.d.More() {
		tok, err := w.token()
		if err != nil {
			return err
		}
		key, ok := tok.(string)
		if !ok {
			return fmt.Errorf("it is not JSON: something is wrong at byte %d", w.d.InputOffset())
		}
		t, hint := of(key)
		switch {
		case t == nil:
			return w.fail("has no key %s%s", quote(key), hint)
		case seen[key]:
			return w.fail("has the key %s twice", quote(key))
		}
		seen[key] = true
		w.path = append(w.path[:at], "."+clip(key))
		if err := w.value(t, depth+1); err != nil {
			return err
		}
		w.path = w.path[:at]
	}
	_, err := w.token()
	return err
}

// anything checks a value of which no type is known. Keys are still unique.
func (w *walk) anything(tok json.Token, depth int) error {
	t := reflect.TypeFor[any]()
	switch tok {
	case json.Delim('['):
		return w.list(t, depth)
	case json.Delim('{'):
		return w.object(depth, func(string) (reflect.Type, string) { return t, "" })
	}
	return nil
}

// known are the fields of each struct that was read before: a viewer's commands are all of one.
var known sync.Map // of reflect.Type to map[string]reflect.Type

// fieldsOf are the types of a struct's members by their names in JSON. Those of
// embedded structs are among them; an outer one hides an inner one. Nobody changes the map.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if fields, ok := known.Load(t); ok {
		return fields.(map[string]reflect.Type) //nolint:forcetypeassert // nothing else is put there
	}
	fields := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.Anonymous || name != "" {
			continue
		}
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			maps.Copy(fields, fieldsOf(inner))
		}
	}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || f.Anonymous && name == "" || f.Tag.Get("json") == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		fields[name] = f.Type
	}
	known.Store(t, fields)
	return fields
}

// kindOf says what a token begins.
func kindOf(tok json.Token) string {
	switch tok := tok.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(tok)
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case json.Delim:
		if tok == '[' {
			return "a list"
		}
		return "an object"
	}
	return "something else"
}

// clip shortens what a stranger wrote.
func clip(s string) string { return terminal.Cut(s, shownText) }

// quote is clip between quotation marks, with escapes for what a terminal would obey.
func quote(s string) string { return strconv.QuoteToGraphic(clip(s)) }
