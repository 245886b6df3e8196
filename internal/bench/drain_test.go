package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
)

// frame is a frame of a server.
func frame(op byte, text string) []byte {
	b := []byte{0x80 | op}
	switch n := len(text); {
	case n < 126:
		b = append(b, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return append(b, text...)
}

func TestCountTo(t *testing.T) {
	var stream []byte
	for i := range 25 {
		stream = append(stream, frame(9, "ping")...)
		stream = append(stream, frame(1, fmt.Sprintf(`{"type":"state","n":%d,"t":1}`, 2*i+1))...)
		pad := strings.Repeat("x", []int{1, 200, 70_000}[i%3])
		stream = append(stream, frame(1, fmt.Sprintf(`{"type":"events","n":%d,"from":%d,"next":%d,"missed":0,"events":[],"parts":[%q]}`, 2*i+2, 4*i, 4*i+4, pad))...)
	}
	for _, tc := range []struct {
		name string
		r    io.Reader
		want int
		ok   bool
	}{
		{"at once", bytes.NewReader(stream), 100, true},
		{"byte by byte", iotest.OneByteReader(bytes.NewReader(stream)), 100, true},
		{"the end comes with the last bytes", iotest.DataErrReader(bytes.NewReader(stream)), 100, true},
		{"more than there are", bytes.NewReader(stream), 101, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			heard := make(chan string)
			go func() {
				b, err := io.ReadAll(theirs)
				if err != nil {
					t.Error(err)
				}
				heard <- string(b)
			}()
			v := viewer{conn: ours, r: bufio.NewReader(tc.r)}
			if err := v.countTo(tc.want); (err == nil) != tc.ok {
				t.Errorf("error %v, want one: %v", err, !tc.ok)
			}
			if err := ours.Close(); err != nil {
				t.Error(err)
			}
			acks := <-heard
			for n := 1; n <= 50; n++ {
				if want := fmt.Sprintf(`{"type":"ack","n":%d}`, n); strings.Count(acks, want) != 1 {
					t.Errorf("%s was not sent once", want)
				}
			}
		})
	}
}
