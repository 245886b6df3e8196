package roster

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// text decodes a file as spreadsheets write it, and says how: UTF-8, UTF-16 as Excel's "Unicode
// text" is, with or without a mark, or else Windows-1252, in which every file is something.
func text(file []byte) (decoded, how string, err error) {
	switch {
	case len(file) == 0:
		return "", "", errors.New("the file is empty")
	case bytes.HasPrefix(file, []byte("PK\x03\x04")), bytes.HasPrefix(file, []byte("\xd0\xcf\x11\xe0")):
		return "", "", errors.New("this is a spreadsheet (or another packed file), not CSV: in the spreadsheet program choose Save as, CSV UTF-8")
	case bytes.HasPrefix(file, []byte("\xff\xfe")):
		return wide(file[2:], binary.LittleEndian), "UTF-16", nil
	case bytes.HasPrefix(file, []byte("\xfe\xff")):
		return wide(file[2:], binary.BigEndian), "UTF-16", nil
	case bytes.HasPrefix(file, []byte("\xef\xbb\xbf")):
		file = file[3:]
	case looksWide(file, 1):
		return wide(file, binary.LittleEndian), "UTF-16", nil
	case looksWide(file, 0):
		return wide(file, binary.BigEndian), "UTF-16", nil
	}
	if bytes.IndexByte(file, 0) >= 0 {
		return "", "", errors.New("this is no text: it has bytes of zero")
	}
	if utf8.Valid(file) {
		return string(file), "UTF-8", nil
	}
	b, err := charmap.Windows1252.NewDecoder().Bytes(file)
	return string(b), "Windows-1252", err
}

// looksWide tells whether each second byte of what the file begins with is zero, as in UTF-16 of
// a header's Latin letters.
func looksWide(file []byte, zero int) bool {
	n := min(len(file), 16) &^ 1
	for i := zero; i < n; i += 2 {
		if file[i] != 0 {
			return false
		}
	}
	return n >= 4 && file[1-zero] != 0
}

func wide(b []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return strings.ReplaceAll(string(utf16.Decode(units)), "\x00", "")
}
