package main

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestCountTo(t *testing.T) {
	text := strings.Repeat(`xx{"type":"events","events":[{"seq":1,"t":2},{"seq":2}]}`, 50)
	for _, tc := range []struct {
		name string
		r    io.Reader
	}{
		{"at once", strings.NewReader(text)},
		{"byte by byte", iotest.OneByteReader(strings.NewReader(text))},
		{"the end comes with the last bytes", iotest.DataErrReader(strings.NewReader(text))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := countTo(100, tc.r); err != nil {
				t.Error(err)
			}
		})
	}
	for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text))} {
		if err := countTo(101, r); err == nil {
			t.Error("101 events were found among 100")
		}
	}
}
