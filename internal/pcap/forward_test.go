package pcap

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// What is passed on ends where a block does, wherever what comes ends.
func TestForwarderPassesWholeBlocksOn(t *testing.T) {
	all := written(t)
	ends := map[int]bool{}
	for at := 0; at < len(all); at += int(le.Uint32(all[at+4:])) {
		ends[at] = true
	}
	ends[len(all)] = true
	for n := range len(all) + 1 {
		var out bytes.Buffer
		err := NewForwarder(&out).Forward(iotest.HalfReader(bytes.NewReader(all[:n])))
		if !ends[out.Len()] || !bytes.HasPrefix(all, out.Bytes()) || n-out.Len() > 200 {
			t.Fatalf("of %d bytes %d are passed on", n, out.Len())
		}
		if good := ends[n] && n > 0; good != (err == nil) || !good && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("of %d bytes: %v", n, err)
		}
	}
	f := NewForwarder(io.Discard)
	must(t, f.Forward(bytes.NewReader(all)))
	if f.Packets != 4 || f.Missing() != 12 || f.Dropped() != 1 {
		t.Errorf("%d packets, %d missing, %d dropped", f.Packets, f.Missing(), f.Dropped())
	}
	f = NewForwarder(io.Discard)
	f.Max = 2
	must(t, f.Forward(io.MultiReader(bytes.NewReader(all), iotest.ErrReader(errBroken))))
	if f.Packets != 2 {
		t.Errorf("%d packets, want 2", f.Packets)
	}
	gone := (*WriteError)(nil)
	if err := NewForwarder(&broken{n: 100}).Forward(bytes.NewReader(all)); !errors.As(err, &gone) || !errors.Is(err, errBroken) {
		t.Errorf("over a broken writer: %v", err)
	}
}

// Whatever a server sends, what is passed on is the beginning of it, in whole blocks.
func FuzzForward(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte(block(nil).section()))
	f.Add([]byte(append(block(nil).section(), block(nil).statistics(0, 0, &Statistics{Missing: 3})...)))
	f.Add([]byte("\x0a\x0d\x0d\x0a\x0c\x00\x00\x00\x4d\x3c\x2b\x1a"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		err := NewForwarder(&out).Forward(bytes.NewReader(b))
		if !bytes.HasPrefix(b, out.Bytes()) || err == nil && out.Len() != len(b) {
			t.Errorf("of %x came %x, %v", b, out.Bytes(), err)
		}
	})
}
