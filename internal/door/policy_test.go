package door

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"wireloom/vnet/config"
)

func TestPolicy(t *testing.T) {
	for _, c := range []struct {
		flags string // with blanks between
		want  string // the kinds, places and TAPs, or the error
	}{
		{"", "[] [] []"},
		{"websocket c2w websocket", "[websocket c2w] [] []"},
		{"file", "[file] [] []"},
		{"stream=127.0.0.1:9100", "[stream] [127.0.0.1:9100] []"},
		{"stream=[::1]:9100-9102", "[stream] [[::1]:9100 [::1]:9101 [::1]:9102] []"},
		{"stream=unix:/run/x/", "[stream] [unix:/run/x] []"},
		{"tap=lab0,lab1 tap=lab2", "[tap] [] [lab0 lab1 lab2]"},
		{"cellar", `there is no door of the kind "cellar"`},
		{"websocket=1", "websocket has no place of its own"},
		{"stream", "a stream has a place"},
		{"stream=localhost:1", `"localhost" is no address`},
		{"stream=127.0.0.1:x", `"x" are no ports`},
		{"stream=127.0.0.1:2-1", `"2-1" are no ports`},
		{"stream=127.0.0.1:1-65536", "are no ports"},
		{"stream=127.0.0.1:1-60000", "a range of at most 4096"},
		{"stream=unix:run", "want unix: and a folder"},
		{"tap", `"" is no TAP's name`},
		{"tap=../x", `"../x" is no TAP's name`},
		{"tap=abcdefghijklmnop", "is no TAP's name"},
	} {
		p := &Policy{}
		var err error
		for flag := range strings.FieldsSeq(c.flags) {
			err = errors.Join(err, p.Allow(flag))
		}
		got := fmt.Sprint(p.kinds, " ", p.listens, " ", p.taps)
		if err != nil {
			got = err.Error()
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%q: got %s, want %s", c.flags, got, c.want)
		}
	}
}

// What nobody allows is shut, and says what to do.
func TestDoorsAreShutUnlessTheyAreAllowed(t *testing.T) {
	p := &Policy{}
	if err := p.Allow("c2w"); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []config.DoorKind{config.WebSocket, config.C2W, config.Stream, config.Tap, config.Capture} {
		why := p.allows(kind)
		if (why == "") != (kind == config.C2W) || why != "" && !strings.Contains(why, "--door "+string(kind)) {
			t.Errorf("%s: %q", kind, why)
		}
		if (*Policy)(nil).allows(kind) == "" {
			t.Errorf("%s is allowed by nobody", kind)
		}
	}
}

func TestPlacesAreOneLabsAtATime(t *testing.T) {
	p := &Policy{}
	take := func(bad ...string) string {
		got, err := p.take([]string{"a", "b", "unix:/c"}, func(place string) error {
			if slices.Contains(bad, place) {
				return errors.New("no")
			}
			return nil
		})
		if err != nil {
			return err.Error()
		}
		return got
	}
	got := []string{take(), take(), take(), take()}
	p.give("a")
	got = append(got, take("a", "unix:/c"), take("unix:/c"), take("unix:/c"))
	want := "[a b unix:/c unix:/c no a no]"
	if fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
