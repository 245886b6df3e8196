// Package show is what tcpdump's text of a packet is written with: numbers that are loaded
// from it, names for them, and bytes in hex. Whatever is loaded that was not captured ends the
// text, by a panic with Cut that package tcpdump alone catches, as tcpdump's own longjmp does:
// each loaded number would need its own way out else.
package show

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"wireloom/vnet/packet"
	"wireloom/vnet/pcapfilter"
)

// A Stamp is how a packet's time is shown: the number of times that -t was given.
type Stamp uint8

// The stamps.
const (
	Clock    Stamp = iota // 00:00:01.000000
	NoStamp               // -t
	Seconds               // -tt: since the epoch
	SinceOne              // -ttt: since the packet before
	Dated                 // -tttt: with the date
	SinceAll              // -ttttt: since the first packet
)

// Options say what is shown.
type Options struct {
	Link     bool // -e: the link's header
	Numbers  bool // -n: ports by their numbers
	Count    bool // -#: packets are numbered
	Quiet    bool // -q: less of each protocol
	Absolute bool // -S: TCP's own sequence numbers
	NoSums   bool // -K: checksums are not looked at
	Verbose  int  // -v, -vv, -vvv
	Hex      int  // -x: the packet in hex; 2: with the link's header
	HexASCII int  // -X: in hex and letters; 2: with the link's header
	ASCII    int  // -A: in letters; 2: with the link's header
	Stamp    Stamp
}

// Cut is the end of a packet's text: something that was not captured was looked at.
type Cut struct{}

// A Text is what is made of one packet.
type Text struct {
	Options
	Out    []byte
	Proto  string // that is read now
	Header int    // how many bytes of the link are in front
}

// V reports whether -v was given n times.
func (t *Text) V(n int) bool { return t.Verbose >= n }

func (t *Text) F(format string, args ...any) { t.Out = fmt.Appendf(t.Out, format, args...) }
func (t *Text) S(s string)                   { t.Out = append(t.Out, s...) }
func (t *Text) Truncated()                   { t.F(" [|%s]", t.Proto) }
func (t *Text) Invalid()                     { t.S(" (invalid)") }

// u8, u16 and u32 are the number that stands off bytes from here, in network order; where it
// was not captured the text ends.
func (t *Text) U8(b []byte, off int) int  { return int(At(b, off, 1)[0]) }
func (t *Text) U16(b []byte, off int) int { return int(binary.BigEndian.Uint16(At(b, off, 2))) }
func (t *Text) U32(b []byte, off int) uint32 {
	return binary.BigEndian.Uint32(At(b, off, 4))
}

// at are n bytes, off from here.
func At(b []byte, off, n int) []byte {
	if off < 0 || off+n > len(b) {
		panic(Cut{})
	}
	return b[off : off+n]
}

// after is what stands off bytes from here, nothing where the capture ends before.
func After(b []byte, off int) []byte { return b[min(max(off, 0), len(b)):] }

// first are n bytes from here, fewer where the capture ends before.
func First(b []byte, n int) []byte { return b[:min(max(n, 0), len(b))] }

func (t *Text) IP4(b []byte, off int) netip.Addr { return netip.AddrFrom4([4]byte(At(b, off, 4))) }
func (t *Text) IP6(b []byte, off int) netip.Addr { return netip.AddrFrom16([16]byte(At(b, off, 16))) }
func (t *Text) MAC(b []byte, off int) packet.MAC { return packet.MAC(At(b, off, 6)) }

// name is what a number is called; other is printed with the number where nobody names it.
func Name[N ~int | ~uint32](names map[int]string, n N, other string) string {
	if s, ok := names[int(n)]; ok {
		return s
	}
	if strings.Contains(other, "%") {
		return fmt.Sprintf(other, n)
	}
	return other
}

// Bits are flags and their names, in the order in which they are shown.
type Bits []struct {
	Mask int
	Name string
}

// flags are the names of the bits that are set, none if there is none.
func Flags(bits Bits, v int, sep, none string) string {
	var out []string
	for _, b := range bits {
		if v&b.Mask != 0 {
			out = append(out, b.Name)
		}
	}
	if len(out) == 0 {
		return none
	}
	return strings.Join(out, sep)
}

// Port is a port's name or number.
func (t *Text) Port(n int, tcp bool) string {
	if !t.Numbers {
		if s := pcapfilter.PortName(uint16(n), tcp); s != "" {
			return s
		}
	}
	return fmt.Sprint(n)
}

// sumShouldBe is the checksum that would be right in the place of have, where a sum over
// all came to left.
func SumShouldBe(have int, left uint16) int {
	v := have + int(left)
	v = v&0xffff + v>>16
	return v&0xffff + v>>16
}

// Hexdump writes bytes in lines of sixteen, each begun by ident.
func (t *Text) Hexdump(ident string, b []byte) {
	for i := range b {
		if i%16 == 0 {
			t.F("%s0x%04x: ", ident, i)
		}
		if i%2 == 0 {
			t.S(" ")
		}
		t.F("%02x", b[i])
	}
}

// HexLetters is hex with the letters beside.
func (t *Text) HexLetters(ident string, b []byte) {
	for off := 0; off < len(b); off += 16 {
		line := b[off:min(off+16, len(b))]
		hex, letters := "", ""
		for i, c := range line {
			if i%2 == 0 {
				hex += " "
			}
			hex += fmt.Sprintf("%02x", c)
			if c > ' ' && c < 0x7f {
				letters += string(rune(c))
			} else {
				letters += "."
			}
		}
		t.F("%s0x%04x: %-40s  %s", ident, off, hex, letters)
	}
}

// Letters writes bytes as letters.
func (t *Text) Letters(b []byte) {
	t.S("\n")
	for i, c := range b {
		switch {
		case c == '\r':
			if i+2 < len(b) && b[i+1] != '\n' {
				t.S(".")
			}
		case c >= ' ' && c < 0x7f || c == '\t' || c == '\n':
			t.Out = append(t.Out, c)
		default:
			t.S(".")
		}
	}
}

// Unknown writes bytes of an option or a message that nobody knows the meaning of.
func (t *Text) Unknown(ident string, b []byte, n int) { t.Hexdump(ident, First(b, n)) }

// Raw writes what nobody reads, unless the bytes are shown anyway, or little is wanted.
func (t *Text) Raw(b []byte) {
	if !t.Quiet && t.Hex+t.HexASCII == 0 {
		t.HexLetters("\n\t", b)
	}
}

// Char writes one character, those that can't be printed as ^X and M-X.
func (t *Text) Char(c byte) {
	if c >= 0x80 {
		t.S("M-")
		c &= 0x7f
	}
	if c < ' ' || c == 0x7f {
		t.S("^")
		c ^= 0x40
	}
	t.Out = append(t.Out, c)
}

// Chars writes n characters; it returns false where the capture ends before.
func (t *Text) Chars(b []byte, n int) bool {
	for _, c := range First(b, n) {
		t.Char(c)
	}
	return n <= len(b)
}

// Relative writes seconds as in 1y1w1d1h1m1s.
func (t *Text) Relative(s uint32) {
	if s == 0 {
		t.S("0s")
	}
	for _, u := range []struct {
		n    uint32
		name string
	}{{31536000, "y"}, {604800, "w"}, {86400, "d"}, {3600, "h"}, {60, "m"}, {1, "s"}} {
		if s >= u.n {
			t.F("%d%s", s/u.n, u.name)
			s %= u.n
		}
	}
}

// LinkAddress is an address of any length.
func LinkAddress(b []byte) string {
	if len(b) == 0 {
		return "<empty>"
	}
	var s strings.Builder
	for i, c := range b {
		if i > 0 {
			s.WriteString(":")
		}
		s.WriteString(fmt.Sprintf("%02x", c))
	}
	return s.String()
}
