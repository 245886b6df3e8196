package tcpdump

import (
	"bytes"
	"strings"
	"testing"

	"wireloom/vnet/pcapfilter"
	"wireloom/vnet/tcpdump/show"
)

// FuzzPrint: no bytes do harm, a packet's text is the same twice, ends with its newline, and
// is not much longer than what it tells of.
func FuzzPrint(f *testing.F) {
	for _, frame := range mix(f) {
		f.Add(uint8(0), uint8(1), frame)
	}
	f.Fuzz(func(t *testing.T, link, verbose uint8, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		opt := show.Options{Verbose: int(verbose % 4), Link: verbose&4 != 0, Quiet: verbose&8 != 0, Numbers: verbose&16 != 0, Stamp: show.Stamp(verbose >> 5 % 6)}
		k := Packet{Link: pcapfilter.Link(link % 3), Data: data, Size: len(data) + int(link)}
		got := New(opt).Append(nil, k)
		if again := New(opt).Append(nil, k); !bytes.Equal(got, again) {
			t.Errorf("%q, then %q", got, again)
		}
		if !bytes.HasSuffix(got, []byte("\n")) {
			t.Errorf("no newline at the end of %q", got)
		}
		if most := 4096 + 1024*len(data); len(got) > most {
			t.Errorf("%d bytes of text for %d of a packet", len(got), len(data))
		}
	})
}

// A packet may hold thousands of headers within each other: the text ends.
func TestHeadersWithinEachOther(t *testing.T) {
	var b []byte
	for range 3000 {
		b = append(b, unhex(t, "45000000 00000000 40040000 0a000001 0a000002")...)
	}
	for i := 0; i < len(b); i += 20 {
		b[i+2], b[i+3] = byte((len(b)-i)>>8), byte(len(b)-i)
	}
	got := string(New(show.Options{Verbose: 1}).Append(nil, Packet{Link: pcapfilter.Raw, Data: b, Size: len(b)}))
	if n := strings.Count(got, "10.0.0.1 > 10.0.0.2"); n != maxDepth || !strings.HasSuffix(got, "[more than 16 headers of IP within each other]\n") {
		t.Errorf("%d headers were read: %.300s", n, got)
	}
}
