package store

import (
	"crypto/rand"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// NewID makes the id of anything: 130 random bits as 26 characters that a URL and a file's name may have.
func NewID() string { return strings.ToLower(rand.Text()) }

// A moment is a time.Time as a column has it, to scan and to store: Unix milliseconds, 0 for the
// zero time.
type moment struct{ t *time.Time }

func at(t *time.Time) moment { return moment{t} }

// Scan reads a column.
func (m moment) Scan(src any) error {
	ms, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a time is %T, not int64", src)
	}
	*m.t = time.Time{}
	if ms != 0 {
		*m.t = time.UnixMilli(ms).UTC()
	}
	return nil
}

// Value is what a column gets.
func (m moment) Value() (driver.Value, error) {
	if m.t.IsZero() {
		return int64(0), nil
	}
	return m.t.UnixMilli(), nil
}

// A truth is a bool as a column has it, to scan and to store: 0 or 1.
type truth struct{ b *bool }

func flag(b *bool) truth { return truth{b} }

// Scan reads a column.
func (f truth) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a flag is %T, not int64", src)
	}
	*f.b = n != 0
	return nil
}

// Value is what a column gets.
func (f truth) Value() (driver.Value, error) {
	if *f.b {
		return int64(1), nil
	}
	return int64(0), nil
}

// texts are a query's arguments with their texts as both databases take them: PostgreSQL refuses
// bytes of zero and what is no UTF-8, which may come from a path, a file, another system. They become
// U+FFFD.
func texts(args []any) []any {
	for i, a := range args {
		switch v := a.(type) {
		case string:
			if !isText(v) {
				args[i] = asText(v)
			}
		case *string: // of a row
			if !isText(*v) {
				args[i] = asText(*v)
			}
		}
	}
	return args
}

func isText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

func asText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
}
