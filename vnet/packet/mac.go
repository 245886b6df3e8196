package packet

import "fmt"

// A MAC is an Ethernet address. It is comparable; the zero value is 00:00:00:00:00:00.
type MAC [6]byte

// Broadcast is the address of every station: ff:ff:ff:ff:ff:ff.
var Broadcast = MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// ParseMAC reads six pairs of hexadecimal digits separated by colons, or all by
// hyphens: "02:00:00:00:00:01", "02-00-00-00-00-01".
func ParseMAC(s string) (MAC, error) {
	var m MAC
	if len(s) != 17 || (s[2] != ':' && s[2] != '-') {
		return MAC{}, macError(s)
	}
	for i := range m {
		hi, ok1 := hexDigit(s[3*i])
		lo, ok2 := hexDigit(s[3*i+1])
		if !ok1 || !ok2 || (i < 5 && s[3*i+2] != s[2]) {
			return MAC{}, macError(s)
		}
		m[i] = hi<<4 | lo
	}
	return m, nil
}

func macError(s string) error {
	if len(s) > 40 {
		s = s[:40] + "..."
	}
	return fmt.Errorf("packet: %q is not a MAC address: want six pairs of hex digits such as 02:00:00:00:00:01", s)
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// String is the address in lower case with colons.
func (m MAC) String() string {
	const digits = "0123456789abcdef"
	var b [17]byte
	for i, v := range m {
		b[3*i], b[3*i+1] = digits[v>>4], digits[v&15]
		if i < 5 {
			b[3*i+2] = ':'
		}
	}
	return string(b[:])
}

// IsMulticast reports whether the group bit is set; it is set in the broadcast address too.
func (m MAC) IsMulticast() bool { return m[0]&1 != 0 }

// IsBroadcast reports whether m is ff:ff:ff:ff:ff:ff.
func (m MAC) IsBroadcast() bool { return m == Broadcast }

// IsZero reports whether m is 00:00:00:00:00:00.
func (m MAC) IsZero() bool { return m == MAC{} }

// MarshalText is String as bytes.
func (m MAC) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText is [ParseMAC].
func (m *MAC) UnmarshalText(text []byte) error {
	v, err := ParseMAC(string(text))
	if err != nil {
		return err
	}
	*m = v
	return nil
}
