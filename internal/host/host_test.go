package host

import (
	"flag"
	"io"
	"testing"
)

// configOf is what flags make.
func configOf(t *testing.T, args ...string) Config {
	t.Helper()
	f := flag.NewFlagSet("serve", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	x := NewFlags(f)
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	c, err := x.Read(f.Args())
	if err != nil {
		t.Fatal(err)
	}
	return c
}
