package decode

import (
	"strings"
	"testing"
)

// What is no capture that can be read is named, with what to do.
func TestWhatIsNoCaptureIsNamed(t *testing.T) {
	pcap := func(link byte) string {
		return "\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00" + string([]byte{link}) + "\x00\x00\x00" +
			strings.Repeat("\x00", 8) + "\x02\x00\x00\x00\x02\x00\x00\x00ab"
	}
	for name, tc := range map[string]struct{ b, want string }{
		"packed with gzip":         {"\x1f\x8b\x08\x00aaaa", "unpack it, with gunzip"},
		"captured on any":          {pcap(113), "frame 1 was captured on all interfaces at once (Linux cooked capture)"},
		"of radio":                 {pcap(105), "frame 1 has link type 105"},
		"text":                     {"hello", "neither pcap nor pcapng"},
		"an Ethernet frame in one": {pcap(1), ""},
	} {
		if _, err := ReadCapture([]byte(tc.b)); (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
}
