package byhand

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// parseHex reads bytes: words of hex digits, where WORD*TIMES repeats a word and a
// colon between two bytes is allowed. It makes at most limit bytes.
func parseHex(words []string, limit int) ([]byte, error) {
	var out []byte
	for _, w := range words {
		digits, times, repeated := strings.Cut(w, "*")
		b, err := hex.DecodeString(strings.ReplaceAll(digits, ":", ""))
		if err != nil || len(b) == 0 {
			return nil, fmt.Errorf("%.40q is not bytes: two hex digits for each", w)
		}
		n := uint64(1)
		if repeated {
			if n, err = strconv.ParseUint(times, 10, 32); err != nil {
				return nil, fmt.Errorf("%.40q: after the * comes how many times, a number", w)
			}
		}
		if n > uint64(limit-len(out))/uint64(len(b)) {
			return nil, fmt.Errorf("there are more than %d bytes", limit)
		}
		out = append(out, bytes.Repeat(b, int(n))...)
	}
	return out, nil
}

// dump shows bytes as hexdump -C does, up to a limit.
func dump(data []byte) []byte {
	const width = 16
	var b bytes.Buffer
	shown := data[:min(len(data), handDump)]
	for at := 0; at < len(shown); at += width {
		row := shown[at:min(at+width, len(shown))]
		fmt.Fprintf(&b, "%08x ", at)
		for i := range width {
			if i%8 == 0 {
				b.WriteByte(' ')
			}
			if i < len(row) {
				fmt.Fprintf(&b, "%02x ", row[i])
			} else {
				b.WriteString("   ")
			}
		}
		b.WriteString(" |")
		for _, c := range row {
			if c < ' ' || c > '~' {
				c = '.'
			}
			b.WriteByte(c)
		}
		b.WriteString("|\n")
	}
	if len(data) > len(shown) {
		fmt.Fprintf(&b, "and %d bytes more\n", len(data)-len(shown))
	}
	return b.Bytes()
}
