package packet

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// FuzzChecksum holds the fast sum to RFC 1071's and incremental updates to both.
func FuzzChecksum(f *testing.F) {
	f.Add([]byte{0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7}, uint16(0x1234))
	f.Add(bytes.Repeat([]byte{0xff}, 99), uint16(0xffff))
	f.Fuzz(func(t *testing.T, b []byte, word uint16) {
		if got, want := Checksum(b), slowChecksum(b); got != want {
			t.Fatalf("Checksum(%x) = 0x%04x, want 0x%04x", b, got, want)
		}
		if len(b) < 4 {
			return
		}
		c := bytes.Clone(b)
		c[0] |= 1 // RFC 1624 holds where the sum is not that of nothing but zeros
		before, old := Checksum(c), binary.BigEndian.Uint16(c[2:])
		binary.BigEndian.PutUint16(c[2:], word)
		if got, want := UpdateChecksum16(before, old, word), Checksum(c); got != want {
			t.Errorf("UpdateChecksum16 = 0x%04x, want 0x%04x", got, want)
		}
	})
}

// FuzzMAC: what parses prints as itself.
func FuzzMAC(f *testing.F) {
	f.Add("02:00:00:00:00:01")
	f.Add("ff-FF-ff-ff-ff-ff")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMAC(s)
		if err != nil {
			return
		}
		if back, err := ParseMAC(m.String()); err != nil || back != m {
			t.Errorf("%q -> %v -> %v, %v", s, m, back, err)
		}
	})
}
