package udp

import (
	"bytes"
	"net/netip"
	"testing"
)

var (
	alice4, bob4 = netip.MustParseAddrPort("10.0.0.1:1000"), netip.MustParseAddrPort("10.0.0.2:53")
	alice6, bob6 = netip.MustParseAddrPort("[fd00::1]:1000"), netip.MustParseAddrPort("[fd00::2]:53")
)

func TestParse(t *testing.T) {
	change := func(at int, to ...byte) func([]byte) []byte {
		return func(p []byte) []byte { copy(p[at:], to); return p }
	}
	same := func(p []byte) []byte { return p }
	cases := []struct {
		name     string
		from, to netip.AddrPort
		change   func([]byte) []byte
		fault    Fault
		bare     bool
	}{
		{"a datagram of IPv4 is read", alice4, bob4, same, OK, false},
		{"so is one of IPv6", alice6, bob6, same, OK, false},
		{"what is behind its length is padding", alice4, bob4, func(p []byte) []byte { return append(p, 1, 2, 3) }, OK, false},
		{"IPv4 may leave the checksum out", alice4, bob4, change(6, 0, 0), OK, true},
		{"IPv6 may not (RFC 8200, 8.1)", alice6, bob6, change(6, 0, 0), BadChecksum, false},
		{"a byte has changed", alice4, bob4, change(8, 'X'), BadChecksum, false},
		{"half a header", alice4, bob4, func(p []byte) []byte { return p[:7] }, Short, false},
		{"its length is less than its header", alice4, bob4, change(4, 0, 7), BadLength, false},
		{"its length is more than came", alice4, bob4, change(4, 0, 99), BadLength, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := c.change(Append(nil, c.from, c.to, []byte("hello"), true))
			d, f := Parse(c.from.Addr(), c.to.Addr(), p)
			if f != c.fault || d.Bare != c.bare {
				t.Fatalf("fault %d, bare %t; want %d, %t", f, d.Bare, c.fault, c.bare)
			}
			if f == OK && (d.From != c.from || d.To != c.to || string(d.Data) != "hello") {
				t.Errorf("%+v", d)
			}
		})
	}
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	alone := Append(nil, alice6, bob6, []byte{1}, false)
	behind := Append([]byte("before"), alice6, bob6, []byte{1}, false)
	if !bytes.Equal(behind, append([]byte("before"), alone...)) {
		t.Errorf("% x, want % x behind it", behind, alone)
	}
}

// TestChecksumOfZero: where the sum is 0, ffff is sent, since 0 means that there is none.
func TestChecksumOfZero(t *testing.T) {
	for x := range 1 << 16 {
		p := Append(nil, alice4, bob4, []byte{byte(x >> 8), byte(x)}, true)
		if p[6]|p[7] == 0 {
			t.Fatalf("data of %#04x has no checksum", x)
		}
		if _, f := Parse(alice4.Addr(), bob4.Addr(), p); f != OK {
			t.Fatalf("data of %#04x: fault %d", x, f)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Append(nil, alice4, bob4, []byte("hello"), true), false)
	f.Add(Append(nil, alice6, bob6, nil, true), true)
	f.Fuzz(func(t *testing.T, p []byte, v6 bool) {
		src, dst := alice4.Addr(), bob4.Addr()
		if v6 {
			src, dst = alice6.Addr(), bob6.Addr()
		}
		d, fault := Parse(src, dst, p)
		if fault != OK {
			return
		}
		if q := Append(nil, d.From, d.To, d.Data, !d.Bare); !d.Bare && !bytes.Equal(q[:6], p[:6]) || !bytes.Equal(q[8:], d.Data) {
			t.Errorf("% x became % x", p, q)
		}
	})
}
