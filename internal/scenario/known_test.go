package scenario

import (
	"bytes"
	"compress/gzip"
	"maps"
	"slices"
	"testing"
	"testing/fstest"
)

func TestKnown(t *testing.T) {
	pack := func(s string) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	sc, err := Open(fstest.MapFS{
		"scenario.yaml":       {Data: []byte("scenario: x\nnodes: {bob: {programs: {p: {slot: submission}}}}\n")},
		"reference.wasm.gz":   {Data: pack("right")},
		"starter/main.wasm":   {Data: []byte("begun")},
		"mutants/off.wasm.gz": {Data: pack("off by one")},
		"broken.wasm.gz":      {Data: []byte("no gzip")},
		"starter/main.c":      {Data: []byte("int main")},
	}, "x")
	if err != nil {
		t.Fatal(err)
	}
	got := sc.Known()
	for text, want := range map[string]string{"right": "the reference solution", "begun": "starter/main.wasm of the scenario", "off by one": "mutants/off.wasm of the scenario", "int main": "", "no gzip": ""} {
		if g := got[fingerprint([]byte(text))]; g != want {
			t.Errorf("%s: got %q, want %q", text, g, want)
		}
	}
	if len(got) != 3 {
		t.Errorf("got %v", slices.Sorted(maps.Values(got)))
	}
	alone, err := Parse("x.yaml", []byte(small))
	if err != nil || len(alone.Known()) > 0 {
		t.Errorf("got %v, %v", alone, err)
	}
}
