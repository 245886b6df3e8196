package wasm

import (
	"strings"
	"testing"
	"time"
)

const (
	cFloats  source = "testdata/cfloats/floats.c"
	goFloats source = "testdata/gofloats"
)

// TestBehaviourInAHundredRuns: a hundred runs of a program have one hash, fuel included, and an
// interpreted one has the same. The programs do arithmetic with numbers at the edges,
// talk over the network, wait, and have chance.
func TestBehaviourInAHundredRuns(t *testing.T) {
	const runs = 100
	slow := interpreter(t)
	ieee := map[string]string{} // what both languages must print, by its name
	for _, c := range []struct {
		name   string
		source source
		args   string
		peer   native
	}{
		{"C, floats", cFloats, "", nil},
		{"Go, floats", goFloats, "", nil},
		{"C, frames", cTest, "poll", sends(time.Millisecond, 1, 2, 3)},
		{"Go, goroutines and a frame", goTest, "deadline /dev/tap0", sends(200*time.Millisecond, 1)},
		{"Go, chance", goTest, "chance", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := func(e *Engine) (hash, text string, fuel int64) {
				r := newRig(t, c.peer, program{name: "p", prog: compile(t, e, c.source.module(t)), argv: strings.Fields(c.args)})
				defer r.Close()
				r.run(t)
				x, ended := r.exits["p"]
				if !ended || x.Op != "exit" || x.N != 0 {
					t.Fatalf("it ended %v %q with %d: %s", ended, x.Op, x.N, x.Text)
				}
				return r.hash(), r.console.String(), x.Fuel
			}
			hash, text, fuel := run(engine(t))
			if fuel == 0 || text == "" {
				t.Errorf("it used %d units and printed %q", fuel, text)
			}
			for i := 1; i < runs; i++ {
				if h, s, f := run(engine(t)); h != hash {
					t.Fatalf("run %d has the hash %s, %d units, %q; the first %s, %d units, %q", i+1, h, f, s, hash, fuel, text)
				}
			}
			if h, s, f := run(slow); h != hash {
				t.Errorf("interpreted it has the hash %s, %d units, %q; compiled %s, %d units, %q", h, f, s, hash, fuel, text)
			}
			for line := range strings.Lines(text) {
				if name, value, ok := cutLast(line); ok && strings.HasPrefix(name, "ieee") {
					if other := ieee[name]; other != "" && other != value {
						t.Errorf("%s is %s, in the other language %s", name, value, other)
					}
					ieee[name] = value
				}
			}
		})
	}
	if len(ieee) != 4 {
		t.Errorf("%d lines of arithmetic were compared, want 4", len(ieee))
	}
}

// cutLast cuts a line before its last word.
func cutLast(line string) (before, last string, ok bool) {
	line = strings.TrimSpace(line)
	i := strings.LastIndexByte(line, ' ')
	if i < 0 {
		return "", "", false
	}
	return line[:i], line[i+1:], true
}
