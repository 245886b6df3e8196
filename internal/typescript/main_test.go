package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden file")

func TestThePageHasWhatTheStructsSay(t *testing.T) {
	if err := run("../..", true); err != nil {
		t.Error(err)
	}
}

func TestCheckTellsAnOldFile(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"internal/protocol", "internal/decode"} {
		if err := os.CopyFS(filepath.Join(root, dir), os.DirFS(filepath.Join("../..", dir))); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range sides {
		if err := os.MkdirAll(filepath.Join(root, s.out), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(root, true); err == nil {
		t.Error("files that are not there are taken for what they should be")
	}
	if err := run(root, false); err != nil {
		t.Fatal(err)
	}
	if err := run(root, true); err != nil {
		t.Error(err)
	}
	name := filepath.Join(root, "internal/protocol/command.go")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b = []byte(strings.Replace(string(b), "type Exec struct {", "type Exec struct {\n\tDir string `json:\"dir\"`", 1))
	if err := os.WriteFile(name, b, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := run(root, true); err == nil || !strings.Contains(err.Error(), "run make protocol") {
		t.Errorf("a command has one more member: %v", err)
	}
}

const sample = `package protocol

const Version = 7

var Messages = map[string]any{"hi": Hi{}}
var Events = map[string]any{"one": One{}, "": Any{}}
var Commands = map[string]any{"go": Go{}, "rest": Rest{}}
var Results = []any{}
var Asks = []any{Ask{}}

// A Hi has one of each.
type Hi struct {
	Type   string            ` + "`json:\"type\" ts:\"kind\"`" + `
	Text   string            ` + "`json:\"text\"`" + ` // said
	May    string            ` + "`json:\"may,omitempty\"`" + `
	N      int64             ` + "`json:\"n\"`" + `
	Maybe  *uint64           ` + "`json:\"maybe,omitempty\"`" + `
	Bytes  Hex               ` + "`json:\"bytes,omitempty\"`" + `
	Is     Colour            ` + "`json:\"is\"`" + `
	Was    Colour            ` + "`json:\"was,omitempty\"`" + `
	In     Rest              ` + "`json:\"in\"`" + `
	Out    *Rest             ` + "`json:\"out,omitempty\"`" + `
	Words  []string          ` + "`json:\"words\"`" + `
	All    *[]Rest           ` + "`json:\"all,omitempty\"`" + `
	Counts map[string]uint64 ` + "`json:\"counts\"`" + `
	What   any               ` + "`json:\"what,omitempty\"`" + `
	Events []Event           ` + "`json:\"events\"`" + `
	Both   *bool             ` + "`json:\"both,omitempty\"`" + `
	Name   *string           ` + "`json:\"name,omitempty\"`" + `
	Which  *Colour           ` + "`json:\"which,omitempty\"`" + `
	Sure   bool              ` + "`json:\"sure,omitempty\"`" + `
}

// An Ask is never read, nor is a Shape.
type Ask struct {
	What  string  ` + "`json:\"what\"`" + `
	May   string  ` + "`json:\"may,omitempty\"`" + `
	Maybe *int64  ` + "`json:\"maybe,omitempty\"`" + `
	Shape Shape   ` + "`json:\"shape,omitempty\"`" + `
}

type Shape string

const Round Shape = "round"

type Event any

type Hex string

type Colour string

const (
	Red  Colour = "red"
	Blue Colour = "blue"
)

type Fact struct {
	At int64  ` + "`json:\"t\" ts:\"at\"`" + `
	K  string ` + "`json:\"k\" ts:\"kind\"`" + `
}

type One struct {
	Fact
	Ok bool ` + "`json:\"ok\"`" + `
}

type Any struct {
	Name string ` + "`json:\"k\" ts:\"name\"`" + `
}

type Go struct {
	Far Colour ` + "`json:\"far\"`" + `
	Via []Stop ` + "`json:\"via\"`" + `
}

// A Stop is in a command alone.
type Stop struct {
	Name string ` + "`json:\"name\"`" + `
}

type Rest struct{}
`

// made is what is made of a package with that source.
func made(t *testing.T, source string) (string, error) {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "protocol.go"), []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
	of := &side{packages: map[string]string{"": "."}, read: "./read", unions: sides[0].unions}
	src, err := of.source(root)
	if err != nil {
		return "", err
	}
	files, err := src.typescript()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, f := range files {
		b.WriteString("-- " + f.name + " --\n" + string(f.text))
	}
	return b.String(), nil
}

func TestEachKindOfMember(t *testing.T) {
	got, err := made(t, sample)
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/sample.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || got != string(want) {
		t.Errorf("%v; got %s", err, got)
	}
}

func TestWhatCantBeSaidIsRefused(t *testing.T) {
	for _, tc := range []struct{ name, old, new, want string }{
		{"a channel", "N      int64 ", "N      chan int ", "N: a type of its form is not known here"},
		{"no tag", "`json:\"n\"`", "", "N has no json tag"},
		{"a number of another size", "N      int64 ", "N      int8 ", "Hi: n: int8 is not known here"},
		{"a list of numbers", "Words  []string", "Words  []int64", "a list or map of int64 is not known here"},
		{"a foreign struct", "\tFact\n", "\tother.Fact\n", "is embedded, and is no struct of this package"},
		{"a constant that is made", `= "blue"`, `= "bl" + "ue"`, "Blue is no literal"},
		{"a command without a struct", `"rest": Rest{}}`, `"rest": Nothing{}}`, "the command rest has no struct"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			source := strings.Replace(sample, tc.old, tc.new, 1)
			if source == sample {
				t.Fatal("the sample has nothing to change")
			}
			if _, err := made(t, source); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}
