package recording

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/config"
)

// entered are frames that came in by doors.
var entered = []Entered{
	{0, 0, 0, "s1.3", []byte("one")},
	{0, 1500, 7, "s1.3", nil},
	{2, 1500, 7, "s2.1024", bytes.Repeat([]byte("x"), config.MaxFrame)},
	{MaxCommands, int64(MaxTime), 1 << 60, "s1.3", []byte("four")},
}

func streamed(frames ...Entered) (b []byte) {
	for i := range frames {
		b = frames[i].AppendTo(b)
	}
	return b
}

func readEntered(b []byte) (out []Entered, err error) {
	r := newEnteredReader(bytes.NewReader(b))
	for {
		e, err := r.next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		c := *e
		if c.Frame = bytes.Clone(e.Frame); len(c.Frame) == 0 {
			c.Frame = nil
		}
		out = append(out, c)
	}
}

func TestFramesFromDoorsAreReadBack(t *testing.T) {
	if got, err := readEntered(streamed(entered...)); err != nil || !reflect.DeepEqual(got, entered) {
		t.Errorf("got %d frames, %v", len(got), err)
	}
}

func TestFramesThatCannotHaveComeAreRefused(t *testing.T) {
	e := func(after int, at int64, step uint64) Entered { return Entered{after, at, step, "s1.3", []byte("x")} }
	whole := streamed(e(1, 2, 3))
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"half a frame", whole[:len(whole)-1], "frame 1 is not whole"},
		{"half a place", whole[:2], "frame 1 is not whole"},
		{"half a name", whole[:5], "frame 1 names no port"},
		{"a number without an end", bytes.Repeat([]byte{0xff}, 20), "frame 1 is not whole"},
		{"more than a frame holds", streamed(Entered{Port: "s1.3", Frame: make([]byte, config.MaxFrame+1)}), "frame 1 is not whole"},
		{"a name that no port has", streamed(Entered{Port: strings.Repeat("s", maxPort+1)}), "frame 1 names no port"},
		{"beyond the time of a lab", streamed(e(0, int64(MaxTime)+1, 0)), "that no lab gets to"},
		{"beyond its commands", streamed(e(MaxCommands+1, 0, 0)), "that no lab gets to"},
		{"an earlier time", streamed(e(0, 2, 0), e(0, 1, 0)), "frame 2 is at 1ns, step 0, and the one before it at 2ns, step 0"},
		{"an earlier step", streamed(e(0, 0, 2), e(0, 0, 1)), "frame 2 is at"},
		{"an earlier command", streamed(e(2, 0, 0), e(1, 0, 0)), "frame 2 is at"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := readEntered(c.b); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %d frames, %v, want an error with %q", len(got), err, c.want)
			}
		})
	}
}

// A recording says how many frames came in, and has them.
func TestARecordingHasTheFramesThatItSays(t *testing.T) {
	r := run(t, "quiet", time.Second)
	write := func(format, n int, frames []byte) error {
		c := *r
		c.Format, c.Entered = format, n
		var b bytes.Buffer
		var from io.Reader
		if frames != nil {
			from = bytes.NewReader(frames)
		}
		if err := Write(&b, &c, nil, from); err != nil {
			t.Fatal(err)
		}
		_, err := Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
		return err
	}
	one := streamed(Entered{0, 5, 0, "s1.3", []byte("x")})
	for _, c := range []struct {
		name   string
		format int
		n      int
		frames []byte
		want   string // "" for nothing wrong
	}{
		{"one", FormatDoors, 1, one, ""},
		{"none", Format, 0, nil, ""},
		{"fewer than it says", FormatDoors, 2, one, "has 1 frames, and there are to be 2"},
		{"frames that it does not say", Format, 0, one, "0 frames came in by doors"},
		{"no file", FormatDoors, 1, nil, "1 frames came in by doors"},
		{"the wrong format", Format, 1, one, "then it is of format 3"},
		{"behind commands that there are not", FormatDoors, 1, streamed(Entered{7, 5, 0, "s1.3", nil}), "comes after command 7, and there are 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := write(c.format, c.n, c.frames); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// What is read is written as it was.
func FuzzEntered(f *testing.F) {
	f.Add(streamed(entered[:2]...))
	f.Add(bytes.Repeat([]byte{0xff}, 20))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := readEntered(b)
		if again, err2 := readEntered(streamed(got...)); err2 != nil || !reflect.DeepEqual(again, got) {
			t.Errorf("%d frames (%v) are read back as %d, %v", len(got), err, len(again), err2)
		}
	})
}
