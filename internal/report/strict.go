package report

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"
)

// An Altered is the error of what is a report, and not as labserver writes one: somebody
// has changed it, or another version of labserver has made it.
type Altered struct {
	Say     string
	Version string // that it says made it; "" if it doesn't say
}

// Error says what is wrong.
func (a *Altered) Error() string { return a.Say }

func altered(format string, args ...any) *Altered { return &Altered{Say: fmt.Sprintf(format, args...)} }

// strictly decodes JSON that a stranger may have changed. encoding/json takes a key that
// is there twice, or with other capitals, and so would say another thing than a person
// or another program reads in the same file. Here each key is there once, spelled as it
// is written, at every depth; nothing is null, and nothing follows. The error is an
// *Altered.
func strictly(b []byte, into any) error {
	if !utf8.Valid(b) {
		return altered("it is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	w := walker{dec}
	if err := w.value(reflect.TypeOf(into).Elem(), ""); err != nil {
		return jsonError(err)
	}
	if rest := bytes.Trim(b[dec.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return altered("something follows it: %s", clip(line(string(rest[:min(len(rest), 200)])), 60))
	}
	if err := json.Unmarshal(b, into); err != nil {
		return jsonError(err)
	}
	return nil
}

// jsonError is an error of decoding for people.
func jsonError(err error) error {
	var a *Altered
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &a):
		return a
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return altered("it ends in the middle")
	case errors.As(err, &wrong):
		return altered("%s: a %s does not belong there", line(wrong.Field), wrong.Value)
	}
	return altered("it is damaged: %s", line(err.Error()))
}

// A walker follows the tokens of JSON along a type.
type walker struct{ dec *json.Decoder }

// value takes a value of a type. path is where it stands: "checks[2].earned".
func (w *walker) value(t reflect.Type, path string) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	tok, err := w.dec.Token()
	if err != nil {
		return err
	}
	if tok == nil {
		return altered("%s is null", cleanPath(path))
	}
	text := reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	switch {
	case text || t.Kind() != reflect.Struct && t.Kind() != reflect.Map && t.Kind() != reflect.Slice:
		if _, nested := tok.(json.Delim); nested {
			return altered("%s is a list or an object, and must be one value", cleanPath(path))
		}
		return nil
	case t.Kind() == reflect.Slice && tok == json.Delim('['):
		for i := 0; w.dec.More(); i++ {
			if err := w.value(t.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case t.Kind() != reflect.Slice && tok == json.Delim('{'):
		if err := w.object(t, path); err != nil {
			return err
		}
	default:
		return altered("%s is of another kind than it must be", cleanPath(path))
	}
	_, err = w.dec.Token() // the end of it
	return err
}

func (w *walker) object(t reflect.Type, path string) error {
	seen := map[string]bool{}
	var known map[string]reflect.Type
	if t.Kind() == reflect.Struct {
		known = keys(t)
	}
	for w.dec.More() {
		tok, err := w.dec.Token()
		if err != nil {
			return err
		}
		key, _ := tok.(string) // which the decoder sees to
		at := strings.TrimPrefix(path+"."+key, ".")
		if seen[key] {
			return altered("%s is there twice", cleanPath(at))
		}
		seen[key] = true
		of, ok := known[key]
		switch {
		case known == nil:
			of = t.Elem()
		case !ok:
			return unknown(at, key, known)
		}
		if err := w.value(of, at); err != nil {
			return err
		}
	}
	return nil
}

// unknown says what a key is that no report has there.
func unknown(at, key string, known map[string]reflect.Type) error {
	for k := range known {
		if strings.EqualFold(k, key) {
			return altered("%s: there is no such key, but %s", cleanPath(at), k)
		}
	}
	return altered("%s: there is no such key in a report", cleanPath(at))
}

// keys are those of a struct in JSON, with those of the structs that are embedded in it.
func keys(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			for k, of := range keys(f.Type) {
				if _, hidden := out[k]; !hidden {
					out[k] = of
				}
			}
		case f.IsExported() && name != "" && name != "-":
			out[name] = f.Type
		}
	}
	return out
}

// cleanPath is a path on a line: its keys are a stranger's.
func cleanPath(path string) string {
	if path == "" {
		return "the whole"
	}
	return clip(line(path), 120)
}
