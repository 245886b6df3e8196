package decode

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// A value is what a field holds, in the form in which values are compared.
type value struct {
	u uint64 // of kUint, kHex, kBool, kStatus
	b []byte // of the others
}

func (s *spec) isNumber() bool {
	return s.kind == kUint || s.kind == kHex || s.kind == kBool || s.kind == kStatus || s.kind == kAge
}

func (v value) equal(s *spec, w value) bool {
	if s.isNumber() {
		return v.u == w.u
	}
	return slices.Equal(v.b, w.b)
}

// bitMask is the mask over the field's bytes; every bit when the table gives none.
func (s *spec) bitMask() uint64 {
	if s.mask != 0 {
		return s.mask
	}
	if s.n <= 0 || s.n >= 8 {
		return 1<<32 - 1
	}
	return 1<<(8*s.n) - 1
}

// max is the largest number the field can hold.
func (s *spec) max() uint64 {
	m := s.bitMask()
	m >>= bits.TrailingZeros64(m)
	return m * max(s.scale, 1)
}

// read is the field's value in its own bytes.
func (s *spec) read(b []byte) value {
	if !s.isNumber() {
		return value{b: b}
	}
	if s.proto == pNull {
		return value{u: uint64(binary.LittleEndian.Uint32(b))}
	}
	var u uint64
	for _, c := range b {
		u = u<<8 | uint64(c)
	}
	m := s.bitMask()
	return value{u: (u & m) >> bits.TrailingZeros64(m) * max(s.scale, 1)}
}

// write puts a value that parse accepted into the field's own bytes.
func (s *spec) write(b []byte, v value) {
	if !s.isNumber() {
		copy(b, v.b)
		return
	}
	if s.proto == pNull {
		binary.LittleEndian.PutUint32(b, uint32(v.u))
		return
	}
	m := s.bitMask()
	set := v.u / max(s.scale, 1) << bits.TrailingZeros64(m)
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = b[i]&^byte(m) | byte(set)&byte(m)
		m, set = m>>8, set>>8
	}
}

// format is the value as parse takes it, and what it means.
func (s *spec) format(v value) (val, text string) {
	switch s.kind {
	case kUint, kStatus:
		return strconv.FormatUint(v.u, 10), s.names[v.u]
	case kHex:
		digits := (bits.Len64(s.max()) + 3) / 4
		return fmt.Sprintf("0x%0*x", digits, v.u), s.names[v.u]
	case kBool:
		if v.u == 0 {
			return "0", "not set"
		}
		return "1", "set"
	case kMAC:
		return macString(v.b), ""
	case kIPv4, kIPv6:
		a, _ := netip.AddrFromSlice(v.b)
		return a.String(), ""
	case kBytes:
		return preview(v.b), ""
	case kText:
		b := v.b
		if len(b) > previewBytes {
			b = b[:previewBytes]
		}
		return strconv.Quote(string(b)), ""
	case kName:
		return printable(v.b), ""
	case kAge:
		return strconv.FormatFloat(float64(v.u)/256, 'f', -1, 64), "s"
	}
	return "", ""
}

// printable is a text of a stranger's, in which a byte that is not printable ASCII is \xff
// or the like.
func printable(b []byte) string {
	out := make([]byte, 0, len(b))
	for _, c := range b {
		if c < ' ' || c > '~' || c == '\\' {
			out = fmt.Appendf(out, `\x%02x`, c)
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}

func macString(b []byte) string {
	if len(b) != 6 {
		return hex.EncodeToString(b)
	}
	if b[0]&b[1]&b[2]&b[3]&b[4]&b[5] == 0xff {
		return "ff:ff:ff:ff:ff:ff"
	}
	s := make([]byte, 0, len("00:00:00:00:00:00"))
	for i := range b {
		if i > 0 {
			s = append(s, ':')
		}
		s = hex.AppendEncode(s, b[i:i+1])
	}
	return string(s)
}

// parse reads a value as an author writes it. The error says what was expected.
func (s *spec) parse(text string) (value, error) {
	t := strings.TrimSpace(text)
	switch s.kind {
	case kMAC:
		b, err := hexBytes(t)
		if err != nil || len(b) != 6 {
			return value{}, s.wrong(text, "a MAC address such as 02:00:00:00:00:01")
		}
		return value{b: b}, nil
	case kIPv4:
		a, err := netip.ParseAddr(t)
		if err != nil || !a.Is4() {
			return value{}, s.wrong(text, "an IPv4 address such as 10.0.0.1")
		}
		return value{b: a.AsSlice()}, nil
	case kIPv6:
		a, err := netip.ParseAddr(t)
		if err != nil || !a.Is6() || a.Zone() != "" {
			return value{}, s.wrong(text, "an IPv6 address such as fd00::1")
		}
		return value{b: a.AsSlice()}, nil
	case kBytes:
		b, err := hexBytes(t)
		if err != nil {
			return value{}, s.wrong(text, "bytes in hex such as de:ad:be:ef or deadbeef")
		}
		limit := MaxFrame
		if s.proto != pData {
			limit = 40
		}
		if len(b) > limit {
			return value{}, s.wrong(text, fmt.Sprintf("at most %d bytes", limit))
		}
		return value{b: b}, nil
	case kText, kName:
		if len(text) > MaxFrame {
			return value{}, s.wrong(text, fmt.Sprintf("at most %d bytes", MaxFrame))
		}
		if s.kind == kName && s.name != "dns.txt" { // a name may be written with the root's dot
			if text = strings.TrimSuffix(t, "."); text == "" {
				text = rootName
			}
		}
		return value{b: []byte(text)}, nil
	case kAge:
		f, err := strconv.ParseFloat(t, 64)
		if err != nil || f < 0 || f >= 256 || f*256 != math.Trunc(f*256) {
			return value{}, s.wrong(text, "seconds below 256, such as 2 or 0.5")
		}
		return value{u: uint64(f * 256)}, nil
	case kUint, kHex, kBool, kStatus:
	}
	return s.parseNumber(text, t)
}

func (s *spec) parseNumber(text, t string) (value, error) {
	if s.kind == kBool {
		switch strings.ToLower(t) {
		case "1", "true", "set", "yes":
			return value{u: 1}, nil
		case "0", "false", "not set", "no":
			return value{}, nil
		}
		return value{}, s.wrong(text, "1 or 0")
	}
	u, err := parseUint(t)
	if err != nil {
		for n, name := range s.names { // names are unique within a field: order is of no matter
			if strings.EqualFold(name, t) {
				return value{u: n}, nil
			}
		}
		what := "a number, decimal or 0x"
		if len(s.names) > 0 {
			what += " hex, or a name such as " + strconv.Quote(s.names[slices.Min(keys(s.names))])
		} else {
			what += " hex"
		}
		return value{}, s.wrong(text, what)
	}
	limit := s.limit()
	if u > limit {
		return value{}, s.wrong(text, fmt.Sprintf("at most %d", limit))
	}
	if s.scale > 1 && u%s.scale != 0 {
		return value{}, s.wrong(text, fmt.Sprintf("a multiple of %d", s.scale))
	}
	return value{u: u}, nil
}

// limit is the largest number that may be asked of the field.
func (s *spec) limit() uint64 {
	switch {
	case s.kind == kStatus:
		return 2
	case s.proto == pFrame || s.n == 0:
		return MaxFrame
	}
	return s.max()
}

// spoils reports whether a value given to build the field asks for a checksum that
// is wrong.
func (s *spec) spoils(text string) bool {
	return text == "bad" && strings.HasSuffix(s.name, ".checksum")
}

// parseUint reads decimal and 0x hex. A leading zero is no octal here.
func parseUint(t string) (uint64, error) {
	if h, ok := strings.CutPrefix(strings.ToLower(t), "0x"); ok {
		return strconv.ParseUint(h, 16, 64)
	}
	return strconv.ParseUint(t, 10, 64)
}

func keys(m map[uint64]string) []uint64 {
	out := make([]uint64, 0, len(m))
	for k := range m { // the only use takes the least
		out = append(out, k)
	}
	return out
}

func (s *spec) wrong(text, want string) error {
	if len(text) > 40 {
		text = text[:40] + "..."
	}
	return fmt.Errorf("%s: %q: want %s", s.name, text, want)
}

var errHex = errors.New("not hex bytes")

// hexBytes reads "dead", "de:ad", "de-ad" and "de ad", in groups of any length between
// blanks; "0x" in front is allowed.
func hexBytes(t string) ([]byte, error) {
	if len(t) > 4*MaxFrame {
		return nil, errHex
	}
	var out []byte
	for group := range strings.FieldsSeq(strings.TrimPrefix(t, "0x")) {
		if strings.ContainsAny(group, ":-") {
			for i := 2; i < len(group); i += 3 {
				if group[i] != ':' && group[i] != '-' {
					return nil, errHex
				}
			}
			if len(group)%3 != 2 {
				return nil, errHex
			}
			group = strings.NewReplacer(":", "", "-", "").Replace(group)
		}
		b, err := hex.DecodeString(group)
		if err != nil {
			return nil, err
		}
		out = append(out, b...)
	}
	return out, nil
}
