package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"wireloom/internal/open"
)

func TestProgramsFindTheirSlots(t *testing.T) {
	sc, err := open.BuiltinScenario("vpn")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		args []string
		want string // the slots' files, or a part of the error
	}{
		{"one file is for every slot of its word", []string{"a.wasm"}, "map[east.vpnd:a.wasm west.vpnd:a.wasm]"},
		{"so is one that is for a node", []string{"west=a.wasm"}, "map[east.vpnd:a.wasm west.vpnd:a.wasm]"},
		{"and one that is for a slot", []string{"west.vpnd=a.wasm"}, "map[east.vpnd:a.wasm west.vpnd:a.wasm]"},
		{"slots in full may differ", []string{"west.vpnd=a.wasm", "east.vpnd=b.wasm"}, "map[east.vpnd:b.wasm west.vpnd:a.wasm]"},
		{"a file for the rest", []string{"west.vpnd=a.wasm", "b.wasm"}, "map[east.vpnd:b.wasm west.vpnd:a.wasm]"},
		{"twice the same slot", []string{"west.vpnd=a.wasm", "west.vpnd=b.wasm"}, "has a program already"},
		{"no such slot", []string{"north=a.wasm"}, "has no slot for a program there"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := programFlag(tc.args)
			paths, err := p.paths(sc)
			got := fmt.Sprint(paths)
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, tc.want) {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// What is before the first "=" is a place where the scenario has that place, and the
// beginning of a file's name where there is such a file.
func TestEqualsSignsInFileNames(t *testing.T) {
	sc, err := open.BuiltinScenario("ping")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"bob=x.wasm", "lab=1.wasm", "=.wasm", "x="} {
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct{ arg, want string }{
		{"lab=1.wasm", "map[bob.pingd:lab=1.wasm]"},
		{"bob=lab=1.wasm", "map[bob.pingd:lab=1.wasm]"},
		{"bob=x.wasm", "map[bob.pingd:x.wasm]"},
		{"./bob=x.wasm", "map[bob.pingd:./bob=x.wasm]"},
		{dir + "/bob=x.wasm", "map[bob.pingd:" + dir + "/bob=x.wasm]"},
		{"=.wasm", "map[bob.pingd:=.wasm]"},
		{"x=", "map[bob.pingd:x=]"},
		{"alice=1.wasm", "it has bob.pingd, and there is no file alice=1.wasm"},
	} {
		p := programFlag{}
		err := p.Set(tc.arg)
		paths, perr := p.paths(sc)
		got := fmt.Sprint(paths)
		if err = errors.Join(err, perr); err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, tc.want) {
			t.Errorf("%s: got %s, want %s", tc.arg, got, tc.want)
		}
	}
}
